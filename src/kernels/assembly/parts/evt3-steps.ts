// The usual EVT 3.0 words: eight a step, and whole vector triples.
import {
  EVT_ADDR_X,
  EVT_ADDR_Y,
  EVT_TIME_HIGH,
  EVT_TIME_LOW,
  PAYLOAD_MASK,
  POLARITY_SHIFT,
  ROWS,
  TRIPLE_BYTES,
  TRIPLE_STEP,
  TRIPLE_TYPES,
  TRIPLE_TYPES_MASK,
  TYPE_SHIFT,
  VECT_12_MASK,
  VECT_12_STEP,
  VECT_BASE_X,
  WORD_BYTES,
  X_MASK,
} from "../../../formats/evt3/layout";
import {
  EVENT_COUNT,
  HEIGHT,
  POLARITY_COLUMN,
  SIGNED_POLARITY,
  T_COLUMN,
  WIDTH,
  X_COLUMN,
  Y_COLUMN,
} from "../../layout";
import {
  BASE,
  BASE_POLARITY,
  LAST_TIME,
  MASK_LEFT,
  NO_BASE,
  now,
  ROW,
  TIME_HIGH,
  TIME_LOW,
  timeBase,
} from "./evt3-state";
import { kept } from "./kept";
import { compaction, lastOf, takeOver } from "./lanes";
import { storePolarities, storeTimes } from "./store";

/** Words that one SIMD step looks at. */
const LANES = 8;
/** Pixels of a triple that go one by one. */
const FEW_PIXELS: u32 = 4;

/**
 * Eight words a step, as long as they are ADDR_X, ADDR_Y, TIME_LOW, VECT_BASE_X and the TIME_HIGH that
 * holds already, every event is on the sensor and time does not go back; a later TIME_HIGH and vector
 * words end a step, the latter only as whole triples on the sensor. Stops in front of anything else,
 * which is for `decodeStraight`.
 *
 * A step gives every lane the row and the time low that hold there, by taking over the nearest
 * ADDR_Y and TIME_LOW lane in front of it, and then moves the ADDR_X lanes together.
 */
