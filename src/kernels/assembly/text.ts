// Lines of text to columns. The line is drawn in formats/text/layout.ts; test/reference/text.ts is
// the same decoder as a plain loop.
import {
  CUT_BYTES,
  DECIMAL_TIMES,
  NO_SHAPE,
  ORDER,
  SHAPE,
  SIGNED_OFF,
  STOPPED,
  T_X_Y_P,
  X_Y_P_T,
  X_Y_T_P,
} from "../../formats/text/layout";
import { EVENT_COUNT, FORMAT_FIELDS } from "../layout";
import { shapedLines } from "./parts/shaped-lines";
import { straightLine } from "./parts/straight-line";
import { HAS_BEGUN, IN_LONG_LINE, LAST_TIME } from "./parts/text-state";
import { usualLines } from "./parts/usual-lines";

/**
 * Appends the events of the lines from `input` to the columns, until no whole line is left before
 * `end`, the columns hold `capacity` events, or a malformed line has to be told of. Returns the
 * address of the first unread byte.
 */
export function decode(input: usize, end: usize, capacity: i32): usize {
  if (load<i32>(HAS_BEGUN) === 0) {
    store<i32>(HAS_BEGUN, 1);
    store<i64>(LAST_TIME, i64.MIN_VALUE);
  }
  store<i32>(FORMAT_FIELDS + STOPPED, 0);
  store<u32>(FORMAT_FIELDS + CUT_BYTES, 0);
  const shape = load<i32>(FORMAT_FIELDS + SHAPE);
  let next = input;
  do {
    input = next;
    if (shape !== NO_SHAPE && load<i32>(IN_LONG_LINE) === 0) {
      input = next = manyLines(input, end, capacity, shape);
    }
    if (load<i32>(EVENT_COUNT) < capacity) next = straightLine(input, end);
  } while (next !== input);
  return input;
}

/** The same code several times; see there. */
function manyLines(input: usize, end: usize, capacity: i32, shape: i32): usize {
  const order = load<i32>(FORMAT_FIELDS + ORDER);
  if (order === T_X_Y_P) {
    input =
      (shape & DECIMAL_TIMES) !== 0
        ? usualLines<f64, u8>(input, end, capacity)
        : usualLines<i64, u8>(input, end, capacity);
  } else if (order === X_Y_P_T) {
    input = usualLines<i64, u16>(input, end, capacity);
  } else if (order === X_Y_T_P) {
    input = usualLines<i64, u32>(input, end, capacity);
  }
  if ((shape & SIGNED_OFF) !== 0) {
    if ((shape & DECIMAL_TIMES) !== 0) return shapedLines<f64, i8>(input, end, capacity);
    return shapedLines<i64, i8>(input, end, capacity);
  }
  if ((shape & DECIMAL_TIMES) !== 0) return shapedLines<f64, u8>(input, end, capacity);
  return shapedLines<i64, u8>(input, end, capacity);
}
