import { isEventError } from "../errors.ts";
import type { TriggerColumns } from "../events/columns.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { chunkAhead } from "./ahead-chunk.ts";
import { CHUNK_HEAD_BYTES, type ChunkContext, type ChunkHead, decodeChunkHead } from "./chunk.ts";
import type { InflatedChunk } from "./chunk-decoder.ts";
import { type ChunkEntry, type ChunkIndex, decodeIndex, type TriggerEntry } from "./chunk-index.ts";
import { noDigest, verifyDigests } from "./digest-check.ts";
import { type ContainerHeader, decodeHeader } from "./header.ts";
import { type InflateOptions, inflateChunk } from "./inflate-chunk.ts";
import { HEADER_BYTES } from "./layout.ts";
import type { ContainerMetadata } from "./metadata.ts";
import {
  type ContainerReadOptions,
  checksCrc,
  type Opened,
  openCut,
  openWhole,
  readTrailer,
  type TrailerPlace,
  type Truncation,
} from "./open-container.ts";
import { damaged, type Place } from "./problems.ts";
import type { Projection } from "./projection.ts";
import type { ContainerStatistics } from "./stats.ts";
import { decodeTriggers } from "./triggers.ts";

/** Columns of an index entry that the head of a chunk repeats. */
const SHARED = [
  ...["count", "on", "bytes", "firstTime", "lastTime", "leastTime", "greatestTime"],
  ...["leastX", "greatestX", "leastY", "greatestY"],
] as readonly (keyof ChunkEntry)[];
/** What a container says of itself, without its events. */
export interface ContainerDescription {
  readonly header: ContainerHeader;
  readonly statistics: ContainerStatistics;
  readonly metadata: ContainerMetadata;
  /** What stands behind the last that is sound; null for a file that is whole. */
  readonly truncation: Truncation | null;
}

/** An open container: its facts, and its chunks one by one. */
export class ContainerReader implements ContainerDescription {
  readonly header: ContainerHeader;
  readonly statistics: ContainerStatistics;
  readonly metadata: ContainerMetadata;
  /** Null for a file that is whole. */
  readonly truncation: Truncation | null;
  /** Null where no trailer counts: the file was cut before the first, or is read around damage. */
  readonly end: TrailerPlace | null;
  readonly #source: ByteSource;
  readonly #options: ContainerReadOptions;
  readonly #indexPlace: Opened["indexPlace"];
  readonly #isWalked: boolean;
  #index: Promise<ChunkIndex> | undefined;

  private constructor(source: ByteSource, options: ContainerReadOptions, opened: Opened) {
    this.#source = source;
    this.#options = options;
    this.header = opened.header;
    this.statistics = opened.statistics;
    this.metadata = opened.metadata;
    this.truncation = opened.truncation;
    this.end = opened.end;
    this.#indexPlace = opened.indexPlace;
    this.#isWalked = opened.index !== null;
    if (opened.index !== null) this.#index = Promise.resolve(opened.index);
  }

