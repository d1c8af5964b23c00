import { platform } from "#platform";
import { COLUMN_NAMES } from "../events/columns.ts";
import type { LoadReport } from "../events/report.ts";
import type { RowReader, RowTable } from "../formats/decoder.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { DecodeThread } from "../platform/platform.ts";
import { aheadBytes, ChunksAhead } from "./chunks-ahead.ts";
import { laneBytes } from "./lane-tiles.ts";
import { orMemoryLimit } from "./pass-memory.ts";
import type { OpenedRecording } from "./recording.ts";
import { blockBytes, RowBlocks } from "./row-blocks.ts";
import type { TileOptions } from "./tiles.ts";

/** What a thread takes before it decodes anything: a JavaScript engine, and for rows the library. */
const THREAD_BYTES = 12_000_000;

/** Bytes that so many threads hold, the calling one included; 0 for that one alone. */
export function threadBytes({ content }: OpenedRecording, threads: number): number {
  if (threads === 1) return 0;
  if (content.kind === "stream") {
    return threads * laneBytes(content.format) + (threads - 1) * THREAD_BYTES;
  }
  const { blockRows = 0, aheadRules, workingBytes } = content.table;
  if (aheadRules !== undefined) {
    return aheadBytes(aheadRules, threads) + (threads - 1) * THREAD_BYTES;
  }
  const own = blockBytes(blockRows) + (workingBytes?.usual ?? 0);
  return threads * own + (threads - 1) * THREAD_BYTES;
}

/**
 * How many of the threads that a caller allows have something to decode: a stream that may still
 * grow, and rows that are not in a file of their own, are decoded by one.
 */
export function usefulThreads(
  { content, source, byteLength }: OpenedRecording,
  most: number,
): number {
  if (content.kind === "stream") return byteLength === null ? 1 : most;
  const { rows, blockRows, aheadRules } = content.table;
  const unit = aheadRules?.rowsPerThread ?? blockRows;
  if (unit === undefined || source.filePath === null) return 1;
  return Math.max(Math.min(most, Math.ceil(rows / unit)), 1);
}

/**
 * Threads that decode a stream beside the calling one; none where that cannot be: for a part of a
 * recording, or one that may still grow.
 */
export function startThreads(recording: OpenedRecording, options: TileOptions): DecodeThread[] {
  const { threads = 1, ranges, promptly, sieve } = options;
  if (ranges !== undefined || promptly || recording.byteLength === null) return [];
  if (sieve !== undefined) return []; // which works in one memory
  return start(recording, threads - 1);
}

/** The options of a pass, and its report. */
interface ReportedOptions extends TileOptions {
  readonly report: LoadReport;
}

/** Threads that decompress the chunks of a file; null where that would not pay, or cannot be. */
export function startChunksAhead(
  recording: OpenedRecording,
  { rows, aheadRules }: RowTable,
  { threads = 1, ranges, partSize, columns = COLUMN_NAMES, report }: ReportedOptions,
): ChunksAhead | null {
  const { filePath: path, identity } = recording.source;
  if (aheadRules === undefined || partSize !== undefined) return null;
  if (threads === 1 || ranges !== undefined || path === null) return null;
  const { rowsPerThread, forSomeColumns } = aheadRules;
  if (columns.length < COLUMN_NAMES.length && !forSomeColumns) return null;
  const started = rows <= rowsPerThread ? [] : start(recording, threads - 1);
  if (started.length === 0) return null;
  const share = () => new ChunksAhead(started, { path, identity }, aheadRules);
  return withMemory(started, share, aheadBytes(aheadRules, threads), report);
}

/** Threads that read the rows of a file; null where that would not pay, or cannot be. */
export function startRowBlocks(
  recording: OpenedRecording,
  table: RowTable,
  memory: EventMemory,
  options: ReportedOptions,
  createReader: () => Promise<RowReader>,
): RowBlocks | null {
  const { rows } = table;
  const path = recording.source.filePath;
  const { threads = 1, onMalformed, ranges } = options;
  const { partSize: blockRows = table.blockRows } = options;
  if (threads === 1 || table.blockRows === undefined || blockRows === undefined || path === null)
    return null;
  if (ranges !== undefined) return null; // parts of it are read by one
  const blocks = Math.ceil(rows / blockRows);
  const started = blocks < 2 ? [] : start(recording, Math.min(threads - 1, blocks));
  if (started.length === 0) return null;
  const choice = {
    path,
    identity: recording.source.identity,
    options: { ...recording.stated, onMalformed },
    rows: { start: 0, end: rows },
    blockRows,
    createReader,
  };
  const share = () => new RowBlocks(memory, started, choice);
  return withMemory(started, share, threads * blockBytes(blockRows), options.report);
}

/** Ends threads when there is no memory, of so many bytes, to share with them. */
function withMemory<T>(
  threads: readonly DecodeThread[],
  share: () => T,
  bytes: number,
  report: LoadReport,
): T {
  try {
    return orMemoryLimit(share, bytes, report, "Several `threads` share memory: ask for one.");
  } catch (error) {
    for (const thread of threads) void thread.close();
    throw error;
  }
}

/** Threads that end with the recording at the latest. */
function start({ threads: all }: OpenedRecording, count: number): DecodeThread[] {
  const threads: DecodeThread[] = [];
  while (threads.length < count) {
    const thread = platform.startThread();
    if (thread === null) break;
    const close = (): Promise<void> => {
      all.delete(listed);
      return thread.close();
    };
    const listed = { ...thread, close };
    all.add(listed);
    threads.push(listed);
  }
  return threads;
}
