// Polarities of the compact container: columns into raw streams, and back.
import { kept } from "./kept";

/** Pixels on each side of a cell are two to the power of this. */
const CELL_BITS = 2;

/** Where a polarity is that is not -1, 0 or 1; -1 when there is none. */
export function otherPolarity(polarities: usize, count: i32): i32 {
  const one = i8x16.splat(1);
  const two = i8x16.splat(2);
  let index = 0;
  for (; index + 16 <= count; index += 16) {
    if (v128.any_true(i8x16.gt_u(i8x16.add(v128.load(polarities + index), one), two))) break;
  }
  for (; index < count; index++) {
    const polarity: i32 = load<i8>(polarities + index);
    if (polarity < -1 || polarity > 1) return index;
  }
  return -1;
}

/** Writes a bit for every polarity, 1 for ON, and zeros behind the last. */
export function takeBits(polarities: usize, count: i32, out: usize): void {
  const zero = i8x16.splat(0);
  let index = 0;
  for (; index + 16 <= count; index += 16) {
    const on = i8x16.bitmask(i8x16.gt_s(v128.load(polarities + index), zero));
    store<u16>(out + (index >> 3), <u16>on);
  }
  let rest: u64 = 0;
  for (let bit = 0; index + bit < count; bit++) {
    rest |= (<u64>(load<i8>(polarities + index + bit) > 0 ? 1 : 0)) << bit;
  }
  store<u64>(out + (index >> 3), rest);
}

/** Writes a bit for every polarity, taken from what {@link takeBits} wrote at `bits`. */
export function takeRowBits(count: i32, bits: usize, ys: usize, out: usize): void {
  let last: u64 = 0;
  for (let index = 0; index < count; index += 64) {
    let goesOn: u64 = 0;
    const end = min(count - index, 64);
    for (let lane = 0; lane < end; lane += 8) {
      const y = ys + ((index + lane) << 1);
      const same = i16x8.bitmask(i16x8.eq(v128.load(y), v128.load(y - 2)));
      goesOn |= (<u64>same) << lane;
    }
    if (index === 0) goesOn &= ~(<u64>1);
    if (end < 64) goesOn &= ((<u64>1) << end) - 1;
    const word = load<u64>(bits + (index >> 3));
    store<u64>(out + (index >> 3), word ^ (((word << 1) | last) & goesOn));
    last = word >> 63;
  }
}

/**
 * Writes a bit for every polarity: whether it is not that of the last event in the same cell.
 *
 * @param table - a byte for every cell, `columns` in a row; cleared here
 */
export function takeCellBits(
  polarities: usize,
  count: i32,
  xs: usize,
  ys: usize,
  table: usize,
  columns: i32,
  cells: i32,
  out: usize,
): void {
  memory.fill(table, 0, cells);
  let byte: u32 = 0;
  for (let index = 0; index < count; index++) {
    const x: i32 = load<u16>(xs + (index << 1));
    const y: i32 = load<u16>(ys + (index << 1));
    const at = table + <usize>((y >> CELL_BITS) * columns + (x >> CELL_BITS));
    const polarity: u32 = load<i8>(polarities + index) > 0 ? 1 : 0;
    byte |= (polarity ^ load<u8>(at)) << (index & 7);
    store<u8>(at, <u8>polarity);
    if ((index & 7) === 7) {
      store<u8>(out + (index >> 3), <u8>byte);
      byte = 0;
    }
  }
  if (count & 7) store<u8>(out + (count >> 3), <u8>byte);
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
