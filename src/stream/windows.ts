import { EventError } from "../errors.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import { windowsWasm } from "../kernels/generated/windows.ts";
import { instantiateKernel } from "../kernels/kernel.ts";

/** A window of time on the grid, in microseconds of the loaded time. */
export interface TimeWindow {
  readonly start: bigint;
  /** Where the next one starts. */
  readonly end: bigint;
}

/** The grid that windows lie on, checked. */
export interface WindowGrid {
  /** Microseconds of a window. */
  readonly length: bigint;
  /** Where a window starts; the others follow from it, in both directions. */
  readonly origin: bigint;
  /** Hand out windows without events, too. */
  readonly empty: boolean;
}

interface WindowsKernel {
  runEnd(from: number, count: number, first: bigint, last: bigint): number;
}

/** More empty windows in a row are taken for a mistake. */
export const MAX_EMPTY_WINDOWS = 1_000_000;

const FIRST_TIME = -(2n ** 63n);
const LAST_TIME = 2n ** 63n - 1n;

/** The windows that the events of tiles fall into. Nothing is assumed of the order of times. */
export class TimeWindows {
  readonly #grid: WindowGrid;
  /** The kernel over each memory that tiles come in: several threads have several. */
  readonly #kernels = new Map<EventMemory, WindowsKernel>();
  #tile: EventMemory | undefined;
  /** End of the latest window so far: none in front of it is handed out empty. */
  #reached: bigint | undefined;

  constructor(grid: WindowGrid) {
    this.#grid = grid;
  }

  /** Gets ready for the tile in memory; to be awaited before it is looked at. */
  async prepare(tile: EventMemory): Promise<void> {
    this.#tile = tile;
    if (this.#kernels.has(tile)) return;
    this.#kernels.set(tile, await instantiateKernel<WindowsKernel>(windowsWasm, tile.memory));
  }

  /** The window that a time falls into. */
  at(time: bigint): TimeWindow {
    const { length, origin } = this.#grid;
    const behind = (time - origin) % length;
    const start = time - (behind < 0n ? behind + length : behind); // `%` takes the sign of the time
    return { start, end: start + length };
  }

  /** Where the run of events of a window ends that begins at `from`. */
  runEnd({ start, end }: TimeWindow, from: number): number {
    const kernel = this.#tile && this.#kernels.get(this.#tile);
    if (kernel === undefined || this.#tile === undefined) return from;
    const first = start < FIRST_TIME ? FIRST_TIME : start;
    const last = end > LAST_TIME ? LAST_TIME : end - 1n;
    return kernel.runEnd(from, this.#tile.eventCount, first, last);
  }

  /**
   * Goes on to a window.
   *
   * @returns the windows in front of it that no event fell into, if they were asked for
   * @throws EventError `invalid-option` when they are too many
   */
  reach(window: TimeWindow): Iterable<TimeWindow> {
    const from = this.#reached;
    if (from === undefined || window.end > from) this.#reached = window.end;
    if (!this.#grid.empty || from === undefined || from >= window.start) return [];
    const count = (window.start - from) / this.#grid.length;
    if (count > MAX_EMPTY_WINDOWS) throw tooManyEmpty(count, window);
    return this.#between(from, window.start);
  }

  *#between(from: bigint, until: bigint): Generator<TimeWindow, void, void> {
    const { length } = this.#grid;
    for (let start = from; start < until; start += length) yield { start, end: start + length };
  }
}

function tooManyEmpty(count: bigint, { start }: TimeWindow): EventError {
  return new EventError("invalid-option", "emptyWindows would hand out too many windows in a row", {
    expected: `at most ${MAX_EMPTY_WINDOWS} windows of windowUs between two events`,
    found: `${count} in front of time ${start}`,
    hint: "Make windowUs larger, or leave emptyWindows out.",
  });
}
