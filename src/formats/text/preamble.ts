/** What stands in front of the first event of a text file: comments, a size, a row of names. */
import { EventError } from "../../errors.ts";
import {
  formatGeometry,
  isGeometry,
  type SensorGeometry,
  sameGeometry,
} from "../../events/geometry.ts";
import { type HeadLine, isValue, linesOf, unquoted } from "./line.ts";

/** The first lines of a text file, sorted by what they are. */
export interface Preamble {
  /** Comments in front of the first event, without their mark. */
  readonly comments: readonly string[];
  /** The sensor, as a comment or a line `WIDTH HEIGHT` says it. */
  readonly geometry: SensorGeometry | null;
  /** The row of column names; null when there is none. */
  readonly names: HeadLine | null;
  /** Lines that should hold events: those that have an end, or else the only one. */
  readonly lines: readonly HeadLine[];
  /** Where the first of them begins, and its number. */
  readonly dataOffset: number;
  readonly firstLine: number;
}

/** What comments begin with unless the caller says otherwise. */
export const COMMENT_MARKS: readonly string[] = ["#", "%"];
/** Lines that are looked at to tell how all are written. */
const MOST_LINES = 500;

/**
 * Sorts the first lines.
 *
 * @param header - whether the first line that is no comment names the columns; judged when left out
 * @throws EventError `geometry-conflict`
 */
export function readPreamble(
  head: Uint8Array,
  marks: readonly string[],
  header?: boolean,
  path?: string,
): Preamble {
  const start = hasByteOrderMark(head) ? BYTE_ORDER_MARK.length : 0;
  const comments: { text: string; number: number }[] = [];
  const content: HeadLine[] = [];
  let number = 0;
  for (const line of linesOf(head.subarray(start))) {
    const text = line.text.trim();
    const mark = marks.find((begin) => text.startsWith(begin));
    if (mark !== undefined) {
      comments.push({ text: text.slice(mark.length).trim(), number: line.number });
    } else if (text !== "") {
      content.push(line);
    }
    number = line.number;
    if (content.length > MOST_LINES) break;
  }
  const size = header ? null : sizeIn(content);
  if (size) content.shift();
  const [first] = content;
  const names = first && (header ?? isNameRow(first.text)) ? first : null;
  if (names) content.shift();
  const [data] = content;
  const firstLine = data?.number ?? number + 1;
  const texts = comments.filter((comment) => comment.number < firstLine).map(({ text }) => text);
  const stated = texts.map(geometryIn).find((geometry) => geometry !== null) ?? null;
  if (stated && size && !sameGeometry(stated, size)) {
    throw new EventError("geometry-conflict", "the first lines name two sensor geometries", {
      path,
      expected: `${formatGeometry(stated)} as in the comment`,
      found: formatGeometry(size),
      hint: "Give `geometry` to say which is right.",
    });
  }
  const whole = content.filter(({ end }) => end !== null);
  return {
    comments: texts,
    geometry: stated ?? size,
    names,
    lines: whole.length > 0 ? whole : content,
    dataOffset: data ? start + data.start : head.byteLength,
    firstLine,
  };
}

/** Whether a UTF-8 text begins with its byte order mark. */
function hasByteOrderMark(head: Uint8Array): boolean {
  return BYTE_ORDER_MARK.every((byte, at) => head[at] === byte);
}
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** `geometry:1280,720` and the like; null for any other comment. */
function geometryIn(comment: string): SensorGeometry | null {
  const match = /^geometry\s*[:=]?\s*(\d{1,6})\s*[,x ]\s*(\d{1,6})$/i.exec(comment);
  return match && geometryOf(match);
}

/**
 * A first line of two numbers, as E2VID writes it: the width and height of the sensor. What is left
 * of a line that was cut ends or begins with a polarity, and no sensor is so small.
 */
function sizeIn([first, second]: readonly HeadLine[]): SensorGeometry | null {
  const match = SIZE.exec(first?.text ?? "");
  const size = match && !SIZE.test(second?.text ?? "") ? geometryOf(match) : null;
  return size && size.width > 1 && size.height > 1 ? size : null;
}
const SIZE = /^\s*(\d{1,6})\s+(\d{1,6})\s*$/;

function geometryOf([, width, height]: readonly string[]): SensorGeometry | null {
  const geometry = { width: Number(width), height: Number(height) };
  return isGeometry(geometry) ? geometry : null;
}

/** Whether no column of a line holds a value, and one begins with a letter. */
function isNameRow(text: string): boolean {
  const columns = text.split(/[\s,;|]+/).map(unquoted);
  return columns.some((column) => /^["']?[a-z]/i.test(column)) && !columns.some(isValue);
}
