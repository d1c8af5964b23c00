/** Chunks that another thread inflates: what it leaves of them, and what that is to the one that decodes. */
import { platform } from "#platform";
import type { FrameInflater } from "../platform/platform.ts";
import type { ContainerContent, InflateChunk } from "../source/chunk-desk.ts";
import { copyValues } from "../util/copy-values.ts";
import { CHUNK_HEAD_BYTES, type ChunkContext, type ChunkHead, decodeChunkHead } from "./chunk.ts";
import type { InflatedChunk } from "./chunk-decoder.ts";
import { inflateChunk } from "./inflate-chunk.ts";
import type { CodecName } from "./layout.ts";
import type { Place } from "./problems.ts";
import { isStreamOf, type Projection, projectionOf } from "./projection.ts";

/** What the streams of usual chunks give, in bytes of each event. */
const BYTES_PER_EVENT = 6;

/** Bytes that are left of chunks of so many events, unless these are unusual. */
export function aheadRoomBytes(events: number): number {
  return CHUNK_HEAD_BYTES + events * BYTES_PER_EVENT;
}

/** What a thread inflates the chunks of a container with. */
export async function inflaterOf({ codec, checkCrc }: ContainerContent): Promise<InflateChunk> {
  const context = { codec: codec as CodecName, checkCrc };
  const atOnce = await platform.loadFrameInflater();
  return (segment, room) => inflateAhead(segment, context, atOnce, room);
}

/**
 * Inflates a chunk into memory that threads share: its head as it is stored, then its streams in their order.
 *
 * @returns what it takes of `room`; null where that is too little, or anything is wrong with the chunk
 */
async function inflateAhead(
  segment: Uint8Array,
  context: ChunkContext,
  atOnce: FrameInflater | null,
  room: Uint8Array,
): Promise<Uint8Array | null> {
  const place: Place = { path: undefined, byteOffset: 0 };
  try {
    const head = decodeChunkHead(segment, segment.byteLength, context, place);
    const { streams } = await inflateChunk(segment, head, context.checkCrc, place, { atOnce });
    let end = streamsAt(head);
    copyValues(segment.subarray(0, end), room, 0);
    for (const { id, raw } of head.streams) {
      const into = room.subarray(end, end + raw);
      if (into.byteLength < raw) return null;
      const stream = streams.get(id);
      if (typeof stream === "function") stream(into);
      else if (stream !== undefined) copyValues(stream, into, 0);
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
