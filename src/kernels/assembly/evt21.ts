// EVT 2.1 words to columns. The word is drawn in formats/evt21/layout.ts, whose constants are used
// here; test/reference/evt21.ts is the same decoder as a plain loop.
import {
  EVT_POS,
  EVT_TIME_HIGH,
  EXT_TRIGGER,
  HALF_BYTES,
  LEGACY,
  MASK_BITS,
  OTHERS,
  SUBTYPE_MASK,
  TIME_HIGH_MASK,
  TRIGGER_ID_MASK,
  TRIGGER_ID_SHIFT,
  TS_BITS,
  TS_MASK,
  TS_SHIFT,
  TYPE_SHIFT,
  WORD_BYTES,
  WRAP_STEP,
  WRAP_US,
  X_SHIFT,
  XY_MASK,
} from "../../formats/evt21/layout";
import {
  BACKWARD_STEPS,
  CARRIED,
  CLOCK_WRAPS,
  EVENT_COUNT,
  EVENTS_BEFORE_TIME_BASE,
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
  TRIGGERS_BEFORE_TIME_BASE,
  VARIANT,
  WIDTH,
  X_COLUMN,
  Y_COLUMN,
} from "../layout";
import { count, countSubtype } from "./parts/count";
import { kept } from "./parts/kept";
import { storePolarities, storeTimes } from "./parts/store";

// Carried from call to call. All zero is the state before the first word.
const HAS_TIME_BASE: usize = CARRIED; // i32
const TIME_HIGH: usize = CARRIED + 4; // u32, the last one seen
const CLOCK_EPOCH: usize = CARRIED + 8; // i64, microseconds added by clock wraps
const LAST_TIME: usize = CARRIED + 16; // i64, of the last event kept, less the time offset
const MASK_LEFT: usize = CARRIED + 24; // u32, of a word that did not fit into the tile

/**
 * Appends the events of the words from `input` to the columns, until no word is left before `end`,
 * the columns hold `capacity` events or the trigger columns are full. Returns the address of the
 * first unread byte.
 */
export function decode(input: usize, end: usize, capacity: i32): usize {
  if (load<i32>(HAS_TIME_BASE) === 0) buildTable();
  let next = input;
  do {
    input = decodeRuns(next, end, capacity);
    next = decodeWord(input, end, capacity);
  } while (next !== input);
  return input;
}

/** Where the upper half stands in a word, in bytes. */
function headOffset(): usize {
  return load<i32>(VARIANT) === LEGACY ? 0 : HALF_BYTES;
}

/** Where the mask does: in the other half. */
function maskOffset(): usize {
  return <usize>HALF_BYTES - headOffset();
}

/**
 * The straight line: one word, whatever it is. Returns the same address where the input ends or the
 * tile is full.
 */
