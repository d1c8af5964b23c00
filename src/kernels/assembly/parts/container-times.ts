// Times of the compact container: columns into raw streams, and back. A group is events of one time.
import { LARGE_STEPS } from "../../layout";
import { kept } from "./kept";
import { storeTimes } from "./store";

/** A step of so many or more is written among the large ones. */
const LARGE_STEP: u8 = 255;
/** The most events of a group. */
const GROUP_EVENTS = 256;

/** How many times are before the one in front of them. */
export function countBackward(ts: usize, count: i32): i32 {
  let steps = 0;
  let index = 1;
  for (; index + 4 <= count; index += 4) {
    const t = ts + (index << 3);
    const low = i64x2.gt_s(v128.load(t - 8), v128.load(t));
    const high = i64x2.gt_s(v128.load(t + 8), v128.load(t + 16));
    if (v128.any_true(v128.or(low, high))) {
      steps += popcnt(i64x2.bitmask(low)) + popcnt(i64x2.bitmask(high));
    }
  }
  for (; index < count; index++) {
    const t = ts + (index << 3);
    steps += load<i64>(t) < load<i64>(t - 8) ? 1 : 0;
  }
  return steps;
}

/**
 * Writes the steps of times, and the large ones of them behind each other at `larges`; tells how many
 * those are in `LARGE_STEPS`.
 *
 * @param isSigned - as zigzag numbers: times may go back
 */
export function takeSteps(ts: usize, count: i32, out: usize, larges: usize, isSigned: i32): void {
  let large = 0;
  let last = load<i64>(ts);
  for (let index = 0; index < count; index++) {
    const time = load<i64>(ts + (index << 3));
    let step: u64 = <u64>(time - last);
    if (isSigned) step = (step << 1) ^ <u64>(<i64>step >> 63);
    last = time;
    if (step >= LARGE_STEP) {
      store<u64>(larges + (large << 3), step);
      large++;
      step = LARGE_STEP;
    }
    store<u8>(out + index, <u8>step);
  }
  store<i32>(LARGE_STEPS, large);
}

/**
 * Writes groups of events with the same time: a step each, and their events less one at `sizes`. Large
 * steps are written as by {@link takeSteps}.
 *
 * @returns the number of groups
 */
export function takeGroups(ts: usize, count: i32, steps: usize, sizes: usize, larges: usize): i32 {
  let large = 0;
  let groups = 0;
  let last = load<i64>(ts);
  for (let index = 0; index < count; ) {
    const time = load<i64>(ts + (index << 3));
    const most = min(count - index, GROUP_EVENTS);
    let size = 1;
    while (size < most && load<i64>(ts + ((index + size) << 3)) === time) size++;
    let step: u64 = <u64>(time - last);
    last = time;
    if (step >= LARGE_STEP) {
      store<u64>(larges + (large << 3), step);
      large++;
      step = LARGE_STEP;
    }
    store<u8>(steps + groups, <u8>step);
    store<u8>(sizes + groups, <u8>(size - 1));
    groups++;
    index += size;
  }
  store<i32>(LARGE_STEPS, large);
  return groups;
}

/** Puts large steps into eight planes. */
export function splitLarge(larges: usize, count: i32, out: usize): void {
  for (let plane = 0; plane < 8; plane++) {
    for (let index = 0; index < count; index++) {
      store<u8>(out++, load<u8>(larges + (index << 3) + plane));
    }
  }
}

/**
 * Adds up steps from `first` on into `ts`.
 *
 * @param isSigned - whether steps are zigzag numbers
 * @returns how many large steps were taken; -1 when there are too few
 */
export function addSteps(
  ts: usize,
  count: i32,
  first: i64,
  steps: usize,
  planes: usize,
  large: i32,
  isSigned: i32,
): i32 {
  const marker = kept(i8x16.splat(<i8>LARGE_STEP));
  const zero = i16x8.splat(0);
  let time = first;
  let taken = 0;
  let index = 0;
  while (index < count) {
    if (!isSigned) {
      for (; index + 16 <= count; index += 16) {
        const bytes = v128.load(steps + index);
        if (v128.any_true(i8x16.eq(bytes, marker))) break;
        let low = i16x8.extend_low_i8x16_u(bytes);
        let high = i16x8.extend_high_i8x16_u(bytes);
        low = i16x8.add(low, v128.shuffle<i16>(zero, low, 7, 8, 9, 10, 11, 12, 13, 14));
        high = i16x8.add(high, v128.shuffle<i16>(zero, high, 7, 8, 9, 10, 11, 12, 13, 14));
        low = i16x8.add(low, v128.shuffle<i16>(zero, low, 6, 7, 8, 9, 10, 11, 12, 13));
        high = i16x8.add(high, v128.shuffle<i16>(zero, high, 6, 7, 8, 9, 10, 11, 12, 13));
        low = i16x8.add(low, v128.shuffle<i16>(zero, low, 4, 5, 6, 7, 8, 9, 10, 11));
        high = i16x8.add(high, v128.shuffle<i16>(zero, high, 4, 5, 6, 7, 8, 9, 10, 11));
        high = i16x8.add(high, v128.shuffle<i16>(low, low, 7, 7, 7, 7, 7, 7, 7, 7));
        const base = i64x2.splat(time);
        const out = ts + (index << 3);
        storeOffsets(out, low, base);
        storeOffsets(out + 64, high, base);
        time += <i64>i16x8.extract_lane_u(high, 7);
      }
    }
    // The straight line, around large steps and at the end.
    const stop = min(index + 16, count);
    for (; index < stop; index++) {
      let step: i64 = load<u8>(steps + index);
      if (step === LARGE_STEP) {
        if (taken === large) return -1;
        step = largeStep(planes, large, taken++);
      }
      time += isSigned ? unzigzag(step) : step;
      store<i64>(ts + (index << 3), time);
    }
  }
  return taken;
}

/** Stores eight times, each that many microseconds behind `base`. */
function storeOffsets(out: usize, offsets: v128, base: v128): void {
  const low = i32x4.extend_low_i16x8_u(offsets);
  const high = i32x4.extend_high_i16x8_u(offsets);
  storeTimes(out, low, high, base);
}

/**
 * Writes the times of `groups` groups into `ts`.
 *
 * @returns how many large steps were taken; -1 when there are too few, or not `count` events
 */
export function addGroups(
  ts: usize,
  count: i32,
  first: i64,
  steps: usize,
  sizes: usize,
  groups: i32,
  planes: usize,
  large: i32,
): i32 {
  let time = first;
  let taken = 0;
  let left = count;
  let out = ts;
  for (let group = 0; group < groups; group++) {
    let step: i64 = load<u8>(steps + group);
    if (step === LARGE_STEP) {
      if (taken === large) return -1;
      step = largeStep(planes, large, taken++);
    }
    time += step;
    const size: i32 = <i32>load<u8>(sizes + group) + 1;
    left -= size;
    if (left < 0) return -1;
    const both = i64x2.splat(time);
    const end = out + (size << 3);
    for (; out + 16 <= end; out += 16) v128.store(out, both);
    if (out < end) {
      store<i64>(out, time);
      out += 8;
    }
  }
  return left === 0 ? taken : -1;
}

/** Number `index` of the `count` large steps in eight planes. */
function largeStep(planes: usize, count: i32, index: i32): i64 {
  let step: u64 = 0;
  let at = planes + index;
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    step |= (<u64>load<u8>(at)) << shift;
    at += count;
  }
  return step;
}

function unzigzag(step: i64): i64 {
  return <i64>(<u64>step >> 1) ^ -(step & 1);
}
