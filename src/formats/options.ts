/** What a caller can say of how a recording is written, for formats that leave it open. */
import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import { show } from "../util/show.ts";

/** Units of the times of a text file. */
export const TIME_UNITS = ["s", "ms", "us", "ns"] as const;

/** One of {@link TIME_UNITS}. */
export type TimeUnit = (typeof TIME_UNITS)[number];

/** How the lines of a text file are to be read; what is left out is detected. */
export interface TextOptions {
  /**
   * What the columns hold, in their order, `null` for one to pass over; those behind the last are
   * passed over, too. Default: what the header row says, else what the values allow.
   */
  columns?: readonly (ColumnName | null)[] | undefined;
  /** The character between two columns; `" "` stands for any blanks and tabs. Default: detected. */
  separator?: string | undefined;
  /**
   * Unit of the times. Default: what the header row says, else seconds for times with a decimal
   * point or an exponent, and microseconds for whole ones.
   */
  timeUnit?: TimeUnit | undefined;
  /** Whether the first line names the columns. Default: detected. */
  header?: boolean | undefined;
  /** What comment lines begin with, up to eight characters. Default: `#` or `%`. */
  comment?: string | undefined;
}

/** What to do with a line that holds no event: throw an error that names it, or count it. */
export const MALFORMED_MODES = ["error", "skip"] as const;

/** One of {@link MALFORMED_MODES}. */
export type OnMalformed = (typeof MALFORMED_MODES)[number];

/** Order of the halves of a 64-bit word: `little`, or `legacy` with the upper half first. */
export type ByteOrder = "little" | "legacy";

/** Options that one format or another looks at when a recording is opened. */
export interface FormatOptions {
  /**
   * Byte order of EVT 2.1, `"little"` or `"legacy"`; replaces what header and data say. Other
   * formats have one only. Default: the header's.
   */
  byteOrder?: ByteOrder | undefined;
  /** For text: how its lines are to be read. Default: as detected; the report says what is assumed. */
  text?: TextOptions | undefined;
}

/**
 * Checks the options of all formats.
 *
 * @throws EventError `invalid-option`
 */
export function checkFormatOptions({ byteOrder, text }: FormatOptions): FormatOptions {
  if (byteOrder !== undefined && byteOrder !== "little" && byteOrder !== "legacy") {
    throw wrong("byteOrder is not known", '"little" or "legacy"', byteOrder);
  }
  return { byteOrder, text: text === undefined ? undefined : checkTextOptions(text) };
}

/**
 * Checks what is to be done with a malformed line; `undefined` means `error`.
 *
 * @throws EventError `invalid-option`
 */
export function checkOnMalformed(mode: OnMalformed | undefined): OnMalformed {
  if (mode === undefined || MALFORMED_MODES.includes(mode)) return mode ?? "error";
  throw wrong("onMalformed is not known", MALFORMED_MODES.map(show).join(" or "), mode);
}

/** Letters, digits and what numbers are made of cannot separate them; nor can a line end. */
const SEPARATOR = /^[\t !-*,/:-@[-`{-~]$/;
const COMMENT = /^[!-~](?:[ -~]{0,6}[!-~])?$/;

function checkTextOptions(text: TextOptions): TextOptions {
  if (typeof text !== "object" || text === null) {
    throw wrong(
      "text is no set of options",
      "{ columns, separator, timeUnit, header, comment }",
      text,
    );
  }
  const { columns, separator, timeUnit, header, comment } = text;
  if (columns !== undefined) checkTextColumns(columns);
  if (separator !== undefined && !(typeof separator === "string" && SEPARATOR.test(separator))) {
    throw wrong("text.separator cannot stand between numbers", "one character", separator);
  }
  if (timeUnit !== undefined && !TIME_UNITS.includes(timeUnit)) {
    throw wrong("text.timeUnit is not known", TIME_UNITS.map(show).join(", "), timeUnit);
  }
  if (header !== undefined && typeof header !== "boolean") {
    throw wrong("text.header is not known", "true or false", header);
  }
  if (comment !== undefined && !(typeof comment === "string" && COMMENT.test(comment))) {
    throw wrong("text.comment cannot begin a comment", "one to eight ASCII characters", comment);
  }
  return { columns: columns && [...columns], separator, timeUnit, header, comment };
}

function checkTextColumns(columns: NonNullable<TextOptions["columns"]>): void {
  const named = Array.isArray(columns) ? columns.filter((name) => name !== null) : [];
  const isWhole =
    named.length === COLUMN_NAMES.length && COLUMN_NAMES.every((name) => named.includes(name));
  if (isWhole) return;
  const expected = `each of ${COLUMN_NAMES.map(show).join(", ")} once, null for any other`;
  throw wrong("text.columns does not say where an event is", expected, columns);
}

function wrong(problem: string, expected: string, found: unknown): EventError {
  return new EventError("invalid-option", problem, { expected, found: show(found) });
}
