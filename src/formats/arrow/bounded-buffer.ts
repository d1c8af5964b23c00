import { ByteBuffer } from "./flatbuffers.ts";

/** The least that an element of a vector takes: that of an offset. */
const LEAST_ELEMENT_BYTES = 4;

/**
 * A flatbuffer that is not trusted: what would be read outside of it is an error, where the
 * library would read zeros, and a vector has no more elements than fit into it.
 */
export class BoundedBuffer extends ByteBuffer {
  readonly #damaged: () => Error;

  /** @param damaged - makes the error that is thrown */
  constructor(bytes: Uint8Array, damaged: () => Error) {
    super(bytes);
    this.#damaged = damaged;
  }

  // Every other read is made of these three.
  override readUint8(offset: number): number {
    this.#check(offset, 1);
    return super.readUint8(offset);
  }

  override readUint16(offset: number): number {
    this.#check(offset, 2);
    return super.readUint16(offset);
  }

  override readInt32(offset: number): number {
    this.#check(offset, 4);
    return super.readInt32(offset);
  }

  override __vector_len(offset: number): number {
    const length = super.__vector_len(offset);
    this.#check(this.__vector(offset), length * LEAST_ELEMENT_BYTES);
    return length;
  }

  override __string(offset: number, encoding?: Parameters<ByteBuffer["__string"]>[1]) {
    const start = offset + this.readInt32(offset);
    this.#check(start + 4, this.readInt32(start));
    return super.__string(offset, encoding);
  }

  #check(offset: number, length: number): void {
    if (offset < 0 || length < 0 || offset + length > this.capacity()) throw this.#damaged();
  }
}
