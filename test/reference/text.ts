/**
 * Reference reader for events as text, written from the table of text formats and from the rules in
 * `docs/formats.md`. How the file is written is told, not detected. It exists to be checked by eye,
 * not to be fast.
 */
import type { ReferenceEvent } from "./evt2.ts";

export type TextReferenceLoss = "malformedLine" | "outsideGeometry" | "backwardStep" | "truncated";

/** How a file is written. */
export interface TextReferenceDialect {
  /** `" "` is any run of blanks and tabs. */
  separator: string;
  /** What each column holds; null for what is no part of an event. */
  columns: readonly ("x" | "y" | "t" | "polarity" | null)[];
  timeUnit: "s" | "ms" | "us" | "ns";
  /** A time with a fraction of a microsecond is no event. Default: it is rounded. */
  hasWholeTimes?: boolean;
  /** Number of the first pixel. Default 0. */
  firstPixel?: 0 | 1;
  /** What comments begin with. Default `#` or `%`. */
  comments?: readonly string[];
  /** Lines in front of the events that are neither comments nor blank. Default 0. */
  skip?: number;
  /** Where the first line of an event begins; lines in front of it are passed over. Default 0. */
  dataOffset?: number;
}

/** Our own CSV. */
export const CSV_DIALECT: TextReferenceDialect = {
  separator: ",",
  columns: ["x", "y", "t", "polarity"],
  timeUnit: "us",
  skip: 1,
};

/** The text of the data sets: `t x y p` in seconds. */
export const SECONDS_DIALECT: TextReferenceDialect = {
  separator: " ",
  columns: ["t", "x", "y", "polarity"],
  timeUnit: "s",
};

export interface TextReference {
  events: ReferenceEvent[];
  malformedLines: number;
  eventsOutsideGeometry: number;
  backwardSteps: number;
  truncatedBytes: number;
  /** Byte offset in the file of the line of the first loss of each kind, and its number from 1. */
  firstAt: Partial<Record<TextReferenceLoss, number>>;
  firstLine: Partial<Record<TextReferenceLoss, number>>;
}

/** "A line that is longer, its end included, holds no event": a line feed that is missing counts. */
const MOST_LINE_BYTES = 512;

/** Without a geometry a pixel is what its columns can hold. */
const LARGEST = { width: 65_536, height: 65_536 };

const UNIT_EXPONENT = { s: 6, ms: 3, us: 0, ns: -3 };

/**
 * Reads a whole file.
 *
 * @param rebase - put the first event on time 0; an event whose time has no place in 64 bits then
 *   is no event
 */
