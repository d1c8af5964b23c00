/** Rows that another thread reads: what it is sent, what it answers, and the thread's side of it. */
import { platform } from "#platform";
import { EventMemory } from "../kernels/event-memory.ts";
import { type PortableError, toPortable } from "./portable-error.ts";
import { OpenedRecording, type OpenOptions, openParts } from "./recording.ts";

/** What a thread is sent: what to open, or which rows to read. */
export type RowMessage =
  | {
      readonly kind: "open-rows";
      /** A path, or the address of a file. */
      readonly path: string | URL;
      readonly options: OpenOptions;
      /** The most rows of a block. */
      readonly blockRows: number;
    }
  | {
      readonly kind: "read-rows";
      readonly block: number;
      readonly start: number;
      readonly count: number;
      /** Where the rows go: {@link BlockColumns} of `blockRows`. */
      readonly into: SharedArrayBuffer;
    };

/** What it answers for a block. */
export interface RowAnswer {
  readonly block: number;
  /** Whether some of the rows are to be left out. */
  readonly hasRejected: boolean;
  readonly error: PortableError | null;
}

/** Columns of a block in memory that two threads share. */
export class BlockColumns {
  readonly t: BigInt64Array;
  readonly x: Uint16Array;
  readonly y: Uint16Array;
  readonly polarity: Int8Array;
  /** A bit for each row, as kernels set them. */
  readonly rejected: Uint8Array;

  constructor(buffer: SharedArrayBuffer, rows: number) {
    this.t = new BigInt64Array(buffer, 0, rows);
    this.x = new Uint16Array(buffer, rows * 8, rows);
    this.y = new Uint16Array(buffer, rows * 10, rows);
    this.polarity = new Int8Array(buffer, rows * 12, rows);
    this.rejected = new Uint8Array(buffer, rows * 13, Math.ceil(rows / 8));
  }

  /** Bytes that the columns of so many rows take. */
  static bytesOf(rows: number): number {
    return rows * 13 + Math.ceil(rows / 8);
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
      return { block, hasRejected: await reading, error: null };
    } catch (error) {
      return { block, hasRejected: false, error: toPortable(error) };
    }
  }

  /** Closes the file, when nothing is read any more. */
  async close(): Promise<void> {
    await this.#last;
    const opened = await this.#opened?.catch(() => null);
    await opened?.recording.close();
    await opened?.source.close?.();
  }

  async #read({ start, count, into }: RowMessage & { kind: "read-rows" }): Promise<boolean> {
    const { memory, reader, blockRows } = await (this.#opened as Promise<Opened>);
    memory.clearRejected();
    await reader.read(start, count, undefined);
    const block = new BlockColumns(into, blockRows);
    const { columns } = memory;
    block.x.set(columns.x.subarray(0, count));
    block.y.set(columns.y.subarray(0, count));
    block.t.set(columns.t.subarray(0, count));
    block.polarity.set(columns.polarity.subarray(0, count));
    block.rejected.set(memory.rejected);
    return memory.hasRejected;
  }
}

type Opened = Awaited<ReturnType<typeof open>>;

async function open({ path, options, blockRows }: RowMessage & { kind: "open-rows" }) {
  const source = platform.openPathToBlock(path);
  const recording = new OpenedRecording(await openParts(source, options));
  const { content, onMalformed } = recording;
  if (content.kind !== "rows") throw new Error("the file has changed: it holds no rows any more");
  const { table } = content;
  const memory = new EventMemory({
    inputBytes: 256 * 1024,
    tileEvents: blockRows,
    scratchBytesPerEvent: table.scratchBytesPerEvent,
  });
  const reader = await table.createReader(memory, onMalformed);
  return { recording, source, memory, blockRows, reader };
}
