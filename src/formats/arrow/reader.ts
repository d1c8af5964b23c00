import { EventError } from "../../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../../events/columns.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import type { ByteSource } from "../../source/byte-source.ts";
import { SliceReader } from "../../source/slice-reader.ts";
import { ColumnConverter, INTEGERS, type IntegerType } from "../column-converter.ts";
import type { RowOptions, RowReader } from "../decoder.ts";
import type { BatchIndex } from "./batches.ts";
import type { ArrowColumn, ArrowColumns } from "./columns.ts";

/** What a reader works with. */
interface ReaderParts {
  readonly source: ByteSource;
  readonly columns: ArrowColumns;
  readonly batches: BatchIndex;
  readonly memory: EventMemory;
  readonly options: RowOptions;
}

/** What the tile has in each column. */
const TILE_TYPES: Readonly<Record<ColumnName, IntegerType>> = {
  x: "uint16",
  y: "uint16",
  t: "int64",
  polarity: "int8",
};

/** Values of a column that lie one behind the other in the file. */
interface Run {
  /** Where the values of their batch begin in the file. */
  readonly values: number;
  /** The first of them, counted in the batch and in the table. */
  readonly batchRow: number;
  readonly row: number;
  readonly count: number;
  /** Where the first one goes in the tile. */
  readonly at: number;
}

/**
 * Reads columns straight into the tile. Those of other types than the tile's pass through an input
 * slot, piece by piece, and are converted.
 */
export class ArrowRowReader implements RowReader {
  readonly #parts: ReaderParts;
  readonly #slices: SliceReader;
  readonly #converter: ColumnConverter;
  readonly #slot: Uint8Array<ArrayBuffer>;

  private constructor(parts: ReaderParts, converter: ColumnConverter) {
    this.#parts = parts;
    this.#slices = new SliceReader(parts.source, parts.memory.inputs[0]);
    this.#slot = parts.memory.inputs[1];
    this.#converter = converter;
  }

  static async create(parts: ReaderParts): Promise<ArrowRowReader> {
    return new ArrowRowReader(parts, await ColumnConverter.create(parts.memory));
  }

  async read(start: number, count: number, signal: AbortSignal | undefined): Promise<void> {
    const { batches, memory } = this.#parts;
    const end = start + count;
    for (let row = start; row < end; ) {
      const part = batches.part(row, end - row);
      const at = memory.eventCount + row - start;
      const run = { row, batchRow: part.row, count: part.count, at };
      const reading = this.#readPart(part.offsets, run, signal);
      if (reading !== null) await reading;
      row += part.count;
    }
  }

  /** Reads all columns of some rows at once, but for those that need the slot, one by one. */
  #readPart(
    offsets: readonly number[],
    rows: Omit<Run, "values">,
    signal: AbortSignal | undefined,
  ): Promise<unknown> | null {
    const waiting: Promise<void>[] = [];
    let converted: Promise<void> | null = null;
    for (const [index, name] of COLUMN_NAMES.entries()) {
      const column = this.#parts.columns[name];
      const run = { ...rows, values: offsets[index] as number };
      if (isAsInTile(name, column)) {
        const reading = this.#readStraight(name, run, signal);
        if (reading !== null) waiting.push(reading);
      } else {
        const before: Promise<void> = converted ?? Promise.resolve();
        converted = before.then(() => this.#readConverted(name, column, run, signal));
      }
    }
    if (converted !== null) waiting.push(converted);
    return waiting.length === 0 ? null : Promise.all(waiting);
  }

  #readStraight(name: ColumnName, run: Run, signal: AbortSignal | undefined): Promise<void> | null {
    const { bytes } = INTEGERS[TILE_TYPES[name]];
    const { buffer, byteOffset } = this.#parts.memory.columns[name];
    const into = new Uint8Array(buffer, byteOffset + run.at * bytes, run.count * bytes);
    return this.#slices.read(run.values + run.batchRow * bytes, into, signal);
  }

  async #readConverted(
    name: ColumnName,
    column: ArrowColumn,
    run: Run,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { values } = column.type;
    if (values === "bool") {
      await this.#readBits(run, signal);
      return;
    }
    const { bytes } = INTEGERS[values];
    const offset = run.values + run.batchRow * bytes;
    const most = Math.floor(this.#slot.byteLength / bytes);
    for (let done = 0; done < run.count; done += most) {
      const count = Math.min(most, run.count - done);
      const piece = this.#slot.subarray(0, count * bytes);
      await this.#slices.read(offset + done * bytes, piece, signal);
      this.#convert(name, column, { ...run, row: run.row + done, at: run.at + done, count });
    }
  }

  /** Converts the values in the slot. */
  #convert(name: ColumnName, { label, type }: ArrowColumn, { row, at, count }: Run): void {
    const values = type.values as IntegerType;
    const from = this.#slot.byteOffset;
    if (name === "polarity") {
      this.#converter.polarities(values, from, at, count);
      return;
    }
    if (name !== "t") {
      this.#converter.coordinates(name, values, from, at, count);
      return;
    }
    const failed = this.#converter.times(values, type.scale, from, at, count);
    if (failed < 0) return;
    throw new EventError("unsafe-time", `a time of the column ${label} is too large`, {
      path: this.#parts.options.path,
      format: "arrow",
      row: row + failed,
      expected: "at most 9223372036854775807 us before or after 0",
    });
  }

  /** Reads booleans, eight of which share a byte. */
  async #readBits(run: Run, signal: AbortSignal | undefined): Promise<void> {
    const most = (this.#slot.byteLength - 1) * 8;
    for (let done = 0; done < run.count; done += most) {
      const count = Math.min(most, run.count - done);
      const first = run.batchRow + done;
      const bit = first % 8;
      const piece = this.#slot.subarray(0, Math.ceil((bit + count) / 8));
      await this.#slices.read(run.values + Math.floor(first / 8), piece, signal);
      this.#converter.polarityBits(this.#slot.byteOffset, bit, run.at + done, count);
    }
  }
}

function isAsInTile(name: ColumnName, { type }: ArrowColumn): boolean {
  const { values, scale } = type;
  return values === TILE_TYPES[name] && scale.factor === 1 && scale.divisor === 1;
}
