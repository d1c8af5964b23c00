// The rows that a reader put behind the events of the tile, made into events in place.
import {
  BACKWARD_STEPS,
  CARRIED,
  EVENT_COUNT,
  EVENTS_OUTSIDE_GEOMETRY,
  HEIGHT,
  POLARITY_COLUMN,
  REJECTED_BITS,
  REJECTED_ROWS,
  SIGNED_POLARITY,
  T_COLUMN,
  TIME_OFFSET,
  TIME_OVERFLOW,
  WIDTH,
  X_COLUMN,
  Y_COLUMN,
} from "../layout";
import { count } from "./parts/count";

// Carried from call to call.
const HAS_EVENT: usize = CARRIED; // i32
const LAST_TIME: usize = CARRIED + 8; // i64, of the last event kept, as it was read

/** Rows that one SIMD step takes. */
const LANES = 8;

/**
 * Takes `rowCount` rows: drops those outside the sensor, closing the gaps, gives polarity its
 * encoding, counts steps back in time and subtracts the time offset. With `rebase`, that offset is
 * the time of the first event ever kept. Rows that are marked as rejected raise the counter
 * `rejectedAs`.
 */
export function assemble(rowCount: i32, rebase: i32, rejectedAs: i32): void {
  const width = load<i32>(WIDTH);
  const height = load<i32>(HEIGHT);
  const signed = load<i32>(SIGNED_POLARITY);
  const xs: usize = load<u32>(X_COLUMN);
  const ys: usize = load<u32>(Y_COLUMN);
  const ts: usize = load<u32>(T_COLUMN);
  const polarities: usize = load<u32>(POLARITY_COLUMN);
  const rejected: usize = load<i32>(REJECTED_ROWS) > 0 ? <usize>load<u32>(REJECTED_BITS) : 0;

  const first = load<i32>(EVENT_COUNT);
  const end = first + rowCount;
  let row = first;
  let events = first;
  let hasEvent = load<i32>(HAS_EVENT) !== 0;
  let timeOffset = load<i64>(TIME_OFFSET);
  let last = i64x2.splat(hasEvent ? load<i64>(LAST_TIME) : i64.MIN_VALUE);
  let overflow = i64x2.splat(0);

  const maxX = i16x8.splat(<i16>(width - 1));
  const maxY = i16x8.splat(<i16>(height - 1));
  const none = i8x16.splat(0);
  const onValue = i8x16.splat(<i8>((<i32>1) << signed));
  const bias = i8x16.splat(<i8>signed);

  while (row < end) {
    // Without an event so far, the offset of a rebased table is not known.
    if (hasEvent || !rebase) {
      const offset = i64x2.splat(timeOffset);
      while (row + LANES <= end) {
        if (rejected !== 0 && load<u8>(rejected + ((row - first) >> 3)) !== 0) break;
        const x = v128.load(xs + (row << 1));
        const y = v128.load(ys + (row << 1));
        const t = ts + (row << 3);
        const t0 = v128.load(t);
        const t1 = v128.load(t, 16);
        const t2 = v128.load(t, 32);
        const t3 = v128.load(t, 48);
        // Each time beside the one in front of it; `last` has that of the first in its lane 1.
        const earlier = v128.or(
          v128.or(
            i64x2.gt_s(v128.shuffle<i64>(last, t0, 1, 2), t0),
            i64x2.gt_s(v128.shuffle<i64>(t0, t1, 1, 2), t1),
          ),
          v128.or(
            i64x2.gt_s(v128.shuffle<i64>(t1, t2, 1, 2), t2),
            i64x2.gt_s(v128.shuffle<i64>(t2, t3, 1, 2), t3),
          ),
        );
        const outside = v128.or(i16x8.gt_u(x, maxX), i16x8.gt_u(y, maxY));
        if (v128.any_true(v128.or(earlier, outside))) break;
        const on = i8x16.gt_s(v128.load64_zero(polarities + row), none);
        v128.store64_lane(polarities + events, i8x16.sub(v128.and(on, onValue), bias), 0);
        if (events !== row) {
          v128.store(xs + (events << 1), x);
          v128.store(ys + (events << 1), y);
        }
        if (events !== row || timeOffset !== 0) {
          const out = ts + (events << 3);
          const s0 = i64x2.sub(t0, offset);
          const s1 = i64x2.sub(t1, offset);
          const s2 = i64x2.sub(t2, offset);
          const s3 = i64x2.sub(t3, offset);
          v128.store(out, s0);
          v128.store(out, s1, 16);
          v128.store(out, s2, 32);
          v128.store(out, s3, 48);
          // The sign tells: operands of unlike sign, and a result unlike the first.
          const half = v128.or(overflows(t0, offset, s0), overflows(t1, offset, s1));
          const rest = v128.or(overflows(t2, offset, s2), overflows(t3, offset, s3));
          overflow = v128.or(overflow, v128.or(half, rest));
        }
        last = t3;
        hasEvent = true;
        row += LANES;
        events += LANES;
      }
    }

    // The straight line: one row at a time, for what is around anything irregular, and for the end.
    const stop = min(row + LANES, end);
    for (; row < stop; row++) {
      const index = row - first;
      const x = load<u16>(xs + (row << 1));
      const y = load<u16>(ys + (row << 1));
      const isRejected =
        rejected !== 0 && ((load<u8>(rejected + (index >> 3)) >>> (<u8>index & 7)) & 1) !== 0;
      if (isRejected || <i32>x >= width || <i32>y >= height) {
        count(isRejected ? rejectedAs : EVENTS_OUTSIDE_GEOMETRY, index);
        continue;
      }
      const time = load<i64>(ts + (row << 3));
      if (hasEvent && time < i64x2.extract_lane(last, 1)) count(BACKWARD_STEPS, index);
      if (rebase && !hasEvent) timeOffset = time;
      const moved = time - timeOffset;
      overflow = v128.or(overflow, i64x2.splat((time ^ timeOffset) & (time ^ moved)));
      store<u16>(xs + (events << 1), x);
      store<u16>(ys + (events << 1), y);
      store<i64>(ts + (events << 3), moved);
      const on: i32 = load<i8>(polarities + row) > 0 ? 1 : 0;
      store<i8>(polarities + events, <i8>((on << signed) - signed));
      last = i64x2.splat(time);
      hasEvent = true;
      events++;
    }
  }

  store<i32>(HAS_EVENT, hasEvent ? 1 : 0);
  store<i64>(LAST_TIME, i64x2.extract_lane(last, 1));
  store<i64>(TIME_OFFSET, timeOffset);
  store<i32>(TIME_OVERFLOW, i64x2.bitmask(overflow) !== 0 ? 1 : 0);
  store<i32>(EVENT_COUNT, events);
}

