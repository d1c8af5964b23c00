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
import { kept } from "./parts/kept";
import { storeTimes } from "./parts/store";

/** A step of so many or more is among the large ones. */
const LARGE_STEP = 255;
/** Coordinates have twelve bits. */
const COORDINATE: i16 = 4095;
/** Pixels on each side of a cell are two to the power of this. */
const CELL_BITS = 2;

/** Number `index` of the `count` large steps in eight planes. */
function largeStep(planes: usize, count: i32, index: i32): i64 {
  let step: u64 = 0;
  let at = planes + index;
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    step |= (<u64>load<u8>(at)) << shift;
    at += count;
  }
  return step;
}

function unzigzag(step: i64): i64 {
  return <i64>(<u64>step >> 1) ^ -(step & 1);
}

/**
 * Adds up steps from `first` on into `ts`.
 *
 * @param isSigned - whether steps are zigzag numbers
 * @returns how many large steps were taken; -1 when there are too few
 */
export function addSteps(
  ts: usize,
  count: i32,
  first: i64,
  steps: usize,
  planes: usize,
  large: i32,
  isSigned: i32,
): i32 {
  const marker = kept(i8x16.splat(<i8>LARGE_STEP));
  const zero = i16x8.splat(0);
  let time = first;
  let taken = 0;
  let index = 0;
  while (index < count) {
    if (!isSigned) {
      for (; index + 16 <= count; index += 16) {
        const bytes = v128.load(steps + index);
        if (v128.any_true(i8x16.eq(bytes, marker))) break;
        let low = i16x8.extend_low_i8x16_u(bytes);
        let high = i16x8.extend_high_i8x16_u(bytes);
        low = i16x8.add(low, v128.shuffle<i16>(zero, low, 7, 8, 9, 10, 11, 12, 13, 14));
        high = i16x8.add(high, v128.shuffle<i16>(zero, high, 7, 8, 9, 10, 11, 12, 13, 14));
        low = i16x8.add(low, v128.shuffle<i16>(zero, low, 6, 7, 8, 9, 10, 11, 12, 13));
        high = i16x8.add(high, v128.shuffle<i16>(zero, high, 6, 7, 8, 9, 10, 11, 12, 13));
        low = i16x8.add(low, v128.shuffle<i16>(zero, low, 4, 5, 6, 7, 8, 9, 10, 11));
        high = i16x8.add(high, v128.shuffle<i16>(zero, high, 4, 5, 6, 7, 8, 9, 10, 11));
        high = i16x8.add(high, v128.shuffle<i16>(low, low, 7, 7, 7, 7, 7, 7, 7, 7));
        const base = i64x2.splat(time);
        const out = ts + (index << 3);
        storeOffsets(out, low, base);
        storeOffsets(out + 64, high, base);
        time += <i64>i16x8.extract_lane_u(high, 7);
      }
    }
    // The straight line, around large steps and at the end.
    const stop = min(index + 16, count);
    for (; index < stop; index++) {
      let step: i64 = load<u8>(steps + index);
      if (step === LARGE_STEP) {
        if (taken === large) return -1;
        step = largeStep(planes, large, taken++);
      }
      time += isSigned ? unzigzag(step) : step;
      store<i64>(ts + (index << 3), time);
    }
  }
  return taken;
}

/** Stores eight times, each that many microseconds behind `base`. */
function storeOffsets(out: usize, offsets: v128, base: v128): void {
  const low = i32x4.extend_low_i16x8_u(offsets);
  const high = i32x4.extend_high_i16x8_u(offsets);
  storeTimes(out, low, high, base);
}

/**
 * Writes the times of `groups` groups into `ts`.
 *
 * @returns how many large steps were taken; -1 when there are too few, or not `count` events
 */
export function addGroups(
  ts: usize,
  count: i32,
  first: i64,
  steps: usize,
  sizes: usize,
  groups: i32,
  planes: usize,
  large: i32,
): i32 {
  let time = first;
  let taken = 0;
  let left = count;
  let out = ts;
  for (let group = 0; group < groups; group++) {
    let step: i64 = load<u8>(steps + group);
    if (step === LARGE_STEP) {
      if (taken === large) return -1;
      step = largeStep(planes, large, taken++);
    }
    time += step;
    const size: i32 = <i32>load<u8>(sizes + group) + 1;
    left -= size;
    if (left < 0) return -1;
    const both = i64x2.splat(time);
    const end = out + (size << 3);
    for (; out + 16 <= end; out += 16) v128.store(out, both);
    if (out < end) {
      store<i64>(out, time);
      out += 8;
    }
  }
  return left === 0 ? taken : -1;
}

