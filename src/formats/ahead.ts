/** Chunks of a source that other threads decompress ahead of their use. */
import type { ChunkContent, StoredBytes } from "../source/chunk-desk.ts";

/** How other threads may decompress the chunks of a source. */
export interface AheadRules {
  readonly content: ChunkContent;
  /** Bytes that come out of a chunk at most. */
  readonly roomBytes: number;
  /** What the chunks that are under way may take. */
  readonly deskBytes: number;
  /** Rows for each thread: fewer are read before another one has started. */
  readonly rowsPerThread: number;
  /** Whether that pays when only some columns are wanted. */
  readonly forSomeColumns: boolean;
}

/** Threads that decompress chunks of a file. */
export interface InflatingThreads {
  /** Bytes that may come out of a chunk. */
  readonly roomBytes: number;
  /** How many chunks may be under way, and how many more of them now. */
  readonly slots: number;
  readonly freeSlots: number;
  /** Has chunks decompressed that will be asked for, as far as there is room; others are left out. */
  offer(chunks: readonly StoredBytes[]): void;
  /** Asks for a chunk back: null where it was not offered, or none of them has begun with it. */
  withdraw(chunk: StoredBytes): AheadChunk | null;
}

/** A chunk that a thread decompresses, or did. */
export interface AheadChunk {
  /** Waits for what comes out; null where something is wrong with it. */
  bytes(): Promise<Uint8Array | null>;
  /** Gives the memory back to other chunks, when the bytes were used. */
  release(): void;
}
