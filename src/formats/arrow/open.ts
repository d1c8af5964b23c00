import { platform } from "#platform";
import type { ByteSource } from "../../source/byte-source.ts";
import type { RowOptions, RowTable } from "../decoder.ts";
import { BatchIndex } from "./batches.ts";
import { type ArrowColumns, findColumns } from "./columns.ts";
import { Footer, RecordBatch, Schema } from "./flatbuffers.ts";
import { FILE_END_BYTES, FILE_START_BYTES } from "./layout.ts";
import { type ArrowMessage, MessageReader } from "./messages.ts";
import { type ArrowFacts, readFacts } from "./metadata.ts";
import { damaged } from "./problems.ts";
import { ArrowRowReader } from "./reader.ts";

const MAGIC = "ARROW1";
/** Messages after which timers and aborts have their turn. */
const MESSAGES_PER_TURN = 1000;

/**
 * Opens an Arrow file or stream: reads the metadata of every batch, and no values.
 *
 * @throws EventError `invalid-header`, `unsupported-format`
 */
export async function openArrow(source: ByteSource, options: RowOptions): Promise<RowTable> {
  const opening = new Opening(source, options);
  const truncation = await opening.read();
  const { columns, header, polarityEncoding, batches } = opening.finish();
  return {
    header,
    polarityEncoding,
    rows: batches.rows,
    truncation,
    rejectedAs: "outsideGeometry",
    tileEvents: 1_000_000, // every column of a tile is a read, and each of these wakes a thread
    createReader: (memory) => ArrowRowReader.create({ source, columns, batches, memory, options }),
  };
}

/** What the schema says, and the batches of it found so far. */
interface OpenTable extends ArrowFacts {
  readonly columns: ArrowColumns;
  readonly batches: BatchIndex;
}

class Opening {
  readonly #source: ByteSource;
  readonly #options: RowOptions;
  readonly #messages: MessageReader;
  #table: OpenTable | undefined;
  #count = 0;

  constructor(source: ByteSource, options: RowOptions) {
    this.#source = source;
    this.#options = options;
    this.#messages = new MessageReader(source, options.path, options.signal);
  }

  /** Finds the batches; returns the end of the source that belongs to none. */
  async read(): Promise<RowTable["truncation"]> {
    if (!(await this.#hasMagic(0))) return this.#walk(0, "stream");
    const { byteLength } = this.#source;
    const isWhole =
      byteLength >= FILE_START_BYTES + FILE_END_BYTES &&
      (await this.#hasMagic(byteLength - MAGIC.length));
    if (!isWhole) return this.#walk(FILE_START_BYTES, "file");
    await this.#followFooter();
    return null;
  }

  /** @throws EventError `invalid-header` when no schema was found */
  finish(): OpenTable {
    if (this.#table !== undefined) return this.#table;
    throw this.#damaged("the file ends before its schema", {
      byteOffset: this.#source.byteLength,
      hint: "Was it cut? Some programs write the schema at the end only.",
    });
  }

  /** A whole file: its footer names the batches. */
  async #followFooter(): Promise<void> {
    const end = this.#source.byteLength - FILE_END_BYTES;
    const length = new DataView((await this.#messages.bytes(end, 4)).buffer).getInt32(0, true);
    const byteOffset = end - length;
    if (length <= 0 || byteOffset < FILE_START_BYTES) {
      throw this.#damaged("the footer of the file is damaged", {
        byteOffset: end,
        expected: `a length from 1 to ${end - FILE_START_BYTES}`,
        found: String(length),
      });
    }
    const footer = Footer.getRootAsFooter(await this.#messages.flatbuffer(byteOffset, length));
    const schema = footer.schema();
    if (schema === null) {
      throw this.#damaged("the footer of the file is damaged", { byteOffset, found: "no schema" });
    }
    this.#setSchema(schema);
    let bodyBytes = 0;
    for (let index = 0; index < footer.recordBatchesLength(); index++) {
      const offset = footer.recordBatches(index)?.offset() ?? 0n;
      const message = await this.#batchAt(offset, byteOffset);
      // Batches that overlap would make much of a small file.
      bodyBytes += message.bodyLength;
      if (bodyBytes > byteOffset) {
        throw this.#damaged("the batches of the file overlap", { byteOffset: message.byteOffset });
      }
    }
  }

  async #batchAt(offset: bigint, footerOffset: number): Promise<ArrowMessage> {
    const isInside = offset >= BigInt(FILE_START_BYTES) && offset < BigInt(footerOffset);
    const message = isInside ? await this.#next(Number(offset)) : "cut";
    if (typeof message === "object" && "header" in message) {
      if (message.header instanceof RecordBatch) return message;
    }
    throw this.#damaged("the footer of the file is damaged", {
      byteOffset: footerOffset,
      expected: "the places of batches",
      found: `byte ${offset}, where there is none`,
    });
  }

  /** A stream, or a file without its end: message after message. */
  async #walk(start: number, kind: "stream" | "file"): Promise<RowTable["truncation"]> {
    const { byteLength } = this.#source;
    for (let byteOffset = start; ; ) {
      const message = await this.#next(byteOffset);
      if (message === "cut") {
        const isEnd = kind === "stream" && byteOffset === byteLength;
        return isEnd ? null : cutAt(Math.min(byteOffset, byteLength), byteLength);
      }
      if ("endMark" in message) {
        const isEnd = kind === "stream" && message.endMark === byteLength;
        return isEnd ? null : cutAt(message.endMark, byteLength);
      }
      byteOffset = message.end;
    }
  }

  /** Reads a message and takes it in. */
  async #next(byteOffset: number) {
    const { signal } = this.#options;
    if (++this.#count % MESSAGES_PER_TURN === 0) await platform.yieldToEventLoop();
    signal?.throwIfAborted();
    const message = await this.#messages.read(byteOffset);
    if (message === "cut" || "endMark" in message) return message;
    const { header } = message;
    if (header instanceof Schema) {
      if (this.#table !== undefined) throw this.#damaged("a second schema", { byteOffset });
      this.#setSchema(header);
    } else if (header instanceof RecordBatch) {
      this.finish().batches.add(header, message);
    }
    return message;
  }

  #setSchema(schema: Schema): void {
    const { path } = this.#options;
    const columns = findColumns(schema, path);
    const facts = readFacts(schema, columns, this.#options);
    this.#table = { ...facts, columns, batches: new BatchIndex(columns, path) };
  }

  async #hasMagic(byteOffset: number): Promise<boolean> {
    if (this.#source.byteLength < MAGIC.length) return false;
    const bytes = await this.#messages.bytes(byteOffset, MAGIC.length);
    return String.fromCharCode(...bytes) === MAGIC;
  }

  #damaged(problem: string, details: Omit<Parameters<typeof damaged>[1], "path">): Error {
    return damaged(problem, { path: this.#options.path, ...details });
  }
}

function cutAt(byteOffset: number, byteLength: number): RowTable["truncation"] {
  return { byteOffset, bytes: byteLength - byteOffset };
}
