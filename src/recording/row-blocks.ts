import type { RowReader } from "../formats/decoder.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { DecodeThread } from "../platform/platform.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { awaitThreads } from "./await-threads.ts";
import { fromPortable } from "./portable-error.ts";
import type { OpenOptions } from "./recording.ts";
import { BlockColumns, type RowAnswer, type RowMessage } from "./row-work.ts";

/** Blocks for each thread: one that it reads, one that waits for it, one that is taken from. */
const BLOCKS_PER_THREAD = 3;

/** What several threads are to read. */
export interface RowBlocksOptions {
  /** A path, or the address of a file. */
  readonly path: string | URL;
  readonly options: OpenOptions;
  readonly rows: { readonly start: number; readonly end: number };
  /** Rows of a block. */
  readonly blockRows: number;
  /** Makes what reads on this thread, once the others have failed. */
  readonly createReader: () => Promise<RowReader>;
}

/** A block that is being read, or was. */
interface Block {
  readonly start: number;
  readonly count: number;
  readonly buffer: SharedArrayBuffer;
  /** Null when the threads failed. */
  readonly answer: Promise<RowAnswer | null>;
}

/** Bytes of the blocks of a thread: those it shares, and the one that it reads into. */
export function blockBytes(blockRows: number): number {
  return (BLOCKS_PER_THREAD + 1) * BlockColumns.bytesOf(blockRows);
}

/** Reads rows in other threads, a few blocks ahead of what is asked for, which is in order. */
export class RowBlocks implements RowReader {
  readonly #memory: EventMemory;
  readonly #threads: readonly DecodeThread[];
  readonly #options: RowBlocksOptions;
  readonly #answers = new Map<number, (answer: RowAnswer | null) => void>();
  readonly #free: SharedArrayBuffer[] = [];
  readonly #blocks: Block[] = [];
  #hasFailed = false;
  #ownReader: RowReader | undefined;
  #next: number;
  #blocksStarted = 0;

  constructor(memory: EventMemory, threads: readonly DecodeThread[], options: RowBlocksOptions) {
    this.#memory = memory;
    this.#threads = threads;
    this.#options = options;
    this.#next = options.rows.start;
    const { path, blockRows } = options;
    const message: RowMessage = { kind: "open-rows", path, options: options.options, blockRows };
    for (const thread of threads) {
      thread.onMessage((answer) => this.#take(answer as RowAnswer));
      thread.onError(() => {
        this.#hasFailed = true;
        for (const resolve of this.#answers.values()) resolve(null);
      });
      thread.post(message);
    }
    for (let block = 0; block < threads.length * BLOCKS_PER_THREAD; block++) {
      this.#free.push(new SharedArrayBuffer(BlockColumns.bytesOf(blockRows)));
    }
    this.#readAhead();
  }

  async read(start: number, count: number, signal: AbortSignal | undefined): Promise<void> {
    const memory = this.#memory;
    // Blocks that were taken are not there any more; who asks for their rows again is at an error.
    const isTaken = start < (this.#blocks[0]?.start ?? this.#options.rows.end);
    if (isTaken) this.#ownReader ??= await this.#options.createReader();
    if (this.#ownReader !== undefined) return this.#ownReader.read(start, count, signal);
    for (let done = 0; done < count; ) {
      const block = this.#blocks[0] as Block;
      const answer = await awaitThreads(this.#threads, untilAborted(block.answer, signal));
      if (answer === null || answer.error !== null) {
        // Rows in front of those that are wrong are read again, and all when the threads failed.
        this.#ownReader = await this.#options.createReader();
        if (answer?.error) throw fromPortable(answer.error);
        memory.clearRejected();
        return this.#ownReader.read(start, count, signal);
      }
      const from = start + done - block.start;
      const length = Math.min(block.count - from, count - done);
      const columns = new BlockColumns(block.buffer, this.#options.blockRows);
      memory.putRows(columns, { from, length, at: done }, answer.hasRejected);
      done += length;
      if (from + length < block.count) break;
      this.#blocks.shift();
      this.#free.push(block.buffer);
      this.#readAhead();
    }
  }

  /** Threads that read. */
  get threads(): number {
    return this.#threads.length;
  }

  /** Bytes that the threads and this one share, and about as much as the threads have apart. */
  get byteLength(): number {
    return this.#threads.length * blockBytes(this.#options.blockRows);
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #take(answer: RowAnswer): void {
    this.#answers.get(answer.block)?.(answer);
    this.#answers.delete(answer.block);
  }

  #readAhead(): void {
    const { rows, blockRows } = this.#options;
    while (this.#next < rows.end) {
      const buffer = this.#free.pop();
      if (buffer === undefined) return;
      const block = this.#blocksStarted++;
      const start = this.#next;
      const count = Math.min(blockRows - (start % blockRows), rows.end - start);
      this.#next += count;
      const answer = new Promise<RowAnswer | null>((resolve) => {
        if (this.#hasFailed) resolve(null);
        else this.#answers.set(block, resolve);
      });
      const message: RowMessage = { kind: "read-rows", block, start, count, into: buffer };
      this.#threads[block % this.#threads.length]?.post(message);
      this.#blocks.push({ start, count, buffer, answer });
    }
  }
}
