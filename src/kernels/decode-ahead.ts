/**
 * Decodes part of the data in memory that threads share, before the state at its start is known for
 * sure. Whoever asked for it compares what the state was taken to be with what it is.
 */
import type { DecodingKernel } from "./decoding-kernel.ts";
import * as layout from "./layout.ts";

/** A part of the data, as addresses in the memory of a kernel. */
export interface PartAhead {
  /** Where the bytes in front of the part begin, whose decoding gives the state at its start. */
  readonly lead: number;
  readonly start: number;
  readonly end: number;
  /** The most events that the tile may hold. */
  readonly capacity: number;
}

/** What the threads that share a memory tell each other about the part in it. */
export class AheadState {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory: WebAssembly.Memory) {
    this.#words = new Int32Array(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** Offers a part to all threads; what is carried to its lead stands in the memory already. */
  offer({ lead, start, end, capacity }: PartAhead): void {
    this.#set(layout.AHEAD_LEAD, lead);
    this.#set(layout.AHEAD_START, start);
    this.#set(layout.AHEAD_END, end);
    this.#set(layout.AHEAD_CAPACITY, capacity);
    Atomics.store(this.#words, layout.AHEAD_STATUS >> 2, layout.AHEAD_FREE);
  }

  /** Takes the part for this thread, unless another one did. */
  claim(): boolean {
    const { AHEAD_STATUS, AHEAD_FREE, AHEAD_CLAIMED } = layout;
    const before = Atomics.compareExchange(
      this.#words,
      AHEAD_STATUS >> 2,
      AHEAD_FREE,
      AHEAD_CLAIMED,
    );
    return before === AHEAD_FREE;
  }

  /** Whether there is a part that nobody has claimed. */
  get isFree(): boolean {
    return Atomics.load(this.#words, layout.AHEAD_STATUS >> 2) === layout.AHEAD_FREE;
  }

  /** Whether the part that was claimed is decoded. */
  get isDone(): boolean {
    return Atomics.load(this.#words, layout.AHEAD_STATUS >> 2) === layout.AHEAD_DONE;
  }

  /** What was carried when the part was begun. */
  get startedWith(): Uint8Array {
    return this.#bytes.slice(layout.AHEAD_STARTED, layout.AHEAD_STARTED + layout.CARRIED_BYTES);
  }

  /** Address of the first byte that was not decoded. */
  get next(): number {
    return this.#get(layout.AHEAD_NEXT);
  }

  /** Decodes the part that this thread claimed. */
  decode(kernel: DecodingKernel): void {
    const start = this.#get(layout.AHEAD_START);
    const end = this.#get(layout.AHEAD_END);
    const capacity = this.#get(layout.AHEAD_CAPACITY);
    let at = this.#get(layout.AHEAD_LEAD);
    while (at < start) {
      const next = kernel.decode(at, start, capacity);
      this.#clear();
      if (next === at) break; // what it stops at is told of when its own part is decoded
      at = next;
    }
    const { CARRIED, CARRIED_BYTES } = layout;
    this.#bytes.copyWithin(layout.AHEAD_STARTED, CARRIED, CARRIED + CARRIED_BYTES);
    this.#set(layout.AHEAD_NEXT, kernel.decode(start, end, capacity));
    Atomics.store(this.#words, layout.AHEAD_STATUS >> 2, layout.AHEAD_DONE);
  }

  /** Forgets what the lead gave. */
  #clear(): void {
    const zero = (address: number, words: number): void => {
      this.#words.fill(0, address >> 2, (address >> 2) + words);
    };
    zero(layout.EVENT_COUNT, 1);
    zero(layout.TRIGGER_COUNT, 1);
    zero(layout.COUNTERS, layout.COUNTER_SLOTS);
    zero(layout.SUBTYPES, this.#get(layout.SUBTYPES_END));
    zero(layout.SUBTYPES_END, 1);
  }

  #get(address: number): number {
    return this.#words[address >> 2] as number;
  }

  #set(address: number, value: number): void {
    this.#words[address >> 2] = value;
  }
}
