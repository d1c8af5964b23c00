import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnArrays, type ColumnName } from "../events/columns.ts";
import { EventMemory } from "../kernels/event-memory.ts";
import { containerEncodeWasm } from "../kernels/generated/container-encode.ts";
import { summaryWasm } from "../kernels/generated/summary.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import * as kernel from "../kernels/layout.ts";
import { encodeChunk, type WrittenStream } from "./chunk.ts";
import { compressStream } from "./codec.ts";
import type { EncodeKernel } from "./encode-kernel.ts";
import { jsonBytesOf } from "./json-bytes.ts";
import {
  CELL_BITS,
  POLARITY_CELLS,
  POLARITY_ROWS,
  STREAM_GROUP_SIZES,
  STREAM_LARGE_STEPS,
  STREAM_NIBBLES,
  STREAM_POLARITY,
  STREAM_STEPS,
  STREAM_X_BYTES,
  STREAM_X_HIGH,
  STREAM_Y_BYTES,
  STREAM_Y_HIGH,
  TIME_BOTH_WAYS,
  TIME_GROUPS,
} from "./layout.ts";
import { SAMPLE_BYTES, TRIAL_BYTES, type TrialMemory, tryModes } from "./mode-trial.ts";
import { type ChunkModes, pixelModesOf } from "./modes.ts";
import type { ContainerSettings } from "./settings.ts";
import type { ChunkFacts } from "./stats.ts";

/** A chunk as it goes into the file, but for the place that it will have. */
export interface EncodedChunk {
  readonly facts: ChunkFacts;
  readonly modes: ChunkModes;
  /** Events inside the chunk that are before the one in front of them. */
  readonly backwardSteps: number;
  readonly streams: readonly WrittenStream[];
  /** What the events take as lines of JSON, with polarities of 0 and 1. */
  readonly jsonBytes: number;
  /** Milliseconds that the transform took, and waiting for compression. */
  readonly transformMs: number;
  readonly compressMs: number;
}

/** Room behind a stream that kernels may write. */
const SLACK = 64;
/** Bytes of a table with a byte for every cell. */
const CELL_BYTES = 2 ** 20;

const roomFor = (bytes: number): number => Math.ceil((bytes + SLACK) / SLACK) * SLACK;

/** Where the parts of the scratch space are, for chunks of at most so many events. */
function placesOf(events: number) {
  let end = 0;
  const reserve = (bytes: number): number => {
    const start = end;
    end += roomFor(bytes);
    return start;
  };
  return {
    steps: reserve(events),
    sizes: reserve(events),
    larges: reserve(events * 8),
    planes: reserve(events * 8),
    xValues: reserve(events * 2),
    yValues: reserve(events * 2),
    xBytes: reserve(events),
    yBytes: reserve(events),
    nibbles: reserve(events),
    xHigh: reserve(events),
    yHigh: reserve(events),
    bits: reserve(events / 8),
    polarity: reserve(events / 8),
    cells: reserve(CELL_BYTES),
    trials: reserve(TRIAL_BYTES),
    sample: reserve(SAMPLE_BYTES),
    bytes: end,
  };
}

/** Bytes of memory that an encoder for chunks of so many events takes, those of its results aside. */
export function encoderBytes(events: number): number {
  return events * 13 + placesOf(events).bytes + 2 ** 19;
}

/**
 * Collects the events of a chunk and makes streams of them. While it compresses, in other threads,
 * another encoder can go on with the next chunk.
 */
export class ChunkEncoder {
  /** Events that it holds. */
  length = 0;
  readonly #memory: EventMemory;
  readonly #kernel: EncodeKernel;
  readonly #summarize: (count: number) => void;
  readonly #settings: ContainerSettings;
  readonly #at: Omit<ReturnType<typeof placesOf>, "bytes">;
  readonly #leftOut: readonly ColumnName[];

  private constructor(
    memory: EventMemory,
    encode: EncodeKernel,
    summarize: (count: number) => void,
    settings: ContainerSettings,
  ) {
    this.#memory = memory;
    this.#kernel = encode;
    this.#summarize = summarize;
    this.#settings = settings;
    this.#leftOut = COLUMN_NAMES.filter((name) => !settings.columns.includes(name));
    const { bytes, ...places } = placesOf(settings.chunkEvents);
    const start = memory.scratch.byteOffset;
    const moved = Object.entries(places).map(([name, at]) => [name, at + start] as const);
    this.#at = Object.fromEntries(moved) as typeof places;
  }

