// Values out of records, and bytes back into the order in front of HDF5's filter "shuffle".

/** Values of a plane that one SIMD step takes. */
const LANES = 16;

/**
 * Puts bytes together again that stand in planes: the first byte of every value, the second byte of
 * every value, and so on. Plane `i` begins at `from + i * planeBytes`.
 */
export function unshuffle(from: usize, planeBytes: i32, size: i32, count: i32, to: usize): void {
  let done = 0;
  if (size === 2) done = unshuffle2(from, planeBytes, count, to);
  else if (size === 4) done = unshuffle4(from, planeBytes, count, to);
  else if (size === 8) done = unshuffle8(from, planeBytes, count, to);
  for (let byte = 0; byte < size; byte++) {
    const plane = from + <usize>byte * planeBytes;
    let out = to + <usize>done * size + byte;
    for (let index = done; index < count; index++) {
      store<u8>(out, load<u8>(plane + index));
      out += size;
    }
  }
}

function unshuffle2(from: usize, planeBytes: i32, count: i32, to: usize): i32 {
  const second = from + planeBytes;
  let index = 0;
  for (; index + LANES <= count; index += LANES) {
    const a = v128.load(from + index);
    const b = v128.load(second + index);
    const out = to + ((<usize>index) << 1);
    v128.store(out, lowBytes(a, b));
    v128.store(out, highBytes(a, b), 16);
  }
  return index;
}

function unshuffle4(from: usize, planeBytes: i32, count: i32, to: usize): i32 {
  const step: usize = planeBytes;
  let index = 0;
  for (; index + LANES <= count; index += LANES) {
    const at = from + index;
    const a = v128.load(at);
    const b = v128.load(at + step);
    const c = v128.load(at + 2 * step);
    const d = v128.load(at + 3 * step);
    const abLow = lowBytes(a, b);
    const abHigh = highBytes(a, b);
    const cdLow = lowBytes(c, d);
    const cdHigh = highBytes(c, d);
    const out = to + ((<usize>index) << 2);
    v128.store(out, lowPairs(abLow, cdLow));
    v128.store(out, highPairs(abLow, cdLow), 16);
    v128.store(out, lowPairs(abHigh, cdHigh), 32);
    v128.store(out, highPairs(abHigh, cdHigh), 48);
  }
  return index;
}

function unshuffle8(from: usize, planeBytes: i32, count: i32, to: usize): i32 {
  const step: usize = planeBytes;
  let index = 0;
  for (; index + LANES <= count; index += LANES) {
    const at = from + index;
    const a = v128.load(at);
    const b = v128.load(at + step);
    const c = v128.load(at + 2 * step);
    const d = v128.load(at + 3 * step);
    const e = v128.load(at + 4 * step);
    const f = v128.load(at + 5 * step);
    const g = v128.load(at + 6 * step);
    const h = v128.load(at + 7 * step);
    const out = to + ((<usize>index) << 3);
    join8(lowBytes(a, b), lowBytes(c, d), lowBytes(e, f), lowBytes(g, h), out);
    join8(highBytes(a, b), highBytes(c, d), highBytes(e, f), highBytes(g, h), out + 64);
  }
  return index;
}

/** Eight values, of which each operand has two bytes. */
function join8(ab: v128, cd: v128, ef: v128, gh: v128, out: usize): void {
  const low = lowPairs(ab, cd);
  const high = highPairs(ab, cd);
  const lowEnd = lowPairs(ef, gh);
  const highEnd = highPairs(ef, gh);
  v128.store(out, v128.shuffle<i32>(low, lowEnd, 0, 4, 1, 5));
  v128.store(out, v128.shuffle<i32>(low, lowEnd, 2, 6, 3, 7), 16);
  v128.store(out, v128.shuffle<i32>(high, highEnd, 0, 4, 1, 5), 32);
  v128.store(out, v128.shuffle<i32>(high, highEnd, 2, 6, 3, 7), 48);
}

function lowBytes(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

function highBytes(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

function lowPairs(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

function highPairs(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Puts values of 1, 2, 4 or 8 bytes, which stand `stride` bytes apart, one behind the other. */
export function gather(from: usize, stride: i32, size: i32, count: i32, to: usize): void {
  if (size === 1) gatherOf<u8>(from, stride, count, to);
  else if (size === 2) gatherOf<u16>(from, stride, count, to);
  else if (size === 4) gatherOf<u32>(from, stride, count, to);
  else gatherOf<u64>(from, stride, count, to);
}

function gatherOf<T>(from: usize, stride: i32, count: i32, to: usize): void {
  const end = to + <usize>count * sizeof<T>();
  const step: usize = stride;
  const rest = to + (<usize>count % 4) * sizeof<T>();
  for (; to < rest; to += sizeof<T>(), from += step) store<T>(to, load<T>(from));
  for (; to < end; to += 4 * sizeof<T>(), from += 4 * step) {
    store<T>(to, load<T>(from));
    store<T>(to, load<T>(from + step), sizeof<T>());
    store<T>(to, load<T>(from + 2 * step), 2 * sizeof<T>());
    store<T>(to, load<T>(from + 3 * step), 3 * sizeof<T>());
  }
}

/** Turns around the bytes of values of 2, 4 or 8 bytes, in place. */
export function swapBytes(at: usize, size: i32, count: i32): void {
  const end = at + <usize>count * size;
  for (; at + 16 <= end; at += 16) {
    const value = v128.load(at);
    let swapped: v128;
    if (size === 2) {
      swapped = v128.shuffle<i8>(
        value,
        value,
        1,
        0,
        3,
        2,
        5,
        4,
        7,
        6,
        9,
        8,
        11,
        10,
        13,
        12,
        15,
        14,
      );
    } else if (size === 4) {
      swapped = v128.shuffle<i8>(
        value,
        value,
        3,
        2,
        1,
        0,
        7,
        6,
        5,
        4,
        11,
        10,
        9,
        8,
        15,
        14,
        13,
        12,
      );
    } else {
      swapped = v128.shuffle<i8>(
        value,
        value,
        7,
        6,
        5,
        4,
        3,
        2,
        1,
        0,
        15,
        14,
        13,
        12,
        11,
        10,
        9,
        8,
      );
    }
    v128.store(at, swapped);
  }
  for (; at < end; at += size) {
    if (size === 2) store<u16>(at, bswap<u16>(load<u16>(at)));
    else if (size === 4) store<u32>(at, bswap<u32>(load<u32>(at)));
    else store<u64>(at, bswap<u64>(load<u64>(at)));
  }
}
