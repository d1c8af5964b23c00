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
  /** What it holds, without the blanks around it. */
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
  const trimmed = trim({ text: line, at: 0 }, separator);
  const between = separator === BLANK ? /[ \t]+/g : String.fromCharCode(separator);
  if (typeof between === "string") {
    let at = trimmed.at;
    return trimmed.text.split(between).map((text) => {
      const column = trim({ text, at }, separator);
      at += text.length + 1;
      return column;
    });
  }
  const columns: Column[] = [];
  let from = 0;
  for (const { index, 0: blanks } of trimmed.text.matchAll(between)) {
    columns.push({ text: trimmed.text.slice(from, index), at: trimmed.at + from });
    from = index + blanks.length;
  }
  columns.push({ text: trimmed.text.slice(from), at: trimmed.at + from });
  return columns;
}

/** Without the blanks around it; a tab is one, unless it separates columns. */
function trim({ text, at }: Column, separator: number): Column {
  const [leading = ""] = (separator === TAB ? /^ */ : /^[ \t]*/).exec(text) ?? [];
  const rest = text.slice(leading.length);
  return {
    text: rest.replace(separator === TAB ? / *$/ : /[ \t]*$/, ""),
    at: at + leading.length,
  };
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
