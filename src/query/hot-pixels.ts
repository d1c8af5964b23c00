import { EventError } from "../errors.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import { BLOCK_SIDE } from "../kernels/layout.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { type TileOptions, TilePass } from "../recording/tiles.ts";
import { TilePixels } from "../stream/tile-pixels.ts";

/** Finds hot pixels in what earlier steps leave. */
export async function findHotPixels(
  recording: OpenedRecording,
  tiles: TileOptions,
  geometry: SensorGeometry | null,
  percentile: number,
): Promise<{ x: number; y: number }[]> {
  const pixels = new TilePixels(geometry, recording.mostEvents());
  const pass = new TilePass(recording, { ...tiles, outputBytes: pixels.bytes });
  for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) await pixels.add(tile, 0);
  const found = hotPixelsOf(pixels, percentile);
  pass.release();
  return found;
}

/**
 * The hot pixels among those that were counted: those with more events than the given share of all
 * pixels that have any. With n counts in rising order, that of number ceil(percentile / 100 * n),
 * from 1, is the most that a pixel may have (the nearest-rank percentile).
 *
 * @throws EventError `memory-limit` when events lie on more pixels than can be counted
 */
export function hotPixelsOf(pixels: TilePixels, percentile: number): { x: number; y: number }[] {
  pixels.settle();
  const { eventsNotCounted } = pixels;
  if (eventsNotCounted > 0) {
    throw new EventError(
      "memory-limit",
      "hot pixels cannot be told: there was no room to count all",
      {
        found: `${eventsNotCounted} events on pixels that were not counted`,
        hint: "Give the `geometry`, or look for them in a region.",
      },
    );
  }
  const counts: number[] = [];
  for (const count of countsOf(pixels)) counts.push(count.events);
  if (counts.length === 0) return [];
  const sorted = Float64Array.from(counts).sort();
  const rank = Math.ceil((percentile / 100) * sorted.length);
  const most = sorted[rank - 1] as number;
  const hot: { x: number; y: number }[] = [];
  for (const { x, y, events } of countsOf(pixels)) if (events > most) hot.push({ x, y });
  return hot;
}

/** The pixels that have events. */
function* countsOf(
  pixels: TilePixels,
): Generator<{ x: number; y: number; events: number }, void, void> {
  for (const { x, y, counts } of pixels.blocks()) {
    for (let pixel = 0; pixel * 2 < counts.length; pixel++) {
      const events = counts[pixel * 2] as number;
      if (events === 0) continue;
      yield { x: x + (pixel % BLOCK_SIDE), y: y + Math.floor(pixel / BLOCK_SIDE), events };
    }
  }
}
