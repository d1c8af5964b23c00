import type { FrameInflater } from "../platform/platform.ts";
import { crcOf } from "./checksum.ts";
import type { ChunkHead } from "./chunk.ts";
import type { InflatedChunk } from "./chunk-decoder.ts";
import { inflateStreams, type RawStream } from "./codec.ts";
import { aligned } from "./fields.ts";
import { damaged, type Place } from "./problems.ts";
import { ALL_COLUMNS, isStreamOf, type Projection, projectionOf } from "./projection.ts";
import { hex } from "./segment.ts";

/** What is inflated, and how. */
export interface InflateOptions {
  /** Whose streams are inflated. Default: all. */
  readonly columns?: Projection | undefined;
  /** Decompresses frames of zstd, when the chunk is decoded. Default: other threads do, before. */
  readonly inflateFrame?: FrameInflater | null | undefined;
}

/**
 * Inflates streams of a chunk, or readies them for that. The checksums of all of them are checked.
 *
 * @param segment - all of it, which has to stay as it is until the chunk is decoded
 * @throws EventError `damaged-data`, `unsupported-compression`
 */
export async function inflateChunk(
  segment: Uint8Array,
  head: ChunkHead,
  checkCrc: boolean,
  place: Place,
  { columns = ALL_COLUMNS, inflateFrame }: InflateOptions = {},
): Promise<InflatedChunk> {
  if (checkCrc) checkStreams(segment, head, place);
  const projection = projectionOf(head, columns);
  const needed = head.streams.filter(({ id }) => isStreamOf(id, projection));
  const inflated = await inflateStreams(
    needed.map(({ codec, stored, raw, start }) => ({
      codec,
      bytes: segment.subarray(start, start + stored),
      size: raw,
      place: { ...place, byteOffset: place.byteOffset + start },
    })),
    inflateFrame,
  );
  const streams = new Map(needed.map(({ id }, at) => [id, inflated[at] as RawStream]));
  return { head, streams, columns: projection, place };
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
