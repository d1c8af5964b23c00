// EVT 3.0 words one at a time, whatever they are.
import {
  EVT_ADDR_X,
  EVT_ADDR_Y,
  EVT_TIME_HIGH,
  EVT_TIME_LOW,
  EXT_TRIGGER,
  OTHERS,
  PAYLOAD_MASK,
  POLARITY_SHIFT,
  ROWS,
  TRIGGER_ID_MASK,
  TRIGGER_ID_SHIFT,
  TYPE_SHIFT,
  VECT_8,
  VECT_8_MASK,
  VECT_8_STEP,
  VECT_12,
  VECT_12_MASK,
  VECT_12_STEP,
  VECT_BASE_X,
  WORD_BYTES,
  WRAP_STEP,
  WRAP_US,
  X_MASK,
} from "../../../formats/evt3/layout";
import {
  BACKWARD_STEPS,
  CLOCK_WRAPS,
  EVENT_COUNT,
  EVENTS_BEFORE_TIME_BASE,
  EVENTS_OUTSIDE_GEOMETRY,
  EVENTS_WITHOUT_ADDRESS,
  HEIGHT,
  POLARITY_COLUMN,
  SIGNED_POLARITY,
  T_COLUMN,
  TRIGGER_CAPACITY,
  TRIGGER_COUNT,
  TRIGGER_ID_COLUMN,
  TRIGGER_T_COLUMN,
  TRIGGER_VALUE_COLUMN,
  TRIGGERS_BEFORE_TIME_BASE,
  WIDTH,
  X_COLUMN,
  Y_COLUMN,
} from "../../layout";
import { count, countSubtype } from "./count";
import {
  BASE,
  BASE_POLARITY,
  CLOCK_EPOCH,
  HAS_TIME_HIGH,
  LAST_TIME,
  MASK_LEFT,
  NO_BASE,
  NO_ROW,
  now,
  ROW,
  TIME_HIGH,
  TIME_LOW,
} from "./evt3-state";

/** Words that go one by one when a SIMD step finds something irregular. */
const STRAIGHT_WORDS = 8;

/**
 * The straight line: up to eight words, one at a time. It stops early where the input ends or the
 * tile is full.
 */
export function decodeStraight(input: usize, end: usize, capacity: i32): usize {
  const width: u32 = load<i32>(WIDTH);
  const height: u32 = min(load<i32>(HEIGHT), ROWS);
  for (let words = 0; words < STRAIGHT_WORDS; words++) {
    if (input + WORD_BYTES > end || load<i32>(EVENT_COUNT) >= capacity) break;
    const word: u32 = load<u16>(input);
    const type = word >>> TYPE_SHIFT;
    if (type === EVT_ADDR_X) {
      const row = load<u32>(ROW);
      const x = word & X_MASK;
      if (row === NO_ROW) count(EVENTS_WITHOUT_ADDRESS, input);
      else if (x >= width || row >= height) count(EVENTS_OUTSIDE_GEOMETRY, input);
      else append(x, row, (word >>> POLARITY_SHIFT) & 1, input);
    } else if (type === EVT_ADDR_Y) {
      store<u32>(ROW, word & PAYLOAD_MASK);
    } else if (type === EVT_TIME_LOW) {
      store<u32>(TIME_LOW, word & PAYLOAD_MASK);
    } else if (type === VECT_BASE_X) {
      store<i32>(BASE, word & X_MASK);
      store<i32>(BASE_POLARITY, (word >>> POLARITY_SHIFT) & 1);
    } else if (type === VECT_12) {
      const mask = word & VECT_12_MASK;
      if (!appendVector(mask, VECT_12_STEP, width, height, capacity, input)) break;
    } else if (type === VECT_8) {
      const mask = word & VECT_8_MASK;
      if (!appendVector(mask, VECT_8_STEP, width, height, capacity, input)) break;
    } else if (type === EVT_TIME_HIGH) {
      setTimeHigh(word & PAYLOAD_MASK, input);
    } else if (type === EXT_TRIGGER) {
      if (!appendTrigger(word)) break;
    } else {
      countVendorWord(word, input);
    }
    input += WORD_BYTES;
  }
  return input;
}

/** Appends an event at the present time. */
function append(x: u32, y: u32, polarity: i32, word: usize): void {
  const events = load<i32>(EVENT_COUNT);
  const signed = load<i32>(SIGNED_POLARITY);
  const time = now();
  if (time < load<i64>(LAST_TIME)) count(BACKWARD_STEPS, word);
  store<i64>(LAST_TIME, time);
  store<u16>(<usize>load<u32>(X_COLUMN) + (events << 1), <u16>x);
  store<u16>(<usize>load<u32>(Y_COLUMN) + (events << 1), <u16>y);
  store<i64>(<usize>load<u32>(T_COLUMN) + (events << 3), time);
  store<i8>(<usize>load<u32>(POLARITY_COLUMN) + events, <i8>((polarity << signed) - signed));
  store<i32>(EVENT_COUNT, events + 1);
}

