import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnArrays, type TriggerColumns } from "../events/columns.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import type { Sha256 } from "../platform/platform.ts";
import { hurryCollector } from "../util/allocate.ts";
import { type ChunkHead, placeChunk } from "./chunk.ts";
import { ChunkEncoder, type EncodedChunk, segmentOf } from "./chunk-encoder.ts";
import { type ChunkIndex, IndexBuilder } from "./chunk-index.ts";
import { encodeDigest } from "./digest.ts";
import { encodeHeader } from "./header.ts";
import { TRAILER_BYTES } from "./layout.ts";
import { type ContainerMetadata, encodeMetadata } from "./metadata.ts";
import type { ChunkModes } from "./modes.ts";
import type { ContainerSettings } from "./settings.ts";
import {
  addChunk,
  addTriggers,
  type ChunkFacts,
  type ContainerStatistics,
  emptyStatistics,
  encodeStatistics,
} from "./stats.ts";
import { encodeTrailer } from "./trailer.ts";
import { encodeTriggers, placeTriggers } from "./triggers.ts";

/** Bytes of chunks after which the collector is hurried: with twice as many an export peaks 20 MB higher. */
const HURRY_BYTES = 4_000_000;

/** What is known of a recording before its events. */
export interface ContainerFacts {
  readonly geometry: SensorGeometry | null;
  /** Of the polarities that are added, and of the tables that the container loads as. */
  readonly polarityEncoding: PolarityEncoding;
  /** Of the first event, in microseconds. */
  readonly firstTime: bigint;
}

/** What writing took, in milliseconds, and what came of it. */
export interface WrittenContainer {
  readonly bytes: number;
  readonly statistics: ContainerStatistics;
  readonly transformMs: number;
  /** Waiting for compression, which works in other threads. */
  readonly compressMs: number;
  readonly hashMs: number;
  /** Stored bytes of each column, of the heads of chunks, and of the rest. */
  readonly columnBytes: Readonly<Record<"x" | "y" | "t" | "polarity", number>>;
  /** What the events that were added take as lines of JSON. */
  readonly jsonBytes: number;
  /** How often each set of modes was chosen: t, x and y, p. */
  readonly modes: Readonly<Record<string, number>>;
}

/** What a container has already that more is added to. */
export interface ContainerEnd {
  readonly geometry: SensorGeometry | null;
  /** Bytes up to the end of the last trailer, and where that begins. */
  readonly fileLength: number;
  readonly trailer: number;
  readonly index: ChunkIndex;
  readonly statistics: ContainerStatistics;
  /** Where the last digest is, and all bytes from there on; null when there is none. */
  readonly digest: { readonly offset: number; readonly bytes: Uint8Array } | null;
}

/** Name of the program, as the header has it. */
const WRITER = "evarrow";

/**
 * Turns events into the bytes of a container, strictly from front to back. It holds a few chunks and
 * 72 bytes for each that was written.
 */
export class ContainerWriter {
  readonly #settings: ContainerSettings;
  readonly #free: ChunkEncoder[] = [];
  readonly #index: IndexBuilder;
  readonly #stats = emptyStatistics();
  readonly #sha256: Sha256 | null;
  /** What the digest covers begins here. */
  readonly #hashedFrom: number;
  readonly #previous: number | null;
  #sensor: SensorGeometry | null;
  /** Chunks that are being compressed, in the order of the file. */
  readonly #pending: { encoder: ChunkEncoder; chunk: Promise<EncodedChunk> }[] = [];
  /** Small pieces that wait to be written together. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #encoder: ChunkEncoder | null = null;
  #encoders = 0;
  #offset: number;
  #lastTime: bigint | null;
  #transformMs = 0;
  #compressMs = 0;
  #hashMs = 0;
  #jsonBytes = 0;
  /** Characters of OFF in JSON, but for the first: it is -1 or 0. */
  #offSign = 0;
  /** Of each event: `"x":0,` for a column that is left out. */
  readonly #jsonBytesLeftOut: number;
  /** Bytes of chunks since the collector was hurried. */
  #dropped = 0;
  readonly #columnBytes = { x: 0, y: 0, t: 0, polarity: 0 };
  readonly #modes: Record<string, number> = {};

  readonly #forced: ChunkModes | undefined;

