import { isEventError } from "../errors.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { crcOfSegment } from "./checksum.ts";
import { CHUNK_HEAD_BYTES, type ChunkContext, decodeChunkHead } from "./chunk.ts";
import { type ChunkIndex, decodeIndex, IndexBuilder } from "./chunk-index.ts";
import { SegmentSearch } from "./find-segment.ts";
import { HEADER_BYTES, MAX_METADATA_BYTES, SEGMENT_HEAD_BYTES, TRAILER_BYTES } from "./layout.ts";
import { type ContainerMetadata, decodeMetadata } from "./metadata.ts";
import { payloadOf, readSegmentHead, type SegmentHead } from "./segment.ts";
import {
  addChunk,
  addTriggers,
  type ContainerStatistics,
  decodeStatistics,
  emptyStatistics,
} from "./stats.ts";
import { decodeTrailer, type Trailer } from "./trailer.ts";
import { triggerEntryOf } from "./triggers.ts";

/** What walking from segment to segment found. */
export interface Walk {
  /** The last sound trailer, and where it is; null when there is none. */
  readonly trailer: { readonly offset: number; readonly trailer: Trailer } | null;
  /**
   * All sound chunks and triggers in the order of the file. Their rows follow each other; where the walk
   * looks behind damage, they are those that each says to be for.
   */
  readonly index: ChunkIndex;
  readonly statistics: ContainerStatistics;
  /** Events up to the last row that the head of any chunk tells of. */
  readonly rows: number;
  /** What the last sound `STAT` and the last sound `INDX` say; null without one. */
  readonly said: {
    readonly statistics: ContainerStatistics | null;
    readonly index: ChunkIndex | null;
  };
  /** Of the last sound `META`; null when there is none. */
  readonly metadata: ContainerMetadata | null;
  /** Where the sound segments end. */
  readonly end: number;
  /** Bytes that belong to no sound segment. */
  readonly lostBytes: number;
  /** Where they are; only the first of very many. */
  readonly gaps: readonly Gap[];
}

/** Some bytes of a file. */
export interface Gap {
  readonly byteOffset: number;
  readonly bytes: number;
}

/** How a file is walked. */
export interface WalkOptions extends ChunkContext {
  readonly path: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Look for segments behind damage, too. */
  readonly recover: boolean;
  /** Whether segments have a CRC-32, which is then right where one is found behind damage. */
  readonly hasCrc: boolean;
}

const MOST_GAPS = 10_000;
/** Triggers and index are read whole to check them; larger ones are not believed. */
const MAX_WHOLE_BYTES = 2 ** 28;

/** Goes through a file from its header on, as long as segments are sound. */
export async function walkSegments(source: ByteSource, options: WalkOptions): Promise<Walk> {
  const walker = new Walker(source, options);
  await walker.walk();
  return walker.result();
}

class Walker {
  readonly #source: ByteSource;
  readonly #options: WalkOptions;
  readonly #index = new IndexBuilder();
  readonly #stats = emptyStatistics();
  readonly #search: SegmentSearch;
  #trailer: Walk["trailer"] = null;
  #saidStatistics: ContainerStatistics | null = null;
  #saidIndex: ChunkIndex | null = null;
  /** Its streams are not looked at: where they are cut, it reaches into the next segment. */
  #lastChunk: { readonly offset: number; readonly end: number } | null = null;
  #rows = 0;
  #metadata: ContainerMetadata | null = null;
  #end = HEADER_BYTES;
  #lost = 0;
  readonly #gaps: Gap[] = [];

  constructor(source: ByteSource, options: WalkOptions) {
    this.#source = source;
    this.#options = options;
    const { codec, signal, hasCrc } = options;
    this.#search = new SegmentSearch(source, { codec, signal, checkCrc: hasCrc });
  }

  async walk(): Promise<void> {
    const { byteLength } = this.#source;
    for (let at = HEADER_BYTES; at < byteLength; ) {
      this.#options.signal?.throwIfAborted();
      const next = await this.#take(at);
      if (next !== null) {
        this.#end = next;
        at = next;
        continue;
      }
      let from = at;
      let found = this.#options.recover ? await this.#searchLastChunk(at) : null;
      if (found !== null) from = this.#dropLastChunk();
      else if (this.#options.recover) found = await this.#search.next(at + 1);
      const bytes = (found ?? byteLength) - from;
      this.#lost += bytes;
      if (this.#gaps.length < MOST_GAPS) this.#gaps.push({ byteOffset: from, bytes });
      if (found === null) return;
      at = found;
    }
  }

  /** The next segment where it begins inside the chunk in front of `at`, of which bytes are gone then. */
  async #searchLastChunk(at: number): Promise<number | null> {
    const last = this.#lastChunk;
    if (last === null || last.end !== at) return null;
    return this.#search.next(last.offset + 1, at);
  }

  #dropLastChunk(): number {
    const { offset } = this.#lastChunk as { offset: number };
    this.#lastChunk = null;
    this.#index.dropChunk();
    return offset;
  }

