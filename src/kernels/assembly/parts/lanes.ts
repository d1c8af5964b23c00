// Tables of swizzles for eight lanes of 16 bits, in the kernel's own page.

/** Moves the lanes of a mask to the front, by mask; those behind them become 0. */
const COMPACTION: usize = 4096;
/** Copies to every lane the nearest one of a mask in front of it or at it, by mask; else 0. */
const NEAREST: usize = COMPACTION + 256 * 16;
/** Copies lane n - 1 to all lanes, by n. */
const LAST_LANE: usize = NEAREST + 256 * 16;

const LANES = 8;

/** Fills the tables; they are needed before anything else here. */
export function buildLaneTables(): void {
  for (let mask = 0; mask < 256; mask++) {
    let target = COMPACTION + (mask << 4);
    let nearest: u16 = 0xffff;
    store<v128>(target, i16x8.splat(-1));
    for (let lane = 0; lane < LANES; lane++) {
      if ((mask >> lane) & 1) {
        nearest = laneBytes(lane);
        store<u16>(target, nearest);
        target += 2;
      }
      store<u16>(NEAREST + (mask << 4) + (lane << 1), nearest);
    }
  }
  for (let lanes = 1; lanes <= LANES; lanes++) {
    store<v128>(LAST_LANE + (lanes << 4), i16x8.splat(laneBytes(lanes - 1)));
  }
}

/** The swizzle that moves the lanes of a mask to the front. */
export function compaction(mask: u32): v128 {
  return v128.load(COMPACTION + (mask << 4));
}

/** Every lane's value of the nearest marked lane in front of it or at it, else the carried one. */
export function takeOver(values: v128, marked: u32, carried: v128): v128 {
  const from = v128.load(NEAREST + (marked << 4));
  return v128.or(i8x16.swizzle(values, from), v128.and(carried, i16x8.shr_s(from, 15)));
}

/** The swizzle that copies the last of so many lanes, at least one, to all. */
export function lastOf(lanes: i32): v128 {
  return v128.load(LAST_LANE + (lanes << 4));
}

/** Where the two bytes of a lane stand, for a swizzle. */
function laneBytes(lane: i32): u16 {
  return <u16>((2 * lane) | ((2 * lane + 1) << 8));
}
