import { platform } from "#platform";
import { isEventError } from "../errors.ts";
import type { Sha256 } from "../platform/platform.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { CHUNK_HEAD_BYTES, type ChunkHead, decodeChunkHead } from "./chunk.ts";
import { decodeIndex, IndexBuilder } from "./chunk-index.ts";
import { ChunkStage } from "./chunk-stage.ts";
import { compareIndex, compareStatistics } from "./compare.ts";
import { decodeDigest } from "./digest.ts";
import { findSegment, fits, hasRightCrc } from "./find-segment.ts";
import { type ContainerFinding, Findings } from "./findings.ts";
import { type ContainerHeader, decodeHeader } from "./header.ts";
import { checkStreams, inflateChunk } from "./inflate-chunk.ts";
import {
  HEADER_BYTES,
  MAX_METADATA_BYTES,
  SEGMENT_HEAD_BYTES,
  type Tag,
  TIME_BOTH_WAYS,
  TRAILER_BYTES,
} from "./layout.ts";
import { decodeMetadata } from "./metadata.ts";
import { damaged, type Place } from "./problems.ts";
import { payloadOf, readSegmentHead, type SegmentHead } from "./segment.ts";
import { addChunk, addTriggers, decodeStatistics, emptyStatistics } from "./stats.ts";
import { countBackward } from "./times.ts";
import { decodeTrailer, type Trailer } from "./trailer.ts";
import { decodeTriggers, triggerEntryOf } from "./triggers.ts";

/** How a container is verified. */
export interface VerifyContext {
  /** Decode every chunk, too. */
  readonly deep: boolean;
  readonly signal: AbortSignal | undefined;
  /** Told how many bytes were looked at, and the events of their chunks. */
  readonly onBytes?: ((bytes: number, events: number) => void) | undefined;
}

/** What verifying a container found out. */
export interface VerifiedContainer {
  /** Major and minor version; null where the header cannot be read. */
  readonly version: string | null;
  /** Sound segments. */
  readonly segments: number;
  /** Sound chunks, and the events that they say to have. */
  readonly chunks: number;
  readonly events: number;
  readonly triggers: number;
  /** Trailers: one, and one more for every append. */
  readonly trailers: number;
  /** Events whose time is before that of the event in front of them; null where that is not known. */
  readonly backwardSteps: number | null;
  readonly findings: readonly ContainerFinding[];
  /** Findings beyond the 10 000 that are listed. */
  readonly findingsLeftOut: number;
}

const TAGS: readonly Tag[] = ["CHNK", "TRIG", "META", "STAT", "INDX", "SHA2", "TRLR"];
/** Where a segment stands among those up to the next trailer. */
const ORDER: Readonly<Record<string, number>> = {
  ...{ CHNK: 0, TRIG: 0, META: 1, STAT: 2, INDX: 3, SHA2: 4, TRLR: 5 },
};
/** Triggers and index are read whole; larger ones are not believed. */
const MAX_WHOLE_BYTES = 2 ** 28;
/** Bytes that are hashed at a time. */
const HASH_BYTES = 1024 * 1024;

/**
 * Checks everything that a container says of itself against its bytes, from front to back. Damage is a
 * finding, never an error; behind it the next sound segment is looked for. Memory holds one chunk and
 * 72 bytes for each.
 */
export function verifySource(
  source: ByteSource,
  context: VerifyContext,
): Promise<VerifiedContainer> {
  return new Verifier(source, context).run();
}

class Verifier {
  readonly #source: ByteSource;
  readonly #context: VerifyContext;
  readonly #findings = new Findings();
  readonly #index = new IndexBuilder();
  readonly #stats = emptyStatistics();
  #header: ContainerHeader | null = null;
  #segments = 0;
  #trailers = 0;
  /** Whether all segments so far were sound: else what counts them disagrees, and that is no news. */
  #isWhole = true;
  /** Whether the steps back in time of every chunk are known. */
  #knowsSteps = true;
  /** Rows in front of the next chunk, and of the next triggers; null behind damage. */
  #nextRow: number | null = 0;
  #nextTrigger: number | null = 0;
  #lastTime: bigint | null = null;
  /** Place of each segment since the last trailer, and the order of the last one. */
  #places = new Map<string, number>();
  #order = 0;
  #lastTrailer: number | null = null;
  /** Where the last sound trailer ends. */
  #trailerEnd: number | null = null;
  #lastDigest = 0;
  #sha256: Sha256 | null = null;
  #hashedUpTo = 0;
  #buffer = new Uint8Array(0);
  #stage: ChunkStage | null = null;

