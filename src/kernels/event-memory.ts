import type { ColumnArrays, TriggerColumns } from "../events/columns.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import { copyValues } from "../util/copy-values.ts";
import * as layout from "./layout.ts";
import { keepSpareMemory, takeSpareMemory } from "./spare-memory.ts";

/** How large the parts of an {@link EventMemory} are. */
export interface EventMemorySize {
  /** Bytes of each of the two input slots. */
  inputBytes: number;
  /** The most events of a tile. */
  tileEvents: number;
  /** Bytes of scratch space for every event of a tile, for kernels that need it. Default 0. */
  scratchBytesPerEvent?: number | undefined;
  /** Bytes of room for what an encoding kernel writes, or one that counts. Default 0. */
  outputBytes?: number | undefined;
  /** Bytes of room for what sieves the tile. Default 0. */
  sieveBytes?: number | undefined;
  /** The most triggers of a tile. Default 2048; a kernel that fills them ends the tile. */
  tileTriggers?: number | undefined;
  /** Whether other threads work in it, too. Default `false`. */
  isShared?: boolean | undefined;
}

/** Rows as a reader gives them, and which of them are rejected: a bit for each. */
export interface RowColumns {
  readonly x: Uint16Array;
  readonly y: Uint16Array;
  readonly t: BigInt64Array;
  readonly polarity: Int8Array;
  readonly rejected: Uint8Array;
}

/** Enough that few tiles are cut short. */
const TILE_TRIGGERS = 2048;
const PAGE_BYTES = 65536;
/** Every part starts on a cache line. */
const ALIGNMENT = 64;
/** Room in front of each input slot for the bytes of a word or line that the other slot ended in. */
export const CARRY_BYTES = 512;

/** Where the parts of a memory are, and how many pages they take. */
function placesOf({
  inputBytes,
  tileEvents,
  scratchBytesPerEvent = 0,
  outputBytes = 0,
  sieveBytes = 0,
  tileTriggers = TILE_TRIGGERS,
}: EventMemorySize) {
  let end = layout.SUBTYPES + layout.SUBTYPE_SLOTS * 4;
  const reserve = (bytes: number): number => {
    const start = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    end = start + bytes;
    return start;
  };
  const scratchBytes = tileEvents * scratchBytesPerEvent;
  const places = {
    inputA: reserve(CARRY_BYTES + inputBytes) + CARRY_BYTES,
    inputB: reserve(CARRY_BYTES + inputBytes) + CARRY_BYTES,
    x: reserve(tileEvents * 2),
    y: reserve(tileEvents * 2),
    t: reserve(tileEvents * 8),
    polarity: reserve(tileEvents),
    triggerT: reserve(tileTriggers * 8),
    triggerId: reserve(tileTriggers * 2),
    triggerValue: reserve(tileTriggers),
    rejected: reserve(Math.ceil(tileEvents / 8)),
    scratch: reserve(scratchBytes),
    scratchBytes,
    output: reserve(outputBytes),
    sieve: reserve(sieveBytes),
  };
  return { ...places, pages: Math.ceil(end / PAGE_BYTES) };
}

/** Bytes that an {@link EventMemory} of this size takes. */
export function eventMemoryBytes(size: EventMemorySize): number {
  return placesOf(size).pages * PAGE_BYTES;
}

/**
 * The memory that one decoding pass works in: the kernel's state, two input slots that are filled
 * in turn, the columns of a tile, and scratch space. It never grows, so views of it stay valid and
 * a read into it can be under way while a kernel runs.
 */
export class EventMemory {
  /** @internal */
  readonly memory: WebAssembly.Memory;
  /** The input slots. Whoever reads a file fills them directly. */
  readonly inputs: readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  readonly columns: ColumnArrays;
  readonly triggers: TriggerColumns;
  readonly scratch: Uint8Array<ArrayBuffer>;
  /** Where encoding kernels write, and kernels that count. */
  readonly output: Uint8Array<ArrayBuffer>;
  /** Where what sieves the tile keeps what it knows. */
  readonly sieve: Uint8Array<ArrayBuffer>;
  readonly tileEvents: number;
  /** Bytes of all parts together. */
  readonly byteLength: number;
  readonly #rejected: Uint8Array;
  readonly #words: Int32Array;
  #isReleased = false;

