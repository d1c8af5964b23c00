/** Before anything is decoded: how many events there will be, and how they are loaded. */
import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { bytesPerEvent, checkColumns, FULL_ENOUGH } from "../events/columns.ts";
import { type EventEstimate, estimateEvents } from "../recording/event-estimate.ts";
import { passMemorySize, usualTileEvents } from "../recording/pass-memory.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { threadBytes, usefulThreads } from "../recording/threads.ts";
import type { TileOptions } from "../recording/tiles.ts";
import type { LoadOptions } from "./load-options.ts";
import { fitSizes, heldBytes, type PassNeeds, type PassSizes } from "./memory-budget.ts";
import { chooseMode } from "./plan-mode.ts";
import { type CheckedPlanOptions, checkPlanOptions } from "./plan-options.ts";

/** How a recording will be loaded, and what that takes. */
export interface LoadPlan {
  /** Events of the recording; null when only reading it can tell. */
  readonly events: number | null;
  /**
   * What `events` is. `exact`: rows or records counted, those that will be dropped included;
   * `estimate`: as many in all as in the first 64 KiB; `atMost`: no more than the bytes can hold.
   */
  readonly eventsKind: EventEstimate["kind"];
  /** Bytes of an event in the columns asked for: 13 for all. */
  readonly bytesPerEvent: number;
  /** Bytes of the columns of all events; null when their number is not known. */
  readonly columnBytes: number | null;
  /** Whether a table is made in one batch. */
  readonly mode: "direct" | "chunked";
  /** Why, as a sentence for people. */
  readonly reason: string;
  /** The most events of a batch, if chunked. */
  readonly chunkEvents: number;
  /** Bytes of each of the two buffers that the source is read into. */
  readonly readBufferBytes: number;
  /** The most events that are decoded at once. */
  readonly tileEvents: number;
  /** Bytes that the stream holds at most: what `memoryLimitBytes` bounds. */
  readonly streamBytes: number;
  /** `streamBytes` and what it does not have of the table or frame; null when that size is not known. */
  readonly peakBytes: number | null;
  /** Bytes of memory that were available; null where the platform does not tell. */
  readonly availableBytes: number | null;
  /** The limit that was given; null without one. */
  readonly memoryLimitBytes: number | null;
  /** Threads that decode. */
  readonly threads: number;
}

/**
 * What becomes of the batches. `table`: all are kept; `frame`: Polars copies each tile;
 * `batches`: the consumer has one while the next is filled; `borrowed`: there are none.
 *
 * @internal
 */
export type PlanTarget = "table" | "frame" | "batches" | "borrowed";

/** A plan, and what the passes are told of it. @internal */
export interface ResolvedPlan {
  readonly plan: LoadPlan;
  readonly target: PlanTarget;
  readonly options: CheckedPlanOptions;
  /** Events that a table of one batch has room for at first. */
  readonly directEvents: number;
  /** Bytes that its batch takes; 0 if chunked. */
  readonly directBytes: number;
  /** Whether the caller has said how many events a batch has. */
  readonly isChunkStated: boolean;
  readonly tiles: Pick<
    TileOptions,
    "inputBytes" | "tileEvents" | "workingBytes" | "window" | "threads"
  >;
}

/** What is planned for. @internal */
export interface PlanRequest extends Omit<LoadOptions, "onReport" | "onProgress"> {
  /** Events of a batch that the caller has asked for. */
  readonly batchEvents?: number | undefined;
  /** The most threads that decode. Default 1. */
  readonly threads?: number | undefined;
  /** Batches that are decoded ahead of the consumer. Default 0. */
  readonly batchesAhead?: number | undefined;
  /** Bytes that what sieves tiles holds. Default 0. */
  readonly sieveBytes?: number | undefined;
  /** Bytes of memory that are available. Default: what the platform says. */
  readonly availableBytes?: number | null | undefined;
}

/** Batches of a million events: larger ones make nothing faster, and allocators recycle these. */
export const USUAL_CHUNK_EVENTS = 1_000_000;
/**
 * A stream has up to three batches at a time, and those that were dropped and are not collected yet:
 * at the same rate a billion events peaked at 219 MB with batches of a million, at 166 with these.
 */
