/** What is wrong with a line that the kernel could not take for an event. */
import { EventError } from "../../errors.ts";
import type { ColumnName } from "../../events/columns.ts";
import type { TextDialect } from "./dialect.ts";
import { MOST_LINE_BYTES } from "./layout.ts";
import { columnsOf, isNumber, isTruth, isWhole as isWholeNumber } from "./line.ts";

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
  /** What to do about it, where that is not to skip the line. */
  readonly hint?: string;
  /** Column of the line in characters, from 0. */
  readonly at: number;
}

const FRACTION = "t as a whole number of microseconds, as the first lines have it";
const FRACTION_HINT = 'Give `text: { timeUnit }`, for example "s", to say what the times are.';
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
  const fault: Fault = isWhole ? faultOf(text, dialect) : tooLong;
  const { expected, found, at, hint = HINT } = fault;
  return new EventError("malformed-line", "a line holds no event", {
    ...place,
    format: "text",
    column: at + 1,
    expected,
    found,
    hint,
  });
}

function faultOf(text: string, dialect: TextDialect): Fault {
  const { separator, columns: names, hasWholeTimes } = dialect;
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
  // What is left are times that 64 bits cannot hold, as they stand or rebased, or with a fraction.
  const time = columns[names.indexOf("t")] ?? { text, at: 0 };
  if (hasWholeTimes && !isWholeNumber(time.text)) {
    return { expected: FRACTION, found: shown(time.text), at: time.at, hint: FRACTION_HINT };
  }
  return { expected: "t in 64 bits of microseconds", found: shown(time.text), at: time.at };
}

/** What a column should hold; null when it does. */
function expectedOf(name: ColumnName, text: string): string | null {
  if (name === "t") return isNumber(text) ? null : "t as a number";
  if (name !== "polarity") return isWholeNumber(text) ? null : `${name} as a whole number`;
  const isPolarity = isTruth(text) || (isWholeNumber(text) && Math.abs(Number(text)) <= 1);
  return isPolarity ? null : "polarity as 0, 1, -1, true or false";
}

function shown(text: string): string {
  return JSON.stringify(text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}...` : text);
}