  constructor(size: EventMemorySize) {
    const { inputBytes, tileEvents, outputBytes = 0, tileTriggers = TILE_TRIGGERS } = size;
    const { isShared = false, sieveBytes = 0 } = size;
    const places = placesOf(size);
    const { inputA, inputB, x, y, t, polarity, triggerT, triggerId, triggerValue } = places;
    const { rejected, scratch, scratchBytes, output, sieve, pages } = places;

    this.byteLength = pages * PAGE_BYTES;
    const spare = isShared ? undefined : takeSpareMemory(this.byteLength);
    this.memory =
      spare ?? new WebAssembly.Memory({ initial: pages, maximum: pages, shared: isShared });
    const buffer = this.memory.buffer as ArrayBuffer; // shared memory is read the same way
    this.inputs = [
      new Uint8Array(buffer, inputA, inputBytes),
      new Uint8Array(buffer, inputB, inputBytes),
    ];
    this.tileEvents = tileEvents;
    this.columns = {
      x: new Uint16Array(buffer, x, tileEvents),
      y: new Uint16Array(buffer, y, tileEvents),
      t: new BigInt64Array(buffer, t, tileEvents),
      polarity: new Int8Array(buffer, polarity, tileEvents),
    };
    this.triggers = {
      length: tileTriggers,
      t: new BigInt64Array(buffer, triggerT, tileTriggers),
      id: new Int16Array(buffer, triggerId, tileTriggers),
      value: new Uint8Array(buffer, triggerValue, tileTriggers),
    };
    this.scratch = new Uint8Array(buffer, scratch, scratchBytes);
    this.output = new Uint8Array(buffer, output, outputBytes);
    this.sieve = new Uint8Array(buffer, sieve, sieveBytes);
    this.#rejected = new Uint8Array(buffer, rejected, Math.ceil(tileEvents / 8));
    this.#words = new Int32Array(buffer);
    if (spare !== undefined) {
      // What is not overwritten before it is read is as in a fresh one.
      new Uint8Array(buffer, 0, inputA).fill(0);
      new Uint8Array(buffer, inputB - CARRY_BYTES, CARRY_BYTES).fill(0);
      new Uint8Array(buffer, rejected, this.byteLength - rejected).fill(0);
    }
    this.setField(layout.X_COLUMN, x);
    this.setField(layout.Y_COLUMN, y);
    this.setField(layout.T_COLUMN, t);
    this.setField(layout.POLARITY_COLUMN, polarity);
    this.setField(layout.TRIGGER_T_COLUMN, triggerT);
    this.setField(layout.TRIGGER_ID_COLUMN, triggerId);
    this.setField(layout.TRIGGER_VALUE_COLUMN, triggerValue);
    this.setField(layout.TRIGGER_CAPACITY, tileTriggers);
    this.setField(layout.REJECTED_BITS, rejected);
    this.setField(layout.OUTPUT, output);
    this.setField(layout.OUTPUT_END, output + outputBytes);
  }

  /** Sets what the kernels need to know; without a geometry every coordinate passes. */
  configure(geometry: SensorGeometry | null, polarityEncoding: PolarityEncoding): void {
    this.setField(layout.WIDTH, geometry?.width ?? 65536);
    this.setField(layout.HEIGHT, geometry?.height ?? 65536);
    this.setField(layout.SIGNED_POLARITY, polarityEncoding === "minus-one-one" ? 1 : 0);
  }

  /** Tells the kernel which of the layouts of its format the data have. */
  setVariant(variant: number): void {
    this.setField(layout.VARIANT, variant);
  }

  /** Subtracts `offset` microseconds from every time decoded from now on. */
  setTimeOffset(offset: bigint): void {
    this.setField64(layout.TIME_OFFSET, offset);
  }

  /** What is subtracted from every time, in microseconds. */
  get timeOffset(): bigint {
    return this.field64(layout.TIME_OFFSET);
  }

