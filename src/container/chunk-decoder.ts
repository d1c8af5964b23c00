import type { EventMemory } from "../kernels/event-memory.ts";
import { containerDecodeWasm } from "../kernels/generated/container-decode.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import * as kernel from "../kernels/layout.ts";
import type { ChunkHead } from "./chunk.ts";
import { putStream, type RawStream } from "./codec.ts";
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
  TRANSFORM_RUN,
} from "./layout.ts";
import { pixelModesOf } from "./modes.ts";
import { damaged, type Place } from "./problems.ts";
import type { Projection } from "./projection.ts";

/** What undoes the transforms: addresses of columns and streams go in. */
interface DecodeKernel {
  addSteps(
    ts: number,
    count: number,
    first: bigint,
    steps: number,
    planes: number,
    large: number,
    isSigned: number,
  ): number;
  addGroups(
    ts: number,
    count: number,
    first: bigint,
    steps: number,
    sizes: number,
    groups: number,
    planes: number,
    large: number,
  ): number;
  addAxis(
    out: number,
    count: number,
    bytes: number,
    nibbles: number,
    upper: number,
    isLow: number,
    isDelta: number,
  ): void;
  addRuns(
    out: number,
    count: number,
    bytes: number,
    nibbles: number,
    isLow: number,
    ys: number,
    polarities: number,
  ): void;
  joinBytes(out: number, count: number, lows: number, highs: number): void;
  addBits(polarities: number, count: number, bits: number): void;
  addRowBits(count: number, bits: number, ys: number): void;
  addCellBits(
    polarities: number,
    count: number,
    bits: number,
    xs: number,
    ys: number,
    table: number,
    columns: number,
    cells: number,
  ): void;
  summarizeAt(
    xs: number,
    ys: number,
    ts: number,
    polarities: number,
    count: number,
    withTimes: number,
  ): void;
}

/** A chunk whose streams were inflated, or can be at once. */
export interface InflatedChunk {
  readonly head: ChunkHead;
  /** Streams of these columns, by their number. */
  readonly streams: ReadonlyMap<number, RawStream>;
  /** Columns that are decoded; others get what a column may hold. */
  readonly columns: Projection;
  readonly place: Place;
}

/** Room behind a stream that kernels may read. */
const SLACK = 64;

/** Bytes of scratch space that a chunk is decoded with. */
export function scratchBytesOf(head: ChunkHead): number {
  const streams = head.streams.reduce((bytes, { raw }) => bytes + roomFor(raw), 0);
  return streams + (head.modes.polarity === POLARITY_CELLS ? cellsOf(head).cells : 0) + SLACK;
}

/** The most that {@link scratchBytesOf} says for chunks of so many events. */
export function mostScratchBytes(events: number): number {
  return events * 16 + 9 * 2 * SLACK + 2 ** 20 + SLACK;
}

function roomFor(bytes: number): number {
  return Math.ceil((bytes + SLACK) / SLACK) * SLACK;
}

function cellsOf({ greatestX, greatestY }: ChunkHead): { columns: number; cells: number } {
  const columns = (greatestX >> CELL_BITS) + 1;
  return { columns, cells: columns * ((greatestY >> CELL_BITS) + 1) };
}

/** Makes events of raw streams, in the columns of one memory and with its scratch space. */
export class ChunkDecoder {
  readonly #memory: EventMemory;
  readonly #kernel: DecodeKernel;
  readonly #scratch: Uint8Array;

  private constructor(memory: EventMemory, decode: DecodeKernel) {
    this.#memory = memory;
    this.#kernel = decode;
    this.#scratch = memory.scratch;
  }

  static async create(memory: EventMemory): Promise<ChunkDecoder> {
    const decode = await instantiateKernel<DecodeKernel>(containerDecodeWasm, memory.memory);
    return new ChunkDecoder(memory, decode);
  }

  /** Whether the memory has room for the streams of a chunk. */
  hasRoomFor(head: ChunkHead): boolean {
    return scratchBytesOf(head) <= this.#scratch.byteLength;
  }

