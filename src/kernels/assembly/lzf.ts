// The compression LZF. Bytes are copied 16 at a time, so the host has room for 32 bytes more behind
// the output; nothing else is read or written outside of what the host gives.

/** Literal bytes follow a control byte below this; one more of them than it says. */
const COPY: u32 = 32;
/** A copy of so many bytes and more has its length in the next byte. */
const LONG_COPY: u32 = 7;
/** The bytes that a copy has beyond its length. */
const COPY_BYTES: u32 = 2;

/** Bytes that are copied at once. */
const STEP: usize = 16;

/**
 * Decompresses the bytes from `from` to `end` into those from `to` to `limit`. Returns the address
 * behind the last byte written; 0 when the input ends too early, copies from in front of `to`, or
 * gives more than there is room for.
 */
export function decompress(from: usize, end: usize, to: usize, limit: usize): usize {
  const start = to;
  while (from < end) {
    const control: u32 = load<u8>(from++);
    if (control < COPY) {
      const length: usize = control + 1;
      if (length > end - from || length > limit - to) return 0;
      v128.store(to, v128.load(from));
      if (length > STEP) v128.store(to, v128.load(from, STEP), STEP);
      from += length;
      to += length;
      continue;
    }
    let length: usize = control >> 5;
    if (length === LONG_COPY) {
      if (from >= end) return 0;
      length += load<u8>(from++);
    }
    length += COPY_BYTES;
    if (from >= end) return 0;
    const distance: usize = ((control & 0x1f) << 8) + load<u8>(from++) + 1;
    if (distance > to - start || length > limit - to) return 0;
    copyBack(to, distance, length);
    to += length;
  }
  return to;
}

/** Repeats what stands `distance` bytes in front, which may be less than `length`. */
function copyBack(to: usize, distance: usize, length: usize): void {
  const end = to + length;
  let source = to - distance;
  // Of a pattern that is shorter than a step, each pass makes twice as many bytes.
  for (; to < end && to - source < STEP; to += to - source) {
    v128.store(to, v128.load(source));
  }
  for (; to < end; to += STEP, source += STEP) v128.store(to, v128.load(source));
}
