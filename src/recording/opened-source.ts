import { platform } from "#platform";
import { EventError, type EventErrorCode, isEventError } from "../errors.ts";
import type { MutableReport } from "../events/report.ts";
import type { FormatDetection } from "../formats/detect.ts";
import type { FormatOptions } from "../formats/options.ts";
import { type ByteSource, isByteSource, type SequentialSource } from "../source/byte-source.ts";
import { CheckedByteSource, ReplaySource, SourceCursor } from "../source/cursor.ts";
import { webAddressOf } from "../source/http-address.ts";
import type { WindowLimit } from "../source/inflated.ts";
import { type Compression, type CompressionDamage, describeDamage } from "../util/compression.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { type EventSource, type ResolvedSource, resolveSource } from "./resolve-source.ts";
import { inflateFrom, readSourceHead, type SourceHead } from "./source-head.ts";

export type { EventSource } from "./resolve-source.ts";

/** The bytes of a recording, decompressed where they were compressed. */
export interface RecordingBytes extends SequentialSource {
  /** Bytes of the source used so far; only where it is compressed. */
  readonly bytesUsed?: number;
  /** What is wrong with the compressed bytes, once reading has come to it. */
  readonly damage?: CompressionDamage | null;
  /** Bounds what the decompressor holds; only where the source is compressed. */
  limitWindow?(limit: WindowLimit): void;
}

/** What is wrong with data that may be so because they came out of damaged compressed ones. */
const BLAMED: readonly EventErrorCode[] = [
  "malformed-line",
  "malformed-row",
  "invalid-header",
  "damaged-data",
];
/** Compressed bytes that are gone through to find damage: some seconds. */
const MOST_CHECKED_BYTES = 512 * 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

/** Tells the report what is wrong with compressed bytes that were read to their end. */
export function reportDamage(
  report: MutableReport,
  { damage }: Pick<RecordingBytes, "damage">,
): void {
  if (!damage) return;
  report.compressionDamage = damage;
  report.firstAt.damagedCompression = report.bytesRead;
}

/** A source that is open, its first bytes read and judged. */
export class OpenedSource {
  /** The first bytes of the recording, decompressed. */
  readonly head: Uint8Array<ArrayBuffer>;
  readonly detection: FormatDetection;
  readonly name: string | undefined;
  /** Where it was opened, if another thread can open it there, too: in the file system. */
  readonly filePath: string | null;
  /** Which file that is: another one may take its name. */
  readonly identity: string | undefined;
  /** What is read: the source, or the zip that it was put aside as. */
  readonly #source: ByteSource | SequentialSource;
  readonly #resolved: ResolvedSource;
  readonly #opened: SourceHead;
  #consumed = false;
  #spooled: ByteSource | undefined;
  /** What was wrong with the compressed bytes that were put aside. */
  spoolDamage: CompressionDamage | null = null;

  private constructor(given: EventSource, resolved: ResolvedSource, opened: SourceHead) {
    this.#source = opened.archive ?? resolved.source;
    this.#resolved = resolved;
    this.#opened = opened;
    this.head = opened.bytes;
    this.detection = opened.detection;
    this.name = resolved.source.name;
    const isPath = typeof given === "string" || given instanceof URL;
    const isFile = isPath && webAddressOf(given) === null;
    // A `URL` is not the same in another thread.
    this.filePath = isFile && this.compression === null ? (this.name ?? null) : null;
    this.identity = isByteSource(resolved.source) ? resolved.source.identity : undefined;
  }

  /** Opens a source and reads its first bytes. */
  static async open(
    given: EventSource,
    signal?: AbortSignal,
    format?: FormatOptions,
  ): Promise<OpenedSource> {
    signal?.throwIfAborted();
    const opening = resolveSource(given, signal);
    opening.then(closeIfAborted(signal), () => {});
    const resolved = await untilAborted(opening, signal);
    const { source, owned } = resolved;
    try {
      const reading = readSourceHead(source, { path: source.name, signal, format });
      reading
        .then(({ archive }) => (signal?.aborted ? archive?.close?.() : undefined))
        .catch(() => {});
      return new OpenedSource(given, resolved, await untilAborted(reading, signal));
    } catch (error) {
      if (owned) await source.close?.();
      throw error;
    }
  }

  /** How the recording is compressed. */
  get compression(): Compression | null {
    return this.detection.compression;
  }

  /** Bytes that the decompressor looks back on, as far as the head told; 0 without any. */
  get windowBytes(): number {
    return this.#opened.inflated?.windowBytes ?? 0;
  }

