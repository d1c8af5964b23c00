/** Lines and columns of text as the host sees them: for detection, and to say what is wrong. */
import { BLANK, CARRIAGE_RETURN, LINE_FEED, TAB } from "./layout.ts";

/** A line of the first bytes of a source. */
export interface HeadLine {
  /** The line without its end. */
  readonly text: string;
  /** Number of the line, from 1. */
  readonly number: number;
  /** Offset of its first byte, and of the byte behind its end. */
  readonly start: number;
  readonly behind: number;
  /** How it ends; null for the last one, when it has no end. */
  readonly end: "\n" | "\r\n" | null;
}

/** A column of a line. */
export interface Column {
  /** What it holds, without the blanks around it, and without the quotes around that. */
  readonly text: string;
  /** Where that begins in the line, from 0. */
  readonly at: number;
}

/** Goes through lines. */
export function* linesOf(bytes: Uint8Array): Generator<HeadLine, void, void> {
  const decoder = new TextDecoder();
  for (let start = 0, number = 1; start < bytes.byteLength; number++) {
    const found = bytes.indexOf(LINE_FEED, start);
    const behind = found < 0 ? bytes.byteLength : found + 1;
    let stop = found < 0 ? behind : found;
    const hasReturn = stop > start && bytes[stop - 1] === CARRIAGE_RETURN;
    if (hasReturn) stop--;
    const end = found < 0 ? null : hasReturn ? "\r\n" : "\n";
    yield { text: decoder.decode(bytes.subarray(start, stop)), number, start, behind, end };
    start = behind;
  }
}

/** The columns of a line, as the kernel finds them; a blank separator is any blanks and tabs. */
export function columnsOf(line: string, separator: number): Column[] {
  const stop = inFrontOfBlanks(line, 0, line.length, separator);
  const columns: Column[] = [];
  let at = behindBlanks(line, 0, stop, separator);
  for (;;) {
    let behind = at;
    while (behind < stop && !isSeparator(line.charCodeAt(behind), separator)) behind++;
    const last = inFrontOfBlanks(line, at, behind, separator);
    columns.push({ text: unquoted(line.slice(at, last)), at });
    if (behind >= stop) return columns;
    at = behindBlanks(line, behind + 1, stop, separator);
  }
}

function isSeparator(code: number, separator: number): boolean {
  return code === separator || (separator === BLANK && code === TAB);
}

/** A tab is a blank, unless it separates columns. */
function isBlank(code: number, separator: number): boolean {
  return code === BLANK || (code === TAB && separator !== TAB);
}

function behindBlanks(line: string, start: number, stop: number, separator: number): number {
  let at = start;
  while (at < stop && isBlank(line.charCodeAt(at), separator)) at++;
  return at;
}

function inFrontOfBlanks(line: string, start: number, stop: number, separator: number): number {
  let at = stop;
  while (at > start && isBlank(line.charCodeAt(at - 1), separator)) at--;
  return at;
}

/** What stands between quotes, where a column begins and ends with the same one. */
export function unquoted(text: string): string {
  return /^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text;
}

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const TRUTH = /^(?:true|false)$/i;

/** Whether a column holds a number. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text);
}

/** Whether a column holds a whole number, however it is written. */
export function isWhole(text: string): boolean {
  if (!isNumber(text)) return false;
  const [, digits = "", decimals = "", exponent = "0"] =
    /^[-+]?(\d*)\.?(\d*)(?:[eE](.+))?$/.exec(text) ?? [];
  const behindPoint = decimals.length - Number(exponent);
  return behindPoint <= 0 || /^0*$/.test((digits + decimals).slice(-behindPoint));
}

/** Whether a column holds `true` or `false`. */
export function isTruth(text: string): boolean {
  return TRUTH.test(text);
}

/** Whether a column holds something that an event can have. */
export function isValue(text: string): boolean {
  return isNumber(text) || isTruth(text);
}
