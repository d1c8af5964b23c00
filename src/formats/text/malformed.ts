/** What is wrong with a line that the kernel could not take for an event. */
import { EventError } from "../../errors.ts";
import type { ColumnName } from "../../events/columns.ts";
import type { TextDialect } from "./dialect.ts";
import { MOST_LINE_BYTES } from "./layout.ts";
import { type Column, columnsOf, isNumber, isTruth, isWhole } from "./line.ts";

/** Where a malformed line stands. */
export interface LinePlace {
  readonly path: string | undefined;
  readonly byteOffset: number;
  /** Number of the line, from 1; undefined where reading began in the middle of the source. */
  readonly line: number | undefined;
}

interface Fault {
  readonly expected: string;
  readonly found: string;
  /** Column of the line in characters, from 0. */
  readonly at: number;
}

const HINT = 'Load with `onMalformed: "skip"` to count such lines and read the rest.';
/** The most text of a line that a message repeats. */
const MOST_TEXT = 80;

/**
 * The error that names a malformed line.
 *
 * @param text - the line, or as much of it as there is
 * @param isWhole - whether it ends there
 */
export function malformedLine(
  text: string,
  isWhole: boolean,
  dialect: TextDialect,
  place: LinePlace,
): EventError {
  const tooLong = { expected: `at most ${MOST_LINE_BYTES} bytes`, found: shown(text), at: 0 };
  const fault = isWhole ? faultOf(text, dialect) : tooLong;
  const { expected, found, at } = fault;
  return new EventError("malformed-line", "a line holds no event", {
    ...place,
    format: "text",
    column: at + 1,
    expected,
    found,
    hint: HINT,
  });
}

function faultOf(text: string, { separator, columns: names }: TextDialect): Fault {
  const columns = columnsOf(text, separator);
  if (columns.length !== names.length) {
    const extra = columns[names.length];
    return {
      expected: `${names.length} columns`,
      found: `${columns.length} in ${shown(text)}`,
      at: extra?.at ?? text.length,
    };
  }
  for (const [at, name] of names.entries()) {
    const column = columns[at];
    if (name === null || column === undefined) continue;
    const expected = expectedOf(name, column.text);
    if (expected !== null) return { expected, found: shown(column.text), at: column.at };
  }
  return faultOfTime(text, columns, names);
}

/** The rest: a time that 64 bits cannot hold, as it stands or rebased. */
function faultOfTime(
  text: string,
  columns: readonly Column[],
  names: TextDialect["columns"],
): Fault {
  const time = columns[names.indexOf("t")] ?? { text, at: 0 };
  return { expected: "t in 64 bits of microseconds", found: shown(time.text), at: time.at };
}

/** What a column should hold; null when it does. */
function expectedOf(name: ColumnName, text: string): string | null {
  if (name === "t") return isNumber(text) ? null : "t as a number";
  if (name !== "polarity") return isWhole(text) ? null : `${name} as a whole number`;
  const isPolarity = isTruth(text) || (isWhole(text) && Math.abs(Number(text)) <= 1);
  return isPolarity ? null : "polarity as 0, 1, -1, true or false";
}

function shown(text: string): string {
  return JSON.stringify(text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}...` : text);
}