const STREAM_CHUNK_EVENTS = 500_000;
/**
 * Those of a table, which are all kept: with every 32 MB of new batches V8 goes through its whole heap, and
 * finds nothing that it could give back.
 */
const TABLE_CHUNK_EVENTS = 2 ** 25;
/** The least that a chunk is made when memory is scarce. */
const MIN_CHUNK_EVENTS = 100_000;
/** The share of the memory that a chunk may take, and what an event takes in it. */
const CHUNK_SHARE = 0.25;
const CHUNK_BYTES_PER_EVENT = 15;
/** What is taken to be available where the platform does not tell. */
const ASSUMED_AVAILABLE = 256_000_000;
/** Below these sizes a pass spends its time on starting tiles and batches. */
const LEAST_READ_BYTES = 65_536;
const LEAST_TILE_EVENTS = 16_384;
export const LEAST_CHUNK_EVENTS = 16_384;
/** What decompressing gzip holds: pieces on both sides of zlib, its window and its state. */
const GZIP_BYTES = 640 * 1024;
/** What decompressing zstd holds beside its window: blocks on both sides, tables. */
const ZSTD_BYTES = 1024 * 1024;
/** Memory that nobody holds any more: 25 to 60 MB were seen beside what is held. */
const UNCOLLECTED_BYTES = 40_000_000;
/** No larger a share of a limit is left to that. */
const UNCOLLECTED_SHARE = 0.6;
/** What is expected of a limit where only reading to the end tells which one would do. */
export const ONE_PIECE = "room for all events in one piece";
/** Room for more events than were estimated. */
const ESTIMATE_MARGIN = 1.125;

/**
 * Plans how a recording becomes a table: nothing is read or decoded.
 *
 * @throws EventError `invalid-option`; `memory-limit` when it cannot be kept, with the one that can, where
 *   that is known: not for one piece of a recording of unknown length
 * @internal
 */
export function planLoad(recording: OpenedRecording, request: PlanRequest = {}): LoadPlan {
  return resolvePlan(recording, request, "table").plan;
}

/**
 * Plans a load, for whoever makes it.
 *
 * @throws EventError `invalid-option`; `memory-limit`
 * @internal
 */
export function resolvePlan(
  recording: OpenedRecording,
  request: PlanRequest,
  target: PlanTarget,
): ResolvedPlan {
  const options = checkPlanOptions(request);
  const { memoryLimitBytes } = options;
  const availableBytes =
    request.availableBytes === undefined ? platform.availableMemory() : request.availableBytes;
  const perEvent = bytesPerEvent(
    checkColumns(request.columns === undefined ? recording.columns : request.columns),
  );
  const estimate = estimateEvents(recording);
  const facts = { options, availableBytes, perEvent, estimate };
  const chunked = planPass(recording, request, target, facts);
  const directEvents = directRoom(recording, estimate, options);
  const direct = directPass(chunked, directEvents * perEvent);
  const { mode, reason } = chooseMode(target, estimate, options, {
    needed: heldBytes(direct.needs, direct.least),
    inChunks: heldBytes(chunked.needs, chunked.least),
    budget: memoryLimitBytes ?? availableBytes ?? ASSUMED_AVAILABLE,
    isLimit: memoryLimitBytes !== null,
  });
  const chosen = mode === "direct" ? direct : chunked;
  const least = heldBytes(chosen.needs, chosen.least);
  checkLimit(recording, least, options, mode, estimate);
  // Frames of zstd further on may have larger windows.
  const hasWindow = memoryLimitBytes !== null && windowBytesOf(recording) > 0;
  const spent =
    memoryLimitBytes === null
      ? (availableBytes ?? ASSUMED_AVAILABLE)
      : spentOf(memoryLimitBytes, least, hasWindow);
  const sizes = fitSizes(chosen.needs, chosen.wanted, chosen.least, spent);
  const heldByOne = heldBytes(chosen.needs, sizes);
  const { threads: most = 1 } = request;
  const wantedThreads = usefulThreads(recording, most);
  // Under a limit, threads are what is left out first.
  const threads = heldByOne + threadBytes(recording, wantedThreads) <= spent ? wantedThreads : 1;
  const streamBytes = heldByOne + threadBytes(recording, threads);
  const columnBytes = estimate.events === null ? null : estimate.events * perEvent;
  const isKept = target === "frame" || (target === "table" && mode === "chunked");
  // The batch that is filled is part of both.
  const sharedBytes = target === "table" ? sizes.chunkEvents * perEvent : 0;
  const size = passMemorySize(recording, {
    inputBytes: sizes.readBufferBytes,
    tileEvents: sizes.tileEvents,
  });
  const { source, content } = recording;
  return {
    target,
    options,
    directEvents,
    directBytes: chosen.needs.fixedBytes - chunked.needs.fixedBytes,
    isChunkStated: request.batchEvents !== undefined,
    tiles: {
      inputBytes: sizes.readBufferBytes,
      tileEvents: sizes.tileEvents,
      threads,
      workingBytes: content.kind === "rows" ? sizes.workingBytes : undefined,
      window: hasWindow
        ? {
            most: source.windowBytes + memoryLimitBytes - streamBytes,
            memoryLimitBytes,
            limitFor: (windowBytes) => least + 2 * (windowBytes - source.windowBytes),
          }
        : undefined,
    },
    plan: {
      events: estimate.events,
      eventsKind: estimate.kind,
      bytesPerEvent: perEvent,
      columnBytes,
      mode,
      reason,
      chunkEvents: target === "frame" ? sizes.tileEvents : sizes.chunkEvents,
      readBufferBytes: size.inputBytes,
      tileEvents: size.tileEvents,
      streamBytes,
      peakBytes:
        columnBytes === null && isKept
          ? null
          : streamBytes + (isKept ? Math.max((columnBytes ?? 0) - sharedBytes, 0) : 0),
      availableBytes,
      memoryLimitBytes,
      threads,
    },
  };
}

