import type { SensorGeometry } from "../events/geometry.ts";
import type { EventMemory } from "../kernels/event-memory.ts";

/** What is done to every tile of a pass before it is handed over. It serves one pass. */
export interface TileSieve {
  /** Bytes of memory that it needs beside the columns. */
  readonly bytes: number;
  /** The sensor of what it leaves: another one than the recording's where coordinates are moved. */
  readonly geometry: SensorGeometry | null;
  /** Gets ready to work in the memory of the pass, before its first tile. */
  attach(memory: EventMemory): Promise<void>;
  /**
   * Leaves in the tile what is wanted.
   *
   * @returns whether anything of what follows can be wanted
   */
  apply(memory: EventMemory): boolean;
}

/**
 * Makes the sieve of a pass.
 *
 * @param geometry - that the decoder checks coordinates against; null when nothing says it
 */
export type CreateSieve = (geometry: SensorGeometry | null) => TileSieve;

/** A part of a recording whose decoding starts from a known state. */
export interface TileRange {
  /** The first byte or row. */
  readonly start: number;
  /** The byte or row behind the last one. */
  readonly end: number;
  /** What the decoder carries at `start`; as at the start of the data when left out. */
  readonly carried?: Uint8Array | undefined;
}
