// DAT records to columns. The record is drawn in formats/dat/layout.ts, whose constants are used
// here; test/reference/dat.ts is the same decoder as a plain loop.
import {
  EVENTS_VERSION_1,
  POLARITY_SHIFT,
  RECORD_BYTES,
  TRIGGER_ID_SHIFT,
  TRIGGER_VALUE_MASK,
  TRIGGERS,
  V1_POLARITY_MASK,
  V1_POLARITY_SHIFT,
  V1_X_MASK,
  V1_Y_MASK,
  V1_Y_SHIFT,
  WORD_OFFSET,
  WRAP_STEP,
  WRAP_US,
  XY_MASK,
  Y_SHIFT,
} from "../../formats/dat/layout";
import {
  BACKWARD_STEPS,
  CARRIED,
  CLOCK_WRAPS,
  EVENT_COUNT,
  EVENTS_OUTSIDE_GEOMETRY,
  HEIGHT,
  POLARITY_COLUMN,
  SIGNED_POLARITY,
  T_COLUMN,
  TIME_OFFSET,
  TRIGGER_CAPACITY,
  TRIGGER_COUNT,
  TRIGGER_ID_COLUMN,
  TRIGGER_T_COLUMN,
  TRIGGER_VALUE_COLUMN,
  VARIANT,
  WIDTH,
  X_COLUMN,
  Y_COLUMN,
} from "../layout";
import { count } from "./parts/count";
import { storeTimes } from "./parts/store";

// Carried from call to call. All zero is the state before the first record.
const PREVIOUS: usize = CARRIED; // u32, the time of the record in front, kept or not
const CLOCK_EPOCH: usize = CARRIED + 8; // i64, microseconds added by clock wraps
const LAST_TIME: usize = CARRIED + 16; // i64, of the last event kept

/** Records that one SIMD step decodes, or that go one by one where it finds something irregular. */
const STEP_RECORDS = 16;

/**
 * Appends the events or triggers of the records from `input` to their columns, until no record is
 * left before `end`, the columns hold `capacity` events or the trigger columns are full. Returns the
 * address of the first unread byte.
 */
export function decode(input: usize, end: usize, capacity: i32): usize {
  if (load<i32>(VARIANT) === TRIGGERS) return decodeTriggers(input, end);
  let next = input;
  do {
    input = decodeRegular(next, end, capacity);
    next = decodeStraight(input, end, capacity);
  } while (next !== input);
  return input;
}

/**
 * The straight line: up to sixteen records, one at a time. It stops early where the input ends or
 * the tile is full.
 */
function decodeStraight(input: usize, end: usize, capacity: i32): usize {
  const width: u32 = load<i32>(WIDTH);
  const height: u32 = load<i32>(HEIGHT);
  const isVersion1 = load<i32>(VARIANT) === EVENTS_VERSION_1;
  for (let records = 0; records < STEP_RECORDS; records++) {
    if (input + RECORD_BYTES > end || load<i32>(EVENT_COUNT) >= capacity) break;
    const time = unwrap(input);
    let word = load<u32>(input, WORD_OFFSET);
    if (isVersion1) word = <u32>i32x4.extract_lane(asVersion2(i32x4.splat(word)), 0);
    const x = word & XY_MASK;
    const y = (word >>> Y_SHIFT) & XY_MASK;
    if (x >= width || y >= height) count(EVENTS_OUTSIDE_GEOMETRY, input);
    else append(x, y, word >>> POLARITY_SHIFT > 0 ? 1 : 0, time, input);
    input += RECORD_BYTES;
  }
  return input;
}

/** The time of a record with wraps of the clock undone. */
function unwrap(record: usize): i64 {
  const time = load<u32>(record);
  const previous = load<u32>(PREVIOUS);
  if (time < previous && previous - time > <u32>WRAP_STEP) {
    store<i64>(CLOCK_EPOCH, load<i64>(CLOCK_EPOCH) + WRAP_US);
    count(CLOCK_WRAPS, record);
  }
  store<u32>(PREVIOUS, time);
  return load<i64>(CLOCK_EPOCH) + <i64>time;
}

