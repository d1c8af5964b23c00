import type { CompressionDamage } from "../util/compression.ts";
import type { SequentialSource } from "./byte-source.ts";
import type { Inflater } from "./inflated.ts";

const PIECE_BYTES = 16_384;

/** Decompresses gzip with the `DecompressionStream` of a browser, which verifies checksums. */
export class WebInflater implements Inflater {
  damage: CompressionDamage | null = null;
  readonly #source: SequentialSource;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  #rest: Uint8Array = new Uint8Array(0);
  #bytesFed = 0;
  #hasAll = false;
  #feeding: Promise<void> | undefined;
  #sourceError: unknown;
  #done = false;

  constructor(source: SequentialSource) {
    const { readable, writable } = new DecompressionStream("gzip");
    this.#source = source;
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
  }

  get bytesUsed(): number {
    return this.#bytesFed;
  }

  async next(into: Uint8Array): Promise<number> {
    this.#feeding ??= this.#feed();
    while (this.#rest.byteLength === 0 && !this.#done) await this.#read();
    const taken = this.#rest.subarray(0, into.byteLength);
    into.set(taken);
    this.#rest = this.#rest.subarray(taken.byteLength);
    return taken.byteLength;
  }

  async #read(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read();
      this.#done = done;
      if (value !== undefined) this.#rest = value;
    } catch (cause) {
      if (this.#sourceError !== undefined) throw this.#sourceError;
      const problem = cause instanceof Error ? cause.message : String(cause);
      const kind = this.#hasAll ? "truncated" : "corrupt";
      this.damage = { kind, byteOffset: this.#bytesFed, problem };
      this.#done = true;
    }
  }

  /** Writing waits until what was written before has been read. */
  async #feed(): Promise<void> {
    try {
      for (;;) {
        const piece = new Uint8Array(PIECE_BYTES);
        const length = await this.#source.next(piece);
        this.#bytesFed += length;
        if (length === 0) break;
        await this.#writer.write(piece.subarray(0, length));
      }
      this.#hasAll = true;
      await this.#writer.close();
    } catch (cause) {
      // Its own errors the stream tells to whoever reads; those of the source it does not know.
      this.#sourceError = cause instanceof TypeError ? undefined : cause;
      await this.#writer.abort(cause).catch(() => {});
    }
  }
}
