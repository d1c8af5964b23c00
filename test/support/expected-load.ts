/**
 * What a load of a recording must give, computed with a reference decoder, and how two event tables
 * are compared: column by column, with the first row that differs.
 */
import { RecordBatch } from "apache-arrow";
import { expect } from "vitest";
import type {
  EventBatch,
  EventTable,
  LoadReport,
  PolarityEncoding,
  SensorGeometry,
  TriggerTable,
} from "../../src/index.ts";
import {
  decodeEvt2Reference,
  type ReferenceEvent,
  type ReferenceTrigger,
} from "../reference/evt2.ts";
import { parseRawHeader } from "../reference/raw-header.ts";

/** What a report says of its mode: a sentence, or nothing where no plan was made. */
export const SOME_REASON: string = expect.toBeOneOf([null, expect.any(String)]);

/** Plain columns, whatever they were taken from. */
export interface PlainColumns {
  x: Uint16Array;
  y: Uint16Array;
  t: BigInt64Array;
  polarity: Int8Array;
}

export interface ExpectedLoad {
  events: ReferenceEvent[];
  columns: PlainColumns;
  triggers: { t: bigint[]; id: number[]; value: number[] };
  report: LoadReport;
}

/** What all reference decoders find out; a report's counts that a format cannot have are left out. */
export interface ReferenceLoad
  extends Pick<LoadReport, "firstAt">,
    Partial<
      Pick<LoadReport, "otherSubtypes" | "eventsWithoutAddress" | "malformedLines" | "firstLine">
    >,
    Pick<
      LoadReport,
      | "skippedWords"
      | "unknownWords"
      | "eventsBeforeTimeBase"
      | "triggersBeforeTimeBase"
      | "eventsOutsideGeometry"
      | "backwardSteps"
      | "clockWraps"
      | "truncatedBytes"
    > {
  events: ReferenceEvent[];
  triggers: ReferenceTrigger[];
}

/** A reference decoder and what a report calls its format. */
export interface ReferenceFormat {
  format: string;
  /** Decodes a whole recording, header and all; offsets count from its start. */
  decode: (recording: Uint8Array, geometry: SensorGeometry | null) => ReferenceLoad;
}

/** The reference decoder of a Prophesee RAW format, made of one for the data behind the header. */
export function rawReference(
  format: string,
  decodeData: (data: Uint8Array, options: { geometry: SensorGeometry | null }) => ReferenceLoad,
): ReferenceFormat {
  return {
    format,
    decode: (recording, geometry) => {
      const { dataOffset } = parseRawHeader(recording);
      const load = decodeData(recording.subarray(dataOffset), { geometry });
      const firstAt = Object.entries(load.firstAt).map(([kind, at]) => [kind, at + dataOffset]);
      return { ...load, firstAt: Object.fromEntries(firstAt) };
    },
  };
}

const EVT2_REFERENCE = rawReference("evt2", decodeEvt2Reference);

export interface ExpectedOptions {
  /** Default EVT 2.0. */
  reference?: ReferenceFormat;
  /** What the sensor is: null when nothing says it. */
  geometry: SensorGeometry | null;
  polarityEncoding?: PolarityEncoding;
  rebase?: boolean;
  sourceName?: string;
  assumptions?: LoadReport["assumptions"];
  mode?: LoadReport["mode"];
}

/** The columns, triggers and the whole report of a recording, header and all. */
export function expectedLoad(recording: Uint8Array, options: ExpectedOptions): ExpectedLoad {
  const {
    geometry,
    polarityEncoding = "minus-one-one",
    rebase = false,
    reference = EVT2_REFERENCE,
  } = options;
  const { events, triggers, ...counts } = reference.decode(recording, geometry);
  const shift = rebase ? (events[0]?.t ?? 0n) : 0n;
  return {
    events,
    columns: toColumns(events, polarityEncoding, shift),
    triggers: {
      t: triggers.map(({ t }) => t - shift),
      id: triggers.map(({ id }) => id),
      value: triggers.map(({ value }) => value),
    },
    report: {
      otherSubtypes: {},
      eventsWithoutAddress: 0,
      malformedLines: 0,
      ...counts,
      format: reference.format,
      sourceName: options.sourceName ?? null,
      compression: null,
      compressionDamage: null,
      geometry,
      polarityEncoding,
      timeOffset: Number(shift),
      events: events.length,
      triggers: triggers.length,
      bytesRead: recording.byteLength,
      assumptions: options.assumptions ?? [],
      mode: options.mode ?? "direct",
      modeReason: SOME_REASON,
      threads: 1,
    },
  };
}

