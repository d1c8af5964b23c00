// A chunk of ECF, the filter of Prophesee's HDF5 files, as columns. Nothing is read outside of what
// the host gives. The host has room for three events more than it says: groups of four are whole.
import {
  ECF_COUNT_SHIFT,
  ECF_HEADER_BYTES,
  ECF_MODE_XP,
  ECF_MODE_YXP,
  ECF_P_SHIFT,
  ECF_P_WIDE_COUNT,
  ECF_TIME_ESCAPE,
  ECF_TIME_WIDE_COUNT,
  ECF_X_MASK_BITS,
  ECF_X_SHIFT,
  ECF_Y_SHIFT,
  ECF_Y_WIDE_COUNT,
} from "../../formats/hdf5/layout";

/** Values of 16 bits that a store writes; those beyond a run are written again. */
const LANES: u32 = 8;
/** For each mask of `decodeX`, how far the events of a word are from its first one, in eight lanes. */
const steps: usize = memory.data(16 << ECF_X_MASK_BITS, 16);
let hasSteps = false;

function buildSteps(): void {
  hasSteps = true;
  for (let mask: u32 = 0; mask < 1 << ECF_X_MASK_BITS; mask++) {
    let out: usize = steps + ((<usize>mask) << 4) + 2;
    for (let step: u32 = 1; step <= <u32>ECF_X_MASK_BITS; step++) {
      // The highest bit of the mask is the pixel beside the first one.
      if (((mask >> (<u32>ECF_X_MASK_BITS - step)) & 1) === 0) continue;
      store<u16>(out, <u16>step);
      out += 2;
    }
  }
}

/** Addresses of the columns. */
let xs: usize = 0;
let ys: usize = 0;
let ps: usize = 0;
let ts: usize = 0;

/**
 * Decodes the payload from `from` to `end`: x and y as u16, p as i16, t as i64. Returns the number
 * of events; -1 when the payload ends too early, -2 when it has more than `capacity` events.
 */
export function decode(
  from: usize,
  end: usize,
  capacity: i32,
  xColumn: usize,
  yColumn: usize,
  pColumn: usize,
  tColumn: usize,
): i32 {
  if (!hasSteps) buildSteps();
  xs = xColumn;
  ys = yColumn;
  ps = pColumn;
  ts = tColumn;
  if (end - from < <usize>ECF_HEADER_BYTES) return -1;
  const header = load<u32>(from);
  const count = header >> ECF_COUNT_SHIFT;
  if (count > <u32>capacity) return -2;
  let at = decodeTimes(from + ECF_HEADER_BYTES, end, count, load<i64>(from, 4));
  if (at === 0) return -1;
  if ((header & ECF_MODE_YXP) !== 0) return decodeYxp(at, end, count) !== 0 ? count : -1;
  at = decodeY(at, end, count);
  if (at === 0) return -1;
  if ((header & ECF_MODE_XP) !== 0) return decodeXp(at, end, count) !== 0 ? count : -1;
  at = decodeX(at, end, count);
  if (at === 0) return -1;
  return decodeP(at, end, count) !== 0 ? count : -1;
}

// Each of these returns the address behind what it read, 0 when that would be beyond the end.

function decodeTimes(at: usize, end: usize, count: u32, first: i64): usize {
  let time = first;
  for (let events: u32 = 0; events < count; ) {
    if (at >= end) return 0;
    let byte: u32 = load<u8>(at++);
    for (let shift: u64 = 0; byte >> 4 === ECF_TIME_ESCAPE; shift += 4) {
      if (at >= end || shift > 60) return 0;
      time += <i64>((<u64>(byte & 0xf)) << shift);
      byte = load<u8>(at++);
    }
    time += byte >> 4;
    let run: u32 = byte & 0xf;
    if (run === ECF_TIME_WIDE_COUNT) {
      if (end - at < 2) return 0;
      run = load<u16>(at);
      at += 2;
    }
    const stop = min(events + run, count);
    const both = i64x2.splat(time);
    for (; events + 2 <= count && events < stop; events += 2) {
      v128.store(ts + ((<usize>events) << 3), both);
    }
    for (; events < stop; events++) store<i64>(ts + ((<usize>events) << 3), time);
    events = stop;
  }
  return at;
}

