// Lines of CSV to columns. The line is drawn in formats/csv/layout.ts.
import {
  CARRIAGE_RETURN,
  COMMA,
  LINE_FEED,
  MINUS,
  MOST_LINE_BYTES,
  ZERO,
} from "../../formats/csv/layout";
import {
  BACKWARD_STEPS,
  CARRIED,
  EVENT_COUNT,
  EVENTS_OUTSIDE_GEOMETRY,
  HEIGHT,
  MALFORMED_LINES,
  POLARITY_COLUMN,
  SIGNED_POLARITY,
  T_COLUMN,
  TIME_OFFSET,
  WIDTH,
  X_COLUMN,
  Y_COLUMN,
} from "../layout";
import { count } from "./parts/count";

// Carried from call to call. All zero is the state before the first line.
const HAS_EVENT: usize = CARRIED; // i32
const IN_LONG_LINE: usize = CARRIED + 4; // i32, what follows up to a line feed belongs to no event
const LAST_TIME: usize = CARRIED + 8; // i64, of the last event kept

/** Where the reading of a line stands. */
let at: usize = 0;
/** Whether the field read last was one, and ended as it had to. */
let isField = false;

/**
 * Appends the events of the lines from `input` to the columns, until no whole line is left before
 * `end` or the columns hold `capacity` events. Returns the address of the first unread byte; less
 * than a longest line is left there unless the tile is full.
 */
export function decode(input: usize, end: usize, capacity: i32): usize {
  const width = load<i32>(WIDTH);
  const height = load<i32>(HEIGHT);
  const signed = load<i32>(SIGNED_POLARITY);
  const timeOffset = load<i64>(TIME_OFFSET);
  const xs: usize = load<u32>(X_COLUMN);
  const ys: usize = load<u32>(Y_COLUMN);
  const ts: usize = load<u32>(T_COLUMN);
  const polarities: usize = load<u32>(POLARITY_COLUMN);
  let lastTime = load<i32>(HAS_EVENT) !== 0 ? load<i64>(LAST_TIME) : i64.MIN_VALUE;
  let events = load<i32>(EVENT_COUNT);
  while (events < capacity) {
    const next = behindLine(input, end);
    if (next === 0) {
      if (<i32>(end - input) < MOST_LINE_BYTES) break;
      if (load<i32>(IN_LONG_LINE) === 0) count(MALFORMED_LINES, input);
      store<i32>(IN_LONG_LINE, 1);
      input = end;
      break;
    }
    let stop = next - 1;
    if (stop > input && load<u8>(stop - 1) === CARRIAGE_RETURN) stop--;
    if (load<i32>(IN_LONG_LINE) !== 0) {
      store<i32>(IN_LONG_LINE, 0);
    } else if (<i32>(next - input) > MOST_LINE_BYTES) {
      count(MALFORMED_LINES, input);
    } else if (stop > input) {
      at = input;
      isField = true;
      const x = readField(COMMA, stop);
      const y = readField(COMMA, stop);
      const time = readField(COMMA, stop);
      const polarity = readField(0, stop);
      const shifted = time - timeOffset;
      if (!isField || polarity > 1 || polarity < -1) {
        count(MALFORMED_LINES, input);
      } else if (<u64>x >= <u64>width || <u64>y >= <u64>height) {
        count(EVENTS_OUTSIDE_GEOMETRY, input);
      } else if (((time ^ timeOffset) & (time ^ shifted)) < 0) {
        count(MALFORMED_LINES, input); // the time overflows where it is rebased
      } else {
        if (time < lastTime) count(BACKWARD_STEPS, input);
        lastTime = time;
        store<u16>(xs + (events << 1), <u16>x);
        store<u16>(ys + (events << 1), <u16>y);
        store<i64>(ts + (events << 3), shifted);
        store<i8>(polarities + events, <i8>(((<i32>(polarity > 0)) << signed) - signed));
        store<i32>(HAS_EVENT, 1);
        events++;
      }
    }
    input = next;
  }
  store<i64>(LAST_TIME, lastTime);
  store<i32>(EVENT_COUNT, events);
  return input;
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

/**
 * Reads a whole number from `at` up to `behind`, or up to `stop` where that is 0, and stands behind
 * it then. Anything else makes `isField` false.
 */
function readField(behind: i32, stop: usize): i64 {
  const negative = at < stop && load<u8>(at) === MINUS;
  if (negative) at++;
  const start = at;
  let value: i64 = 0;
  while (at < stop) {
    const digit: u32 = load<u8>(at) - ZERO;
    if (digit > 9) break;
    value = value * 10 + digit;
    at++;
  }
  // Eighteen digits fit into 64 bits whatever they are; of nineteen the sign tells.
  const digits = at - start;
  const overflows = value < 0 && !(negative && value === i64.MIN_VALUE);
  if (digits === 0 || digits > 19 || overflows) isField = false;
  if (behind === 0) {
    if (at !== stop) isField = false;
  } else {
    if (at >= stop || <i32>load<u8>(at) !== behind) isField = false;
    at++;
  }
  return negative ? -value : value;
}
