// The short way through lines of text, for those that look like most: digits, single separators, and
// perhaps a decimal point in the time or a minus in front of the polarity.
import {
  BLANK,
  CARRIAGE_RETURN,
  COLUMN_STARTS,
  COLUMNS,
  CR_LF,
  FIRST_PIXEL,
  LINE_FEED,
  MINUS,
  POINT,
  POLARITY_INDEX,
  SEPARATOR,
  SHAPE,
  T_INDEX,
  X_INDEX,
  Y_INDEX,
  ZERO,
} from "../../../formats/text/layout";
import {
  BACKWARD_STEPS,
  EVENT_COUNT,
  EVENTS_OUTSIDE_GEOMETRY,
  FORMAT_FIELDS,
  HEIGHT,
  POLARITY_COLUMN,
  SIGNED_POLARITY,
  T_COLUMN,
  TIME_OFFSET,
  WIDTH,
  X_COLUMN,
  Y_COLUMN,
} from "../../layout";
import { count } from "./count";
import { eightDigits, twiceFourDigits } from "./digits";
import { kept } from "./kept";
import { LAST_TIME, LINES } from "./text-state";

const STARTS: usize = FORMAT_FIELDS + COLUMN_STARTS;
/** Digits of whole microseconds or seconds that make a time of 64 bits, whatever they are. */
export const MOST_DIGITS: u32 = 16;
export const MOST_SECOND_DIGITS: u32 = 12;
export const MOST_DECIMALS: u32 = 32;

/**
 * Appends the events of the lines from `input` to the columns, up to the first that has another
 * shape or does not end before `end`, or until the columns hold `capacity` events. Returns the
 * address of that line. What `parts/straight-line.ts` makes of a line that is taken here is the same.
 *
 * A line is at most 64 bytes long; bits stand for its bytes, the first one's lowest.
 *
 * The types say what the file has, so that what it does not have costs nothing: `Time` is f64 for
 * seconds with a decimal point and i64 for whole microseconds, `Polarity` is i8 where OFF may be -1
 * and else u8.
 */
