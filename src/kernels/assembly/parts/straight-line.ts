// A line of text as it comes: the way for every line that is not shaped like most.
import {
  BLANK,
  CARRIAGE_RETURN,
  COLUMNS,
  COMMENT_MARK_BYTES,
  COMMENT_MARKS,
  CUT_BYTES,
  DOUBLE_QUOTE,
  END_IS_ADDED,
  FIRST_PIXEL,
  LINE_FEED,
  MOST_LINE_BYTES,
  ONLY_WHOLE_TIMES,
  POLARITY_INDEX,
  SEPARATOR,
  SINGLE_QUOTE,
  STOP_AT_MALFORMED,
  STOPPED,
  T_INDEX,
  TAB,
  TIME_EXPONENT,
  X_INDEX,
  Y_INDEX,
} from "../../../formats/text/layout";
import {
  EVENTS_OUTSIDE_GEOMETRY,
  FORMAT_FIELDS,
  HEIGHT,
  MALFORMED_LINES,
  TIME_OFFSET,
  WIDTH,
} from "../../layout";
import { count } from "./count";
import { decimal, isTooLarge, isWhole, readDecimal } from "./decimal";
import { IN_LONG_LINE, keep, LINES } from "./text-state";

/** Lower-case `true`, `fals` and `e`. */
const TRUE: u32 = 0x65757274;
const FALS: u32 = 0x736c6166;
const E: u8 = 0x65;
const LOWER_CASE: u32 = 0x20202020;

const MARKS: usize = FORMAT_FIELDS + COMMENT_MARKS;
const BEHIND_MARKS: usize = MARKS + 2 * COMMENT_MARK_BYTES;

/** Where the columns stand that an event is made of. */
let tAt: usize = 0;
let tEnd: usize = 0;
let xAt: usize = 0;
let xEnd: usize = 0;
let yAt: usize = 0;
let yEnd: usize = 0;
let pAt: usize = 0;
let pEnd: usize = 0;

/**
 * Takes the line at `input`. Returns the address behind it, or `input` where it does not end before
 * `end`, or where it is malformed and the kernel has to stop there.
 */
export function straightLine(input: usize, end: usize): usize {
  const next = behindLine(input, end);
  if (next === 0) return startOfLong(input, end);
  if (load<i32>(IN_LONG_LINE) !== 0) {
    store<i32>(IN_LONG_LINE, 0);
  } else if (!isEvent(input, next)) {
    if (load<i32>(FORMAT_FIELDS + END_IS_ADDED) !== 0 && next === end) {
      store<u32>(FORMAT_FIELDS + CUT_BYTES, <u32>(next - 1 - input));
    } else if (!passOver(input)) {
      return input;
    }
  }
  store<i64>(LINES, load<i64>(LINES) + 1);
  return next;
}

/** A line that goes on behind `end`, and may be too long by then. */
function startOfLong(input: usize, end: usize): usize {
  if (load<i32>(IN_LONG_LINE) === 0) {
    if (<i32>(end - input) < MOST_LINE_BYTES) return input;
    if (!isComment(behindBlanks(input, input + MOST_LINE_BYTES), input + MOST_LINE_BYTES)) {
      if (!passOver(input)) return input;
    }
    store<i32>(IN_LONG_LINE, 1);
  }
  return end;
}

/** Counts a malformed line, or returns false: the kernel has to stop there. */
function passOver(line: usize): bool {
  if (load<i32>(FORMAT_FIELDS + STOP_AT_MALFORMED) !== 0) {
    store<i32>(FORMAT_FIELDS + STOPPED, 1);
    return false;
  }
  count(MALFORMED_LINES, line);
  return true;
}

/** Appends the event of a line, if it holds one; false when it is malformed. */
function isEvent(input: usize, next: usize): bool {
  let stop = next - 1;
  if (stop > input && load<u8>(stop - 1) === CARRIAGE_RETURN) stop--;
  const at = behindBlanks(input, stop);
  if (isComment(at, min(stop, input + MOST_LINE_BYTES))) return true;
  if (<i32>(next - input) > MOST_LINE_BYTES) return false;
  if (at === stop) return true;
  if (!splitColumns(at, stop)) return false;

  if (!readDecimal(xAt, xEnd, 0) || !isWhole) return false;
  const firstPixel: i64 = load<i32>(FORMAT_FIELDS + FIRST_PIXEL);
  const x = isTooLarge ? -1 : decimal - firstPixel;
  if (!readDecimal(yAt, yEnd, 0) || !isWhole) return false;
  const y = isTooLarge ? -1 : decimal - firstPixel;
  const on = readPolarity();
  if (on < 0) return false;
  if (!readDecimal(tAt, tEnd, load<i32>(FORMAT_FIELDS + TIME_EXPONENT))) return false;
  if (isTooLarge) return false;
  if (!isWhole && load<i32>(FORMAT_FIELDS + ONLY_WHOLE_TIMES) !== 0) return false;
  const time = decimal;
  if (<u64>x >= <u64>load<i32>(WIDTH) || <u64>y >= <u64>load<i32>(HEIGHT)) {
    count(EVENTS_OUTSIDE_GEOMETRY, input);
    return true;
  }
  const offset = load<i64>(TIME_OFFSET);
  if (((time ^ offset) & (time ^ (time - offset))) < 0) return false; // it overflows where rebased
  keep(input, <u32>x, <u32>y, time, on);
  return true;
}

