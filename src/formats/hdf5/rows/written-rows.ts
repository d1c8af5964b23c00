import type { EventError } from "../../../errors.ts";
import type { RowRange } from "../../decoder.ts";
import { commonRows, countRows, firstMissing } from "../../row-ranges.ts";
import type { Hdf5Dataset } from "../file.ts";
import { damaged } from "../problems.ts";

/** The rows of a dataset of which values were written. */
export interface WrittenPart {
  readonly dataset: Hdf5Dataset;
  readonly ranges: readonly RowRange[];
}

/**
 * Which rows were ever written: a file of a few bytes can claim any number of rows, and whoever is
 * cut off while recording leaves rows without values. What this holds follows the chunks that are
 * there, not the rows that are claimed.
 */
export class WrittenRows {
  /** Rows that have a value in every dataset. */
  readonly ranges: readonly RowRange[];
  readonly #parts: readonly WrittenPart[];
  readonly #rows: number;
  readonly #path: string | undefined;

  /**
   * @param rows - that every dataset says it has
   * @param path - what messages call the file
   */
  constructor(parts: readonly WrittenPart[], rows: number, path: string | undefined) {
    this.#parts = parts;
    this.#rows = rows;
    this.#path = path;
    this.ranges = parts.map(({ ranges }) => ranges).reduce(commonRows);
  }

  /** Whether no row lacks a value. */
  get isComplete(): boolean {
    return countRows(this.ranges) === this.#rows;
  }

  /** @throws EventError `invalid-header`, which names the dataset and the first row without a value */
  check(): void {
    const error = this.errorIn(0, this.#rows);
    if (error !== null) throw error;
  }

  /**
   * The error that names the first row from `start` on that lacks a value, and the dataset where it
   * does; null when none in front of `end` does.
   */
  errorIn(start: number, end: number): EventError | null {
    let first: WrittenPart | null = null;
    let row = end;
    for (const part of this.#parts) {
      const missing = firstMissing(part.ranges, start, row);
      if (missing === null) continue;
      first = part;
      row = missing;
    }
    if (first === null) return null;
    const { dataset, ranges } = first;
    const next = ranges.find((range) => range.start > row)?.start ?? this.#rows;
    const place = next - row === 1 ? `row ${row}` : `rows ${row} to ${next - 1}`;
    return damaged(`the dataset ${dataset.path} has fewer values than rows`, {
      path: this.#path,
      byteOffset: dataset.byteOffset,
      row,
      expected: `${this.#rows} rows`,
      found: `values of ${countRows(ranges)}, none of ${place}`,
      hint: 'Was the file closed properly when it was recorded? Load with `onMalformed: "skip"` to read the rows that were written.',
    });
  }
}
