import { EventError } from "../errors.ts";
import type { ScratchSpace } from "./scratch-space.ts";

/** Memory grows by so much, without moving what is there. */
const PAGE_BYTES = 1024 * 1024;
/** The most bytes, as a page of a browser can be expected to get them. */
export const MOST_SCRATCH_BYTES = 1024 * 1024 * 1024;

/** Scratch space in memory, up to a limit. */
export class ScratchMemory implements ScratchSpace {
  readonly #name: string | undefined;
  readonly #mostBytes: number;
  /** Those never written are not there. */
  #pages: (Uint8Array | undefined)[] = [];
  #byteLength = 0;

  /** @param name - what messages call the output */
  constructor(name: string | undefined, mostBytes = MOST_SCRATCH_BYTES) {
    this.#name = name;
    this.#mostBytes = mostBytes;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  write(bytes: Uint8Array, offset: number): void {
    const end = offset + bytes.byteLength;
    if (end > this.#mostBytes) throw this.#tooLarge();
    this.#forEachPart(offset, bytes.byteLength, (page, at, length, done) => {
      this.#page(page).set(bytes.subarray(done, done + length), at);
    });
    this.#byteLength = Math.max(this.#byteLength, end);
  }

  read(into: Uint8Array, offset: number): number {
    const count = Math.max(Math.min(into.byteLength, this.#byteLength - offset), 0);
    this.#forEachPart(offset, count, (page, at, length, done) => {
      const bytes = this.#pages[page]?.subarray(at, at + length);
      if (bytes === undefined) into.fill(0, done, done + length);
      else into.set(bytes, done);
    });
    return count;
  }

  resize(byteLength: number): void {
    if (byteLength > this.#mostBytes) throw this.#tooLarge();
    if (byteLength < this.#byteLength) {
      this.#pages.length = Math.ceil(byteLength / PAGE_BYTES);
      this.#pages.at(-1)?.fill(0, byteLength % PAGE_BYTES || PAGE_BYTES);
    }
    this.#byteLength = byteLength;
  }

  close(): void {
    this.#pages = [];
    this.#byteLength = 0;
  }

  /** Walks through the pages that `length` bytes from `offset` on lie in. */
  #forEachPart(
    offset: number,
    length: number,
    take: (page: number, at: number, length: number, done: number) => void,
  ): void {
    for (let done = 0; done < length; ) {
      const at = (offset + done) % PAGE_BYTES;
      const part = Math.min(PAGE_BYTES - at, length - done);
      take(Math.floor((offset + done) / PAGE_BYTES), at, part, done);
      done += part;
    }
  }

  #page(index: number): Uint8Array {
    const page = this.#pages[index];
    if (page !== undefined) return page;
    try {
      const created = new Uint8Array(PAGE_BYTES);
      this.#pages[index] = created;
      return created;
    } catch (cause) {
      throw new EventError("sink-unwritable", "there is no memory left for the output", {
        path: this.#name,
        hint: HINT,
        cause,
      });
    }
  }

  #tooLarge(): EventError {
    return new EventError("sink-unwritable", "the output is too large to be put together here", {
      path: this.#name,
      expected: `at most ${this.#mostBytes} bytes, which are kept in memory`,
      hint: HINT,
    });
  }
}

const HINT = "Formats that are written front to back have no such limit, nor has this one in Node.";