/**
 * Writes the coordinates of one axis.
 *
 * @param upper - whether the axis has the upper nibbles of stream 6
 * @param isLow - whether the nibble is the lower part of a value
 * @param isDelta - whether values are steps in zigzag numbers
 */
export function addAxis(
  out: usize,
  count: i32,
  bytes: usize,
  nibbles: usize,
  upper: i32,
  isLow: i32,
  isDelta: i32,
): void {
  const one = kept(i16x8.splat(1));
  const most = kept(i16x8.splat(COORDINATE));
  const lowNibble = kept(i16x8.splat(15));
  const zero = i16x8.splat(0);
  let carry = zero;
  let index = 0;
  for (; index + 8 <= count; index += 8) {
    let values = valuesAt(bytes + index, nibbles + index, upper, isLow, lowNibble);
    if (isDelta) {
      const sign = i16x8.sub(zero, v128.and(values, one));
      values = v128.xor(i16x8.shr_u(values, 1), sign);
      values = i16x8.add(values, v128.shuffle<i16>(zero, values, 7, 8, 9, 10, 11, 12, 13, 14));
      values = i16x8.add(values, v128.shuffle<i16>(zero, values, 6, 7, 8, 9, 10, 11, 12, 13));
      values = i16x8.add(values, v128.shuffle<i16>(zero, values, 4, 5, 6, 7, 8, 9, 10, 11));
      values = v128.and(i16x8.add(values, carry), most);
      carry = v128.shuffle<i16>(values, values, 7, 7, 7, 7, 7, 7, 7, 7);
    }
    v128.store(out + (index << 1), values);
  }
  let last: i32 = i16x8.extract_lane_u(carry, 7);
  for (; index < count; index++) {
    let value = valueAt(bytes + index, nibbles + index, upper, isLow);
    if (isDelta) {
      value = (last + ((value >> 1) ^ -(value & 1))) & COORDINATE;
      last = value;
    }
    store<u16>(out + (index << 1), <u16>value);
  }
}

/** Eight values of twelve bits, of a byte and a nibble each. */
function valuesAt(bytes: usize, nibbles: usize, upper: i32, isLow: i32, lowNibble: v128): v128 {
  const b = v128.load8x8_u(bytes);
  let h = v128.load8x8_u(nibbles);
  h = upper ? i16x8.shr_u(h, 4) : v128.and(h, lowNibble);
  return isLow ? v128.or(i16x8.shl(b, 4), h) : v128.or(b, i16x8.shl(h, 8));
}

function valueAt(bytes: usize, nibbles: usize, upper: i32, isLow: i32): i32 {
  const b: i32 = load<u8>(bytes);
  const pair: i32 = load<u8>(nibbles);
  const h = upper ? pair >> 4 : pair & 15;
  return isLow ? (b << 4) | h : b | (h << 8);
}

/**
 * Writes x where the values of a run, events of one row and polarity, are steps: `ys` and
 * `polarities` have those events already.
 */
export function addRuns(
  out: usize,
  count: i32,
  bytes: usize,
  nibbles: usize,
  isLow: i32,
  ys: usize,
  polarities: usize,
): void {
  const most = kept(i16x8.splat(COORDINATE));
  const lowNibble = kept(i16x8.splat(15));
  const zero = i16x8.splat(0);
  const ones = i16x8.splat(-1);
  let carry = zero;
  let index = 0;
  for (; index + 8 <= count; index += 8) {
    let values = valuesAt(bytes + index, nibbles + index, 0, isLow, lowNibble);
    const y = ys + (index << 1);
    const sameRow = i16x8.eq(v128.load(y), v128.load(y - 2));
    const p = polarities + index;
    const samePolarity = i8x16.eq(v128.load64_zero(p), v128.load64_zero(p - 1));
    let goesOn = v128.and(sameRow, i16x8.extend_low_i8x16_s(samePolarity));
    if (index === 0) goesOn = i16x8.replace_lane(goesOn, 0, 0);
    // Sums inside runs, over 2, 4 and 8 lanes; a lane then goes on when all in front of it do.
    let before = v128.shuffle<i16>(zero, values, 7, 8, 9, 10, 11, 12, 13, 14);
    values = i16x8.add(values, v128.and(before, goesOn));
    goesOn = v128.and(goesOn, v128.shuffle<i16>(ones, goesOn, 7, 8, 9, 10, 11, 12, 13, 14));
    before = v128.shuffle<i16>(zero, values, 6, 7, 8, 9, 10, 11, 12, 13);
    values = i16x8.add(values, v128.and(before, goesOn));
    goesOn = v128.and(goesOn, v128.shuffle<i16>(ones, goesOn, 6, 7, 8, 9, 10, 11, 12, 13));
    before = v128.shuffle<i16>(zero, values, 4, 5, 6, 7, 8, 9, 10, 11);
    values = i16x8.add(values, v128.and(before, goesOn));
    goesOn = v128.and(goesOn, v128.shuffle<i16>(ones, goesOn, 4, 5, 6, 7, 8, 9, 10, 11));
    values = v128.and(i16x8.add(values, v128.and(carry, goesOn)), most);
    carry = v128.shuffle<i16>(values, values, 7, 7, 7, 7, 7, 7, 7, 7);
    v128.store(out + (index << 1), values);
  }
  let last: i32 = i16x8.extract_lane_u(carry, 7);
  for (; index < count; index++) {
    let value = valueAt(bytes + index, nibbles + index, 0, isLow);
    const y = ys + (index << 1);
    const goesOn =
      index > 0 &&
      load<u16>(y) === load<u16>(y - 2) &&
      load<u8>(polarities + index) === load<u8>(polarities + index - 1);
    if (goesOn) value = (last + value) & COORDINATE;
    last = value;
    store<u16>(out + (index << 1), <u16>value);
  }
}

