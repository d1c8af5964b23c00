import { isEventError } from "../errors.ts";
import type { TriggerColumns } from "../events/columns.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { CHUNK_HEAD_BYTES, decodeChunkHead } from "./chunk.ts";
import type { InflatedChunk } from "./chunk-decoder.ts";
import { type ChunkEntry, type ChunkIndex, decodeIndex, type TriggerEntry } from "./chunk-index.ts";
import { DIGEST_SEGMENT_BYTES } from "./digest.ts";
import { noDigest, verifyDigests } from "./digest-check.ts";
import { type ContainerHeader, decodeHeader } from "./header.ts";
import { inflateChunk } from "./inflate-chunk.ts";
import { HEADER_BYTES, MAX_METADATA_BYTES, TRAILER_BYTES } from "./layout.ts";
import { type ContainerMetadata, decodeMetadata } from "./metadata.ts";
import { damaged, type Place } from "./problems.ts";
import type { Projection } from "./projection.ts";
import { closeUp, orderRows } from "./row-order.ts";
import { type ContainerStatistics, decodeStatistics, STATISTICS_SEGMENT_BYTES } from "./stats.ts";
import { decodeTrailer, type Trailer } from "./trailer.ts";
import { decodeTriggers } from "./triggers.ts";
import { type Walk, walkSegments } from "./walk.ts";

/** How a container is opened. */
export interface ContainerReadOptions {
  /** What messages call it. */
  readonly path?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * `true` checks the SHA-256 of the file, too, which reads all of it, and refuses a file without one;
   * `false` checks nothing. Default: the CRC-32 of whatever is read.
   */
  readonly verifyChecksum?: boolean | undefined;
  /** Read what is sound behind damage, too. Default `false`. */
  readonly recover?: boolean | undefined;
  /** Refuse every version of the format but this one. Default `false`. */
  readonly strictVersion?: boolean | undefined;
}

/** The end of a file that was cut, or was damaged there. */
export interface Truncation {
  readonly byteOffset: number;
  readonly bytes: number;
}

/** Where the last sound trailer of a file and its digest are. */
export interface TrailerPlace {
  readonly trailer: number;
  readonly digest: number | null;
}