  /**
   * Opens a container: reads header, trailer, and what stands in front of the index. A file without a
   * sound trailer is walked.
   *
   * @throws EventError `invalid-header`, `unsupported-format`, `damaged-data`; `invalid-option` where a digest is
   *   to be checked that the file was written without
   */
  static async open(
    source: ByteSource,
    options: ContainerReadOptions = {},
  ): Promise<ContainerReader> {
    const { signal } = options;
    const { byteLength } = source;
    const head = await source.read(0, Math.min(HEADER_BYTES, byteLength), { signal });
    const header = decodeHeader(head, options);
    if (options.verifyChecksum === true && header.checksums !== "sha256") {
      throw noDigest(header, options);
    }
    const checkCrc = checksCrc(header, options);
    const trailer = await readTrailer(source, byteLength, checkCrc, options);
    if (trailer !== null) {
      try {
        const opened = await openWhole(source, options, header, trailer, null);
        const reader = new ContainerReader(source, options, opened);
        const isUsable = options.recover !== true || (await reader.#isInOrder());
        if (options.verifyChecksum === true) await verifyDigests(source, options, opened.end);
        if (isUsable) return reader;
      } catch (error) {
        if (options.recover !== true || signal?.aborted) throw error;
      }
    }
    const opened = await openCut(source, options, header);
    // Who asks for what can be recovered knows that it is not all there was.
    if (options.verifyChecksum === true && options.recover !== true) {
      await verifyDigests(source, options, opened.end);
    }
    return new ContainerReader(source, options, opened);
  }

  /** Where the chunks are; read when it is first asked for. */
  index(): Promise<ChunkIndex> {
    this.#index ??= this.#readIndex();
    return this.#index;
  }

  /**
   * Reads and inflates a chunk.
   *
   * @param into - has room for its segment, and has to stay as it is until the chunk is decoded
   * @throws EventError `damaged-data`, `unsupported-compression`
   */
  async readChunk(
    entry: ChunkEntry,
    into: Uint8Array,
    signal: AbortSignal | undefined,
    options?: InflateOptions,
  ): Promise<InflatedChunk> {
    const bytes = await this.#source.read(entry.offset, entry.bytes, { into, signal });
    const segment = bytes.subarray(0, entry.bytes);
    const { checkCrc } = this.chunkContext;
    const place = this.#placeOf(entry);
    const head = this.#readHead(segment, entry, checkCrc);
    return inflateChunk(segment, head, checkCrc, place, options);
  }

  /**
   * A chunk that another thread inflated.
   *
   * @param bytes - what it left, which has to stay as it is until the chunk is decoded
   * @throws EventError `damaged-data`
   */
  chunkAhead(entry: ChunkEntry, bytes: Uint8Array, columns: Projection): InflatedChunk {
    return chunkAhead(bytes, this.#readHead(bytes, entry, false), this.#placeOf(entry), columns);
  }

  /** What heads of chunks are read for. */
  get chunkContext(): ChunkContext {
    return { codec: this.header.codec, checkCrc: checksCrc(this.header, this.#options) };
  }

  #placeOf({ offset, firstRow }: ChunkEntry): Place {
    return { path: this.#options.path, byteOffset: offset, row: firstRow };
  }

  /** The head of a chunk, which says what the index says. */
  #readHead(bytes: Uint8Array, entry: ChunkEntry, checkCrc: boolean): ChunkHead {
    const place = this.#placeOf(entry);
    const head = decodeChunkHead(bytes, entry.bytes, { ...this.chunkContext, checkCrc }, place);
    for (const name of SHARED) {
      if (head[name as keyof typeof head] === entry[name]) continue;
      throw damaged("index and chunk disagree", {
        ...place,
        expected: `${name}: ${entry[name]}`,
        found: `${head[name as keyof typeof head]}`,
      });
    }
    if (!this.#isWalked && head.firstRow !== entry.firstRow) {
      const expected = `firstRow: ${entry.firstRow}`;
      throw damaged("index and chunk disagree", { ...place, expected, found: `${head.firstRow}` });
    }
    return head;
  }

  /** Reads a segment of triggers. */
  async readTriggers(entry: TriggerEntry): Promise<TriggerColumns> {
    const { path, signal } = this.#options;
    const place: Place = { path, byteOffset: entry.offset };
    const segment = await this.#source.read(entry.offset, entry.bytes, { signal });
    return decodeTriggers(segment, entry.count, this.chunkContext, place);
  }

  async #readIndex(): Promise<ChunkIndex> {
    const { start, end } = this.#indexPlace as { start: number; end: number };
    const { path, signal } = this.#options;
    const place: Place = { path, byteOffset: start };
    const segment = await this.#source.read(start, end - start, { signal });
    const index = decodeIndex(segment, checksCrc(this.header, this.#options), place);
    const { events, chunks } = this.statistics;
    if (index.rows === events && index.chunks === chunks) return index;
    throw damaged("index and statistics disagree", {
      ...place,
      expected: `${events} events in ${chunks} chunks`,
      found: `${index.rows} in ${index.chunks}`,
    });
  }

  /** Whether no sound chunk stands where the index has another one. */
  async #isInOrder(): Promise<boolean> {
    const index = await this.index();
    const { signal } = this.#options;
    for (let chunk = 0; chunk < index.chunks; chunk++) {
      const entry = index.entry(chunk);
      const available = this.#source.byteLength - entry.offset;
      const length = Math.min(available, CHUNK_HEAD_BYTES);
      const bytes = await this.#source.read(entry.offset, length, { signal });
      const place: Place = { path: undefined, byteOffset: entry.offset };
      try {
        const { firstRow } = decodeChunkHead(bytes, available, this.chunkContext, place);
        if (firstRow !== entry.firstRow) return false;
      } catch (error) {
        if (!isEventError(error, "damaged-data")) throw error;
      }
    }
    return true;
  }
}
