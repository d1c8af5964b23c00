/** Reads the text of a plan of Polars. What is not understood is left alone: that costs time only. */
import type { ColumnName } from "../events/columns.ts";

/** The one scan of a plan: what it reads, and the filter right above it. */
export interface PlannedScan {
  readonly columns: readonly ColumnName[];
  /** The conditions that all of its rows fulfil, as Polars writes them. */
  readonly conditions: readonly string[];
}

/** How the scan of a table with these columns begins. */
function scanStart(names: readonly ColumnName[]): string {
  return `DF [${names.map((name) => `"${name}"`).join(", ")}]; PROJECT`;
}
const SCAN = /^DF \[[^\]]*\]; PROJECT(?:\[([^\]]*)\]| \*)/;

/**
 * Steps with one input, whose text is one line, or the start of one. A join or a union has two, and
 * its name stands in none of these.
 */
const STEPS = [
  /^simple π \d+\/\d+ \[/,
  /^FILTER /,
  /^FROM$/,
  /^SELECT \[/,
  /^WITH_COLUMNS:$/,
  /^AGGREGATE\[/,
  /^\[.*\](?: BY \[.*\])?$/, // of the two above it
  /^SORT BY /,
  /^UNIQUE\[/,
  /^SLICE\[/,
];

/** Whether a plan reads the events, which have these columns, at all. */
export function readsEvents(plan: string, names: readonly ColumnName[]): boolean {
  return plan.includes(scanStart(names));
}

/**
 * The scan of a plan whose steps stand in one row, each with the one below as its only input; null
 * for any other.
 */
export function onlyScan(plan: string, names: readonly ColumnName[]): PlannedScan | null {
  const lines = plan.split("\n").map((line) => line.trim());
  const last = lines.pop() ?? "";
  const [, read] = SCAN.exec(last) ?? [];
  if (!last.startsWith(scanStart(names))) return null;
  if (!lines.every((line) => STEPS.some((step) => step.test(line)))) return null;
  const columns = names.filter((name) => read?.includes(`"${name}"`) ?? true);
  const [filter = "", from] = lines.slice(-2);
  const conditions =
    from === "FROM" && filter.startsWith("FILTER ") ? conjuncts(filter.slice(7)) : [];
  return { columns, conditions };
}

/**
 * Whether rows are cut off anywhere but at the very end. Over a frame without rows such a step is
 * done while planning, and a filter behind it seems to stand in front of it.
 */
export function cutsRowsMidway(asWritten: string): boolean {
  const [, ...below] = asWritten.split("\n");
  return below.some((line) => /\bslice\b/i.test(line));
}

/** The parts of `[(a) & (b)]`, however deep; the whole where it is none. */
function conjuncts(text: string): string[] {
  const [left, operator, right] = operands(text) ?? [];
  if (operator !== "&" || left === undefined || right === undefined) return [text];
  return [...conjuncts(left), ...conjuncts(right)];
}

/** `[(a) op (b)]` as its three parts. */
export function operands(text: string): readonly [string, string, string] | null {
  if (!text.startsWith("[(") || !text.endsWith(")]")) return null;
  const end = closing(text, 1);
  const [, operator = "", start = ""] = /^( \S+ )?(\()?/.exec(text.slice(end + 1)) ?? [];
  if (operator === "" || start === "") return null;
  const second = end + 1 + operator.length;
  if (closing(text, second) !== text.length - 2) return null;
  return [text.slice(2, end), operator.trim(), text.slice(second + 1, -2)];
}

/** Where the bracket at `start` is closed; -1 where it is not. */
function closing(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? "";
    if ("([".includes(character)) depth++;
    else if (")]".includes(character) && --depth === 0) return at;
  }
  return -1;
}
