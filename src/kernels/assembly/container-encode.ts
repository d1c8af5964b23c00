// The transforms of the compact container: columns into raw streams. What every mode means is said in
// docs/container.md. A stream has 64 bytes of room behind it that may be written.
import { LARGE_STEPS } from "../layout";

/** A step of so many or more is written among the large ones. */
const LARGE_STEP: u64 = 255;
/** Coordinates have twelve bits. */
const COORDINATE = 4095;
/** The sign of a step of twelve bits. */
const SIGN = 2048;
/** Pixels on each side of a cell are two to the power of this. */
const CELL_BITS = 2;
/** The most events of a group. */
const GROUP_EVENTS = 256;

const TRANSFORM_DELTA = 1;
const TRANSFORM_RUN = 2;

/** How many times are before the one in front of them. */
export function countBackward(ts: usize, count: i32): i32 {
  let steps = 0;
  let index = 1;
  for (; index + 4 <= count; index += 4) {
    const t = ts + (index << 3);
    const low = i64x2.gt_s(v128.load(t - 8), v128.load(t));
    const high = i64x2.gt_s(v128.load(t + 8), v128.load(t + 16));
    if (v128.any_true(v128.or(low, high))) {
      steps += popcnt(i64x2.bitmask(low)) + popcnt(i64x2.bitmask(high));
    }
  }
  for (; index < count; index++) {
    const t = ts + (index << 3);
    steps += load<i64>(t) < load<i64>(t - 8) ? 1 : 0;
  }
  return steps;
}

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

/** How many u16 are at least `bound`. */
export function countAtLeast16(values: usize, count: i32, bound: i32): i32 {
  const bounds = i16x8.splat(<i16>bound);
  let found = 0;
  let index = 0;
  for (; index + 8 <= count; index += 8) {
    found += popcnt(i16x8.bitmask(i16x8.ge_u(v128.load(values + (index << 1)), bounds)));
  }
  for (; index < count; index++) found += <i32>load<u16>(values + (index << 1)) >= bound ? 1 : 0;
  return found;
}

/** How many i64 are at least `bound`. */
export function countAtLeast64(values: usize, count: i32, bound: i64): i32 {
  let found = 0;
  for (let index = 0; index < count; index++) {
    found += load<i64>(values + (index << 3)) >= bound ? 1 : 0;
  }
  return found;
}

/**
 * Writes the steps of times, and the large ones of them behind each other at `larges`; tells how many
 * those are in `LARGE_STEPS`.
 *
 * @param isSigned - as zigzag numbers: times may go back
 */
export function takeSteps(ts: usize, count: i32, out: usize, larges: usize, isSigned: i32): void {
  let large = 0;
  let last = load<i64>(ts);
  for (let index = 0; index < count; index++) {
    const time = load<i64>(ts + (index << 3));
    let step: u64 = <u64>(time - last);
    if (isSigned) step = (step << 1) ^ <u64>(<i64>step >> 63);
    last = time;
    if (step >= LARGE_STEP) {
      store<u64>(larges + (large << 3), step);
      large++;
      step = LARGE_STEP;
    }
    store<u8>(out + index, <u8>step);
  }
  store<i32>(LARGE_STEPS, large);
}

/**
 * Writes groups of events with the same time: a step each, and their events less one at `sizes`. Large
 * steps are written as by {@link takeSteps}.
 *
 * @returns the number of groups
 */
export function takeGroups(ts: usize, count: i32, steps: usize, sizes: usize, larges: usize): i32 {
  let large = 0;
  let groups = 0;
  let last = load<i64>(ts);
  for (let index = 0; index < count; ) {
    const time = load<i64>(ts + (index << 3));
    const most = min(count - index, GROUP_EVENTS);
    let size = 1;
    while (size < most && load<i64>(ts + ((index + size) << 3)) === time) size++;
    let step: u64 = <u64>(time - last);
    last = time;
    if (step >= LARGE_STEP) {
      store<u64>(larges + (large << 3), step);
      large++;
      step = LARGE_STEP;
    }
    store<u8>(steps + groups, <u8>step);
    store<u8>(sizes + groups, <u8>(size - 1));
    groups++;
    index += size;
  }
  store<i32>(LARGE_STEPS, large);
  return groups;
}

