/**
 * Rates, pixel counts and hot pixels of events as plain maps, written from what the types
 * `EventRate`, `PixelStatistics` and `PixelHistogram` promise and not from the kernels.
 */
import type {
  EventRate,
  PixelHistogram,
  PixelStatistics,
  SensorGeometry,
} from "../../src/index.ts";
import type { PlainColumns } from "../support/expected-load.ts";

const MOST_WINDOWS = 131_072;
const MOST_PIXELS = 16_777_216;

/** Without `reason`, whose wording is not promised. */
export function referenceRate(t: BigInt64Array, windowUs: number): Omit<EventRate, "reason"> {
  const numbers = Array.from(t, (time) => Math.floor(Number(time) / windowUs));
  if (numbers.length === 0) {
    return { windowUs, windows: 0, start: null, counts: [], meanEvents: null, busiest: null };
  }
  const first = numbers.reduce((a, b) => Math.min(a, b));
  const last = numbers.reduce((a, b) => Math.max(a, b));
  const windows = last - first + 1;
  const plain = { windowUs, windows, start: first * windowUs, meanEvents: t.length / windows };
  if (windows > MOST_WINDOWS) return { ...plain, counts: null, busiest: null };
  const counts = new Array<number>(windows).fill(0);
  for (const number of numbers) counts[number - first] = (counts[number - first] ?? 0) + 1;
  const events = counts.reduce((a, b) => Math.max(a, b));
  const start = (first + counts.indexOf(events)) * windowUs;
  const busiest = { start, events, eventsPerSecond: (events * 1e6) / windowUs };
  return { ...plain, counts, busiest };
}

export function referencePixels(
  columns: PlainColumns,
  geometry: SensorGeometry | null,
  most: number,
): PixelStatistics {
  const { events, on } = countsOf(columns);
  const sorted = [...events.values()].sort((a, b) => a - b);
  const median = sorted[Math.ceil(sorted.length / 2) - 1] ?? null;
  const hot = [...events].flatMap(([key, count]) => {
    if (median === null || count <= 10 * median) return [];
    const [x = 0, y = 0] = key.split(",").map(Number);
    const around = [-1, 0, 1].flatMap((dy) =>
      [-1, 0, 1].map((dx) => events.get(`${x + dx},${y + dy}`) ?? 0),
    );
    around.splice(4, 1); // the pixel itself
    const quiet = around.filter((neighbour) => count > 10 * neighbour).length;
    if (quiet < 5) return [];
    return [{ x, y, events: count, on: on.get(key) ?? 0, share: count / columns.x.length }];
  });
  hot.sort((a, b) => b.events - a.events || a.y - b.y || a.x - b.x);
  return {
    active: events.size,
    sensor: geometry && geometry.width * geometry.height,
    medianEvents: median,
    hot: hot.length,
    hotEvents: hot.reduce((sum, { events }) => sum + events, 0),
    hotPixels: hot.slice(0, most),
    eventsNotCounted: 0,
  };
}

export function referenceHistogram(
  columns: PlainColumns,
  geometry: SensorGeometry | null,
): PixelHistogram {
  const size = (values: Uint16Array): number => values.reduce((a, b) => Math.max(a, b + 1), 0);
  const { width, height } = geometry ?? { width: size(columns.x), height: size(columns.y) };
  if (width * height > MOST_PIXELS) return { width, height, events: null, on: null, reason: "" };
  const counts = countsOf(columns);
  const filled = (of: Map<string, number>): Uint32Array<ArrayBuffer> => {
    const all = new Uint32Array(width * height);
    for (const [key, count] of of) {
      const [x = 0, y = 0] = key.split(",").map(Number);
      all[y * width + x] = count;
    }
    return all;
  };
  return { width, height, events: filled(counts.events), on: filled(counts.on), reason: null };
}

function countsOf({ x, y, polarity }: PlainColumns) {
  const events = new Map<string, number>();
  const on = new Map<string, number>();
  for (let row = 0; row < x.length; row++) {
    const key = `${x[row]},${y[row]}`;
    events.set(key, (events.get(key) ?? 0) + 1);
    if ((polarity[row] ?? 0) > 0) on.set(key, (on.get(key) ?? 0) + 1);
  }
  return { events, on };
}
