import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { detectBytes, type FormatDetection, headIsCut } from "../formats/detect.ts";
import type { FormatOptions } from "../formats/options.ts";
import { type ByteSource, isByteSource, type SequentialSource } from "../source/byte-source.ts";
import { CheckedByteSource, fill, ReplaySource, SourceCursor } from "../source/cursor.ts";
import { InflatedSource } from "../source/inflated.ts";
import {
  COMPRESSION_MAGIC_BYTES,
  type Compression,
  type CompressionDamage,
  compressionOf,
  describeDamage,
} from "../util/compression.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { type EventSource, type ResolvedSource, resolveSource } from "./resolve-source.ts";

export type { EventSource } from "./resolve-source.ts";

/** Bytes read to judge a source; more only while a header goes on. */
const HEAD_BYTES = 65536;
/** Headers with embedded settings reach 300 KB; one of this size is none. */
const MAX_HEAD_BYTES = 16 * 1024 * 1024;

/** The bytes of a recording, decompressed where they were compressed. */
export interface RecordingBytes extends SequentialSource {
  /** Bytes of the source used so far; only where it is compressed. */
  readonly bytesUsed?: number;
  /** What is wrong with the compressed bytes, once reading has come to it. */
  readonly damage?: CompressionDamage | null;
}

/** What the first bytes of a source told. */
interface Head {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly detection: FormatDetection;
  /** What comes behind the first bytes of a compressed source. */
  readonly inflated: InflatedSource | null;
}

/** A source that is open, its first bytes read and judged. */
export class OpenedSource {
  /** The first bytes of the recording, decompressed. */
  readonly head: Uint8Array<ArrayBuffer>;
  readonly detection: FormatDetection;
  readonly name: string | undefined;
  readonly #source: ByteSource | SequentialSource;
  readonly #owned: boolean;
  readonly #inflated: InflatedSource | null;
  #consumed = false;
  #spooled: ByteSource | undefined;

  private constructor({ source, owned }: ResolvedSource, { bytes, detection, inflated }: Head) {
    this.#source = source;
    this.#owned = owned;
    this.#inflated = inflated;
    this.head = bytes;
    this.detection = detection;
    this.name = source.name;
  }

  /** Opens a source and reads its first bytes. */
  static async open(
    given: EventSource,
    signal?: AbortSignal,
    options?: FormatOptions,
  ): Promise<OpenedSource> {
    signal?.throwIfAborted();
    const opening = resolveSource(given);
    opening.then(closeIfAborted(signal), () => {});
    const resolved = await untilAborted(opening, signal);
    const { source, owned } = resolved;
    try {
      const head = await untilAborted(readHead(source, signal, options), signal);
      return new OpenedSource(resolved, head);
    } catch (error) {
      if (owned) await source.close?.();
      throw error;
    }
  }

  /** How the recording is compressed. */
  get compression(): Compression | null {
    return this.detection.compression;
  }

