import { platform } from "#platform";
import type { RowReader } from "../formats/decoder.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { DecodeThread } from "../platform/platform.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { awaitThreads } from "./await-threads.ts";
import type { OpenOptions } from "./recording.ts";
import { BlockColumns, type RowAnswer, type RowMessage, RowWork } from "./row-work.ts";

/** Blocks for each thread: one that it reads, one that waits for it, one that is taken from. */
const BLOCKS_PER_THREAD = 3;

/** What several threads are to read. */
export interface RowBlocksOptions {
  /** A path, or the address of a file. */
  readonly path: string;
  /** Which file was opened there. */
  readonly identity: string | undefined;
  readonly options: OpenOptions;
  readonly rows: { readonly start: number; readonly end: number };
  /** Rows of a block. */
  readonly blockRows: number;
  /** Makes what reads into the tile on this thread, once the others have failed. */
  readonly createReader: () => Promise<RowReader>;
}

/** A block that is being read, or was. */
interface Block {
  readonly number: number;
  readonly start: number;
  readonly count: number;
  readonly buffer: SharedArrayBuffer;
  readonly columns: BlockColumns;
  /** What a thread is sent to read it. */
  readonly message: RowMessage;
  /** Null when the threads failed. */
  readonly answer: Promise<RowAnswer | null>;
}

/** Bytes of the blocks of a thread: those that all share, and the one that it reads into. */
export function blockBytes(blockRows: number): number {
  return (BLOCKS_PER_THREAD + 1) * BlockColumns.bytesOf(blockRows);
}

/**
 * Reads rows in several threads, a few blocks ahead of what is asked for, which is in order. Whoever claims
 * a block reads it, this thread included, while others read those in front of it.
 */
export class RowBlocks implements RowReader {
  readonly #memory: EventMemory;
  readonly #threads: readonly DecodeThread[];
  readonly #options: RowBlocksOptions;
  readonly #answers = new Map<number, (answer: RowAnswer | null) => void>();
  readonly #free: SharedArrayBuffer[] = [];
  readonly #blocks: Block[] = [];
  #hasFailed = false;
  #ownReader: RowReader | undefined;
  /**
   * Reads blocks on this thread as the others do, and waits for the file as they do: while all cores are
   * at work, what reads for it elsewhere would wait for one.
   */
  readonly #work = new RowWork();
  #next: number;
  #blocksStarted = 0;

  constructor(memory: EventMemory, threads: readonly DecodeThread[], options: RowBlocksOptions) {
    this.#memory = memory;
    this.#threads = threads;
    this.#options = options;
    this.#next = options.rows.start;
    const { path, identity, blockRows } = options;
    // Nothing is open yet when there is no memory for them.
    for (let block = 0; block < (threads.length + 1) * BLOCKS_PER_THREAD; block++) {
      this.#free.push(new SharedArrayBuffer(BlockColumns.bytesOf(blockRows)));
    }
    const opening = { path, identity, options: options.options, blockRows };
    const message: RowMessage = { kind: "open-rows", ...opening };
    void this.#work.receive(message);
    for (const thread of threads) {
      thread.onMessage((answer) => this.#take(answer as RowAnswer));
      thread.onError(() => {
        this.#hasFailed = true;
        for (const resolve of this.#answers.values()) resolve(null);
        this.#answers.clear();
      });
      thread.post(message);
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
      const answer = await this.#settle(block, signal);
      if (answer === null || answer.hasFailed) {
        // What is wrong is found again, unless it was with the threads.
        this.#ownReader = await this.#options.createReader();
        memory.clearRejected();
        return this.#ownReader.read(start, count, signal);
      }
      const from = start + done - block.start;
      const length = Math.min(block.count - from, count - done);
      memory.putRows(block.columns, { from, length, at: done }, answer.hasRejected);
      done += length;
      if (from + length < block.count) break;
      this.#blocks.shift();
      this.#free.push(block.buffer);
      this.#readAhead();
    }
  }

  /** Threads that decode: those that read rows, and this one, which makes events of them. */
  get threads(): number {
    return this.#threads.length + 1;
  }

  /** Bytes that the threads share, and about as much as they have apart. */
  get byteLength(): number {
    return this.threads * blockBytes(this.#options.blockRows);
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all([this.#work.close(), ...this.#threads.map((thread) => thread.close())]);
  }

  /** What came of a block. Until that is known this thread reads blocks that nobody has claimed. */
  async #settle(head: Block, signal: AbortSignal | undefined): Promise<RowAnswer | null> {
    while (this.#answers.has(head.number)) {
      const block = this.#blocks.find(({ columns, number }) => columns.isOffered(number));
      if (block === undefined) break;
      const answer = await untilAborted(this.#work.receive(block.message), signal);
      if (answer !== null) this.#take(answer);
      await platform.yieldToEventLoop(); // answers come between two blocks
    }
    return awaitThreads(this.#threads, untilAborted(head.answer, signal));
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
      const block = ++this.#blocksStarted;
      const start = this.#next;
      const count = Math.min(blockRows - (start % blockRows), rows.end - start);
      this.#next += count;
      const answer = new Promise<RowAnswer | null>((resolve) => {
        if (this.#hasFailed) resolve(null);
        else this.#answers.set(block, resolve);
      });
      const columns = new BlockColumns(buffer, blockRows);
      columns.offer(block);
      const message: RowMessage = { kind: "read-rows", block, start, count, into: buffer };
      this.#threads[block % this.#threads.length]?.post(message);
      this.#blocks.push({ number: block, start, count, buffer, columns, message, answer });
    }
  }
}
