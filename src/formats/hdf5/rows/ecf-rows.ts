import type { Hdf5Dataset } from "../file.ts";
import type { ChunkPlace } from "../filters/chunk-decoder.ts";
import { type EcfDecoder, isEcfColumn } from "../filters/ecf-decoder.ts";
import { ECF_RECORD_BYTES } from "../layout.ts";
import { damagedData, unsupported } from "../problems.ts";
import type { ChunkPart } from "./chunked-rows.ts";
import type { RowTools } from "./row-tools.ts";

/** A chunk that a decoder has in its memory. */
interface HeldChunk {
  /** Where it is in the file. */
  readonly at: number;
  readonly events: number;
  readonly decoder: EcfDecoder;
}

/** Rows of a dataset with the filter ECF, which gives columns at once and no records. */
export class EcfRows {
  readonly #dataset: Hdf5Dataset;
  readonly #path: string | undefined;
  readonly #tools: RowTools;
  /** Decodes chunks of which no more is wanted. */
  #passing: Promise<EcfDecoder> | undefined;
  /** Decodes a chunk of which later rows may be wanted next, and holds it. */
  #holding: Promise<EcfDecoder> | undefined;
  #held: HeldChunk | null = null;

  constructor(dataset: Hdf5Dataset, path: string | undefined, tools: RowTools) {
    this.#dataset = dataset;
    this.#path = path;
    this.#tools = tools;
  }

  /**
   * Decodes a chunk and copies the rows that are wanted.
   *
   * @param isHeld - whether later rows of it may be wanted next
   */
  async decode(
    payload: Uint8Array,
    part: ChunkPart,
    place: ChunkPlace,
    isHeld: boolean,
  ): Promise<void> {
    let decoder: EcfDecoder;
    if (isHeld) {
      this.#holding ??= this.#tools.ecf();
      decoder = await this.#holding;
      this.#held = null;
    } else {
      this.#passing ??= this.#tools.ecf();
      decoder = await this.#passing;
    }
    const events = decoder.decode(payload);
    if (events === null) throw this.#damaged(place.row, place, "a payload that is none of ECF");
    const held = { at: place.chunk.offset, events, decoder };
    if (isHeld) this.#held = held;
    this.#copy(held, part, place);
  }

  /** Copies rows of the chunk that is held; whether it is this one. */
  copyHeld(part: ChunkPart, place: ChunkPlace): boolean {
    if (this.#held?.at !== place.chunk.offset) return false;
    this.#copy(this.#held, part, place);
    return true;
  }

  #copy({ events, decoder }: HeldChunk, part: ChunkPart, place: ChunkPlace): void {
    const { lane, from, count, at, row } = part;
    // The dataset says how many rows there are. A chunk may have more, but no fewer.
    if (events < from + count) {
      throw this.#damaged(
        row + Math.max(events - from, 0),
        place,
        `${events} events`,
        from + count,
      );
    }
    for (const { column, into } of lane.targets) {
      const { memberOffset, size } = column;
      if (!isEcfColumn(memberOffset, size) || this.#dataset.type.size !== ECF_RECORD_BYTES) {
        throw unsupported(`the records of ${this.#dataset.path} are none of ECF`, {
          path: this.#path,
          expected: "x, y and p of 2 bytes at 0, 2 and 4, t of 8 at 8",
          found: `${size} bytes at ${memberOffset}`,
        });
      }
      into.set(decoder.values(memberOffset, from, count), at * size);
    }
  }

  #damaged(row: number, { chunk }: ChunkPlace, found: string, expected?: number): Error {
    return damagedData(`a chunk of ${this.#dataset.path} is damaged: ECF`, {
      path: this.#path,
      byteOffset: chunk.offset,
      row,
      expected: expected === undefined ? "a whole payload" : `at least ${expected} events`,
      found,
    });
  }
}
