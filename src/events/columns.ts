import { EventError } from "../errors.ts";
import { allocate } from "../util/allocate.ts";
import { show } from "../util/show.ts";

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

const ARRAY_TYPES = {
  x: Uint16Array,
  y: Uint16Array,
  t: BigInt64Array,
  polarity: Int8Array,
} as const;

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
    found: show(columns),
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
    this.#arrays = createColumns(capacity, names);
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

  /** The events so far; the buffer is not to be filled further. */
  finish(): EventColumns {
    const columns = viewColumns(this.#arrays, this.names, this.#length);
    // A view keeps the whole buffer alive; where much of that is empty, a copy is the lesser evil.
    return this.#length > this.capacity * FULL_ENOUGH ? columns : copyColumns(columns, this.names);
  }
}

/** Part of a buffer that must be filled for its memory to be handed out as it is. */
const FULL_ENOUGH = 0.75;

function copyColumns(columns: EventColumns, names: readonly ColumnName[]): EventColumns {
  const copies = names.map((name) => [name, columns[name]?.slice()] as const);
  return { length: columns.length, ...Object.fromEntries(copies) };
}

/** Views of the first `length` events of the named columns, in the order of the names. */
export function viewColumns(
  arrays: Partial<ColumnArrays>,
  names: readonly ColumnName[],
  length: number,
): EventColumns {
  const views = names.map((name) => [name, arrays[name]?.subarray(0, length)] as const);
  return { length, ...Object.fromEntries(views) };
}

function createColumns(capacity: number, names: readonly ColumnName[]): Partial<ColumnArrays> {
  const arrays = names.map((name) => [name, emptyColumn(name, capacity)] as const);
  return Object.fromEntries(arrays);
}

function emptyColumn(name: ColumnName, capacity: number): ColumnArrays[ColumnName] {
  const Column = ARRAY_TYPES[name];
  return new Column(allocate(capacity * Column.BYTES_PER_ELEMENT));
}
