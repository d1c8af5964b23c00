import { EventError } from "../errors.ts";
import { untilAborted } from "../util/until-aborted.ts";
import {
  type ByteSource,
  type ReadOptions,
  type SequentialSource,
  tooShort,
} from "./byte-source.ts";
import { fill } from "./cursor.ts";

/** A `Blob`, or a `File` as a browser's file dialog gives it. */
export class BlobSource implements ByteSource {
  readonly byteLength: number;
  readonly name: string | undefined;
  readonly #blob: Blob;

  /** @param name - what messages call it; default: the name of a `File` */
  constructor(blob: Blob, name?: string) {
    this.#blob = blob;
    this.byteLength = blob.size;
    this.name = name ?? ("name" in blob && typeof blob.name === "string" ? blob.name : undefined);
  }

  async read(offset: number, length: number, options: ReadOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted();
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(await this.#blob.slice(offset, offset + length).arrayBuffer());
    } catch (cause) {
      throw new EventError("source-unreadable", "the Blob cannot be read", {
        path: this.name,
        byteOffset: offset,
        hint: "A file that changed after it was chosen has to be chosen again.",
        cause,
      });
    }
    options.signal?.throwIfAborted();
    if (bytes.byteLength < length) throw tooShort(this.name, offset, length, bytes.byteLength);
    if (options.into === undefined) return bytes;
    options.into.set(bytes);
    return options.into.subarray(0, length);
  }
}

/** Bytes that become a part of the `Blob` at once: a browser may keep these on disk. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** Copies a source into a `Blob`. */
export async function spoolToBlob(
  source: SequentialSource,
  name: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ByteSource> {
  const parts: Blob[] = [];
  const piece = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const length = await untilAborted(fill(source, piece), signal);
    if (length > 0) parts.push(new Blob([piece.subarray(0, length)]));
    if (length < PIECE_BYTES) return new BlobSource(new Blob(parts), name);
  }
}
