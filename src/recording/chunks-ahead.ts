import type { AheadChunk, AheadRules, InflatingThreads } from "../formats/ahead.ts";
import type { DecodeThread } from "../platform/platform.ts";
import {
  ChunkDesk,
  type ChunksMessage,
  type DeskMessage,
  type StoredBytes,
} from "../source/chunk-desk.ts";
import { awaitThreads } from "./await-threads.ts";

const MIN_SLOTS = 4;
const MAX_SLOTS = 1024;

/** How many chunks are under way at a time. */
function slotsOf({ roomBytes, deskBytes }: AheadRules): number {
  return Math.min(Math.max(Math.floor(deskBytes / roomBytes), MIN_SLOTS), MAX_SLOTS);
}

/** Bytes that they take, and a thread has for what it reads. */
export function aheadBytes(chunks: AheadRules, threads: number): number {
  const { roomBytes } = chunks;
  return ChunkDesk.bytesOf(slotsOf(chunks), roomBytes) + (threads - 1) * roomBytes;
}

/** A chunk that was offered. */
interface Job {
  readonly number: number;
  readonly slot: number;
  /** Of the chunk in the file. */
  readonly byteLength: number;
  /** Whether it was asked for. */
  isTaken: boolean;
}

/**
 * Threads that decompress chunks of a file while the calling thread decompresses others, and uses them: it
 * takes those that none of them has begun with, so whoever is faster does more.
 */
export class ChunksAhead implements InflatingThreads {
  readonly roomBytes: number;
  readonly slots: number;
  /** Bytes that they hold beside the calling one. */
  readonly byteLength: number;
  readonly #threads: readonly DecodeThread[];
  readonly #desk: ChunkDesk;
  readonly #free: number[];
  /** By the place of the chunk in the file. */
  readonly #jobs = new Map<number, Job>();
  #jobsStarted = 0;
  #hasFailed = false;
  #tell: (() => void) | undefined;

  /** @throws RangeError where there is no memory to share */
  constructor(
    threads: readonly DecodeThread[],
    file: { readonly path: string; readonly identity: string | undefined },
    chunks: AheadRules,
  ) {
    const { roomBytes, content } = chunks;
    const slots = slotsOf(chunks);
    this.roomBytes = roomBytes;
    this.slots = slots;
    this.byteLength = aheadBytes(chunks, threads.length + 1);
    this.#threads = threads;
    this.#desk = ChunkDesk.create(slots, roomBytes);
    this.#free = Array.from({ length: slots }, (_, slot) => slot);
    const { buffer } = this.#desk;
    const message: DeskMessage = { kind: "chunk-desk", ...file, buffer, slots, content };
    for (const thread of threads) {
      thread.onMessage(() => this.#tell?.());
      thread.onError(() => {
        this.#hasFailed = true;
        this.#tell?.();
      });
      thread.post(message);
    }
  }

  /** Threads that decode, this one included. */
  get threads(): number {
    return this.#threads.length + 1;
  }

  get freeSlots(): number {
    return this.#hasFailed ? 0 : this.#free.length;
  }

  offer(places: readonly StoredBytes[]): void {
    if (this.#hasFailed) return;
    const chunks = [];
    for (const { offset, byteLength } of places) {
      if (this.#jobs.has(offset)) continue;
      const slot = this.#free.pop();
      if (slot === undefined) break;
      const job = ++this.#jobsStarted;
      this.#jobs.set(offset, { number: job, slot, byteLength, isTaken: false });
      this.#desk.offer(slot, job);
      chunks.push({ slot, job, offset, byteLength });
    }
    if (chunks.length === 0) return;
    const message: ChunksMessage = { kind: "chunks", chunks };
    for (const thread of this.#threads) thread.post(message);
  }

  withdraw({ offset, byteLength }: StoredBytes): AheadChunk | null {
    const job = this.#jobs.get(offset);
    // A file may have two chunks at one place: the second one is not waited for.
    if (job === undefined || job.isTaken || job.byteLength !== byteLength) return null;
    job.isTaken = true;
    const release = (): void => {
      this.#jobs.delete(offset);
      this.#free.push(job.slot);
    };
    if (this.#desk.claim(job.slot, job.number)) {
      release();
      return null;
    }
    return { bytes: () => this.#await(job), release };
  }

  /** Ends the threads, which begin with no further chunk. */
  async close(): Promise<void> {
    for (const { slot, number } of this.#jobs.values()) this.#desk.claim(slot, number);
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** One job at a time is waited for. */
  async #await({ slot, number }: Job): Promise<Uint8Array | null> {
    for (;;) {
      const told = new Promise<void>((resolve) => {
        this.#tell = resolve;
      });
      this.#desk.await();
      const result = this.#desk.result(slot, number);
      if (result !== undefined) return result;
      if (this.#hasFailed) return null;
      await awaitThreads(this.#threads, told);
    }
  }
}
