import { platform } from "#platform";
import { aheadRoomBytes } from "../../container/ahead-chunk.ts";
import { mostScratchBytes } from "../../container/chunk-decoder.ts";
import { ContainerReader } from "../../container/reader.ts";
import { timeFields } from "../../events/time-fields.ts";
import type { ByteSource } from "../../source/byte-source.ts";
import type { AheadRules } from "../ahead.ts";
import type {
  RecordingFacts,
  RowOptions,
  RowTable,
  RowTriggers,
  StatedContent,
  TriggerRows,
} from "../decoder.ts";
import { entriesOf } from "./entries.ts";
import { EvbRowReader } from "./reader.ts";
import { rowAt } from "./row-at.ts";

/** Chunks that are read and inflated before they are asked for. */
const CHUNKS_AHEAD = 8;

/** Reading fewer takes no longer than a thread to start, and to end. */
const ROWS_PER_THREAD = 10_000_000;
/** Most of it is never touched: chunks of few bytes an event are usual, those of 16 could be. */
const DESK_BYTES = 32 * 1024 * 1024;
/** Of larger ones there is no room for enough. */
const MOST_CHUNK_EVENTS = 262_144;

/**
 * Opens a compact container.
 *
 * @throws EventError `invalid-header`, `unsupported-format`, `damaged-data`
 */
export async function openEvb(source: ByteSource, options: RowOptions): Promise<RowTable> {
  const { path, signal, evb: stated = {} } = options;
  const { recover = false, ...checks } = stated;
  const reader = await ContainerReader.open(source, { path, signal, recover, ...checks });
  const { header, statistics } = reader;
  const { events, triggers, largestChunkEvents, largestChunkBytes } = statistics;
  // A chunk as it is stored, and its streams; one more of these is being decoded.
  const chunkBytes = largestChunkBytes + largestChunkEvents * 6;
  const staging = largestChunkEvents * 13 + mostScratchBytes(largestChunkEvents);
  return {
    header: factsOf(reader, options),
    polarityEncoding: header.polarityEncoding,
    columns: header.columns,
    rows: events,
    truncation: reader.truncation,
    rejectedAs: "malformed",
    scratchBytesPerEvent: 16,
    workingBytes: {
      least: staging + 2 * chunkBytes,
      usual: staging + (CHUNKS_AHEAD + 1) * chunkBytes,
    },
    aheadRules: aheadRulesOf(reader),
    createReader: async (memory, _onMalformed, workingBytes = Infinity, wish = {}) => {
      const free = Math.floor((workingBytes - staging) / Math.max(chunkBytes, 1));
      const ahead = Math.min(Math.max(free - 1, 1), CHUNKS_AHEAD);
      const checkEvents = stated.verifyChecksum !== false;
      const isHere = wish.inflating !== undefined || wish.isPoolBusy === true;
      const inflateFrame =
        isHere && reader.chunkContext.checkCrc ? await platform.loadFrameInflater() : null;
      return EvbRowReader.create({
        reader,
        memory,
        ahead,
        recover,
        checkEvents,
        inflateFrame,
        wish,
      });
    },
    triggers: triggers > 0 ? triggersOf(reader) : undefined,
    stated: reader.truncation === null ? statedBy(reader) : undefined,
    // Of a damaged chunk nobody knows what it held.
    chunkIndex: recover ? undefined : () => reader.index(),
    findRow: (time) => rowAt(reader, time),
  };
}

/**
 * How other threads may inflate chunks. Without checksums the libraries that do so here and in Node's threads would
 * take damaged frames for different events.
 */
function aheadRulesOf({ statistics, chunkContext }: ContainerReader): AheadRules | undefined {
  const { codec, checkCrc } = chunkContext;
  const { largestChunkEvents } = statistics;
  if (!checkCrc || largestChunkEvents > MOST_CHUNK_EVENTS) return undefined;
  return {
    content: { kind: "container", codec },
    roomBytes: aheadRoomBytes(largestChunkEvents),
    deskBytes: DESK_BYTES,
    rowsPerThread: ROWS_PER_THREAD,
    forSomeColumns: false,
  };
}

function factsOf(reader: ContainerReader, { geometry }: RowOptions): RecordingFacts {
  const { header, statistics, metadata, truncation } = reader;
  return {
    entries: entriesOf(header, metadata),
    geometry: geometry ?? header.geometry,
    assumptions: [],
    timeOffset: metadata.timeOffset,
    originalFormat: metadata.source?.format,
    container: { header, statistics, metadata, truncation },
  };
}

/** The statistics in the words of a load. */
function statedBy({ statistics: stats }: ContainerReader): StatedContent {
  const { events, on, off, triggers, backwardSteps, firstTime, lastTime } = stats;
  const isEmpty = events === 0;
  const some = (value: number): number | null => (isEmpty ? null : value);
  const times = { firstTime, lastTime, minTime: stats.leastTime, maxTime: stats.greatestTime };
  return {
    triggers,
    backwardSteps,
    statistics: (exactTimes) => ({
      estimated: false,
      ...{ events, on, off },
      ...timeFields(events, isEmpty ? null : times, exactTimes),
      minX: some(stats.leastX),
      maxX: some(stats.greatestX),
      minY: some(stats.leastY),
      maxY: some(stats.greatestY),
    }),
  };
}

/** Triggers, segment by segment. */
function triggersOf(reader: ContainerReader): RowTriggers {
  let kept: { number: number; rows: TriggerRows } | null = null;
  return {
    rows: reader.statistics.triggers,
    async read(start, count) {
      const { triggers } = await reader.index();
      const t = new BigInt64Array(count);
      const id = new Int16Array(count);
      const value = new Uint8Array(count);
      for (const [number, entry] of triggers.entries()) {
        const from = Math.max(start, entry.firstRow);
        const to = Math.min(start + count, entry.firstRow + entry.count);
        if (from >= to) continue;
        if (kept?.number !== number) kept = { number, rows: await reader.readTriggers(entry) };
        const { rows } = kept;
        const [first, last] = [from - entry.firstRow, to - entry.firstRow];
        t.set(rows.t.subarray(first, last), from - start);
        id.set(rows.id.subarray(first, last), from - start);
        value.set(rows.value.subarray(first, last), from - start);
      }
      return { t, id, value };
    },
  };
}