  /**
   * Puts the events of a chunk into the columns, from row `at` on, where there must be room for all of
   * them. Polarity is 0 or 1. Columns that were not inflated hold the least that the chunk says of
   * them, so that nothing is dropped or out of order for their sake.
   *
   * @param checkEvents - whether they must be what the head says of them
   * @returns whether it is known that their times never go back
   * @throws EventError `damaged-data`
   */
  decode(chunk: InflatedChunk, at: number, checkEvents: boolean): boolean {
    const { head, columns } = chunk;
    const { x, y, t, polarity } = this.#memory.columns;
    const addresses = this.#place(chunk);
    const streamAt = (id: number): number => addresses.get(id) ?? 0;
    const xs = x.byteOffset + at * 2;
    const ys = y.byteOffset + at * 2;
    const ts = t.byteOffset + at * 8;
    const ps = polarity.byteOffset + at;
    const { count, modes } = head;
    if (columns.has("t")) this.#addTimes(chunk, ts, streamAt);
    else {
      t.fill(head.firstTime, at, at + count);
      t[at + count - 1] = head.lastTime;
    }
    if (!columns.has("x")) x.fill(head.leastX, at, at + count);
    if (!columns.has("y")) y.fill(head.leastY, at, at + count);
    if (!columns.has("polarity")) polarity.fill(0, at, at + count);
    const pixels = pixelModesOf(modes.pixels);
    const [bytesOfX, bytesOfY] = [streamAt(STREAM_X_BYTES), streamAt(STREAM_Y_BYTES)];
    const nibbles = streamAt(STREAM_NIBBLES);
    const addX = (): void => {
      const { xTransform, xIsLow, isWide } = pixels;
      if (!columns.has("x")) return;
      if (isWide) this.#kernel.joinBytes(xs, count, bytesOfX, streamAt(STREAM_X_HIGH));
      else if (xTransform === TRANSFORM_RUN) {
        this.#kernel.addRuns(xs, count, bytesOfX, nibbles, Number(xIsLow), ys, ps);
      } else this.#kernel.addAxis(xs, count, bytesOfX, nibbles, 0, Number(xIsLow), xTransform);
    };
    if (!columns.has("y")) {
      // Nothing that is decoded depends on it.
    } else if (pixels.isWide) this.#kernel.joinBytes(ys, count, bytesOfY, streamAt(STREAM_Y_HIGH));
    else {
      const { yIsLow, yTransform } = pixels;
      this.#kernel.addAxis(ys, count, bytesOfY, nibbles, 1, Number(yIsLow), yTransform);
    }
    // A run needs polarities, cells need x.
    if (modes.polarity === POLARITY_CELLS) addX();
    if (columns.has("polarity")) this.#addPolarities(chunk, streamAt, { xs, ys, ps });
    if (modes.polarity !== POLARITY_CELLS) addX();
    if (checkEvents) this.#check(chunk, { xs, ys, ts, ps }, at);
    return modes.time !== TIME_BOTH_WAYS && this.#stepsAreSmall(chunk, streamAt);
  }

