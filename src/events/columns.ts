import { EventError } from "../errors.ts";

/** The columns of an event table, in their order. */
export const COLUMN_NAMES = ["x", "y", "t", "polarity"] as const;

/** One of {@link COLUMN_NAMES}. */
export type ColumnName = (typeof COLUMN_NAMES)[number];

/** The typed array behind each column. */
export interface ColumnArrays {
  /** Pixels from the left. */
  x: Uint16Array<ArrayBuffer>;
  /** Pixels from the top, unless the report says otherwise. */
  y: Uint16Array<ArrayBuffer>;
  /** Microseconds, as the recording has them. */
  t: BigInt64Array<ArrayBuffer>;
  /** ON is 1; OFF is -1 or 0, as the polarity encoding says. */
  polarity: Int8Array<ArrayBuffer>;
}

/** A run of events as columns; every column that is present has `length` values. */
export interface EventColumns extends Partial<Readonly<ColumnArrays>> {
  readonly length: number;
}

/** External triggers as columns. */
export interface TriggerColumns {
  readonly length: number;
  /** Microseconds, on the clock of the events. */
  readonly t: BigInt64Array<ArrayBuffer>;
  /** Number of the input. */
  readonly id: Int16Array<ArrayBuffer>;
  /** 1 for a rising, 0 for a falling edge. */
  readonly value: Uint8Array<ArrayBuffer>;
}

/**
 * Checks a projection that a caller gave; `undefined` means all columns.
 *
 * @returns the names in the order they were asked for
 * @throws EventError `invalid-option` for an empty list, an unknown name or one named twice
 */
export function checkColumns(columns: readonly ColumnName[] | undefined): readonly ColumnName[] {
  if (columns === undefined) return COLUMN_NAMES;
  const list = Array.isArray(columns) ? columns : [columns];
  const valid =
    Array.isArray(columns) &&
    list.length > 0 &&
    list.every((name) => COLUMN_NAMES.includes(name)) &&
    new Set(list).size === list.length;
  if (valid) return [...list];
  throw new EventError("invalid-option", "columns is not a projection of the event table", {
    expected: `one or more of ${COLUMN_NAMES.join(", ")}, each at most once`,
    found: JSON.stringify(columns) ?? String(columns),
  });
}

/**
 * Columns that are filled from the front, tile by tile, up to a fixed capacity. The arrays are the
 * final ones: what wraps them later copies nothing.
 */
export class ColumnBuffer {
  readonly capacity: number;
  readonly names: readonly ColumnName[];
  #arrays: Partial<ColumnArrays>;
  #length = 0;

  constructor(capacity: number, names: readonly ColumnName[]) {
    this.capacity = capacity;
    this.names = names;
    this.#arrays = allocate(capacity, names);
  }

  get length(): number {
    return this.#length;
  }

  /** How many more events fit. */
  get room(): number {
    return this.capacity - this.#length;
  }

  /** Copies the first `count` events of `source`, which has every column; they must fit. */
  append(source: ColumnArrays, count: number): void {
    const { x, y, t, polarity } = this.#arrays;
    const at = this.#length;
    x?.set(source.x.subarray(0, count), at);
    y?.set(source.y.subarray(0, count), at);
    t?.set(source.t.subarray(0, count), at);
    polarity?.set(source.polarity.subarray(0, count), at);
    this.#length += count;
  }

  /** The events so far, as views; the buffer is not to be filled further unless `clear` is called. */
  finish(): EventColumns {
    const { x, y, t, polarity } = this.#arrays;
    const length = this.#length;
    return {
      length,
      ...(x && { x: x.subarray(0, length) }),
      ...(y && { y: y.subarray(0, length) }),
      ...(t && { t: t.subarray(0, length) }),
      ...(polarity && { polarity: polarity.subarray(0, length) }),
    };
  }

  /** Starts again in the same memory; whoever holds the finished columns must have copied them. */
  clear(): void {
    this.#length = 0;
  }
}

function allocate(capacity: number, names: readonly ColumnName[]): Partial<ColumnArrays> {
  const has = (name: ColumnName): boolean => names.includes(name);
  return {
    ...(has("x") && { x: new Uint16Array(capacity) }),
    ...(has("y") && { y: new Uint16Array(capacity) }),
    ...(has("t") && { t: new BigInt64Array(capacity) }),
    ...(has("polarity") && { polarity: new Int8Array(capacity) }),
  };
}
