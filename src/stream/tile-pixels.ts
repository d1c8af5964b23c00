import type { SensorGeometry } from "../events/geometry.ts";
import type { EventStatistics, PixelHistogram } from "../events/statistics.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import { histogramWasm } from "../kernels/generated/histogram.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import * as layout from "../kernels/layout.ts";

interface HistogramKernel {
  /** Adds the first `count` events to the counts of their pixels. */
  countPixels(count: number): void;
  /** Brings the sums up to date. */
  settlePixels(): void;
}

/** Blocks that are counted: 160 MiB, of which the pages without events stay untouched. */
const MOST_BLOCKS = 4096;
/** Pixels in them, and the most of a histogram. */
const MOST_PIXELS = MOST_BLOCKS * layout.BLOCK_PIXELS;
const ENTRY_BYTES = 2;
const BLOCK_BYTES = layout.BLOCK_PIXELS * (layout.RECENT_BYTES + layout.SUM_BYTES);
/** Numbers that a block has: events and ON events of each pixel. */
const BLOCK_COUNTS = layout.BLOCK_PIXELS * 2;
/** Coordinates are 16-bit numbers. */
const LARGEST = { width: 65536, height: 65536 };

/** A block of pixels that has events. */
export interface PixelBlock {
  /** Its first pixel. */
  readonly x: number;
  readonly y: number;
  /** Events and ON events of each pixel in turn, row by row. */
  readonly counts: Uint32Array<ArrayBuffer>;
}

/**
 * Counts the events of every pixel as tiles pass; all tiles are in the same memory. Pixels are
 * counted in blocks that get room with their first event: one sound size of memory does for any
 * sensor, and a stray event in a recording of unknown geometry costs a block and not a sensor.
 */
export class TilePixels {
  /** Room in the output of the memory that the counts take. */
  readonly bytes: number;
  readonly #columns: number;
  readonly #directoryBytes: number;
  readonly #mostBlocks: number;
  #kernel: HistogramKernel | undefined;
  #memory: EventMemory | undefined;
  /** The number of every block of the sensor, 0 without events, and the sums of all blocks. */
  #numbers = new Uint16Array(0);
  #counts = new Uint32Array(0);

  /**
   * @param geometry - what all coordinates lie in; null where it is not known
   * @param mostEvents - that can come; null where it is not known
   */
  constructor(geometry: SensorGeometry | null, mostEvents: number | null) {
    const { width, height } = geometry ?? LARGEST;
    this.#columns = Math.ceil(width / layout.BLOCK_SIDE);
    const blocks = this.#columns * Math.ceil(height / layout.BLOCK_SIDE);
    // Whole cache lines, so that every part behind it is aligned.
    this.#directoryBytes = Math.ceil((blocks * ENTRY_BYTES) / 64) * 64;
    const most = mostEvents ?? Number.POSITIVE_INFINITY;
    this.#mostBlocks = Math.min(blocks, Math.max(most, 1), MOST_BLOCKS);
    this.bytes = this.#directoryBytes + this.#mostBlocks * BLOCK_BYTES;
  }

  /** Adds the tile in `memory`; the counts stand `offset` bytes into its output. */
  async add(memory: EventMemory, offset: number): Promise<void> {
    this.#kernel ??= await this.#attach(memory, offset);
    this.#kernel.countPixels(memory.eventCount);
  }

  async #attach(memory: EventMemory, offset: number): Promise<HistogramKernel> {
    const { buffer, byteOffset } = memory.output;
    const directory = byteOffset + offset;
    const recent = directory + this.#directoryBytes;
    const sums = recent + this.#mostBlocks * layout.BLOCK_PIXELS * layout.RECENT_BYTES;
    this.#memory = memory;
    this.#numbers = new Uint16Array(buffer, directory, this.#directoryBytes / ENTRY_BYTES);
    this.#counts = new Uint32Array(buffer, sums, this.#mostBlocks * BLOCK_COUNTS);
    memory.setField(layout.BLOCK_DIRECTORY, directory);
    memory.setField(layout.BLOCK_COLUMNS, this.#columns);
    memory.setField(layout.RECENT, recent);
    memory.setField(layout.SUMS, sums);
    memory.setField(layout.BLOCKS_USED, 0);
    memory.setField(layout.BLOCKS_MOST, this.#mostBlocks);
    return instantiateKernel<HistogramKernel>(histogramWasm, memory.memory);
  }

  /** Brings the counts up to date; to be called before they are asked for. */
  settle(): void {
    this.#kernel?.settlePixels();
  }

  /** Events on pixels that there was no room to count. */
  get eventsNotCounted(): number {
    return this.#memory?.fieldFloat(layout.EVENTS_WITHOUT_BLOCK) ?? 0;
  }

  /** The blocks that have events, row by row. */
  *blocks(): Generator<PixelBlock, void, void> {
    for (let entry = 0; entry < this.#numbers.length; entry++) {
      const number = this.#numbers[entry] as number;
      if (number === 0) continue;
      const x = (entry % this.#columns) * layout.BLOCK_SIDE;
      const y = Math.floor(entry / this.#columns) * layout.BLOCK_SIDE;
      yield {
        x,
        y,
        counts: this.#counts.subarray((number - 1) * BLOCK_COUNTS, number * BLOCK_COUNTS),
      };
    }
  }

  /** The events of a pixel; 0 where there is none, or no such pixel. */
  eventsAt(x: number, y: number): number {
    const { BLOCK_SIDE } = layout;
    const column = Math.floor(x / BLOCK_SIDE);
    if (column < 0 || column >= this.#columns) return 0;
    const number = this.#numbers[Math.floor(y / BLOCK_SIDE) * this.#columns + column];
    if (!number) return 0;
    const pixel = (y % BLOCK_SIDE) * BLOCK_SIDE + (x % BLOCK_SIDE);
    return this.#counts[(number - 1) * BLOCK_COUNTS + pixel * 2] as number;
  }

  /**
   * The events of every pixel.
   *
   * @param geometry - of the sensor; null where it is not known
   * @param statistics - of the same tiles
   */
  histogram(geometry: SensorGeometry | null, { maxX, maxY }: EventStatistics): PixelHistogram {
    const { width, height } = geometry ?? { width: (maxX ?? -1) + 1, height: (maxY ?? -1) + 1 };
    const pixels = width * height;
    if (pixels > MOST_PIXELS) {
      const reason = `${width}x${height} pixels are more than the ${MOST_PIXELS} that a histogram may have`;
      return { width, height, events: null, on: null, reason };
    }
    if (this.eventsNotCounted > 0) {
      const reason = `${this.eventsNotCounted} events fell on pixels that there was no room to count`;
      return { width, height, events: null, on: null, reason };
    }
    const events = new Uint32Array(pixels);
    const on = new Uint32Array(pixels);
    for (const { x, y, counts } of this.blocks()) {
      // The last blocks may reach beyond the edges.
      const columns = Math.min(layout.BLOCK_SIDE, width - x);
      const rows = Math.min(layout.BLOCK_SIDE, height - y);
      for (let row = 0; row < rows; row++) {
        const from = row * layout.BLOCK_SIDE;
        const to = (y + row) * width + x;
        for (let column = 0; column < columns; column++) {
          events[to + column] = counts[(from + column) * 2] as number;
          on[to + column] = counts[(from + column) * 2 + 1] as number;
        }
      }
    }
    return { width, height, events, on, reason: null };
  }
}
