// Columns of any integer type to those of the tile.
import {
  EVENT_COUNT,
  REJECTED_BITS,
  REJECTED_ROWS,
  TYPE_I8,
  TYPE_I16,
  TYPE_I32,
  TYPE_I64,
  TYPE_U8,
  TYPE_U16,
  TYPE_U32,
} from "../layout";

/**
 * Converts coordinates to those of the column `to` from its value number `at` on. Rows with one
 * that is below 0 or beyond 65535 are marked as rejected.
 */
export function coordinates(type: i32, from: usize, to: usize, at: i32, count: i32): void {
  if (type === TYPE_I8) coordinatesOf<i8>(from, to, at, count);
  else if (type === TYPE_U8) coordinatesOf<u8>(from, to, at, count);
  else if (type === TYPE_I16) coordinatesOf<i16>(from, to, at, count);
  else if (type === TYPE_U16) coordinatesOf<u16>(from, to, at, count);
  else if (type === TYPE_I32) coordinatesOf<i32>(from, to, at, count);
  else if (type === TYPE_U32) coordinatesOf<u32>(from, to, at, count);
  else coordinatesOf<u64>(from, to, at, count); // a negative i64 is a large u64
}

function coordinatesOf<T>(from: usize, to: usize, at: i32, count: i32): void {
  const bits: usize = load<u32>(REJECTED_BITS);
  const firstRow = at - load<i32>(EVENT_COUNT);
  let rejected = load<i32>(REJECTED_ROWS);
  for (let index = 0; index < count; index++) {
    const value = <u64>(<i64>load<T>(from + <usize>index * sizeof<T>()));
    store<u16>(to + ((at + index) << 1), <u16>value);
    if (value > 0xffff) {
      const row = firstRow + index;
      const byte = bits + (row >> 3);
      store<u8>(byte, load<u8>(byte) | ((<u8>1) << (<u8>row & 7)));
      rejected++;
    }
  }
  store<i32>(REJECTED_ROWS, rejected);
}

/**
 * Converts times to those of the column `to` from its value number `at` on: times `factor`, and
 * divided by `divisor`, rounding down. Returns the index of the first one that leaves 64 bits, at
 * which it stops; -1 when all fit.
 */
export function times(
  type: i32,
  from: usize,
  to: usize,
  at: i32,
  count: i32,
  factor: i32,
  divisor: i32,
): i32 {
  if (type === TYPE_I8) return timesOf<i8>(from, to, at, count, factor, divisor);
  if (type === TYPE_U8) return timesOf<u8>(from, to, at, count, factor, divisor);
  if (type === TYPE_I16) return timesOf<i16>(from, to, at, count, factor, divisor);
  if (type === TYPE_U16) return timesOf<u16>(from, to, at, count, factor, divisor);
  if (type === TYPE_I32) return timesOf<i32>(from, to, at, count, factor, divisor);
  if (type === TYPE_U32) return timesOf<u32>(from, to, at, count, factor, divisor);
  if (type === TYPE_I64) return timesOf<i64>(from, to, at, count, factor, divisor);
  return timesOf<u64>(from, to, at, count, factor, divisor);
}

function timesOf<T>(from: usize, to: usize, at: i32, count: i32, factor: i32, divisor: i32): i32 {
  const most = i64.MAX_VALUE / factor;
  const least = i64.MIN_VALUE / factor;
  for (let index = 0; index < count; index++) {
    const raw = load<T>(from + <usize>index * sizeof<T>());
    if (!isSigned<T>() && sizeof<T>() === 8 && <u64>raw > <u64>i64.MAX_VALUE) return index;
    const value = <i64>raw;
    if (value > most || value < least) return index;
    const scaled = value * factor;
    let whole = scaled / divisor;
    if (scaled < 0 && whole * divisor !== scaled) whole--;
    store<i64>(to + ((at + index) << 3), whole);
  }
  return -1;
}

/** Converts polarities: 1 where the value is greater than 0, else 0. */
export function polarities(type: i32, from: usize, to: usize, at: i32, count: i32): void {
  if (type === TYPE_I8) polaritiesOf<i8>(from, to + at, count);
  else if (type === TYPE_U8) polaritiesOf<u8>(from, to + at, count);
  else if (type === TYPE_I16) polaritiesOf<i16>(from, to + at, count);
  else if (type === TYPE_U16) polaritiesOf<u16>(from, to + at, count);
  else if (type === TYPE_I32) polaritiesOf<i32>(from, to + at, count);
  else if (type === TYPE_U32) polaritiesOf<u32>(from, to + at, count);
  else if (type === TYPE_I64) polaritiesOf<i64>(from, to + at, count);
  else polaritiesOf<u64>(from, to + at, count);
}

function polaritiesOf<T>(from: usize, to: usize, count: i32): void {
  for (let index = 0; index < count; index++) {
    const value = load<T>(from + <usize>index * sizeof<T>());
    store<i8>(to + index, value > <T>0 ? 1 : 0);
  }
}

/** Converts polarities that are single bits, lowest first, from bit number `bit` of `from` on. */
export function polarityBits(from: usize, bit: i32, to: usize, at: i32, count: i32): void {
  for (let index = 0; index < count; index++) {
    const source = bit + index;
    store<u8>(to + at + index, (load<u8>(from + (source >> 3)) >>> (<u8>source & 7)) & 1);
  }
}
