/** The names that columns have in header rows and in files of named columns. */
import type { ColumnName } from "../events/columns.ts";
import type { TimeUnit } from "./options.ts";

/** What a header row says. */
export interface NamedColumns {
  /** What each column holds; null for what is no part of an event. */
  readonly columns: readonly (ColumnName | null)[];
  /** What stands behind the name of the time, for example in `t_us` or `time [s]`. */
  readonly timeUnit: TimeUnit | undefined;
}

const NAMES: Readonly<Record<ColumnName, readonly string[]>> = {
  x: ["x", "xs", "col", "column"],
  y: ["y", "ys", "row"],
  t: ["t", "ts", "time", "times", "timestamp", "timestamps"],
  polarity: ["polarity", "polarities", "p", "ps", "pol", "on"],
};

const UNITS: Readonly<Record<TimeUnit, readonly string[]>> = {
  s: ["s", "sec", "secs", "second", "seconds"],
  ms: ["ms", "msec", "millisecond", "milliseconds"],
  us: ["us", "usec", "microsecond", "microseconds", "\u00b5s", "\u03bcs"],
  ns: ["ns", "nsec", "nanosecond", "nanoseconds"],
};

/** A name, and a unit behind it or none: `t`, `t_us`, `time [s]`, `timestamp(ns)`. */
const NAME = /^([a-z]+)(?:[\s_-]*[([]?\s*([a-z\u00b5\u03bc]+)\s*[)\]]?)?$/;

/**
 * What the columns of a header row hold; null when they do not name each part of an event once.
 *
 * @param names - as written; quotes and the case of letters do not matter
 */
export function namedColumns(names: readonly string[]): NamedColumns | null {
  const columns: (ColumnName | null)[] = [];
  let timeUnit: TimeUnit | undefined;
  for (const written of names) {
    const named = namedColumn(written);
    if (named !== null && columns.includes(named.column)) return null;
    columns.push(named?.column ?? null);
    timeUnit = named?.timeUnit ?? timeUnit;
  }
  const found = columns.filter((column) => column !== null).length;
  return found === Object.keys(NAMES).length ? { columns, timeUnit } : null;
}

/** What a name says: the column, and the unit of its times; null when it is none that is known. */
export function namedColumn(
  written: string,
): { readonly column: ColumnName; readonly timeUnit: TimeUnit | undefined } | null {
  const [, name = "", unit] = NAME.exec(plain(written)) ?? [];
  const column = keyOf(NAMES, name);
  if (column === null) return null;
  if (unit === undefined) return { column, timeUnit: undefined };
  // A unit makes sense of times only; `x_us` is some other column.
  const timeUnit = unitNamed(unit);
  return column === "t" && timeUnit !== null ? { column, timeUnit } : null;
}

/** The unit that a text names; null when it names none that is known. */
export function unitNamed(text: string): TimeUnit | null {
  return keyOf(UNITS, plain(text));
}

/** The names that are understood, for messages. */
export const KNOWN_NAMES = Object.values(NAMES)
  .map((names) => names.join("/"))
  .join(", ");

function plain(name: string): string {
  return name
    .trim()
    .replace(/^(["'])(.*)\1$/, "$2")
    .trim()
    .toLowerCase();
}

function keyOf<Key extends string>(
  lists: Readonly<Record<Key, readonly string[]>>,
  name: string,
): Key | null {
  const keys = Object.keys(lists) as Key[];
  return keys.find((key) => lists[key].includes(name)) ?? null;
}
