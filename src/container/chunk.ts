import { crcOf, sealSegment } from "./checksum.ts";
import type { StoredStream } from "./codec.ts";
import { aligned, readU64, viewOf, writeU64 } from "./fields.ts";
import {
  CHUNK,
  type Checksums,
  CODEC_FILL,
  CODEC_NONE,
  CODECS,
  type CodecName,
  MAX_CHUNK_EVENTS,
  MAX_RAW_BYTES_PER_EVENT,
  MAX_STREAMS,
  SEGMENT_HEAD_BYTES,
  STREAM,
  STREAM_BYTES,
} from "./layout.ts";
import { type ChunkModes, checkModes, streamsOf } from "./modes.ts";
import { damaged, type Place } from "./problems.ts";
import { checkCrcOf, createSegment, payloadOf, readSegmentHead } from "./segment.ts";
import type { ChunkFacts } from "./stats.ts";

/** A line of the stream table. */
export interface StreamEntry {
  readonly id: number;
  readonly codec: number;
  readonly stored: number;
  readonly raw: number;
  readonly crc: number;
  /** Where its bytes begin, counted from the start of the segment. */
  readonly start: number;
}

/** What the head of a chunk says. */
export interface ChunkHead extends ChunkFacts {
  readonly modes: ChunkModes;
  readonly firstRow: number;
  readonly streams: readonly StreamEntry[];
  /** Of the whole segment. */
  readonly bytes: number;
}

/** A stream that goes into a chunk. */
export interface WrittenStream extends StoredStream {
  readonly id: number;
  /** Bytes before compression. */
  readonly raw: number;
}

/** The most bytes that the head of a chunk takes, with that of its segment. */
export const CHUNK_HEAD_BYTES: number =
  SEGMENT_HEAD_BYTES + CHUNK.table + MAX_STREAMS * STREAM_BYTES;

const SIDES = ["leastX", "greatestX", "leastY", "greatestY"] as const;
const TIMES = ["firstTime", "lastTime", "leastTime", "greatestTime"] as const;

/** Writes the segment of a chunk. */
export function encodeChunk(
  facts: ChunkFacts,
  modes: ChunkModes,
  firstRow: number,
  streams: readonly WrittenStream[],
  checksums: Checksums,
): Uint8Array {
  const tableEnd = CHUNK.table + streams.length * STREAM_BYTES;
  const length = streams.reduce((end, { bytes }) => end + aligned(bytes.byteLength), tableEnd);
  const segment = createSegment("CHNK", length);
  const view = payloadOf(segment);
  view.setUint32(CHUNK.count, facts.count, true);
  view.setUint8(CHUNK.timeMode, modes.time);
  view.setUint8(CHUNK.pixelMode, modes.pixels);
  view.setUint8(CHUNK.polarityMode, modes.polarity);
  view.setUint8(CHUNK.streams, streams.length);
  for (const name of TIMES) view.setBigInt64(CHUNK[name], facts[name], true);
  for (const name of SIDES) view.setUint16(CHUNK[name], facts[name], true);
  view.setUint32(CHUNK.on, facts.on, true);
  writeU64(view, CHUNK.firstRow, firstRow);
  let start = tableEnd;
  for (const [index, { id, codec, bytes, raw }] of streams.entries()) {
    const at = CHUNK.table + index * STREAM_BYTES;
    const end = start + aligned(bytes.byteLength);
    segment.set(bytes, SEGMENT_HEAD_BYTES + start);
    view.setUint8(at + STREAM.id, id);
    view.setUint8(at + STREAM.codec, codec);
    view.setUint32(at + STREAM.stored, bytes.byteLength, true);
    view.setUint32(at + STREAM.raw, raw, true);
    if (checksums !== "none") {
      const stored = segment.subarray(SEGMENT_HEAD_BYTES + start, SEGMENT_HEAD_BYTES + end);
      view.setUint32(at + STREAM.crc, crcOf(stored), true);
    }
    start = end;
  }
  if (checksums !== "none") sealSegment(segment, tableEnd);
  return segment;
}

/** Says in the segment of a chunk that so many events are in front of it. */
export function placeChunk(segment: Uint8Array, firstRow: number, checksums: Checksums): void {
  const view = payloadOf(segment);
  writeU64(view, CHUNK.firstRow, firstRow);
  const tableEnd = CHUNK.table + view.getUint8(CHUNK.streams) * STREAM_BYTES;
  if (checksums !== "none") sealSegment(segment, tableEnd);
}

/** What the head of a chunk is read for. */
export interface ChunkContext {
  /** What the header says that streams are compressed with. */
  readonly codec: CodecName;
  readonly checkCrc: boolean;
}

/**
 * Reads the head of a chunk. Nothing of it is believed before it is bounded.
 *
 * @param bytes - the front of the segment, with all of the head
 * @param available - bytes from the start of the segment to the end of what it may be in
 * @throws EventError `damaged-data`
 */
