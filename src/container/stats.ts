import { readU64, writeU64 } from "./fields.ts";
import {
  type Checksums,
  EVENT_BYTES,
  MAX_CHUNK_EVENTS,
  SEGMENT_HEAD_BYTES,
  STATISTICS,
  STATISTICS_BYTES,
  TRIGGER_BYTES,
} from "./layout.ts";
import { damaged, type Place } from "./problems.ts";
import { createSegment, openSegment, payloadOf, sealed } from "./segment.ts";

/**
 * Counts and extremes of a whole file, without its events. Without any, the extremes are 0. What would be
 * about a column that is left out is about zeros: `header.columns` tells which there are.
 */
export interface ContainerStatistics {
  readonly events: number;
  readonly on: number;
  readonly off: number;
  /** Times of the first and the last event, in microseconds. */
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  readonly leastTime: bigint;
  readonly greatestTime: bigint;
  readonly chunks: number;
  readonly triggers: number;
  readonly triggerSegments: number;
  /** What events, with all four columns, and triggers take in tables. */
  readonly uncompressedBytes: number;
  readonly leastX: number;
  readonly greatestX: number;
  readonly leastY: number;
  readonly greatestY: number;
  readonly largestChunkEvents: number;
  /** As a segment. */
  readonly largestChunkBytes: number;
  /** Events whose time is before that of the event in front of them. */
  readonly backwardSteps: number;
}

export const STATISTICS_SEGMENT_BYTES: number = SEGMENT_HEAD_BYTES + STATISTICS_BYTES;

/** What a chunk adds to the statistics. */
export interface ChunkFacts {
  readonly count: number;
  readonly on: number;
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  readonly leastTime: bigint;
  readonly greatestTime: bigint;
  readonly leastX: number;
  readonly greatestX: number;
  readonly leastY: number;
  readonly greatestY: number;
}

/** Statistics that chunks are added to. */
export type RunningStatistics = {
  -readonly [Key in keyof ContainerStatistics]: ContainerStatistics[Key];
};

/** Statistics of nothing. */
export function emptyStatistics(): RunningStatistics {
  return {
    events: 0,
    on: 0,
    off: 0,
    firstTime: 0n,
    lastTime: 0n,
    leastTime: 0n,
    greatestTime: 0n,
    chunks: 0,
    triggers: 0,
    triggerSegments: 0,
    uncompressedBytes: 0,
    leastX: 0,
    greatestX: 0,
    leastY: 0,
    greatestY: 0,
    largestChunkEvents: 0,
    largestChunkBytes: 0,
    backwardSteps: 0,
  };
}

/** Adds a chunk behind those that were added before. */
export function addChunk(stats: RunningStatistics, chunk: ChunkFacts, bytes: number): void {
  const isFirst = stats.events === 0;
  if (isFirst) stats.firstTime = chunk.firstTime;
  const { leastTime, greatestTime } = chunk;
  if (isFirst || leastTime < stats.leastTime) stats.leastTime = leastTime;
  if (isFirst || greatestTime > stats.greatestTime) stats.greatestTime = greatestTime;
  stats.leastX = isFirst ? chunk.leastX : Math.min(stats.leastX, chunk.leastX);
  stats.leastY = isFirst ? chunk.leastY : Math.min(stats.leastY, chunk.leastY);
  stats.greatestX = Math.max(stats.greatestX, chunk.greatestX);
  stats.greatestY = Math.max(stats.greatestY, chunk.greatestY);
  stats.lastTime = chunk.lastTime;
  stats.events += chunk.count;
  stats.on += chunk.on;
  stats.off += chunk.count - chunk.on;
  stats.chunks += 1;
  stats.uncompressedBytes += chunk.count * EVENT_BYTES;
  stats.largestChunkEvents = Math.max(stats.largestChunkEvents, chunk.count);
  stats.largestChunkBytes = Math.max(stats.largestChunkBytes, bytes);
}

/** Adds a segment of triggers. */
export function addTriggers(stats: RunningStatistics, count: number): void {
  stats.triggers += count;
  stats.triggerSegments += 1;
  stats.uncompressedBytes += count * TRIGGER_BYTES;
}

const COUNTS = [
  "events",
  "on",
  "off",
  "chunks",
  "triggers",
  "uncompressedBytes",
  "triggerSegments",
  "backwardSteps",
] as const;
const TIMES = ["firstTime", "lastTime", "leastTime", "greatestTime"] as const;
const SIDES = ["leastX", "greatestX", "leastY", "greatestY"] as const;
const SIZES = ["largestChunkEvents", "largestChunkBytes"] as const;

/** Writes the segment `STAT`. */
export function encodeStatistics(stats: ContainerStatistics, checksums: Checksums): Uint8Array {
  const segment = createSegment("STAT", STATISTICS_BYTES);
  const view = payloadOf(segment);
  for (const name of COUNTS) writeU64(view, STATISTICS[name], stats[name]);
  for (const name of TIMES) view.setBigInt64(STATISTICS[name], stats[name], true);
  for (const name of SIDES) view.setUint16(STATISTICS[name], stats[name], true);
  for (const name of SIZES) view.setUint32(STATISTICS[name], stats[name], true);
  return sealed(segment, checksums);
}

/**
 * Reads the segment `STAT`.
 *
 * @throws EventError `damaged-data`
 */
export function decodeStatistics(
  segment: Uint8Array,
  checkCrc: boolean,
  place: Place,
): ContainerStatistics {
  const view = openSegment(segment, "STAT", checkCrc, place);
  if (view.byteLength < STATISTICS_BYTES) {
    throw damaged("the statistics are too short", {
      ...place,
      expected: `${STATISTICS_BYTES} bytes`,
      found: `${view.byteLength}`,
    });
  }
  const stats = emptyStatistics();
  for (const name of COUNTS) stats[name] = readU64(view, STATISTICS[name]);
  for (const name of TIMES) stats[name] = view.getBigInt64(STATISTICS[name], true);
  for (const name of SIDES) stats[name] = view.getUint16(STATISTICS[name], true);
  for (const name of SIZES) stats[name] = view.getUint32(STATISTICS[name], true);
  const most = Math.min(stats.events, MAX_CHUNK_EVENTS);
  if (stats.largestChunkEvents > most) {
    throw damaged("the statistics contradict themselves", {
      ...place,
      expected: `at most ${most} events in a chunk`,
      found: `${stats.largestChunkEvents}`,
    });
  }
  if (
    COUNTS.every((name) => Number.isFinite(stats[name])) &&
    stats.on + stats.off === stats.events
  ) {
    return stats;
  }
  throw damaged("the statistics contradict themselves", {
    ...place,
    expected: "events that are ON or OFF",
    found: `${stats.on} and ${stats.off} of ${stats.events}`,
  });
}
