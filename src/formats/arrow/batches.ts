import { COLUMN_NAMES } from "../../events/columns.ts";
import { INTEGERS } from "../column-converter.ts";
import type { ArrowColumns, ColumnType } from "./columns.ts";
import type { RecordBatch } from "./flatbuffers.ts";
import type { ArrowMessage } from "./messages.ts";
import { damaged, unsupported } from "./problems.ts";

/** A run of rows that lie in one batch. */
export interface BatchPart {
  /** Row of the batch that it begins with, and its length. */
  readonly row: number;
  readonly count: number;
  /** Where the values of each column begin in the file, in the order of `COLUMN_NAMES`. */
  readonly offsets: readonly number[];
}

/** Numbers that are kept of a batch: its first row, and where its columns are. */
const RECORD_LENGTH = 1 + COLUMN_NAMES.length;

/** Where the rows of every batch are; 40 bytes a batch. */
export class BatchIndex {
  readonly #columns: ArrowColumns;
  readonly #path: string | undefined;
  #records = new Float64Array(RECORD_LENGTH * 16);
  #batches = 0;
  #rows = 0;

  constructor(columns: ArrowColumns, path: string | undefined) {
    this.#columns = columns;
    this.#path = path;
  }

  /** Rows of all batches. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Adds a batch. Nothing of what it says is believed before it is bounded by its body.
   *
   * @throws EventError `invalid-header`, `unsupported-format`
   */
  add(batch: RecordBatch, message: ArrowMessage): void {
    if (batch.compression() !== null) {
      throw unsupported("the batches are compressed", {
        path: this.#path,
        expected: "uncompressed Arrow IPC",
        hint: 'Write it with `pyarrow.feather.write_feather(table, path, compression="uncompressed")`, or from Polars with `compression="uncompressed"`.',
      });
    }
    // Every row has at least a byte in each column, so that many rows are sure to be too many.
    const rows = this.#bounded(batch.length(), message.bodyLength, "rows", message);
    if (rows === 0) return;
    const record = [this.#rows];
    for (const name of COLUMN_NAMES) {
      record.push(message.bodyOffset + this.#valuesOf(batch, rows, this.#columns[name], message));
    }
    this.#append(record);
    this.#rows += rows;
  }

  /** The part of the rows from `row` on, at most `count`, that lies in one batch. */
  part(row: number, count: number): BatchPart {
    let [low, high] = [0, this.#batches - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#firstRow(middle) <= row) low = middle;
      else high = middle - 1;
    }
    const at = low * RECORD_LENGTH;
    const end = low + 1 < this.#batches ? this.#firstRow(low + 1) : this.#rows;
    return {
      row: row - this.#firstRow(low),
      count: Math.min(count, end - row),
      offsets: [...this.#records.subarray(at + 1, at + RECORD_LENGTH)],
    };
  }

  #firstRow(batch: number): number {
    return this.#records[batch * RECORD_LENGTH] as number;
  }

  #append(record: readonly number[]): void {
    const at = this.#batches * RECORD_LENGTH;
    if (at >= this.#records.length) {
      const larger = new Float64Array(this.#records.length * 2);
      larger.set(this.#records);
      this.#records = larger;
    }
    this.#records.set(record, at);
    this.#batches++;
  }

  /** Where the values of a column begin in the body. */
  #valuesOf(
    batch: RecordBatch,
    rows: number,
    column: ArrowColumns["x"],
    message: ArrowMessage,
  ): number {
    const { label, node, type } = column;
    const index = column.buffer + this.#viewBuffers(batch, column.viewsBefore, message);
    if (node >= batch.nodesLength() || index >= batch.buffersLength()) {
      throw this.#damaged(message, `values of the column ${label}`, "fewer columns");
    }
    const length = batch.nodes(node)?.length();
    if (length !== BigInt(rows)) {
      throw this.#damaged(message, `${rows} values of the column ${label}`, `${length}`);
    }
    const nulls = batch.nodes(node)?.nullCount();
    if (nulls !== 0n) {
      throw unsupported(`the column ${label} has nulls`, {
        path: this.#path,
        expected: "a value in every row",
        found: `${nulls} nulls in a batch of ${rows} rows`,
        hint: "Drop or fill these rows before the file is written.",
      });
    }
    const buffer = batch.buffers(index);
    const [offset, bytes] = [buffer?.offset() ?? 0n, buffer?.length() ?? 0n];
    const start = this.#bounded(offset, message.bodyLength, "bytes", message);
    const available = this.#bounded(bytes, message.bodyLength - start, "bytes", message);
    const needed = bytesOf(type, rows);
    if (available < needed) {
      throw this.#damaged(message, `${needed} bytes of the column ${label}`, `${available}`);
    }
    return start;
  }

  /** Buffers that the columns with a varying number of them add in front of a column. */
  #viewBuffers(batch: RecordBatch, views: number, message: ArrowMessage): number {
    if (views > batch.variadicBufferCountsLength()) {
      throw this.#damaged(message, `buffers of ${views} columns`, "fewer");
    }
    let buffers = 0;
    for (let view = 0; view < views; view++) {
      const count = batch.variadicBufferCounts(view) ?? 0n;
      buffers += this.#bounded(count, batch.buffersLength(), "buffers", message);
    }
    return buffers;
  }

  #bounded(value: bigint, most: number, what: string, message: ArrowMessage): number {
    if (value >= 0n && value <= BigInt(most)) return Number(value);
    throw this.#damaged(message, `at most ${most} ${what}`, `${value}`);
  }

  #damaged(message: ArrowMessage, expected: string, found: string): Error {
    const { byteOffset } = message;
    return damaged("a batch of the file is damaged", {
      path: this.#path,
      byteOffset,
      expected,
      found,
    });
  }
}

function bytesOf({ values }: ColumnType, rows: number): number {
  return values === "bool" ? Math.ceil(rows / 8) : rows * INTEGERS[values].bytes;
}
