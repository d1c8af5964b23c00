import { checkLoss, type MutableReport } from "../events/report.ts";
import type { FormatHeader, PartRules, StreamFormat } from "../formats/decoder.ts";
import { type EventMemory, eventMemoryBytes } from "../kernels/event-memory.ts";
import type { DecodeThread } from "../platform/platform.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { decodeStrictly } from "./decode-strictly.ts";
import type { Lane } from "./lane.ts";
import { LANES_PER_THREAD, Lanes } from "./lanes.ts";
import { type RecordingBytes, reportDamage } from "./opened-source.ts";
import { PartReader, partInputBytes } from "./part-reader.ts";
import { createPassMemory } from "./pass-memory.ts";
import { ProgressMeter } from "./progress.ts";
import type { TileOptions } from "./tiles.ts";
import { Turns } from "./turns.ts";

/** A pass in several threads: its options, and what `TilePass` found out for it. */
export interface LanePass extends TileOptions {
  readonly format: StreamFormat;
  readonly header: FormatHeader;
  /** The data, from their first byte on. */
  readonly bytes: RecordingBytes;
  /** Whether they come without waiting for anything. Default `false`. */
  readonly isAtHand?: boolean;
  readonly byteLength: number | null;
  /** How many events a byte of the data has, about; null when nothing tells. */
  readonly eventsPerByte: number | null;
  readonly report: MutableReport;
  /** Threads beside this one. */
  readonly others: readonly DecodeThread[];
  /** Told how many bytes of memory all threads work in. */
  readonly hold?: (bytes: number) => void;
}

/**
 * Events of a tile, which about 1 MiB of the words of a camera hold. A part that has more takes several tiles,
 * which the calling thread decodes.
 */
const LANE_EVENTS = 393_216;
/** How much of a tile a part is expected to fill at most, as no two have the same number of events. */
const FILLED = 7 / 8;
const LEAST_PART_BYTES = 65_536;

/** Bytes of the lanes of a thread. */
export function laneBytes({ parts }: StreamFormat): number {
  const inputBytes = partInputBytes(parts, parts.partBytes);
  return LANES_PER_THREAD * eventMemoryBytes({ inputBytes, tileEvents: LANE_EVENTS });
}

/** Bytes of a part: fewer than usual where these would hold more events than a tile. */
function partBytesOf({ partBytes }: PartRules, eventsPerByte: number | null): number {
  const most = (LANE_EVENTS * FILLED) / (eventsPerByte ?? 0);
  if (most >= partBytes) return partBytes;
  return Math.max(most - (most % LEAST_PART_BYTES), LEAST_PART_BYTES);
}

/**
 * Hands over the tiles of a stream in order, each in the memory of the lane that it was decoded in,
 * and ends the threads.
 */
export async function* tilesOfLanes(pass: LanePass): AsyncGenerator<EventMemory, void, void> {
  try {
    yield* decodeInLanes(pass);
  } finally {
    await Promise.all(pass.others.map((thread) => thread.close()));
  }
}

async function* decodeInLanes(pass: LanePass): AsyncGenerator<EventMemory, void, void> {
  const { format, header, bytes, report, others, signal, strict, onProgress } = pass;
  const { onMalformed, rebase = false, triggers = false, isAtHand = false } = pass;
  const tileEvents = Math.min(pass.tileEvents ?? LANE_EVENTS, LANE_EVENTS);
  const { dataOffset, variant = 0 } = header;
  const { parts } = format;
  const { partSize: partBytes = partBytesOf(parts, pass.eventsPerByte) } = pass;
  const createMemory = (): EventMemory => {
    const inputBytes = partInputBytes(parts, partBytes);
    const size = { inputBytes, tileEvents, isShared: true };
    const hint = "Each of the `threads` needs three times as much: ask for fewer.";
    const memory = createPassMemory(size, report, hint);
    memory.configure(report.geometry, report.polarityEncoding);
    return memory;
  };
  const lanes = await Lanes.start(format.kernel, others, createMemory, {
    rules: parts,
    dataOffset,
    createDecoder: (memory, kernel, lane) => {
      // The first lane finds the time offset; the others start when it is known.
      const finds = rebase && lane === 0;
      const options = { dataOffset, rebase: finds, variant, header, onMalformed };
      return format.createDecoder(memory, kernel, options);
    },
  });
  pass.hold?.(lanes.all.reduce((bytes, { memory }) => bytes + memory.byteLength, 0));
  const [firstLane, ...otherLanes] = lanes.all as [Lane, ...Lane[]];
  const meter = onProgress && new ProgressMeter(onProgress, pass.byteLength);
  const turns = new Turns();
  const reader = new PartReader<Lane>(bytes, parts, partBytes);
  let hasOffset = !rebase;
  const idle = hasOffset ? [...lanes.all] : [firstLane];
  const busy: Lane[] = [];
  let failure: { readonly error: unknown } | null = null;
  let last = firstLane;
  let before = firstLane.handOver();
  report.bytesRead = dataOffset;
  for (;;) {
    const isReading = failure === null && !reader.isEnd;
    if (isReading) for (const lane of idle.splice(0)) reader.begin(lane);
    while (reader.isReady || (busy.length === 0 && reader.ready !== null)) {
      const reading = reader.next().catch((error: unknown) => {
        failure = { error }; // what was read before is handed over first
        return null;
      });
      const part = await untilAborted(reading, signal);
      if (part === null) break;
      const lane = part.place;
      lane.offer(part, before.carried);
      if (hasOffset) lanes.announce();
      busy.push(lane);
    }
    if (busy.length === 0) break;
    const more = failure === null && !reader.isEnd ? reader : null;
    if (!(await lanes.settle(busy, more, isAtHand, signal))) continue;
    const lane = busy.shift() as Lane;
    lane.begin(before);
    report.bytesRead += lane.bytesRead;
    yield* tilesOf(lane);
    before = lane.handOver();
    idle.push(lane);
    last = lane;
    if (!hasOffset && report.events > 0) {
      hasOffset = true;
      for (const other of otherLanes) other.memory.setTimeOffset(lane.memory.timeOffset);
      idle.push(...otherLanes);
    }
  }
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
  last.decoder.end(1);
  yield* tilesOf(last);
  last.decoder.finish(report);
  reportDamage(report, bytes);
  checkLoss(report, strict);
  meter?.finish(bytes.bytesUsed ?? report.bytesRead, report.events);

  /** The tiles of a lane that was begun; what stands in front of an error comes before it. */
  async function* tilesOf({ memory, decoder }: Lane): AsyncGenerator<EventMemory, void, void> {
    try {
      for (let usedUp = false; !usedUp; ) {
        usedUp = decodeStrictly(decoder, memory.tileEvents, report, strict);
        if (!triggers) memory.setTile(memory.eventCount);
        if (memory.eventCount > 0 || memory.triggerCount > 0) yield memory;
        memory.setTile();
        meter?.update(bytes.bytesUsed ?? report.bytesRead, report.events);
        await turns.give(signal);
      }
    } catch (error) {
      if (signal?.aborted) throw error;
      if (!triggers) memory.setTile(memory.eventCount);
      if (memory.eventCount > 0 || memory.triggerCount > 0) yield memory;
      throw error;
    }
  }
}