export function toColumns(
  events: readonly ReferenceEvent[],
  polarityEncoding: PolarityEncoding = "minus-one-one",
  shift = 0n,
): PlainColumns {
  const offValue = polarityEncoding === "minus-one-one" ? -1 : 0;
  const columns = roomFor(events.length);
  for (const [row, { x, y, t, p }] of events.entries()) {
    columns.x[row] = x;
    columns.y[row] = y;
    columns.t[row] = t - shift;
    columns.polarity[row] = p === 1 ? 1 : offValue;
  }
  return columns;
}

/**
 * The columns of a table or batch; those it lacks are empty. Those of a batch, which may be borrowed, are
 * copied out.
 */
export function columnsOf(table: EventTable | EventBatch): PlainColumns {
  const isBatch = table instanceof RecordBatch;
  const column = <Values extends NumberArray>(name: keyof PlainColumns, none: Values): Values => {
    const values = (table.getChild(name)?.toArray() ?? none) as Values;
    return isBatch ? (values.slice() as Values) : values;
  };
  return {
    x: column("x", new Uint16Array(0)),
    y: column("y", new Uint16Array(0)),
    t: column("t", new BigInt64Array(0)),
    polarity: column("polarity", new Int8Array(0)),
  };
}

function roomFor(length: number): PlainColumns {
  return {
    x: new Uint16Array(length),
    y: new Uint16Array(length),
    t: new BigInt64Array(length),
    polarity: new Int8Array(length),
  };
}

/** Puts the columns of batches one behind the other. */
export function joinColumns(parts: readonly PlainColumns[]): PlainColumns {
  const length = parts.reduce((total, { x }) => total + x.length, 0);
  const all = roomFor(length);
  let at = 0;
  for (const part of parts) {
    all.x.set(part.x, at);
    all.y.set(part.y, at);
    all.t.set(part.t, at);
    all.polarity.set(part.polarity, at);
    at += part.x.length;
  }
  return all;
}

/** Throws with the first row in which a column differs; also when types or lengths do. */
export function expectSameColumns(actual: PlainColumns, expected: PlainColumns): void {
  for (const name of ["x", "y", "t", "polarity"] as const) {
    expectSameArray(name, actual[name], expected[name]);
  }
}

export type NumberArray = Uint8Array | Uint16Array | BigInt64Array | Int8Array;

export function expectSameArray(name: string, actual: NumberArray, expected: NumberArray): void {
  if (actual.constructor !== expected.constructor) {
    throw new Error(`${name}: ${actual.constructor.name} for ${expected.constructor.name}`);
  }
  if (actual.length !== expected.length) {
    throw new Error(`${name}: ${actual.length} rows for ${expected.length}`);
  }
  if (Buffer.compare(bytesOf(actual), bytesOf(expected)) === 0) return;
  for (let row = 0; row < expected.length; row++) {
    if (actual[row] !== expected[row]) {
      throw new Error(`${name}, row ${row}: ${actual[row]} for ${expected[row]}`);
    }
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: NumberArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The triggers of a table as plain lists. */
export function triggersOf(table: TriggerTable): ExpectedLoad["triggers"] {
  return {
    t: Array.from(table.getChild("t")?.toArray() ?? []),
    id: Array.from(table.getChild("id")?.toArray() ?? []),
    value: Array.from(table.getChild("value")?.toArray() ?? []),
  };
}
