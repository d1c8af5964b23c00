import type { ChunkBytes } from "../filters/chunk-decoder.ts";
import type { PlacedTarget } from "./dataset-rows.ts";
import type { RecordKernel } from "./record-kernel.ts";

/** A chunk whose filters are undone, but for "shuffle", which is undone for the rows wanted. */
export class DecodedChunk {
  readonly #chunk: ChunkBytes;
  readonly #elementBytes: number;
  readonly #kernel: RecordKernel;

  constructor(chunk: ChunkBytes, elementBytes: number, kernel: RecordKernel) {
    this.#chunk = chunk;
    this.#elementBytes = elementBytes;
    this.#kernel = kernel;
  }

  /**
   * Copies values of some rows.
   *
   * @param from - the first row of the chunk
   * @param at - row of the targets that it becomes
   */
  copy(targets: readonly PlacedTarget[], from: number, count: number, at: number): void {
    const { bytes, isShuffled } = this.#chunk;
    for (const { place, into } of targets) {
      const to = into.subarray(at * place.size, (at + count) * place.size);
      if (isShuffled) {
        this.#kernel.copyShuffled(bytes, this.#elementBytes, place, from, count, to);
      } else {
        this.#kernel.copy(bytes, place, from, count, to);
      }
    }
  }

  /** The chunk with bytes that nobody else uses, and no more of them than needed. */
  owned(): DecodedChunk {
    const { bytes, isShuffled } = this.#chunk;
    if (bytes.buffer.byteLength < bytes.byteLength * 2) return this;
    return new DecodedChunk({ bytes: bytes.slice(), isShuffled }, this.#elementBytes, this.#kernel);
  }
}
