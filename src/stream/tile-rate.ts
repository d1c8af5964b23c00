import { timeOrNull } from "../events/safe-time.ts";
import type { EventRate, EventStatistics, ExactBusiestWindow } from "../events/statistics.ts";
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
   * @param exactTimes - tell starts of windows that are too large for a number, instead of throwing
   * @throws EventError `unsafe-time`
   */
  get(statistics: EventStatistics, exactTimes: boolean): EventRate {
    const { minTime, maxTime } = statistics.exact ?? statistics;
    const windowUs = this.#windowUs;
    if (minTime === null || maxTime === null) {
      const none = { start: null, counts: [], reason: null, meanEvents: null, busiest: null };
      return { windowUs, windows: 0, ...none };
    }
    const length = BigInt(windowUs);
    const first = numberOf(BigInt(minTime), length);
    const total = numberOf(BigInt(maxTime), length) - first + 1n;
    const windows = Number(total);
    const counts = windows > layout.WINDOW_SLOTS ? null : this.#counts(first, windows);
    const exact = { start: first * length, busiest: this.#busiest(first, counts) };
    const start = timeOrNull(exact.start, exactTimes);
    const busiestStart = exact.busiest && timeOrNull(exact.busiest.start, exactTimes);
    const busiest =
      busiestStart === null
        ? null
        : { ...(exact.busiest as ExactBusiestWindow), start: busiestStart };
    const isTold = start !== null && (busiest !== null || exact.busiest === null);
    return {
      ...{ windowUs, windows, start, counts },
      reason:
        counts === null
          ? `the times span ${total} windows of ${windowUs} us, which is more than the ${layout.WINDOW_SLOTS} that are counted`
          : null,
      meanEvents: statistics.events / windows,
      busiest,
      ...(!isTold && { exact }),
    };
  }

  #busiest(first: bigint, counts: readonly number[] | null): ExactBusiestWindow | null {
    if (counts === null) return null;
    const events = counts.reduce((best, count) => Math.max(best, count), 0);
    const start = (first + BigInt(counts.indexOf(events))) * BigInt(this.#windowUs);
    return { start, events, eventsPerSecond: (events * 1e6) / this.#windowUs };
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
