/** Which streams of a chunk some of its columns take: modes make some columns depend on others. */
import { COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import type { ChunkHead } from "./chunk.ts";
import {
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
  TRANSFORM_RUN,
} from "./layout.ts";
import { pixelModesOf } from "./modes.ts";

/** Columns of a chunk that are decoded. */
export type Projection = ReadonlySet<ColumnName>;

/** All columns. */
export const ALL_COLUMNS: Projection = new Set(COLUMN_NAMES);

const STREAMS: Readonly<Record<ColumnName, readonly number[]>> = {
  x: [STREAM_X_BYTES, STREAM_X_HIGH, STREAM_NIBBLES],
  y: [STREAM_Y_BYTES, STREAM_Y_HIGH, STREAM_NIBBLES],
  t: [STREAM_STEPS, STREAM_GROUP_SIZES, STREAM_LARGE_STEPS],
  polarity: [STREAM_POLARITY],
};

/**
 * What has to be decoded of a chunk to have some columns. Times that go back are always among it, so
 * that steps back are counted.
 */
export function projectionOf({ modes }: ChunkHead, wanted: Projection): Projection {
  const { isWide, xTransform } = pixelModesOf(modes.pixels);
  const needed = new Set(wanted);
  if (modes.time === TIME_BOTH_WAYS) needed.add("t");
  const add = (...names: ColumnName[]): void => {
    for (const name of names) needed.add(name);
  };
  if (needed.has("x") && !isWide && xTransform === TRANSFORM_RUN) add("y", "polarity");
  // A chunk with cells has no runs, so that nothing goes round in circles.
  if (needed.has("polarity") && modes.polarity === POLARITY_CELLS) add("x", "y");
  if (needed.has("polarity") && modes.polarity === POLARITY_ROWS) add("y");
  return needed;
}

/** Whether a stream holds anything of some columns. */
export function isStreamOf(id: number, columns: Projection): boolean {
  return COLUMN_NAMES.some((name) => columns.has(name) && STREAMS[name].includes(id));
}
