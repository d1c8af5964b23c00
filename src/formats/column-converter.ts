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

/** The numbers that such columns hold: floating-point ones, too. */
export const NUMBERS = {
  ...INTEGERS,
  float32: { code: layout.TYPE_F32, bytes: 4 },
  float64: { code: layout.TYPE_F64, bytes: 8 },
} as const;

/** One of {@link NUMBERS}. */
export type NumberType = keyof typeof NUMBERS;

/** What turns the times of a column into microseconds: `t * factor / divisor`. */
export interface TimeScale {
  readonly factor: number;
  readonly divisor: number;
}

/** Where the times of a column begin. */
export interface TimeOrigin {
  /** For floating-point times: the time that the others are counted from, as the column has it. */
  readonly zero: number;
  /** Microseconds that are added: those of `zero`, for floating-point times. */
  readonly offset: bigint;
}

const NO_ORIGIN: TimeOrigin = { zero: 0, offset: 0n };

/** The functions of the kernel take a type, addresses, the place in the column and a number of values. */
type Convert<More extends unknown[]> = (
  type: number,
  from: number,
  to: number,
  at: number,
  count: number,
  ...more: More
) => number;

interface ConvertKernel {
  readonly coordinates: Convert<[firstPixel: number]>;
  readonly times: Convert<[factor: number, divisor: number, offset: bigint]>;
  readonly floatTimes: Convert<[factor: number, divisor: number, zero: number, offset: bigint]>;
  readonly polarities: Convert<[]>;
  readonly checkedPolarities: Convert<[]>;
  polarityBits(from: number, bit: number, to: number, at: number, count: number): void;
  widenHalves(at: number, count: number): void;
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
   * @param firstPixel - the number that the first pixel has. Default 0.
   * @returns the index of the first row rejected, -1 for none
   */
  coordinates(
    column: "x" | "y",
    type: NumberType,
    from: number,
    at: number,
    count: number,
    firstPixel = 0,
  ): number {
    const { byteOffset } = this.#memory.columns[column];
    return this.#kernel.coordinates(NUMBERS[type].code, from, byteOffset, at, count, firstPixel);
  }

  /**
   * Fills the column `t`: integers scaled round down, others to the nearest. Times that 64 bits do
   * not hold reject their row.
   *
   * @returns the index of the first row rejected, -1 for none
   */
  times(
    type: NumberType,
    { factor, divisor }: TimeScale,
    from: number,
    at: number,
    count: number,
    { zero, offset }: TimeOrigin = NO_ORIGIN,
  ): number {
    const { byteOffset } = this.#memory.columns.t;
    const { code } = NUMBERS[type];
    return type === "float32" || type === "float64"
      ? this.#kernel.floatTimes(code, from, byteOffset, at, count, factor, divisor, zero, offset)
      : this.#kernel.times(code, from, byteOffset, at, count, factor, divisor, offset);
  }

  /** Fills the column `polarity`: 1 where the value is greater than 0. */
  polarities(type: IntegerType, from: number, at: number, count: number): void {
    const { byteOffset } = this.#memory.columns.polarity;
    this.#kernel.polarities(INTEGERS[type].code, from, byteOffset, at, count);
  }

  /**
   * The same for values that have to be -1, 0 or 1; others reject their row.
   *
   * @returns the index of the first row rejected, -1 for none
   */
  checkedPolarities(type: NumberType, from: number, at: number, count: number): number {
    const { byteOffset } = this.#memory.columns.polarity;
    return this.#kernel.checkedPolarities(NUMBERS[type].code, from, byteOffset, at, count);
  }

  /** Makes halves that stand at `at` floats of 32 bits, which take twice the room, in place. */
  widenHalves(at: number, count: number): void {
    this.#kernel.widenHalves(at, count);
  }

  /** Fills the column `polarity` with single bits, from bit number `bit` at `from` on. */
  polarityBits(from: number, bit: number, at: number, count: number): void {
    const { byteOffset } = this.#memory.columns.polarity;
    this.#kernel.polarityBits(from, bit, byteOffset, at, count);
  }
}
