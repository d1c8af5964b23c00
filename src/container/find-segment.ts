import { platform } from "#platform";
import { isEventError } from "../errors.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { crcOfSegment } from "./checksum.ts";
import { CHUNK_HEAD_BYTES, type ChunkContext, decodeChunkHead } from "./chunk.ts";
import { aligned, readU64, viewOf } from "./fields.ts";
import {
  CHUNK,
  CHUNK_ENTRY_BYTES,
  DIGEST_PAYLOAD_BYTES,
  INDEX,
  MAX_CHUNK_EVENTS,
  MAX_METADATA_BYTES,
  MAX_SEGMENT_TRIGGERS,
  MAX_STREAMS,
  MAX_TRIGGER_COLUMNS,
  METADATA,
  SEGMENT,
  SEGMENT_HEAD_BYTES,
  STATISTICS_BYTES,
  STREAM_BYTES,
  type Tag,
  TRAILER_BYTES,
  TRIGGER_COLUMN_BYTES,
  TRIGGER_ENTRY_BYTES,
  TRIGGERS,
} from "./layout.ts";
import { readSegmentHead, type SegmentHead } from "./segment.ts";

/** What a search goes by. */
export interface FindOptions extends ChunkContext {
  readonly signal: AbortSignal | undefined;
}

/** Bytes that are looked through at once: few at first, since the next segment is often near. */
const LEAST_WINDOW_BYTES = 4096;
const WINDOW_BYTES = 65_536;
/** Bytes of a segment that are read at a time. */
const PIECE_BYTES = 1024 * 1024;
/** Bytes whose checksums are computed in search of a segment, for each byte of the file. */
const BYTES_CHECKED_PER_BYTE = 4;
/** As many more are always checked, and as many of a single segment whatever was checked before. */
const ALWAYS_CHECKED_BYTES = 16 * 1024 * 1024;
const SMALL_SEGMENT_BYTES = 256;

const TAGS: readonly Tag[] = ["CHNK", "TRIG", "META", "STAT", "INDX", "SHA2", "TRLR"];
const CODES = TAGS.map((tag) => codeOf(tag));
/** 1 for each byte that a tag begins with. */
const FIRST = new Uint8Array(256);
for (const tag of TAGS) FIRST[tag.charCodeAt(0)] = 1;

/**
 * Looks for sound segments behind damage, at every byte: where one is gone, or one too many, the rest
 * of the file stands at other places than it was written for. What only looks like a segment cannot
 * make it slow: the head of a chunk is short, and of other segments no more is checked in all than a
 * few times the bytes of the file.
 */
export class SegmentSearch {
  readonly #source: ByteSource;
  readonly #options: FindOptions;
  #left: number;

  constructor(source: ByteSource, options: FindOptions) {
    this.#source = source;
    this.#options = options;
    this.#left = source.byteLength * BYTES_CHECKED_PER_BYTE + ALWAYS_CHECKED_BYTES;
  }