/**
 * Takes `rowCount` rows that are known to be inside the sensor and in order of time: gives polarity its encoding,
 * and does not look at the rest. Returns 0, and does nothing, where they begin before the last event, or a time
 * offset is subtracted.
 */
export function takeSound(rowCount: i32): i32 {
  const first = load<i32>(EVENT_COUNT);
  const end = first + rowCount;
  const ts: usize = load<u32>(T_COLUMN);
  if (load<i64>(TIME_OFFSET) !== 0) return 0;
  if (load<i32>(HAS_EVENT) !== 0 && load<i64>(ts + (first << 3)) < load<i64>(LAST_TIME)) return 0;
  const signed = load<i32>(SIGNED_POLARITY);
  const polarities: usize = load<u32>(POLARITY_COLUMN);
  const none = i8x16.splat(0);
  const onValue = i8x16.splat(<i8>((<i32>1) << signed));
  const bias = i8x16.splat(<i8>signed);
  let row = first;
  for (; row + 16 <= end; row += 16) {
    const on = i8x16.gt_s(v128.load(polarities + row), none);
    v128.store(polarities + row, i8x16.sub(v128.and(on, onValue), bias));
  }
  for (; row < end; row++) {
    const on: i32 = load<i8>(polarities + row) > 0 ? 1 : 0;
    store<i8>(polarities + row, <i8>((on << signed) - signed));
  }
  store<i32>(HAS_EVENT, 1);
  store<i64>(LAST_TIME, load<i64>(ts + ((end - 1) << 3)));
  store<i32>(TIME_OVERFLOW, 0);
  store<i32>(EVENT_COUNT, end);
  return 1;
}

/** Lanes with the sign bit set where `a - b` is not `difference` without wrapping. */
function overflows(a: v128, b: v128, difference: v128): v128 {
  return v128.and(v128.xor(a, b), v128.xor(a, difference));
}
