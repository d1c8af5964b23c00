import { untilAborted } from "../util/until-aborted.ts";
import { type ByteSource, type ReadOptions, tooShort } from "./byte-source.ts";

/**
 * The least that is read at once. Over a connection with 10 MB/s it takes 26 ms, about as long as
 * the way to the server and back: less would not be faster.
 */
const LEAST_BYTES = 256 * 1024;
/**
 * The most that is read for smaller reads: eight times the least, so that of 10 MB/s and 50 ms a
 * request four fifths remain. Whoever reads so much at once is not read ahead for.
 */
const MOST_BYTES = 2 * 1024 * 1024;
/** Blocks that are kept, in bytes: one for each column of an HDF5 file, and as many again. */
const KEPT_BYTES = 16 * 1024 * 1024;
/** Blocks that are kept, the small ones of scattered structures and the marks of large reads. */
const KEPT_BLOCKS = 64;

/** Bytes that are kept, or on their way. */
interface Block {
  readonly start: number;
  readonly end: number;
  /** Empty for what was read without a block: a mark of where that reader is. */
  readonly bytes: Uint8Array;
  /** Null when the bytes are there. */
  loading: Promise<unknown> | null;
  /** Reads that wait for it; when the last of them is aborted, so is the loading. */
  waiting: number;
  readonly controller: AbortController;
}

/**
 * A source each read of which takes long, read in blocks that are kept for a while. Reads that go
 * on where others ended get larger and larger blocks, since the next read will use the rest; those
 * that are scattered get small ones. Large reads go to the source as they are.
 */
export class ReadAheadSource implements ByteSource {
  readonly byteLength: number;
  readonly name: string | undefined;
  readonly #source: ByteSource;
  /** The last one used is the last in the set. */
  readonly #blocks = new Set<Block>();

  /**
   * @param source - closed with this
   * @param head - the first bytes of the source, which are here already
   */
  constructor(source: ByteSource, head: Uint8Array) {
    this.#source = source;
    this.byteLength = source.byteLength;
    this.name = source.name;
    this.#keep(0, head.byteLength, head);
  }

  async read(
    offset: number,
    length: number,
    { into = new Uint8Array(length), signal }: ReadOptions = {},
  ): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const end = offset + length;
    if (end > this.byteLength) {
      throw tooShort(this.name, offset, length, Math.max(this.byteLength - offset, 0));
    }
    const target = into.subarray(0, length);
    for (let at = offset; at < end; ) {
      const block = this.#find(at) ?? this.#load(at, end);
      if (block === null) {
        await this.#source.read(at, end - at, { into: target.subarray(at - offset), signal });
        this.#keep(at, end, NOTHING);
        break;
      }
      await this.#untilLoaded(block, signal);
      const part = block.bytes.subarray(at - block.start, end - block.start);
      target.set(part, at - offset);
      at += part.byteLength;
    }
    return target;
  }

  async close(): Promise<void> {
    this.#blocks.clear();
    await this.#source.close?.();
  }

  /** The block that has a byte; null when none has. */
  #find(at: number): Block | null {
    for (const block of this.#blocks) {
      if (at < block.start || at >= block.start + block.bytes.byteLength) continue;
      this.#blocks.delete(block);
      this.#blocks.add(block);
      return block;
    }
    return null;
  }

  /** Starts to load the block for a read of what is in no block; null when that needs none. */
  #load(at: number, readEnd: number): Block | null {
    // Blocks that are scattered begin at multiples of their size, so that they do not overlap.
    let start = at - (at % LEAST_BYTES);
    let last = this.byteLength;
    let size = LEAST_BYTES;
    for (const block of this.#blocks) {
      if (block.end === at) size = Math.max(size, (block.end - block.start) * 2);
      if (block.end <= at) start = Math.max(start, block.end);
      else if (block.start > at && block.bytes.byteLength > 0) last = Math.min(last, block.start);
    }
    size = Math.min(size, MOST_BYTES);
    if (readEnd - at >= size) return null;
    const end = Math.min(Math.max(start + size, readEnd), last);
    const block = this.#keep(start, end, new Uint8Array(end - start));
    const { bytes: into, controller } = block;
    block.loading = this.#source.read(start, end - start, { into, signal: controller.signal }).then(
      () => {
        block.loading = null;
      },
      (error) => {
        this.#blocks.delete(block);
        throw error;
      },
    );
    block.loading.catch(() => {}); // told to those who wait for it
    return block;
  }

  async #untilLoaded(block: Block, signal: AbortSignal | undefined): Promise<void> {
    if (block.loading === null) return;
    block.waiting++;
    try {
      await untilAborted(block.loading, signal);
    } finally {
      block.waiting--;
      if (block.waiting === 0 && block.loading !== null) {
        this.#blocks.delete(block);
        block.controller.abort(signal?.reason);
      }
    }
  }

  #keep(start: number, end: number, bytes: Uint8Array): Block {
    const controller = new AbortController();
    const block: Block = { start, end, bytes, loading: null, waiting: 0, controller };
    this.#blocks.add(block);
    let kept = 0;
    for (const { bytes } of this.#blocks) kept += bytes.byteLength;
    for (const oldest of this.#blocks) {
      if (kept <= KEPT_BYTES && this.#blocks.size <= KEPT_BLOCKS) break;
      this.#blocks.delete(oldest);
      kept -= oldest.bytes.byteLength;
    }
    return block;
  }
}

const NOTHING = new Uint8Array(0);
