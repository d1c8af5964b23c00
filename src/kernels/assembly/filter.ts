// Leaves in the columns the events that are asked for: functions that look at one column or two clear
// the bits of events that are not, and `compact` moves the others together.

/** Events that one byte of bits stands for. */
const LANES = 8;
/** Bytes of the part of the tables that moves 16-bit lanes, and of that for 8-bit ones. */
const WIDE_TABLE: usize = 4096;
const NARROW_TABLE: usize = 2048;

/**
 * Fills the tables that `compact` uses, 6208 bytes: for every byte of bits the lanes that stay, as
 * byte numbers for a swizzle, in words of 16 bits and of 8; and for two bits those of 64.
 */
export function buildTables(tables: usize): void {
  for (let bits: u32 = 0; bits < 256; bits++) {
    const wide = tables + (bits << 4);
    const narrow = tables + WIDE_TABLE + (bits << 3);
    let out: usize = 0;
    for (let lane: u32 = 0; lane < 8; lane++) {
      if (((bits >> lane) & 1) === 0) continue;
      store<u8>(wide + (out << 1), <u8>(lane << 1));
      store<u8>(wide + (out << 1), <u8>((lane << 1) + 1), 1);
      store<u8>(narrow + out, <u8>lane);
      out++;
    }
  }
  for (let bits: u32 = 0; bits < 4; bits++) {
    const entry = tables + WIDE_TABLE + NARROW_TABLE + (bits << 4);
    const first: u32 = bits === 2 ? 8 : 0; // of the upper lane alone
    for (let byte: u32 = 0; byte < 8; byte++) {
      store<u8>(entry + byte, <u8>(first + byte));
      store<u8>(entry + byte, <u8>(8 + byte), 8);
    }
  }
}

/** Sets the bits of `count` events, and clears those up to the next multiple of 16. */
export function keepAll(count: i32, bits: usize): void {
  const whole = count >> 3;
  memory.fill(bits, 0xff, whole);
  const rest: i32 = (1 << (count & 7)) - 1;
  store<u8>(bits + whole, <u8>rest);
  if ((whole & 1) === 0) store<u8>(bits + whole, 0, 1);
}

/** Keeps times from `first` to `last`, both included. */
export function keepTimes(count: i32, bits: usize, ts: usize, first: i64, last: i64): void {
  const low = i64x2.splat(first);
  const high = i64x2.splat(last);
  for (let index = 0; index < count; index += LANES) {
    const t = ts + (index << 3);
    const kept =
      isWithin(v128.load(t), low, high) |
      (isWithin(v128.load(t, 16), low, high) << 2) |
      (isWithin(v128.load(t, 32), low, high) << 4) |
      (isWithin(v128.load(t, 48), low, high) << 6);
    clear(bits + (index >> 3), kept);
  }
}

function isWithin(times: v128, low: v128, high: v128): i32 {
  return i64x2.bitmask(v128.and(i64x2.ge_s(times, low), i64x2.le_s(times, high)));
}

/** Keeps pixels in any of some regions: u16 x, y of the first pixel and steps to the last, for each. */
export function keepRegions(
  count: i32,
  bits: usize,
  xs: usize,
  ys: usize,
  regions: usize,
  howMany: i32,
): void {
  if (howMany === 1) {
    const x0 = v128.load16_splat(regions);
    const y0 = v128.load16_splat(regions + 2);
    const width = v128.load16_splat(regions + 4);
    const height = v128.load16_splat(regions + 6);
    for (let index = 0; index < count; index += LANES) {
      const dx = i16x8.sub(v128.load(xs + (index << 1)), x0);
      const dy = i16x8.sub(v128.load(ys + (index << 1)), y0);
      const isIn = v128.and(i16x8.le_u(dx, width), i16x8.le_u(dy, height));
      clear(bits + (index >> 3), i16x8.bitmask(isIn));
    }
    return;
  }
  for (let index = 0; index < count; index += LANES) {
    const x = v128.load(xs + (index << 1));
    const y = v128.load(ys + (index << 1));
    let inside = i64x2.splat(0);
    for (let region = 0; region < howMany; region++) {
      const at = regions + (region << 3);
      const dx = i16x8.sub(x, v128.load16_splat(at));
      const dy = i16x8.sub(y, v128.load16_splat(at + 2));
      const isIn = v128.and(
        i16x8.le_u(dx, v128.load16_splat(at + 4)),
        i16x8.le_u(dy, v128.load16_splat(at + 6)),
      );
      inside = v128.or(inside, isIn);
    }
    clear(bits + (index >> 3), i16x8.bitmask(inside));
  }
}

/** Keeps events that are ON, or those that are OFF. */
export function keepPolarity(count: i32, bits: usize, polarities: usize, on: i32): void {
  const zero = i8x16.splat(0);
  const flip = on !== 0 ? 0 : 0xffff;
  for (let index = 0; index < count; index += 16) {
    const kept = i8x16.bitmask(i8x16.gt_s(v128.load(polarities + index), zero)) ^ flip;
    const at = bits + (index >> 3);
    store<u16>(at, <u16>(load<u16>(at) & kept));
  }
}

