import { isEventError } from "../../../errors.ts";
import { untilAborted } from "../../../util/until-aborted.ts";
import type { InflatingThreads } from "../../ahead.ts";
import type { RowRange, WorkingBytes } from "../../decoder.ts";
import type { Hdf5Dataset, Hdf5File } from "../file.ts";
import { damaged } from "../problems.ts";
import { readerOf } from "./dataset-rows.ts";
import { type Piece, readPieces, takeAhead } from "./pieces.ts";
import {
  type ColumnArray,
  type ColumnChoice,
  columnArray,
  columnOf,
  floatsOf,
  type RowColumn,
} from "./row-column.ts";
import type { DatasetRows, RowSlice, Target } from "./row-plan.ts";
import { RowTools } from "./row-tools.ts";
import { pieceBudget, type ReaderBytes, readerBytes } from "./working-bytes.ts";
import { WrittenRows } from "./written-rows.ts";

/**
 * Reads rows of several columns, which may stand in several datasets, in any slices. It holds a
 * few chunks, whatever the file has: slices of about a million rows are as fast as larger ones.
 * One slice is read at a time.
 *
 * @example
 * ```ts
 * const file = await Hdf5File.open(source);
 * const columns = ["x", "y"].map((name) => ({ dataset: await file.dataset(`/events/${name}`) }));
 * const rows = await RowReader.open(file, columns);
 * const [x, y] = await rows.read(0, rows.rows);
 * ```
 */
export class RowReader {
  readonly columns: readonly RowColumn[];
  /** Rows that every column has. */
  readonly rows: number;
  readonly #file: Hdf5File;
  readonly #tools: RowTools;
  /** The datasets, and which of the columns stand in each. */
  readonly #datasets: readonly { readonly rows: DatasetRows; readonly columns: number[] }[];
  #written: Promise<WrittenRows> | undefined;
  /** Up to which row chunks were offered to other threads. */
  #offered = 0;

  private constructor(file: Hdf5File, columns: readonly RowColumn[], tools: RowTools) {
    this.#file = file;
    this.#tools = tools;
    this.columns = columns;
    this.rows = columns[0]?.rows ?? 0;
    const datasets = new Map<number, { rows: DatasetRows; columns: number[] }>();
    for (const [index, { dataset }] of columns.entries()) {
      const known = datasets.get(dataset.byteOffset);
      if (known !== undefined) known.columns.push(index);
      else {
        const rows = readerOf(file, dataset, tools);
        datasets.set(dataset.byteOffset, { rows, columns: [index] });
      }
    }
    this.#datasets = [...datasets.values()];
  }

  /**
   * Opens columns, at least one.
   *
   * @param workingBytes - what may be held beside the columns; as much as is of use by default
   * @param inflating - threads that decompress chunks of the file
   * @throws EventError `unsupported-format` for values that are no numbers or stored in a way that
   *   is not read, `invalid-header` when their lengths differ
   */
  static async open(
    file: Hdf5File,
    choices: readonly ColumnChoice[],
    workingBytes?: number,
    inflating?: InflatingThreads,
  ): Promise<RowReader> {
    const { path } = file.reader.facts;
    const columns = choices.map((choice) => columnOf(choice, path));
    const [first] = columns;
    const other = columns.find(({ rows }) => rows !== first?.rows);
    if (first !== undefined && other !== undefined) {
      throw damaged("the datasets of the events have different lengths", {
        path,
        row: Math.min(first.rows, other.rows),
        expected: `${first.rows} rows, as ${first.dataset.path} has`,
        found: `${other.rows} in ${other.dataset.path}`,
      });
    }
    const budget =
      workingBytes === undefined
        ? pieceBudget()
        : pieceBudget(bytesFor(columns).forPieces(workingBytes));
    return new RowReader(file, columns, await RowTools.create(budget, inflating));
  }

  /** What reading holds beside the columns. */
  get workingBytes(): WorkingBytes {
    const { least, usual } = bytesFor(this.columns);
    return { least, usual };
  }

  /** Bytes of the chunks that other threads can decompress, at most; undefined where there are none. */
  get inflatedBytes(): number | undefined {
    const sizes = this.#datasets.map(({ rows }) => rows.inflatedBytes);
    const most = sizes.every((size) => size !== null) ? Math.max(...sizes) : 0;
    return most === 0 ? undefined : most;
  }

  /**
   * The rows of which values were ever written; the others read as fill values.
   *
   * @throws EventError `invalid-header` for an index of chunks that is damaged
   */
  written(): Promise<WrittenRows> {
    this.#written ??= this.#findWritten();
    return this.#written;
  }

  async #findWritten(): Promise<WrittenRows> {
    const parts = [];
    for (const { rows, columns: places } of this.#datasets) {
      const columns = places.map((index) => this.columns[index] as RowColumn);
      const { dataset } = columns[0] as RowColumn;
      parts.push({ dataset, ranges: await rows.writtenRows(columns) });
    }
    return new WrittenRows(parts, this.rows, this.#file.reader.facts.path);
  }

