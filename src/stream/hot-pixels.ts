import type { SensorGeometry } from "../events/geometry.ts";
import type { HotPixel, PixelStatistics } from "../events/statistics.ts";
import * as layout from "../kernels/layout.ts";
import type { TilePixels } from "./tile-pixels.ts";

/**
 * How many times as much as others a hot pixel fires. In two real recordings hot pixels had 11 to
 * 138 times the events of the median active pixel and 17 times those of any neighbour or more; no
 * other pixel had more than 9 times that median. docs/design.md has the figures.
 */
const HOT_FACTOR = 10;
/** Of eight: one hot pixel may touch up to three others. */
const QUIET_NEIGHBOURS = 5;
const NEIGHBOURS = [-1, 0, 1].flatMap((dy) =>
  [-1, 0, 1].filter((dx) => dx !== 0 || dy !== 0).map((dx) => [dx, dy] as const),
);
/** Candidates that are kept before all but the best are dropped. */
const MORE_CANDIDATES = 1024;

/**
 * Finds the active and the hot pixels.
 *
 * @param pixels - the counts of all events
 * @param geometry - of the sensor; null where it is not known
 * @param events - of the recording
 * @param most - hot pixels that are listed
 */
export function pixelStatistics(
  pixels: TilePixels,
  geometry: SensorGeometry | null,
  events: number,
  most: number,
): PixelStatistics {
  const { active, median } = medianOf(pixels);
  let hot = 0;
  let hotEvents = 0;
  let hotPixels: HotPixel[] = [];
  for (const block of pixels.blocks()) {
    for (let pixel = 0; pixel * 2 < block.counts.length; pixel++) {
      const count = block.counts[pixel * 2] as number;
      if (count <= HOT_FACTOR * (median ?? 0)) continue;
      const x = block.x + (pixel & (layout.BLOCK_SIDE - 1));
      const y = block.y + (pixel >> layout.BLOCK_BITS);
      if (!standsOut(pixels, x, y, count)) continue;
      hot++;
      hotEvents += count;
      const on = block.counts[pixel * 2 + 1] as number;
      hotPixels.push({ x, y, events: count, on, share: count / events });
      if (hotPixels.length >= 2 * most + MORE_CANDIDATES) hotPixels = best(hotPixels, most);
    }
  }
  return {
    active,
    sensor: geometry === null ? null : geometry.width * geometry.height,
    medianEvents: median,
    hot,
    hotEvents,
    hotPixels: best(hotPixels, most),
    eventsNotCounted: pixels.eventsNotCounted,
  };
}

/** Most events first; of equal ones, that which comes first row by row. */
function best(hotPixels: readonly HotPixel[], most: number): HotPixel[] {
  const sorted = [...hotPixels].sort((a, b) => b.events - a.events || a.y - b.y || a.x - b.x);
  return sorted.slice(0, most);
}

function standsOut(pixels: TilePixels, x: number, y: number, count: number): boolean {
  const quiet = NEIGHBOURS.filter(
    ([dx, dy]) => count > HOT_FACTOR * pixels.eventsAt(x + dx, y + dy),
  );
  return quiet.length >= QUIET_NEIGHBOURS;
}

/** The lower median of the events of active pixels, by their upper halves and then the lower ones. */
function medianOf(pixels: TilePixels): { active: number; median: number | null } {
  const upper = new Uint32Array(65536);
  let active = 0;
  for (const { counts } of pixels.blocks()) {
    for (let index = 0; index < counts.length; index += 2) {
      const count = counts[index] as number;
      if (count === 0) continue;
      active++;
      upper[count >>> 16] = (upper[count >>> 16] as number) + 1;
    }
  }
  if (active === 0) return { active, median: null };
  const half = placeOf(upper, Math.floor((active - 1) / 2));
  const lower = new Uint32Array(65536);
  for (const { counts } of pixels.blocks()) {
    for (let index = 0; index < counts.length; index += 2) {
      const count = counts[index] as number;
      if (count === 0 || count >>> 16 !== half.value) continue;
      lower[count & 0xffff] = (lower[count & 0xffff] as number) + 1;
    }
  }
  return { active, median: half.value * 65536 + placeOf(lower, half.rank).value };
}

/** The value at a rank, from 0, of values that were counted; and its rank among its equals. */
function placeOf(numbers: Uint32Array, rank: number): { value: number; rank: number } {
  let left = rank;
  for (const [value, number] of numbers.entries()) {
    if (left < number) return { value, rank: left };
    left -= number;
  }
  throw new RangeError("fewer values than the rank");
}
