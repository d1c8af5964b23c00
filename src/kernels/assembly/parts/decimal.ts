// Numbers as people and programs write them, read exactly: no float is involved.
import { MINUS, PLUS, POINT, ZERO } from "../../../formats/text/layout";

/** The number that `readDecimal` read, rounded to a whole one: a half goes up, also below zero. */
export let decimal: i64 = 0;
/** Whether it was a whole number before. */
export let isWhole: bool = false;
/** Whether it is beyond 64 bits; `decimal` then has no meaning. */
export let isTooLarge: bool = false;

/** Lower-case e. */
const E: u8 = 0x65;
const LOWER_CASE: u8 = 0x20;
/** Exponents beyond this make no difference: no line has so many digits. */
const MOST_EXPONENT: i32 = 100000;
/** The greatest number that stays below 2^64 with another digit. */
const MOST_BEFORE_DIGIT: u64 = (u64.MAX_VALUE - 9) / 10;

/**
 * Reads the number that fills the bytes from `at` to `stop`, times ten to the power of `exponent`:
 * a sign or none, digits with a decimal point or without, an exponent or none.
 *
 * @returns false when anything else stands there
 */
export function readDecimal(at: usize, stop: usize, exponent: i32): bool {
  let negative = false;
  if (at < stop && (load<u8>(at) === MINUS || load<u8>(at) === PLUS)) {
    negative = load<u8>(at) === MINUS;
    at++;
  }
  const first = at;
  at = behindDigits(at, stop);
  const wholeDigits = <i32>(at - first);
  let digits = wholeDigits;
  if (at < stop && load<u8>(at) === POINT) {
    const decimals = ++at;
    at = behindDigits(at, stop);
    digits += <i32>(at - decimals);
  }
  const last = at;
  if (digits === 0) return false;
  if (at < stop && (load<u8>(at) | LOWER_CASE) === E) {
    at++;
    let falls = false;
    if (at < stop && (load<u8>(at) === MINUS || load<u8>(at) === PLUS)) {
      falls = load<u8>(at) === MINUS;
      at++;
    }
    const start = at;
    let power: i32 = 0;
    for (; at < stop && isDigit(at); at++) {
      power = min(power * 10 + (load<u8>(at) - ZERO), MOST_EXPONENT);
    }
    if (at === start) return false;
    exponent += falls ? -power : power;
  }
  if (at !== stop) return false;
  settle(first, last, wholeDigits + exponent, negative);
  return true;
}

/**
 * Makes the number of the digits from `first` to `last`, of which `left` stand left of the decimal
 * point, wherever one is written.
 */
function settle(first: usize, last: usize, left: i32, negative: bool): void {
  let magnitude: u64 = 0;
  let half: u32 = 0; // the digit right of the point
  let rest: u32 = 0; // not 0 when anything but zeros follows it
  isTooLarge = false;
  for (let at = first; at < last; at++) {
    const digit: u32 = load<u8>(at) - ZERO;
    if (digit > 9) continue; // the point
    if (left > 0) {
      if (magnitude > MOST_BEFORE_DIGIT) isTooLarge = true;
      magnitude = magnitude * 10 + digit;
    } else if (left === 0) {
      half = digit;
    } else {
      rest |= digit;
    }
    left--;
  }
  for (; left > 0 && magnitude !== 0 && !isTooLarge; left--) {
    if (magnitude > MOST_BEFORE_DIGIT) isTooLarge = true;
    magnitude *= 10;
  }
  const up = half > 5 || (half === 5 && (!negative || rest !== 0));
  magnitude += u64(up);
  const most: u64 = negative ? <u64>i64.MIN_VALUE : <u64>i64.MAX_VALUE;
  if (magnitude > most) isTooLarge = true;
  decimal = negative ? -(<i64>magnitude) : <i64>magnitude;
  isWhole = (half | rest) === 0;
}

function behindDigits(at: usize, stop: usize): usize {
  while (at < stop && isDigit(at)) at++;
  return at;
}

function isDigit(at: usize): bool {
  return <u32>(load<u8>(at) - ZERO) <= 9;
}
