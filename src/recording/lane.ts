import type { EventDecoder, PartRules } from "../formats/decoder.ts";
import { AheadState, type PartAhead } from "../kernels/decode-ahead.ts";
import type { DecodingKernel } from "../kernels/decoding-kernel.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { Part, PartPlace } from "./part-reader.ts";

/** What is known when a part has been decoded: where the next one starts from. */
export interface Handover {
  readonly carried: Uint8Array;
  /** Bytes that were not used up, the first half of a word or line. */
  readonly rest: Uint8Array;
}

/** What a lane is told once. */
export interface LaneOptions {
  readonly rules: Pick<PartRules, "carriedSum" | "carriedTimes">;
  /** Byte offset in the source where the data begin. */
  readonly dataOffset: number;
  /** Makes the decoder of a lane, which are numbered from 0. */
  readonly createDecoder: (
    memory: EventMemory,
    kernel: DecodingKernel,
    lane: number,
  ) => EventDecoder;
}

/** Memory for one part of the data, which any thread may decode ahead. */
export class Lane implements PartPlace {
  readonly memory: EventMemory;
  readonly ahead: AheadState;
  readonly decoder: EventDecoder;
  /** Bytes of the source that were read for the part. */
  bytesRead = 0;
  readonly #kernel: DecodingKernel;
  readonly #results: KernelResults;
  readonly #options: LaneOptions;
  #start = 0;
  #end = 0;
  #byteOffset = 0;

  constructor(memory: EventMemory, kernel: DecodingKernel, lane: number, options: LaneOptions) {
    this.memory = memory;
    this.ahead = new AheadState(memory.memory);
    this.#kernel = kernel;
    this.#results = new KernelResults(memory, kernel);
    this.#options = options;
    this.decoder = options.createDecoder(memory, this.#results, lane);
    const { byteOffset } = this.input;
    // Builds the tables that some kernels begin with; what follows then begins in any state.
    kernel.decode(byteOffset, byteOffset, 0);
  }

  /** Where a part is read to. */
  get input(): Uint8Array {
    return this.memory.inputs[0];
  }

  /**
   * Takes a part that was read and offers it to all threads.
   *
   * @param carried - the last state that is known for sure; the lead does the rest
   */
  offer({ lead, start, end, offset, bytesRead }: Part<Lane>, carried: Uint8Array): void {
    const { memory } = this;
    const { byteOffset } = this.input;
    this.#start = byteOffset + start;
    this.#end = byteOffset + end;
    this.#byteOffset = this.#options.dataOffset + offset;
    this.bytesRead = bytesRead;
    memory.clear();
    memory.restoreCarried(carried);
    const part: PartAhead = {
      lead: byteOffset + lead,
      start: this.#start,
      end: this.#end,
      capacity: memory.tileEvents,
    };
    this.ahead.offer(part);
  }

  /** Decodes the part on this thread, which claimed it. */
  decodeAhead(): void {
    this.ahead.decode(this.#kernel);
  }

  /**
   * Makes the decoder ready for the part, now that the state at its start is known. What was decoded
   * ahead is used if it started from that very state.
   */
  begin(before: Handover): void {
    const { memory, decoder } = this;
    const { ahead } = this;
    const isUsable = ahead.isDone && before.rest.byteLength === 0;
    const later = isUsable ? this.#laterThan(ahead.startedWith, before.carried) : null;
    if (later !== null) {
      const { next, startedWith } = ahead;
      const carried = memory.saveCarried();
      this.#addSum(carried, before.carried, startedWith);
      if (later !== 0n) this.#moveTimes(carried, later);
      this.#results.keep(this.#start, { next, carried });
      decoder.bytes.place(this.#start, this.#end, this.#byteOffset);
      memory.setTile();
      memory.restoreCarried(before.carried);
      return;
    }
    const { rest } = before;
    memory.clear();
    memory.restoreCarried(before.carried);
    const start = this.#start - rest.byteLength;
    this.input.set(rest, start - this.input.byteOffset);
    decoder.bytes.place(start, this.#end, this.#byteOffset - rest.byteLength);
  }

  /** What the next part starts from, when all of this one is decoded. */
  handOver(): Handover {
    const { start, end } = this.decoder.bytes;
    const rest = this.decoder.bytes.view(start, end).slice();
    return { carried: this.memory.saveCarried(), rest };
  }

  /**
   * How much later the state at the start of the part is than the one that it was begun in; null where
   * they differ otherwise, but for sums.
   */
  #laterThan(startedWith: Uint8Array, carried: Uint8Array): bigint | null {
    const { carriedSum, carriedTimes = [] } = this.#options.rules;
    const numbers = carriedSum === undefined ? carriedTimes : [...carriedTimes, carriedSum];
    const isSame = carried.every((byte, at) => {
      return (
        startedWith[at] === byte || numbers.some((from) => at >= from && at < from + I64_BYTES)
      );
    });
    const [later = 0n, ...others] = carriedTimes.map(
      (at) => readI64(carried, at) - readI64(startedWith, at),
    );
    return isSame && others.every((other) => other === later) ? later : null;
  }

  /** Moves the times of the tile, and those that are carried from its end. */
  #moveTimes(carried: Uint8Array, later: bigint): void {
    this.#kernel.moveTimes?.(later);
    for (const at of this.#options.rules.carriedTimes ?? []) addI64(carried, at, later);
  }

  /** Turns the sum that was counted from another start into that over all parts. */
  #addSum(carried: Uint8Array, before: Uint8Array, startedWith: Uint8Array): void {
    const { carriedSum } = this.#options.rules;
    if (carriedSum === undefined) return;
    addI64(carried, carriedSum, readI64(before, carriedSum) - readI64(startedWith, carriedSum));
  }
}

const I64_BYTES = 8;

function readI64({ buffer, byteOffset }: Uint8Array, at: number): bigint {
  return new DataView(buffer, byteOffset + at, I64_BYTES).getBigInt64(0, true);
}

function addI64(state: Uint8Array, at: number, by: bigint): void {
  const view = new DataView(state.buffer, state.byteOffset + at, I64_BYTES);
  view.setBigInt64(0, view.getBigInt64(0, true) + by, true);
}

/** A kernel that knows some results already. */
class KernelResults implements DecodingKernel {
  readonly #memory: EventMemory;
  readonly #kernel: DecodingKernel;
  #known: {
    input: number;
    next: number;
    carried: Uint8Array;
    events: number;
    triggers: number;
  } | null = null;

  constructor(memory: EventMemory, kernel: DecodingKernel) {
    this.#memory = memory;
    this.#kernel = kernel;
  }

  /** Keeps what decoding from `input` on gave: the tile in memory, and what was carried at its end. */
  keep(input: number, { next, carried }: { next: number; carried: Uint8Array }): void {
    const { eventCount: events, triggerCount: triggers } = this.#memory;
    this.#known = { input, next, carried, events, triggers };
  }

  decode(input: number, end: number, capacity: number): number {
    const known = this.#known;
    this.#known = null;
    if (known === null) return this.#kernel.decode(input, end, capacity);
    this.#memory.setTile(known.events, known.triggers);
    this.#memory.restoreCarried(known.carried);
    return known.next;
  }
}
