/** Whether first bytes are lines of events. */

import { namedColumns } from "../column-names.ts";
import type { FormatEvidence } from "../decoder.ts";
import type { FormatOptions } from "../options.ts";
import { LEAST_COLUMNS } from "./layout.ts";
import { columnsOf, isNumber, isValue, linesOf } from "./line.ts";

const SEPARATORS = [",", ";", "\t", "|", ":", " "];
/** What comments begin with, those included that only an option makes one. */
const COMMENT = /^(?:[#%;!*>]|\/\/|--)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they tell data from text
const CONTROL = /[\0-\x08\x0e-\x1f]/;
const GEOMETRY = /^%geometry:/;
/** Fewer bytes hold any first line of events, with much in front of it. */
const MOST_BYTES = 65_536;
/** The most text of a line that a reason repeats. */
const MOST_TEXT = 80;

/**
 * Judges the first line that is neither blank nor a comment: a row that names columns, or numbers,
 * or any other with numbers behind it. Where the caller says how lines are to be read, any line of
 * printable characters will do.
 *
 * @returns null when it is anything else
 */
export function probeText(head: Uint8Array, { text }: FormatOptions): FormatEvidence | null {
  const bytes = head.subarray(0, MOST_BYTES);
  const { content, names, hasGeometry } = firstLines(bytes, text?.comment);
  const [first, second] = content;
  const evidence = first === undefined ? null : judgeLines(first, second);
  if (evidence !== null) return evidence;
  if (first === undefined && names !== undefined) {
    return certain(`a comment names the columns ${shown(names)}`);
  }
  if (first === undefined && hasGeometry) return likely("a comment states the geometry of events");
  if (text === undefined || CONTROL.test(first ?? "")) return null;
  return likely("the option `text` says how its lines are to be read");
}

/** The first two lines that may be events, and what the comments in front of them tell. */
function firstLines(head: Uint8Array, ownMark: string | undefined) {
  const content: string[] = [];
  let names: string | undefined;
  let hasGeometry = false;
  for (const { text: line } of linesOf(head)) {
    const text = line.trim();
    const isOwn = ownMark !== undefined && text.startsWith(ownMark);
    const mark = isOwn ? ownMark : COMMENT.exec(text)?.[0];
    if (mark !== undefined) {
      const comment = text.slice(mark.length).trim();
      if (rowsOf(comment).some((row) => namedColumns(row))) names = comment;
      hasGeometry ||= GEOMETRY.test(text);
    } else if (text !== "") {
      content.push(text);
      if (content.length === 2) break;
    }
  }
  return { content, names, hasGeometry };
}

function judgeLines(first: string, second: string | undefined): FormatEvidence | null {
  const rows = rowsOf(first);
  const isOfNumbers = (row: readonly string[]): boolean =>
    row.length > 1 && isNumber(row[0] ?? "") && row.every(isValue);
  const isEvent = (row: readonly string[]): boolean => row.filter(isValue).length >= LEAST_COLUMNS;
  if (rows.some((row) => isOfNumbers(row) || isEvent(row))) {
    return likely("the file starts with lines of numbers");
  }
  if (rows.some((row) => namedColumns(row))) {
    return certain(`the first line names the columns ${shown(first)}`);
  }
  const isPart = rows.some((row) => ["x", "y"].every((name) => row.map(plain).includes(name)));
  if (isPart) return likely("the first line names columns x and y");
  const isFollowed = !CONTROL.test(first) && rowsOf(second ?? "").some(isEvent);
  return isFollowed ? likely("lines of numbers stand behind the first line") : null;
}

/** The columns of a line by every separator that it may have. */
function rowsOf(line: string): string[][] {
  return SEPARATORS.map((separator) =>
    columnsOf(line, separator.charCodeAt(0)).map(({ text }) => text),
  );
}

const plain = (name: string): string => name.replaceAll('"', "").toLowerCase();
const shown = (line: string): string => line.slice(0, MOST_TEXT);
const certain = (reason: string): FormatEvidence => ({ confidence: "certain", reason });
const likely = (reason: string): FormatEvidence => ({ confidence: "likely", reason });
