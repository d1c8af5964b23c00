/** Which chunks of a table can hold what a query wants: what a container says of them tells. */
import type { RowChunk, RowChunkIndex, RowRange } from "../formats/decoder.ts";
import { isMoving, isStateful } from "./order.ts";
import type { QueryStep, Region } from "./steps.ts";

/** What nothing stands in front of: events outside of it are dropped, whatever follows. */
export interface Wanted {
  /** The least and the greatest time, as they are stored. */
  readonly first: bigint;
  readonly last: bigint;
  readonly on: boolean;
  readonly off: boolean;
  /** For each step that looks at pixels as they are stored, its regions: one of them has to fit. */
  readonly regions: readonly (readonly Region[])[];
}

/** The parts to be read, and the bytes of their chunks. */
export interface ChunkRanges {
  readonly ranges: readonly RowRange[];
  readonly bytes: number;
}

/** What steps drop for sure, by the facts of a chunk: its polarities and pixels. */
export function wantedBy(steps: readonly QueryStep[]): Pick<Wanted, "on" | "off" | "regions"> {
  const regions: (readonly Region[])[] = [];
  let [on, off] = [true, true];
  let isMoved = false;
  for (const step of steps) {
    if (isStateful(step)) break;
    if (step.kind === "polarity") {
      on &&= step.on;
      off &&= !step.on;
    }
    if (isMoved) continue;
    if (step.kind === "roi") regions.push(step.regions);
    if (step.kind === "crop") regions.push([step.region]);
    isMoved = isMoving(step); // coordinates behind it are others
  }
  return { on, off, regions };
}

/** The chunks in which there can be events that are wanted; neighbours as one part. */
export function chunkRanges(index: RowChunkIndex, wanted: Wanted): ChunkRanges {
  const ranges: { start: number; end: number }[] = [];
  let bytes = 0;
  for (let chunk = 0; chunk < index.chunks; chunk++) {
    const entry = index.entry(chunk);
    if (!canHold(entry, wanted)) continue;
    const { firstRow: start, count } = entry;
    bytes += entry.bytes;
    const open = ranges.at(-1);
    if (open?.end === start) open.end = start + count;
    else ranges.push({ start, end: start + count });
  }
  return { ranges, bytes };
}

function canHold(chunk: RowChunk, { first, last, on, off, regions }: Wanted): boolean {
  if (chunk.greatestTime < first || chunk.leastTime > last) return false;
  if (!(on && chunk.on > 0) && !(off && chunk.on < chunk.count)) return false;
  const overlaps = ({ x, y, width, height }: Region): boolean =>
    x <= chunk.greatestX &&
    x + width > chunk.leastX &&
    y <= chunk.greatestY &&
    y + height > chunk.leastY;
  return regions.every((some) => some.some(overlaps));
}
