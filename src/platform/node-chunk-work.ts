import type { ByteSource } from "../source/byte-source.ts";
import { ChunkDesk, type ChunksMessage, type DeskMessage } from "../source/chunk-desk.ts";
import { openFileToBlock } from "../source/node/file.ts";
import { inflateInto } from "./node-inflate.ts";

/** Decompresses chunks of a file ahead of their use, as a thread beside that which uses them. */
export class ChunkWork {
  #desk: ChunkDesk | undefined;
  /** Null where it is not the file that the calling thread has open: every chunk of it fails. */
  #source: ByteSource | null = null;
  #input = new Uint8Array();
  #last: Promise<void> = Promise.resolve();

  /**
   * Does what a message asks for, after those before it.
   *
   * @param tell - wakes the calling thread
   */
  receive(message: DeskMessage | ChunksMessage, tell: () => void): void {
    if (message.kind === "chunk-desk") this.#open(message);
    else this.#last = this.#last.then(() => this.#decompress(message, tell));
  }

  /** Closes the file, when nothing is read any more. */
  async close(): Promise<void> {
    await this.#last;
    await this.#source?.close?.();
  }

  #open({ path, identity, buffer, slots }: DeskMessage): void {
    this.#desk = new ChunkDesk(buffer, slots);
    try {
      this.#source = openFileToBlock(path);
    } catch {
      return; // the calling thread still has it open
    }
    if (this.#source.identity === identity) return;
    void this.#source.close?.();
    this.#source = null;
  }

  async #decompress({ chunks }: ChunksMessage, tell: () => void): Promise<void> {
    const desk = this.#desk as ChunkDesk;
    for (const { slot, job, offset, byteLength } of chunks) {
      if (!desk.claim(slot, job)) continue;
      const stored = await this.#read(offset, byteLength);
      const bytes = stored && inflateInto(stored, desk.room(slot));
      desk.finish(slot, job, bytes?.byteLength ?? null);
      if (desk.takeAwaited()) tell();
    }
  }

  async #read(offset: number, byteLength: number): Promise<Uint8Array | null> {
    if (this.#input.byteLength < byteLength) this.#input = new Uint8Array(byteLength);
    const into = this.#input.subarray(0, byteLength);
    return (await this.#source?.read(offset, byteLength, { into }).catch(() => null)) ?? null;
  }
}
