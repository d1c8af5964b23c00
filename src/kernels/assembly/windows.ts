// Where a run of events of one time window ends.
import { T_COLUMN } from "../layout";

/** Events that one SIMD step looks at. */
const LANES = 8;

/**
 * The first event at or behind `from` whose time is below `first` or above `last`; `count`, the
 * number of events in the columns, when there is none. Times may go back.
 */
export function runEnd(from: i32, count: i32, first: i64, last: i64): i32 {
  const ts: usize = load<u32>(T_COLUMN);
  const low = i64x2.splat(first);
  const high = i64x2.splat(last);
  let index = from;
  for (; index + LANES <= count; index += LANES) {
    const t = ts + (index << 3);
    const outside = v128.or(
      v128.or(isOutside(v128.load(t), low, high), isOutside(v128.load(t, 16), low, high)),
      v128.or(isOutside(v128.load(t, 32), low, high), isOutside(v128.load(t, 48), low, high)),
    );
    if (v128.any_true(outside)) break;
  }
  for (; index < count; index++) {
    const time = load<i64>(ts + (index << 3));
    if (time < first || time > last) break;
  }
  return index;
}

function isOutside(times: v128, low: v128, high: v128): v128 {
  return v128.or(i64x2.gt_s(low, times), i64x2.gt_s(times, high));
}
