import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { BlobSource } from "../source/blob.ts";
import {
  type ByteSource,
  isByteSource,
  isSequentialSource,
  type SequentialSource,
} from "../source/byte-source.ts";
import { CheckedSource, checkLength } from "../source/cursor.ts";
import { openHttp } from "../source/http.ts";
import { webAddressOf } from "../source/http-address.ts";
import { MemorySource } from "../source/memory.ts";
import { StreamSource } from "../source/stream.ts";
import { isNodeStream } from "../util/is-node-stream.ts";

/**
 * Where a recording can come from: a path or `file:` URL (Node), an `http:` or `https:` address,
 * bytes in memory, a `Blob` or `File`, a `ReadableStream` of bytes, or a source of the caller's own.
 * It may be compressed with gzip or zstd, or be the only file in a zip.
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

/** A source that can be read. */
export interface ResolvedSource {
  readonly source: ByteSource | SequentialSource;
  /** Whether it was made here, and is to be closed here. */
  readonly owned: boolean;
}

/**
 * Makes a source of whatever the caller gave.
 *
 * @param signal - stops opening it; what is open does not depend on it
 * @throws EventError `source-unsupported`, and what opening a path or an address throws
 */
export async function resolveSource(
  given: EventSource,
  signal?: AbortSignal,
): Promise<ResolvedSource> {
  if (typeof given === "string" || given instanceof URL) {
    const address = webAddressOf(given);
    if (address !== null) return { source: await openHttp(address, { signal }), owned: true };
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
    if (isByteSource(given)) {
      checkLength(given);
      return { source: given, owned: false };
    }
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