export function decodeChunkHead(
  bytes: Uint8Array,
  available: number,
  { codec, checkCrc }: ChunkContext,
  place: Place,
): ChunkHead {
  const wrong = (problem: string, expected: string, found: string) =>
    damaged(`a chunk is damaged: ${problem}`, { ...place, expected, found });
  const short = SEGMENT_HEAD_BYTES + CHUNK.table;
  if (bytes.byteLength < short) throw wrong("it is cut", `${short} bytes`, `${bytes.byteLength}`);
  const { tag, crc, length } = readSegmentHead(bytes);
  if (tag !== "CHNK") throw wrong("there is none", "CHNK", JSON.stringify(tag));
  if (!(length % 8 === 0 && SEGMENT_HEAD_BYTES + length <= available)) {
    throw wrong(
      "its length is wrong",
      `up to ${available} bytes`,
      `${SEGMENT_HEAD_BYTES + length}`,
    );
  }
  const view = viewOf(bytes.subarray(SEGMENT_HEAD_BYTES));
  const streamCount = view.getUint8(CHUNK.streams);
  const tableEnd = CHUNK.table + streamCount * STREAM_BYTES;
  if (streamCount > MAX_STREAMS || tableEnd > Math.min(view.byteLength, length)) {
    throw wrong("its streams are none", `1 to ${MAX_STREAMS}`, `${streamCount}`);
  }
  if (checkCrc) checkCrcOf(bytes, tableEnd, crc, "CHNK", place);
  const count = view.getUint32(CHUNK.count, true);
  if (count < 1 || count > MAX_CHUNK_EVENTS) {
    throw wrong("its events are too many", `1 to ${MAX_CHUNK_EVENTS}`, `${count}`);
  }
  const modes: ChunkModes = {
    time: view.getUint8(CHUNK.timeMode),
    pixels: view.getUint8(CHUNK.pixelMode),
    polarity: view.getUint8(CHUNK.polarityMode),
  };
  const side = (name: (typeof SIDES)[number]) => view.getUint16(CHUNK[name], true);
  const time = (name: (typeof TIMES)[number]) => view.getBigInt64(CHUNK[name], true);
  const facts: ChunkFacts = {
    count,
    on: view.getUint32(CHUNK.on, true),
    firstTime: time("firstTime"),
    lastTime: time("lastTime"),
    leastTime: time("leastTime"),
    greatestTime: time("greatestTime"),
    leastX: side("leastX"),
    greatestX: side("greatestX"),
    leastY: side("leastY"),
    greatestY: side("greatestY"),
  };
  const unfit = checkModes(modes, facts);
  if (unfit !== null) throw wrong("its modes are not known", "those of the format", unfit);
  const streams: StreamEntry[] = [];
  let start = SEGMENT_HEAD_BYTES + tableEnd;
  let rawBytes = 0;
  for (let index = 0; index < streamCount; index++) {
    const at = CHUNK.table + index * STREAM_BYTES;
    const entry: StreamEntry = {
      id: view.getUint8(at + STREAM.id),
      codec: view.getUint8(at + STREAM.codec),
      stored: view.getUint32(at + STREAM.stored, true),
      raw: view.getUint32(at + STREAM.raw, true),
      crc: view.getUint32(at + STREAM.crc, true),
      start,
    };
    if (!isPlausible(entry, codec)) {
      const found = `${entry.stored} bytes of codec ${entry.codec} for ${entry.raw}`;
      throw wrong("a stream is not plausible", `at most ${entry.raw} bytes of ${codec}`, found);
    }
    streams.push(entry);
    start += aligned(entry.stored);
    rawBytes += entry.raw;
  }
  if (start !== SEGMENT_HEAD_BYTES + length) {
    const expected = `${SEGMENT_HEAD_BYTES + length} bytes`;
    throw wrong("its streams do not fill it", expected, `${start}`);
  }
  const most = count * MAX_RAW_BYTES_PER_EVENT;
  if (rawBytes > most) throw wrong("it declares too much", `at most ${most} bytes`, `${rawBytes}`);
  const missing = streamsOf(modes, count, streams);
  if (missing !== null) throw wrong("its streams are not those of its modes", missing, "others");
  return {
    ...facts,
    modes,
    firstRow: readU64(view, CHUNK.firstRow),
    streams,
    bytes: SEGMENT_HEAD_BYTES + length,
  };
}

function isPlausible({ codec, stored, raw }: StreamEntry, expected: CodecName): boolean {
  if (raw < 1) return false;
  if (codec === CODEC_NONE) return stored === raw;
  if (codec === CODEC_FILL) return stored === 1;
  return CODECS[codec] === expected && stored >= 1 && stored < raw;
}
