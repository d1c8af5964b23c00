import { EventError } from "../errors.ts";
import type { SequentialSource } from "./byte-source.ts";

/** A Web `ReadableStream` of bytes. */
export class StreamSource implements SequentialSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #offset = 0;

  constructor(stream: ReadableStream<Uint8Array>) {
    if (stream.locked) {
      throw new EventError("source-consumed", "the stream is locked by another reader");
    }
    this.#reader = stream.getReader();
  }

  async next(into: Uint8Array): Promise<number> {
    while (this.#rest.byteLength === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return 0;
      if (!(value instanceof Uint8Array)) {
        throw new EventError("source-unreadable", "the stream does not give bytes", {
          byteOffset: this.#offset,
          expected: "chunks of Uint8Array",
          found: typeof value,
        });
      }
      this.#rest = value;
    }
    const taken = this.#rest.subarray(0, into.byteLength);
    into.set(taken);
    this.#rest = this.#rest.subarray(taken.byteLength);
    this.#offset += taken.byteLength;
    return taken.byteLength;
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {}); // a stream that failed has told so already
  }
}