function decodeWord(input: usize, end: usize, capacity: i32): usize {
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

/** The start of the present time high, with wraps undone and the time offset taken off. */
function timeBase(): i64 {
  const timeHigh = <i64>load<u32>(TIME_HIGH);
  return load<i64>(CLOCK_EPOCH) + (timeHigh << TS_BITS) - load<i64>(TIME_OFFSET);
}

/** The time of an event or trigger. */
function timeOf(head: u32): i64 {
  return timeBase() + ((head >>> TS_SHIFT) & TS_MASK);
}

// The events of a run: each is the upper half of its word with x moved, which is an EVT 2.0 word.
const RUN: usize = 8192;
const RUN_EVENTS = 2048;
/** A run that is longer is split; a step more has room. */
const RUN_FULL: usize = RUN + RUN_EVENTS * 4;
/** For each time high of a run, in its order: u32, where its events end; i64, its base. */
const PARTS: usize = RUN + 2 * RUN_EVENTS * 4;
const PART_BYTES = 16;
const PARTS_END: usize = PARTS + 256 * PART_BYTES;

/** Words that one SIMD step looks at, and the events that it can give. */
const LANES = 4;
const STEP_EVENTS = LANES * MASK_BITS;
/** Pixels of a word that take no branch. */
const PLAIN_PIXELS: u32 = 4;
/** Events that one step of `splitRun` writes, whether there are as many or not. */
const SPLIT_EVENTS = 8;

/** Exponents of 32-bit floats: where they stand, and that of 1. */
const EXPONENT_SHIFT = 23;
const EXPONENT_OF_ONE = 127;
const EXPONENT_MASK = 0xff;

/**
 * Runs of event words and of time highs that do not fall, as long as all pixels are on the sensor and
 * time does not go back: first all events one behind the other, then column by column. Stops in front of anything
 * else, which is for `decodeWord`.
 *
 * Four words a step. The lowest lit pixel of four masks is found at once, as the exponent of the
 * floating-point number that has only this bit; so are the next three. The four events of a word
 * are stored whether it has as many or not, and the next word's follow behind those it has. Words
 * with more are few, and go through a table.
 */
function decodeRuns(input: usize, end: usize, capacity: i32): usize {
  if (load<i32>(HAS_TIME_BASE) === 0 || load<u32>(MASK_LEFT) !== 0) return input;
  let base = timeBase();
  const lastTime = load<i64>(LAST_TIME);
  if (lastTime > base + TS_MASK) return input;
  const width = min(load<i32>(WIDTH), XY_MASK + 1); // pixels beyond have no EVT 2.0 word
  const height = load<i32>(HEIGHT);
  const headAt = headOffset();
  const maskAt = maskOffset();
  let sameTimeHigh: u32 = (EVT_TIME_HIGH << TYPE_SHIFT) | load<u32>(TIME_HIGH);
  const room = capacity - SPLIT_EVENTS;

  const maxBase = kept(i32x4.splat(width - MASK_BITS));
  const maxY = kept(i32x4.splat(height - 1));
  const fieldMask = kept(i32x4.splat(XY_MASK));
  const tsMask = kept(i32x4.splat(TS_MASK));
  const one = kept(i32x4.splat(EXPONENT_OF_ONE << X_SHIFT));
  const exponentMask = kept(i32x4.splat(EXPONENT_MASK << X_SHIFT));
  const none = i32x4.splat(0);
  let sameHeads = i32x4.splat(sameTimeHigh);
  const notCd = kept(i32x4.splat(~((2 << TYPE_SHIFT) - 1)));
  // Lane 3 is the time field that the next event must not fall below.
  let previous = i32x4.splat(lastTime < base ? 0 : <i32>(lastTime - base));

  let start: usize;
  do {
    start = input;
    const most = max(min(RUN_EVENTS + STEP_EVENTS, room - load<i32>(EVENT_COUNT)), 0);
    const stop = RUN + (most << 2);
    let at = RUN;
    let part = PARTS;
    let running = true;
    while (running) {
      while (input + LANES * WORD_BYTES <= end && at + STEP_EVENTS * 4 <= stop) {
        const heads = halves(input + headAt);
        const masks = halves(input + maskAt);
        const x = v128.and(i32x4.shr_u(heads, X_SHIFT), fieldMask);
        const y = v128.and(heads, fieldMask);
        const ts = v128.and(i32x4.shr_u(heads, TS_SHIFT), tsMask);
        const outside = v128.or(i32x4.gt_s(x, maxBase), i32x4.gt_s(y, maxY));
        const other = v128.or(v128.and(heads, notCd), outside);
        let latest = ts;
        let regular = LANES;
        const earlier = v128.shuffle<i32>(previous, ts, 3, 4, 5, 6);
        if (v128.any_true(v128.or(other, i32x4.gt_s(earlier, ts)))) {
          // The time high that holds already is a word without pixels, and without a time.
          const same = v128.and(i32x4.eq(heads, sameHeads), i32x4.eq(masks, none));
          const times = v128.andnot(ts, same);
          latest = i32x4.max_s(times, v128.shuffle<i32>(previous, times, 3, 4, 5, 6));
          latest = i32x4.max_s(latest, v128.shuffle<i32>(previous, latest, 3, 3, 4, 5));
          latest = i32x4.max_s(latest, v128.shuffle<i32>(previous, previous, 3, 3, 3, 3));
          const irregular = v128.andnot(v128.or(other, i32x4.gt_s(latest, times)), same);
          if (v128.any_true(irregular)) {
            // What is in front of a later time high is taken as a whole step is.
            regular = ctz(i32x4.bitmask(i32x4.ne(irregular, none)));
            const head = load<u32>(input + headAt + regular * WORD_BYTES);
            if (!isLaterTimeHigh(head, sameTimeHigh) || part === PARTS_END) break;
          }
        }

        const lit0 = lowest(masks);
        const masks1 = v128.xor(masks, lit0);
        const lit1 = lowest(masks1);
        const masks2 = v128.xor(masks1, lit1);
        const lit2 = lowest(masks2);
        const lit3 = lowest(v128.xor(masks2, lit2));
        const unmoved = i32x4.sub(heads, one);
        const event0 = withPixel(unmoved, lit0, exponentMask);
        const event1 = withPixel(unmoved, lit1, exponentMask);
        const event2 = withPixel(unmoved, lit2, exponentMask);
        const event3 = withPixel(unmoved, lit3, exponentMask);
        // From four pixels of a number to four pixels of a word.
        const low01 = v128.shuffle<i32>(event0, event1, 0, 4, 1, 5);
        const low23 = v128.shuffle<i32>(event2, event3, 0, 4, 1, 5);
        const high01 = v128.shuffle<i32>(event0, event1, 2, 6, 3, 7);
        const high23 = v128.shuffle<i32>(event2, event3, 2, 6, 3, 7);
        const head = input + headAt;
        const mask = input + maskAt;
        v128.store(at, v128.shuffle<i64>(low01, low23, 0, 2));
        const at1 = addMore(at, head, mask);
        v128.store(at1, v128.shuffle<i64>(low01, low23, 1, 3));
        const at2 = addMore(at1, head + WORD_BYTES, mask + WORD_BYTES);
        v128.store(at2, v128.shuffle<i64>(high01, high23, 0, 2));
        const at3 = addMore(at2, head + 2 * WORD_BYTES, mask + 2 * WORD_BYTES);
        v128.store(at3, v128.shuffle<i64>(high01, high23, 1, 3));
        const at4 = addMore(at3, head + 3 * WORD_BYTES, mask + 3 * WORD_BYTES);
        if (regular === LANES) {
          at = at4;
          previous = latest;
          input += LANES * WORD_BYTES;
          continue;
        }
        at = select(select(at, at1, regular === 0), select(at2, at3, regular === 2), regular < 2);
        sameTimeHigh = load<u32>(head + regular * WORD_BYTES);
        sameHeads = i32x4.splat(sameTimeHigh);
        base = nextTimeHigh(sameTimeHigh, part, at, base);
        part += PART_BYTES;
        previous = none;
        input += (regular + 1) * WORD_BYTES;
      }
      if (at > RUN_FULL) break;
      // One by one around time highs, the right border, and the end of the input.
      for (let words = 0; words < LANES; words++) {
        running = input + WORD_BYTES <= end;
        if (!running) break;
        const head = load<u32>(input + headAt);
        if (isLaterTimeHigh(head, sameTimeHigh)) {
          running = part !== PARTS_END;
          if (!running) break;
          sameTimeHigh = head;
          sameHeads = i32x4.splat(head);
          base = nextTimeHigh(head, part, at, base);
          part += PART_BYTES;
          previous = none;
        } else if (head !== sameTimeHigh) {
          const mask = load<u32>(input + maskAt);
          const lastX = ((head >>> X_SHIFT) & XY_MASK) + (MASK_BITS - 1) - clz(mask);
          const ts: i32 = (head >>> TS_SHIFT) & TS_MASK;
          const next = at + (popcnt(mask) << 2);
          running =
            <i32>(head >>> TYPE_SHIFT) <= EVT_POS &&
            lastX < <u32>width &&
            (head & XY_MASK) < <u32>height &&
            ts >= i32x4.extract_lane(previous, 3) &&
            next <= stop;
          if (!running) break;
          previous = i32x4.splat(ts);
          addPixels(at, head, mask);
          at = next;
        }
        input += WORD_BYTES;
      }
    }
    endPart(part, at, base);
    if (at > RUN) splitRun(part + PART_BYTES);
  } while (input !== start);
  return input;
}

/** Whether a word is a time high beyond the one that holds. */
function isLaterTimeHigh(head: u32, sameTimeHigh: u32): bool {
  return head >>> TYPE_SHIFT === EVT_TIME_HIGH && head > sameTimeHigh;
}

/** Ends the part of the run that one time high holds for, and begins the next. Returns its base. */
function nextTimeHigh(head: u32, part: usize, end: usize, base: i64): i64 {
  endPart(part, end, base);
  store<u32>(TIME_HIGH, head & TIME_HIGH_MASK);
  return timeBase();
}

/** Adds what a word has beyond the pixels that are stored, and tells where the next word's go. */
function addMore(at: usize, head: usize, mask: usize): usize {
  const pixels = popcnt(load<u32>(mask));
  if (pixels > PLAIN_PIXELS) addPixels(at, load<u32>(head), load<u32>(mask));
  return at + (pixels << 2);
}

/** One half of each of four words. */
function halves(input: usize): v128 {
  return v128.shuffle<i32>(v128.load(input), v128.load(input, 2 * WORD_BYTES), 0, 2, 4, 6);
}

/** The lowest bit that is set, of each of four numbers; 0 where none is. */
function lowest(bits: v128): v128 {
  return v128.and(bits, i32x4.neg(bits));
}

/** Four upper halves with x moved by the number of the one bit that is set. */
function withPixel(unmoved: v128, bit: v128, exponentMask: v128): v128 {
  const exponents = i32x4.shr_u(f32x4.convert_i32x4_s(bit), EXPONENT_SHIFT - X_SHIFT);
  return i32x4.add(unmoved, v128.and(exponents, exponentMask));
}

/** How far x moves for the lit pixels of eight, by their mask: u16 each, 16 bytes a mask. */
const MOVES: usize = 4096;

function buildTable(): void {
  for (let mask = 0; mask < 256; mask++) {
    let move = MOVES + (mask << 4);
    for (let left = mask; left !== 0; left &= left - 1) {
      store<u16>(move, <u16>(ctz(left) << X_SHIFT));
      move += 2;
    }
  }
}

/** Writes the events of a word into the run, eight pixels a step. */
function addPixels(at: usize, head: u32, mask: u32): void {
  for (; mask !== 0; mask >>>= 8) {
    const moves = v128.load(MOVES + ((mask & 0xff) << 4));
    const unmoved = i32x4.splat(head);
    v128.store(at, i32x4.add(unmoved, i32x4.extend_low_i16x8_u(moves)));
    v128.store(at, i32x4.add(unmoved, i32x4.extend_high_i16x8_u(moves)), 16);
    at += popcnt(mask & 0xff) << 2;
    head += 8 << X_SHIFT;
  }
}

/** Says where the events of a time high end. */
function endPart(part: usize, end: usize, base: i64): void {
  store<u32>(part, <u32>end);
  store<i64>(part, base, 8);
}

/** Appends the events of the run to the columns, eight a step; the last step of a part may write too many. */
function splitRun(partsEnd: usize): void {
  const signed = load<i32>(SIGNED_POLARITY);
  const xs: usize = load<u32>(X_COLUMN);
  const ys: usize = load<u32>(Y_COLUMN);
  const ts: usize = load<u32>(T_COLUMN);
  const polarities: usize = load<u32>(POLARITY_COLUMN);
  const fieldMask = kept(i32x4.splat(XY_MASK));
  const tsMask = kept(i32x4.splat(TS_MASK));
  const polarityBias = kept(i8x16.splat(<i8>signed));
  let events = load<i32>(EVENT_COUNT);
  let at = RUN;
  for (let part = PARTS; part < partsEnd; part += PART_BYTES) {
    const end: usize = load<u32>(part);
    const times = i64x2.splat(load<i64>(part, 8));
    const total = events + <i32>((end - at) >>> 2);
    for (; at < end; at += SPLIT_EVENTS * 4) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const x = i16x8.narrow_i32x4_u(
        v128.and(i32x4.shr_u(a, X_SHIFT), fieldMask),
        v128.and(i32x4.shr_u(b, X_SHIFT), fieldMask),
      );
      const y = i16x8.narrow_i32x4_u(v128.and(a, fieldMask), v128.and(b, fieldMask));
      const type = i16x8.narrow_i32x4_u(i32x4.shr_u(a, TYPE_SHIFT), i32x4.shr_u(b, TYPE_SHIFT));
      const tsA = v128.and(i32x4.shr_u(a, TS_SHIFT), tsMask);
      const tsB = v128.and(i32x4.shr_u(b, TS_SHIFT), tsMask);
      v128.store(xs + (events << 1), x);
      v128.store(ys + (events << 1), y);
      storePolarities(polarities + events, type, polarityBias);
      storeTimes(ts + (events << 3), tsA, tsB, times);
      events += SPLIT_EVENTS;
    }
    at = end;
    events = total;
  }
  store<i32>(EVENT_COUNT, events);
  store<i64>(LAST_TIME, load<i64>(ts + (events << 3) - 8));
}
