import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { ColumnBuffer, type ColumnName } from "../events/columns.ts";
import type { MutableReport } from "../events/report.ts";
import { hurryCollector } from "../util/allocate.ts";
import {
  chunkFor,
  LEAST_CHUNK_EVENTS,
  ONE_PIECE,
  type ResolvedPlan,
  USUAL_CHUNK_EVENTS,
} from "./plan.ts";

/** What batches are made for. */
export interface BatchRoomOptions {
  readonly columns: readonly ColumnName[];
  /** The most events that can come; null when nothing tells. */
  readonly mostEvents: number | null;
  readonly report: MutableReport;
  /** Bytes that `bytesRead` of the report goes up to; null when nothing tells. Default `null`. */
  readonly byteLength?: number | null;
  /** Whether as many as `mostEvents` come, but for those that the report counts as lost. Default `false`. */
  readonly isCounted?: boolean;
  /** Makes the columns of a batch; throws RangeError when there is no memory for them. */
  readonly allocate?: (events: number, columns: readonly ColumnName[]) => ColumnBuffer;
  /** What the platform says is available. */
  readonly availableMemory?: () => number | null;
}

/** A buffer that is too small for the events that came grows by this factor. */
const GROWTH = 1.5;
/** Batches of the usual size, or smaller ones, between two looks at the memory that is available. */
const BATCHES_PER_LOOK = 8;
/**
 * Under a memory limit the collector is hurried whenever batches took this part of it. At 64 MB a
 * stream whose batches are dropped then stays 45 to 55 MB above where it began, not 65 to 80, and
 * takes a fifth longer.
 */
const HURRY_PART = 1 / 8;

/**
 * Makes the columns that batches are filled into, as large as was planned, and smaller ones when
 * memory turns out scarcer than planned. A table of one batch grows when more events come than were
 * estimated; when that takes too much, what there is becomes the first batch of several.
 */
export class BatchRoom {
  readonly #resolved: ResolvedPlan;
  readonly #options: BatchRoomOptions;
  #chunkEvents: number;
  #batches = 0;
  /** Bytes of batches since the collector was hurried. */
  #unhurried = 0;

  constructor(resolved: ResolvedPlan, options: BatchRoomOptions) {
    this.#resolved = resolved;
    this.#options = options;
    this.#chunkEvents = resolved.plan.chunkEvents;
  }

  /**
   * Columns for the next batch.
   *
   * @param delivered - events of all batches before it
   * @throws EventError `memory-limit` when there is no memory even for a small one
   */
  next(delivered: number): ColumnBuffer {
    const { report, mostEvents } = this.#options;
    const left = Math.max((mostEvents ?? Number.POSITIVE_INFINITY) - delivered, 1);
    const { plan, directEvents, isChunkStated } = this.#resolved;
    if (report.mode === "direct") {
      const events = Math.min(directEvents, left);
      const buffer = this.#tryAllocate(events);
      if (!(buffer instanceof RangeError)) return buffer;
      this.#goOnInChunks("there was no memory for all events in one piece", buffer);
    }
    // The plan itself was made with a look at the memory.
    const batchesPerLook = this.#chunkEvents > USUAL_CHUNK_EVENTS ? 1 : BATCHES_PER_LOOK;
    if (++this.#batches % batchesPerLook === 0) this.#look();
    const most = Math.min(left, this.#expected(delivered));
    for (;;) {
      const events = Math.min(this.#chunkEvents, most);
      const buffer = this.#tryAllocate(events);
      if (!(buffer instanceof RangeError)) return buffer;
      if (isChunkStated || events <= LEAST_CHUNK_EVENTS) {
        throw this.#noMemory("there is no memory for a batch", events * plan.bytesPerEvent, buffer);
      }
      this.#chunkEvents = Math.ceil(events / 2);
    }
  }

  /**
   * Makes room for more events in a batch that is full.
   *
   * @returns whether there is any; if not, the batch is done
   * @throws EventError `memory-limit` when one batch was asked for and cannot be had
   */
  grow(buffer: ColumnBuffer): boolean {
    const { report, mostEvents } = this.#options;
    const { capacity } = buffer;
    if (report.mode !== "direct" || capacity >= (mostEvents ?? Number.POSITIVE_INFINITY)) {
      return false;
    }
    const { plan, options, directBytes } = this.#resolved;
    const most = options.mode === "direct" ? Number.POSITIVE_INFINITY : options.streamingThreshold;
    const wanted = Math.ceil(capacity * GROWTH);
    const events = Math.min(wanted, most, mostEvents ?? Number.POSITIVE_INFINITY);
    // The old columns are given up one by one; of the widest, `t`, there are two for a moment.
    const bytes = plan.streamBytes - directBytes + plan.bytesPerEvent * events + 8 * capacity;
    if (events <= capacity || bytes > (options.memoryLimitBytes ?? Number.POSITIVE_INFINITY)) {
      const isEstimated = plan.events !== null;
      this.#goOnInChunks(
        isEstimated
          ? "more events came than were estimated"
          : "more events came than fit in one piece",
      );
      return false;
    }
    try {
      buffer.grow(events);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      this.#goOnInChunks("more events came than there was memory for", cause);
      return false;
    }
    return true;
  }

  /**
   * Events that a batch of a table is to have room for: of those that are left, as far as what was read so far
   * tells, half, so that the last batches are small. Of what is left in a batch that is not filled a copy is made.
   * All of them where they are counted.
   */
  #expected(delivered: number): number {
    const { report, byteLength = null, isCounted = false } = this.#options;
    const { target, isChunkStated } = this.#resolved;
    if (target !== "table" || isChunkStated || isCounted) return Number.POSITIVE_INFINITY;
    if (byteLength === null) return Number.POSITIVE_INFINITY;
    const left = Math.max(byteLength - report.bytesRead, 0);
    const half = (delivered / Math.max(report.bytesRead, 1)) * (left / 2);
    return Math.max(Math.ceil(half), USUAL_CHUNK_EVENTS);
  }

  #tryAllocate(events: number): ColumnBuffer | RangeError {
    const { columns, allocate = newBuffer } = this.#options;
    this.#hurry(events);
    try {
      return allocate(events, columns);
    } catch (cause) {
      if (cause instanceof RangeError) return cause;
      throw cause;
    }
  }