  constructor(source: ByteSource, context: VerifyContext) {
    this.#source = source;
    this.#context = context;
  }

  async run(): Promise<VerifiedContainer> {
    this.#header = await this.#readHeader();
    if (this.#header !== null) await this.#walk(this.#header);
    const { events, chunks, triggers, backwardSteps } = this.#stats;
    return {
      version: this.#header && `${this.#header.major}.${this.#header.minor}`,
      segments: this.#segments,
      ...{ chunks, events, triggers },
      trailers: this.#trailers,
      backwardSteps: this.#knowsSteps ? backwardSteps : null,
      findings: this.#findings.list,
      findingsLeftOut: this.#findings.leftOut,
    };
  }

  async #readHeader(): Promise<ContainerHeader | null> {
    const bytes = await this.#read(0, Math.min(HEADER_BYTES, this.#source.byteLength));
    const header = await this.#findings.take(0, () => decodeHeader(bytes));
    if (header !== null) return header;
    try {
      return decodeHeader(bytes, { verifyChecksum: false }); // what can be read without it is looked at
    } catch (error) {
      if (isEventError(error)) return null;
      throw error;
    }
  }

  async #walk(header: ContainerHeader): Promise<void> {
    const { byteLength } = this.#source;
    const { signal } = this.#context;
    if (header.checksums === "sha256") this.#sha256 = platform.createSha256();
    const checkCrc = header.checksums !== "none";
    for (let at = HEADER_BYTES; at < byteLength; ) {
      signal?.throwIfAborted();
      let next = await this.#findings.take(at, () => this.#segment(at, header, checkCrc));
      if (next === null) {
        this.#isWhole = false;
        this.#nextRow = null;
        this.#nextTrigger = null;
        const options = { tags: TAGS, codec: header.codec, checkCrc, signal };
        next = (await findSegment(this.#source, at + 8, options)) ?? byteLength;
      } else this.#segments++;
      await this.#hash(next);
      this.#context.onBytes?.(next, this.#stats.events);
      at = next;
    }
    this.#checkEnd(byteLength);
  }

  /** Looks at the segment at `offset`; returns where the next one is. */
  async #segment(offset: number, header: ContainerHeader, checkCrc: boolean): Promise<number> {
    const place: Place = { path: undefined, byteOffset: offset };
    const available = this.#source.byteLength - offset;
    if (available < SEGMENT_HEAD_BYTES) {
      throw damaged("the file ends inside a segment", { ...place, found: `${available} bytes` });
    }
    const front = await this.#read(offset, Math.min(available, CHUNK_HEAD_BYTES));
    const head = readSegmentHead(front);
    if (!fits(head, available)) {
      throw damaged("the length of a segment is wrong", {
        ...place,
        expected: `a multiple of 8 up to ${available - SEGMENT_HEAD_BYTES}`,
        found: `${head.length}`,
      });
    }
    if (head.tag === "CHNK") {
      const chunk = decodeChunkHead(front, available, { codec: header.codec, checkCrc }, place);
      this.#checkOrder(head.tag, place);
      await this.#chunk(chunk, header, checkCrc, place);
      return offset + chunk.bytes;
    }
    if (!(await hasRightCrc(this.#source, offset, head, checkCrc, this.#context.signal))) {
      throw damaged(
        `the segment ${JSON.stringify(head.tag)} is damaged: its checksum is wrong`,
        place,
      );
    }
    this.#checkOrder(head.tag, place);
    const bytes = SEGMENT_HEAD_BYTES + head.length;
    await this.#findings.take(offset, () => this.#other(head, header, bytes, place));
    return offset + bytes;
  }

  async #chunk(
    head: ChunkHead,
    { geometry }: ContainerHeader,
    checkCrc: boolean,
    place: Place,
  ): Promise<void> {
    const { byteOffset: offset } = place;
    const say = (problem: string, expected: string, found: string) =>
      this.#findings.add({ byteOffset: offset, problem, expected, found });
    if (this.#nextRow !== null && head.firstRow !== this.#nextRow) {
      say(
        "a chunk says that other events are in front of it",
        `${this.#nextRow}`,
        `${head.firstRow}`,
      );
    }
    this.#nextRow = head.firstRow + head.count;
    // No number is infinite in a file; this one is as wrong.
    const firstRow = Math.min(head.firstRow, Number.MAX_SAFE_INTEGER);
    this.#index.addChunk({ ...head, offset, firstRow });
    addChunk(this.#stats, head, head.bytes);
    if (this.#lastTime !== null && head.firstTime < this.#lastTime) this.#stats.backwardSteps++;
    this.#lastTime = head.lastTime;
    const { greatestX: x, greatestY: y } = head;
    if (geometry !== null && (x >= geometry.width || y >= geometry.height)) {
      const { width, height } = geometry;
      say("events are outside the sensor", `x and y inside ${width}x${height}`, `up to ${x}, ${y}`);
    }
    if (this.#buffer.byteLength < head.bytes) this.#buffer = new Uint8Array(head.bytes);
    const segment = await this.#source.read(offset, head.bytes, {
      into: this.#buffer,
      signal: this.#context.signal,
    });
    await this.#hash(offset);
    if (this.#hashedUpTo === offset) this.#sha256?.update(segment.subarray(0, head.bytes));
    this.#hashedUpTo = offset + head.bytes;
    if (!this.#context.deep) {
      if (head.modes.time === TIME_BOTH_WAYS) this.#knowsSteps = false;
      if (checkCrc) {
        await this.#findings.take(offset, () => checkStreams(segment, head, place));
      }
      return;
    }
    const isSound = await this.#findings.take(offset, async () => {
      const inflated = await inflateChunk(segment, head, checkCrc, place);
      if (this.#stage === null || this.#stage.memory.columns.t.length < head.count) {
        this.#stage = await ChunkStage.create(head.count);
      }
      this.#stage.decode(inflated, 0, true);
      this.#stats.backwardSteps += countBackward(this.#stage.memory.columns.t, head.count);
      return true;
    });
    if (isSound === null) this.#knowsSteps = false;
  }

  /** A segment whose CRC-32 is right. */
  async #other(
    head: SegmentHead,
    header: ContainerHeader,
    bytes: number,
    place: Place,
  ): Promise<void> {
    const { byteOffset: offset } = place;
    const most = head.tag === "META" ? MAX_METADATA_BYTES + 64 : MAX_WHOLE_BYTES;
    if (ORDER[head.tag] === undefined) return; // of a later version
    this.#places.set(head.tag, offset);
    if (bytes > most) {
      throw damaged(`the segment ${head.tag} is too long`, { ...place, found: `${bytes} bytes` });
    }
    if (head.tag === "SHA2") await this.#hash(offset);
    const segment = await this.#read(offset, bytes);
    if (head.tag === "META") decodeMetadata(segment, false, place);
    if (head.tag === "STAT") {
      const said = decodeStatistics(segment, false, place);
      if (this.#isWhole)
        compareStatistics(said, this.#stats, this.#knowsSteps, place, this.#findings);
    }
    if (head.tag === "INDX") {
      const said = decodeIndex(segment, false, place);
      compareIndex(said, this.#index.finish(), this.#isWhole, place, this.#findings);
    }
    if (head.tag === "TRIG") await this.#triggers(segment, header, place);
    if (head.tag === "SHA2") this.#digest(segment, place);
    if (head.tag === "TRLR") this.#trailer(segment, header, place);
  }

  async #triggers(segment: Uint8Array, { codec }: ContainerHeader, place: Place): Promise<void> {
    if (segment.byteLength < SEGMENT_HEAD_BYTES + 16) throw damaged("triggers are cut", place);
    const entry = triggerEntryOf(payloadOf(segment), place.byteOffset, segment.byteLength);
    if (this.#nextTrigger !== null && entry.firstRow !== this.#nextTrigger) {
      const problem = "triggers say that others are in front of them";
      const [expected, found] = [`${this.#nextTrigger}`, `${entry.firstRow}`];
      this.#findings.add({ byteOffset: place.byteOffset, problem, expected, found });
    }
    this.#nextTrigger = entry.firstRow + entry.count;
    this.#index.addTriggers(entry);
    addTriggers(this.#stats, entry.count);
    await decodeTriggers(segment, entry.count, { codec, checkCrc: false }, place);
  }

  #digest(segment: Uint8Array, place: Place): void {
    const { start, sha256 } = decodeDigest(segment, false, place);
    const found = this.#sha256?.hex();
    this.#sha256 = platform.createSha256();
    const expected = this.#lastDigest;
    this.#lastDigest = place.byteOffset;
    if (start !== expected) {
      throw damaged("the digest covers other bytes than it should", {
        ...place,
        expected: `those from ${expected} on`,
        found: `from ${start}`,
      });
    }
    if (found === undefined || found === sha256) return;
    const details = { ...place, expected: `SHA-256 ${sha256}`, found };
    throw damaged("bytes in front of here are damaged: their digest is wrong", details);
  }

  #trailer(segment: Uint8Array, header: ContainerHeader, place: Place): void {
    const { byteOffset: offset } = place;
    const trailer = decodeTrailer(segment, offset, false);
    if (trailer === null) throw damaged("the trailer is damaged", place);
    const places = this.#places;
    const expected: Readonly<Record<keyof Trailer, number | null>> = {
      fileLength: offset + TRAILER_BYTES,
      metadata: places.get("META") ?? null,
      statistics: places.get("STAT") ?? null,
      index: places.get("INDX") ?? null,
      digest: header.checksums === "sha256" ? (places.get("SHA2") ?? null) : null,
      previous: this.#lastTrailer,
    };
    for (const name of Object.keys(expected) as (keyof Trailer)[]) {
      if (trailer[name] === expected[name] || (!this.#isWhole && expected[name] === null)) continue;
      this.#findings.add({
        byteOffset: offset,
        problem: `the trailer has a wrong place: ${name}`,
        expected: `${expected[name] ?? "none"}`,
        found: `${trailer[name] ?? "none"}`,
      });
    }
    if (header.checksums === "sha256" && trailer.digest === null) {
      throw damaged("there is no digest", { ...place, expected: "one, as the header says" });
    }
    this.#lastTrailer = offset;
    this.#trailerEnd = offset + TRAILER_BYTES;
    this.#trailers++;
    this.#places = new Map();
    this.#order = 0;
  }

  #checkOrder(tag: string, { byteOffset }: Place): void {
    const order = ORDER[tag];
    if (order === undefined) return;
    const last = this.#order;
    this.#order = order === ORDER.TRLR ? 0 : order;
    const isNext = order === last + 1 || (order <= 1 && last === 0);
    if (isNext || (tag === "TRLR" && last === ORDER.INDX) || !this.#isWhole) return;
    const after = Object.keys(ORDER).find((name) => ORDER[name] === last);
    const problem = `the segment ${tag} is at a place where it may not be`;
    this.#findings.add({ byteOffset, problem, found: `behind ${after}` });
  }

  #checkEnd(byteLength: number): void {
    const end = this.#trailerEnd;
    if (end === byteLength) return;
    if (end === null) {
      const problem = "the end of the file is missing: there is no sound trailer";
      this.#findings.add({ byteOffset: byteLength, problem, expected: "a trailer" });
      return;
    }
    this.#findings.add({
      byteOffset: end,
      problem: "something stands behind the last trailer, as an append leaves it that was torn off",
      expected: "the end of the file",
      found: `${byteLength - end} bytes`,
    });
  }

  /** Hashes what is in front of `end` and was not hashed yet. */
  async #hash(end: number): Promise<void> {
    if (this.#sha256 === null) return;
    for (let at = this.#hashedUpTo; at < end; at += HASH_BYTES) {
      this.#sha256.update(await this.#read(at, Math.min(HASH_BYTES, end - at)));
    }
    this.#hashedUpTo = Math.max(this.#hashedUpTo, end);
  }

  #read(offset: number, length: number): Promise<Uint8Array> {
    return this.#source.read(offset, length, { signal: this.#context.signal });
  }
}
