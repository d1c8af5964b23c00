/** Chunks that another thread inflates: what it leaves of them, and what that is to the one that decodes. */
import { platform } from "#platform";
import type { FrameInflater } from "../platform/platform.ts";
import type { ContainerContent, InflateChunk } from "../source/chunk-desk.ts";
import { CHUNK_HEAD_BYTES, type ChunkContext, type ChunkHead, decodeChunkHead } from "./chunk.ts";
import type { InflatedChunk } from "./chunk-decoder.ts";
import { putStream, type RawStream } from "./codec.ts";
import { inflateChunk } from "./inflate-chunk.ts";
import { type CodecName, MAX_RAW_BYTES_PER_EVENT } from "./layout.ts";
import type { Place } from "./problems.ts";
import { isStreamOf, type Projection, projectionOf } from "./projection.ts";

/** Bytes that are left of a chunk of so many events at most. */
export function aheadRoomBytes(events: number): number {
  return CHUNK_HEAD_BYTES + events * MAX_RAW_BYTES_PER_EVENT;
}

/** What a thread inflates the chunks of a container with. */
export async function inflaterOf({ codec }: ContainerContent): Promise<InflateChunk> {
  const context = { codec: codec as CodecName, checkCrc: true };
  const inflateFrame = await platform.loadFrameInflater();
  return (segment, room) => inflateAhead(segment, context, inflateFrame, room);
}

/**
 * Inflates a chunk into memory that threads share: its head as it is stored, then its streams in their order.
 *
 * @param room - of {@link aheadRoomBytes}
 * @returns what it takes of `room`; null where anything is wrong with the chunk
 */
async function inflateAhead(
  segment: Uint8Array,
  context: ChunkContext,
  inflateFrame: FrameInflater | null,
  room: Uint8Array,
): Promise<Uint8Array | null> {
  const place: Place = { path: undefined, byteOffset: 0 };
  try {
    const head = decodeChunkHead(segment, segment.byteLength, context, place);
    const { streams } = await inflateChunk(segment, head, true, place, { inflateFrame });
    let end = streamsAt(head);
    putStream(segment.subarray(0, end), room.subarray(0, end));
    for (const { id, raw } of head.streams) {
      putStream(streams.get(id) as RawStream, room.subarray(end, end + raw));
      end += raw;
    }
    return room.subarray(0, end);
  } catch {
    return null; // the thread that wants it says what is wrong, where it still is
  }
}

/**
 * The chunk that {@link inflateAhead} left in shared memory.
 *
 * @param head - of the chunk, from the front of these bytes
 */
export function chunkAhead(
  bytes: Uint8Array,
  head: ChunkHead,
  place: Place,
  columns: Projection,
): InflatedChunk {
  const projection = projectionOf(head, columns);
  const streams = new Map<number, Uint8Array>();
  let start = streamsAt(head);
  for (const { id, raw } of head.streams) {
    if (isStreamOf(id, projection)) streams.set(id, bytes.subarray(start, start + raw));
    start += raw;
  }
  return { head, streams, columns: projection, place };
}

/** Where the first stream begins, behind the head. */
function streamsAt({ streams }: ChunkHead): number {
  return streams[0]?.start ?? 0;
}
