// What the two ways through EVT 3.0 words share.
import { CARRIED_CLOCK_EPOCH, CARRIED_LAST_TIME, TIME_BITS } from "../../../formats/evt3/layout";
import { CARRIED, TIME_OFFSET } from "../../layout";

// Carried from call to call. All zero is the state before the first word.
export const HAS_TIME_HIGH: usize = CARRIED; // i32
export const TIME_HIGH: usize = CARRIED + 4; // u32, the last one seen
export const TIME_LOW: usize = CARRIED + 8; // u32
export const ROW: usize = CARRIED + 12; // u32, with the origin bit
export const BASE: usize = CARRIED + 16; // i32, of the next vector word
export const BASE_POLARITY: usize = CARRIED + 20; // i32, 0 or 1
export const CLOCK_EPOCH: usize = CARRIED + CARRIED_CLOCK_EPOCH; // i64, microseconds added by clock wraps
export const LAST_TIME: usize = CARRIED + CARRIED_LAST_TIME; // i64, of the last event kept, less the time offset
export const MASK_LEFT: usize = CARRIED + 40; // u32, of a vector word that did not fit into the tile

/** In the place of a row or a base that has not been sent yet; beyond every sensor. */
export const NO_ROW: u32 = 0x1000;
export const NO_BASE = -1;

/** The start of the present time high, with wraps undone and the time offset taken off. */
export function timeBase(): i64 {
  const timeHigh = <i64>load<u32>(TIME_HIGH);
  return load<i64>(CLOCK_EPOCH) + (timeHigh << TIME_BITS) - load<i64>(TIME_OFFSET);
}

/** The present time. */
export function now(): i64 {
  return timeBase() + <i64>load<u32>(TIME_LOW);
}