/** Writes coordinates of two bytes, which stand in two planes. */
export function joinBytes(out: usize, count: i32, lows: usize, highs: usize): void {
  let index = 0;
  for (; index + 8 <= count; index += 8) {
    const low = v128.load8x8_u(lows + index);
    const high = v128.load8x8_u(highs + index);
    v128.store(out + (index << 1), v128.or(low, i16x8.shl(high, 8)));
  }
  for (; index < count; index++) {
    const value: u32 = <u32>load<u8>(lows + index) | ((<u32>load<u8>(highs + index)) << 8);
    store<u16>(out + (index << 1), <u16>value);
  }
}

/** Writes polarities of 0 and 1, of a bit each. */
export function addBits(polarities: usize, count: i32, bits: usize): void {
  const masks = kept(i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128));
  const spread = kept(i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
  const one = kept(i8x16.splat(1));
  let index = 0;
  for (; index + 16 <= count; index += 16) {
    const both = i8x16.swizzle(i16x8.splat(load<i16>(bits + (index >> 3))), spread);
    v128.store(polarities + index, v128.and(i8x16.eq(v128.and(both, masks), masks), one));
  }
  for (; index < count; index++) {
    store<u8>(polarities + index, (load<u8>(bits + (index >> 3)) >> (<u8>index & 7)) & 1);
  }
}

/**
 * Makes bits that say where a polarity is not that of the event in front of it in the same row, after
 * an ON one, into polarities: in place.
 */
export function addRowBits(count: i32, bits: usize, ys: usize): void {
  let last: u64 = 0;
  for (let index = 0; index < count; index += 64) {
    const at = bits + (index >> 3);
    // Bit k: event `index + k` is in the row of the one in front of it.
    let goesOn: u64 = 0;
    const end = min(count - index, 64);
    for (let lane = 0; lane < end; lane += 8) {
      const y = ys + ((index + lane) << 1);
      const same = i16x8.bitmask(i16x8.eq(v128.load(y), v128.load(y - 2)));
      goesOn |= (<u64>same) << lane;
    }
    if (index === 0) goesOn &= ~(<u64>1);
    let word = load<u64>(at);
    word ^= last & goesOn & 1;
    for (let reach: u64 = 1; reach < 64; reach <<= 1) {
      word ^= (word << reach) & goesOn;
      goesOn &= goesOn << reach;
    }
    store<u64>(at, word);
    last = word >> 63;
  }
}

/**
 * Writes polarities of bits that say where one is not that of the last event in the same cell.
 *
 * @param table - a byte for every cell, `columns` in a row; cleared here
 */
export function addCellBits(
  polarities: usize,
  count: i32,
  bits: usize,
  xs: usize,
  ys: usize,
  table: usize,
  columns: i32,
  cells: i32,
): void {
  memory.fill(table, 0, cells);
  for (let index = 0; index < count; index++) {
    const x: i32 = load<u16>(xs + (index << 1));
    const y: i32 = load<u16>(ys + (index << 1));
    const cell = (y >> CELL_BITS) * columns + (x >> CELL_BITS);
    // The coordinates of a damaged chunk may be anywhere.
    const at = table + <usize>(<u32>cell < <u32>cells ? cell : 0);
    const bit = (load<u8>(bits + (index >> 3)) >> (<u8>index & 7)) & 1;
    const polarity = bit ^ load<u8>(at);
    store<u8>(at, polarity);
    store<u8>(polarities + index, polarity);
  }
}

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