  /**
   * @param forced - how every chunk is written, instead of what a trial of each finds best
   * @param end - what the file has already, which is gone on with instead of being started
   */
  constructor(settings: ContainerSettings, forced?: ChunkModes, end?: ContainerEnd) {
    this.#settings = settings;
    this.#forced = forced;
    this.#jsonBytesLeftOut = COLUMN_NAMES.filter((name) => !settings.columns.includes(name))
      .map((name) => `"${name}":0,`.length)
      .reduce((sum, bytes) => sum + bytes, 0);
    this.#sha256 = settings.checksum === "sha256" ? platform.createSha256() : null;
    this.#index = new IndexBuilder(end?.index);
    Object.assign(this.#stats, end?.statistics);
    this.#sensor = end?.geometry ?? null;
    this.#offset = end?.fileLength ?? 0;
    this.#lastTime = this.#stats.events > 0 ? this.#stats.lastTime : null;
    this.#previous = end?.trailer ?? null;
    this.#hashedFrom = end?.digest?.offset ?? 0;
    if (end?.digest) this.#sha256?.update(end.digest.bytes);
  }

  /** The header. @param createdAt - milliseconds since 1970; left out of deterministic files */
  start(facts: ContainerFacts, createdAt: number): Uint8Array[] {
    this.#sensor = facts.geometry;
    const { columns } = this.#settings;
    const hasSign = columns.includes("polarity") && facts.polarityEncoding === "minus-one-one";
    this.#offSign = hasSign ? 1 : 0;
    const { codec, checksum, deterministic } = this.#settings;
    const header = encodeHeader({
      ...facts,
      firstTime: columns.includes("t") ? facts.firstTime : 0n,
      columns,
      writer: WRITER,
      createdAt: deterministic ? null : createdAt,
      codec,
      checksums: checksum,
      isDeterministic: deterministic,
    });
    return this.#emit(header);
  }

  /** Adds events; returns the bytes of the chunks that are done. */
  async add(events: ColumnArrays, start: number, end: number): Promise<Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    for (let at = start; at < end; ) {
      this.#encoder ??= await this.#takeEncoder(pieces);
      at += this.#encoder.add(events, at, end);
      if (this.#encoder.length === this.#settings.chunkEvents) this.#startChunk(this.#encoder);
    }
    return pieces;
  }

  /** Adds triggers, at most 1 048 576; returns their segment. */
  async addTriggers(triggers: TriggerColumns): Promise<Uint8Array[]> {
    const segment = await encodeTriggers(triggers, this.#stats.triggers, this.#settings);
    return this.#addTriggers(segment, triggers.length);
  }

  /**
   * Adds a chunk of another container whose codec is the same.
   *
   * @param segment - becomes the writer's, which changes what it says of its place
   * @param backwardSteps - events in it that are before the one in front of them
   */
  copyChunk(segment: Uint8Array, head: ChunkHead, backwardSteps: number): Uint8Array[] {
    this.#checkSensor(head);
    placeChunk(segment, this.#stats.events, this.#settings.checksum);
    this.#countStepTo(head.firstTime, head.lastTime);
    return this.#addChunk(segment, head, backwardSteps);
  }

  /** Adds a segment of triggers of another container, which becomes the writer's. */
  copyTriggers(segment: Uint8Array, count: number): Uint8Array[] {
    placeTriggers(segment, this.#stats.triggers, this.#settings.checksum);
    return this.#addTriggers(segment, count);
  }

  /** The last chunks, and what stands behind all of them. */
  async finish(metadata: ContainerMetadata): Promise<Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    if (this.#encoder !== null && this.#encoder.length > 0) this.#startChunk(this.#encoder);
    while (this.#pending.length > 0) await this.#endChunk(pieces);
    for (const encoder of this.#free.splice(0)) encoder.release();
    const { checksum } = this.#settings;
    const places = { metadata: this.#offset, statistics: 0, index: 0 };
    pieces.push(...this.#emit(encodeMetadata(metadata, checksum)));
    places.statistics = this.#offset;
    pieces.push(...this.#emit(encodeStatistics(this.#stats, checksum)));
    places.index = this.#offset;
    pieces.push(...this.#emit(this.#index.finish().encode(checksum)));
    let digest: number | null = null;
    if (this.#sha256 !== null) {
      digest = this.#offset;
      pieces.push(
        ...this.#emit(encodeDigest(this.#hashedFrom, this.#sha256.hex(), checksum), false),
      );
    }
    const fileLength = this.#offset + TRAILER_BYTES;
    const previous = this.#previous;
    const trailer = encodeTrailer({ ...places, fileLength, digest, previous }, checksum);
    pieces.push(...this.#emit(trailer, false), ...this.#flush());
    return pieces;
  }

  /** What was written so far. */
  get written(): WrittenContainer {
    return {
      bytes: this.#offset,
      statistics: { ...this.#stats },
      transformMs: this.#transformMs,
      compressMs: this.#compressMs,
      hashMs: this.#hashMs,
      jsonBytes: this.#jsonBytes,
      columnBytes: { ...this.#columnBytes },
      modes: { ...this.#modes },
    };
  }

  /** Gives up what is being compressed. */
  close(): void {
    for (const { chunk } of this.#pending) chunk.catch(() => {});
    this.#pending.length = 0;
  }

  async #takeEncoder(pieces: Uint8Array[]): Promise<ChunkEncoder> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    // One more collects events while so many are compressed.
    if (this.#encoders <= this.#settings.chunksInFlight) {
      this.#encoders++;
      return ChunkEncoder.create(this.#settings);
    }
    await this.#endChunk(pieces);
    return this.#free.pop() as ChunkEncoder;
  }

  #startChunk(encoder: ChunkEncoder): void {
    const { first, last } = encoder.times;
    this.#countStepTo(first, last);
    const chunk = encoder.encode(this.#forced);
    chunk.catch(() => {}); // reported when it is awaited
    this.#pending.push({ encoder, chunk });
    this.#encoder = null;
  }

  /** Waits for the chunk that comes next in the file. */
  async #endChunk(pieces: Uint8Array[]): Promise<void> {
    const [next] = this.#pending as [{ encoder: ChunkEncoder; chunk: Promise<EncodedChunk> }];
    const begun = performance.now();
    const encoded = await next.chunk;
    this.#compressMs += performance.now() - begun;
    this.#pending.shift();
    const { facts, backwardSteps, modes, streams } = encoded;
    this.#checkSensor(facts);
    const segment = segmentOf(encoded, this.#stats.events, this.#settings.checksum);
    this.#transformMs += encoded.transformMs;
    this.#jsonBytes += encoded.jsonBytes + (facts.count - facts.on) * this.#offSign;
    this.#jsonBytes -= facts.count * this.#jsonBytesLeftOut;
    for (const { id, bytes: stored } of streams) {
      this.#columnBytes[COLUMN_OF[id] ?? "t"] += stored.byteLength;
    }
    const key = `${modes.time}/${modes.pixels}/${modes.polarity}`;
    this.#modes[key] = (this.#modes[key] ?? 0) + 1;
    pieces.push(...this.#addChunk(segment, facts, backwardSteps));
    this.#free.push(next.encoder);
    this.#dropped += segment.byteLength;
    if (this.#dropped < HURRY_BYTES) return;
    this.#dropped = 0;
    hurryCollector(); // streams come in buffers of the library's, of which it learns late
  }

  #addChunk(segment: Uint8Array, facts: ChunkFacts, backwardSteps: number): Uint8Array[] {
    const bytes = segment.byteLength;
    this.#index.addChunk({ ...facts, offset: this.#offset, bytes, firstRow: this.#stats.events });
    addChunk(this.#stats, facts, bytes);
    this.#stats.backwardSteps += backwardSteps;
    return this.#emit(segment);
  }

  #addTriggers(segment: Uint8Array, count: number): Uint8Array[] {
    const firstRow = this.#stats.triggers;
    const bytes = segment.byteLength;
    this.#index.addTriggers({ offset: this.#offset, bytes, firstRow, count });
    addTriggers(this.#stats, count);
    return this.#emit(segment);
  }

  /** Events that come behind others may be before the last of them. */
  #countStepTo(first: bigint, last: bigint): void {
    if (this.#lastTime !== null && first < this.#lastTime) this.#stats.backwardSteps += 1;
    this.#lastTime = last;
  }

  /** Events outside of the sensor would be dropped by whoever loads the file. */
  #checkSensor({ greatestX, greatestY }: ChunkFacts): void {
    const sensor = this.#sensor;
    if (sensor === null || (greatestX < sensor.width && greatestY < sensor.height)) return;
    throw new EventError("not-encodable", "events are outside the sensor of the container", {
      format: "evb",
      expected: `x and y inside ${sensor.width}x${sensor.height}`,
      found: `up to ${greatestX}, ${greatestY}`,
    });
  }

  /** Counts and hashes bytes of the file; returns what is to be written now. */
  #emit(bytes: Uint8Array, isHashed = true): Uint8Array[] {
    this.#offset += bytes.byteLength;
    if (isHashed && this.#sha256 !== null) {
      const begun = performance.now();
      this.#sha256.update(bytes);
      this.#hashMs += performance.now() - begun;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.byteLength;
    return this.#waitingBytes >= this.#settings.bufferBytes ? this.#flush() : [];
  }

  #flush(): Uint8Array[] {
    const parts = this.#waiting;
    this.#waiting = [];
    const length = this.#waitingBytes;
    this.#waitingBytes = 0;
    if (parts.length <= 1) return parts;
    const joined = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.byteLength;
    }
    return [joined];
  }
}

/** The column that most of a stream belongs to; nibbles are shared, and count as x. */
const COLUMN_OF: Readonly<Record<number, "x" | "y" | "t" | "polarity">> = {
  4: "x",
  5: "y",
  6: "x",
  7: "x",
  8: "y",
  9: "polarity",
};