/** What the reader found out when it opened a file. */
interface Opened {
  readonly header: ContainerHeader;
  readonly statistics: ContainerStatistics;
  readonly metadata: ContainerMetadata;
  readonly truncation: Truncation | null;
  /** Null while it is not read. */
  readonly index: ChunkIndex | null;
  readonly indexPlace: { readonly start: number; readonly end: number } | null;
  /** Null without a trailer that counts. */
  readonly end: TrailerPlace | null;
}

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
   * @param into - has room for its segment; what is stored without compression stays there
   * @param columns - those that are wanted; all by default
   * @throws EventError `damaged-data`, `unsupported-compression`
   */
  async readChunk(
    entry: ChunkEntry,
    into: Uint8Array,
    signal: AbortSignal | undefined,
    columns?: Projection,
  ): Promise<InflatedChunk> {
    const place: Place = { path: this.#options.path, byteOffset: entry.offset };
    const bytes = await this.#source.read(entry.offset, entry.bytes, { into, signal });
    const segment = bytes.subarray(0, entry.bytes);
    const { codec } = this.header;
    const checkCrc = checksCrc(this.header, this.#options);
    const head = decodeChunkHead(segment, entry.bytes, { codec, checkCrc }, place);
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
    return inflateChunk(segment, head, checkCrc, place, columns);
  }

  /** Reads a segment of triggers. */
  async readTriggers(entry: TriggerEntry): Promise<TriggerColumns> {
    const { path, signal } = this.#options;
    const place: Place = { path, byteOffset: entry.offset };
    const segment = await this.#source.read(entry.offset, entry.bytes, { signal });
    const checkCrc = checksCrc(this.header, this.#options);
    return decodeTriggers(segment, entry.count, { codec: this.header.codec, checkCrc }, place);
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
    const { codec } = this.header;
    const checkCrc = checksCrc(this.header, this.#options);
    for (let chunk = 0; chunk < index.chunks; chunk++) {
      const entry = index.entry(chunk);
      const available = this.#source.byteLength - entry.offset;
      const length = Math.min(available, CHUNK_HEAD_BYTES);
      const bytes = await this.#source.read(entry.offset, length, { signal });
      const place: Place = { path: undefined, byteOffset: entry.offset };
      try {
        const { firstRow } = decodeChunkHead(bytes, available, { codec, checkCrc }, place);
        if (firstRow !== entry.firstRow) return false;
      } catch (error) {
        if (!isEventError(error, "damaged-data")) throw error;
      }
    }
    return true;
  }
}

/** Whether there are checksums, and they are to be right. */
function checksCrc(header: ContainerHeader, { verifyChecksum }: ContainerReadOptions): boolean {
  return header.checksums !== "none" && verifyChecksum !== false;
}

/** The trailer that ends at `end`; null when there is none. */
async function readTrailer(
  source: ByteSource,
  end: number,
  checkCrc: boolean,
  { signal }: ContainerReadOptions,
): Promise<Trailer | null> {
  const start = end - TRAILER_BYTES;
  if (start < HEADER_BYTES) return null;
  return decodeTrailer(await source.read(start, TRAILER_BYTES, { signal }), start, checkCrc);
}

/** A file with a trailer: the segments that it names. */
async function openWhole(
  source: ByteSource,
  options: ContainerReadOptions,
  header: ContainerHeader,
  trailer: Trailer,
  truncation: Truncation | null,
): Promise<Opened> {
  const { path, signal } = options;
  const { metadata: start, statistics: middle, index, fileLength } = trailer;
  const end = fileLength - TRAILER_BYTES;
  const indexEnd = trailer.digest ?? end;
  const isInOrder =
    start >= HEADER_BYTES &&
    middle > start &&
    middle - start <= MAX_METADATA_BYTES + 64 &&
    index === middle + STATISTICS_SEGMENT_BYTES &&
    indexEnd > index &&
    indexEnd <= end &&
    (trailer.digest === null || trailer.digest + DIGEST_SEGMENT_BYTES === end);
  if (!isInOrder) {
    throw damaged("the trailer is damaged", {
      path,
      byteOffset: end,
      expected: `places that increase up to ${end}`,
      found: `${start}, ${middle}, ${index}, ${indexEnd}`,
    });
  }
  const block = await source.read(start, index - start, { signal });
  const checkCrc = checksCrc(header, options);
  return {
    header,
    metadata: decodeMetadata(block.subarray(0, middle - start), checkCrc, {
      path,
      byteOffset: start,
    }),
    statistics: decodeStatistics(block.subarray(middle - start), checkCrc, {
      path,
      byteOffset: middle,
    }),
    truncation,
    index: null,
    indexPlace: { start: index, end: indexEnd },
    end: { trailer: end, digest: trailer.digest },
  };
}

/** A file without a sound end. */
async function openCut(
  source: ByteSource,
  options: ContainerReadOptions,
  header: ContainerHeader,
): Promise<Opened> {
  const { path, signal, recover = false } = options;
  const checkCrc = checksCrc(header, options);
  const hasCrc = header.checksums !== "none";
  const context = { codec: header.codec, checkCrc, hasCrc, path, signal, recover };
  const walk = await walkSegments(source, context);
  const order = recover ? orderRows(walk.index, walk.said.index) : null;
  if (walk.trailer !== null && !recover) {
    const byteOffset = walk.trailer.offset + TRAILER_BYTES;
    const truncation = { byteOffset, bytes: source.byteLength - byteOffset };
    return openWhole(source, options, header, walk.trailer.trailer, truncation);
  }
  return {
    header,
    metadata: walk.metadata ?? {},
    statistics: order?.statistics ?? walk.statistics,
    truncation: truncationOf(walk, order?.spare ?? null, source.byteLength),
    index: order === null ? walk.index : closeUp(order.index),
    indexPlace: null,
    end: null,
  };
}

/**
 * Null where nothing is missing but what the walk replaced.
 *
 * @param spare - chunks that are left out, since others have their events
 */
function truncationOf(walk: Walk, spare: ChunkIndex | null, byteLength: number): Truncation | null {
  let bytes = walk.lostBytes;
  for (let chunk = 0; chunk < (spare?.chunks ?? 0); chunk++) {
    bytes += (spare as ChunkIndex).entry(chunk).bytes;
  }
  if (bytes > 0) return { byteOffset: walk.end, bytes };
  return walk.trailer === null ? { byteOffset: byteLength, bytes: 0 } : null;
}
