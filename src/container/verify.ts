import { isEventError } from "../errors.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { CHUNK_HEAD_BYTES, type ChunkHead, decodeChunkHead } from "./chunk.ts";
import { decodeIndex, IndexBuilder } from "./chunk-index.ts";
import { ChunkStage } from "./chunk-stage.ts";
import { compareIndex, compareStatistics } from "./compare.ts";
import { DigestChain } from "./digest-chain.ts";
import { fits, hasRightCrc, SegmentSearch } from "./find-segment.ts";
import { type ContainerFinding, Findings } from "./findings.ts";
import { type ContainerHeader, decodeHeader } from "./header.ts";
import { checkStreams, inflateChunk } from "./inflate-chunk.ts";
import { HEADER_BYTES, MAX_METADATA_BYTES, SEGMENT_HEAD_BYTES, TIME_BOTH_WAYS } from "./layout.ts";
import { type ContainerMetadata, decodeMetadata } from "./metadata.ts";
import { damaged, type Place } from "./problems.ts";
import { payloadOf, readSegmentHead, type SegmentHead } from "./segment.ts";
import { isKnown, SegmentOrder } from "./segment-order.ts";
import { addChunk, addTriggers, decodeStatistics, emptyStatistics } from "./stats.ts";
import { countBackward } from "./times.ts";
import { decodeTriggers, triggerEntryOf } from "./triggers.ts";

/** @throws EventError `damaged-data` where metadata name other columns than the header */
function checkColumns({ columns }: ContainerMetadata, header: ContainerHeader, place: Place): void {
  if (columns === undefined || columns.join() === header.columns.join()) return;
  throw damaged("metadata and header disagree", {
    ...place,
    expected: `columns ${header.columns.join(", ")}`,
    found: columns.join(", "),
  });
}

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

/** Triggers and index are read whole; larger ones are not believed. */
const MAX_WHOLE_BYTES = 2 ** 28;

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
  /** Whether all segments so far were sound: else what counts them disagrees, and that is no news. */
  #isWhole = true;
  /** Whether the steps back in time of every chunk are known. */
  #knowsSteps = true;
  /** Rows in front of the next chunk, and of the next triggers; null behind damage. */
  #nextRow: number | null = 0;
  #nextTrigger: number | null = 0;
  #lastTime: bigint | null = null;
  #order: SegmentOrder | null = null;
  /** Null for a file without digests. */
  #digests: DigestChain | null = null;
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
      trailers: this.#order?.trailers ?? 0,
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
    const hasDigest = header.checksums === "sha256";
    if (hasDigest) this.#digests = new DigestChain(this.#source, signal);
    this.#order = new SegmentOrder(this.#findings, hasDigest);
    const checkCrc = header.checksums !== "none";
    const search = new SegmentSearch(this.#source, { codec: header.codec, checkCrc, signal });
    for (let at = HEADER_BYTES; at < byteLength; ) {
      signal?.throwIfAborted();
      let next = await this.#findings.take(at, () => this.#segment(at, header, checkCrc));
      if (next === null) {
        this.#isWhole = false;
        this.#nextRow = null;
        this.#nextTrigger = null;
        next = (await search.next(at + 1)) ?? byteLength;
      } else this.#segments++;
      await this.#digests?.takeUpTo(next);
      this.#context.onBytes?.(next, this.#stats.events);
      at = next;
    }
    this.#order.checkEnd(byteLength);
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
      this.#order?.add(head.tag, offset, this.#isWhole);
      await this.#chunk(chunk, header, checkCrc, place);
      return offset + chunk.bytes;
    }
    if (!(await hasRightCrc(this.#source, offset, head, checkCrc, this.#context.signal))) {
      throw damaged(
        `the segment ${JSON.stringify(head.tag)} is damaged: its checksum is wrong`,
        place,
      );
    }
    this.#order?.add(head.tag, offset, this.#isWhole);
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
    await this.#digests?.take(segment.subarray(0, head.bytes), offset);
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
    if (!isKnown(head.tag)) return; // of a later version
    if (bytes > most) {
      throw damaged(`the segment ${head.tag} is too long`, { ...place, found: `${bytes} bytes` });
    }
    if (head.tag === "SHA2") await this.#digests?.takeUpTo(offset);
    const segment = await this.#read(offset, bytes);
    if (head.tag === "META") checkColumns(decodeMetadata(segment, false, place), header, place);
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
    if (head.tag === "SHA2") this.#digests?.check(segment, place);
    if (head.tag === "TRLR") this.#order?.checkTrailer(segment, this.#isWhole, place);
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

  #read(offset: number, length: number): Promise<Uint8Array> {
    return this.#source.read(offset, length, { signal: this.#context.signal });
  }
}
