import type { ByteSource } from "../source/byte-source.ts";
import type { ChunkIndex } from "./chunk-index.ts";
import { DIGEST_SEGMENT_BYTES } from "./digest.ts";
import type { ContainerHeader } from "./header.ts";
import { HEADER_BYTES, MAX_METADATA_BYTES, TRAILER_BYTES } from "./layout.ts";
import { type ContainerMetadata, decodeMetadata } from "./metadata.ts";
import { damaged } from "./problems.ts";
import { closeUp, orderRows } from "./row-order.ts";
import { type ContainerStatistics, decodeStatistics, STATISTICS_SEGMENT_BYTES } from "./stats.ts";
import { decodeTrailer, type Trailer } from "./trailer.ts";
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

/** What was found out when a file was opened. */
export interface Opened {
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

/** Whether there are checksums, and they are to be right. */
export function checksCrc(
  header: ContainerHeader,
  { verifyChecksum }: ContainerReadOptions,
): boolean {
  return header.checksums !== "none" && verifyChecksum !== false;
}

/** The trailer that ends at `end`; null when there is none. */
export async function readTrailer(
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
export async function openWhole(
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
  const place = { path, byteOffset: middle };
  const statistics = decodeStatistics(block.subarray(middle - start), checkCrc, place);
  // Memory is taken for a chunk of that size.
  if (statistics.largestChunkBytes > start) {
    throw damaged("the statistics are damaged", {
      ...place,
      expected: `chunks of at most ${start} bytes, as there are`,
      found: `${statistics.largestChunkBytes}`,
    });
  }
  return {
    header,
    metadata: decodeMetadata(block.subarray(0, middle - start), checkCrc, {
      path,
      byteOffset: start,
    }),
    statistics,
    truncation,
    index: null,
    indexPlace: { start: index, end: indexEnd },
    end: { trailer: end, digest: trailer.digest },
  };
}

/** A file without a sound end. */
export async function openCut(
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
