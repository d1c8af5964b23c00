/** Rows as ranges: in order, none of them empty, and none where another one ends. */
import type { RowRange } from "./decoder.ts";

/** Puts ranges together, in whatever order they come and however they overlap. */
export class RowRangeList {
  readonly #ranges: { readonly start: number; end: number }[] = [];
  #isInOrder = true;

  /** Adds rows; the one at `end` is not among them. */
  add(start: number, end: number): void {
    if (start >= end) return;
    const last = this.#ranges.at(-1);
    if (last !== undefined && start >= last.start && start <= last.end) {
      last.end = Math.max(last.end, end);
      return;
    }
    if (last !== undefined && start < last.start) this.#isInOrder = false;
    this.#ranges.push({ start, end });
  }

  /** All that was added. */
  ranges(): readonly RowRange[] {
    if (this.#isInOrder) return this.#ranges;
    const list = new RowRangeList();
    const inOrder = this.#ranges.toSorted((a, b) => a.start - b.start);
    for (const { start, end } of inOrder) list.add(start, end);
    return list.#ranges;
  }
}

/** How many rows ranges have. */
export function countRows(ranges: readonly RowRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** The rows that are in both. */
export function commonRows(a: readonly RowRange[], b: readonly RowRange[]): readonly RowRange[] {
  const list = new RowRangeList();
  for (let [i, j] = [0, 0]; i < a.length && j < b.length; ) {
    const [one, other] = [a[i] as RowRange, b[j] as RowRange];
    list.add(Math.max(one.start, other.start), Math.min(one.end, other.end));
    if (one.end < other.end) i++;
    else j++;
  }
  return list.ranges();
}

/** The first row from `start` on and in front of `end` that is in no range; null when all are. */
export function firstMissing(
  ranges: readonly RowRange[],
  start: number,
  end: number,
): number | null {
  const range = ranges[lastFrom(ranges, start)];
  const row = range !== undefined && range.end > start ? range.end : start;
  return row < end ? row : null;
}

/** Rows of which all are in a range, or none. */
export interface RowPart extends RowRange {
  readonly isMissing: boolean;
}

/** Divides rows into those that are in a range and those that are not, in order. */
export function* partsOf(
  ranges: readonly RowRange[],
  { start, end }: RowRange,
): Generator<RowPart, void, void> {
  let row = start;
  for (let at = Math.max(lastFrom(ranges, start), 0); row < end; at++) {
    const range = ranges[at];
    if (range === undefined || range.start >= end) break;
    const [first, behind] = [Math.max(range.start, row), Math.min(range.end, end)];
    if (first >= behind) continue; // it ends in front of `start`
    if (row < first) yield { start: row, end: first, isMissing: true };
    yield { start: first, end: behind, isMissing: false };
    row = behind;
  }
  if (row < end) yield { start: row, end, isMissing: true };
}

/** Index of the last range that begins at `row` or in front of it; -1 when none does. */
function lastFrom(ranges: readonly RowRange[], row: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as RowRange).start <= row) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
