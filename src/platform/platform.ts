import type pl from "nodejs-polars";
import type { ByteSink } from "../source/byte-sink.ts";
import type { ByteSource, SequentialSource } from "../source/byte-source.ts";
import type { GrowingFile } from "../source/growing-file.ts";
import type { Inflater } from "../source/inflated.ts";
import type { ScratchFolder } from "../source/scratch-folder.ts";
import type { ScratchSpace } from "../source/scratch-space.ts";
import type { StreamCompression } from "../util/compression.ts";

/** What single blocks are compressed with: Zstandard, zlib, Brotli. */
export type BlockCodec = "zstd" | "deflate" | "brotli";

/** What differs between Node and the browser. `node.ts` and `browser.ts` are the two answers. */
export interface Platform {
  /** Of the system, for people: `linux x64, Node 20.19.0`. */
  readonly name: string;
  /** What it compresses blocks with best. */
  readonly bestCodec: BlockCodec;
  /**
   * Opens a path or a `file:` URL.
   *
   * @throws EventError `source-not-found`, `source-unreadable`, `source-unsupported`
   */
  openPath(path: string | URL): Promise<ByteSource | SequentialSource>;
  /**
   * Opens a path or a `file:` URL for writing; a regular file appears when it is complete.
   *
   * @param signal - ends the wait for a pipe that nobody reads from; it rejects with the signal's reason
   * @throws EventError `sink-unwritable`
   */
  createFile(path: string | URL, signal?: AbortSignal): Promise<ByteSink>;
  /**
   * Opens a path or a `file:` URL that is there, to add to it.
   *
   * @throws EventError `source-not-found`, `sink-unwritable`
   */
  openToGrow(path: string | URL): Promise<GrowingFile>;
  /** Whether a path or a `file:` URL names a regular file. */
  fileExists(path: string | URL): Promise<boolean>;
  /**
   * Puts a source that comes front to back aside, so that it can be read anywhere: in a temporary
   * file or a `Blob`, which `close` gives back. The source itself is its owner's.
   *
   * @param name - what messages call it
   * @throws EventError `source-unreadable`
   */
  spool(
    source: SequentialSource,
    name: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ByteSource>;
  /**
   * Makes scratch space: a temporary file, or memory up to a limit in a browser.
   *
   * @param name - what messages call the output that is put together there
   * @throws EventError `sink-unwritable`
   */
  createScratch(name: string | undefined): Promise<ScratchSpace>;
  /**
   * Makes a folder for temporary files.
   *
   * @param name - what messages call the output that is put together there
   * @throws EventError `sink-unwritable`, in a browser always
   */
  createScratchFolder(name: string | undefined): Promise<ScratchFolder>;
  /** Decompresses `source`, which is read as what comes out is asked for. */
  createInflater(compression: StreamCompression, source: SequentialSource): Inflater;
  /**
   * Loads nodejs-polars.
   *
   * @throws EventError `polars-unavailable`, whose hint names `loadTable`
   */
  importPolars(): Promise<typeof pl>;
  /** What `inflateInto` is best for: so many bytes that come out; 0 where it can do nothing. */
  readonly inflateAtOnce: number;
  /**
   * Decompresses zlib data ("deflate" of HTTP), where that is worth it beside what the caller does.
   *
   * @param most - bytes that may come out; more are an error
   * @returns what came out; the platform's error is thrown when the data are damaged
   */
  inflate(bytes: Uint8Array, most: number): Promise<Uint8Array> | Uint8Array;
  /**
   * Decompresses zlib data into memory of the caller's, at once.
   *
   * @param into - room for more than comes out
   * @returns what came out, at its start; null where `inflate` has to be asked, which says what is wrong
   */
  inflateInto(bytes: Uint8Array, into: Uint8Array): Uint8Array | null;
  /**
   * Compresses bytes, which must stay as they are until it is done.
   *
   * @param level - as the codec counts them
   * @throws EventError `unsupported-compression` where the platform cannot
   */
  compressBlock(codec: BlockCodec, bytes: Uint8Array, level: number): Promise<Uint8Array>;
  /**
   * Decompresses what gives exactly so many bytes; the platform's error is thrown when the data are
   * damaged or give more.
   *
   * @param bytes - of zstd one frame whose header says how many bytes it gives
   * @throws EventError `unsupported-compression` where the platform cannot
   */
  inflateBlock(codec: BlockCodec, bytes: Uint8Array, size: number): Promise<Uint8Array>;
  /**
   * Loads what decompresses frames of zstd in the calling thread, for where other threads are busy; null where
   * that cannot be had, and `inflateBlock` has to be asked.
   */
  loadFrameInflater(): Promise<FrameInflater | null>;
  /** The CRC-32 of zlib. @param start - that of the bytes in front, to go on from. Default 0. */
  crc32(bytes: Uint8Array, start?: number): number;
  /**
   * Opens a file for a thread that decodes, whose reads keep it waiting.
   *
   * @throws EventError `source-not-found`, `source-unreadable`, `source-unsupported`
   */
  openPathToBlock(path: string): ByteSource;
  /** Starts a thread that decodes; null where there can be none. */
  startThread(): DecodeThread | null;
  /** Reads a file of an installed package, given where the package says that it is. */
  readAsset(url: string): Promise<Uint8Array>;
  /** A SHA-256 that is fed piece by piece. */
  createSha256(): Sha256;
  /**
   * Bytes of memory that this process may still take, as limits of containers allow; null where the
   * platform does not tell.
   */
  availableMemory(): number | null;
  /**
   * Readies memory that was allocated and not written to yet, beside what the caller does, so that writing to
   * it is fast; its content is not defined afterwards, and it must not be written to before. Null where
   * nothing is gained.
   */
  readonly touchMemory: ((rooms: readonly Uint8Array[]) => Promise<void>) | null;
  /** The most bytes of memory that this process has had; null where the platform does not tell. */
  peakMemory(): number | null;
  /** Lets timers, input and aborts have their turn. */
  yieldToEventLoop(): Promise<void>;
}

/**
 * Decompresses a frame of zstd, at once.
 *
 * @param into - as long as what must come out
 * @returns whether that came out; `into` holds anything where it did not
 */
export type FrameInflater = (frame: Uint8Array, into: Uint8Array) => boolean;

/** A running SHA-256. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** The digest as 64 hexadecimal digits; ends the computation. */
  hex(): string;
}

/** A thread that runs what `thread.ts` in the root of the library says. */
export interface DecodeThread {
  /** Sends what can be cloned; shared memory is shared. */
  post(message: unknown): void;
  /** Sets who is told what the thread sends. */
  onMessage(listener: (message: unknown) => void): void;
  /** Sets who is told when the thread fails, for example because it cannot be started. */
  onError(listener: (error: unknown) => void): void;
  /** Says whether somebody waits for the thread: only then does it keep the process alive. */
  setAwaited(isAwaited: boolean): void;
  /** Ends the thread, whatever it does. */
  close(): Promise<void>;
}
