import { EventError } from "../../../errors.ts";
import type { Assumption } from "../../../events/report.ts";
import { show } from "../../../util/show.ts";
import type { TimeOrigin, TimeScale } from "../../column-converter.ts";
import { unitNamed } from "../../column-names.ts";
import type { RowOptions, RowRange } from "../../decoder.ts";
import type { TimeUnit } from "../../options.ts";
import { EPOCH_NANOSECONDS } from "../../time-magnitudes.ts";
import { readDataset } from "../dataset-values.ts";
import { damaged } from "../problems.ts";
import type { RowColumn } from "../rows/row-column.ts";
import { RowReader } from "../rows/row-reader.ts";
import type { Value, Values } from "../structure/values.ts";
import type { Catalog } from "./catalog.ts";
import type { EventStream } from "./streams.ts";

/** What turns the numbers of the time column into microseconds. */
export interface TimeRule {
  readonly unit: TimeUnit;
  readonly scale: TimeScale;
  readonly origin: TimeOrigin;
  /** Microseconds that the file says are to be added, or the caller. */
  readonly offset: bigint;
  readonly assumption: Assumption | null;
}

/** What the times of a unit are multiplied with and divided by. */
const SCALES: Readonly<Record<TimeUnit, TimeScale>> = {
  s: { factor: 1_000_000, divisor: 1 },
  ms: { factor: 1000, divisor: 1 },
  us: { factor: 1, divisor: 1 },
  ns: { factor: 1, divisor: 1000 },
};

/** Attributes of a dataset that name its unit. */
const UNIT_ATTRIBUTES = ["unit", "units"];
/** First times that are looked at where nothing says the unit. */
const SAMPLE_ROWS = 4096;
/** No recording takes so many seconds, 11 days, nor was any made so many after 1970, 3168 years. */
const MOST_SECONDS = 1e6;
const LAST_SECOND = 1e11;

/**
 * Tells how the times of a stream become microseconds. Those with fractions are counted from the
 * first one, so that seconds since 1970 keep the precision that they have.
 *
 * @param written - rows that have a value in every column
 * @throws EventError `invalid-header` for a time offset that is none
 */
export async function timeRule(
  catalog: Catalog,
  stream: EventStream,
  column: RowColumn,
  options: RowOptions,
  written: readonly RowRange[],
): Promise<TimeRule> {
  const reader = await RowReader.open(catalog.file, [stream.columns.t]);
  const offset = await offsetOf(catalog, stream, options);
  const { unit, assumption } = await unitOf(stream, column, options, new Times(reader, written));
  const scale = SCALES[unit];
  const isFloat = column.type.startsWith("float");
  const first = isFloat ? await new Times(reader, written).first() : undefined;
  const zero = first !== undefined && Number.isFinite(first) ? first : 0;
  const start = microseconds(zero, scale) + offset;
  // A first time that 64 bits do not hold is counted from 0, and found out about with its row.
  const origin = isInt64(start) ? { zero, offset: start } : { zero: 0, offset };
  return { unit, scale, origin, offset, assumption };
}

const isInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value;

/** A floating-point time in microseconds, rounded to the nearest: its whole part is exact. */
function microseconds(time: number, { factor, divisor }: TimeScale): bigint {
  const whole = Math.floor(time);
  const fraction = time - whole;
  if (divisor === 1) {
    return BigInt(whole) * BigInt(factor) + BigInt(Math.round(fraction * factor));
  }
  return BigInt(Math.round((time * factor) / divisor));
}

async function unitOf(
  { columns, layout, path }: EventStream,
  column: RowColumn,
  { hdf5 }: RowOptions,
  times: Times,
): Promise<{ unit: TimeUnit; assumption: Assumption | null }> {
  const attributes = await columns.t.dataset.attributes();
  const named = UNIT_ATTRIBUTES.map((name) => attributes.get(name))
    .map((text) => (typeof text === "string" ? unitNamed(text) : null))
    .find((unit) => unit !== null);
  const stated = hdf5?.timeUnit ?? named ?? layout.timeUnit;
  if (stated !== undefined) return { unit: stated, assumption: null };
  const assume = (unit: TimeUnit, reason: string) => {
    return { unit, assumption: { what: "timeUnit", value: unit, reason: `${reason} of ${path}` } };
  };
  const time = await times.first();
  if (time === undefined) return { unit: "us", assumption: null };
  if (!column.type.startsWith("float")) {
    return Math.abs(time) >= EPOCH_NANOSECONDS
      ? assume("ns", "nothing says the unit, and microseconds would be too many in the times")
      : { unit: "us", assumption: null };
  }
  // What is no number or infinite is no time, and says nothing of the others.
  const sample = (await times.list(SAMPLE_ROWS)).filter(Number.isFinite);
  const [first = 0] = sample;
  const end = await times.last();
  const last = Number.isFinite(end) ? (end as number) : first;
  if (last - first > MOST_SECONDS || Math.abs(first) > LAST_SECOND) {
    return assume("us", "nothing says the unit, and seconds would be too many in the times");
  }
  const isWhole = sample.every(Number.isInteger) && sample.some((time) => time !== first);
  return isWhole
    ? assume("us", "nothing says the unit; there are no fractions of seconds in the times")
    : { unit: "s", assumption: null };
}

async function offsetOf(
  catalog: Catalog,
  { layout }: EventStream,
  { hdf5, path }: RowOptions,
): Promise<bigint> {
  const stated = hdf5?.timeOffset ?? layout.timeOffset ?? 0;
  if (typeof stated === "number") return BigInt(stated);
  const dataset = await catalog.dataset(stated);
  const values = dataset === null ? null : await readDataset(catalog.file, dataset);
  const value: Value | null = Array.isArray(values) ? (values[0] ?? null) : values;
  const isOne = !Array.isArray(values) || values.length === 1;
  if (isOne && typeof value === "bigint" && isInt64(value)) return value;
  if (isOne && typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  const expected = "one whole number of microseconds in 64 bits";
  if (hdf5?.timeOffset === undefined) {
    throw damaged(`the time offset ${stated} is none`, {
      path,
      byteOffset: dataset?.byteOffset,
      expected,
      found: described(values),
      hint: "Give `hdf5: { timeOffset: 0 }` to read the times as they are.",
    });
  }
  throw new EventError("invalid-option", "hdf5.timeOffset names no time offset", {
    path,
    format: "hdf5",
    expected: dataset === null ? await catalog.describe() : expected,
    found: dataset === null ? show(stated) : `${described(values)} in ${dataset.path}`,
  });
}

function described(values: Values | null): string {
  if (values === null) return "another kind of value";
  return Array.isArray(values) ? `${values.length} values` : show(values);
}

/** The times that were written, as the file has them. */
class Times {
  readonly #reader: RowReader;
  readonly #written: readonly RowRange[];

  constructor(reader: RowReader, written: readonly RowRange[]) {
    this.#reader = reader;
    this.#written = written;
  }

  /** The first ones, at most so many. */
  async list(most: number): Promise<number[]> {
    return (await this.#reader.sample(this.#written, most))[0] ?? [];
  }

  /** The first; undefined when there is none. */
  async first(): Promise<number | undefined> {
    return (await this.list(1))[0];
  }

  /** The last; undefined when there is none. */
  async last(): Promise<number | undefined> {
    const end = this.#written.at(-1)?.end;
    if (end === undefined) return undefined;
    return (await this.#reader.sample([{ start: end - 1, end }], 1))[0]?.[0];
  }
}