  /** Bytes in all, compressed where they are; null when the source does not say. */
  get byteLength(): number | null {
    if (this.#spooled !== undefined) return this.#spooled.byteLength;
    return isByteSource(this.#source) ? this.#source.byteLength : null;
  }

  /**
   * The bytes of the recording from `offset` on. A source that can be read only once allows no
   * offset beyond the head.
   *
   * @param end - where to stop; not for a compressed source
   * @throws EventError `source-consumed` for the second pass over a source that allows one
   */
  bytesFrom(offset: number, signal?: AbortSignal, end?: number): RecordingBytes {
    const { compression } = this;
    const source = this.#source;
    if (isByteSource(source)) {
      if (compression === null) {
        return new SourceCursor(source, offset, end ?? source.byteLength, signal);
      }
      const compressed = new SourceCursor(source, 0, source.byteLength, signal);
      return inflate(compressed, compression, offset);
    }
    if (this.#consumed) {
      throw new EventError("source-consumed", "this source can be read only once", {
        path: source.name,
        hint: "Open it again, or load from a file, a Blob or bytes in memory.",
      });
    }
    this.#consumed = true;
    const rest = this.head.subarray(offset);
    if (this.#inflated === null) return new ReplaySource(rest, source);
    this.#inflated.unread(rest);
    return this.#inflated;
  }

  /**
   * The bytes of the recording in any order. Those that come only one after the other, from a pipe
   * or out of a compression, are put aside first.
   */
  async anywhere(signal?: AbortSignal): Promise<ByteSource> {
    if (isByteSource(this.#source) && this.compression === null)
      return new CheckedByteSource(this.#source);
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
  return ({ source, owned }: ResolvedSource): void => {
    if (signal?.aborted && owned) void source.close?.();
  };
}

function inflate(source: SequentialSource, compression: Compression, skip = 0): InflatedSource {
  return new InflatedSource(source, {
    inflater: platform.createInflater(compression, source),
    skip,
  });
}

/** Enough first bytes to judge the source and to hold its whole header. */
async function readHead(
  source: ByteSource | SequentialSource,
  signal: AbortSignal | undefined,
  options: FormatOptions | undefined,
): Promise<Head> {
  const path = source.name;
  if (isByteSource(source)) {
    const { byteLength } = source;
    const cursor = (): SourceCursor => new SourceCursor(source, 0, byteLength, signal);
    const bytes = await readHeader(cursor(), path);
    const compression = compressionOf(bytes);
    if (compression !== null) return readInflatedHead(cursor(), compression, options);
    return { bytes, detection: detectBytes(bytes, { path, byteLength, options }), inflated: null };
  }
  // No more than it takes to see a compression: a live source may be slow to send more.
  const magic = new Uint8Array(COMPRESSION_MAGIC_BYTES);
  const start = magic.subarray(0, await fill(source, magic));
  const compression = compressionOf(start);
  const all = new ReplaySource(start, source);
  if (compression !== null) return readInflatedHead(all, compression, options);
  const bytes = await readHeader(all, path);
  return { bytes, detection: detectBytes(bytes, { path, options }), inflated: null };
}

async function readInflatedHead(
  source: SequentialSource,
  compression: Compression,
  options: FormatOptions | undefined,
): Promise<Head> {
  const path = source.name;
  const inflated = inflate(source, compression);
  const bytes = await readHeader(inflated, path);
  const inner = compressionOf(bytes);
  if (inner !== null) {
    throw new EventError("unsupported-compression", `this is ${inner} inside ${compression}`, {
      path,
      expected: "a recording that is compressed once",
      hint: `Decompress the outer ${compression} first.`,
    });
  }
  try {
    return { bytes, detection: detectBytes(bytes, { path, compression, options }), inflated };
  } catch (cause) {
    const { damage } = inflated;
    if (damage === null) throw cause;
    throw new EventError("invalid-compression", describeDamage(compression, damage), {
      path,
      byteOffset: damage.byteOffset,
      found: damage.problem,
      hint: "Too little comes out of them to tell what they are.",
      cause,
    });
  }
}

/** First bytes until a header, if the source has one, is there to its end. */
async function readHeader(
  source: SequentialSource,
  path: string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  let head = new Uint8Array(0);
  let size = HEAD_BYTES;
  for (;;) {
    const grown = new Uint8Array(size);
    grown.set(head);
    const filled = head.byteLength + (await fill(source, grown.subarray(head.byteLength)));
    head = grown.subarray(0, filled);
    if (filled < size || !headIsCut(head)) return head;
    if (size >= MAX_HEAD_BYTES) {
      if (!headIsCut(head, false)) return head; // data that happens to begin like a header line
      throw new EventError("invalid-header", "the header does not end", {
        path,
        byteOffset: 0,
        expected: `a header of less than ${MAX_HEAD_BYTES} bytes`,
        found: "lines that begin with `% ` all the way",
      });
    }
    size *= 4;
  }
}
