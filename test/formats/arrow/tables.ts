/**
 * Arrow files of any columns, made by apache-arrow.
 */
import {
  type Data,
  type DataType,
  Field,
  Int8,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Uint16,
} from "apache-arrow";
import fc from "fast-check";
import { type LoadReport, loadTable, reportOf } from "../../../src/index.ts";
import type { LoadOptions } from "../../../src/stream/load-options.ts";
import {
  columnsOf,
  joinColumns,
  type NumberArray,
  type PlainColumns,
} from "../../support/expected-load.ts";

export type Kind = "file" | "stream";
export const KINDS: readonly Kind[] = ["file", "stream"];

/** A column of a batch: its type and its values. */
export type Column = readonly [type: DataType, values: ArrayBufferView & { length: number }];

/**
 * A column as apache-arrow has it. Every one has memory of its own: apache-arrow 21 takes columns
 * that share theirs for one, and writes a broken file.
 */
export function dataOf([type, values]: Column): Data {
  const data = (values as Uint8Array).slice();
  return makeData({ type, length: values.length, nullCount: 0, data } as never);
}

/** A table of the given batches, each a list of columns by name. */
export function tableOf(
  batches: readonly Readonly<Record<string, Column | Data>>[],
  metadata: Readonly<Record<string, string>> = {},
): Table {
  const all = batches.map((batch) =>
    Object.entries(batch).map(
      ([name, column]) => [name, "type" in column ? column : dataOf(column)] as const,
    ),
  );
  const fields = (all[0] ?? []).map(([name, { type }]) => new Field(name, type, false));
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  const made = all.map((columns) => {
    const children = columns.map(([, data]) => data);
    const length = children[0]?.length ?? 0;
    const struct = makeData({ type: new Struct(fields), length, nullCount: 0, children });
    return new RecordBatch(schema, struct);
  });
  return new Table(schema, made);
}

/** Bytes of an Arrow file or stream; never shared with another. */
export function ipcOf(table: Table, kind: Kind): Uint8Array<ArrayBuffer> {
  return tableToIPC(table, kind).slice();
}

/** The four columns in the types of the library's own tables. */
export function plainBatch({ x, y, t, polarity }: PlainColumns): Record<string, Column> {
  return {
    x: [new Uint16(), x],
    y: [new Uint16(), y],
    t: [new Int64(), t],
    polarity: [new Int8(), polarity],
  };
}

/** Parts of columns: one for each length, and one of the rest. */
export function cut(columns: PlainColumns, lengths: readonly number[]): PlainColumns[] {
  const parts: PlainColumns[] = [];
  let start = 0;
  const take = (end: number): void => {
    parts.push({
      x: columns.x.slice(start, end),
      y: columns.y.slice(start, end),
      t: columns.t.slice(start, end),
      polarity: columns.polarity.slice(start, end),
    });
    start = Math.min(end, columns.x.length);
  };
  for (const length of lengths) take(start + length);
  if (start < columns.x.length || parts.length === 0) take(columns.x.length);
  return parts;
}

/** `count` events of a sensor of 640 by 480 pixels, in order of time. */
export function someEvents(count: number): PlainColumns {
  return {
    x: Uint16Array.from({ length: count }, (_, row) => (row * 7) % 640),
    y: Uint16Array.from({ length: count }, (_, row) => (row * 11) % 480),
    t: BigInt64Array.from({ length: count }, (_, row) => BigInt(1000 + (row >> 1))),
    polarity: Int8Array.from({ length: count }, (_, row) => (row % 3 === 0 ? 0 : 1)),
  };
}

/** Random events in order of time. */
export const anyEvents = fc
  .tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 0xffff }))
  .map(([count, seed]): PlainColumns => {
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1;
      return state % below;
    };
    let time = BigInt(random(1000)) - 500n;
    return {
      x: Uint16Array.from({ length: count }, () => random(65536)),
      y: Uint16Array.from({ length: count }, () => random(65536)),
      t: BigInt64Array.from({ length: count }, () => {
        time += BigInt(random(5));
        return time;
      }),
      polarity: Int8Array.from({ length: count }, () => random(2)),
    };
  });

/** Columns and report of a load. */
export async function loaded(
  source: Parameters<typeof loadTable>[0],
  options: LoadOptions = {},
): Promise<{ columns: PlainColumns; report: LoadReport; metadata: Map<string, string> }> {
  const table = await loadTable(source, options);
  const columns = joinColumns(table.batches.map((batch) => columnsOf(batch as never)));
  return { columns, report: reportOf(table), metadata: table.schema.metadata };
}

/** The value of a column of any type at each row. */
export function valuesOf(array: NumberArray): bigint[] {
  return Array.from(array as Iterable<number | bigint>, BigInt);
}
