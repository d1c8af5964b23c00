// Adds the events of the tile to the counts of their windows of time.
import {
  FIRST_WINDOW,
  LAST_WINDOW,
  T_COLUMN,
  WINDOW_COUNTS,
  WINDOW_SLOTS,
  WINDOW_US,
  WINDOWS_OVERFLOW,
} from "../layout";

/** Counts the first `count` events, unless the windows were too many before. */
export function countWindows(count: i32): void {
  if (load<i32>(WINDOWS_OVERFLOW) !== 0) return;
  const times = load<u32>(T_COLUMN);
  const length = load<i64>(WINDOW_US);
  for (let index = 0; index < count; ) {
    const window = numberOf(load<i64>(times + (index << 3)), length);
    const start = window * length;
    let end = index + 1;
    // Times mostly rise, so that a window is a run of events; one comparison is for both its ends. Where
    // the window reaches beyond 64 bits, it would take times at the other end of these for its own.
    if (start + length > start && start <= load<i64>(times + (index << 3))) {
      while (end < count && <u64>(load<i64>(times + (end << 3)) - start) < <u64>length) end++;
    }
    if (!add(window, end - index)) return;
    index = end;
  }
}

/** The time divided by the length of a window, rounded down. */
function numberOf(time: i64, length: i64): i64 {
  const quotient = time / length;
  return time < quotient * length ? quotient - 1 : quotient;
}

function add(window: i64, events: i32): bool {
  const first = min(load<i64>(FIRST_WINDOW), window);
  const last = max(load<i64>(LAST_WINDOW), window);
  if (<u64>(last - first) >= <u64>WINDOW_SLOTS) {
    store<i32>(WINDOWS_OVERFLOW, 1);
    return false;
  }
  store<i64>(FIRST_WINDOW, first);
  store<i64>(LAST_WINDOW, last);
  const slot = load<u32>(WINDOW_COUNTS) + ((<u32>(window & (WINDOW_SLOTS - 1))) << 3);
  store<f64>(slot, load<f64>(slot) + events);
  return true;
}