  /** Lets another pass have the memory: nothing may use this, or views of it, from now on. */
  release(): void {
    const isShared = !(this.memory.buffer instanceof ArrayBuffer);
    if (!this.#isReleased && !isShared) keepSpareMemory(this.memory);
    this.#isReleased = true;
  }

  /** Events in the tile. */
  get eventCount(): number {
    return this.field(layout.EVENT_COUNT);
  }

  /** Triggers in the tile. */
  get triggerCount(): number {
    return this.field(layout.TRIGGER_COUNT);
  }

  /** Whether there is no room for another trigger, or none for events beyond `room`. */
  isFull(room: number): boolean {
    return this.eventCount >= room || this.triggerCount >= this.triggers.length;
  }

  /** Starts a new tile, or takes the last one back to what it held. */
  setTile(eventCount = 0, triggerCount = 0): void {
    this.setField(layout.EVENT_COUNT, eventCount);
    this.setField(layout.TRIGGER_COUNT, triggerCount);
  }

  /** Whether any row behind the tile was rejected. */
  get hasRejected(): boolean {
    return this.field(layout.REJECTED_ROWS) !== 0;
  }

  /** Which rows behind the tile were rejected: a bit for each, the first one's lowest. */
  get rejected(): Uint8Array {
    return this.#rejected;
  }

  /**
   * Puts rows that were read elsewhere behind the tile.
   *
   * @param from - the first of the rows given that is taken
   * @param at - rows that stand behind the tile already
   * @param hasRejected - whether any of them is to be left out
   */
  putRows(
    rows: RowColumns,
    { from, length, at }: { from: number; length: number; at: number },
    hasRejected: boolean,
  ): void {
    const to = this.eventCount + at;
    const end = from + length;
    copyValues(rows.x.subarray(from, end), this.columns.x, to);
    copyValues(rows.y.subarray(from, end), this.columns.y, to);
    copyValues(rows.t.subarray(from, end), this.columns.t, to);
    copyValues(rows.polarity.subarray(from, end), this.columns.polarity, to);
    if (!hasRejected) return;
    this.setField(layout.REJECTED_ROWS, 1);
    for (let row = 0; row < length; row++) {
      const bit = ((rows.rejected[(from + row) >> 3] as number) >> ((from + row) & 7)) & 1;
      this.#rejected[(at + row) >> 3] =
        (this.#rejected[(at + row) >> 3] as number) | (bit << ((at + row) & 7));
    }
  }

  /** Marks rows behind the tile as rejected, from the one that `at` others stand in front of. */
  rejectRows(at: number, length: number): void {
    this.setField(layout.REJECTED_ROWS, 1);
    for (let row = at; row < at + length; row++) {
      this.#rejected[row >> 3] = (this.#rejected[row >> 3] as number) | (1 << (row & 7));
    }
  }

  /** Forgets which rows behind the tile were rejected. */
  clearRejected(): void {
    if (this.field(layout.REJECTED_ROWS) === 0) return;
    this.#rejected.fill(0);
    this.setField(layout.REJECTED_ROWS, 0);
  }

  /** The i32 at an address of the state struct. */
  field(address: number): number {
    return this.#words[address >> 2] as number;
  }

  /** Sets the i32 at an address of the state struct. */
  setField(address: number, value: number): void {
    this.#words[address >> 2] = value;
  }

  /** The i64 at an address of the state struct. */
  field64(address: number): bigint {
    return new BigInt64Array(this.memory.buffer, address, 1)[0] as bigint;
  }

  /** The f64 at an address of the state struct. */
  fieldFloat(address: number): number {
    return new Float64Array(this.memory.buffer, address, 1)[0] as number;
  }

  /** Sets the i64 at an address of the state struct. */
  setField64(address: number, value: bigint): void {
    new BigInt64Array(this.memory.buffer, address, 1)[0] = value;
  }

  /** What a kernel carries from call to call, copied out. */
  saveCarried(): Uint8Array {
    return new Uint8Array(this.memory.buffer, layout.CARRIED, layout.CARRIED_BYTES).slice();
  }

  /** Puts back what {@link saveCarried} returned. */
  restoreCarried(carried: Uint8Array): void {
    new Uint8Array(this.memory.buffer, layout.CARRIED, layout.CARRIED_BYTES).set(carried);
  }

  /** Forgets the tile and what was counted with it. */
  clear(): void {
    this.setTile();
    this.takeCounters(() => {});
    this.takeSubtypes(() => {});
  }

  /**
   * Hands over every counter that the last call raised, and clears it.
   *
   * @param take - gets the slot, the count and the address of the word that raised it first
   */
  takeCounters(take: (slot: number, count: number, address: number) => void): void {
    for (let slot = 0; slot < layout.COUNTER_SLOTS; slot++) {
      const count = this.field(layout.COUNTERS + slot * 4);
      if (count === 0) continue;
      this.setField(layout.COUNTERS + slot * 4, 0);
      take(slot, count >>> 0, this.field(layout.FIRST_SEEN + slot * 4) >>> 0);
    }
  }

  /** Hands over how often each subtype was counted, and clears the counts. */
  takeSubtypes(take: (subtype: number, count: number) => void): void {
    const end = this.field(layout.SUBTYPES_END);
    this.setField(layout.SUBTYPES_END, 0);
    for (let subtype = 0; subtype < end; subtype++) {
      const count = this.field(layout.SUBTYPES + subtype * 4);
      if (count === 0) continue;
      this.setField(layout.SUBTYPES + subtype * 4, 0);
      take(subtype, count);
    }
  }
}
