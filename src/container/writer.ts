import { platform } from "#platform";
import type { ColumnArrays, TriggerColumns } from "../events/columns.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import type { Sha256 } from "../platform/platform.ts";
import { ChunkEncoder, type EncodedChunk, segmentOf } from "./chunk-encoder.ts";
import { IndexBuilder } from "./chunk-index.ts";
import { encodeDigest } from "./digest.ts";
import { encodeHeader } from "./header.ts";
import { TRAILER_BYTES } from "./layout.ts";
import { type ContainerMetadata, encodeMetadata } from "./metadata.ts";
import type { ChunkModes } from "./modes.ts";
import type { ContainerSettings } from "./settings.ts";
import {
  addChunk,
  addTriggers,
  type ContainerStatistics,
  emptyStatistics,
  encodeStatistics,
} from "./stats.ts";
import { encodeTrailer } from "./trailer.ts";
import { encodeTriggers } from "./triggers.ts";

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
  /** How often each set of modes was chosen: t, x and y, p. */
  readonly modes: Readonly<Record<string, number>>;
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
  readonly #index = new IndexBuilder();
  readonly #stats = emptyStatistics();
  readonly #sha256: Sha256 | null;
  /** Chunks that are being compressed, in the order of the file. */
  readonly #pending: { encoder: ChunkEncoder; chunk: Promise<EncodedChunk> }[] = [];
  /** Small pieces that wait to be written together. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #encoder: ChunkEncoder | null = null;
  #encoders = 0;
  #offset = 0;
  #lastTime: bigint | null = null;
  #transformMs = 0;
  #compressMs = 0;
  #hashMs = 0;
  readonly #columnBytes = { x: 0, y: 0, t: 0, polarity: 0 };
  readonly #modes: Record<string, number> = {};

  readonly #forced: ChunkModes | undefined;

  /** @param forced - how every chunk is written, instead of what a trial of each finds best */
  constructor(settings: ContainerSettings, forced?: ChunkModes) {
    this.#settings = settings;
    this.#forced = forced;
    this.#sha256 = settings.checksum === "sha256" ? platform.createSha256() : null;
  }

  /** The header. @param createdAt - milliseconds since 1970; left out of deterministic files */
  start(facts: ContainerFacts, createdAt: number): Uint8Array[] {
    const { codec, checksum, deterministic } = this.#settings;
    const header = encodeHeader({
      ...facts,
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
    const firstRow = this.#stats.triggers;
    const segment = await encodeTriggers(triggers, firstRow, this.#settings);
    const { length: count } = triggers;
    const bytes = segment.byteLength;
    this.#index.addTriggers({ offset: this.#offset, bytes, firstRow, count });
    addTriggers(this.#stats, count);
    return this.#emit(segment);
  }

  /** The last chunks, and what stands behind all of them. */
  async finish(metadata: ContainerMetadata): Promise<Uint8Array[]> {
    const pieces: Uint8Array[] = [];
    if (this.#encoder !== null && this.#encoder.length > 0) this.#startChunk(this.#encoder);
    while (this.#pending.length > 0) await this.#endChunk(pieces);
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
      pieces.push(...this.#emit(encodeDigest(0, this.#sha256.hex(), checksum), false));
    }
    const fileLength = this.#offset + TRAILER_BYTES;
    const trailer = encodeTrailer({ ...places, fileLength, digest, previous: null }, checksum);
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
    if (this.#lastTime !== null && first < this.#lastTime) this.#stats.backwardSteps += 1;
    this.#lastTime = last;
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
    const segment = segmentOf(encoded, this.#stats.events, this.#settings.checksum);
    const bytes = segment.byteLength;
    this.#index.addChunk({ ...facts, offset: this.#offset, bytes, firstRow: this.#stats.events });
    addChunk(this.#stats, facts, bytes);
    this.#stats.backwardSteps += backwardSteps;
    this.#transformMs += encoded.transformMs;
    for (const { id, bytes: stored } of streams) {
      this.#columnBytes[COLUMN_OF[id] ?? "t"] += stored.byteLength;
    }
    const key = `${modes.time}/${modes.pixels}/${modes.polarity}`;
    this.#modes[key] = (this.#modes[key] ?? 0) + 1;
    pieces.push(...this.#emit(segment));
    this.#free.push(next.encoder);
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