/** 1 for ON, 0 for OFF, -1 for anything else. */
function readPolarity(): i32 {
  const length = pEnd - pAt;
  if (length >= 4 && length <= 5) {
    const word = load<u32>(pAt) | LOWER_CASE;
    if (word === TRUE && length === 4) return 1;
    if (word === FALS && length === 5 && (load<u8>(pAt, 4) | <u8>LOWER_CASE) === E) return 0;
  }
  if (!readDecimal(pAt, pEnd, 0) || !isWhole || isTooLarge) return -1;
  if (decimal > 1 || decimal < -1) return -1;
  return i32(decimal > 0);
}

/** Finds the columns of a line; false when there are more or fewer than there should be. */
function splitColumns(at: usize, stop: usize): bool {
  const separator = <u8>load<i32>(FORMAT_FIELDS + SEPARATOR);
  const tIndex = load<i32>(FORMAT_FIELDS + T_INDEX);
  const xIndex = load<i32>(FORMAT_FIELDS + X_INDEX);
  const yIndex = load<i32>(FORMAT_FIELDS + Y_INDEX);
  const polarityIndex = load<i32>(FORMAT_FIELDS + POLARITY_INDEX);
  while (isBlank(load<u8>(stop - 1))) stop--;
  let column = 0;
  for (;;) {
    let behind = at;
    if (separator === BLANK) {
      while (behind < stop && !isBlank(load<u8>(behind))) behind++;
    } else {
      while (behind < stop && load<u8>(behind) !== separator) behind++;
      at = behindBlanks(at, behind);
    }
    let last = behind;
    while (last > at && isBlank(load<u8>(last - 1))) last--;
    if (last - at >= 2 && isQuote(load<u8>(at)) && load<u8>(last - 1) === load<u8>(at)) {
      at++;
      last--;
    }
    if (column === tIndex) {
      tAt = at;
      tEnd = last;
    } else if (column === xIndex) {
      xAt = at;
      xEnd = last;
    } else if (column === yIndex) {
      yAt = at;
      yEnd = last;
    } else if (column === polarityIndex) {
      pAt = at;
      pEnd = last;
    }
    column++;
    if (behind >= stop) break;
    at = separator === BLANK ? behindBlanks(behind, stop) : behind + 1;
  }
  return column === load<i32>(FORMAT_FIELDS + COLUMNS);
}

/** Numbers may stand between two of them. */
function isQuote(byte: u8): bool {
  return byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE;
}

/** Whether the comment that a line may be begins at `at`. */
function isComment(at: usize, stop: usize): bool {
  for (let mark = MARKS; mark < BEHIND_MARKS; mark += COMMENT_MARK_BYTES) {
    const length = load<u32>(mark);
    if (length === 0 || at + length > stop) continue;
    let same: u32 = 0;
    while (same < length && load<u8>(at + same) === load<u8>(mark + 4 + same)) same++;
    if (same === length) return true;
  }
  return false;
}

/** The first byte from `at` that is no blank. */
function behindBlanks(at: usize, stop: usize): usize {
  while (at < stop && isBlank(load<u8>(at))) at++;
  return at;
}

/** A tab is a blank, too, unless columns are separated by it. */
function isBlank(byte: u8): bool {
  return byte === BLANK || (byte === TAB && <u8>load<i32>(FORMAT_FIELDS + SEPARATOR) !== TAB);
}

/** The address behind the next line feed, or 0 where there is none before `end`. */
function behindLine(input: usize, end: usize): usize {
  const lineFeeds = i8x16.splat(<i8>LINE_FEED);
  for (; input + 16 <= end; input += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(input), lineFeeds));
    if (found !== 0) return input + ctz(found) + 1;
  }
  for (; input < end; input++) if (load<u8>(input) === LINE_FEED) return input + 1;
  return 0;
}
