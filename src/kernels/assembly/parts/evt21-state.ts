// What the two ways through EVT 2.1 words share.
import { HALF_BYTES, LEGACY, TS_BITS } from "../../../formats/evt21/layout";
import { CARRIED, TIME_OFFSET, VARIANT } from "../../layout";

// Carried from call to call. All zero is the state before the first word.
export const HAS_TIME_BASE: usize = CARRIED; // i32
export const TIME_HIGH: usize = CARRIED + 4; // u32, the last one seen
export const CLOCK_EPOCH: usize = CARRIED + 8; // i64, microseconds added by clock wraps
export const LAST_TIME: usize = CARRIED + 16; // i64, of the last event kept, less the time offset
export const MASK_LEFT: usize = CARRIED + 24; // u32, of a word that did not fit into the tile

/** Where the upper half stands in a word, in bytes. */
export function headOffset(): usize {
  return load<i32>(VARIANT) === LEGACY ? 0 : HALF_BYTES;
}

/** Where the mask does: in the other half. */
export function maskOffset(): usize {
  return <usize>HALF_BYTES - headOffset();
}

/** The start of the present time high, with wraps undone and the time offset taken off. */
export function timeBase(): i64 {
  const timeHigh = <i64>load<u32>(TIME_HIGH);
  return load<i64>(CLOCK_EPOCH) + (timeHigh << TS_BITS) - load<i64>(TIME_OFFSET);
}
