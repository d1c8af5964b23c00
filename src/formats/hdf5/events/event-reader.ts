import { COLUMN_NAMES, type ColumnName } from "../../../events/columns.ts";
import type { EventMemory } from "../../../kernels/event-memory.ts";
import type { InflatingThreads } from "../../ahead.ts";
import { ColumnConverter, type NumberType } from "../../column-converter.ts";
import type { RowReader as EventRowReader } from "../../decoder.ts";
import type { OnMalformed } from "../../options.ts";
import type { Hdf5File } from "../file.ts";
import type { ColumnType, RowColumn } from "../rows/row-column.ts";
import { RowReader } from "../rows/row-reader.ts";
import type { WrittenRows } from "../rows/written-rows.ts";
import type { EventColumns } from "./catalog.ts";
import { malformedRow } from "./malformed-row.ts";
import type { ValueRules } from "./value-rules.ts";

/** What a reader works with. */
interface ReaderParts {
  readonly file: Hdf5File;
  readonly columns: EventColumns;
  readonly rules: ValueRules;
  readonly written: WrittenRows;
  readonly memory: EventMemory;
  readonly onMalformed: OnMalformed;
  /** What may be held beside the memory. */
  readonly workingBytes?: number | undefined;
  readonly inflating?: InflatingThreads | undefined;
}

/** What the tile has in each column; polarities of one byte are checked where they are. */
const TILE_TYPES: Readonly<Record<ColumnName, readonly ColumnType[]>> = {
  x: ["uint16"],
  y: ["uint16"],
  t: ["int64"],
  polarity: ["int8", "uint8"],
};

/** Every part of the scratch space starts at a multiple of this. */
const ALIGNMENT = 8;

/** Whether the values of a column go into the tile as they are. */
function isAsInTile(name: ColumnName, { type }: RowColumn, { time, firstPixel }: ValueRules) {
  if (!TILE_TYPES[name].includes(type)) return false;
  if (name === "polarity") return true;
  if (name !== "t") return firstPixel === 0;
  return time.scale.factor === 1 && time.scale.divisor === 1 && time.origin.offset === 0n;
}

/** What the values of a column are when they are converted: halves are widened before. */
function convertedType({ type }: RowColumn): NumberType {
  return type === "float16" ? "float32" : type;
}

/** Bytes of such a value. */
const convertedBytes = ({ type, size }: RowColumn): number =>
  type === "float16" ? 2 * size : size;

/** Scratch space for every event of a tile that reading such columns takes. */
export function scratchBytesPerEvent(
  columns: Readonly<Record<ColumnName, RowColumn>>,
  rules: ValueRules,
): number {
  let bytes = 0;
  for (const name of COLUMN_NAMES) {
    const column = columns[name];
    // Every part ends at a multiple of the alignment, also that of a tile of one event.
    if (!isAsInTile(name, column, rules)) bytes += Math.max(convertedBytes(column), ALIGNMENT);
  }
  return bytes;
}

/** Reads the columns of an event stream into tiles. */
export class Hdf5EventReader implements EventRowReader {
  readonly #parts: ReaderParts;
  readonly #rows: RowReader;
  readonly #converter: ColumnConverter;
  /** Columns that pass through the scratch space, and where. */
  readonly #scratch: Readonly<Partial<Record<ColumnName, Uint8Array>>>;

  private constructor(parts: ReaderParts, rows: RowReader, converter: ColumnConverter) {
    this.#parts = parts;
    this.#rows = rows;
    this.#converter = converter;
    const { scratch, tileEvents } = parts.memory;
    const places: Partial<Record<ColumnName, Uint8Array>> = {};
    let at = 0;
    for (const [index, name] of COLUMN_NAMES.entries()) {
      const column = rows.columns[index] as RowColumn;
      if (isAsInTile(name, column, parts.rules)) continue;
      const bytes = tileEvents * convertedBytes(column);
      places[name] = scratch.subarray(at, at + bytes);
      at += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    }
    this.#scratch = places;
  }

  static async create(parts: ReaderParts): Promise<Hdf5EventReader> {
    const choices = COLUMN_NAMES.map((name) => parts.columns[name]);
    const rows = await RowReader.open(parts.file, choices, parts.workingBytes, parts.inflating);
    return new Hdf5EventReader(parts, rows, await ColumnConverter.create(parts.memory));
  }

  async read(start: number, count: number, signal: AbortSignal | undefined): Promise<void> {
    const { memory, onMalformed, written } = this.#parts;
    const missing = onMalformed === "skip" ? null : written.errorIn(start, start + count);
    if (missing !== null) throw missing;
    const at = memory.eventCount;
    const targets = COLUMN_NAMES.map((name, index) => {
      const scratch = this.#scratch[name];
      if (scratch !== undefined) return scratch;
      const { size } = this.#rows.columns[index] as RowColumn;
      const { buffer, byteOffset } = memory.columns[name];
      return new Uint8Array(buffer, byteOffset + at * size, count * size);
    });
    await this.#rows.readInto(start, count, targets, signal);
    let first = count;
    let malformed: ColumnName | null = null;
    for (const [index, name] of COLUMN_NAMES.entries()) {
      const values = targets[index] as Uint8Array;
      const rejected = this.#convert(name, values.byteOffset, at, count);
      if (rejected < 0 || rejected >= first) continue;
      first = rejected;
      malformed = name;
    }
    if (malformed === null || onMalformed === "skip") return;
    // What was checked where it is has been made a polarity, so the value is read again.
    const row = start + first;
    const index = COLUMN_NAMES.indexOf(malformed);
    const value = (await this.#rows.read(row, 1))[index]?.[0] ?? 0;
    const { file, rules } = this.#parts;
    const found = { name: malformed, column: this.#column(malformed), row, value };
    throw malformedRow({ ...found, rules }, file.reader.facts.path);
  }

  /** Converts values, or checks them where they are; returns the first row rejected, or -1. */
  #convert(name: ColumnName, from: number, at: number, count: number): number {
    const { time, firstPixel } = this.#parts.rules;
    const column = this.#column(name);
    const type = convertedType(column);
    if (column.type === "float16") this.#converter.widenHalves(from, count);
    if (name === "polarity") return this.#converter.checkedPolarities(type, from, at, count);
    if (this.#scratch[name] === undefined) return -1;
    if (name === "t") return this.#converter.times(type, time.scale, from, at, count, time.origin);
    return this.#converter.coordinates(name, type, from, at, count, firstPixel);
  }

  #column(name: ColumnName): RowColumn {
    return this.#rows.columns[COLUMN_NAMES.indexOf(name)] as RowColumn;
  }
}
