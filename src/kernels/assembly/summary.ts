// Counts and extremes of the tile in the columns.
import {
  POLARITY_COLUMN,
  SUMMARY_MAX_T,
  SUMMARY_MAX_X,
  SUMMARY_MAX_Y,
  SUMMARY_MIN_T,
  SUMMARY_MIN_X,
  SUMMARY_MIN_Y,
  SUMMARY_ON,
  T_COLUMN,
  X_COLUMN,
  Y_COLUMN,
} from "../layout";
import { countOn, extremesOf16, extremesOf64 } from "./parts/extremes";

/** Summarizes the first `count` events, of which there is at least one. */
export function summarize(count: i32): void {
  store<i32>(SUMMARY_ON, countOn(load<u32>(POLARITY_COLUMN), count));
  extremesOf16(load<u32>(X_COLUMN), count, SUMMARY_MIN_X, SUMMARY_MAX_X);
  extremesOf16(load<u32>(Y_COLUMN), count, SUMMARY_MIN_Y, SUMMARY_MAX_Y);
  extremesOf64(load<u32>(T_COLUMN), count, SUMMARY_MIN_T, SUMMARY_MAX_T);
}
