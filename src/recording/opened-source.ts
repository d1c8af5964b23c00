import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { detectBytes, type FormatDetection, headIsCut } from "../formats/detect.ts";
import { BlobSource } from "../source/blob.ts";
import {
  type ByteSource,
  isByteSource,
  isSequentialSource,
  type SequentialSource,
} from "../source/byte-source.ts";
import {
  CheckedByteSource,
  CheckedSource,
  fill,
  ReplaySource,
  SourceCursor,
} from "../source/cursor.ts";
import { MemorySource } from "../source/memory.ts";
import { StreamSource } from "../source/stream.ts";
import { isNodeStream } from "../util/is-node-stream.ts";
import { untilAborted } from "../util/until-aborted.ts";

/**
 * Where a recording can come from: a path or `file:` URL (Node), bytes in memory, a `Blob` or
 * `File`, a `ReadableStream` of bytes, or a source of the caller's own.
 */
export type EventSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | ByteSource
  | SequentialSource;

/** Bytes read to judge a source; more only while a header goes on. */
const HEAD_BYTES = 65536;
/** Headers with embedded settings reach 300 KB; one of this size is none. */
const MAX_HEAD_BYTES = 16 * 1024 * 1024;

/** A source that is open, its first bytes read and judged. */
export class OpenedSource {
  readonly head: Uint8Array;
  readonly detection: FormatDetection;
  readonly name: string | undefined;
  readonly #source: ByteSource | SequentialSource;
  readonly #owned: boolean;
  #consumed = false;
  #spooled: ByteSource | undefined;

  private constructor(
    source: ByteSource | SequentialSource,
    owned: boolean,
    head: Uint8Array,
    detection: FormatDetection,
  ) {
    this.#source = source;
    this.#owned = owned;
    this.head = head;
    this.detection = detection;
    this.name = source.name;
  }

  /** Opens a source and reads its first bytes. */
  static async open(given: EventSource, signal?: AbortSignal): Promise<OpenedSource> {
    signal?.throwIfAborted();
    const opening = resolve(given);
    opening.then(closeIfAborted(signal), () => {});
    const { source, owned } = await untilAborted(opening, signal);
    try {
      const head = await untilAborted(readHead(source, signal), signal);
      return new OpenedSource(source, owned, head, detectBytes(head, source.name));
    } catch (error) {
      if (owned) await source.close?.();
      throw error;
    }
  }

  /** Bytes in all; null when the source does not say. */
  get byteLength(): number | null {
    if (this.#spooled !== undefined) return this.#spooled.byteLength;
    return isByteSource(this.#source) ? this.#source.byteLength : null;
  }

  /**
   * The bytes from `offset` to `end` or to the end of the source. A source that can be read only
   * once allows no offset beyond the head.
   *
   * @throws EventError `source-consumed` for the second pass over a source that allows one
   */
  bytesFrom(offset: number, signal?: AbortSignal, end?: number): SequentialSource {
    const source = this.#source;
    if (isByteSource(source)) {
      return new SourceCursor(source, offset, end ?? source.byteLength, signal);
    }
    if (this.#consumed) {
      throw new EventError("source-consumed", "this source can be read only once", {
        path: source.name,
        hint: "Open it again, or load from a file, a Blob or bytes in memory.",
      });
    }
    this.#consumed = true;
    return new ReplaySource(this.head.subarray(offset), source);
  }

  /** The bytes in any order. Those of a source that can be read only once are put aside first. */
  async anywhere(signal?: AbortSignal): Promise<ByteSource> {
    if (isByteSource(this.#source)) return new CheckedByteSource(this.#source);
    this.#spooled ??= await platform.spool(this.bytesFrom(0, signal), this.name, signal);
    return this.#spooled;
  }

  /** Closes what was opened here; a source that the caller made stays the caller's. */
  async close(): Promise<void> {
    await this.#spooled?.close?.();
    if (this.#owned) await this.#source.close?.();
  }
}

/** What is opened after all, when nobody waits for it any more, is closed again. */
function closeIfAborted(signal: AbortSignal | undefined) {
  return ({ source, owned }: { source: ByteSource | SequentialSource; owned: boolean }): void => {
    if (signal?.aborted && owned) void source.close?.();
  };
}

async function resolve(
  given: EventSource,
): Promise<{ source: ByteSource | SequentialSource; owned: boolean }> {
  if (typeof given === "string" || given instanceof URL) {
    return { source: await platform.openPath(given), owned: true };
  }
  if (given instanceof Uint8Array) return { source: new MemorySource(given), owned: true };
  if (given instanceof ArrayBuffer) {
    return { source: new MemorySource(new Uint8Array(given)), owned: true };
  }
  if (given instanceof Blob) return { source: new BlobSource(given), owned: true };
  if (given instanceof ReadableStream) {
    return { source: new CheckedSource(new StreamSource(given)), owned: true };
  }
  if (typeof given === "object" && given !== null) {
    if (isByteSource(given)) return { source: given, owned: false };
    if (isSequentialSource(given)) return { source: new CheckedSource(given), owned: false };
  }
  throw new EventError("source-unsupported", "this is no source of events", {
    expected: "a path, URL, Uint8Array, Blob, ReadableStream, ByteSource or SequentialSource",
    found: given === null || given === undefined ? String(given) : nameOf(given),
    ...(isNodeStream(given) && { hint: "Make a Node stream a Web stream with `Readable.toWeb`." }),
  });
}

function nameOf(value: object): string {
  return Object(value).constructor?.name ?? typeof value;
}

/** Enough first bytes to judge the source and to hold its whole header. */
async function readHead(
  source: ByteSource | SequentialSource,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const cursor = isByteSource(source)
    ? new SourceCursor(source, 0, source.byteLength, signal)
    : source;
  let head = new Uint8Array(0);
  let size = HEAD_BYTES;
  for (;;) {
    const grown = new Uint8Array(size);
    grown.set(head);
    const filled = head.byteLength + (await fill(cursor, grown.subarray(head.byteLength)));
    head = grown.subarray(0, filled);
    if (filled < size || !headIsCut(head)) return head;
    if (size >= MAX_HEAD_BYTES) {
      if (!headIsCut(head, false)) return head; // data that happens to begin like a header line
      throw new EventError("invalid-header", "the header does not end", {
        path: source.name,
        byteOffset: 0,
        expected: `a header of less than ${MAX_HEAD_BYTES} bytes`,
        found: "lines that begin with `% ` all the way",
      });
    }
    size *= 4;
  }
}
