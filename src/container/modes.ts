import type { StreamEntry } from "./chunk.ts";
import {
  NARROW_END,
  PIXELS_WIDE,
  POLARITY_CELLS,
  POLARITY_ROWS,
  STREAM_GROUP_SIZES,
  STREAM_LARGE_STEPS,
  STREAM_NIBBLES,
  STREAM_POLARITY,
  STREAM_STEPS,
  STREAM_X_BYTES,
  STREAM_X_HIGH,
  STREAM_Y_BYTES,
  STREAM_Y_HIGH,
  TIME_BOTH_WAYS,
  TIME_GROUPS,
  TRANSFORM_DELTA,
  TRANSFORM_RUN,
  X_IS_LOW,
  X_TRANSFORM,
  Y_IS_LOW,
  Y_TRANSFORM_SHIFT,
} from "./layout.ts";
import type { ChunkFacts } from "./stats.ts";

/** How the events of a chunk are written, as the numbers that stand in its head. */
export interface ChunkModes {
  readonly time: number;
  readonly pixels: number;
  readonly polarity: number;
}

/** The mode of x and y, taken apart. */
export interface PixelModes {
  readonly isWide: boolean;
  readonly xTransform: number;
  readonly xIsLow: boolean;
  readonly yTransform: number;
  readonly yIsLow: boolean;
}

const ALL_PIXEL_BITS = X_TRANSFORM | X_IS_LOW | (TRANSFORM_DELTA << Y_TRANSFORM_SHIFT) | Y_IS_LOW;

export function pixelModesOf(mode: number): PixelModes {
  return {
    isWide: mode === PIXELS_WIDE,
    xTransform: mode & X_TRANSFORM,
    xIsLow: (mode & X_IS_LOW) !== 0,
    yTransform: (mode >> Y_TRANSFORM_SHIFT) & 1,
    yIsLow: (mode & Y_IS_LOW) !== 0,
  };
}

export function pixelModeOf(modes: Omit<PixelModes, "isWide">): number {
  return (
    modes.xTransform |
    (modes.xIsLow ? X_IS_LOW : 0) |
    (modes.yTransform << Y_TRANSFORM_SHIFT) |
    (modes.yIsLow ? Y_IS_LOW : 0)
  );
}

/** What is wrong with the modes of a chunk; null when nothing is. */
export function checkModes(modes: ChunkModes, facts: ChunkFacts): string | null {
  const { time, pixels, polarity } = modes;
  if (time > TIME_BOTH_WAYS) return `mode ${time} of t`;
  if (polarity > POLARITY_ROWS) return `mode ${polarity} of p`;
  const isWide = pixels === PIXELS_WIDE;
  const { xTransform } = pixelModesOf(pixels);
  if (!isWide && ((pixels & ~ALL_PIXEL_BITS) !== 0 || xTransform > TRANSFORM_RUN)) {
    return `mode ${pixels} of x and y`;
  }
  if (!isWide && (facts.greatestX >= NARROW_END || facts.greatestY >= NARROW_END)) {
    return `coordinates up to ${Math.max(facts.greatestX, facts.greatestY)} of twelve bits`;
  }
  if (polarity === POLARITY_CELLS && (isWide || xTransform === TRANSFORM_RUN)) {
    return `mode ${polarity} of p with mode ${pixels} of x and y`;
  }
  const isSorted = facts.firstTime === facts.leastTime && facts.lastTime === facts.greatestTime;
  if (time !== TIME_BOTH_WAYS && !isSorted) return `mode ${time} of t, though times go back`;
  return null;
}

/**
 * Whether the streams of a chunk are exactly those that its modes call for.
 *
 * @returns what was expected instead; null when they are
 */
export function streamsOf(
  modes: ChunkModes,
  count: number,
  streams: readonly StreamEntry[],
): string | null {
  const raw = new Map(streams.map(({ id, raw: bytes }) => [id, bytes]));
  const groups = raw.get(STREAM_STEPS) ?? 0;
  const large = raw.get(STREAM_LARGE_STEPS);
  const isGrouped = modes.time === TIME_GROUPS;
  if (isGrouped && (groups < 1 || groups > count)) return `1 to ${count} groups`;
  const steps = isGrouped ? groups : count;
  if (large !== undefined && (large % 8 !== 0 || large / 8 > steps))
    return "large steps of 8 bytes";
  const expected: [number, number][] = [[STREAM_STEPS, steps]];
  if (isGrouped) expected.push([STREAM_GROUP_SIZES, groups]);
  if (large !== undefined) expected.push([STREAM_LARGE_STEPS, large]);
  expected.push([STREAM_X_BYTES, count], [STREAM_Y_BYTES, count]);
  if (modes.pixels === PIXELS_WIDE) expected.push([STREAM_X_HIGH, count], [STREAM_Y_HIGH, count]);
  else expected.push([STREAM_NIBBLES, count]);
  expected.push([STREAM_POLARITY, Math.ceil(count / 8)]);
  const isSame =
    expected.length === streams.length &&
    expected.every(
      ([id, bytes], index) => streams[index]?.id === id && streams[index]?.raw === bytes,
    );
  return isSame ? null : expected.map(([id, bytes]) => `stream ${id} of ${bytes} bytes`).join(", ");
}
