import type { EventMemory } from "../kernels/event-memory.ts";
import type { TimeWindow, TimeWindows } from "./windows.ts";

/** Events of a tile that belong to one batch. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  /** Whether the batch begins with it: what was gathered before is complete. */
  readonly isFirst: boolean;
  /** Whether the batch ends with it. */
  readonly isLast: boolean;
  /** The window of the batch, and those in front of it that have no events. */
  readonly window: TimeWindow | undefined;
  readonly emptyBefore: Iterable<TimeWindow>;
}

/**
 * Decides where batches begin and end in the tiles that pass. What it decides does not depend on the
 * size of the tiles, unless batches are to end with them.
 */
export class BatchCutter {
  readonly #limit: number;
  readonly #windows: TimeWindows | undefined;
  readonly #endsWithTile: boolean;
  /** Events of the batch that is not complete. */
  #length = 0;
  #window: TimeWindow | undefined;

  /**
   * @param limit - the most events of a batch
   * @param endsWithTile - no batch goes on from one tile to the next
   */
  constructor(limit: number, windows: TimeWindows | undefined, endsWithTile: boolean) {
    this.#limit = limit;
    this.#windows = windows;
    this.#endsWithTile = endsWithTile;
  }

  /** The pieces of the tile in memory, front to back; all are to be taken. */
  *pieces(tile: EventMemory): Generator<Piece, void, void> {
    const count = tile.eventCount;
    const { t } = tile.columns;
    for (let start = 0; start < count; ) {
      let emptyBefore: Iterable<TimeWindow> = [];
      let runEnd = count;
      if (this.#windows !== undefined) {
        const window = this.#windows.at(t[start] as bigint);
        if (window.start !== this.#window?.start) {
          emptyBefore = this.#windows.reach(window);
          this.#window = window;
          this.#length = 0;
        }
        runEnd = this.#windows.runEnd(window, start);
      }
      const end = Math.min(runEnd, start + this.#limit - this.#length);
      const isFirst = this.#length === 0;
      this.#length += end - start;
      // A run that reaches the end of the tile may go on in the next one.
      const isLast = this.#length === this.#limit || end < count || this.#endsWithTile;
      if (isLast) this.#length = 0;
      yield { start, end, isFirst, isLast, window: this.#window, emptyBefore };
      start = end;
    }
  }
}
