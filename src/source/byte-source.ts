import { EventError } from "../errors.ts";
import { namesOf, unknownName } from "../util/option-names.ts";

/** What a read may be given. */
export interface ReadOptions {
  /** Where the bytes are to go; it must hold at least `length`. A new array when left out. */
  into?: Uint8Array | undefined;
  /** Ends the read early; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const READ_NAMES = namesOf<ReadOptions>()({ into: true, signal: true });

/** Checks the names of what a read is given. @throws EventError `invalid-option` */
export function checkReadOptions(options: ReadOptions): void {
  const slip = unknownName(options, READ_NAMES);
  if (slip !== null) throw new EventError("invalid-option", "there is no such option", slip);
}

/** Bytes that can be read anywhere: a file, memory, a `Blob`, or something of the caller's own. */
export interface ByteSource {
  /** Bytes in all. */
  readonly byteLength: number;
  /** What messages and metadata call it. */
  readonly name?: string | undefined;
  /**
   * Reads exactly `length` bytes from `offset`, into `into` where that is given. The caller may
   * keep what it gets unless it gave `into`.
   *
   * @throws EventError `source-too-short`, naming both numbers, when there are fewer bytes
   */
  read(offset: number, length: number, options?: ReadOptions): Promise<Uint8Array>;
  /**
   * The same bytes for a thread that waits for each read, where that spares the way to another thread
   * and back: the promise of `read` is settled already. Default: there is no such way.
   */
  readonly blocking?: ByteSource | undefined;
  /**
   * Tells a file from another one that takes its name, and from itself once it was written to. Default:
   * nobody else can open the source.
   */
  readonly identity?: string | undefined;
  /** Gives back what the source holds. */
  close?(): Promise<void>;
}

/** Bytes that come one after the other, once: a pipe, a `ReadableStream`. */
export interface SequentialSource {
  /** What messages and metadata call it. */
  readonly name?: string | undefined;
  /** Fills the front of `into`; returns the number of bytes, 0 only at the end. */
  next(into: Uint8Array): Promise<number>;
  /** Gives back what the source holds; also called when reading stops early. */
  close?(): Promise<void>;
}

/** The error of a source that has fewer bytes than it was asked for. */
export function tooShort(
  name: string | undefined,
  offset: number,
  expected: number,
  found: number,
): EventError {
  return new EventError("source-too-short", "the source ended before the bytes it promised", {
    path: name,
    byteOffset: offset,
    expected: `${expected} bytes`,
    found: `${found}`,
    hint: "Was it cut while it was read?",
  });
}

/** Whether a value fulfils {@link ByteSource}. */
export function isByteSource(value: object): value is ByteSource {
  return (
    "byteLength" in value &&
    typeof value.byteLength === "number" &&
    "read" in value &&
    typeof value.read === "function"
  );
}

/** Whether a value fulfils {@link SequentialSource}. */
export function isSequentialSource(value: object): value is SequentialSource {
  return "next" in value && typeof value.next === "function" && !(Symbol.iterator in value);
}
