import type { TriggerColumns } from "../events/columns.ts";
import type { ChunkContext } from "./chunk.ts";
import type { TriggerEntry } from "./chunk-index.ts";
import { type ContainerCodec, compressStream, inflateStream, type StoredStream } from "./codec.ts";
import { aligned, readText, readU64, writeText, writeU64 } from "./fields.ts";
import {
  type Checksums,
  CODEC_FILL,
  CODEC_NONE,
  CODECS,
  MAX_SEGMENT_TRIGGERS,
  MAX_TRIGGER_COLUMNS,
  SEGMENT_HEAD_BYTES,
  TRIGGER_COLUMN,
  TRIGGER_COLUMN_BYTES,
  TRIGGER_NAME_BYTES,
  TRIGGERS,
  TYPE_BYTES,
} from "./layout.ts";
import { damaged, type Place } from "./problems.ts";
import { createSegment, openSegment, payloadOf, sealed } from "./segment.ts";
import type { ContainerSettings } from "./settings.ts";

/** The columns that are always there, and the numbers of their types. */
const COLUMNS = [
  { name: "t", type: 6 },
  { name: "id", type: 2 },
  { name: "value", type: 1 },
] as const;

/** Writes a segment `TRIG` of the first `length` triggers. */
export async function encodeTriggers(
  triggers: TriggerColumns,
  firstRow: number,
  { codec, level, checksum }: ContainerSettings,
): Promise<Uint8Array> {
  const { length } = triggers;
  const columns = COLUMNS.map(({ name, type }) => {
    const { buffer, byteOffset } = triggers[name];
    const raw = new Uint8Array(buffer, byteOffset, length * (TYPE_BYTES[type] as number)).slice();
    return { name, type, raw };
  });
  const stored = await Promise.all(
    columns.map(({ raw }): Promise<StoredStream> => compressStream(raw, isFill(raw), codec, level)),
  );
  const tableEnd = TRIGGERS.table + columns.length * TRIGGER_COLUMN_BYTES;
  const bytes = stored.reduce((end, stream) => end + aligned(stream.bytes.byteLength), tableEnd);
  const segment = createSegment("TRIG", bytes);
  const view = payloadOf(segment);
  view.setUint32(TRIGGERS.count, length, true);
  view.setUint32(TRIGGERS.columns, columns.length, true);
  writeU64(view, TRIGGERS.firstRow, firstRow);
  let start = tableEnd;
  for (const [index, { name, type, raw }] of columns.entries()) {
    const at = TRIGGERS.table + index * TRIGGER_COLUMN_BYTES;
    const stream = stored[index] as StoredStream;
    writeText(segment, SEGMENT_HEAD_BYTES + at + TRIGGER_COLUMN.name, name);
    view.setUint8(at + TRIGGER_COLUMN.type, type);
    view.setUint8(at + TRIGGER_COLUMN.codec, stream.codec);
    view.setUint32(at + TRIGGER_COLUMN.stored, stream.bytes.byteLength, true);
    view.setUint32(at + TRIGGER_COLUMN.raw, raw.byteLength, true);
    segment.set(stream.bytes, SEGMENT_HEAD_BYTES + start);
    start += aligned(stream.bytes.byteLength);
  }
  return sealed(segment, checksum);
}

function isFill(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === bytes[0]);
}

/** Says in a segment `TRIG` that so many triggers are in front of it. */
export function placeTriggers(segment: Uint8Array, firstRow: number, checksums: Checksums): void {
  writeU64(payloadOf(segment), TRIGGERS.firstRow, firstRow);
  sealed(segment, checksums);
}

/** What the front of a segment `TRIG` says, for whoever walks a file. */
export function triggerEntryOf(payload: DataView, offset: number, bytes: number): TriggerEntry {
  const firstRow = readU64(payload, TRIGGERS.firstRow);
  return { offset, bytes, firstRow, count: payload.getUint32(TRIGGERS.count, true) };
}

/**
 * Reads a segment `TRIG`.
 *
 * @param count - triggers that it must have
 * @throws EventError `damaged-data`
 */
export async function decodeTriggers(
  segment: Uint8Array,
  count: number,
  { codec, checkCrc }: ChunkContext,
  place: Place,
): Promise<TriggerColumns> {
  const view = openSegment(segment, "TRIG", checkCrc, place);
  const wrong = (problem: string, expected: string, found: string) =>
    damaged(`triggers are damaged: ${problem}`, { ...place, expected, found });
  const columnCount =
    view.byteLength >= TRIGGERS.table ? view.getUint32(TRIGGERS.columns, true) : 0;
  const tableEnd = TRIGGERS.table + columnCount * TRIGGER_COLUMN_BYTES;
  if (columnCount > MAX_TRIGGER_COLUMNS || tableEnd > view.byteLength) {
    throw wrong("their columns are none", `up to ${MAX_TRIGGER_COLUMNS}`, `${columnCount}`);
  }
  const rows = columnCount > 0 ? view.getUint32(TRIGGERS.count, true) : 0;
  if (rows !== count || count > MAX_SEGMENT_TRIGGERS)
    throw wrong("rows are missing", `${count}`, `${rows}`);
  const found = new Map<string, { type: number; raw: number; stream: StoredStream }>();
  let start = tableEnd;
  for (let index = 0; index < columnCount; index++) {
    const at = TRIGGERS.table + index * TRIGGER_COLUMN_BYTES;
    const name = readText(
      segment,
      SEGMENT_HEAD_BYTES + at + TRIGGER_COLUMN.name,
      TRIGGER_NAME_BYTES,
    );
    const type = view.getUint8(at + TRIGGER_COLUMN.type);
    const number = view.getUint8(at + TRIGGER_COLUMN.codec);
    const stored = view.getUint32(at + TRIGGER_COLUMN.stored, true);
    const raw = view.getUint32(at + TRIGGER_COLUMN.raw, true);
    if (raw !== count * (TYPE_BYTES[type] ?? 0) || stored < 1 || start + stored > view.byteLength) {
      throw wrong(
        `the column ${name} is not plausible`,
        `${count} values`,
        `${stored} of ${raw} bytes`,
      );
    }
    if (!isPlausible(number, stored, raw, codec)) {
      throw wrong(`the codec of the column ${name} is not plausible`, codec, `${number}`);
    }
    const from = SEGMENT_HEAD_BYTES + start;
    const bytes = segment.subarray(from, from + stored);
    found.set(name, { type, raw, stream: { codec: number, bytes } });
    start += aligned(stored);
  }
  const values = await Promise.all(
    COLUMNS.map(async ({ name, type }) => {
      const column = found.get(name);
      if (column === undefined || column.type !== type)
        throw wrong(`there is no column ${name}`, `type ${type}`, `${column?.type}`);
      // A copy is aligned as its values need it.
      return (await inflateStream(column.stream, column.raw, place)).slice().buffer as ArrayBuffer;
    }),
  );
  const [t, id, value] = values as [ArrayBuffer, ArrayBuffer, ArrayBuffer];
  return {
    length: count,
    t: new BigInt64Array(t),
    id: new Int16Array(id),
    value: new Uint8Array(value),
  };
}

function isPlausible(number: number, stored: number, raw: number, codec: string): boolean {
  if (number === CODEC_NONE) return stored === raw;
  if (number === CODEC_FILL) return stored === 1;
  return (CODECS[number] as ContainerCodec) === codec && stored < raw;
}