export function readTextReference(
  bytes: Uint8Array,
  dialect: TextReferenceDialect,
  options: { geometry?: { width: number; height: number } | null; rebase?: boolean } = {},
): TextReference {
  const { separator, columns, timeUnit, comments = ["#", "%"], dataOffset = 0 } = dialect;
  const { width, height } = options.geometry ?? LARGEST;
  const first = BigInt(dialect.firstPixel ?? 0);
  const text = Buffer.from(bytes).toString("latin1"); // one character a byte
  const result: TextReference = {
    events: [],
    malformedLines: 0,
    eventsOutsideGeometry: 0,
    backwardSteps: 0,
    truncatedBytes: 0,
    firstAt: {},
    firstLine: {},
  };
  let skip = dialect.skip ?? 0;
  let previous: bigint | null = null; // time of the last event kept
  let offset: bigint | null = options.rebase ? null : 0n;

  const byteOrderMark = text.startsWith("\xef\xbb\xbf") ? 3 : 0;
  let at = byteOrderMark;
  const lines = text.slice(byteOrderMark).split("\n");
  for (const [index, line] of lines.entries()) {
    const isLast = index === lines.length - 1; // what stands behind the last line feed
    const start = at;
    at += line.length + 1;
    if (start < dataOffset) continue;
    const lose = (kind: TextReferenceLoss): void => {
      result.firstAt[kind] ??= start;
      result.firstLine[kind] ??= index + 1;
    };
    const content = stripBlanks(line.replace(/\r$/, ""));
    const isShort = line.length + 1 <= MOST_LINE_BYTES;
    const begin = stripBlanks(line.slice(0, MOST_LINE_BYTES), "start");
    if (comments.some((mark) => begin.startsWith(mark))) continue;
    if (content === "" && isShort) continue;
    if (skip > 0) {
      skip -= 1;
      continue;
    }
    const event = isShort ? judge(content) : "malformed";
    if (event === "malformed") {
      if (isLast && isShort) {
        result.truncatedBytes = line.length;
        lose("truncated");
      } else {
        result.malformedLines += 1;
        lose("malformedLine");
      }
    } else if (event === "outside") {
      result.eventsOutsideGeometry += 1;
      lose("outsideGeometry");
    } else {
      if (previous !== null && event.t < previous) {
        result.backwardSteps += 1;
        lose("backwardStep");
      }
      previous = event.t;
      offset ??= event.t;
      result.events.push(event);
    }
  }
  return result;

  function judge(line: string): ReferenceEvent | "malformed" | "outside" {
    const fields = separator === " " ? line.split(/[ \t]+/) : line.split(separator);
    if (fields.length !== columns.length) return "malformed";
    const field = (name: "x" | "y" | "t" | "polarity"): string =>
      stripBlanks(fields[columns.indexOf(name)] ?? "").replace(/^(["'])(.*)\1$/s, "$2");
    const x = wholeNumber(field("x"));
    const y = wholeNumber(field("y"));
    const polarity = polarityOf(field("polarity"));
    const t = rounded(field("t"), UNIT_EXPONENT[timeUnit]);
    if (x === null || y === null || polarity === null || t === null) return "malformed";
    if (!isInt64(t)) return "malformed";
    if (dialect.hasWholeTimes && wholeNumber(field("t")) === null) return "malformed";
    const [column, row] = [x - first, y - first];
    if (column < 0n || column >= width || row < 0n || row >= height) return "outside";
    if (!isInt64(t - (offset ?? t))) return "malformed";
    return { t, x: Number(column), y: Number(row), p: polarity };
  }

  /** Tabs are blanks, too, unless they separate columns. */
  function stripBlanks(line: string, where: "start" | "both" = "both"): string {
    const blanks = separator === "\t" ? " " : " \t";
    let [from, to] = [0, line.length];
    while (from < to && blanks.includes(line[from] as string)) from += 1;
    while (where === "both" && to > from && blanks.includes(line[to - 1] as string)) to -= 1;
    return line.slice(from, to);
  }
}

/** A number as numerator and denominator; null for anything else. */
function fraction(text: string): { over: bigint; under: bigint } | null {
  const parts = /^([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/.exec(text);
  if (parts === null) return null;
  const [, sign, whole = "", decimals = "", exponent = "0"] = parts;
  if (whole + decimals === "") return null;
  const digits = BigInt(whole + decimals) * (sign === "-" ? -1n : 1n);
  // Beyond that, no digits that fit into a line make a difference.
  const power = Math.max(-2000, Math.min(2000, Number(exponent))) - decimals.length;
  const ten = 10n ** BigInt(Math.abs(power));
  return power < 0 ? { over: digits, under: ten } : { over: digits * ten, under: 1n };
}

function wholeNumber(text: string): bigint | null {
  const number = fraction(text);
  if (number === null || number.over % number.under !== 0n) return null;
  return number.over / number.under;
}

function polarityOf(text: string): 0 | 1 | null {
  if (/^true$/i.test(text)) return 1;
  if (/^false$/i.test(text)) return 0;
  const number = wholeNumber(text);
  if (number === null || number < -1n || number > 1n) return null;
  return number > 0n ? 1 : 0;
}

/** A number times ten to the power of `exponent`, to the nearest whole one; a half goes up. */
function rounded(text: string, exponent: number): bigint | null {
  const number = fraction(text);
  if (number === null) return null;
  const over = exponent > 0 ? number.over * 10n ** BigInt(exponent) : number.over;
  const under = exponent < 0 ? number.under * 10n ** BigInt(-exponent) : number.under;
  return floorOf(2n * over + under, 2n * under);
}

function floorOf(over: bigint, under: bigint): bigint {
  const quotient = over / under; // towards 0
  return over % under < 0n ? quotient - 1n : quotient;
}

const isInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value;
