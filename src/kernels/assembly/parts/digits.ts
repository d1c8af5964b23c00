// Decimal digits to numbers, several at a time. A register holds them as they stand in memory, the
// first digit lowest; bytes of 0 in front of them count as zeros.

/** Puts 32 bits into both halves of 64. */
const TWICE: u64 = 0x100000001;
const LOW_HALVES: u64 = 0x0f0f0f0f * TWICE;
const EVERY_SECOND: u64 = 0x00ff00ff * TWICE;

/** The number that eight digits make. */
export function eightDigits(digits: u64): u64 {
  digits &= LOW_HALVES;
  digits = (digits * 2561) >> 8;
  digits = ((digits & EVERY_SECOND) * 6553601) >> 16;
  return ((digits & (0xffff * TWICE)) * 42949672960001) >> 32;
}

/** Two numbers of four digits each: the first in bits 16 to 31, the second in bits 48 to 63. */
export function twiceFourDigits(digits: u64): u64 {
  digits &= LOW_HALVES;
  digits = (digits * 2561) >> 8;
  return (digits & EVERY_SECOND) * 6553601;
}

/** Eight times the digit 0. */
export const ZEROS: u64 = 0x30303030 * TWICE;

/** The eight digits of a number below 10^8, each without what makes it text: see `ZEROS`. */
export function digitsOf(value: u64): u64 {
  const high = value / 10000;
  let parts = high | ((value - high * 10000) << 32); // two of four digits
  const hundreds = ((parts * 10486) >> 20) & (0x7f * TWICE);
  parts = hundreds | ((parts - hundreds * 100) << 16); // four of two digits
  const tens = ((parts * 103) >> 10) & (0x000f000f * TWICE);
  return tens | ((parts - tens * 10) << 8);
}
