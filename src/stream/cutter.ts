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

/** How many events a batch may have. */
export interface BatchLimits {
  /** The most of the batch that is begun, or to be begun. */
  most(): number;
  /** Allows more for a batch that has so many; false when it is complete. */
  grow(): boolean;
}

/**
 * Decides where batches begin and end in the tiles that pass. What it decides does not depend on the
 * size of the tiles, unless batches are to end with them.
 */
export class BatchCutter {
  readonly #limits: BatchLimits;
  readonly #windows: TimeWindows | undefined;
  readonly #endsWithTile: boolean;
  /** Events of the batch that is not complete. */
  #length = 0;
  #window: TimeWindow | undefined;

  /**
   * @param endsWithTile - no batch goes on from one tile to the next
   */
  constructor(limits: BatchLimits, windows: TimeWindows | undefined, endsWithTile: boolean) {
    this.#limits = limits;
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
      const most = this.#limits.most();
      const end = Math.min(runEnd, start + most - this.#length);
      const isFirst = this.#length === 0;
      this.#length += end - start;
      // A run that reaches the end of the tile may go on in the next one.
      const isComplete = this.#length === most ? !this.#limits.grow() : end < count;
      const isLast = isComplete || this.#endsWithTile;
      if (isLast) this.#length = 0;
      yield { start, end, isFirst, isLast, window: this.#window, emptyBefore };
      start = end;
    }
  }
}