  #hurry(events: number): void {
    const { plan, options } = this.#resolved;
    const { memoryLimitBytes } = options;
    this.#unhurried += events * plan.bytesPerEvent;
    if (memoryLimitBytes === null || this.#unhurried < memoryLimitBytes * HURRY_PART) return;
    this.#unhurried = 0;
    hurryCollector();
  }

  /** Smaller batches from now on, where less is available than they were planned for. */
  #look(): void {
    const { availableMemory = () => platform.availableMemory() } = this.#options;
    const available = availableMemory();
    if (available === null || this.#resolved.isChunkStated) return;
    const most = chunkFor(available, this.#resolved.target);
    while (this.#chunkEvents > most) this.#chunkEvents = Math.ceil(this.#chunkEvents / 2);
  }

  #goOnInChunks(reason: string, cause?: unknown): void {
    const { report } = this.#options;
    const { options } = this.#resolved;
    if (options.mode === "direct") throw this.#noMemory(reason, null, cause);
    report.mode = "chunked";
    report.modeReason = reason;
  }

  /** @param bytes - what would do; null when only reading to the end could tell */
  #noMemory(problem: string, bytes: number | null, cause?: unknown): EventError {
    const { report } = this.#options;
    const { memoryLimitBytes } = this.#resolved.options;
    const orMore = memoryLimitBytes === null ? "" : ", or give a larger `memoryLimitBytes`";
    const hint =
      bytes === null
        ? `Load without \`mode: "direct"\`${orMore}.`
        : 'Load in smaller pieces, with `mode: "chunked"` or `recording.stream()`.';
    return new EventError("memory-limit", problem, {
      path: report.sourceName ?? undefined,
      format: report.format,
      expected: bytes === null ? ONE_PIECE : `at least ${bytes} bytes`,
      found: memoryLimitBytes === null ? "less that is available" : `${memoryLimitBytes}`,
      hint,
      ...(cause !== undefined && { cause }),
    });
  }
}

/**
 * A batch that was made for as many events as were planned is copied only where it is at most half full. What is
 * not filled of new memory is not resident, so with its copy it then takes no more than was planned.
 */
const PLANNED_FULL_ENOUGH = 1 / 2;

function newBuffer(events: number, columns: readonly ColumnName[]): ColumnBuffer {
  return new ColumnBuffer(events, columns, PLANNED_FULL_ENOUGH);
}