/** Writes a value for events up to `stop`; returns that. */
function fill(column: usize, from: u32, stop: u32, count: u32, value: u16): u32 {
  const all = i16x8.splat(<i16>value);
  let events = from;
  for (; events + LANES <= count && events < stop; events += LANES) {
    v128.store(column + ((<usize>events) << 1), all);
  }
  for (; events < stop; events++) store<u16>(column + ((<usize>events) << 1), value);
  return stop;
}

function decodeYxp(at: usize, end: usize, count: u32): usize {
  let events: u32 = 0;
  for (; events + LANES <= count && end - at >= 28; events += LANES) {
    const a = fourValues(at);
    const b = fourValues(at + 12);
    at += 24;
    const column: usize = (<usize>events) << 1;
    v128.store(ys + column, i16x8.narrow_i32x4_u(i32x4.shr_u(a, 12), i32x4.shr_u(b, 12)));
    const low = i32x4.splat(0xfff);
    storeXps(column, i16x8.narrow_i32x4_u(v128.and(a, low), v128.and(b, low)));
  }
  for (; events < count; events += 4) {
    if (end - at < 12) return 0;
    const w0 = load<u32>(at);
    const w1 = load<u32>(at, 4);
    const w2 = load<u32>(at, 8);
    at += 12;
    storeYxp(events, w0 >> 8);
    storeYxp(events + 1, (w0 & 0xff) | ((w1 >> 16) << 8));
    storeYxp(events + 2, (w1 & 0xffff) | ((w2 >> 24) << 16));
    storeYxp(events + 3, w2 & 0xffffff);
  }
  return at;
}

/**
 * Four values of 24 bits in three words, of which sixteen bytes are loaded: each is made of a lane of
 * the word that it begins in, `first`, and one of the word behind, `second`.
 */
function fourValues(at: usize): v128 {
  const words = v128.load(at);
  const first = v128.shuffle<i32>(words, words, 0, 0, 1, 2);
  const second = v128.shuffle<i32>(words, words, 0, 1, 2, 2);
  const v0 = v128.and(i32x4.shr_u(first, 8), i32x4(-1, 0, 0, 0));
  const rest = v128.and(first, i32x4(0, 0xff, 0xffff, 0xffffff));
  const v1 = v128.and(i32x4.shl(i32x4.shr_u(second, 16), 8), i32x4(0, -1, 0, 0));
  const v2 = v128.and(i32x4.shl(i32x4.shr_u(second, 24), 16), i32x4(0, 0, -1, 0));
  return v128.or(v128.or(v0, rest), v128.or(v1, v2));
}

/** Stores eight values of twelve bits, each an x and a p. */
function storeXps(column: usize, values: v128): void {
  v128.store(xs + column, i16x8.shr_u(values, 1));
  v128.store(ps + column, v128.and(values, i16x8.splat(1)));
}

function storeYxp(event: u32, value: u32): void {
  const column: usize = (<usize>event) << 1;
  store<u16>(ys + column, <u16>(value >> 12));
  storeXp(event, value & 0xfff);
}

function decodeY(at: usize, end: usize, count: u32): usize {
  for (let events: u32 = 0; events < count; ) {
    if (end - at < 2) return 0;
    const word: u32 = load<u16>(at);
    at += 2;
    let run = word & ((1 << ECF_Y_SHIFT) - 1);
    if (run === ECF_Y_WIDE_COUNT) {
      if (end - at < 2) return 0;
      run = load<u16>(at);
      at += 2;
    }
    events = fill(ys, events, min(events + run, count), count, <u16>(word >> ECF_Y_SHIFT));
  }
  return at;
}