/**
 * What of a memory limit is planned with. Batches that the consumer has dropped stay in memory until
 * they are collected, and so do bytes that were decompressed: V8 does that every 32 MiB.
 */
function spentOf(limit: number, least: number, hasWindow: boolean): number {
  const uncollected = Math.min(UNCOLLECTED_BYTES, limit * UNCOLLECTED_SHARE);
  const spent = Math.max(Math.floor(limit - uncollected), least);
  return hasWindow ? Math.min(spent, Math.ceil((limit + least) / 2)) : spent;
}

/** Events of a chunk that so much memory allows. @internal */
export function chunkFor(memoryBytes: number, target: PlanTarget): number {
  const events = Math.floor((memoryBytes * CHUNK_SHARE) / CHUNK_BYTES_PER_EVENT);
  const most = target === "table" ? TABLE_CHUNK_EVENTS : USUAL_CHUNK_EVENTS;
  return Math.min(Math.max(events, MIN_CHUNK_EVENTS), most);
}

/** What a pass holds, the sizes it wants, and the least it works with. */
interface PlannedPass {
  readonly needs: PassNeeds;
  readonly wanted: PassSizes;
  readonly least: PassSizes;
}

/** The pass in chunks. */
function planPass(
  recording: OpenedRecording,
  { batchEvents, batchesAhead = 0, sieveBytes = 0 }: PlanRequest,
  target: PlanTarget,
  facts: {
    readonly options: CheckedPlanOptions;
    readonly availableBytes: number | null;
    readonly perEvent: number;
    readonly estimate: EventEstimate;
  },
): PlannedPass {
  const { options, availableBytes, perEvent } = facts;
  const { memoryLimitBytes, readBufferBytes } = options;
  const chunk = chunkFor(memoryLimitBytes ?? availableBytes ?? ASSUMED_AVAILABLE, target);
  const chunkEvents = batchEvents ?? Math.min(chunk, mostOfChunk(target, facts.estimate));
  const { content } = recording;
  const working = content.kind === "rows" ? content.table.workingBytes : undefined;
  const usual = passMemorySize(recording, {
    inputBytes: readBufferBytes,
    tileEvents: usualTileEvents(recording),
  });
  const wanted: PassSizes = {
    readBufferBytes: usual.inputBytes,
    tileEvents: usual.tileEvents,
    chunkEvents,
    workingBytes: working?.usual ?? 0,
  };
  return {
    needs: {
      recording,
      batchBytesPerEvent: perEvent * batchesHeld(target, batchesAhead),
      fixedBytes: decompressorBytes(recording) + sieveBytes,
    },
    wanted,
    least: {
      readBufferBytes:
        readBufferBytes === undefined
          ? Math.min(wanted.readBufferBytes, LEAST_READ_BYTES)
          : wanted.readBufferBytes,
      tileEvents: Math.min(wanted.tileEvents, LEAST_TILE_EVENTS),
      chunkEvents: batchEvents ?? Math.min(chunkEvents, LEAST_CHUNK_EVENTS),
      workingBytes: working?.least ?? 0,
    },
  };
}

