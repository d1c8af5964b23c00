// Coordinates of the compact container: columns into raw streams, and back. A transform makes values of
// twelve bits; a stream has a byte of each, another the nibbles that are left.
import { kept } from "./kept";

/** Coordinates have twelve bits. */
const COORDINATE = 4095;
/** The sign of a step of twelve bits. */
const SIGN = 2048;

const TRANSFORM_DELTA = 1;
const TRANSFORM_RUN = 2;

/** Writes the values of twelve bits, each in two bytes, that a transform makes of coordinates. */
export function transformAxis(
  axis: usize,
  count: i32,
  transform: i32,
  ys: usize,
  polarities: usize,
  out: usize,
): void {
  if (transform === TRANSFORM_DELTA) takeDeltas(axis, count, out);
  else if (transform === TRANSFORM_RUN) takeRuns(axis, count, ys, polarities, out);
  else memory.copy(out, axis, count << 1);
}

function takeDeltas(axis: usize, count: i32, out: usize): void {
  let index = 1;
  store<u16>(out, <u16>zigzag(load<u16>(axis)));
  const sign = i16x8.splat(<i16>SIGN);
  const most = i16x8.splat(<i16>COORDINATE);
  const zero = i16x8.splat(0);
  for (; index + 8 <= count; index += 8) {
    const at = axis + (index << 1);
    const step = v128.and(i16x8.sub(v128.load(at), v128.load(at - 2)), most);
    const isBack = i16x8.ne(v128.and(step, sign), zero);
    const double = v128.and(i16x8.shl(step, 1), most);
    v128.store(out + (index << 1), v128.xor(double, v128.and(isBack, most)));
  }
  for (; index < count; index++) {
    const at = axis + (index << 1);
    const step: i32 = <i32>load<u16>(at) - <i32>load<u16>(at - 2);
    store<u16>(out + (index << 1), <u16>zigzag(step));
  }
}

/** A step, modulo 4096, as a zigzag number of twelve bits. */
function zigzag(step: i32): i32 {
  const isBack = step & SIGN ? COORDINATE : 0;
  return ((step << 1) & COORDINATE) ^ isBack;
}

function takeRuns(xs: usize, count: i32, ys: usize, polarities: usize, out: usize): void {
  const most = i16x8.splat(<i16>COORDINATE);
  const zero = i8x16.splat(0);
  store<u16>(out, load<u16>(xs));
  let index = 1;
  for (; index + 8 <= count; index += 8) {
    const x = xs + (index << 1);
    const y = ys + (index << 1);
    const p = polarities + index;
    const sameRow = i16x8.eq(v128.load(y), v128.load(y - 2));
    const on = i8x16.gt_s(v128.load64_zero(p), zero);
    const onBefore = i8x16.gt_s(v128.load64_zero(p - 1), zero);
    const samePolarity = i16x8.extend_low_i8x16_s(i8x16.eq(on, onBefore));
    const before = v128.and(v128.load(x - 2), v128.and(sameRow, samePolarity));
    v128.store(out + (index << 1), v128.and(i16x8.sub(v128.load(x), before), most));
  }
  for (; index < count; index++) {
    const x = xs + (index << 1);
    const y = ys + (index << 1);
    const isOn = load<i8>(polarities + index) > 0;
    const wasOn = load<i8>(polarities + index - 1) > 0;
    const goesOn = load<u16>(y) === load<u16>(y - 2) && isOn === wasOn;
    const before: i32 = goesOn ? load<u16>(x - 2) : 0;
    store<u16>(out + (index << 1), <u16>((<i32>load<u16>(x) - before) & COORDINATE));
  }
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
  const most = kept(i16x8.splat(<i16>COORDINATE));
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
  const most = kept(i16x8.splat(<i16>COORDINATE));
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

/** Writes the byte of every value: the upper eight bits where the nibble is the lower part. */
export function takeBytes(values: usize, count: i32, isLow: i32, out: usize): void {
  const shift = isLow ? 4 : 0;
  const byte = i16x8.splat(255);
  let index = 0;
  for (; index + 16 <= count; index += 16) {
    const at = values + (index << 1);
    const low = v128.and(i16x8.shr_u(v128.load(at), shift), byte);
    const high = v128.and(i16x8.shr_u(v128.load(at, 16), shift), byte);
    v128.store(out + index, i8x16.narrow_i16x8_u(low, high));
  }
  for (; index < count; index++) {
    store<u8>(out + index, <u8>(<u32>load<u16>(values + (index << 1)) >> shift));
  }
}

/** Writes the nibbles of two axes, those of x in the lower halves. */
export function takeNibbles(
  xValues: usize,
  xIsLow: i32,
  yValues: usize,
  yIsLow: i32,
  count: i32,
  out: usize,
): void {
  const xShift = xIsLow ? 0 : 8;
  const yShift = yIsLow ? 0 : 8;
  const nibble = i16x8.splat(15);
  let index = 0;
  for (; index + 16 <= count; index += 16) {
    const x = xValues + (index << 1);
    const y = yValues + (index << 1);
    const x0 = v128.and(i16x8.shr_u(v128.load(x), xShift), nibble);
    const x1 = v128.and(i16x8.shr_u(v128.load(x, 16), xShift), nibble);
    const y0 = v128.and(i16x8.shr_u(v128.load(y), yShift), nibble);
    const y1 = v128.and(i16x8.shr_u(v128.load(y, 16), yShift), nibble);
    const low = v128.or(x0, i16x8.shl(y0, 4));
    const high = v128.or(x1, i16x8.shl(y1, 4));
    v128.store(out + index, i8x16.narrow_i16x8_u(low, high));
  }
  for (; index < count; index++) {
    const x = (<u32>load<u16>(xValues + (index << 1)) >> xShift) & 15;
    const y = (<u32>load<u16>(yValues + (index << 1)) >> yShift) & 15;
    store<u8>(out + index, <u8>(x | (y << 4)));
  }
}

/** Writes the low and the high bytes of coordinates. */
export function splitBytes(axis: usize, count: i32, lows: usize, highs: usize): void {
  for (let index = 0; index < count; index++) {
    const value: u32 = load<u16>(axis + (index << 1));
    store<u8>(lows + index, <u8>value);
    store<u8>(highs + index, <u8>(value >> 8));
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
