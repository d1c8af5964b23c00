import { EventMemory } from "../kernels/event-memory.ts";
import type { ChunkHead } from "./chunk.ts";
import { ChunkDecoder, type InflatedChunk, mostScratchBytes } from "./chunk-decoder.ts";

/** Memory of its own for one decoded chunk, for those of which only a part is wanted at a time. */
export class ChunkStage {
  /** The columns have the events of the chunk. */
  readonly memory: EventMemory;
  /** Number of the chunk that is decoded; -1 when none is. */
  chunk = -1;
  /** What that chunk says of its events. */
  head: ChunkHead | null = null;
  /** Whether it is known that its times never go back. */
  goesForward = false;
  readonly #decoder: ChunkDecoder;

  private constructor(memory: EventMemory, decoder: ChunkDecoder) {
    this.memory = memory;
    this.#decoder = decoder;
  }

  /** @param events - the most that a chunk has */
  static async create(events: number): Promise<ChunkStage> {
    const memory = new EventMemory({
      inputBytes: 0,
      tileEvents: events,
      tileTriggers: 0,
      scratchBytesPerEvent: Math.ceil(mostScratchBytes(events) / events),
    });
    return new ChunkStage(memory, await ChunkDecoder.create(memory));
  }

  /** Decodes chunk number `chunk`. */
  decode(inflated: InflatedChunk, chunk: number, checkEvents: boolean): void {
    this.chunk = -1;
    this.goesForward = this.#decoder.decode(inflated, 0, checkEvents);
    this.head = inflated.head;
    this.chunk = chunk;
  }
}