export function decodeRegular(input: usize, end: usize, capacity: i32): usize {
  let base64 = timeBase();
  const lastTime = load<i64>(LAST_TIME);
  if (lastTime > now() || load<u32>(MASK_LEFT) !== 0) return input;
  const width = load<i32>(WIDTH);
  const height = min(load<i32>(HEIGHT), ROWS);
  const signed = load<i32>(SIGNED_POLARITY);
  const xs: usize = load<u32>(X_COLUMN);
  const ys: usize = load<u32>(Y_COLUMN);
  const ts: usize = load<u32>(T_COLUMN);
  const polarities: usize = load<u32>(POLARITY_COLUMN);
  let times = i64x2.splat(base64);
  const maxX = kept(i16x8.splat(<i16>min(width - 1, i16.MAX_VALUE)));
  const maxY = kept(i16x8.splat(<i16>(height - 1)));
  const polarityBias = kept(i8x16.splat(<i8>signed));
  const addrX = kept(i16x8.splat(<i16>EVT_ADDR_X));
  const addrY = kept(i16x8.splat(<i16>EVT_ADDR_Y));
  const timeLow = kept(i16x8.splat(<i16>EVT_TIME_LOW));
  const vectBase = kept(i16x8.splat(<i16>VECT_BASE_X));
  const payloadMask = kept(i16x8.splat(<i16>PAYLOAD_MASK));
  const xMask = kept(i16x8.splat(<i16>X_MASK));
  const one = kept(i16x8.splat(1));

  let rowCarried = i16x8.splat(<i16>load<u32>(ROW));
  let lowCarried = i16x8.splat(<i16>load<u32>(TIME_LOW));
  let timeHigh = load<u32>(TIME_HIGH);
  let sameTimeHigh = i16x8.splat(<i16>((EVT_TIME_HIGH << TYPE_SHIFT) | timeHigh));
  let base = load<i32>(BASE);
  let basePolarity = load<i32>(BASE_POLARITY);
  const before = load<i32>(EVENT_COUNT);
  let events = before;

  while (input + LANES * WORD_BYTES <= end && events + LANES <= capacity) {
    const words = v128.load(input);
    const types = i16x8.shr_u(words, TYPE_SHIFT);
    const isX = i16x8.eq(types, addrX);
    const isY = i16x8.eq(types, addrY);
    const isLow = i16x8.eq(types, timeLow);
    const isBase = i16x8.eq(types, vectBase);
    const regular = v128.or(
      v128.or(v128.or(isX, isY), v128.or(isLow, isBase)),
      i16x8.eq(words, sameTimeHigh),
    );
    const regularAndX: u32 = i8x16.bitmask(i8x16.narrow_i16x8_s(regular, isX));
    const rowsAndLows: u32 = i8x16.bitmask(i8x16.narrow_i16x8_s(isY, isLow));
    const lanes = ctz(~(regularAndX & 0xff));
    const used: u32 = (1 << lanes) - 1;

    const payload = v128.and(words, payloadMask);
    const rows = takeOver(payload, rowsAndLows & 0xff, rowCarried);
    const lows = takeOver(payload, rowsAndLows >>> 8, lowCarried);
    const events8 = (regularAndX >>> 8) & used;
    const together = compaction(events8);
    const x = i8x16.swizzle(v128.and(words, xMask), together);
    const y = i8x16.swizzle(rows, together);
    const low = i8x16.swizzle(lows, together);
    const earlier = v128.shuffle<i16>(lowCarried, lows, 7, 8, 9, 10, 11, 12, 13, 14);
    const steps = i16x8.gt_s(earlier, lows);
    const outside = v128.or(i16x8.gt_s(x, maxX), i16x8.gt_s(y, maxY));
    if (v128.any_true(v128.or(steps, outside))) {
      // Behind the lanes that are used, time may have started anew.
      if (v128.any_true(outside) || (i16x8.bitmask(steps) & used) !== 0) break;
    }

    v128.store(xs + (events << 1), x);
    v128.store(ys + (events << 1), y);
    const on = i8x16.swizzle(v128.and(i16x8.shr_u(words, POLARITY_SHIFT), one), together);
    storePolarities(polarities + events, on, polarityBias);
    const lowA = i32x4.extend_low_i16x8_u(low);
    const lowB = i32x4.extend_high_i16x8_u(low);
    storeTimes(ts + (events << 3), lowA, lowB, times);
    events += <i32>popcnt(events8);

    const bases: u32 = i16x8.bitmask(isBase) & used;
    if (bases !== 0) {
      const word = <i32>load<u16>(input + ((31 - clz(bases)) << 1));
      base = word & X_MASK;
      basePolarity = (word >>> POLARITY_SHIFT) & 1;
    }
    if (lanes === LANES) {
      input += LANES * WORD_BYTES;
      rowCarried = v128.shuffle<i16>(rows, rows, 7, 7, 7, 7, 7, 7, 7, 7);
      lowCarried = v128.shuffle<i16>(lows, lows, 7, 7, 7, 7, 7, 7, 7, 7);
      continue;
    }
    input += lanes << 1;
    if (lanes > 0) {
      const last = lastOf(lanes);
      rowCarried = i8x16.swizzle(rows, last);
      lowCarried = i8x16.swizzle(lows, last);
    }

    const word: u32 = load<u16>(input);
    if (word >>> TYPE_SHIFT === EVT_TIME_HIGH && (word & PAYLOAD_MASK) > timeHigh) {
      timeHigh = word & PAYLOAD_MASK;
      store<u32>(TIME_HIGH, timeHigh);
      sameTimeHigh = i16x8.splat(<i16>word);
      base64 = timeBase();
      times = i64x2.splat(base64);
      lowCarried = i16x8.splat(0);
      input += WORD_BYTES;
      continue;
    }

    // A whole triple: 32 pixels in one mask.
    const row: i32 = i16x8.extract_lane_u(rowCarried, 0);
    const triple = load<u64>(input); // within the slot: 16 bytes were there before the lanes
    const isTriple = (triple & TRIPLE_TYPES_MASK) === TRIPLE_TYPES;
    const onSensor = base !== NO_BASE && base + TRIPLE_STEP <= width && row < height;
    if (!isTriple || !onSensor || input + TRIPLE_BYTES > end) break;
    if (events + TRIPLE_STEP > capacity) break;
    const time = base64 + <i64>i16x8.extract_lane_u(lowCarried, 0);
    const polarity = (basePolarity << signed) - signed;
    let mask = <u32>triple & VECT_12_MASK;
    mask |= (<u32>(triple >>> 16) & VECT_12_MASK) << VECT_12_STEP;
    mask |= (<u32>(triple >>> 32)) << (2 * VECT_12_STEP);
    if (popcnt(mask) <= FEW_PIXELS) {
      for (; mask !== 0; mask &= mask - 1) {
        store<u16>(xs + (events << 1), <u16>(base + ctz(mask)));
        store<u16>(ys + (events << 1), <u16>row);
        store<i64>(ts + (events << 3), time);
        store<i8>(polarities + events, <i8>polarity);
        events++;
      }
    } else {
      fill(
        ys + (events << 1),
        ts + (events << 3),
        polarities + events,
        popcnt(mask),
        row,
        time,
        polarity,
      );
      let pixels = i16x8.add(i16x8.splat(<i16>base), i16x8(0, 1, 2, 3, 4, 5, 6, 7));
      for (; mask !== 0; mask >>>= LANES) {
        const lit = mask & ((1 << LANES) - 1);
        v128.store(xs + (events << 1), i8x16.swizzle(pixels, compaction(lit)));
        events += <i32>popcnt(lit);
        pixels = i16x8.add(pixels, i16x8.splat(<i16>LANES));
      }
    }
    base += TRIPLE_STEP;
    input += TRIPLE_BYTES;
  }

  store<u32>(ROW, i16x8.extract_lane_u(rowCarried, 0));
  store<u32>(TIME_LOW, i16x8.extract_lane_u(lowCarried, 0));
  store<i32>(BASE, base);
  store<i32>(BASE_POLARITY, basePolarity);
  if (events > before) store<i64>(LAST_TIME, load<i64>(ts + (events << 3) - 8));
  store<i32>(EVENT_COUNT, events);
  return input;
}

/** Gives events the same row, time and polarity, eight a step; the last step may write too many. */
function fill(y: usize, t: usize, p: usize, events: i32, row: i32, time: i64, polarity: i32): void {
  const rows = i16x8.splat(<i16>row);
  const times = i64x2.splat(time);
  const polarities = i8x16.splat(<i8>polarity);
  for (let left = events; left > 0; left -= LANES) {
    v128.store(y, rows);
    v128.store64_lane(p, polarities, 0);
    v128.store(t, times);
    v128.store(t, times, 16);
    v128.store(t, times, 32);
    v128.store(t, times, 48);
    y += LANES * 2;
    t += LANES * 8;
    p += LANES;
  }
}