  /**
   * Makes sure that values were written of every row.
   *
   * @throws EventError `invalid-header`, which names the dataset and the first row without values
   */
  async checkStored(): Promise<void> {
    (await this.written()).check();
  }

  /**
   * Reads rows into memory of the caller's, which may be that of a kernel.
   *
   * @param start - the first row, from 0
   * @param into - for each column the bytes of `count` values, little-endian
   * @throws EventError `damaged-data`, `invalid-header`, `unsupported-format`; RangeError for rows
   *   that the columns do not have
   */
  async readInto(
    start: number,
    count: number,
    into: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<void> {
    if (!(start >= 0 && count >= 0 && start + count <= this.rows)) {
      throw new RangeError(`rows ${start} to ${start + count} of ${this.rows}`);
    }
    if (count === 0) return;
    signal?.throwIfAborted();
    const pieces: Piece[] = [];
    await this.#offer({ start: start + count, count });
    const first = new FirstFailure();
    for (const { rows, columns } of this.#datasets) {
      const targets = columns.map((index): Target => {
        const column = this.columns[index] as RowColumn;
        return { column, into: (into[index] as Uint8Array).subarray(0, count * column.size) };
      });
      const planning = rows.plan({ start, count }, targets, (piece) => void pieces.push(piece));
      await untilAborted(planning, signal).catch((error: unknown) => {
        signal?.throwIfAborted();
        first.add(error, pieces.length);
      });
    }
    const { source } = this.#file;
    const order = new Map(pieces.map((piece, index) => [piece, index]));
    const fail = (error: unknown, piece: Piece): void => first.add(error, order.get(piece) ?? 0);
    const read = (some: readonly Piece[]) =>
      readPieces(source, some, this.#tools.buffers, signal, fail);
    await read(pieces.filter(({ ahead }) => ahead === undefined));
    const left = await takeAhead(pieces, signal, fail);
    if (left.length > 0) await read(left);
    first.throwIfAny();
  }

  /** Has other threads decompress chunks of rows that are likely to be asked for next. */
  async #offer({ start, count }: RowSlice): Promise<void> {
    const { inflating } = this.#tools;
    const from = Math.max(start, this.#offered);
    const end = Math.min(start + count, this.rows);
    if (inflating === undefined || from >= end) return;
    this.#offered = end;
    for (const { rows, columns: places } of this.#datasets) {
      const columns = places.map((index) => this.columns[index] as RowColumn);
      const slice = { start: from, count: end - from };
      // What is wrong there is told when its rows are asked for.
      inflating.offer(await rows.inflatable(slice, columns).catch(() => []));
    }
  }

  /**
   * The first rows of some ranges, as numbers: a list for each column.
   *
   * @param most - rows to read at most
   */
  async sample(ranges: readonly RowRange[], most: number): Promise<number[][]> {
    const lists = this.columns.map((): number[] => []);
    for (const { start, end } of ranges) {
      const count = Math.min(end - start, most - (lists[0]?.length ?? 0));
      if (count === 0) break;
      for (const [index, values] of (await this.read(start, count)).entries()) {
        for (const value of values) lists[index]?.push(Number(value));
      }
    }
    return lists;
  }

  /** Reads rows into new typed arrays, one for each column; halves as floats of 32 bits. */
  async read(start: number, count: number, signal?: AbortSignal): Promise<ColumnArray[]> {
    const arrays = this.columns.map(({ type }) => columnArray(type, count));
    const bytes = arrays.map(({ buffer }) => new Uint8Array(buffer));
    await this.readInto(start, count, bytes, signal);
    return arrays.map((array, index) => {
      return this.columns[index]?.type === "float16" ? floatsOf(array) : array;
    });
  }
}

/** Of all that goes wrong, what is wrong with the first row; of several columns that of the first. */
class FirstFailure {
  #failure: { readonly error: unknown; readonly row: number; readonly order: number } | undefined;

  /** @param order - of what is planned to be read, the place of what went wrong */
  add(error: unknown, order: number): void {
    const row = isEventError(error) ? (error.row ?? -1) : -1;
    const { row: first = row, order: before = order + 1 } = this.#failure ?? {};
    if (row < first || (row === first && order < before)) this.#failure = { error, row, order };
  }

  throwIfAny(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** Columns of one dataset may stand in as many rows of chunks. */
function bytesFor(columns: readonly RowColumn[]): ReaderBytes {
  const datasets = new Map<number, { dataset: Hdf5Dataset; lanes: number }>();
  for (const { dataset } of columns) {
    const isMatrix = dataset.shape.length > 1;
    const known = datasets.get(dataset.byteOffset);
    if (known === undefined) datasets.set(dataset.byteOffset, { dataset, lanes: 1 });
    else if (isMatrix) known.lanes++;
  }
  return readerBytes([...datasets.values()]);
}
