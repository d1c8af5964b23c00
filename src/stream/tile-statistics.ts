import type { EventStatistics } from "../events/statistics.ts";
import { timeFields } from "../events/time-fields.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import { summaryWasm } from "../kernels/generated/summary.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import * as layout from "../kernels/layout.ts";

interface SummaryKernel {
  summarize(count: number): void;
}

/** Adds up the statistics of tiles as they pass. */
export class TileStatistics {
  #kernel: { readonly memory: EventMemory; readonly summarize: SummaryKernel["summarize"] } | null =
    null;
  #events = 0;
  #on = 0;
  #firstTime: bigint | null = null;
  #lastTime: bigint | null = null;
  #minTime: bigint | null = null;
  #maxTime: bigint | null = null;
  #minX = Number.POSITIVE_INFINITY;
  #maxX = Number.NEGATIVE_INFINITY;
  #minY = Number.POSITIVE_INFINITY;
  #maxY = Number.NEGATIVE_INFINITY;

  /** Adds the tile that stands in `memory`. */
  async add(memory: EventMemory): Promise<void> {
    const count = memory.eventCount;
    if (count === 0) return;
    if (this.#kernel?.memory !== memory) {
      const { summarize } = await instantiateKernel<SummaryKernel>(summaryWasm, memory.memory);
      this.#kernel = { memory, summarize };
    }
    this.#kernel.summarize(count);
    const { t } = memory.columns;
    this.#events += count;
    this.#on += memory.field(layout.SUMMARY_ON);
    this.#firstTime ??= t[0] ?? null;
    this.#lastTime = t[count - 1] ?? null;
    const minTime = memory.field64(layout.SUMMARY_MIN_T);
    const maxTime = memory.field64(layout.SUMMARY_MAX_T);
    if (this.#minTime === null || minTime < this.#minTime) this.#minTime = minTime;
    if (this.#maxTime === null || maxTime > this.#maxTime) this.#maxTime = maxTime;
    this.#minX = Math.min(this.#minX, memory.field(layout.SUMMARY_MIN_X));
    this.#maxX = Math.max(this.#maxX, memory.field(layout.SUMMARY_MAX_X));
    this.#minY = Math.min(this.#minY, memory.field(layout.SUMMARY_MIN_Y));
    this.#maxY = Math.max(this.#maxY, memory.field(layout.SUMMARY_MAX_Y));
  }

  /**
   * The statistics of all tiles so far.
   *
   * @param exactTimes - tell times that are too large for a number, instead of throwing
   * @throws EventError `unsafe-time`
   */
  get(exactTimes = false): EventStatistics {
    const events = this.#events;
    const times = {
      firstTime: this.#firstTime ?? 0n,
      lastTime: this.#lastTime ?? 0n,
      minTime: this.#minTime ?? 0n,
      maxTime: this.#maxTime ?? 0n,
    };
    const coordinate = (value: number): number | null => (events === 0 ? null : value);
    return {
      estimated: false,
      events,
      on: this.#on,
      off: events - this.#on,
      ...timeFields(events, events === 0 ? null : times, exactTimes),
      minX: coordinate(this.#minX),
      maxX: coordinate(this.#maxX),
      minY: coordinate(this.#minY),
      maxY: coordinate(this.#maxY),
    };
  }
}
