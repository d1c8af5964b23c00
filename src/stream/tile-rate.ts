import { timeAsNumber } from "../events/safe-time.ts";
import type { EventRate, EventStatistics } from "../events/statistics.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import { rateWasm } from "../kernels/generated/rate.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import * as layout from "../kernels/layout.ts";

interface RateKernel {
  /** Adds the first `count` events to the counts of their windows. */
  countWindows(count: number): void;
}

const COUNT_BYTES = 8;

/**
 * Counts the events of windows of time as tiles pass; all tiles are in the same memory. The counts
 * stand in a ring: whatever order the times come in, no window has to move for another.
 */
export class TileRate {
  /** Room in the output of the memory that the counts take. */
  readonly bytes = layout.WINDOW_SLOTS * COUNT_BYTES;
  readonly #windowUs: number;
  #memory: EventMemory | undefined;
  #kernel: RateKernel | undefined;
  #at = 0;

  constructor(windowUs: number) {
    this.#windowUs = windowUs;
  }

  /** Adds the tile in `memory`; the counts stand `offset` bytes into its output. */
  async add(memory: EventMemory, offset: number): Promise<void> {
    this.#kernel ??= await this.#attach(memory, offset);
    this.#kernel.countWindows(memory.eventCount);
  }

  async #attach(memory: EventMemory, offset: number): Promise<RateKernel> {
    this.#memory = memory;
    this.#at = memory.output.byteOffset + offset;
    memory.setField64(layout.WINDOW_US, BigInt(this.#windowUs));
    memory.setField64(layout.FIRST_WINDOW, 2n ** 63n - 1n);
    memory.setField64(layout.LAST_WINDOW, -(2n ** 63n));
    memory.setField(layout.WINDOW_COUNTS, this.#at);
    memory.setField(layout.WINDOWS_OVERFLOW, 0);
    return instantiateKernel<RateKernel>(rateWasm, memory.memory);
  }

  /**
   * The rate of all tiles so far.
   *
   * @param statistics - of the same tiles
   */
  get({ events, minTime, maxTime }: EventStatistics): EventRate {
    const windowUs = this.#windowUs;
    if (minTime === null || maxTime === null) {
      const none = { start: null, counts: [], reason: null, meanEvents: null, busiest: null };
      return { windowUs, windows: 0, ...none };
    }
    const length = BigInt(windowUs);
    const first = numberOf(BigInt(minTime), length);
    const windows = Number(numberOf(BigInt(maxTime), length) - first) + 1;
    const start = timeAsNumber(first * length);
    const meanEvents = events / windows;
    if (windows > layout.WINDOW_SLOTS) {
      const reason = `the times span ${windows} windows of ${windowUs} us, which is more than the ${layout.WINDOW_SLOTS} that are counted`;
      return { windowUs, windows, start, counts: null, reason, meanEvents, busiest: null };
    }
    const counts = this.#counts(first, windows);
    const most = counts.reduce((best, count) => Math.max(best, count), 0);
    const busiest = {
      start: start + counts.indexOf(most) * windowUs,
      events: most,
      eventsPerSecond: (most * 1e6) / windowUs,
    };
    return { windowUs, windows, start, counts, reason: null, meanEvents, busiest };
  }

  #counts(first: bigint, windows: number): number[] {
    const { memory } = this.#memory as EventMemory; // there are events
    const ring = new Float64Array(memory.buffer, this.#at, layout.WINDOW_SLOTS);
    const slot = Number(BigInt.asUintN(64, first) % BigInt(layout.WINDOW_SLOTS));
    return Array.from(
      { length: windows },
      (_, window) => ring[(slot + window) % layout.WINDOW_SLOTS] as number,
    );
  }
}

/** The time divided by the length of a window, rounded down. */
function numberOf(time: bigint, length: bigint): bigint {
  const quotient = time / length;
  return time < quotient * length ? quotient - 1n : quotient;
}