  /** The next place from `from` on, and in front of `to`, where a sound segment begins; null without one. */
  async next(from: number, to: number = Number.POSITIVE_INFINITY): Promise<number | null> {
    const { byteLength } = this.#source;
    let size = LEAST_WINDOW_BYTES;
    for (let start = from; start < Math.min(byteLength, to); ) {
      const length = Math.min(size + CHUNK_HEAD_BYTES, byteLength - start);
      const window = await this.#source.read(start, length, { signal: this.#options.signal });
      const end = Math.min(length - SEGMENT_HEAD_BYTES, size - 1, to - start - 1);
      for (let at = 0; at <= end; at++) {
        if (FIRST[window[at] as number] === 0 || !CODES.includes(codeAt(window, at))) continue;
        if (await this.#isSound(window.subarray(at), start + at)) return start + at;
      }
      start += size;
      size = Math.min(size * 2, WINDOW_BYTES);
    }
    return null;
  }

  /** @param bytes - of the segment, as many as were read */
  async #isSound(bytes: Uint8Array, offset: number): Promise<boolean> {
    const head = readSegmentHead(bytes);
    const available = this.#source.byteLength - offset;
    if (!fits(head, available)) return false;
    if (head.tag === "CHNK") return isChunk(bytes, head, available, this.#options, offset);
    const front = bytes.subarray(SEGMENT_HEAD_BYTES, SEGMENT_HEAD_BYTES + head.length);
    if (!isPlausible(head, front)) return false;
    const { checkCrc, signal } = this.#options;
    if (head.length > SMALL_SEGMENT_BYTES) {
      if (head.length > this.#left) return false;
      this.#left -= head.length;
    }
    return hasRightCrc(this.#source, offset, head, checkCrc, signal);
  }
}

/** Whether the length of a segment is one, and inside what there is. */
export function fits({ length }: SegmentHead, available: number): boolean {
  return length % 8 === 0 && SEGMENT_HEAD_BYTES + length <= available;
}

/** Whether the CRC-32 of a segment, all of whose payload is covered, is right. */
export async function hasRightCrc(
  source: ByteSource,
  offset: number,
  { crc, length }: SegmentHead,
  checkCrc: boolean,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!checkCrc) return true;
  const tag = await source.read(offset, SEGMENT.crc, { signal });
  let found = platform.crc32(tag);
  const end = offset + SEGMENT_HEAD_BYTES + length;
  for (let at = offset + SEGMENT.length; at < end; at += PIECE_BYTES) {
    const piece = await source.read(at, Math.min(PIECE_BYTES, end - at), { signal });
    found = platform.crc32(piece, found);
  }
  return found === crc;
}

/** Whether a segment is as long as what it begins with says. */
function isPlausible({ tag, length }: SegmentHead, front: Uint8Array): boolean {
  if (tag === "STAT") return length === STATISTICS_BYTES;
  if (tag === "SHA2") return length === DIGEST_PAYLOAD_BYTES;
  if (tag === "TRLR") return length === TRAILER_BYTES - SEGMENT_HEAD_BYTES;
  if (front.byteLength < 16) return false;
  const view = viewOf(front);
  if (tag === "META") {
    const text = view.getUint32(METADATA.length, true);
    return text <= MAX_METADATA_BYTES && length === aligned(METADATA.text + text);
  }
  if (tag === "INDX") {
    const chunks = readU64(view, INDEX.chunks) * CHUNK_ENTRY_BYTES;
    const triggers = readU64(view, INDEX.triggers) * TRIGGER_ENTRY_BYTES;
    return length === INDEX.entries + chunks + triggers;
  }
  const columns = view.getUint32(TRIGGERS.columns, true);
  const count = view.getUint32(TRIGGERS.count, true);
  const tableEnd = TRIGGERS.table + columns * TRIGGER_COLUMN_BYTES;
  const isCount = count >= 1 && count <= MAX_SEGMENT_TRIGGERS;
  // No column has more than 8 bytes for a trigger.
  const most = tableEnd + columns * aligned(count * 8);
  return isCount && columns <= MAX_TRIGGER_COLUMNS && length >= tableEnd && length <= most;
}

/** Most of what is none is told from a chunk without an error being made for it. */
function isChunk(
  bytes: Uint8Array,
  { length, crc }: SegmentHead,
  available: number,
  context: ChunkContext,
  byteOffset: number,
): boolean {
  const payload = viewOf(bytes.subarray(SEGMENT_HEAD_BYTES));
  if (payload.byteLength < CHUNK.table) return false;
  const count = payload.getUint32(CHUNK.count, true);
  const streams = payload.getUint8(CHUNK.streams);
  const tableEnd = CHUNK.table + streams * STREAM_BYTES;
  if (count < 1 || count > MAX_CHUNK_EVENTS || streams < 1 || streams > MAX_STREAMS) return false;
  if (tableEnd > Math.min(length, payload.byteLength)) return false;
  if (context.checkCrc && crcOfSegment(bytes, tableEnd) !== crc) return false;
  try {
    decodeChunkHead(bytes, available, context, { path: undefined, byteOffset });
    return true;
  } catch (error) {
    if (isEventError(error)) return false;
    throw error;
  }
}

function codeAt(bytes: Uint8Array, at: number): number {
  const byte = (index: number): number => bytes[at + index] as number;
  return ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0;
}

function codeOf(tag: string): number {
  return codeAt(
    Uint8Array.from(tag, (letter) => letter.charCodeAt(0)),
    0,
  );
}