  static async create(settings: ContainerSettings): Promise<ChunkEncoder> {
    const { chunkEvents } = settings;
    const memory = new EventMemory({
      inputBytes: 0,
      tileEvents: chunkEvents,
      tileTriggers: 0,
      scratchBytesPerEvent: Math.ceil(placesOf(chunkEvents).bytes / chunkEvents),
    });
    const encode = await instantiateKernel<EncodeKernel>(containerEncodeWasm, memory.memory);
    type Summary = { summarize(count: number): void };
    const { summarize } = await instantiateKernel<Summary>(summaryWasm, memory.memory);
    return new ChunkEncoder(memory, encode, summarize, settings);
  }

  /** Lets others have the memory; the encoder is of no use then. */
  release(): void {
    this.#memory.release();
  }

  /** Takes events, as many as fit; returns how many. */
  add(events: ColumnArrays, start: number, end: number): number {
    const at = this.length;
    const count = Math.min(end - start, this.#settings.chunkEvents - at);
    const { x, y, t, polarity } = this.#memory.columns;
    copyValues(events.x, start, count, x, at);
    copyValues(events.y, start, count, y, at);
    copyValues(events.t, start, count, t, at);
    copyValues(events.polarity, start, count, polarity, at);
    // What nobody will load is constant, and takes no room.
    for (const name of this.#leftOut) {
      const column = this.#memory.columns[name];
      column.fill((name === "t" ? 0n : 0) as never, at, at + count);
    }
    this.length += count;
    return count;
  }

  /** The times of the first and the last event that it holds. */
  get times(): { first: bigint; last: bigint } {
    const { t } = this.#memory.columns;
    return { first: t[0] as bigint, last: t[this.length - 1] as bigint };
  }

  /**
   * Makes a chunk of the events, of which there is at least one; the encoder is then empty.
   *
   * @param forced - modes that can hold them; those that a trial finds best by default
   */
  async encode(forced?: ChunkModes): Promise<EncodedChunk> {
    const begun = performance.now();
    const count = this.length;
    const { facts, backwardSteps } = this.#judge(count);
    const { x, y, t, polarity } = this.#memory.columns;
    const trial: TrialMemory = {
      buffer: this.#memory.memory.buffer as ArrayBuffer,
      ...{ xs: x.byteOffset, ys: y.byteOffset, ts: t.byteOffset, ps: polarity.byteOffset },
      ...this.#at,
    };
    const goesBack = backwardSteps > 0;
    const trying = forced ?? tryModes(this.#kernel, trial, facts, goesBack, this.#settings);
    const tried = performance.now();
    const modes = await trying;
    const chosen = performance.now();
    const raw = this.#transform(facts, modes);
    const jsonBytes = jsonBytesOf(this.#kernel, facts, trial);
    const transformed = performance.now();
    const { codec, level } = this.#settings;
    const streams = await Promise.all(
      raw.map(async ([id, at, bytes]): Promise<WrittenStream> => {
        const stream = new Uint8Array(this.#memory.memory.buffer, at, bytes);
        const isConstant = this.#kernel.isConstant(at, bytes) !== 0;
        const stored = await compressStream(stream, isConstant, codec, level);
        return { id, raw: bytes, ...stored };
      }),
    );
    this.length = 0;
    const compressMs = performance.now() - transformed + chosen - tried;
    const transformMs = transformed - chosen + tried - begun;
    return { facts, modes, backwardSteps, streams, jsonBytes, transformMs, compressMs };
  }

  #judge(count: number): { facts: ChunkFacts; backwardSteps: number } {
    const memory = this.#memory;
    const { first, last } = this.times;
    const { polarity } = memory.columns;
    const other = this.#kernel.otherPolarity(polarity.byteOffset, count);
    if (other >= 0) {
      throw new EventError("not-encodable", "a polarity is neither ON nor OFF", {
        format: "evb",
        expected: "1 for ON, -1 or 0 for OFF",
        found: `${polarity[other]}`,
      });
    }
    this.#summarize(count);
    return {
      facts: {
        count,
        on: memory.field(kernel.SUMMARY_ON),
        firstTime: first,
        lastTime: last,
        leastTime: memory.field64(kernel.SUMMARY_MIN_T),
        greatestTime: memory.field64(kernel.SUMMARY_MAX_T),
        leastX: memory.field(kernel.SUMMARY_MIN_X),
        greatestX: memory.field(kernel.SUMMARY_MAX_X),
        leastY: memory.field(kernel.SUMMARY_MIN_Y),
        greatestY: memory.field(kernel.SUMMARY_MAX_Y),
      },
      backwardSteps: this.#kernel.countBackward(memory.columns.t.byteOffset, count),
    };
  }

  /** Writes the streams of all events; returns number, address and bytes of each. */
  #transform(facts: ChunkFacts, modes: ChunkModes): (readonly [number, number, number])[] {
    const { count } = facts;
    const at = this.#at;
    const { x, y, t, polarity } = this.#memory.columns;
    const [xs, ys, ts, ps] = [x, y, t, polarity].map(({ byteOffset }) => byteOffset) as [
      number,
      number,
      number,
      number,
    ];
    const encode = this.#kernel;
    const streams: (readonly [number, number, number])[] = [];
    let steps = count;
    if (modes.time === TIME_GROUPS) {
      steps = encode.takeGroups(ts, count, at.steps, at.sizes, at.larges);
    } else {
      const isSigned = modes.time === TIME_BOTH_WAYS ? 1 : 0;
      encode.takeSteps(ts, count, at.steps, at.larges, isSigned);
    }
    const large = this.#memory.field(kernel.LARGE_STEPS);
    encode.splitLarge(at.larges, large, at.planes);
    streams.push([STREAM_STEPS, at.steps, steps]);
    if (modes.time === TIME_GROUPS) streams.push([STREAM_GROUP_SIZES, at.sizes, steps]);
    if (large > 0) streams.push([STREAM_LARGE_STEPS, at.planes, large * 8]);
    const pixels = pixelModesOf(modes.pixels);
    streams.push([STREAM_X_BYTES, at.xBytes, count], [STREAM_Y_BYTES, at.yBytes, count]);
    if (pixels.isWide) {
      encode.splitBytes(xs, count, at.xBytes, at.xHigh);
      encode.splitBytes(ys, count, at.yBytes, at.yHigh);
      streams.push([STREAM_X_HIGH, at.xHigh, count], [STREAM_Y_HIGH, at.yHigh, count]);
    } else {
      const [xIsLow, yIsLow] = [Number(pixels.xIsLow), Number(pixels.yIsLow)];
      encode.transformAxis(xs, count, pixels.xTransform, ys, ps, at.xValues);
      encode.transformAxis(ys, count, pixels.yTransform, ys, ps, at.yValues);
      encode.takeBytes(at.xValues, count, xIsLow, at.xBytes);
      encode.takeBytes(at.yValues, count, yIsLow, at.yBytes);
      encode.takeNibbles(at.xValues, xIsLow, at.yValues, yIsLow, count, at.nibbles);
      streams.push([STREAM_NIBBLES, at.nibbles, count]);
    }
    const bits = Math.ceil(count / 8);
    if (modes.polarity === POLARITY_CELLS) {
      const columns = (facts.greatestX >> CELL_BITS) + 1;
      const cells = columns * ((facts.greatestY >> CELL_BITS) + 1);
      encode.takeCellBits(ps, count, xs, ys, at.cells, columns, cells, at.polarity);
      streams.push([STREAM_POLARITY, at.polarity, bits]);
    } else {
      encode.takeBits(ps, count, at.bits);
      const isRows = modes.polarity === POLARITY_ROWS;
      if (isRows) encode.takeRowBits(count, at.bits, ys, at.polarity);
      streams.push([STREAM_POLARITY, isRows ? at.polarity : at.bits, bits]);
    }
    return streams;
  }
}

/** The segment of a chunk. */
export function segmentOf(
  { facts, modes, streams }: EncodedChunk,
  firstRow: number,
  checksums: ContainerSettings["checksum"],
): Uint8Array {
  return encodeChunk(facts, modes, firstRow, streams, checksums);
}

/** Copies values as bytes: faster than by elements where the memories differ. */
function copyValues(
  source: ColumnArrays[keyof ColumnArrays],
  start: number,
  count: number,
  target: ColumnArrays[keyof ColumnArrays],
  at: number,
): void {
  const { BYTES_PER_ELEMENT: size } = target;
  const from = source.byteOffset + start * size;
  const bytes = new Uint8Array(source.buffer, from, count * size);
  new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(bytes, at * size);
}
