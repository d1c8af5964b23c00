import { CARRY_BYTES, type EventMemory } from "../kernels/event-memory.ts";

/** The bytes that a decoder was fed and has not used up, as addresses in the kernel's memory. */
export class FedBytes {
  /** Address of the next byte to decode. */
  start = 0;
  /** Address behind the last byte. */
  end = 0;
  readonly #memory: EventMemory;
  /** Byte offset in the source minus address. */
  #offsetOfAddress: number;
  #nextOffset: number;

  /** @param dataOffset - byte offset in the source of the first byte that is fed */
  constructor(memory: EventMemory, dataOffset: number) {
    this.#memory = memory;
    this.#nextOffset = dataOffset;
    this.#offsetOfAddress = dataOffset;
  }

  /** How many there are. */
  get length(): number {
    return this.end - this.start;
  }

  /** Takes the next `length` bytes of the source, which stand in the given input slot. */
  feed(slot: 0 | 1, length: number): void {
    const carried = this.length;
    if (carried > CARRY_BYTES) {
      throw new RangeError("bytes were fed before those at hand were used");
    }
    const slotStart = this.#memory.inputs[slot].byteOffset;
    // A word or line that was cut stands in front of its other half.
    const all = new Uint8Array(this.#memory.memory.buffer);
    all.copyWithin(slotStart - carried, this.start, this.end);
    this.start = slotStart - carried;
    this.end = slotStart + length;
    this.#offsetOfAddress = this.#nextOffset - slotStart;
    this.#nextOffset += length;
  }

  /** Takes the bytes between two addresses instead of what is left; `byteOffset` is the first's. */
  place(start: number, end: number, byteOffset: number): void {
    this.start = start;
    this.end = end;
    this.#offsetOfAddress = byteOffset - start;
    this.#nextOffset = byteOffset + end - start;
  }

  /** Byte offset in the source of the byte at an address. */
  offsetOf(address: number): number {
    return this.#offsetOfAddress + address;
  }

  /** Address of a byte at hand, by its offset in the source. */
  addressOf(offset: number): number {
    return offset - this.#offsetOfAddress;
  }

  /** The bytes between two addresses. */
  view(start: number, end: number): Uint8Array {
    return new Uint8Array(this.#memory.memory.buffer).subarray(start, end);
  }
}