  result(): Walk {
    return {
      trailer: this.#trailer,
      index: this.#index.finish(),
      statistics: this.#stats,
      rows: this.#rows,
      said: { statistics: this.#saidStatistics, index: this.#saidIndex },
      metadata: this.#metadata,
      end: this.#end,
      lostBytes: this.#lost,
      gaps: this.#gaps,
    };
  }

  /** Takes the segment at `offset` in; returns where the next one is, null when it is not sound. */
  async #take(offset: number): Promise<number | null> {
    const available = this.#source.byteLength - offset;
    if (available < SEGMENT_HEAD_BYTES) return null;
    const front = await this.#read(offset, Math.min(available, CHUNK_HEAD_BYTES));
    const head = readSegmentHead(front);
    const bytes = SEGMENT_HEAD_BYTES + head.length;
    if (!(bytes <= available && head.length % 8 === 0)) return null;
    if (head.tag === "CHNK") return this.#takeChunk(front, offset, available);
    if (head.tag === "TRIG") return this.#takeTriggers(offset, bytes, head);
    if (head.tag === "META") return this.#takeMetadata(offset, bytes);
    if (head.tag === "TRLR") return this.#takeTrailer(offset, bytes, head);
    if (head.tag === "STAT" || head.tag === "INDX") return this.#takeSaid(offset, bytes, head);
    return (await this.#whole(offset, bytes, head)) && offset + bytes;
  }

  #takeChunk(front: Uint8Array, offset: number, available: number): number | null {
    const place = { path: this.#options.path, byteOffset: offset };
    try {
      const head = decodeChunkHead(front, available, this.#options, place);
      const firstRow = this.#rowOf(head.firstRow, this.#stats.events);
      this.#index.addChunk({ ...head, offset, firstRow });
      this.#lastChunk = { offset, end: offset + head.bytes };
      this.#rows = Math.max(this.#rows, firstRow + head.count);
      addChunk(this.#stats, head, head.bytes);
      return offset + head.bytes;
    } catch (error) {
      if (isEventError(error)) return null;
      throw error;
    }
  }

  /** The row of what begins here: where it may stand anywhere, what it says itself. */
  #rowOf(said: number, next: number): number {
    return this.#options.recover && Number.isFinite(said) ? said : next;
  }

  async #takeTriggers(offset: number, bytes: number, head: SegmentHead): Promise<number | null> {
    const segment = await this.#whole(offset, bytes, head);
    if (segment === null || head.length < 16) return null;
    const entry = triggerEntryOf(payloadOf(segment), offset, bytes);
    const firstRow = this.#rowOf(entry.firstRow, this.#stats.triggers);
    this.#index.addTriggers({ ...entry, firstRow });
    addTriggers(this.#stats, entry.count);
    return offset + bytes;
  }

  async #takeMetadata(offset: number, bytes: number): Promise<number | null> {
    if (bytes > SEGMENT_HEAD_BYTES + MAX_METADATA_BYTES + 16) return null;
    const place = { path: this.#options.path, byteOffset: offset };
    try {
      const segment = await this.#read(offset, bytes);
      this.#metadata = decodeMetadata(segment, this.#options.checkCrc, place);
      return offset + bytes;
    } catch (error) {
      if (isEventError(error, "damaged-data")) return null;
      throw error;
    }
  }

  async #takeTrailer(offset: number, bytes: number, head: SegmentHead): Promise<number | null> {
    if (bytes !== TRAILER_BYTES) return null;
    const trailer = decodeTrailer(await this.#read(offset, bytes), offset, this.#options.checkCrc);
    if (trailer !== null) this.#trailer = { offset, trailer };
    // Behind bytes that are gone or too many, one that is sound stands where it does not count.
    else if (!this.#options.recover || !this.#options.checkCrc) return null;
    else if ((await this.#whole(offset, bytes, head)) === null) return null;
    return offset + bytes;
  }

  /** Statistics or an index, which tell what there was even where other bytes are damaged. */
  async #takeSaid(offset: number, bytes: number, head: SegmentHead): Promise<number | null> {
    const segment = await this.#whole(offset, bytes, head);
    if (segment === null) return null;
    // Bytes that are gone or too many may have moved it to any place.
    const place = { path: this.#options.path, byteOffset: Number.MAX_SAFE_INTEGER };
    try {
      if (head.tag === "STAT") this.#saidStatistics = decodeStatistics(segment, false, place);
      else this.#saidIndex = decodeIndex(segment, false, place);
    } catch (error) {
      if (!isEventError(error, "damaged-data")) throw error;
      if (this.#options.recover && !this.#options.hasCrc) return null;
    }
    return offset + bytes;
  }

  /** All of a segment, when its checksum is right. */
  async #whole(offset: number, bytes: number, head: SegmentHead): Promise<Uint8Array | null> {
    if (bytes > MAX_WHOLE_BYTES) return null;
    const segment = await this.#read(offset, bytes);
    const isSound = !this.#options.checkCrc || crcOfSegment(segment, head.length) === head.crc;
    return isSound ? segment : null;
  }

  #read(offset: number, length: number): Promise<Uint8Array> {
    return this.#source.read(offset, length, { signal: this.#options.signal });
  }
}
