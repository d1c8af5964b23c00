import { platform } from "#platform";
import {
  bytesPerEvent,
  ColumnBuffer,
  type ColumnName,
  type EventColumns,
  viewColumns,
} from "../events/columns.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { BatchRoom } from "./batch-room.ts";
import { BatchCutter, type BatchLimits } from "./cutter.ts";
import { type TimeWindow, TimeWindows, type WindowGrid } from "./windows.ts";

/** A batch that nothing wraps yet. */
export interface BatchPart {
  readonly columns: EventColumns;
  /** Where batches are cut by time. */
  readonly window: TimeWindow | undefined;
}

/** How tiles become batches. */
export interface BatchPlan {
  readonly columns: readonly ColumnName[];
  /** The most events of a batch that no `room` is made for. */
  readonly limit: number;
  /** Makes the columns of owned batches that are not cut by time. */
  readonly room?: BatchRoom | undefined;
  readonly grid?: WindowGrid | undefined;
  /** The most events that are to be expected; room for more is made when they come. */
  readonly expected: number;
  /** Memory that is used again when the next batch is asked for, the tiles' own where it can be. */
  readonly borrowed: boolean;
  /** Ready the memory of what comes next, where all batches are kept and none is used again. Default `false`. */
  readonly touchesAhead?: boolean | undefined;
  /** End borrowed batches with the tile, so that they are views of it. Default `true`. */
  readonly endsWithTile?: boolean | undefined;
}

/** For less it is not worth asking another thread. */
const LEAST_TOUCHED_BYTES = 2 ** 20;

/** Puts the events of tiles together into batches, and holds the one that is not complete. */
export class BatchBuilder {
  readonly #plan: BatchPlan;
  readonly #windows: TimeWindows | undefined;
  readonly #cutter: BatchCutter;
  readonly #signal: AbortSignal | undefined;
  /** What was copied; made when it is needed. */
  #buffer: ColumnBuffer | undefined;
  /** Events in the buffer that belong to the batch that is not complete. */
  #window: TimeWindow | undefined;
  /** Memory for the next tile is being readied. */
  #touched: Promise<void> | undefined;
  /** Events of all batches that were complete. */
  #delivered = 0;

  constructor(plan: BatchPlan, signal?: AbortSignal) {
    this.#plan = plan;
    this.#windows = plan.grid && new TimeWindows(plan.grid);
    const endsWithTile = plan.borrowed && plan.grid === undefined && plan.endsWithTile !== false;
    this.#cutter = new BatchCutter(this.#limits(), this.#windows, endsWithTile);
    this.#signal = signal;
  }

  /** Bytes held for the batch that is not complete. */
  get byteLength(): number {
    return this.#buffer?.byteLength ?? 0;
  }

  /**
   * All events of the tiles as batches. What was complete in front of an error is handed out before
   * it is thrown, and what was not, too; an abort comes at once.
   */
  async *batches(tiles: AsyncIterable<EventMemory>): AsyncGenerator<BatchPart, void, void> {
    let failure: { readonly error: unknown } | undefined;
    try {
      for await (const tile of tiles) {
        await this.#windows?.prepare(tile);
        await this.#touched;
        this.#touched = this.#touchAhead(tile.eventCount);
        yield* this.#add(tile);
      }
    } catch (error) {
      if (this.#signal?.aborted) throw error;
      failure = { error };
    }
    await this.#touched;
    if (this.#pending > 0) yield this.#take();
    if (failure !== undefined) throw failure.error;
  }

  /** The batches that the events of a tile complete. */
  *#add(tile: EventMemory): Generator<BatchPart, void, void> {
    const { borrowed, columns: names } = this.#plan;
    for (const { start, end, isFirst, isLast, window, emptyBefore } of this.#cutter.pieces(tile)) {
      if (isFirst && this.#pending > 0) yield this.#take();
      for (const empty of emptyBefore) yield { columns: emptyColumns(names), window: empty };
      this.#window = window;
      if (borrowed && isFirst && isLast) {
        yield { columns: viewColumns(tile.columns, names, end, start), window };
        continue;
      }
      this.#buffer ??= new ColumnBuffer(this.#capacity(end - start, isLast), names);
      this.#buffer.append(tile.columns, start, end);
      if (isLast) yield this.#take();
    }
  }

  /** Readies memory for as many events as a tile has, behind those of this one. */
  #touchAhead(events: number): Promise<void> | undefined {
    const { touchesAhead = false, room, columns } = this.#plan;
    if (!touchesAhead || room === undefined) return undefined;
    if (events * bytesPerEvent(columns) < LEAST_TOUCHED_BYTES) return undefined;
    this.#buffer ??= room.next(this.#delivered);
    const rooms = this.#buffer.room(events, events).filter(({ byteLength }) => byteLength > 0);
    return rooms.length > 0 ? platform.touchMemory?.(rooms) : undefined;
  }

  #limits(): BatchLimits {
    const { room, limit } = this.#plan;
    if (room === undefined) return { most: () => limit, grow: () => false };
    const buffer = (): ColumnBuffer => {
      this.#buffer ??= room.next(this.#delivered);
      return this.#buffer;
    };
    return { most: () => buffer().capacity, grow: () => room.grow(buffer()) };
  }

  /** Events that wait for the rest of their batch. */
  get #pending(): number {
    return this.#buffer?.length ?? 0;
  }

  /** Room for a batch that begins with so many events. */
  #capacity(begun: number, isWhole: boolean): number {
    if (isWhole) return begun;
    const { limit, expected, grid } = this.#plan;
    // How long a window goes on is not known: the buffer grows with it.
    return grid === undefined ? Math.max(Math.min(limit, expected), begun) : begun * 2;
  }

  #take(): BatchPart {
    const buffer = this.#buffer ?? new ColumnBuffer(0, this.#plan.columns);
    const window = this.#window;
    if (!this.#plan.borrowed) {
      this.#buffer = undefined;
      this.#delivered += buffer.length;
      return { columns: buffer.finish(), window };
    }
    const columns = buffer.view();
    buffer.clear(); // the memory is used again, when the batch is not valid any more
    return { columns, window };
  }
}

/** Bytes that the columns of a batch take. */
export function bytesOf({ columns }: BatchPart, names: readonly ColumnName[]): number {
  return columns.length * bytesPerEvent(names);
}

function emptyColumns(names: readonly ColumnName[]): EventColumns {
  return new ColumnBuffer(0, names).finish();
}
