// EVT 2.1 words one at a time, whatever they are.
import {
  EVT_POS,
  EVT_TIME_HIGH,
  EXT_TRIGGER,
  OTHERS,
  SUBTYPE_MASK,
  TIME_HIGH_MASK,
  TRIGGER_ID_MASK,
  TRIGGER_ID_SHIFT,
  TS_MASK,
  TS_SHIFT,
  TYPE_SHIFT,
  WORD_BYTES,
  WRAP_STEP,
  WRAP_US,
  X_SHIFT,
  XY_MASK,
} from "../../../formats/evt21/layout";
import {
  BACKWARD_STEPS,
  CLOCK_WRAPS,
  EVENT_COUNT,
  EVENTS_BEFORE_TIME_BASE,
  EVENTS_OUTSIDE_GEOMETRY,
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
  CLOCK_EPOCH,
  HAS_TIME_BASE,
  headOffset,
  LAST_TIME,
  MASK_LEFT,
  maskOffset,
  TIME_HIGH,
  timeBase,
} from "./evt21-state";

/**
 * The straight line: one word, whatever it is. Returns the same address where the input ends or the
 * tile is full.
 */
export function decodeWord(input: usize, end: usize, capacity: i32): usize {
  if (input + WORD_BYTES > end || load<i32>(EVENT_COUNT) >= capacity) return input;
  const head = load<u32>(input + headOffset());
  const type: i32 = head >>> TYPE_SHIFT;
  if (type <= EVT_POS) {
    const mask = load<u32>(input + maskOffset());
    if (!appendPixels(head, mask, capacity, input)) return input;
  } else if (type === EVT_TIME_HIGH) {
    setTimeHigh(head & TIME_HIGH_MASK, input);
  } else if (type === EXT_TRIGGER) {
    if (!appendTrigger(head, input)) return input;
  } else {
    count(type, input);
    if (type === OTHERS) countSubtype(head & SUBTYPE_MASK);
  }
  return input + WORD_BYTES;
}

/**
 * Appends the events of a word. Returns false when the tile is full before the word is done: the
 * rest of the mask is kept, and the word is to be read again.
 */
function appendPixels(head: u32, mask: u32, capacity: i32, word: usize): bool {
  const width: u32 = load<i32>(WIDTH);
  const height: u32 = load<i32>(HEIGHT);
  const base = (head >>> X_SHIFT) & XY_MASK;
  const y = head & XY_MASK;
  if (load<i32>(HAS_TIME_BASE) === 0) {
    count(EVENTS_BEFORE_TIME_BASE, word, popcnt(mask));
    return true;
  }
  if (y >= height) {
    count(EVENTS_OUTSIDE_GEOMETRY, word, popcnt(mask));
    return true;
  }
  const left = load<u32>(MASK_LEFT);
  if (left !== 0) mask = left;
  store<u32>(MASK_LEFT, 0);
  const time = timeOf(head);
  const signed = load<i32>(SIGNED_POLARITY);
  const polarity = ((head >>> TYPE_SHIFT) << signed) - signed;
  for (; mask !== 0; mask &= mask - 1) {
    const x = base + ctz(mask);
    if (x >= width) {
      count(EVENTS_OUTSIDE_GEOMETRY, word, popcnt(mask));
      break;
    }
    const events = load<i32>(EVENT_COUNT);
    if (events >= capacity) {
      store<u32>(MASK_LEFT, mask);
      return false;
    }
    if (time < load<i64>(LAST_TIME)) count(BACKWARD_STEPS, word);
    store<i64>(LAST_TIME, time);
    store<u16>(<usize>load<u32>(X_COLUMN) + (events << 1), <u16>x);
    store<u16>(<usize>load<u32>(Y_COLUMN) + (events << 1), <u16>y);
    store<i64>(<usize>load<u32>(T_COLUMN) + (events << 3), time);
    store<i8>(<usize>load<u32>(POLARITY_COLUMN) + events, <i8>polarity);
    store<i32>(EVENT_COUNT, events + 1);
  }
  return true;
}

/** Sets the upper part of the time, and starts the clock with the first one. */
function setTimeHigh(next: u32, word: usize): void {
  const timeHigh = load<u32>(TIME_HIGH);
  if (load<i32>(HAS_TIME_BASE) === 0) {
    store<i32>(HAS_TIME_BASE, 1);
    store<i64>(LAST_TIME, i64.MIN_VALUE);
  } else if (<i32>timeHigh - <i32>next >= WRAP_STEP) {
    store<i64>(CLOCK_EPOCH, load<i64>(CLOCK_EPOCH) + WRAP_US);
    count(CLOCK_WRAPS, word);
  }
  store<u32>(TIME_HIGH, next);
}

/** Appends a trigger; false when the trigger columns are full. */
function appendTrigger(head: u32, word: usize): bool {
  if (load<i32>(HAS_TIME_BASE) === 0) {
    count(TRIGGERS_BEFORE_TIME_BASE, word);
    return true;
  }
  const triggers = load<i32>(TRIGGER_COUNT);
  if (triggers >= load<i32>(TRIGGER_CAPACITY)) return false;
  const id = (head >>> TRIGGER_ID_SHIFT) & TRIGGER_ID_MASK;
  store<i64>(<usize>load<u32>(TRIGGER_T_COLUMN) + (triggers << 3), timeOf(head));
  store<i16>(<usize>load<u32>(TRIGGER_ID_COLUMN) + (triggers << 1), <i16>id);
  store<u8>(<usize>load<u32>(TRIGGER_VALUE_COLUMN) + triggers, <u8>(head & 1));
  store<i32>(TRIGGER_COUNT, triggers + 1);
  return true;
}

/** The time of an event or trigger. */
function timeOf(head: u32): i64 {
  return timeBase() + ((head >>> TS_SHIFT) & TS_MASK);
}
