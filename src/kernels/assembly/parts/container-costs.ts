// What streams of the compact container would cost: by this the mode of a chunk is chosen.

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
