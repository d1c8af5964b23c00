import { EventError } from "../errors.ts";
import { type ByteSource, type ReadOptions, tooShort } from "./byte-source.ts";

/** A `Blob`, or a `File` as a browser's file dialog gives it. */
export class BlobSource implements ByteSource {
  readonly byteLength: number;
  readonly name: string | undefined;
  readonly #blob: Blob;

  constructor(blob: Blob) {
    this.#blob = blob;
    this.byteLength = blob.size;
    this.name = "name" in blob && typeof blob.name === "string" ? blob.name : undefined;
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
