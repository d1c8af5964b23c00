// EVT 3.0 words to columns. The word is drawn in formats/evt3/layout.ts, whose constants are used
// here; test/reference/evt3.ts is the same decoder as a plain loop.
import {
  CARRIED_CLOCK_EPOCH,
  CARRIED_LAST_TIME,
  EVT_ADDR_X,
  EVT_ADDR_Y,
  EVT_TIME_HIGH,
  EVT_TIME_LOW,
  EXT_TRIGGER,
  OTHERS,
  PAYLOAD_MASK,
  POLARITY_SHIFT,
  ROWS,
  TIME_BITS,
  TRIGGER_ID_MASK,
  TRIGGER_ID_SHIFT,
  TRIPLE_BYTES,
  TRIPLE_STEP,
  TRIPLE_TYPES,
  TRIPLE_TYPES_MASK,
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
} from "../../formats/evt3/layout";
import {
  BACKWARD_STEPS,
  CARRIED,
  CLOCK_WRAPS,
  EVENT_COUNT,
  EVENTS_BEFORE_TIME_BASE,
  EVENTS_OUTSIDE_GEOMETRY,
  EVENTS_WITHOUT_ADDRESS,
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
  TRIGGERS_BEFORE_TIME_BASE,
  WIDTH,
  X_COLUMN,
  Y_COLUMN,
} from "../layout";
import { count, countSubtype } from "./parts/count";
import { kept } from "./parts/kept";
import { buildLaneTables, compaction, lastOf, takeOver } from "./parts/lanes";
import { storePolarities, storeTimes } from "./parts/store";

export { moveTimes } from "./parts/move-times";

// Carried from call to call. All zero is the state before the first word.
const HAS_TIME_HIGH: usize = CARRIED; // i32
const TIME_HIGH: usize = CARRIED + 4; // u32, the last one seen
const TIME_LOW: usize = CARRIED + 8; // u32
const ROW: usize = CARRIED + 12; // u32, with the origin bit
const BASE: usize = CARRIED + 16; // i32, of the next vector word
const BASE_POLARITY: usize = CARRIED + 20; // i32, 0 or 1
const CLOCK_EPOCH: usize = CARRIED + CARRIED_CLOCK_EPOCH; // i64, microseconds added by clock wraps
const LAST_TIME: usize = CARRIED + CARRIED_LAST_TIME; // i64, of the last event kept, less the time offset
const MASK_LEFT: usize = CARRIED + 40; // u32, of a vector word that did not fit into the tile

/** In the place of a row or a base that has not been sent yet; beyond every sensor. */
const NO_ROW: u32 = 0x1000;
const NO_BASE = -1;

/** Words that one SIMD step looks at. */
const LANES = 8;
/** Pixels of a triple that go one by one. */
const FEW_PIXELS: u32 = 4;
/** Words that go one by one when a SIMD step finds something irregular. */
const STRAIGHT_WORDS = 8;

/**
 * Appends the events of the words from `input` to the columns, until no word is left before `end`,
 * the columns hold `capacity` events or the trigger columns are full. Returns the address of the
 * first unread byte.
 */
export function decode(input: usize, end: usize, capacity: i32): usize {
  if (load<i32>(HAS_TIME_HIGH) === 0) {
    buildLaneTables();
    input = skipToTimeHigh(input, end);
  }
  let next = input;
  do {
    input = decodeRegular(next, end, capacity);
    next = decodeStraight(input, end, capacity);
  } while (next !== input);
  return input;
}

/**
 * The straight line: up to eight words, one at a time. It stops early where the input ends or the
 * tile is full.
 */
