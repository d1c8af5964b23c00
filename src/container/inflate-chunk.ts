import { crcOf } from "./checksum.ts";
import type { ChunkHead } from "./chunk.ts";
import type { InflatedChunk } from "./chunk-decoder.ts";
import { inflateStream } from "./codec.ts";
import { aligned } from "./fields.ts";
import { damaged, type Place } from "./problems.ts";
import { hex } from "./segment.ts";

/**
 * Inflates the streams of a chunk.
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
  const inflated = await Promise.all(
    head.streams.map(async ({ id, codec, stored, raw, start }) => {
      const at: Place = { path: place.path, byteOffset: place.byteOffset + start };
      const stream = { codec, bytes: segment.subarray(start, start + stored) };
      return [id, await inflateStream(stream, raw, at)] as const;
    }),
  );
  return { head, streams: new Map(inflated), place };
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
      path: place.path,
      byteOffset: place.byteOffset + start,
      expected: `CRC-32 ${hex(crc)}`,
      found: hex(found),
    });
  }
}