/** Appends an event. */
function append(x: u32, y: u32, polarity: i32, time: i64, record: usize): void {
  const events = load<i32>(EVENT_COUNT);
  const signed = load<i32>(SIGNED_POLARITY);
  if (time < load<i64>(LAST_TIME)) count(BACKWARD_STEPS, record);
  store<i64>(LAST_TIME, time);
  store<u16>(<usize>load<u32>(X_COLUMN) + (events << 1), <u16>x);
  store<u16>(<usize>load<u32>(Y_COLUMN) + (events << 1), <u16>y);
  store<i64>(<usize>load<u32>(T_COLUMN) + (events << 3), time - load<i64>(TIME_OFFSET));
  store<i8>(<usize>load<u32>(POLARITY_COLUMN) + events, <i8>((polarity << signed) - signed));
  store<i32>(EVENT_COUNT, events + 1);
}

/** The records of a trigger file, one at a time; there are few. */
function decodeTriggers(input: usize, end: usize): usize {
  const capacity = load<i32>(TRIGGER_CAPACITY);
  const timeOffset = load<i64>(TIME_OFFSET);
  const times: usize = load<u32>(TRIGGER_T_COLUMN);
  const ids: usize = load<u32>(TRIGGER_ID_COLUMN);
  const values: usize = load<u32>(TRIGGER_VALUE_COLUMN);
  let triggers = load<i32>(TRIGGER_COUNT);
  for (; input + RECORD_BYTES <= end && triggers < capacity; input += RECORD_BYTES) {
    const word = load<u32>(input, WORD_OFFSET);
    store<i64>(times + (triggers << 3), unwrap(input) - timeOffset);
    store<i16>(ids + (triggers << 1), <i16>(word >>> TRIGGER_ID_SHIFT));
    store<u8>(values + triggers, (word & TRIGGER_VALUE_MASK) > 0 ? 1 : 0);
    triggers++;
  }
  store<i32>(TRIGGER_COUNT, triggers);
  return input;
}

/**
 * Sixteen records a step, as long as every event is on the sensor, the clock does not wrap and time
 * does not go back. Stops in front of anything else, which is for `decodeStraight`.
 *
 * Columns are stored before it is known that the step is regular: what is beyond the count of
 * events does not matter, and the fewer vectors wait in registers, the faster it goes.
 */
