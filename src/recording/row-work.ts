/** Rows that several threads read, the calling one among them: what each is sent, what it answers and does. */
import { platform } from "#platform";
import type { RowReader, RowTable } from "../formats/decoder.ts";
import type { OnMalformed } from "../formats/options.ts";
import { EventMemory } from "../kernels/event-memory.ts";
import { copyValues } from "../util/copy-values.ts";
import { OpenedRecording, type OpenOptions, openParts } from "./recording.ts";

/** What a thread is sent: what to open, or which rows to read. */
export type RowMessage =
  | {
      readonly kind: "open-rows";
      /** A path, or the address of a file. */
      readonly path: string;
      /** Which file the sender has opened there. */
      readonly identity: string | undefined;
      readonly options: OpenOptions;
      /** The most rows of a block. */
      readonly blockRows: number;
    }
  | {
      readonly kind: "read-rows";
      readonly block: number;
      readonly start: number;
      readonly count: number;
      /** Where the rows go: {@link BlockColumns} of `blockRows`, offered for this block. */
      readonly into: SharedArrayBuffer;
    };

/** What it answers for a block. */
export interface RowAnswer {
  readonly block: number;
  /** Whether some of the rows are to be left out. */
  readonly hasRejected: boolean;
  /** What is wrong the calling thread finds when it reads the rows itself. */
  readonly hasFailed: boolean;
}

/** Columns of a block in memory that two threads share. */
export class BlockColumns {
  readonly t: BigInt64Array;
  readonly x: Uint16Array;
  readonly y: Uint16Array;
  readonly polarity: Int8Array;
  /** A bit for each row, as kernels set them. */
  readonly rejected: Uint8Array;
  /** The block that whoever claims it is to read; 0 when there is none. */
  readonly #offered: Int32Array;

  constructor(buffer: SharedArrayBuffer, rows: number) {
    this.t = new BigInt64Array(buffer, 0, rows);
    this.x = new Uint16Array(buffer, rows * 8, rows);
    this.y = new Uint16Array(buffer, rows * 10, rows);
    this.polarity = new Int8Array(buffer, rows * 12, rows);
    this.rejected = new Uint8Array(buffer, rows * 13, Math.ceil(rows / 8));
    this.#offered = new Int32Array(buffer, offeredAt(rows), 1);
  }

  /** Offers a block, numbered from 1, to all threads. */
  offer(block: number): void {
    Atomics.store(this.#offered, 0, block);
  }

  /** Whether nobody has claimed a block. */
  isOffered(block: number): boolean {
    return Atomics.load(this.#offered, 0) === block;
  }

  /** Takes a block for this thread, unless another one did, or another block is in its place. */
  claim(block: number): boolean {
    return Atomics.compareExchange(this.#offered, 0, block, 0) === block;
  }

  /** Bytes that the columns of so many rows take. */
  static bytesOf(rows: number): number {
    return offeredAt(rows) + Int32Array.BYTES_PER_ELEMENT;
  }
}

function offeredAt(rows: number): number {
  return Math.ceil((rows * 13 + Math.ceil(rows / 8)) / 4) * 4;
}

/** Reads the rows of blocks by way of memory of its own. */
class BlockReader {
  readonly #memory: EventMemory;
  readonly #reader: RowReader;

  private constructor(memory: EventMemory, reader: RowReader) {
    this.#memory = memory;
    this.#reader = reader;
  }

  /** @param blockRows - the most rows of a block */
  static async create(
    table: RowTable,
    blockRows: number,
    onMalformed: OnMalformed,
  ): Promise<BlockReader> {
    const memory = new EventMemory({
      inputBytes: 256 * 1024,
      tileEvents: blockRows,
      scratchBytesPerEvent: table.scratchBytesPerEvent,
    });
    return new BlockReader(memory, await table.createReader(memory, onMalformed));
  }

  /** Reads rows; returns whether some of them are to be left out. */
  async read(start: number, count: number, into: BlockColumns): Promise<boolean> {
    const { columns } = this.#memory;
    this.#memory.clearRejected();
    await this.#reader.read(start, count, undefined);
    copyValues(columns.x.subarray(0, count), into.x, 0);
    copyValues(columns.y.subarray(0, count), into.y, 0);
    copyValues(columns.t.subarray(0, count), into.t, 0);
    copyValues(columns.polarity.subarray(0, count), into.polarity, 0);
    into.rejected.set(this.#memory.rejected);
    return this.#memory.hasRejected;
  }
}

/** Reads blocks of rows, one after the other. */
export class RowWork {
  #opened: Promise<Opened> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** Does what a message asks for; what it answers is null while there is nothing to tell. */
  async receive(message: RowMessage): Promise<RowAnswer | null> {
    if (message.kind === "open-rows") {
      this.#opened = open(message);
      this.#opened.catch(() => {}); // told with the first block
      return null;
    }
    const reading = this.#last.then(() => this.#read(message));
    this.#last = reading.catch(() => {});
    const { block } = message;
    try {
      const hasRejected = await reading;
      return hasRejected === null ? null : { block, hasRejected, hasFailed: false };
    } catch {
      return { block, hasRejected: false, hasFailed: true };
    }
  }

  /** Closes the file, when nothing is read any more. */
  async close(): Promise<void> {
    await this.#last;
    const opened = await this.#opened?.catch(() => null);
    await opened?.recording.close();
    await opened?.source.close?.();
  }

  /** Whether some of the rows are to be left out; null when another thread has claimed them. */
  async #read(message: RowMessage & { kind: "read-rows" }): Promise<boolean | null> {
    const { block, start, count, into } = message;
    const { reader, blockRows } = await (this.#opened as Promise<Opened>);
    const columns = new BlockColumns(into, blockRows);
    return columns.claim(block) ? reader.read(start, count, columns) : null;
  }
}

type Opened = Awaited<ReturnType<typeof open>>;

async function open({ path, identity, options, blockRows }: RowMessage & { kind: "open-rows" }) {
  const source = platform.openPathToBlock(path);
  try {
    if (source.identity !== identity) throw new Error("this is another file by now");
    const recording = new OpenedRecording(await openParts(source, options));
    const { content, onMalformed } = recording;
    if (content.kind !== "rows") throw new Error("the file holds no rows any more");
    const reader = await BlockReader.create(content.table, blockRows, onMalformed);
    return { recording, source, blockRows, reader };
  } catch (error) {
    await source.close?.();
    throw error;
  }
}
