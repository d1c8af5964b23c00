import type { DecodingKernel } from "../kernels/decoding-kernel.ts";
import type { EventMemory } from "../kernels/event-memory.ts";

/** What the last call of a decoding kernel began with, so that its end can be taken back. */
export class LastCall {
  readonly #memory: EventMemory;
  #start = 0;
  #room = 0;
  #events = 0;
  #triggers = 0;
  #carried: Uint8Array | undefined;

  constructor(memory: EventMemory) {
    this.#memory = memory;
  }

  /** To be told in front of every call. */
  remember(start: number, room: number): void {
    this.#start = start;
    this.#room = room;
    this.#events = this.#memory.eventCount;
    this.#triggers = this.#memory.triggerCount;
    this.#carried = this.#memory.saveCarried();
  }

  /** Does the call again, up to the address `end` and no further. */
  redoUntil(end: number, kernel: DecodingKernel): void {
    if (this.#carried === undefined) return;
    const memory = this.#memory;
    memory.restoreCarried(this.#carried);
    memory.setTile(this.#events, this.#triggers);
    if (end > this.#start) kernel.decode(this.#start, end, this.#room);
  }

  /** Events and triggers that the tile has more than in front of the call. */
  get appended(): { readonly events: number; readonly triggers: number } {
    const { eventCount, triggerCount } = this.#memory;
    return { events: eventCount - this.#events, triggers: triggerCount - this.#triggers };
  }
}
