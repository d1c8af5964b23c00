// The compression LZF. Nothing is read or written outside of what the host gives.

/** Literal bytes follow a control byte below this; one more of them than it says. */
const COPY: u32 = 32;
/** A copy of so many bytes and more has its length in the next byte. */
const LONG_COPY: u32 = 7;
/** The bytes that a copy has beyond its length. */
const COPY_BYTES: u32 = 2;

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
      memory.copy(to, from, length);
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
    if (distance >= length) memory.copy(to, to - distance, length);
    else
      for (let at: usize = 0; at < length; at++) store<u8>(to + at, load<u8>(to + at - distance));
    to += length;
  }
  return to;
}
