import type { ByteSource } from "../../source/byte-source.ts";
import { SliceReader } from "../../source/slice-reader.ts";
import { BoundedBuffer } from "./bounded-buffer.ts";
import { Message, MessageHeader, MetadataVersion, RecordBatch, Schema } from "./flatbuffers.ts";
import { CONTINUATION } from "./layout.ts";
import { damaged, unsupported } from "./problems.ts";

/** A message of an Arrow file: its metadata, and where its body stands. */
export interface ArrowMessage {
  /** Null for what holds no rows, such as a dictionary. */
  readonly header: Schema | RecordBatch | null;
  readonly byteOffset: number;
  readonly bodyOffset: number;
  readonly bodyLength: number;
  /** Where the next message begins. */
  readonly end: number;
}

/** What stands at a place: a message, the mark of the end, or less than a whole message. */
export type Reading = ArrowMessage | { readonly endMark: number } | "cut";

/** Metadata with every setting of a camera in it has less than 1 MB. */
export const MAX_METADATA_BYTES = 64 * 1024 * 1024;
/** Messages of small batches lie close to each other. */
const WINDOW_BYTES = 65536;

/** Reads messages, none of which is trusted. */
export class MessageReader {
  readonly path: string | undefined;
  readonly #source: ByteSource;
  readonly #slices: SliceReader;
  readonly #signal: AbortSignal | undefined;

  constructor(source: ByteSource, path: string | undefined, signal: AbortSignal | undefined) {
    this.path = path;
    this.#source = source;
    this.#signal = signal;
    const windowBytes = Math.min(WINDOW_BYTES, Math.max(source.byteLength, 64));
    this.#slices = new SliceReader(source, new Uint8Array(windowBytes));
  }

  /** Reads what stands at `byteOffset`; `cut` when its end is beyond that of the file. */
  async read(byteOffset: number): Promise<Reading> {
    const { byteLength } = this.#source;
    const available = byteLength - byteOffset;
    if (available < 4) return "cut";
    const prefix = new DataView((await this.bytes(byteOffset, Math.min(8, available))).buffer);
    let [length, prefixBytes] = [prefix.getInt32(0, true), 4];
    if (length === CONTINUATION) {
      if (available < 8) return "cut";
      [length, prefixBytes] = [prefix.getInt32(4, true), 8]; // 4 bytes before Arrow 0.15
    }
    const start = byteOffset + prefixBytes;
    if (length === 0) return { endMark: start };
    if (length < 0) throw this.#damaged(byteOffset, "a length", String(length));
    if (start + length > byteLength) return "cut";
    const message = Message.getRootAsMessage(await this.flatbuffer(start, length));
    const bodyOffset = start + length;
    const bodyLength = message.bodyLength();
    if (bodyLength < 0n) throw this.#damaged(byteOffset, "a length", `${bodyLength}`);
    if (bodyLength > BigInt(byteLength - bodyOffset)) return "cut";
    const end = bodyOffset + Number(bodyLength);
    const header = this.#headerOf(message, byteOffset);
    return { header, byteOffset, bodyOffset, bodyLength: Number(bodyLength), end };
  }

  /** Metadata that stand at a place within the file. */
  async flatbuffer(byteOffset: number, length: number): Promise<BoundedBuffer> {
    if (length > MAX_METADATA_BYTES) {
      throw this.#damaged(
        byteOffset,
        `metadata of at most ${MAX_METADATA_BYTES} bytes`,
        `${length}`,
      );
    }
    const bytes = await this.bytes(byteOffset, length);
    return new BoundedBuffer(bytes, () =>
      this.#damaged(byteOffset, "metadata within their bytes", "references beyond them"),
    );
  }

  /** Bytes that stand at a place within the file. */
  async bytes(byteOffset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.#slices.read(byteOffset, bytes, this.#signal);
    return bytes;
  }

  #headerOf(message: Message, byteOffset: number): Schema | RecordBatch | null {
    const version = message.version();
    if (version < MetadataVersion.V4) {
      throw unsupported("the file is of an Arrow before 0.8", {
        path: this.path,
        expected: "metadata of version V4 or V5",
        found: `V${version + 1}`,
      });
    }
    const type = message.headerType();
    if (type === MessageHeader.NONE || type > MessageHeader.SparseTensor) {
      throw this.#damaged(byteOffset, "a schema, a dictionary or a batch", `type ${type}`);
    }
    if (type !== MessageHeader.Schema && type !== MessageHeader.RecordBatch) return null;
    const isSchema = type === MessageHeader.Schema;
    const header: Schema | RecordBatch | null = message.header(
      isSchema ? new Schema() : new RecordBatch(),
    );
    if (header === null) throw this.#damaged(byteOffset, "a schema or a batch", "nothing");
    return header;
  }

  #damaged(byteOffset: number, expected: string, found: string): Error {
    return damaged("a message of the file is damaged", {
      path: this.path,
      byteOffset,
      expected,
      found,
    });
  }
}
