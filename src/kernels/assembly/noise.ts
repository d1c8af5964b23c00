// Filters that look at when the pixel of an event, or one beside it, had an event before.

/** The time of a pixel without any event. */
const NEVER = i64.MIN_VALUE;

/** Forgets all events: `pixels` i64 at `last`. */
export function forget(last: usize, pixels: i32): void {
  for (let pixel = 0; pixel < pixels; pixel++) store<i64>(last + ((<usize>pixel) << 3), NEVER);
}

/**
 * Keeps an event unless one of its pixel was kept less than `period` microseconds before it. One that
 * is earlier than that is kept. Coordinates lie inside `width` and the rows of `last`.
 */
export function keepRested(
  count: i32,
  bits: usize,
  xs: usize,
  ys: usize,
  ts: usize,
  last: usize,
  width: u32,
  period: i64,
): void {
  for (let index = 0; index < count; index++) {
    const x: u32 = load<u16>(xs + (index << 1));
    const y: u32 = load<u16>(ys + (index << 1));
    const t = load<i64>(ts + (index << 3));
    const pixel = last + ((y * width + x) << 3);
    const before = load<i64>(pixel);
    if (before !== NEVER && t >= before && <u64>(t - before) < <u64>period) {
      drop(bits, index);
    } else {
      store<i64>(pixel, t);
    }
  }
}

/**
 * Keeps an event if one of the eight pixels around its own had its latest event at most `period`
 * microseconds from it, kept or not.
 */
export function keepSupported(
  count: i32,
  bits: usize,
  xs: usize,
  ys: usize,
  ts: usize,
  last: usize,
  width: i32,
  height: i32,
  period: i64,
): void {
  for (let index = 0; index < count; index++) {
    const x: i32 = load<u16>(xs + (index << 1));
    const y: i32 = load<u16>(ys + (index << 1));
    const t = load<i64>(ts + (index << 3));
    const left = max(x - 1, 0);
    const right = min(x + 1, width - 1);
    const top = max(y - 1, 0);
    const bottom = min(y + 1, height - 1);
    let isSupported = false;
    for (let row = top; row <= bottom && !isSupported; row++) {
      for (let column = left; column <= right; column++) {
        if (row === y && column === x) continue;
        const other = load<i64>(last + ((<usize>(row * width + column)) << 3));
        if (other !== NEVER && distance(t, other) <= <u64>period) {
          isSupported = true;
          break;
        }
      }
    }
    if (!isSupported) drop(bits, index);
    store<i64>(last + ((<usize>(y * width + x)) << 3), t);
  }
}

function distance(one: i64, other: i64): u64 {
  return one > other ? <u64>(one - other) : <u64>(other - one);
}

function drop(bits: usize, index: i32): void {
  const at = bits + (index >> 3);
  const bit: i32 = 1 << (index & 7);
  store<u8>(at, load<u8>(at) & ~(<u8>bit));
}