  /** Bytes in all, compressed where they are; null when the source does not say. */
  get byteLength(): number | null {
    if (this.#spooled !== undefined) return this.#spooled.byteLength;
    return isByteSource(this.#source) ? this.#source.byteLength : null;
  }

  /** Whether the source gives its bytes once, one after the other; they may have been put aside. */
  get isSequential(): boolean {
    return !isByteSource(this.#resolved.source);
  }

  /**
   * The bytes of the recording from `offset` on. A source that can be read only once allows no
   * offset beyond the head.
   *
   * @param end - where to stop; not for a compressed source
   * @throws EventError `source-consumed` for the second pass over a source that allows one
   */
  bytesFrom(offset: number, signal?: AbortSignal, end?: number): RecordingBytes {
    const source = this.#source;
    const { wrapping, inflated } = this.#opened;
    if (isByteSource(source)) {
      if (wrapping !== null) return inflateFrom(source, wrapping, signal, offset);
      return new SourceCursor(source, offset, end ?? source.byteLength, signal);
    }
    if (this.#consumed) {
      throw new EventError("source-consumed", "this source can be read only once", {
        path: source.name,
        hint: "Open it again, or load from a file, a Blob or bytes in memory.",
      });
    }
    this.#consumed = true;
    const rest = this.head.subarray(offset);
    if (inflated === null) return new ReplaySource(rest, source);
    inflated.unread(rest);
    return inflated;
  }

  /**
   * The same for a thread that waits for each read, where that is faster; null where it is not: only
   * of files.
   */
  blockingFrom(offset: number, signal?: AbortSignal): RecordingBytes | null {
    if (!isByteSource(this.#source) || this.#opened.wrapping !== null) return null;
    const { blocking } = this.#source;
    if (blocking === undefined) return null;
    return new SourceCursor(blocking, offset, blocking.byteLength, signal);
  }

  /**
   * The bytes of the recording in any order. Those that come only one after the other, from a pipe
   * or out of a compression, are put aside first.
   */
  async anywhere(signal?: AbortSignal): Promise<ByteSource> {
    if (isByteSource(this.#source) && this.compression === null)
      return new CheckedByteSource(this.#source);
    if (this.#spooled !== undefined) return this.#spooled;
    const bytes = this.bytesFrom(0, signal);
    this.#spooled = await platform.spool(bytes, this.name, signal);
    this.spoolDamage = bytes.damage ?? null;
    return this.#spooled;
  }

  /**
   * What to throw for an error in the data: where the compressed bytes that they came out of are
   * damaged, that is what is to be told. It may show behind the place of the error only, as a wrong
   * checksum does, so they are gone through once more.
   *
   * @param window - what a decompressor may hold. Default: whatever the data ask for.
   */
  async explain(error: unknown, signal?: AbortSignal, window?: WindowLimit): Promise<unknown> {
    if (this.compression === null || !isEventError(error) || !BLAMED.includes(error.code)) {
      return error;
    }
    const damage = await this.#findDamage(signal, window).catch(() => null);
    if (damage === null || damage.kind === "trailing") return error;
    return new EventError("invalid-compression", describeDamage(this.compression, damage), {
      path: this.name,
      byteOffset: damage.byteOffset,
      found: damage.problem,
      hint: "What comes out of them is no sound recording: fetch or compress it again.",
      cause: error,
    });
  }

  async #findDamage(
    signal: AbortSignal | undefined,
    window: WindowLimit | undefined,
  ): Promise<CompressionDamage | null> {
    const { wrapping, inflated } = this.#opened;
    const known = this.spoolDamage ?? inflated?.damage ?? null;
    if (known !== null || wrapping === null || !isByteSource(this.#source)) return known;
    const bytes = inflateFrom(this.#source, wrapping, signal);
    if (window !== undefined) bytes.limitWindow(window);
    const piece = new Uint8Array(PIECE_BYTES);
    while ((await untilAborted(bytes.next(piece), signal)) > 0) {
      if (bytes.bytesUsed > MOST_CHECKED_BYTES) return null;
    }
    return bytes.damage;
  }

  /** Closes what was opened here; a source that the caller made stays the caller's. */
  async close(): Promise<void> {
    await this.#spooled?.close?.();
    await this.#opened.archive?.close?.();
    const { source, owned } = this.#resolved;
    if (owned) await source.close?.();
  }
}

/** What is opened after all, when nobody waits for it any more, is closed again. */
function closeIfAborted(signal: AbortSignal | undefined) {
  return ({ source, owned }: ResolvedSource): void => {
    if (signal?.aborted && owned) void source.close?.();
  };
}