  /**
   * Whether the times of a chunk cannot have gone through the end of 64 bits: large steps have zeros in their two highest
   * bytes, and are too few for that.
   */
  #stepsAreSmall({ head, columns }: InflatedChunk, streamAt: (id: number) => number): boolean {
    if (head.lastTime < head.firstTime) return false;
    if (!columns.has("t")) return true;
    const large = (head.streams.find(({ id }) => id === STREAM_LARGE_STEPS)?.raw ?? 0) / 8;
    const start = streamAt(STREAM_LARGE_STEPS) - this.#scratch.byteOffset;
    const highest = this.#scratch.subarray(start + 6 * large, start + 8 * large);
    return large < 2 ** 15 && highest.every((byte) => byte === 0);
  }

  /** Puts the streams into the scratch space; returns where each begins. */
  #place({ head, streams }: InflatedChunk): Map<number, number> {
    const addresses = new Map<number, number>();
    let end = 0;
    for (const { id, raw } of head.streams) {
      const stream = streams.get(id);
      if (stream === undefined) continue; // of a column that is not decoded
      putStream(stream, this.#scratch.subarray(end, end + raw));
      addresses.set(id, this.#scratch.byteOffset + end);
      end += roomFor(raw);
    }
    addresses.set(0, this.#scratch.byteOffset + end); // the table of cells
    return addresses;
  }

  #addTimes({ head, place }: InflatedChunk, ts: number, streamAt: (id: number) => number): void {
    const { count, firstTime, modes, streams } = head;
    const rawOf = (id: number): number => streams.find((entry) => entry.id === id)?.raw ?? 0;
    const steps = streamAt(STREAM_STEPS);
    const planes = streamAt(STREAM_LARGE_STEPS);
    const large = rawOf(STREAM_LARGE_STEPS) / 8;
    const sizes = streamAt(STREAM_GROUP_SIZES);
    const groups = rawOf(STREAM_GROUP_SIZES);
    const isSigned = modes.time === TIME_BOTH_WAYS ? 1 : 0;
    const taken =
      modes.time === TIME_GROUPS
        ? this.#kernel.addGroups(ts, count, firstTime, steps, sizes, groups, planes, large)
        : this.#kernel.addSteps(ts, count, firstTime, steps, planes, large, isSigned);
    if (taken === large) return;
    const found = taken < 0 ? "others" : `${taken} large steps`;
    const expected = `${large} large steps and ${count} events`;
    throw damaged("the times of a chunk are damaged", { ...place, expected, found });
  }

  #addPolarities(
    { head, place }: InflatedChunk,
    streamAt: (id: number) => number,
    { xs, ys, ps }: { xs: number; ys: number; ps: number },
  ): void {
    const { count, modes } = head;
    const bits = streamAt(STREAM_POLARITY);
    const last = this.#scratch[bits - this.#scratch.byteOffset + (count >> 3)] as number;
    if (count % 8 !== 0 && last >> (count % 8) !== 0) {
      throw damaged("the polarities of a chunk are damaged", {
        ...place,
        expected: `${count} bits`,
        found: "more",
      });
    }
    if (modes.polarity === POLARITY_CELLS) {
      const { columns, cells } = cellsOf(head);
      this.#kernel.addCellBits(ps, count, bits, xs, ys, streamAt(0), columns, cells);
      return;
    }
    if (modes.polarity === POLARITY_ROWS) this.#kernel.addRowBits(count, bits, ys);
    this.#kernel.addBits(ps, count, bits);
  }

  #check(
    { head, place, columns }: InflatedChunk,
    { xs, ys, ts, ps }: { xs: number; ys: number; ts: number; ps: number },
    at: number,
  ): void {
    const memory = this.#memory;
    const { count } = head;
    const times = memory.columns.t;
    const withTimes = head.modes.time === TIME_BOTH_WAYS;
    this.#kernel.summarizeAt(xs, ys, ts, ps, count, withTimes ? 1 : 0);
    const facts: [string, number | bigint, number | bigint | undefined][] = [
      ["first t", head.firstTime, times[at]],
      ["last t", head.lastTime, times[at + count - 1]],
    ];
    if (columns.has("polarity")) {
      facts.push(["events that are ON", head.on, memory.field(kernel.SUMMARY_ON)]);
    }
    if (columns.has("x")) {
      facts.push(["least x", head.leastX, memory.field(kernel.SUMMARY_MIN_X)]);
      facts.push(["greatest x", head.greatestX, memory.field(kernel.SUMMARY_MAX_X)]);
    }
    if (columns.has("y")) {
      facts.push(["least y", head.leastY, memory.field(kernel.SUMMARY_MIN_Y)]);
      facts.push(["greatest y", head.greatestY, memory.field(kernel.SUMMARY_MAX_Y)]);
    }
    if (withTimes) {
      facts.push(["least t", head.leastTime, memory.field64(kernel.SUMMARY_MIN_T)]);
      facts.push(["greatest t", head.greatestTime, memory.field64(kernel.SUMMARY_MAX_T)]);
    }
    const wrong = facts.find(([, said, found]) => said !== found);
    if (wrong === undefined) return;
    throw damaged("the events of a chunk are not what it says of them", {
      ...place,
      expected: `${wrong[0]}: ${wrong[1]}`,
      found: `${wrong[2]}`,
    });
  }
}