/** Puts large steps into eight planes. */
export function splitLarge(larges: usize, count: i32, out: usize): void {
  for (let plane = 0; plane < 8; plane++) {
    for (let index = 0; index < count; index++) {
      store<u8>(out++, load<u8>(larges + (index << 3) + plane));
    }
  }
}

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

/** Whether all bytes are the same; there is at least one. */
export function isConstant(bytes: usize, count: i32): i32 {
  const first = i8x16.splat(load<i8>(bytes));
  let index = 0;
  for (; index + 16 <= count; index += 16) {
    if (v128.any_true(i8x16.ne(v128.load(bytes + index), first))) return 0;
  }
  for (; index < count; index++) {
    if (load<u8>(bytes + index) !== load<u8>(bytes)) return 0;
  }
  return 1;
}

/** How often each value is there, counted in four tables: the same one twice in a row would wait. */
const COUNTS: usize = memory.data(256 * 4 * 4);
const TABLE_BYTES: usize = 256 * 4;

/** What an ideal code of single bytes makes of `count` bytes, in bytes. */
export function costOfBytes(bytes: usize, count: i32): f64 {
  memory.fill(COUNTS, 0, TABLE_BYTES * 4);
  let index = 0;
  for (; index + 4 <= count; index += 4) {
    const four = load<u32>(bytes + index);
    raise(COUNTS + ((<usize>(four & 255)) << 2));
    raise(COUNTS + TABLE_BYTES + ((<usize>((four >> 8) & 255)) << 2));
    raise(COUNTS + TABLE_BYTES * 2 + ((<usize>((four >> 16) & 255)) << 2));
    raise(COUNTS + TABLE_BYTES * 3 + ((<usize>(four >> 24)) << 2));
  }
  for (; index < count; index++) raise(COUNTS + ((<usize>load<u8>(bytes + index)) << 2));
  return costOf(256, count);
}

/** Of u16 for each value of twelve bits. */
const VALUE_TABLE_BYTES: usize = 4096 * 2;

/**
 * Counts at most 65 535 values of twelve bits, for {@link costOfSplit}, in two tables of 8 KiB at
 * `tables`.
 */
export function countValues(values: usize, count: i32, tables: usize): void {
  memory.fill(tables, 0, VALUE_TABLE_BYTES * 2);
  let index = 0;
  for (; index + 2 <= count; index += 2) {
    const two = load<u32>(values + (index << 1));
    raise16(tables + ((<usize>(two & 4095)) << 1));
    raise16(tables + VALUE_TABLE_BYTES + ((<usize>((two >> 16) & 4095)) << 1));
  }
  if (index < count) raise16(tables + ((<usize>load<u16>(values + (index << 1))) << 1));
}

/** What the bytes of the values that were counted cost, or the nibbles. */
export function costOfSplit(tables: usize, count: i32, isLow: i32, ofNibbles: i32): f64 {
  memory.fill(COUNTS, 0, TABLE_BYTES * 4);
  // The byte or the nibble that is asked for are some bits of the value, from `shift` on.
  const shift = isLow ? (ofNibbles ? 0 : 4) : ofNibbles ? 8 : 0;
  const mask = ofNibbles ? 15 : 255;
  for (let value = 0; value < 4096; value++) {
    const at = tables + ((<usize>value) << 1);
    const times = <u32>load<u16>(at) + load<u16>(at + VALUE_TABLE_BYTES);
    const part = COUNTS + ((<usize>((value >> shift) & mask)) << 2);
    store<u32>(part, load<u32>(part) + times);
  }
  return costOf(mask + 1, count);
}

function raise16(at: usize): void {
  store<u16>(at, load<u16>(at) + 1);
}

function raise(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}

function costOf(values: i32, count: i32): f64 {
  let bits: f64 = 0;
  for (let value = 0; value < values; value++) {
    const at = COUNTS + ((<usize>value) << 2);
    const times =
      load<u32>(at) +
      load<u32>(at + TABLE_BYTES) +
      load<u32>(at + TABLE_BYTES * 2) +
      load<u32>(at + TABLE_BYTES * 3);
    if (times > 0) bits += <f64>times * Math.log2(<f64>count / <f64>times);
  }
  return bits / 8;
}
