/**
 * Sources that behave in ways a file does not: pieces of any size, counted calls.
 */
import type { ByteSource, ReadOptions, SequentialSource } from "../../src/index.ts";

/** Bytes that come in pieces: `size` is asked before each one, at least a byte is given. */
export class PieceSource implements SequentialSource {
  readonly name: string | undefined;
  readonly #bytes: Uint8Array;
  readonly #size: () => number;
  #offset = 0;
  calls = 0;
  closed = 0;

  constructor(bytes: Uint8Array, size: () => number, name?: string) {
    this.#bytes = bytes;
    this.#size = size;
    this.name = name;
  }

  async next(into: Uint8Array): Promise<number> {
    this.calls += 1;
    const size = Math.min(Math.max(this.#size(), 1), into.byteLength);
    const piece = this.#bytes.subarray(this.#offset, this.#offset + size);
    into.set(piece);
    this.#offset += piece.byteLength;
    return piece.byteLength;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

/** The first read of a source, from which its format is told. */
export const FIRST_READ = 65536;

/**
 * Sizes of pieces for what is tested behind the first read: most of that comes at once, since
 * nothing but time is spent by cutting a header into thousands of pieces.
 */
export function behindHead(size: () => number): () => number {
  let isHead = true;
  return () => {
    if (!isHead) return size();
    isHead = false;
    return FIRST_READ - 100;
  };
}

/** Bytes that can be read anywhere, and a record of what was read. */
export class RecordingSource implements ByteSource {
  readonly byteLength: number;
  readonly name: string | undefined;
  readonly reads: { offset: number; length: number }[] = [];
  closed = 0;
  /** Called before each read is answered, with the number of reads so far. */
  onRead: (count: number) => void = () => {};
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, name?: string) {
    this.#bytes = bytes;
    this.byteLength = bytes.byteLength;
    this.name = name;
  }

  async read(offset: number, length: number, options: ReadOptions = {}): Promise<Uint8Array> {
    this.reads.push({ offset, length });
    this.onRead(this.reads.length);
    const bytes = this.#bytes.subarray(offset, offset + length);
    if (options.into === undefined) return bytes.slice();
    options.into.set(bytes);
    return options.into.subarray(0, length);
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

/** A stream that gives the bytes in chunks of `size`, and tells whether it was cancelled. */
export function streamOf(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
): { stream: ReadableStream<Uint8Array<ArrayBuffer>>; cancelled: () => boolean } {
  let offset = 0;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (offset >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.slice(offset, offset + size));
      offset += size;
    },
    cancel() {
      cancelled = true;
    },
  });
  return { stream, cancelled: () => cancelled };
}