/**
 * Appends the events of a vector word and moves the base on. Returns false when the tile is full
 * before the word is done: the rest of the mask is kept, and the word is to be read again.
 */
function appendVector(
  mask: u32,
  step: i32,
  width: u32,
  height: u32,
  capacity: i32,
  word: usize,
): bool {
  const base = load<i32>(BASE);
  const row = load<u32>(ROW);
  if (base === NO_BASE || row === NO_ROW) {
    count(EVENTS_WITHOUT_ADDRESS, word, popcnt(mask));
  } else if (row >= height) {
    count(EVENTS_OUTSIDE_GEOMETRY, word, popcnt(mask));
  } else {
    const left = load<u32>(MASK_LEFT);
    if (left !== 0) mask = left;
    store<u32>(MASK_LEFT, 0);
    for (; mask !== 0; mask &= mask - 1) {
      const x: u32 = base + ctz(mask);
      if (x >= width) {
        count(EVENTS_OUTSIDE_GEOMETRY, word, popcnt(mask));
        break;
      }
      if (load<i32>(EVENT_COUNT) >= capacity) {
        store<u32>(MASK_LEFT, mask);
        return false;
      }
      append(x, row, load<i32>(BASE_POLARITY), word);
    }
  }
  if (base !== NO_BASE) store<i32>(BASE, base + step);
  return true;
}

/** Sets the upper half of the time; a repeated one leaves the lower half as it is. */
function setTimeHigh(next: u32, word: usize): void {
  const timeHigh = load<u32>(TIME_HIGH);
  if (next === timeHigh) return;
  if (<i32>timeHigh - <i32>next >= WRAP_STEP) {
    store<i64>(CLOCK_EPOCH, load<i64>(CLOCK_EPOCH) + WRAP_US);
    count(CLOCK_WRAPS, word);
  }
  store<u32>(TIME_HIGH, next);
  store<u32>(TIME_LOW, 0);
}

/** Appends a trigger; false when the trigger columns are full. */
function appendTrigger(word: u32): bool {
  const triggers = load<i32>(TRIGGER_COUNT);
  if (triggers >= load<i32>(TRIGGER_CAPACITY)) return false;
  const id = (word >>> TRIGGER_ID_SHIFT) & TRIGGER_ID_MASK;
  store<i64>(<usize>load<u32>(TRIGGER_T_COLUMN) + (triggers << 3), now());
  store<i16>(<usize>load<u32>(TRIGGER_ID_COLUMN) + (triggers << 1), <i16>id);
  store<u8>(<usize>load<u32>(TRIGGER_VALUE_COLUMN) + triggers, <u8>(word & 1));
  store<i32>(TRIGGER_COUNT, triggers + 1);
  return true;
}

/** Counts what comes before the first time high, and starts the clock with that. */
export function skipToTimeHigh(input: usize, end: usize): usize {
  for (; input + WORD_BYTES <= end; input += WORD_BYTES) {
    const word: u32 = load<u16>(input);
    const type = word >>> TYPE_SHIFT;
    if (type === EVT_TIME_HIGH) {
      store<i32>(HAS_TIME_HIGH, 1);
      store<u32>(TIME_HIGH, word & PAYLOAD_MASK);
      store<u32>(ROW, NO_ROW);
      store<i32>(BASE, NO_BASE);
      store<i64>(LAST_TIME, i64.MIN_VALUE);
      return input + WORD_BYTES;
    }
    if (type === EVT_ADDR_X) count(EVENTS_BEFORE_TIME_BASE, input);
    else if (type === VECT_12) count(EVENTS_BEFORE_TIME_BASE, input, popcnt(word & VECT_12_MASK));
    else if (type === VECT_8) count(EVENTS_BEFORE_TIME_BASE, input, popcnt(word & VECT_8_MASK));
    else if (type === EXT_TRIGGER) count(TRIGGERS_BEFORE_TIME_BASE, input);
    else if (type !== EVT_ADDR_Y && type !== EVT_TIME_LOW && type !== VECT_BASE_X) {
      countVendorWord(word, input);
    }
  }
  return input;
}

/** Counts a word that holds no event, by its type, and OTHERS by its subtype, too. */
function countVendorWord(word: u32, input: usize): void {
  const type = word >>> TYPE_SHIFT;
  count(type, input);
  if (type === OTHERS) countSubtype(word & PAYLOAD_MASK);
}
