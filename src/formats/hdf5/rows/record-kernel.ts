import { recordsWasm } from "../../../kernels/generated/records.ts";
import { instantiateKernel } from "../../../kernels/kernel.ts";
import { copyValues } from "../../../util/copy-values.ts";
import { KernelMemory } from "../filters/kernel-memory.ts";

interface RecordsKernel {
  unshuffle(from: number, planeBytes: number, size: number, count: number, to: number): void;
  gather(from: number, stride: number, size: number, count: number, to: number): void;
  swapBytes(at: number, size: number, count: number): void;
}

/** Where the values of a column stand among the bytes of a chunk. */
export interface ValuePlace {
  /** Bytes in front of the value of row 0, and from a row to the next. */
  readonly offset: number;
  readonly stride: number;
  /** Bytes of a value: 1, 2, 4 or 8. */
  readonly size: number;
  readonly isBigEndian: boolean;
}

/** A column, and where its values go. */
export interface PlacedValues {
  readonly place: ValuePlace;
  readonly into: Uint8Array;
}

/** Bytes that are worked on at once; they and what becomes of them stay in the L2 cache. */
const TILE_BYTES = 32768;

/** Takes columns out of chunks, through a small memory. */
export class RecordKernel {
  readonly #memory: KernelMemory;
  readonly #kernel: RecordsKernel;
  readonly #input: number;
  readonly #middle: number;
  readonly #output: number;

  private constructor(memory: KernelMemory, kernel: RecordsKernel) {
    this.#memory = memory;
    this.#kernel = kernel;
    memory.ensure(3 * TILE_BYTES);
    this.#input = memory.start;
    this.#middle = this.#input + TILE_BYTES;
    this.#output = this.#middle + TILE_BYTES;
  }

  static async create(): Promise<RecordKernel> {
    const memory = new KernelMemory();
    return new RecordKernel(memory, await instantiateKernel(recordsWasm, memory.memory));
  }

  /**
   * Copies values of `count` rows of some columns, little-endian and one behind the other.
   *
   * @param first - the first row, counted where the places count
   * @param at - the row that it becomes
   */
  copy(
    bytes: Uint8Array,
    values: readonly PlacedValues[],
    first: number,
    count: number,
    at: number,
  ): void {
    const [one] = values;
    if (one === undefined) return;
    const { stride } = one.place;
    if (values.length === 1 || stride > TILE_BYTES / 2) {
      for (const { place, into } of values) {
        const { size } = place;
        this.#copyOne(bytes, place, first, count, into.subarray(at * size, (at + count) * size));
      }
      return;
    }
    // Records are brought into the kernel's memory once for all of their members.
    const low = Math.min(...values.map(({ place }) => place.offset));
    const high = Math.max(...values.map(({ place }) => place.offset + place.size));
    const most = Math.floor((TILE_BYTES - (high - low)) / stride) + 1;
    for (let done = 0; done < count; done += most) {
      const rows = Math.min(most, count - done);
      const from = low + (first + done) * stride;
      this.#bring(bytes, from, from + (rows - 1) * stride + high - low);
      for (const { place, into } of values) {
        const input = this.#input + place.offset - low;
        this.#kernel.gather(input, stride, place.size, rows, this.#output);
        this.#take(place, rows, into, at + done);
      }
    }
  }

  #copyOne(
    bytes: Uint8Array,
    place: ValuePlace,
    first: number,
    count: number,
    into: Uint8Array,
  ): void {
    const { offset, stride, size } = place;
    const start = offset + first * stride;
    if (stride === size) {
      copyValues(bytes.subarray(start, start + count * size), into, 0);
      this.#swap(place, into, count);
    } else if (stride > TILE_BYTES / 2) {
      for (let row = 0; row < count; row++) {
        const at = start + row * stride;
        into.set(bytes.subarray(at, at + size), row * size);
      }
      this.#swap(place, into, count);
    } else {
      const most = Math.floor(TILE_BYTES / stride);
      for (let done = 0; done < count; done += most) {
        const rows = Math.min(most, count - done);
        const at = start + done * stride;
        const end = at + (rows - 1) * stride + size;
        this.#bring(bytes, at, end);
        this.#kernel.gather(this.#input, stride, size, rows, this.#output);
        this.#take(place, rows, into, done);
      }
    }
  }

  /**
   * The same, one column at a time, for bytes that the filter "shuffle" brought into planes.
   *
   * @param elementBytes - of what it shuffled; values do not cross the borders of elements
   */
  copyShuffled(
    bytes: Uint8Array,
    elementBytes: number,
    place: ValuePlace,
    first: number,
    count: number,
    into: Uint8Array,
  ): void {
    const { offset, stride, size } = place;
    const elements = Math.floor(bytes.byteLength / elementBytes); // and bytes of a plane
    const step = stride / elementBytes;
    const plane = offset % elementBytes;
    const start = Math.floor(offset / elementBytes) + first * step;
    const most = Math.max(Math.floor(TILE_BYTES / size / step), 1);
    for (let done = 0; done < count; done += most) {
      const rows = Math.min(most, count - done);
      const length = (rows - 1) * step + 1;
      for (let byte = 0; byte < size; byte++) {
        const at = (plane + byte) * elements + start + done * step;
        this.#bring(bytes, at, at + length, byte * length);
      }
      const to = step === 1 ? this.#output : this.#middle;
      this.#kernel.unshuffle(this.#input, length, size, length, to);
      if (step > 1) this.#kernel.gather(to, step * size, size, rows, this.#output);
      this.#take(place, rows, into, done);
    }
  }

  /** Copies bytes into the input. */
  #bring(bytes: Uint8Array, start: number, end: number, at = 0): void {
    copyValues(bytes.subarray(start, end), this.#memory.bytes, this.#input + at);
  }

  /** Hands over the values in the output. */
  #take({ size, isBigEndian }: ValuePlace, rows: number, into: Uint8Array, row: number): void {
    if (isBigEndian && size > 1) this.#kernel.swapBytes(this.#output, size, rows);
    const values = this.#memory.bytes.subarray(this.#output, this.#output + rows * size);
    into.set(values, row * size);
  }

  /** Turns values around in place. */
  #swap({ size, isBigEndian }: ValuePlace, values: Uint8Array, count: number): void {
    if (!isBigEndian || size === 1) return;
    const most = TILE_BYTES / size;
    for (let done = 0; done < count; done += most) {
      const rows = Math.min(most, count - done);
      const part = values.subarray(done * size, (done + rows) * size);
      this.#memory.bytes.set(part, this.#output);
      this.#kernel.swapBytes(this.#output, size, rows);
      part.set(this.#memory.bytes.subarray(this.#output, this.#output + part.byteLength));
    }
  }
}
