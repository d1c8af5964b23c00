// Columns of any type of number to those of the tile.
import {
  EVENT_COUNT,
  REJECTED_BITS,
  REJECTED_ROWS,
  TYPE_F32,
  TYPE_F64,
  TYPE_I8,
  TYPE_I16,
  TYPE_I32,
  TYPE_I64,
  TYPE_U8,
  TYPE_U16,
  TYPE_U32,
  TYPE_U64,
} from "../layout";

/**
 * Converts coordinates to those of the column `to` from its value number `at` on; the first pixel
 * of a row has the number `firstPixel`. Rows with one that is no whole number, below 0 or beyond
 * 65535 are rejected. Returns the index of the first of them; -1 when there is none.
 */
export function coordinates(
  type: i32,
  from: usize,
  to: usize,
  at: i32,
  count: i32,
  firstPixel: i32,
): i32 {
  if (type === TYPE_I8) return coordinatesOf<i8>(from, to, at, count, firstPixel);
  if (type === TYPE_U8) return coordinatesOf<u8>(from, to, at, count, firstPixel);
  if (type === TYPE_I16) return coordinatesOf<i16>(from, to, at, count, firstPixel);
  if (type === TYPE_U16) return coordinatesOf<u16>(from, to, at, count, firstPixel);
  if (type === TYPE_I32) return coordinatesOf<i32>(from, to, at, count, firstPixel);
  if (type === TYPE_U32) return coordinatesOf<u32>(from, to, at, count, firstPixel);
  if (type === TYPE_F32) return coordinatesOf<f32>(from, to, at, count, firstPixel);
  if (type === TYPE_F64) return coordinatesOf<f64>(from, to, at, count, firstPixel);
  // What is negative as an i64 is large as a u64, and so is what is less than that.
  return coordinatesOf<i64>(from, to, at, count, firstPixel);
}

function coordinatesOf<T>(from: usize, to: usize, at: i32, count: i32, firstPixel: i32): i32 {
  let rejected = -1;
  for (let index = 0; index < count; index++) {
    const raw = load<T>(from + <usize>index * sizeof<T>());
    let value: u64;
    if (isFloat<T>()) {
      const number = <f64>raw - <f64>firstPixel;
      // Not so for what is no number.
      value =
        floor(number) === number && number >= 0 && number <= 65535 ? <u64>number : u64.MAX_VALUE;
    } else {
      value = <u64>(<i64>raw - <i64>firstPixel);
    }
    store<u16>(to + ((at + index) << 1), <u16>value);
    if (value > 0xffff) {
      if (rejected < 0) rejected = index;
      reject(at + index);
    }
  }
  return rejected;
}

/**
 * Converts times to those of the column `to` from its value number `at` on: times `factor`, divided
 * by `divisor`, rounding down, and `offset` added. Rows with a time that leaves 64 bits are rejected.
 * Returns the index of the first of them; -1 when there is none.
 */
export function times(
  type: i32,
  from: usize,
  to: usize,
  at: i32,
  count: i32,
  factor: i32,
  divisor: i32,
  offset: i64,
): i32 {
  if (type === TYPE_I8) return timesOf<i8>(from, to, at, count, factor, divisor, offset);
  if (type === TYPE_U8) return timesOf<u8>(from, to, at, count, factor, divisor, offset);
  if (type === TYPE_I16) return timesOf<i16>(from, to, at, count, factor, divisor, offset);
  if (type === TYPE_U16) return timesOf<u16>(from, to, at, count, factor, divisor, offset);
  if (type === TYPE_I32) return timesOf<i32>(from, to, at, count, factor, divisor, offset);
  if (type === TYPE_U32) return timesOf<u32>(from, to, at, count, factor, divisor, offset);
  if (type === TYPE_I64) return timesOf<i64>(from, to, at, count, factor, divisor, offset);
  return timesOf<u64>(from, to, at, count, factor, divisor, offset);
}

function timesOf<T>(
  from: usize,
  to: usize,
  at: i32,
  count: i32,
  factor: i32,
  divisor: i32,
  offset: i64,
): i32 {
  const most = i64.MAX_VALUE / factor;
  const least = i64.MIN_VALUE / factor;
  let rejected = -1;
  for (let index = 0; index < count; index++) {
    const raw = load<T>(from + <usize>index * sizeof<T>());
    const value = <i64>raw;
    const isBeyond = !isSigned<T>() && sizeof<T>() === 8 && value < 0;
    let whole = value * factor;
    if (divisor !== 1) {
      const scaled = whole;
      whole = scaled / divisor;
      if (scaled < 0 && whole * divisor !== scaled) whole--;
    }
    const moved = whole + offset;
    store<i64>(to + ((at + index) << 3), moved);
    const overflows = ((whole ^ moved) & (offset ^ moved)) < 0;
    if (isBeyond || value > most || value < least || overflows) {
      if (rejected < 0) rejected = index;
      reject(at + index);
    }
  }
  return rejected;
}

/** The greatest difference of times that is surely within 64 bits. */
const MOST_MICROSECONDS: f64 = 9.2e18;

/**
 * The same for times with fractions: what is behind `zero`, times `factor` and divided by `divisor`,
 * rounded to the nearest, and `offset` added, which is what `zero` is.
 */
export function floatTimes(
  type: i32,
  from: usize,
  to: usize,
  at: i32,
  count: i32,
  factor: i32,
  divisor: i32,
  zero: f64,
  offset: i64,
): i32 {
  return type === TYPE_F32
    ? floatTimesOf<f32>(from, to, at, count, <f64>factor, <f64>divisor, zero, offset)
    : floatTimesOf<f64>(from, to, at, count, <f64>factor, <f64>divisor, zero, offset);
}