/**
 * The most events of a chunk, whatever memory there is; of a table all where they are counted, half of them
 * where they are estimated, a million where nothing tells.
 */
function mostOfChunk(target: PlanTarget, { events, kind }: EventEstimate): number {
  if (target === "batches") return STREAM_CHUNK_EVENTS;
  if (target !== "table") return USUAL_CHUNK_EVENTS;
  const share = kind === "exact" ? 1 : 1 / 2;
  return Math.max(Math.ceil((events ?? 0) * share), USUAL_CHUNK_EVENTS);
}

/**
 * Batches that the stream holds: the last one is filled, and copied to its size where it is not full enough.
 * That of a table is new memory, of which what is never filled is not resident.
 */
function batchesHeld(target: PlanTarget, ahead: number): number {
  if (target === "table") return 1;
  return target === "batches" ? 1 + FULL_ENOUGH + 1 + ahead : 0;
}

/** The pass that makes one batch of so many bytes. */
function directPass(pass: PlannedPass, bytes: number): PlannedPass {
  const fixedBytes = pass.needs.fixedBytes + bytes;
  return { ...pass, needs: { ...pass.needs, batchBytesPerEvent: 0, fixedBytes } };
}

/** Events that one batch is made for. */
function directRoom(
  recording: OpenedRecording,
  { events, kind }: EventEstimate,
  { streamingThreshold }: CheckedPlanOptions,
): number {
  const most = recording.mostEvents() ?? Number.POSITIVE_INFINITY;
  if (events === null) return Math.max(Math.min(streamingThreshold, USUAL_CHUNK_EVENTS), 1);
  return Math.max(Math.min(roomFor(events, kind), most), 1);
}

/** Room for so many events, and for more where they are estimated. */
function roomFor(events: number, kind: EventEstimate["kind"]): number {
  return kind === "exact" ? events : Math.ceil(events * ESTIMATE_MARGIN) + LEAST_CHUNK_EVENTS;
}

function decompressorBytes({ source, content }: OpenedRecording): number {
  // What is read by rows was decompressed when it was opened.
  if (content.kind === "rows" || source.compression === null) return 0;
  return source.compression === "zstd" ? source.windowBytes + ZSTD_BYTES : GZIP_BYTES;
}

/** The window that what is decompressed while it is read has had so far; 0 without any. */
function windowBytesOf({ source, content }: OpenedRecording): number {
  return content.kind === "rows" ? 0 : source.windowBytes;
}

function checkLimit(
  recording: OpenedRecording,
  least: number,
  { memoryLimitBytes }: CheckedPlanOptions,
  mode: "direct" | "chunked",
  { events }: EventEstimate,
): void {
  if (memoryLimitBytes === null || memoryLimitBytes >= least) return;
  const other = mode === "direct" ? ', or leave `mode: "direct"` out' : "";
  const isKnown = mode === "chunked" || events !== null;
  throw new EventError("memory-limit", "the memory limit cannot be kept", {
    path: recording.source.name,
    format: recording.format,
    expected: isKnown ? `at least ${least} bytes` : ONE_PIECE,
    found: `${memoryLimitBytes}`,
    hint: isKnown
      ? `Give \`memoryLimitBytes: ${least}\` or more${other}.`
      : `Give a larger \`memoryLimitBytes\`${other}: only reading it tells how large.`,
  });
}