/**
 * Looks at a map of pixels, a bit for each, row by row: keeps events on pixels that are `wanted`, 0 or
 * 1. Pixels outside the map are 0.
 */
export function keepPixels(
  count: i32,
  bits: usize,
  xs: usize,
  ys: usize,
  map: usize,
  width: u32,
  height: u32,
  wanted: u32,
): void {
  for (let start = 0; start < count; start += LANES) {
    let left: u32 = load<u8>(bits + (start >> 3));
    let kept = left;
    while (left !== 0) {
      const lane = ctz(left);
      left &= left - 1;
      const index = start + lane;
      const x: u32 = load<u16>(xs + (index << 1));
      const y: u32 = load<u16>(ys + (index << 1));
      let value: u32 = 0;
      if (x < width && y < height) {
        const pixel = y * width + x;
        value = (load<u8>(map + (pixel >> 3)) >> (pixel & 7)) & 1;
      }
      if (value !== wanted) kept &= ~(1 << lane);
    }
    store<u8>(bits + (start >> 3), <u8>kept);
  }
}

/** Keeps events whose byte is not 0. */
export function keepBytes(count: i32, bits: usize, bytes: usize): void {
  const zero = i8x16.splat(0);
  for (let index = 0; index < count; index += 16) {
    const kept = i8x16.bitmask(i8x16.ne(v128.load(bytes + index), zero));
    const at = bits + (index >> 3);
    store<u16>(at, <u16>(load<u16>(at) & kept));
  }
}

/** Keeps one of every `step` events, the first of them number `first`. */
export function keepEvery(count: i32, bits: usize, step: i32, first: i32): void {
  memory.fill(bits, 0, ((count + 15) >> 4) << 1);
  for (let index = first; index < count; index += step) {
    const at = bits + (index >> 3);
    const bit: i32 = 1 << (index & 7);
    store<u8>(at, load<u8>(at) | <u8>bit);
    if (index > i32.MAX_VALUE - step) break;
  }
}

/** How many events are kept. */
export function countKept(count: i32, bits: usize): i32 {
  let kept = 0;
  for (let index = 0; index < count; index += LANES)
    kept += popcnt<u32>(load<u8>(bits + (index >> 3)));
  return kept;
}

/**
 * Moves 16-bit values that are kept together. Stores of eight lanes end at most where the values at
 * hand were loaded, so none is overwritten before it is looked at.
 */
export function compact16(count: i32, bits: usize, tables: usize, column: usize): i32 {
  let out: usize = 0;
  for (let index: usize = 0; index < <usize>count; index += LANES) {
    const kept: u32 = load<u8>(bits + (index >> 3));
    const values = v128.load(column + (index << 1));
    v128.store(column + (out << 1), i8x16.swizzle(values, v128.load(tables + (kept << 4))));
    out += popcnt<u32>(kept);
  }
  return <i32>out;
}

/** The same of 8-bit values. */
export function compact8(count: i32, bits: usize, tables: usize, column: usize): i32 {
  const narrow = tables + WIDE_TABLE;
  let out: usize = 0;
  for (let index: usize = 0; index < <usize>count; index += LANES) {
    const kept: u32 = load<u8>(bits + (index >> 3));
    const values = v128.load64_zero(column + index);
    const moved = i8x16.swizzle(values, v128.load64_zero(narrow + (kept << 3)));
    v128.store64_lane(column + out, moved, 0);
    out += popcnt<u32>(kept);
  }
  return <i32>out;
}

/** The same of 64-bit values. */
export function compact64(count: i32, bits: usize, tables: usize, column: usize): i32 {
  const pairs = tables + WIDE_TABLE + NARROW_TABLE;
  let out: usize = 0;
  for (let index: usize = 0; index < <usize>count; index += LANES) {
    const kept: u32 = load<u8>(bits + (index >> 3));
    if (kept === 0) continue;
    const at = column + (index << 3);
    for (let pair: u32 = 0; pair < 4; pair++) {
      const two = (kept >> (pair << 1)) & 3;
      const values = v128.load(at + (pair << 4));
      v128.store(column + (out << 3), i8x16.swizzle(values, v128.load(pairs + (two << 4))));
      out += popcnt<u32>(two);
    }
  }
  return <i32>out;
}

/** Turns coordinates around: each becomes `last` minus itself. */
export function mirror(count: i32, column: usize, last: i32): void {
  const highest = i16x8.splat(<i16>last);
  for (let index = 0; index < count; index += LANES) {
    const at = column + (index << 1);
    v128.store(at, i16x8.sub(highest, v128.load(at)));
  }
}

/** Subtracts from coordinates, none of which is less. */
export function shift(count: i32, column: usize, by: i32): void {
  const steps = i16x8.splat(<i16>by);
  for (let index = 0; index < count; index += LANES) {
    const at = column + (index << 1);
    v128.store(at, i16x8.sub(v128.load(at), steps));
  }
}

/** Divides coordinates, and leaves the remainder out. */
export function divide(count: i32, column: usize, by: u32): void {
  for (let index = 0; index < count; index++) {
    const at = column + (index << 1);
    store<u16>(at, <u16>(<u32>load<u16>(at) / by));
  }
}

function clear(at: usize, kept: i32): void {
  store<u8>(at, <u8>(load<u8>(at) & kept));
}
