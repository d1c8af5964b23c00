import type { ByteSink } from "../source/byte-sink.ts";
import type { GrowingFile } from "../source/growing-file.ts";
import { TRAILER_BYTES } from "./layout.ts";

/**
 * Writes behind the last trailer of a container, so that a crash at any moment leaves the file with its
 * old events: the last bytes, the new trailer, are kept back until the disk has all others. What is
 * given up is cut off again.
 */
export class AppendSink implements ByteSink {
  readonly name: string | undefined;
  readonly #file: GrowingFile;
  readonly #start: number;
  #offset: number;
  #kept = new Uint8Array(0);
  /** Whether a torn tail was cut off, and something may have been written. */
  #isBegun = false;
  #aborted: { readonly reason: unknown } | null = null;
  #running: Promise<void> = Promise.resolve();

  /** @param start - where the last trailer ends; what is behind it is cut off by the first write */
  constructor(file: GrowingFile, start: number) {
    this.name = file.name;
    this.#file = file;
    this.#start = start;
    this.#offset = start;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#run(async () => {
      const joined = bytes.byteLength >= TRAILER_BYTES ? null : join(this.#kept, bytes);
      if (joined === null) await this.#put(this.#kept);
      const all = joined ?? bytes;
      const end = Math.max(all.byteLength - TRAILER_BYTES, 0);
      await this.#put(all.subarray(0, end));
      this.#kept = all.slice(end);
    });
  }

  close(): Promise<void> {
    return this.#run(async () => {
      await this.#file.sync();
      await this.#put(this.#kept);
      await this.#file.sync();
    });
  }

  async abort(reason: unknown): Promise<void> {
    // Whoever gives up may not have waited for the last call: what that writes must not come after.
    this.#aborted = { reason };
    await this.#running.catch(() => {});
    if (this.#isBegun) await this.#file.truncate(this.#start);
  }

  #run(work: () => Promise<void>): Promise<void> {
    this.#running = work();
    return this.#running;
  }

  async #put(bytes: Uint8Array): Promise<void> {
    if (this.#aborted !== null) throw this.#aborted.reason;
    if (bytes.byteLength === 0) return;
    if (!this.#isBegun) {
      this.#isBegun = true;
      await this.#file.truncate(this.#start);
    }
    await this.#file.write(bytes, this.#offset);
    this.#offset += bytes.byteLength;
  }
}

function join(one: Uint8Array, other: Uint8Array): Uint8Array {
  const joined = new Uint8Array(one.byteLength + other.byteLength);
  joined.set(one);
  joined.set(other, one.byteLength);
  return joined;
}
