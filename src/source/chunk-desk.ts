/** Where a chunk lies in a file. */
export interface StoredBytes {
  readonly offset: number;
  readonly byteLength: number;
}

/** What chunks are: zlib data, or those of a compact container. */
export type ChunkContent = { readonly kind: "zlib" } | ContainerContent;

/** Chunks of a compact container. */
export interface ContainerContent {
  readonly kind: "container";
  /** What the container says that it is compressed with. */
  readonly codec: string;
}

/** Decompresses a chunk into memory that threads share; null where something is wrong with it. */
export type InflateChunk = (
  stored: Uint8Array,
  into: Uint8Array,
) => Promise<Uint8Array | null> | Uint8Array | null;

/** What a thread is told first: the file that chunks are in, and the memory that is shared. */
export interface DeskMessage {
  readonly kind: "chunk-desk";
  readonly path: string;
  /** Of the file that the calling thread has open. */
  readonly identity: string | undefined;
  readonly buffer: SharedArrayBuffer;
  readonly slots: number;
  readonly content: ChunkContent;
}

/** Chunks that are to be decompressed; whoever claims one does that. */
export interface ChunksMessage {
  readonly kind: "chunks";
  readonly chunks: readonly (StoredBytes & { readonly slot: number; readonly job: number })[];
}

/** How far a job is; the word of its slot holds its number and one of these. */
const OFFERED = 0;
const CLAIMED = 1;
const DONE = 2;
const FAILED = 3;
const PHASES = 4;

/** In front of the words of the slots: whether the calling thread waits. */
const AWAITED = 0;
const WORDS_BEFORE = 2;
/** Of a slot: how far its job is, and how many bytes came out. */
const WORDS_PER_SLOT = 2;

/**
 * Memory in which threads leave what came out of chunks. Each chunk is a job with a number from 1 on, and has
 * a slot of that memory until the calling thread gives it to another job.
 */
export class ChunkDesk {
  readonly buffer: SharedArrayBuffer;
  readonly slots: number;
  /** Bytes of a slot. */
  readonly roomBytes: number;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer, slots: number) {
    this.buffer = buffer;
    this.slots = slots;
    const words = WORDS_BEFORE + WORDS_PER_SLOT * slots;
    this.#words = new Int32Array(buffer, 0, words);
    this.roomBytes = Math.floor((buffer.byteLength - words * 4) / slots);
  }

  /** Makes one; slots begin at multiples of 8 bytes, as columns do. */
  static create(slots: number, roomBytes: number): ChunkDesk {
    return new ChunkDesk(new SharedArrayBuffer(ChunkDesk.bytesOf(slots, roomBytes)), slots);
  }

  static bytesOf(slots: number, roomBytes: number): number {
    return (WORDS_BEFORE + WORDS_PER_SLOT * slots) * 4 + slots * Math.ceil(roomBytes / 8) * 8;
  }

  /** The memory of a slot. */
  room(slot: number): Uint8Array {
    const start = this.#words.byteLength + slot * this.roomBytes;
    return new Uint8Array(this.buffer, start, this.roomBytes);
  }

  /** Puts a job into a slot that no other job has. */
  offer(slot: number, job: number): void {
    Atomics.store(this.#words, wordOf(slot), job * PHASES + OFFERED);
  }

  /** Takes a job; whether nobody else has. */
  claim(slot: number, job: number): boolean {
    const [offered, claimed] = [job * PHASES + OFFERED, job * PHASES + CLAIMED];
    return Atomics.compareExchange(this.#words, wordOf(slot), offered, claimed) === offered;
  }

  /** Ends a job that was claimed. */
  finish(slot: number, job: number, byteLength: number | null): void {
    Atomics.store(this.#words, wordOf(slot) + 1, byteLength ?? 0);
    Atomics.store(this.#words, wordOf(slot), job * PHASES + (byteLength === null ? FAILED : DONE));
  }

  /** What came out; null where that failed or another job has the slot, undefined while it is not known. */
  result(slot: number, job: number): Uint8Array | null | undefined {
    const phase = Atomics.load(this.#words, wordOf(slot)) - job * PHASES;
    if (phase === OFFERED || phase === CLAIMED) return undefined;
    if (phase !== DONE) return null;
    return this.room(slot).subarray(0, Atomics.load(this.#words, wordOf(slot) + 1));
  }

  /** Says that the calling thread waits for a job. */
  await(): void {
    Atomics.store(this.#words, AWAITED, 1);
  }

  /** Whether the calling thread waits, and is to be told; it is told once. */
  takeAwaited(): boolean {
    return Atomics.exchange(this.#words, AWAITED, 0) === 1;
  }
}

function wordOf(slot: number): number {
  return WORDS_BEFORE + slot * WORDS_PER_SLOT;
}
