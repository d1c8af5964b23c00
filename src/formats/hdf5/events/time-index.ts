import type { Hdf5Dataset } from "../file.ts";
import { RowReader } from "../rows/row-reader.ts";
import { type Catalog, isColumn } from "./catalog.ts";
import type { EventStream } from "./streams.ts";
import type { TimeRule } from "./times.ts";

/** Microseconds between two entries of the index. */
const STEP_US = 1000n;
/** Rows that are read at once; more are halved first. */
const SLICE_ROWS = 4096;

/** Rows, the last one not among them. */
interface Bounds {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds rows by their time in a stream whose times never go back: by the index that DSEC and others
 * have, `ms_to_idx`, else by halving. The index is a hint: rows that it gives are checked, and a
 * wrong one costs time only.
 */
export class TimeIndex {
  readonly #times: RowReader;
  readonly #time: TimeRule;
  /** `entries[m]` is the first row at or after `m` milliseconds, before the offset is added. */
  readonly #entries: RowReader | null;

  private constructor(times: RowReader, time: TimeRule, entries: RowReader | null) {
    this.#times = times;
    this.#time = time;
    this.#entries = entries;
  }

  /** Whether a file has an index of its times, which only times that ascend can have. */
  static async isIn(catalog: Catalog, { layout }: EventStream): Promise<boolean> {
    return layout.timeIndex !== undefined && (await catalog.dataset(layout.timeIndex)) !== null;
  }

  static async open(
    catalog: Catalog,
    { columns, layout }: EventStream,
    time: TimeRule,
  ): Promise<TimeIndex> {
    const times = await RowReader.open(catalog.file, [columns.t]);
    const dataset = layout.timeIndex === undefined ? null : await catalog.dataset(layout.timeIndex);
    return new TimeIndex(times, time, dataset === null ? null : await entriesOf(catalog, dataset));
  }

  /** The first row whose time is at or after `time`, in microseconds; the number of rows if none. */
  async firstRowAt(time: bigint): Promise<number> {
    const { rows } = this.#times;
    let { start, end } = (await this.#hint(time)) ?? { start: 0, end: rows };
    while (end - start > SLICE_ROWS) {
      const middle = start + Math.floor((end - start) / 2);
      if ((await this.#timeOf(middle)) < time) start = middle + 1;
      else end = middle;
    }
    const slice = await this.#read(start, end - start);
    const index = slice.findIndex((value) => value >= time);
    return index < 0 ? end : start + index;
  }

  /** What the index says; null without one, or when it is wrong. */
  async #hint(time: bigint): Promise<Bounds | null> {
    if (this.#entries === null) return null;
    const { rows } = this.#times;
    const last = this.#entries.rows - 1;
    const millisecond = Number((time - this.#time.offset) / STEP_US);
    if (!(millisecond >= 0) || last < 0) return null;
    const from = Math.min(millisecond, last);
    const [entries] = await this.#entries.read(from, Math.min(2, last + 1 - from));
    const start = Number(entries?.[0]);
    const end = millisecond > last ? rows : Number(entries?.[1] ?? rows);
    if (!(start >= 0 && start <= end && end <= rows)) return null;
    const isBehind = start === 0 || (await this.#timeOf(start - 1)) < time;
    const isBefore = end === rows || (await this.#timeOf(end)) >= time;
    return isBehind && isBefore ? { start, end } : null;
  }

  async #timeOf(row: number): Promise<bigint> {
    return (await this.#read(row, 1))[0] as bigint;
  }

  /** Times in microseconds, as the tile has them. */
  async #read(start: number, count: number): Promise<bigint[]> {
    const [values] = await this.#times.read(start, count);
    return Array.from(values as ArrayLike<number | bigint>, (value) => this.#microseconds(value));
  }

  #microseconds(value: number | bigint): bigint {
    const { factor, divisor } = this.#time.scale;
    const { zero, offset } = this.#time.origin;
    if (this.#times.columns[0]?.type.startsWith("float")) {
      const rounded = nearest(((Number(value) - zero) * factor) / divisor);
      return BigInt(Number.isFinite(rounded) ? rounded : 0) + offset;
    }
    const scaled = BigInt(value) * BigInt(factor);
    const whole = scaled / BigInt(divisor);
    return whole * BigInt(divisor) > scaled ? whole - 1n + offset : whole + offset;
  }
}

/** The nearest whole number, of two the even one: as the kernel rounds. */
function nearest(value: number): number {
  const rounded = Math.round(value); // of two the greater one
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

async function entriesOf(catalog: Catalog, dataset: Hdf5Dataset): Promise<RowReader | null> {
  const choice = { dataset };
  return isColumn(choice) ? RowReader.open(catalog.file, [choice]) : null;
}