export function shapedLines<Time, Polarity>(input: usize, end: usize, capacity: i32): usize {
  const width = load<u32>(WIDTH);
  const height = load<u32>(HEIGHT);
  const firstPixel = load<u32>(FORMAT_FIELDS + FIRST_PIXEL);
  const signedPolarity = load<i32>(SIGNED_POLARITY);
  const timeOffset = load<i64>(TIME_OFFSET);
  const xs: usize = load<u32>(X_COLUMN);
  const ys: usize = load<u32>(Y_COLUMN);
  const ts: usize = load<u32>(T_COLUMN);
  const polarities: usize = load<u32>(POLARITY_COLUMN);
  let lastTime = load<i64>(LAST_TIME);
  let events = load<i32>(EVENT_COUNT);
  let lines: i64 = 0;

  const separator = kept(i8x16.splat(load<i8>(FORMAT_FIELDS + SEPARATOR)));
  const toSigned = kept(i8x16.splat(<i8>(ZERO + 128)));
  const nine = kept(i8x16.splat(<i8>(9 - 128)));
  // Blanks side by side, or at the ends of a line, separate nothing.
  const noGaps: u64 = load<i32>(FORMAT_FIELDS + SEPARATOR) === BLANK ? u64.MAX_VALUE : 0;
  const minus = kept(i8x16.splat(<i8>MINUS));
  const columns = load<i32>(FORMAT_FIELDS + COLUMNS);
  const crLf = (load<i32>(FORMAT_FIELDS + SHAPE) & CR_LF) !== 0;
  const endMask: u32 = crLf ? 0xffff : 0xff;
  const endBytes: u32 = crLf ? (LINE_FEED << 8) | CARRIAGE_RETURN : LINE_FEED;
  const endLength: usize = crLf ? 2 : 1;
  const tStart: usize = STARTS + (load<u32>(FORMAT_FIELDS + T_INDEX) << 2);
  const xStart: usize = STARTS + (load<u32>(FORMAT_FIELDS + X_INDEX) << 2);
  const yStart: usize = STARTS + (load<u32>(FORMAT_FIELDS + Y_INDEX) << 2);
  const pStart: usize = STARTS + (load<u32>(FORMAT_FIELDS + POLARITY_INDEX) << 2);
  store<u32>(STARTS, 0);

  while (events < capacity) {
    // The first of `others` is the decimal point, where there is one, and the next the line's end.
    const a = v128.load(input);
    const b = v128.load(input, 16);
    let separators = bits(i8x16.eq(a, separator), i8x16.eq(b, separator));
    let others = bits(notDigits(a, toSigned, nine), notDigits(b, toSigned, nine)) ^ separators;
    let minuses: u64 = 0;
    if (isSigned<Polarity>()) {
      minuses = bits(i8x16.eq(a, minus), i8x16.eq(b, minus));
      others ^= minuses;
    }
    if (isFloat<Time>() ? (others & (others - 1)) === 0 : others === 0) {
      const c = v128.load(input, 32);
      const d = v128.load(input, 48);
      const more = bits(i8x16.eq(c, separator), i8x16.eq(d, separator));
      separators |= more << 32;
      others |= (bits(notDigits(c, toSigned, nine), notDigits(d, toSigned, nine)) ^ more) << 32;
      if (isSigned<Polarity>()) {
        const moreMinuses = bits(i8x16.eq(c, minus), i8x16.eq(d, minus)) << 32;
        minuses |= moreMinuses;
        others ^= moreMinuses;
      }
      if (isFloat<Time>() ? (others & (others - 1)) === 0 : others === 0) break;
    }
    let point: u32 = 0;
    if (isFloat<Time>()) {
      point = <u32>ctz(others);
      others &= others - 1;
    }
    const stop = <u32>ctz(others);
    const next = input + stop + endLength;
    const below = ((<u64>1) << stop) - 1;
    // A column ends with each of these.
    let ends = (separators & below) | ((<u64>1) << stop);
    if (
      next > end ||
      <i32>popcnt(ends) !== columns ||
      (ends & ((ends << 1) | 1) & noGaps) !== 0 ||
      (load<u32>(input + stop) & endMask) !== endBytes
    ) {
      break;
    }
    store<u32>(STARTS, <u32>ctz(ends) + 1, 4);
    ends &= ends - 1;
    store<u32>(STARTS, <u32>ctz(ends) + 1, 8);
    ends &= ends - 1;
    store<u32>(STARTS, <u32>ctz(ends) + 1, 12);
    ends &= ends - 1;
    store<u32>(STARTS, <u32>ctz(ends) + 1, 16);
    ends &= ends - 1;
    for (let start = STARTS + 20; ends !== 0; start += 4) {
      store<u32>(start, <u32>ctz(ends) + 1);
      ends &= ends - 1;
    }

    const xAt = load<u32>(xStart);
    const xEnd = load<u32>(xStart, 4) - 1;
    const yAt = load<u32>(yStart);
    const yEnd = load<u32>(yStart, 4) - 1;
    const pAt = load<u32>(pStart);
    const pEnd = load<u32>(pStart, 4) - 1;
    const tAt = load<u32>(tStart);
    const tEnd = load<u32>(tStart, 4) - 1;
    const polarity: u32 = load<u8>(input + pEnd - 1) - ZERO;
    const isMinus = isSigned<Polarity>() ? <u32>(minuses >> pAt) & 1 : 0;
    const wholeEnd = isFloat<Time>() ? point : tEnd;
    const digits = wholeEnd - tAt;
    // Differences of what is in the wrong order are too large.
    let isOther =
      i32(xEnd - xAt - 1 > 3) |
      i32(yEnd - yAt - 1 > 3) |
      i32(polarity > 1) |
      i32(pEnd - pAt !== 1 + isMinus) |
      i32(digits - 1 >= (isFloat<Time>() ? MOST_SECOND_DIGITS : MOST_DIGITS));
    if (isSigned<Polarity>()) isOther |= i32((minuses & below) !== (<u64>isMinus) << pAt);
    const decimals = tEnd - wholeEnd - 1;
    if (isFloat<Time>()) {
      isOther |= i32(load<u8>(input + point) !== POINT) | i32(decimals - 1 >= MOST_DECIMALS);
    }
    if (isOther !== 0) break;

    const xDigits = load<u32>(input + xAt) << ((4 - (xEnd - xAt)) << 3);
    const yDigits = load<u32>(input + yAt) << ((4 - (yEnd - yAt)) << 3);
    const pixel = twiceFourDigits(((<u64>yDigits) << 32) | xDigits);
    // One in front of the first pixel is too large.
    const x = <u32>((pixel >> 16) & 0xffff) - firstPixel;
    const y = <u32>(pixel >> 48) - firstPixel;
    let time: i64;
    if (digits <= 8) {
      time = eightDigits(load<u64>(input + tAt) << ((8 - digits) << 3));
    } else {
      const high = eightDigits(load<u64>(input + tAt) << ((16 - digits) << 3));
      time = high * 100000000 + eightDigits(load<u64>(input + wholeEnd - 8));
    }
    if (isFloat<Time>()) {
      const text = load<u64>(input + wholeEnd, 1);
      const keptDigits: u64 = decimals >= 6 ? 0xffffffffffff : ((<u64>1) << (decimals << 3)) - 1;
      const seventh = i32(decimals > 6) & i32(<i32>((text >> 48) & 0xff) > ZERO + 4);
      time = time * 1000000 + eightDigits((text & keptDigits) << 16) + seventh;
    }
    if (x >= width || y >= height) {
      count(EVENTS_OUTSIDE_GEOMETRY, input);
    } else {
      if (time < lastTime) count(BACKWARD_STEPS, input);
      lastTime = time;
      store<u16>(xs + (events << 1), <u16>x);
      store<u16>(ys + (events << 1), <u16>y);
      store<i64>(ts + (events << 3), time - timeOffset);
      const on = polarity & ~isMinus;
      store<i8>(polarities + events, <i8>((on << signedPolarity) - signedPolarity));
      events++;
    }
    lines++;
    input = next;
  }
  store<i64>(LAST_TIME, lastTime);
  store<i32>(EVENT_COUNT, events);
  store<i64>(LINES, load<i64>(LINES) + lines);
  return input;
}

/** A bit for each of 32 bytes. */
export function bits(a: v128, b: v128): u64 {
  return <u64>(<u32>i8x16.bitmask(a) | ((<u32>i8x16.bitmask(b)) << 16));
}

/** Compares as signed numbers, since x86 has no instruction for others. */
export function notDigits(text: v128, toSigned: v128, nine: v128): v128 {
  return i8x16.gt_s(i8x16.sub(text, toSigned), nine);
}