function decodeXp(at: usize, end: usize, count: u32): usize {
  let events: u32 = 0;
  for (; events + LANES <= count && end - at >= 16; events += LANES) {
    storeXps((<usize>events) << 1, eightValues(at));
    at += 12;
  }
  for (; events < count; events += 4) {
    if (end - at < 6) return 0;
    const w0: u32 = load<u16>(at);
    const w1: u32 = load<u16>(at, 2);
    const w2: u32 = load<u16>(at, 4);
    at += 6;
    storeXp(events, w0 >> 4);
    storeXp(events + 1, (w0 & 0xf) | ((w1 >> 8) << 4));
    storeXp(events + 2, (w1 & 0xff) | ((w2 >> 12) << 8));
    storeXp(events + 3, w2 & 0xfff);
  }
  return at;
}

/** Eight values of twelve bits in six words, as {@link fourValues}. */
function eightValues(at: usize): v128 {
  const words = v128.load(at);
  const first = i8x16.swizzle(words, i8x16(0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 6, 7, 8, 9, 10, 11));
  const second = i8x16.swizzle(
    words,
    i8x16(16, 16, 2, 3, 4, 5, 16, 16, 16, 16, 8, 9, 10, 11, 16, 16),
  );
  const v0 = v128.and(i16x8.shr_u(first, 4), i16x8(-1, 0, 0, 0, -1, 0, 0, 0));
  const rest = v128.and(first, i16x8(0, 15, 255, 4095, 0, 15, 255, 4095));
  const v1 = v128.and(i16x8.shl(i16x8.shr_u(second, 8), 4), i16x8(0, -1, 0, 0, 0, -1, 0, 0));
  const v2 = v128.and(i16x8.shl(i16x8.shr_u(second, 12), 8), i16x8(0, 0, -1, 0, 0, 0, -1, 0));
  return v128.or(v128.or(v0, rest), v128.or(v1, v2));
}

function storeXp(event: u32, value: u32): void {
  const column: usize = (<usize>event) << 1;
  store<u16>(xs + column, <u16>(value >> 1));
  store<i16>(ps + column, <i16>(value & 1));
}

function decodeX(at: usize, end: usize, count: u32): usize {
  for (let events: u32 = 0; events < count; ) {
    if (end - at < 2) return 0;
    const word: u32 = load<u16>(at);
    at += 2;
    const x = word >> ECF_X_SHIFT;
    if (events + LANES <= count) {
      const bits = word & ((1 << ECF_X_MASK_BITS) - 1);
      const from = v128.load(steps + ((<usize>bits) << 4));
      v128.store(xs + ((<usize>events) << 1), i16x8.add(i16x8.splat(<i16>x), from));
      events += 1 + popcnt<u32>(bits);
      continue;
    }
    store<u16>(xs + ((<usize>events) << 1), <u16>x);
    events++;
    // The highest bit of the mask is the pixel beside this one.
    let mask = word << (32 - ECF_X_MASK_BITS);
    while (mask !== 0 && events < count) {
      const next = <u32>clz(mask);
      mask &= ~(<u32>0x80000000 >> next);
      store<u16>(xs + ((<usize>events) << 1), <u16>(x + next + 1));
      events++;
    }
  }
  return at;
}

function decodeP(at: usize, end: usize, count: u32): usize {
  for (let events: u32 = 0; events < count; ) {
    if (at >= end) return 0;
    const byte: u32 = load<u8>(at++);
    let run = byte & ((1 << ECF_P_SHIFT) - 1);
    if (run === ECF_P_WIDE_COUNT) {
      if (end - at < 2) return 0;
      run = load<u16>(at);
      at += 2;
    }
    events = fill(ps, events, min(events + run, count), count, <u16>(byte >> ECF_P_SHIFT));
  }
  return at;
}