function decodeRegular(input: usize, end: usize, capacity: i32): usize {
  const epoch = load<i64>(CLOCK_EPOCH);
  const isVersion1 = load<i32>(VARIANT) === EVENTS_VERSION_1;
  const xs: usize = load<u32>(X_COLUMN);
  const ys: usize = load<u32>(Y_COLUMN);
  const ts: usize = load<u32>(T_COLUMN);
  const polarities: usize = load<u32>(POLARITY_COLUMN);
  const maxX = i16x8.splat(<i16>min(load<i32>(WIDTH) - 1, XY_MASK));
  const maxY = i16x8.splat(<i16>min(load<i32>(HEIGHT) - 1, XY_MASK));
  const base = i64x2.splat(epoch - load<i64>(TIME_OFFSET));
  const off = i8x16.splat(<i8>-load<i32>(SIGNED_POLARITY));
  // What the next time must not fall below: the time of the record in front, or the clock may have
  // wrapped, and that of the last event kept, which is later where a record in between was not.
  const floor = max<i64>(load<u32>(PREVIOUS), load<i64>(LAST_TIME) - epoch);
  let previous = i32x4.splat(<i32>floor);
  const before = load<i32>(EVENT_COUNT);
  let events = before;

  while (input + STEP_RECORDS * RECORD_BYTES <= end && events + STEP_RECORDS <= capacity) {
    const x = xs + (events << 1);
    const y = ys + (events << 1);
    const t = ts + (events << 3);

    const a = v128.load(input);
    const b = v128.load(input, 16);
    const c = v128.load(input, 32);
    const d = v128.load(input, 48);
    const timesA = timesOf(a, b);
    const timesB = timesOf(c, d);
    const wordsA = wordsOf(a, b, isVersion1);
    const wordsB = wordsOf(c, d, isVersion1);
    const xA = lowFields(wordsA, wordsB);
    const yA = lowFields(i32x4.shr_u(wordsA, Y_SHIFT), i32x4.shr_u(wordsB, Y_SHIFT));
    const fallsA = v128.or(falls(previous, timesA), falls(timesA, timesB));
    v128.store(x, xA);
    v128.store(y, yA);
    storeTimes(t, timesA, timesB, base);
    const polarityA = polaritiesOf(wordsA, wordsB);

    const e = v128.load(input, 64);
    const f = v128.load(input, 80);
    const g = v128.load(input, 96);
    const h = v128.load(input, 112);
    const timesC = timesOf(e, f);
    const timesD = timesOf(g, h);
    const wordsC = wordsOf(e, f, isVersion1);
    const wordsD = wordsOf(g, h, isVersion1);
    const xB = lowFields(wordsC, wordsD);
    const yB = lowFields(i32x4.shr_u(wordsC, Y_SHIFT), i32x4.shr_u(wordsD, Y_SHIFT));
    const fallsB = v128.or(falls(timesB, timesC), falls(timesC, timesD));
    v128.store(x, xB, 16);
    v128.store(y, yB, 16);
    storeTimes(t + 64, timesC, timesD, base);
    const polarityB = polaritiesOf(wordsC, wordsD);

    const outside = v128.or(
      i16x8.gt_s(i16x8.max_s(xA, xB), maxX),
      i16x8.gt_s(i16x8.max_s(yA, yB), maxY),
    );
    if (v128.any_true(v128.or(v128.or(fallsA, fallsB), outside))) break;
    const isOn = i8x16.gt_s(i8x16.narrow_i16x8_u(polarityA, polarityB), i8x16.splat(0));
    v128.store(polarities + events, v128.bitselect(i8x16.splat(1), off, isOn));
    previous = timesD;
    events += STEP_RECORDS;
    input += STEP_RECORDS * RECORD_BYTES;
  }

  if (events > before) {
    const last = <u32>i32x4.extract_lane(previous, 3);
    store<u32>(PREVIOUS, last);
    store<i64>(LAST_TIME, epoch + <i64>last);
    store<i32>(EVENT_COUNT, events);
  }
  return input;
}

/** The times of four records. */
function timesOf(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6);
}

/** The words behind the times of four records, as version 2 has them. */
function wordsOf(a: v128, b: v128, isVersion1: bool): v128 {
  const words = v128.shuffle<i32>(a, b, 1, 3, 5, 7);
  return isVersion1 ? asVersion2(words) : words;
}

/** Words of version 1 as version 2 holds the same. */
function asVersion2(words: v128): v128 {
  const x = v128.and(words, i32x4.splat(V1_X_MASK));
  const y = v128.and(i32x4.shr_u(words, V1_Y_SHIFT), i32x4.splat(V1_Y_MASK));
  const on = v128.and(i32x4.shr_u(words, V1_POLARITY_SHIFT), i32x4.splat(V1_POLARITY_MASK));
  return v128.or(x, v128.or(i32x4.shl(y, Y_SHIFT), i32x4.shl(on, POLARITY_SHIFT)));
}

/** The coordinates at the low end of eight words. */
function lowFields(a: v128, b: v128): v128 {
  const mask = i32x4.splat(XY_MASK);
  return i16x8.narrow_i32x4_u(v128.and(a, mask), v128.and(b, mask));
}

/** The polarity fields of eight words. */
function polaritiesOf(a: v128, b: v128): v128 {
  return i16x8.narrow_i32x4_u(i32x4.shr_u(a, POLARITY_SHIFT), i32x4.shr_u(b, POLARITY_SHIFT));
}

/** Something other than 0 in every lane whose time is below the one in front of it. */
function falls(earlier: v128, times: v128): v128 {
  const inFront = v128.shuffle<i32>(earlier, times, 3, 4, 5, 6);
  return v128.xor(i32x4.max_u(inFront, times), times);
}
