import type pl from "nodejs-polars";
import type { DataFrame, Series } from "nodejs-polars";
import { platform } from "#platform";
import {
  bytesPerEvent,
  ColumnBuffer,
  type ColumnName,
  type EventColumns,
} from "../events/columns.ts";
import { hurryCollector } from "../util/allocate.ts";

/** What a series of Polars wraps, of which the declarations say nothing. */
interface NativeSeries {
  append(other: NativeSeries): void;
}

/** Its class, which makes them of typed arrays: the values are copied. */
type NativeClass = Record<string, (name: string, values: unknown) => NativeSeries>;

/** How the class of native series calls that for each column. */
const MAKERS: Readonly<Record<ColumnName, string>> = {
  x: "newUint16Array",
  y: "newUint16Array",
  t: "newBigint64Array",
  polarity: "newInt8Array",
};

/**
 * Bytes of frames after which the collector is hurried: it does not know what they hold, and frames that
 * nobody has any more would pile up.
 */
const HURRY_BYTES = 128_000_000;
let made = 0;

/** Puts batches together into one Polars DataFrame. Polars copies each batch once. */
export class FrameBuilder {
  readonly #polars: typeof pl;
  readonly #names: readonly ColumnName[];
  /** The columns so far, each a series of as many pieces as there were batches. */
  #columns: readonly FrameColumn[] | null = null;

  private constructor(polars: typeof pl, names: readonly ColumnName[]) {
    this.#polars = polars;
    this.#names = names;
  }

  /**
   * Loads Polars for a frame of the given columns.
   *
   * @throws EventError `polars-unavailable`
   */
  static async create(names: readonly ColumnName[]): Promise<FrameBuilder> {
    return new FrameBuilder(await platform.importPolars(), names);
  }

  /** Adds a batch; its arrays may be overwritten afterwards. */
  append(columns: EventColumns): void {
    if (this.#columns === null) {
      this.#columns = this.#names.map((name) => new FrameColumn(this.#polars, name, columns[name]));
    } else {
      for (const column of this.#columns) column.append(columns[column.name]);
    }
    made += columns.length * bytesPerEvent(this.#names);
    if (made < HURRY_BYTES) return;
    made = 0;
    hurryCollector();
  }

  /** The frame of all batches, which are not copied again. */
  finish(): DataFrame {
    if (this.#columns === null) this.append(new ColumnBuffer(0, this.#names).finish());
    return this.#polars.DataFrame((this.#columns ?? []).map(({ series }) => series));
  }
}

/** A column of a frame. */
class FrameColumn {
  readonly name: ColumnName;
  readonly series: Series;
  readonly #polars: typeof pl;
  /**
   * The series without what wraps it: a series of Polars is an object with some 300 methods of its own, which
   * takes as long to make as copying 100 000 events. Null where this version of Polars is made differently.
   */
  readonly #native: NativeSeries | null;

  constructor(polars: typeof pl, name: ColumnName, values: unknown) {
    this.#polars = polars;
    this.name = name;
    // Typed arrays are taken as they are, a fact that the declarations of Polars leave out.
    this.series = polars.Series(name, values as never);
    const native = this.series.inner() as Partial<NativeSeries>;
    const isKnown =
      typeof native.append === "function" && typeof classOf(native)[MAKERS[name]] === "function";
    this.#native = isKnown ? (native as NativeSeries) : null;
  }

  append(values: unknown): void {
    const native = this.#native;
    if (native === null) this.series.append(this.#polars.Series(this.name, values as never));
    else native.append(classOf(native)[MAKERS[this.name]]?.(this.name, values) as NativeSeries);
  }
}

function classOf(native: object): NativeClass {
  return native.constructor as unknown as NativeClass;
}