function decodeStraight(input: usize, end: usize, capacity: i32): usize {
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

/** The start of the present time high, with wraps undone and the time offset taken off. */
function timeBase(): i64 {
  const timeHigh = <i64>load<u32>(TIME_HIGH);
  return load<i64>(CLOCK_EPOCH) + (timeHigh << TIME_BITS) - load<i64>(TIME_OFFSET);
}

/** The present time. */
function now(): i64 {
  return timeBase() + <i64>load<u32>(TIME_LOW);
}

/**
 * Eight words a step, as long as they are ADDR_X, ADDR_Y, TIME_LOW, VECT_BASE_X and the TIME_HIGH that
 * holds already, every event is on the sensor and time does not go back; a later TIME_HIGH and vector
 * words end a step, the latter only as whole triples on the sensor. Stops in front of anything else,
 * which is for `decodeStraight`.
 *
 * A step gives every lane the row and the time low that hold there, by taking over the nearest
 * ADDR_Y and TIME_LOW lane in front of it, and then moves the ADDR_X lanes together.
 */
function decodeRegular(input: usize, end: usize, capacity: i32): usize {
  let base64 = timeBase();
  const lastTime = load<i64>(LAST_TIME);
  if (lastTime > now() || load<u32>(MASK_LEFT) !== 0) return input;
  const width = load<i32>(WIDTH);
  const height = min(load<i32>(HEIGHT), ROWS);
  const signed = load<i32>(SIGNED_POLARITY);
  const xs: usize = load<u32>(X_COLUMN);
  const ys: usize = load<u32>(Y_COLUMN);
  const ts: usize = load<u32>(T_COLUMN);
  const polarities: usize = load<u32>(POLARITY_COLUMN);
  let times = i64x2.splat(base64);
  const maxX = kept(i16x8.splat(<i16>min(width - 1, i16.MAX_VALUE)));
  const maxY = kept(i16x8.splat(<i16>(height - 1)));
  const polarityBias = kept(i8x16.splat(<i8>signed));
  const addrX = kept(i16x8.splat(<i16>EVT_ADDR_X));
  const addrY = kept(i16x8.splat(<i16>EVT_ADDR_Y));
  const timeLow = kept(i16x8.splat(<i16>EVT_TIME_LOW));
  const vectBase = kept(i16x8.splat(<i16>VECT_BASE_X));
  const payloadMask = kept(i16x8.splat(<i16>PAYLOAD_MASK));
  const xMask = kept(i16x8.splat(<i16>X_MASK));
  const one = kept(i16x8.splat(1));

  let rowCarried = i16x8.splat(<i16>load<u32>(ROW));
  let lowCarried = i16x8.splat(<i16>load<u32>(TIME_LOW));
  let timeHigh = load<u32>(TIME_HIGH);
  let sameTimeHigh = i16x8.splat(<i16>((EVT_TIME_HIGH << TYPE_SHIFT) | timeHigh));
  let base = load<i32>(BASE);
  let basePolarity = load<i32>(BASE_POLARITY);
  const before = load<i32>(EVENT_COUNT);
  let events = before;

  while (input + LANES * WORD_BYTES <= end && events + LANES <= capacity) {
    const words = v128.load(input);
    const types = i16x8.shr_u(words, TYPE_SHIFT);
    const isX = i16x8.eq(types, addrX);
    const isY = i16x8.eq(types, addrY);
    const isLow = i16x8.eq(types, timeLow);
    const isBase = i16x8.eq(types, vectBase);
    const regular = v128.or(
      v128.or(v128.or(isX, isY), v128.or(isLow, isBase)),
      i16x8.eq(words, sameTimeHigh),
    );
    const regularAndX: u32 = i8x16.bitmask(i8x16.narrow_i16x8_s(regular, isX));
    const rowsAndLows: u32 = i8x16.bitmask(i8x16.narrow_i16x8_s(isY, isLow));
    const lanes = ctz(~(regularAndX & 0xff));
    const used: u32 = (1 << lanes) - 1;

    const payload = v128.and(words, payloadMask);
    const rows = takeOver(payload, rowsAndLows & 0xff, rowCarried);
    const lows = takeOver(payload, rowsAndLows >>> 8, lowCarried);
    const events8 = (regularAndX >>> 8) & used;
    const together = compaction(events8);
    const x = i8x16.swizzle(v128.and(words, xMask), together);
    const y = i8x16.swizzle(rows, together);
    const low = i8x16.swizzle(lows, together);
    const earlier = v128.shuffle<i16>(lowCarried, lows, 7, 8, 9, 10, 11, 12, 13, 14);
    const steps = i16x8.gt_s(earlier, lows);
    const outside = v128.or(i16x8.gt_s(x, maxX), i16x8.gt_s(y, maxY));
    if (v128.any_true(v128.or(steps, outside))) {
      // Behind the lanes that are used, time may have started anew.
      if (v128.any_true(outside) || (i16x8.bitmask(steps) & used) !== 0) break;
    }

    v128.store(xs + (events << 1), x);
    v128.store(ys + (events << 1), y);
    const on = i8x16.swizzle(v128.and(i16x8.shr_u(words, POLARITY_SHIFT), one), together);
    storePolarities(polarities + events, on, polarityBias);
    const lowA = i32x4.extend_low_i16x8_u(low);
    const lowB = i32x4.extend_high_i16x8_u(low);
    storeTimes(ts + (events << 3), lowA, lowB, times);
    events += <i32>popcnt(events8);

    const bases: u32 = i16x8.bitmask(isBase) & used;
    if (bases !== 0) {
      const word = <i32>load<u16>(input + ((31 - clz(bases)) << 1));
      base = word & X_MASK;
      basePolarity = (word >>> POLARITY_SHIFT) & 1;
    }
    if (lanes === LANES) {
      input += LANES * WORD_BYTES;
      rowCarried = v128.shuffle<i16>(rows, rows, 7, 7, 7, 7, 7, 7, 7, 7);
      lowCarried = v128.shuffle<i16>(lows, lows, 7, 7, 7, 7, 7, 7, 7, 7);
      continue;
    }
    input += lanes << 1;
    if (lanes > 0) {
      const last = lastOf(lanes);
      rowCarried = i8x16.swizzle(rows, last);
      lowCarried = i8x16.swizzle(lows, last);
    }

    const word: u32 = load<u16>(input);
    if (word >>> TYPE_SHIFT === EVT_TIME_HIGH && (word & PAYLOAD_MASK) > timeHigh) {
      timeHigh = word & PAYLOAD_MASK;
      store<u32>(TIME_HIGH, timeHigh);
      sameTimeHigh = i16x8.splat(<i16>word);
      base64 = timeBase();
      times = i64x2.splat(base64);
      lowCarried = i16x8.splat(0);
      input += WORD_BYTES;
      continue;
    }

    // A whole triple: 32 pixels in one mask.
    const row: i32 = i16x8.extract_lane_u(rowCarried, 0);
    const triple = load<u64>(input); // within the slot: 16 bytes were there before the lanes
    const isTriple = (triple & TRIPLE_TYPES_MASK) === TRIPLE_TYPES;
    const onSensor = base !== NO_BASE && base + TRIPLE_STEP <= width && row < height;
    if (!isTriple || !onSensor || input + TRIPLE_BYTES > end) break;
    if (events + TRIPLE_STEP > capacity) break;
    const time = base64 + <i64>i16x8.extract_lane_u(lowCarried, 0);
    const polarity = (basePolarity << signed) - signed;
    let mask = <u32>triple & VECT_12_MASK;
    mask |= (<u32>(triple >>> 16) & VECT_12_MASK) << VECT_12_STEP;
    mask |= (<u32>(triple >>> 32)) << (2 * VECT_12_STEP);
    if (popcnt(mask) <= FEW_PIXELS) {
      for (; mask !== 0; mask &= mask - 1) {
        store<u16>(xs + (events << 1), <u16>(base + ctz(mask)));
        store<u16>(ys + (events << 1), <u16>row);
        store<i64>(ts + (events << 3), time);
        store<i8>(polarities + events, <i8>polarity);
        events++;
      }
    } else {
      fill(
        ys + (events << 1),
        ts + (events << 3),
        polarities + events,
        popcnt(mask),
        row,
        time,
        polarity,
      );
      let pixels = i16x8.add(i16x8.splat(<i16>base), i16x8(0, 1, 2, 3, 4, 5, 6, 7));
      for (; mask !== 0; mask >>>= LANES) {
        const lit = mask & ((1 << LANES) - 1);
        v128.store(xs + (events << 1), i8x16.swizzle(pixels, compaction(lit)));
        events += <i32>popcnt(lit);
        pixels = i16x8.add(pixels, i16x8.splat(<i16>LANES));
      }
    }
    base += TRIPLE_STEP;
    input += TRIPLE_BYTES;
  }

  store<u32>(ROW, i16x8.extract_lane_u(rowCarried, 0));
  store<u32>(TIME_LOW, i16x8.extract_lane_u(lowCarried, 0));
  store<i32>(BASE, base);
  store<i32>(BASE_POLARITY, basePolarity);
  if (events > before) store<i64>(LAST_TIME, load<i64>(ts + (events << 3) - 8));
  store<i32>(EVENT_COUNT, events);
  return input;
}

/** Gives events the same row, time and polarity, eight a step; the last step may write too many. */
function fill(y: usize, t: usize, p: usize, events: i32, row: i32, time: i64, polarity: i32): void {
  const rows = i16x8.splat(<i16>row);
  const times = i64x2.splat(time);
  const polarities = i8x16.splat(<i8>polarity);
  for (let left = events; left > 0; left -= LANES) {
    v128.store(y, rows);
    v128.store64_lane(p, polarities, 0);
    v128.store(t, times);
    v128.store(t, times, 16);
    v128.store(t, times, 32);
    v128.store(t, times, 48);
    y += LANES * 2;
    t += LANES * 8;
    p += LANES;
  }
}

/** Counts what comes before the first time high, and starts the clock with that. */
function skipToTimeHigh(input: usize, end: usize): usize {
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
