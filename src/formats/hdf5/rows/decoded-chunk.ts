import type { ChunkBytes } from "../filters/chunk-decoder.ts";
import type { RecordKernel } from "./record-kernel.ts";
import type { PlacedTarget } from "./row-plan.ts";

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
    if (!isShuffled && this.#areTogether(targets)) {
      this.#kernel.copy(bytes, targets, from, count, at);
      return;
    }
    for (const target of targets) {
      const { place, into } = target;
      if (!isShuffled) this.#kernel.copy(bytes, [target], from, count, at);
      else {
        const to = into.subarray(at * place.size, (at + count) * place.size);
        this.#kernel.copyShuffled(bytes, this.#elementBytes, place, from, count, to);
      }
    }
  }

  /** Whether the values of a row stand together, as those of a record do. */
  #areTogether(targets: readonly PlacedTarget[]): boolean {
    const offsets = targets.map(({ place }) => place.offset);
    return Math.max(...offsets) - Math.min(...offsets) < (targets[0]?.place.stride ?? 0);
  }

  /** The chunk with bytes of its own. */
  owned(): DecodedChunk {
    const { bytes, isBorrowed } = this.#chunk;
    if (!isBorrowed) return this;
    const chunk = { ...this.#chunk, bytes: bytes.slice(), isBorrowed: false };
    return new DecodedChunk(chunk, this.#elementBytes, this.#kernel);
  }
}
