import { crcOf } from "./checksum.ts";
import type { ChunkHead } from "./chunk.ts";
import type { InflatedChunk } from "./chunk-decoder.ts";
import { inflateStreams } from "./codec.ts";
import { aligned } from "./fields.ts";
import { damaged, type Place } from "./problems.ts";
import { ALL_COLUMNS, isStreamOf, type Projection, projectionOf } from "./projection.ts";
import { hex } from "./segment.ts";

/** A chunk that is to be inflated. */
export interface StoredChunk {
  /** All of its segment; what is stored without compression stays there. */
  readonly segment: Uint8Array;
  readonly head: ChunkHead;
  readonly place: Place;
  /** Whose streams are inflated. Default: all. */
  readonly columns?: Projection | undefined;
}

/**
 * Inflates streams of a chunk. The checksums of all of them are checked.
 *
 * @throws EventError `damaged-data`, `unsupported-compression`
 */
export async function inflateChunk(chunk: StoredChunk, checkCrc: boolean): Promise<InflatedChunk> {
  const [inflated] = await inflateChunks([chunk], checkCrc);
  return inflated as InflatedChunk;
}

/**
 * The same for several chunks at once: whatever is asked of another thread wakes it, which may take as long as
 * inflating a chunk.
 *
 * @throws EventError `damaged-data`, `unsupported-compression`, for all of them where one is damaged
 */
export async function inflateChunks(
  chunks: readonly StoredChunk[],
  checkCrc: boolean,
): Promise<InflatedChunk[]> {
  const parts = chunks.map(({ segment, head, place, columns = ALL_COLUMNS }) => {
    if (checkCrc) checkStreams(segment, head, place);
    const projection = projectionOf(head, columns);
    const needed = head.streams.filter(({ id }) => isStreamOf(id, projection));
    const streams = needed.map(({ codec, stored, raw, start }) => ({
      codec,
      bytes: segment.subarray(start, start + stored),
      size: raw,
      place: { ...place, byteOffset: place.byteOffset + start },
    }));
    return { head, place, columns: projection, needed, streams };
  });
  const inflated = (await inflateStreams(parts.flatMap(({ streams }) => streams))).values();
  return parts.map(({ head, place, columns, needed }) => {
    const streams = new Map(needed.map(({ id }) => [id, inflated.next().value as Uint8Array]));
    return { head, streams, columns, place };
  });
}

/**
 * Checks the CRC-32 of every stream of a chunk.
 *
 * @throws EventError `damaged-data`
 */
export function checkStreams(segment: Uint8Array, { streams }: ChunkHead, place: Place): void {
  for (const { stored, crc, start } of streams) {
    const found = crcOf(segment.subarray(start, start + aligned(stored)));
    if (found === crc) continue;
    throw damaged("a stream is damaged: its checksum is wrong", {
      ...place,
      byteOffset: place.byteOffset + start,
      expected: `CRC-32 ${hex(crc)}`,
      found: hex(found),
    });
  }
}
