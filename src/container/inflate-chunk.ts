import { crcOf } from "./checksum.ts";
import type { ChunkHead } from "./chunk.ts";
import type { InflatedChunk } from "./chunk-decoder.ts";
import { inflateStreams } from "./codec.ts";
import { aligned } from "./fields.ts";
import { damaged, type Place } from "./problems.ts";
import { ALL_COLUMNS, isStreamOf, type Projection, projectionOf } from "./projection.ts";
import { hex } from "./segment.ts";

/** A chunk as it is stored, whose head was read. */
export interface StoredChunk {
  /** All of it; what is stored without compression stays there. */
  readonly segment: Uint8Array;
  readonly head: ChunkHead;
  readonly place: Place;
  /** Columns whose streams are inflated. */
  readonly columns: Projection;
}

/**
 * Inflates streams of chunks, those of all at once.
 *
 * @throws EventError `damaged-data`, `unsupported-compression`
 */
export async function inflateChunks(chunks: readonly StoredChunk[]): Promise<InflatedChunk[]> {
  const parts = chunks.map((chunk) => {
    const projection = projectionOf(chunk.head, chunk.columns);
    const streams = chunk.head.streams.filter(({ id }) => isStreamOf(id, projection));
    return { ...chunk, columns: projection, needed: streams };
  });
  const inflated = await inflateStreams(
    parts.flatMap(({ segment, place, needed }) =>
      needed.map(({ codec, stored, raw, start }) => ({
        codec,
        bytes: segment.subarray(start, start + stored),
        size: raw,
        place: { ...place, byteOffset: place.byteOffset + start },
      })),
    ),
  );
  let at = 0;
  return parts.map(({ head, place, columns, needed }) => {
    const streams = new Map(needed.map(({ id }) => [id, inflated[at++] as Uint8Array]));
    return { head, streams, columns, place };
  });
}

/**
 * Inflates all streams of a chunk.
 *
 * @param segment - all of it; what is stored without compression stays there
 * @throws EventError `damaged-data`, `unsupported-compression`
 */
export async function inflateChunk(
  segment: Uint8Array,
  head: ChunkHead,
  checkCrc: boolean,
  place: Place,
): Promise<InflatedChunk> {
  if (checkCrc) checkStreams(segment, head, place);
  const [chunk] = await inflateChunks([{ segment, head, place, columns: ALL_COLUMNS }]);
  return chunk as InflatedChunk;
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
