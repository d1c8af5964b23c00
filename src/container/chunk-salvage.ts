import type { SensorGeometry } from "../events/geometry.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { type ChunkHead, decodeChunkHead } from "./chunk.ts";
import type { ChunkEntry, ChunkIndex } from "./chunk-index.ts";
import { ChunkStage } from "./chunk-stage.ts";
import type { Findings } from "./findings.ts";
import type { ContainerHeader } from "./header.ts";
import { inflateChunk } from "./inflate-chunk.ts";
import type { Place } from "./problems.ts";
import { countBackward } from "./times.ts";

/** A chunk that is sound, to be copied as it is. */
export interface SalvagedChunk {
  readonly segment: Uint8Array;
  readonly head: ChunkHead;
  /** Events in it that are before the one in front of them. */
  readonly backwardSteps: number;
}

/** Reads chunks whose heads are sound, and decodes them to see whether the rest is, too. */
export class ChunkSalvage {
  readonly #source: ByteSource;
  readonly #header: ContainerHeader;
  readonly #findings: Findings;
  readonly #signal: AbortSignal | undefined;
  #stage: ChunkStage | null = null;

  constructor(
    source: ByteSource,
    header: ContainerHeader,
    findings: Findings,
    signal: AbortSignal | undefined,
  ) {
    this.#source = source;
    this.#header = header;
    this.#findings = findings;
    this.#signal = signal;
  }

  /** The bytes of a chunk, and what is in it; null, and a finding, for one that is not sound. */
  async read({ offset, bytes }: ChunkEntry): Promise<SalvagedChunk | null> {
    const place: Place = { path: undefined, byteOffset: offset };
    const segment = await this.#source.read(offset, bytes, { signal: this.#signal });
    const { codec, checksums } = this.#header;
    const checkCrc = checksums !== "none";
    return this.#findings.take(offset, async () => {
      const head = decodeChunkHead(segment, bytes, { codec, checkCrc }, place);
      const inflated = await inflateChunk(segment, head, checkCrc, place);
      if (this.#stage === null || this.#stage.memory.columns.t.length < head.count) {
        this.#stage = await ChunkStage.create(head.count);
      }
      this.#stage.decode(inflated, 0, true);
      const backwardSteps = countBackward(this.#stage.memory.columns.t, head.count);
      return { segment: segment.slice(), head, backwardSteps };
    });
  }
}

/** Chunks that are left out because others have their rows, unless these turn out to be damaged. */
export class SpareChunks {
  readonly #index: ChunkIndex;
  readonly #sensor: SensorGeometry | null;
  readonly #used = new Set<number>();

  /** @param index - of them, in the order of their rows */
  constructor(index: ChunkIndex, sensor: SensorGeometry | null) {
    this.#index = index;
    this.#sensor = sensor;
  }

  /** Those whose rows are all between two, as far as they fit the sensor. */
  *between(start: number, end: number): Generator<ChunkEntry> {
    if (this.#index.chunks === 0) return;
    let chunk = this.#index.chunkOf(start);
    while (chunk > 0 && this.#index.firstRow(chunk - 1) >= start) chunk--;
    for (; chunk < this.#index.chunks && this.#index.firstRow(chunk) < end; chunk++) {
      const entry = this.#index.entry(chunk);
      const { width = Infinity, height = Infinity } = this.#sensor ?? {};
      const isInside = entry.greatestX < width && entry.greatestY < height;
      if (isInside && entry.firstRow >= start && entry.firstRow + entry.count <= end) yield entry;
    }
  }

  use({ offset }: ChunkEntry): void {
    this.#used.add(offset);
  }

  *unused(): Generator<ChunkEntry> {
    for (let chunk = 0; chunk < this.#index.chunks; chunk++) {
      if (!this.#used.has(this.#index.offset(chunk))) yield this.#index.entry(chunk);
    }
  }
}
