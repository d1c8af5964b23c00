// The shortest way through lines of text: four columns in an order that many files have, OFF as 0.
// What parts/shaped-lines.ts looks up for any order is known here.
import {
  CARRIAGE_RETURN,
  CR_LF,
  FIRST_PIXEL,
  LINE_FEED,
  POINT,
  SEPARATOR,
  SHAPE,
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
import { bits, MOST_DECIMALS, MOST_DIGITS, MOST_SECOND_DIGITS, notDigits } from "./shaped-lines";
import { LAST_TIME, LINES } from "./text-state";

/**
 * Appends the events of the lines from `input` to the columns, as `shapedLines` does, of which this
 * is a part that stops at more lines: a line is at most 32 bytes long.
 *
 * `Time` is f64 for seconds with a decimal point and i64 for whole microseconds. `Order` says which
 * order the columns have: u8 for `t x y p`, u16 for `x y p t`, u32 for `x y t p`.
 */
export function usualLines<Time, Order>(input: usize, end: usize, capacity: i32): usize {
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
  const crLf = (load<i32>(FORMAT_FIELDS + SHAPE) & CR_LF) !== 0;
  const endMask: u32 = crLf ? 0xffff : 0xff;
  const endBytes: u32 = crLf ? (LINE_FEED << 8) | CARRIAGE_RETURN : LINE_FEED;
  const endLength: usize = crLf ? 2 : 1;

  while (events < capacity) {
    const a = v128.load(input);
    const b = v128.load(input, 16);
    let separators = <u32>bits(i8x16.eq(a, separator), i8x16.eq(b, separator));
    let others = <u32>bits(notDigits(a, toSigned, nine), notDigits(b, toSigned, nine)) ^ separators;
    let point: u32 = 0;
    if (isFloat<Time>()) {
      point = ctz(others);
      others &= others - 1;
    }
    if (others === 0) break;
    const stop: u32 = ctz(others);
    const next = input + stop + endLength;
    // The third separator is known by where the polarity is.
    separators &= ((<u32>1) << stop) - 1;
    const first: u32 = ctz(separators);
    separators &= separators - 1;
    const second: u32 = ctz(separators);
    separators &= separators - 1;
    const third: u32 = sizeof<Order>() === 2 ? second + 2 : stop - 2;
    const xAt: u32 = sizeof<Order>() === 1 ? first + 1 : 0;
    const xEnd: u32 = sizeof<Order>() === 1 ? second : first;
    const yAt: u32 = xEnd + 1;
    const yEnd: u32 = sizeof<Order>() === 1 ? third : second;
    const tAt: u32 = sizeof<Order>() === 1 ? 0 : sizeof<Order>() === 2 ? third + 1 : second + 1;
    const tEnd: u32 = sizeof<Order>() === 1 ? first : sizeof<Order>() === 2 ? stop : third;
    const polarity: u32 = load<u8>(input + third + (sizeof<Order>() === 2 ? -1 : 1)) - ZERO;
    const wholeEnd = isFloat<Time>() ? point : tEnd;
    const digits = wholeEnd - tAt;
    const decimals = tEnd - wholeEnd - 1;
    // Differences of what is in the wrong order are too large, and so are empty columns.
    let isOther =
      i32(separators !== (<u32>1) << third) |
      i32(next > end) |
      i32((load<u32>(input + stop) & endMask) !== endBytes) |
      i32(xEnd - xAt - 1 > 3) |
      i32(yEnd - yAt - 1 > 3) |
      i32(polarity > 1) |
      i32(digits - 1 >= (isFloat<Time>() ? MOST_SECOND_DIGITS : MOST_DIGITS));
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
      store<i8>(polarities + events, <i8>((polarity << signedPolarity) - signedPolarity));
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
