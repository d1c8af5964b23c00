import type { MutableReport } from "../events/report.ts";
import type { RowTriggers, TriggerRows } from "../formats/decoder.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import * as layout from "../kernels/layout.ts";

/** Puts the triggers of a table beside the events that happened at the same time. */
export class TriggerFeed {
  readonly #triggers: RowTriggers;
  readonly #memory: EventMemory;
  readonly #report: MutableReport;
  #slice: TriggerRows = {
    t: new BigInt64Array(0),
    id: new Int16Array(0),
    value: new Uint8Array(0),
  };
  /** The next trigger of the slice, and the first one behind it. */
  #next = 0;
  #row = 0;

  constructor(triggers: RowTriggers, memory: EventMemory, report: MutableReport) {
    this.#triggers = triggers;
    this.#memory = memory;
    this.#report = report;
  }

  /**
   * Appends triggers to the tile, as long as it has room.
   *
   * @param until - the last time that is due, with the time offset subtracted; null for all
   * @returns whether all that are due were appended
   */
  async append(until: bigint | null): Promise<boolean> {
    const { triggers } = this.#memory;
    for (;;) {
      if (this.#next === this.#slice.t.length && !(await this.#readSlice())) return true;
      const offset = this.#memory.field64(layout.TIME_OFFSET);
      const time = (this.#slice.t[this.#next] as bigint) - offset;
      if (until !== null && time > until) return true;
      const at = this.#memory.triggerCount;
      if (at === triggers.length) return false;
      triggers.t[at] = time;
      triggers.id[at] = this.#slice.id[this.#next] as number;
      triggers.value[at] = this.#slice.value[this.#next] as number;
      this.#memory.setTile(this.#memory.eventCount, at + 1);
      this.#report.triggers += 1;
      this.#next += 1;
    }
  }

  async #readSlice(): Promise<boolean> {
    const count = Math.min(this.#memory.triggers.length, this.#triggers.rows - this.#row);
    if (count === 0) return false;
    this.#slice = await this.#triggers.read(this.#row, count);
    this.#row += count;
    this.#next = 0;
    return true;
  }
}
