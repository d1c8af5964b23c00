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
    for (; events < stop; events++) store<i64>(ts + ((<usize>events) << 3), time);
  }
  return at;
}

function decodeYxp(at: usize, end: usize, count: u32): usize {
  for (let events: u32 = 0; events < count; events += 4) {
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
    const y = <u16>(word >> ECF_Y_SHIFT);
    const stop = min(events + run, count);
    for (; events < stop; events++) store<u16>(ys + ((<usize>events) << 1), y);
  }
  return at;
}

function decodeXp(at: usize, end: usize, count: u32): usize {
  for (let events: u32 = 0; events < count; events += 4) {
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
    const p = <i16>(byte >> ECF_P_SHIFT);
    const stop = min(events + run, count);
    for (; events < stop; events++) store<i16>(ps + ((<usize>events) << 1), p);
  }
  return at;
}
