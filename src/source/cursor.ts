import { EventError } from "../errors.ts";
import { show } from "../util/show.ts";
import {
  type ByteSource,
  type ReadOptions,
  type SequentialSource,
  tooShort,
} from "./byte-source.ts";

/**
 * Reads part of a {@link ByteSource} from front to back, and holds the source to its contract.
 * Closing the source is its owner's.
 */
export class SourceCursor implements SequentialSource {
  readonly name: string | undefined;
  readonly #source: ByteSource;
  readonly #end: number;
  readonly #signal: AbortSignal | undefined;
  #offset: number;
  /** Whether the source gave fewer bytes than it was asked for: those are handed on first. */
  #isShort = false;

  constructor(source: ByteSource, start: number, end: number, signal?: AbortSignal) {
    this.name = source.name;
    this.#source = source;
    this.#offset = start;
    this.#end = end;
    this.#signal = signal;
  }

  async next(into: Uint8Array): Promise<number> {
    const length = Math.min(into.byteLength, this.#end - this.#offset);
    if (length <= 0) return 0;
    const offset = this.#offset;
    const count = this.#isShort
      ? 0
      : await readChecked(this.#source, offset, into.subarray(0, length), this.#signal);
    this.#isShort = count < length;
    this.#offset += count;
    if (count === 0) throw tooShort(this.name, offset, this.#end - offset, 0);
    return count;
  }
}

/** Holds a {@link ByteSource} to its contract. Closing the source is its owner's. */
export class CheckedByteSource implements ByteSource {
  readonly byteLength: number;
  readonly name: string | undefined;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
    this.byteLength = source.byteLength;
    this.name = source.name;
  }

  async read(
    offset: number,
    length: number,
    { into = new Uint8Array(length), signal }: ReadOptions = {},
  ): Promise<Uint8Array> {
    const target = into.subarray(0, length);
    const count = await readChecked(this.#source, offset, target, signal);
    if (count < length) throw tooShort(this.name, offset, length, count);
    return target;
  }
}

/** Fills `target` with the bytes from `offset` on; returns their number, fewer for a source cut short. */
async function readChecked(
  source: ByteSource,
  offset: number,
  target: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number> {
  const length = target.byteLength;
  let bytes: Uint8Array;
  try {
    bytes = await source.read(offset, length, { into: target, signal });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw unreadable(source.name, offset, cause);
  }
  if (!(bytes instanceof Uint8Array) || bytes.byteLength > length) {
    throw brokenContract(source.name, offset, `read() to return ${length} bytes`, shown(bytes));
  }
  if (bytes.buffer !== target.buffer) target.set(bytes); // a source that overlooks `into`
  return bytes.byteLength;
}

function shown(bytes: unknown): string {
  return bytes instanceof Uint8Array ? `${bytes.byteLength}` : show(bytes);
}

/**
 * Checks what a {@link ByteSource} says of its length.
 *
 * @throws EventError `source-unreadable`
 */
export function checkLength({ name, byteLength }: ByteSource): void {
  if (Number.isSafeInteger(byteLength) && byteLength >= 0) return;
  throw brokenContract(name, undefined, "a whole number as byteLength", show(byteLength));
}

/** Bytes that were read already, then the rest of a {@link SequentialSource}. */
export class ReplaySource implements SequentialSource {
  readonly name: string | undefined;
  readonly #source: SequentialSource;
  #head: Uint8Array;

  constructor(head: Uint8Array, source: SequentialSource) {
    this.name = source.name;
    this.#head = head;
    this.#source = source;
  }

  async next(into: Uint8Array): Promise<number> {
    if (this.#head.byteLength === 0) return this.#source.next(into);
    const taken = this.#head.subarray(0, into.byteLength);
    into.set(taken);
    this.#head = this.#head.subarray(taken.byteLength);
    return taken.byteLength;
  }
}

/** Holds a {@link SequentialSource} to its contract. */
export class CheckedSource implements SequentialSource {
  readonly name: string | undefined;
  readonly #source: SequentialSource;
  #offset = 0;

  constructor(source: SequentialSource) {
    this.#source = source;
    this.name = source.name;
  }

  async next(into: Uint8Array): Promise<number> {
    let count: number;
    try {
      count = await this.#source.next(into);
    } catch (cause) {
      throw unreadable(this.name, this.#offset, cause);
    }
    if (!Number.isInteger(count) || count < 0 || count > into.byteLength) {
      const expected = `next() to return a number of bytes from 0 to ${into.byteLength}`;
      throw brokenContract(this.name, this.#offset, expected, show(count));
    }
    this.#offset += count;
    return count;
  }

  async close(): Promise<void> {
    await this.#source.close?.();
  }
}

/** Fills `into` as far as the source goes; returns the number of bytes, fewer only at the end. */
export async function fill(source: SequentialSource, into: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < into.byteLength) {
    const count = await source.next(into.subarray(filled));
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** What a source throws is passed on as ours, so that callers need to know one error only. */
function unreadable(path: string | undefined, byteOffset: number, cause: unknown): EventError {
  if (cause instanceof EventError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EventError("source-unreadable", `the source cannot be read (${reason})`, {
    path,
    byteOffset,
    cause,
  });
}

function brokenContract(
  path: string | undefined,
  byteOffset: number | undefined,
  expected: string,
  found: string,
): EventError {
  return new EventError("source-unreadable", "the source breaks its contract", {
    path,
    byteOffset,
    expected,
    found,
  });
}
