// What the two ways through lines of text share.
import {
  HAS_BEGUN as HAS_BEGUN_OFFSET,
  IN_LONG_LINE as IN_LONG_LINE_OFFSET,
  LAST_TIME as LAST_TIME_OFFSET,
  LINES as LINES_OFFSET,
} from "../../../formats/text/layout";
import {
  BACKWARD_STEPS,
  CARRIED,
  EVENT_COUNT,
  POLARITY_COLUMN,
  SIGNED_POLARITY,
  T_COLUMN,
  TIME_OFFSET,
  X_COLUMN,
  Y_COLUMN,
} from "../../layout";
import { count } from "./count";

export const HAS_BEGUN: usize = CARRIED + HAS_BEGUN_OFFSET;
export const IN_LONG_LINE: usize = CARRIED + IN_LONG_LINE_OFFSET;
export const LAST_TIME: usize = CARRIED + LAST_TIME_OFFSET;
export const LINES: usize = CARRIED + LINES_OFFSET;

/** Appends an event of the line at `line` to the columns. */
export function keep(line: usize, x: u32, y: u32, time: i64, on: i32): void {
  const events = load<i32>(EVENT_COUNT);
  if (time < load<i64>(LAST_TIME)) count(BACKWARD_STEPS, line);
  store<i64>(LAST_TIME, time);
  store<u16>(<usize>load<u32>(X_COLUMN) + (events << 1), <u16>x);
  store<u16>(<usize>load<u32>(Y_COLUMN) + (events << 1), <u16>y);
  store<i64>(<usize>load<u32>(T_COLUMN) + (events << 3), time - load<i64>(TIME_OFFSET));
  const signed = load<i32>(SIGNED_POLARITY);
  store<i8>(<usize>load<u32>(POLARITY_COLUMN) + events, <i8>((on << signed) - signed));
  store<i32>(EVENT_COUNT, events + 1);
}
