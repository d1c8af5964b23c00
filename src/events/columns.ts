import { EventError } from "../errors.ts";
import { allocate } from "../util/allocate.ts";
import { copyValues } from "../util/copy-values.ts";
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

/** Bytes that an event takes in the named columns. */
export function bytesPerEvent(names: readonly ColumnName[]): number {
  return names.reduce((bytes, name) => bytes + ARRAY_TYPES[name].BYTES_PER_ELEMENT, 0);
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
    found: show(columns),
  });
}

/**
 * Columns that are filled from the front, tile by tile. The arrays are the final ones: what wraps
 * them later copies nothing.
 */
export class ColumnBuffer {
  readonly names: readonly ColumnName[];
  #capacity: number;
  #arrays: Partial<ColumnArrays>;
  #length = 0;
  readonly #fullEnough: number;

  /** @param fullEnough - the part that must be filled for its memory to be handed out as it is */
  constructor(capacity: number, names: readonly ColumnName[], fullEnough = FULL_ENOUGH) {
    this.#capacity = capacity;
    this.#fullEnough = fullEnough;
    this.names = names;
    this.#arrays = createColumns(capacity, names);
  }

  /** The most events that fit. */
  get capacity(): number {
    return this.#capacity;
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes of the columns, filled or not. */
  get byteLength(): number {
    return this.#capacity * bytesPerEvent(this.names);
  }

  /** Makes room for more events: column by column, so that one of them is there twice at most. */
  grow(capacity: number): void {
    for (const name of this.names) {
      const values = this.#arrays[name];
      const larger = emptyColumn(name, capacity);
      larger.set(values as never);
      this.#arrays = { ...this.#arrays, [name]: larger };
    }
    this.#capacity = capacity;
  }

  /** Copies events of `source`, which has every column. */
  append(source: ColumnArrays, start: number, end: number): void {
    this.#reserve(end - start);
    const at = this.#length;
    for (const name of this.names) {
      copyValues<ColumnArrays[ColumnName]>(
        source[name].subarray(start, end),
        this.#arrays[name] as ColumnArrays[ColumnName],
        at,
      );
    }
    this.#length += end - start;
  }

  /** The memory of up to `count` events behind `skip` that are still to come, one piece a column. */
  room(skip: number, count: number): Uint8Array[] {
    const start = Math.min(this.#length + skip, this.#capacity);
    const end = Math.min(start + count, this.#capacity);
    return this.names.map((name) => {
      const {
        buffer,
        byteOffset,
        BYTES_PER_ELEMENT: size,
      } = this.#arrays[name] as ColumnArrays[ColumnName];
      return new Uint8Array(buffer, byteOffset + start * size, (end - start) * size);
    });
  }

  /** Forgets the events, so that their memory is used again. */
  clear(): void {
    this.#length = 0;
  }

  /** The events so far, as views that the next ones overwrite after `clear`. */
  view(): EventColumns {
    return viewColumns(this.#arrays, this.names, this.#length);
  }

  /** The events so far; the buffer is not to be filled further. */
  finish(): EventColumns {
    const columns = this.view();
    // A view keeps the whole buffer alive; where much of that is empty, a copy is the lesser evil.
    return this.#length > this.#capacity * this.#fullEnough ? columns : copyColumns(columns);
  }

  /** Makes room for `count` more events, at least twice as much as there was. */
  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#capacity) this.grow(Math.max(needed, this.#capacity * 2));
  }
}

/** That part where nobody planned how many events come: a buffer that grew is half full at least. */
export const FULL_ENOUGH = 0.75;

/** The same events in memory of their own. */
export function copyColumns({ length, ...arrays }: EventColumns): EventColumns {
  const copies = Object.entries(arrays).map(([name, array]) => [name, array.slice()] as const);
  return { length, ...Object.fromEntries(copies) };
}

/** Views of the events in front of `end` of the named columns, in the order of the names. */
export function viewColumns(
  arrays: Partial<ColumnArrays>,
  names: readonly ColumnName[],
  end: number,
  start = 0,
): EventColumns {
  const views = names.map((name) => [name, arrays[name]?.subarray(start, end)] as const);
  return { length: end - start, ...Object.fromEntries(views) };
}

function createColumns(capacity: number, names: readonly ColumnName[]): Partial<ColumnArrays> {
  const arrays = names.map((name) => [name, emptyColumn(name, capacity)] as const);
  return Object.fromEntries(arrays);
}

function emptyColumn(name: ColumnName, capacity: number): ColumnArrays[ColumnName] {
  const Column = ARRAY_TYPES[name];
  return new Column(allocate(capacity * Column.BYTES_PER_ELEMENT));
}
