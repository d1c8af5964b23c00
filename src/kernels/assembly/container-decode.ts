// The inverses of the transforms of the compact container: raw streams into columns. What every mode
// means is said in docs/container.md. A stream has 64 bytes of room behind it that may be read.
import {
  SUMMARY_MAX_T,
  SUMMARY_MAX_X,
  SUMMARY_MAX_Y,
  SUMMARY_MIN_T,
  SUMMARY_MIN_X,
  SUMMARY_MIN_Y,
  SUMMARY_ON,
} from "../layout";
import { countOn, extremesOf16, extremesOf64 } from "./parts/extremes";

export { addAxis, addRuns, joinBytes } from "./parts/container-coordinates";
export { addBits, addCellBits, addRowBits } from "./parts/container-polarities";
export { addGroups, addSteps } from "./parts/container-times";

/** Tells the extremes of events and how many are ON; those of the times only where they are asked for. */
export function summarizeAt(
  xs: usize,
  ys: usize,
  ts: usize,
  polarities: usize,
  count: i32,
  withTimes: i32,
): void {
  store<i32>(SUMMARY_ON, countOn(polarities, count));
  extremesOf16(xs, count, SUMMARY_MIN_X, SUMMARY_MAX_X);
  extremesOf16(ys, count, SUMMARY_MIN_Y, SUMMARY_MAX_Y);
  if (withTimes) extremesOf64(ts, count, SUMMARY_MIN_T, SUMMARY_MAX_T);
}