function floatTimesOf<T>(
  from: usize,
  to: usize,
  at: i32,
  count: i32,
  factor: f64,
  divisor: f64,
  zero: f64,
  offset: i64,
): i32 {
  let rejected = -1;
  for (let index = 0; index < count; index++) {
    const behind = <f64>load<T>(from + <usize>index * sizeof<T>()) - zero;
    const rounded = nearest((behind * factor) / divisor);
    const isInside = abs(rounded) < MOST_MICROSECONDS; // not for what is no number
    const whole: i64 = isInside ? <i64>rounded : 0;
    const moved = whole + offset;
    store<i64>(to + ((at + index) << 3), moved);
    if (!isInside || ((whole ^ moved) & (offset ^ moved)) < 0) {
      if (rejected < 0) rejected = index;
      reject(at + index);
    }
  }
  return rejected;
}

/** Converts polarities: 1 where the value is greater than 0, else 0. */
export function polarities(type: i32, from: usize, to: usize, at: i32, count: i32): void {
  if (type === TYPE_I8) polaritiesOf<i8>(from, to, at, count, false);
  else if (type === TYPE_U8) polaritiesOf<u8>(from, to, at, count, false);
  else if (type === TYPE_I16) polaritiesOf<i16>(from, to, at, count, false);
  else if (type === TYPE_U16) polaritiesOf<u16>(from, to, at, count, false);
  else if (type === TYPE_I32) polaritiesOf<i32>(from, to, at, count, false);
  else if (type === TYPE_U32) polaritiesOf<u32>(from, to, at, count, false);
  else if (type === TYPE_I64) polaritiesOf<i64>(from, to, at, count, false);
  else polaritiesOf<u64>(from, to, at, count, false);
}

/**
 * The same for values of which none but -1, 0 and 1 is a polarity: rows with another one are
 * rejected. Returns the index of the first of them; -1 when there is none.
 */
export function checkedPolarities(type: i32, from: usize, to: usize, at: i32, count: i32): i32 {
  if (type === TYPE_I8) return polaritiesOf<i8>(from, to, at, count, true);
  if (type === TYPE_U8) return polaritiesOf<u8>(from, to, at, count, true);
  if (type === TYPE_I16) return polaritiesOf<i16>(from, to, at, count, true);
  if (type === TYPE_U16) return polaritiesOf<u16>(from, to, at, count, true);
  if (type === TYPE_I32) return polaritiesOf<i32>(from, to, at, count, true);
  if (type === TYPE_U32) return polaritiesOf<u32>(from, to, at, count, true);
  if (type === TYPE_I64) return polaritiesOf<i64>(from, to, at, count, true);
  if (type === TYPE_U64) return polaritiesOf<u64>(from, to, at, count, true);
  if (type === TYPE_F32) return polaritiesOf<f32>(from, to, at, count, true);
  return polaritiesOf<f64>(from, to, at, count, true);
}

function polaritiesOf<T>(from: usize, to: usize, at: i32, count: i32, isChecked: boolean): i32 {
  let rejected = -1;
  let index = 0;
  if (sizeof<T>() === 1 && isChecked) {
    // Most files have them as bytes: sixteen at once, up to one that is no polarity.
    const most = i8x16.splat(isSigned<T>() ? 2 : 1);
    const bias = i8x16.splat(isSigned<T>() ? 1 : 0);
    const one = i8x16.splat(1);
    for (; index + 16 <= count; index += 16) {
      const values = v128.load(from + index);
      if (v128.any_true(i8x16.gt_u(i8x16.add(values, bias), most))) break;
      v128.store(to + at + index, v128.and(i8x16.eq(values, one), one));
    }
  }
  for (; index < count; index++) {
    const value = load<T>(from + <usize>index * sizeof<T>());
    store<i8>(to + at + index, value > <T>0 ? 1 : 0);
    if (!isChecked || value === <T>0 || value === <T>1) continue;
    if ((isSigned<T>() || isFloat<T>()) && value === <T>-1) continue;
    if (rejected < 0) rejected = index;
    reject(at + index);
  }
  return rejected;
}

/** Floats of 32 bits, as bits. */
const INFINITE: u32 = 0x7f800000;
const TWO_TO_112: u32 = 0x77800000;
const ONE: u32 = 0x3f800000;

/** Makes floats of 16 bits that stand at `at` floats of 32 bits in place, the last one first. */
export function widenHalves(at: usize, count: i32): void {
  for (let index = count - 1; index >= 0; index--) {
    const half: u32 = load<u16>(at + ((<usize>index) << 1));
    const magnitude = half & 0x7fff;
    const isNumber = magnitude < 0x7c00; // or infinite, or none
    const bits: u32 = (magnitude << 13) | (isNumber ? 0 : INFINITE);
    // Exponents count from another number. The product is exact, also for the smallest ones.
    const value = reinterpret<f32>(bits) * reinterpret<f32>(isNumber ? TWO_TO_112 : ONE);
    store<f32>(at + ((<usize>index) << 2), (half & 0x8000) !== 0 ? -value : value);
  }
}

/** Marks the row of a value of the tile as one that is left out. */
function reject(at: i32): void {
  const row = at - load<i32>(EVENT_COUNT);
  const byte = <usize>load<u32>(REJECTED_BITS) + (row >> 3);
  store<u8>(byte, load<u8>(byte) | ((<u8>1) << (<u8>row & 7)));
  store<i32>(REJECTED_ROWS, 1);
}

/** Converts polarities that are single bits, lowest first, from bit number `bit` of `from` on. */
export function polarityBits(from: usize, bit: i32, to: usize, at: i32, count: i32): void {
  for (let index = 0; index < count; index++) {
    const source = bit + index;
    store<u8>(to + at + index, (load<u8>(from + (source >> 3)) >>> (<u8>source & 7)) & 1);
  }
}
