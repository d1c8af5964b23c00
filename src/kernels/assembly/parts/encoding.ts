// What the encoding kernels share: where they stand in the tile, when a trigger is due, which time
// words bring the clock to a time.
import {
  ENCODER_CARRIED,
  ENTRY_ROOM,
  EVENTS_LEFT_OUT,
  HEIGHT,
  LEAVE_OUT,
  MOST_WRAPS,
  NEXT_EVENT,
  NEXT_TRIGGER,
  OUTPUT,
  OUTPUT_END,
  POLARITY_COLUMN,
  REFUSAL,
  REFUSED_BACKWARD_TIME,
  REFUSED_IS_TRIGGER,
  REFUSED_LATE_TIME,
  REFUSED_NEGATIVE_TIME,
  T_COLUMN,
  TRIGGER_ID_COLUMN,
  TRIGGER_T_COLUMN,
  TRIGGER_VALUE_COLUMN,
  TRIGGERS_LEFT_OUT,
  WIDTH,
  X_COLUMN,
  Y_COLUMN,
} from "../../layout";

// Carried from call to call.
const HAS_CLOCK: usize = ENCODER_CARRIED; // i32, whether a time word was written
const CLOCK: usize = ENCODER_CARRIED + 8; // i64, the upper part of the time, wraps included
/** The kernels' own state starts here: 48 bytes. */
export const OWN_CARRIED: usize = ENCODER_CARRIED + 16;

/**
 * Writes the events and triggers of the tile from NEXT_EVENT and NEXT_TRIGGER on, each trigger in
 * front of the first event that is not earlier. Stops where the room or the tile ends, or in front
 * of what the format cannot hold. Returns the address behind the last byte.
 *
 * `Entries` has `putEvent(event, events, out)`, which moves NEXT_EVENT on by what it wrote, and
 * `putTrigger(trigger, out)`; both return the address behind what they wrote, or what `refuse`
 * returns.
 *
 * @param flush - 1 writes the triggers behind the last event, too
 */
export function encodeTile<Entries>(
  entries: Entries,
  events: i32,
  triggers: i32,
  flush: i32,
): usize {
  const limit: usize = <usize>load<u32>(OUTPUT_END) - ENTRY_ROOM;
  let out: usize = load<u32>(OUTPUT);
  while (out <= limit) {
    const event = load<i32>(NEXT_EVENT);
    const trigger = load<i32>(NEXT_TRIGGER);
    let next = REFUSED;
    if (trigger < triggers && (event < events ? triggerTime(trigger) <= timeOf(event) : flush)) {
      next = entries.putTrigger(trigger, out);
      if (next === REFUSED && !leaveOut(1)) break;
      store<i32>(NEXT_TRIGGER, trigger + 1);
    } else if (event < events) {
      next = entries.putEvent(event, events, out);
      if (next === REFUSED) {
        if (!leaveOut(0)) break;
        store<i32>(NEXT_EVENT, event + 1);
      }
    } else {
      break;
    }
    if (next !== REFUSED) out = next;
  }
  return out;
}

/** In the place of an address: the entry cannot be written. */
const REFUSED: usize = 0;

/** Notes why an entry cannot be written. */
export function refuse(reason: i32): usize {
  store<i32>(REFUSAL, reason);
  return REFUSED;
}

/** Counts the refused entry as left out, or returns false: the kernel has to stop there. */
function leaveOut(isTrigger: i32): bool {
  store<i32>(REFUSED_IS_TRIGGER, isTrigger);
  if (load<i32>(LEAVE_OUT) === 0) return false;
  const counter: usize = isTrigger !== 0 ? TRIGGERS_LEFT_OUT : EVENTS_LEFT_OUT;
  store<u32>(counter, load<u32>(counter) + 1);
  store<i32>(REFUSAL, 0);
  return true;
}

/** The columns of the tile. */
export function timeOf(event: i32): i64 {
  return load<i64>(<usize>load<u32>(T_COLUMN) + (event << 3));
}

export function xOf(event: i32): u32 {
  return load<u16>(<usize>load<u32>(X_COLUMN) + (event << 1));
}

export function yOf(event: i32): u32 {
  return load<u16>(<usize>load<u32>(Y_COLUMN) + (event << 1));
}

/** 1 for ON, 0 for OFF, whatever the encoding. */
export function isOn(event: i32): u32 {
  return load<i8>(<usize>load<u32>(POLARITY_COLUMN) + event) > 0 ? 1 : 0;
}

/** The first x and y that are refused: those of the sensor, or what the format can name. */
export function widthUpTo(most: u32): u32 {
  return min(<u32>load<i32>(WIDTH), most);
}

export function heightUpTo(most: u32): u32 {
  return min(<u32>load<i32>(HEIGHT), most);
}

/** The time of a trigger of the tile. */
export function triggerTime(trigger: i32): i64 {
  return load<i64>(<usize>load<u32>(TRIGGER_T_COLUMN) + (trigger << 3));
}

export function triggerId(trigger: i32): i32 {
  return load<i16>(<usize>load<u32>(TRIGGER_ID_COLUMN) + (trigger << 1));
}

/** 1 for a rising edge, 0 for a falling one. */
export function triggerValue(trigger: i32): u32 {
  return load<u8>(<usize>load<u32>(TRIGGER_VALUE_COLUMN) + trigger) > 0 ? 1 : 0;
}

/** Whether the clock stands at the given upper part of a time. */
export function clockIs(high: i64): bool {
  return load<i32>(HAS_CLOCK) !== 0 && load<i64>(CLOCK) === high;
}

/**
 * How many times the clock has to be sent through its end, as a word with the last value and one
 * with 0, before a word with `high` brings it to a time; or the reason why nothing can, negated.
 * That fall is the one that every reader takes for a wrap: some want no less, or exactly it.
 *
 * @param high - upper part of the time, wraps included
 * @param bits - of that part in a time word
 * @param wrapStep - a fall by at least this much reads as a wrap in our decoders
 */
export function wrapsBefore(high: i64, bits: i32, wrapStep: i64): i32 {
  if (high < 0) return -REFUSED_NEGATIVE_TIME;
  const epoch = high >> bits;
  if (load<i32>(HAS_CLOCK) === 0) return epoch > MOST_WRAPS ? -REFUSED_LATE_TIME : <i32>epoch;
  const clock = load<i64>(CLOCK);
  const wraps = epoch - (clock >> bits);
  const mask = ((<i64>1) << bits) - 1;
  const falls = (clock & mask) - (high & mask) >= wrapStep;
  if (wraps < 0 || (wraps === 0 && falls)) return -REFUSED_BACKWARD_TIME;
  return wraps > MOST_WRAPS ? -REFUSED_LATE_TIME : <i32>wraps;
}

/** Notes where the clock was brought to. */
export function setClock(high: i64): void {
  store<i32>(HAS_CLOCK, 1);
  store<i64>(CLOCK, high);
}

/**
 * The pixels of a run as bits from `x` on: the events from `event` on that differ from it in x
 * alone, which rises and stays below `x + pixels`.
 */
export function runMask(event: i32, events: i32, x: u32, pixels: u32): u32 {
  const time = timeOf(event);
  const row = yOf(event);
  const on = isOn(event);
  let mask: u32 = 1;
  let last = x;
  for (let next = event + 1; next < events; next++) {
    const nextX = xOf(next);
    if (nextX <= last || nextX >= x + pixels) break;
    if (yOf(next) !== row || timeOf(next) !== time || isOn(next) !== on) break;
    mask |= 1 << (nextX - x);
    last = nextX;
  }
  return mask;
}
