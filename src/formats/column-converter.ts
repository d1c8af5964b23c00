/**
 * Drives the kernel `convert`, which brings columns of other integer types to those of the tile.
 */
import type { EventMemory } from "../kernels/event-memory.ts";
import { convertWasm } from "../kernels/generated/convert.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import * as layout from "../kernels/layout.ts";

/** The integers that columns of other people's files hold, little-endian. */
export const INTEGERS = {
  int8: { code: layout.TYPE_I8, bytes: 1 },
  uint8: { code: layout.TYPE_U8, bytes: 1 },
  int16: { code: layout.TYPE_I16, bytes: 2 },
  uint16: { code: layout.TYPE_U16, bytes: 2 },
  int32: { code: layout.TYPE_I32, bytes: 4 },
  uint32: { code: layout.TYPE_U32, bytes: 4 },
  int64: { code: layout.TYPE_I64, bytes: 8 },
  uint64: { code: layout.TYPE_U64, bytes: 8 },
} as const;

/** One of {@link INTEGERS}. */
export type IntegerType = keyof typeof INTEGERS;

/** What turns the times of a column into microseconds: `t * factor / divisor`, rounded down. */
export interface TimeScale {
  readonly factor: number;
  readonly divisor: number;
}

interface ConvertKernel {
  coordinates(type: number, from: number, to: number, at: number, count: number): void;
  times(
    type: number,
    from: number,
    to: number,
    at: number,
    count: number,
    factor: number,
    divisor: number,
  ): number;
  polarities(type: number, from: number, to: number, at: number, count: number): void;
  polarityBits(from: number, bit: number, to: number, at: number, count: number): void;
}

/**
 * Converts values that stand somewhere in an {@link EventMemory}, usually in an input slot, to the
 * columns of the tile behind its events.
 */
export class ColumnConverter {
  readonly #memory: EventMemory;
  readonly #kernel: ConvertKernel;

  private constructor(memory: EventMemory, kernel: ConvertKernel) {
    this.#memory = memory;
    this.#kernel = kernel;
  }

  static async create(memory: EventMemory): Promise<ColumnConverter> {
    return new ColumnConverter(
      memory,
      await instantiateKernel<ConvertKernel>(convertWasm, memory.memory),
    );
  }

  /**
   * Fills the column from its value `at` on. Coordinates that it cannot hold reject their row.
   *
   * @param from - address of the values
   */
  coordinates(column: "x" | "y", type: IntegerType, from: number, at: number, count: number): void {
    const { byteOffset } = this.#memory.columns[column];
    this.#kernel.coordinates(INTEGERS[type].code, from, byteOffset, at, count);
  }

  /** Fills the column `t`; returns the index of the first time that does not fit, -1 for none. */
  times(type: IntegerType, scale: TimeScale, from: number, at: number, count: number): number {
    const { byteOffset } = this.#memory.columns.t;
    const { factor, divisor } = scale;
    return this.#kernel.times(INTEGERS[type].code, from, byteOffset, at, count, factor, divisor);
  }

  /** Fills the column `polarity`: 1 where the value is greater than 0. */
  polarities(type: IntegerType, from: number, at: number, count: number): void {
    const { byteOffset } = this.#memory.columns.polarity;
    this.#kernel.polarities(INTEGERS[type].code, from, byteOffset, at, count);
  }

  /** Fills the column `polarity` with single bits, from bit number `bit` at `from` on. */
  polarityBits(from: number, bit: number, at: number, count: number): void {
    const { byteOffset } = this.#memory.columns.polarity;
    this.#kernel.polarityBits(from, bit, byteOffset, at, count);
  }
}
