import type { ByteSource } from "../source/byte-source.ts";
import {
  ChunkDesk,
  type ChunksMessage,
  type ContainerContent,
  type DeskMessage,
  type InflateChunk,
  type StoredBytes,
} from "../source/chunk-desk.ts";
import { openFileToBlock } from "../source/node/file.ts";
import { inflateInto } from "./node-inflate.ts";

/** Decompresses chunks of a file ahead of their use, as a thread beside that which uses them. */
export class ChunkWork {
  #desk: ChunkDesk | undefined;
  /** Null where it is not the file that the calling thread has open: every chunk of it fails. */
  #source: ByteSource | null = null;
  #inflate: InflateChunk = inflateInto;
  #input = new Uint8Array();
  #last: Promise<void> = Promise.resolve();
  readonly #inflaterOf: (content: ContainerContent) => Promise<InflateChunk>;

  /** @param inflaterOf - loads what inflates chunks of containers, which those of zlib data do without */
  constructor(inflaterOf: (content: ContainerContent) => Promise<InflateChunk>) {
    this.#inflaterOf = inflaterOf;
  }

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

  #open({ path, identity, buffer, slots, content }: DeskMessage): void {
    this.#desk = new ChunkDesk(buffer, slots);
    if (content.kind === "container") {
      this.#last = this.#inflaterOf(content).then(
        (inflate) => {
          this.#inflate = inflate;
        },
        () => {
          this.#inflate = () => null; // the calling thread does it
        },
      );
    }
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
      const place = { offset, byteLength };
      const bytes = await this.#inflateAt(place, desk.room(slot)).catch(() => null);
      desk.finish(slot, job, bytes?.byteLength ?? null);
      if (desk.takeAwaited()) tell();
    }
  }

  async #inflateAt(
    { offset, byteLength }: StoredBytes,
    room: Uint8Array,
  ): Promise<Uint8Array | null> {
    if (this.#source === null) return null;
    if (this.#input.byteLength < byteLength) this.#input = new Uint8Array(byteLength);
    const into = this.#input.subarray(0, byteLength);
    return this.#inflate(await this.#source.read(offset, byteLength, { into }), room);
  }
}
