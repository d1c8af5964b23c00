// Counts and extremes of values that stand one behind the other.

/** How many of the polarities are ON: above 0. */
export function countOn(polarities: usize, count: i32): i32 {
  const zero = i8x16.splat(0);
  let on = 0;
  let index = 0;
  for (; index + 16 <= count; index += 16) {
    on += popcnt(i8x16.bitmask(i8x16.gt_s(v128.load(polarities + index), zero)));
  }
  for (; index < count; index++) on += load<i8>(polarities + index) > 0 ? 1 : 0;
  return on;
}

/** Stores the least and the greatest of u16, of which there is at least one, as two u32. */
export function extremesOf16(values: usize, count: i32, minimum: usize, maximum: usize): void {
  let least: u32 = load<u16>(values);
  let greatest: u32 = least;
  let index = 0;
  if (count >= 8) {
    let low = v128.load(values);
    let high = low;
    for (; index + 8 <= count; index += 8) {
      const lanes = v128.load(values + (index << 1));
      low = i16x8.min_u(low, lanes);
      high = i16x8.max_u(high, lanes);
    }
    // Fold the lanes onto lane 0: halves, quarters, eighths.
    low = i16x8.min_u(low, v128.shuffle<i64>(low, low, 1, 0));
    low = i16x8.min_u(low, v128.shuffle<i32>(low, low, 1, 0, 3, 2));
    low = i16x8.min_u(low, v128.shuffle<i16>(low, low, 1, 0, 3, 2, 5, 4, 7, 6));
    high = i16x8.max_u(high, v128.shuffle<i64>(high, high, 1, 0));
    high = i16x8.max_u(high, v128.shuffle<i32>(high, high, 1, 0, 3, 2));
    high = i16x8.max_u(high, v128.shuffle<i16>(high, high, 1, 0, 3, 2, 5, 4, 7, 6));
    least = i16x8.extract_lane_u(low, 0);
    greatest = i16x8.extract_lane_u(high, 0);
  }
  for (; index < count; index++) {
    const value: u32 = load<u16>(values + (index << 1));
    least = min(least, value);
    greatest = max(greatest, value);
  }
  store<u32>(minimum, least);
  store<u32>(maximum, greatest);
}

/** Stores the least and the greatest of i64, of which there is at least one. */
export function extremesOf64(values: usize, count: i32, minimum: usize, maximum: usize): void {
  let low = i64x2.splat(load<i64>(values));
  let high = low;
  let index = 0;
  for (; index + 2 <= count; index += 2) {
    const lanes = v128.load(values + (index << 3));
    low = v128.bitselect(lanes, low, i64x2.gt_s(low, lanes));
    high = v128.bitselect(lanes, high, i64x2.gt_s(lanes, high));
  }
  let least = min(i64x2.extract_lane(low, 0), i64x2.extract_lane(low, 1));
  let greatest = max(i64x2.extract_lane(high, 0), i64x2.extract_lane(high, 1));
  if (index < count) {
    const value = load<i64>(values + (index << 3));
    least = min(least, value);
    greatest = max(greatest, value);
  }
  store<i64>(minimum, least);
  store<i64>(maximum, greatest);
}
