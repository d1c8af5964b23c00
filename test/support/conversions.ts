/**
 * What conversions are tested with: every format that is read and written, and a sink that keeps
 * what it is given. A new format is one more entry.
 */
import {
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
import h5wasm from "h5wasm";
import { expect } from "vitest";
import type { WholeEventColumns } from "../../src/events/from-table.ts";
import {
  type ByteSink,
  type ByteSource,
  type ConvertOptions,
  convertRecording,
  encodeDat,
  encodeEvt2,
  encodeEvt3,
  encodeEvt21,
  type OpenOptions,
  openRecording,
  type SensorGeometry,
} from "../../src/node.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { containerOf } from "./containers.ts";
import { eventColumns, type PlainEvent, type PlainTrigger, triggerColumns } from "./encodings.ts";
import { concatBytes, latin1Bytes } from "./evt2-words.ts";

/** What a recording is made of. */
export interface Scene {
  events: readonly PlainEvent[];
  triggers?: readonly PlainTrigger[];
  geometry?: SensorGeometry | undefined;
  header?: Readonly<Record<string, string>>;
}

export interface TestedFormat {
  id: string;
  /** What reading it calls it. Default: the same. */
  readsAs?: string;
  /** How names of its files end. */
  ending: string;
  keepsTriggers: boolean;
  keepsGeometry: boolean;
  /** Whether it has the text header of RAW files. */
  hasHeader: boolean;
  /** Whether OFF is written as it was read, or is no number at all. */
  writesPolarity: boolean;
  /** A recording of this format, made without a conversion. */
  make: (scene: Scene) => Promise<Uint8Array<ArrayBuffer>>;
}

/** The arguments of `encodeEvt2` and its like. */
function encodable({ events, triggers = [], geometry, header }: Scene) {
  const options = { triggers: triggerColumns(triggers), geometry, header };
  return [eventColumns(events), options] as const;
}

function csvText({ events }: Scene): string {
  const lines = events.map(({ x, y, t, p }) => `${x},${y},${t},${p}\n`);
  return `x,y,t,polarity\n${lines.join("")}`;
}

function secondsText({ events }: Scene): string {
  const lines = events.map(({ x, y, t, p }) => {
    const digits = String(Math.abs(t)).padStart(7, "0");
    return `${t < 0 ? "-" : ""}${digits.slice(0, -6)}.${digits.slice(-6)} ${x} ${y} ${p}\n`;
  });
  return lines.join("") || "# t x y p\n";
}

function arrowFile({ events, geometry }: Scene): Uint8Array<ArrayBuffer> {
  const { x, y, t, polarity } = eventColumns(events);
  const { length } = events;
  const columns = { x, y, t, polarity };
  const types = { x: new Uint16(), y: new Uint16(), t: new Int64(), polarity: new Int8() };
  const names = ["x", "y", "t", "polarity"] as const;
  const fields = names.map((name) => new Field(name, types[name], false));
  const children = names.map((name) =>
    makeData({ type: types[name], length, nullCount: 0, data: columns[name] } as never),
  );
  const metadata = new Map(
    geometry ? [["evarrow.geometry", `${geometry.width}x${geometry.height}`]] : [],
  );
  const schema = new Schema(fields, metadata);
  const data = makeData({ type: new Struct(fields), length, nullCount: 0, children } as never);
  const table = new Table(schema, length === 0 ? [] : [new RecordBatch(schema, data as never)]);
  return tableToIPC(table, "file").slice();
}

let hdf5Files = 0;

async function hdf5File({ events, geometry }: Scene): Promise<Uint8Array<ArrayBuffer>> {
  const { FS } = await h5wasm.ready;
  const path = `/scene-${hdf5Files++}.h5`;
  const file = new h5wasm.File(path, "w");
  const { x, y, t, polarity: p } = eventColumns(events);
  const group = file.create_group("events");
  for (const [name, data] of Object.entries({ x, y, t, p })) {
    group.create_dataset({ name, data: data as Uint16Array });
  }
  if (geometry) file.create_attribute("geometry", `${geometry.width}x${geometry.height}`);
  file.close();
  const bytes = Uint8Array.from(FS.readFile(path));
  FS.unlink(path);
  return bytes;
}

const RAW = { keepsTriggers: true, keepsGeometry: true, hasHeader: true, writesPolarity: false };
const PLAIN = { keepsTriggers: false, hasHeader: false, writesPolarity: true };

export const CONVERTED: readonly TestedFormat[] = [
  { id: "evt2", ending: ".evt2.raw", ...RAW, make: (scene) => encodeEvt2(...encodable(scene)) },
  { id: "evt21", ending: ".evt21.raw", ...RAW, make: (scene) => encodeEvt21(...encodable(scene)) },
  { id: "evt3", ending: ".evt3.raw", ...RAW, make: (scene) => encodeEvt3(...encodable(scene)) },
  {
    id: "dat",
    ending: ".dat",
    ...PLAIN,
    keepsGeometry: true,
    writesPolarity: false,
    make: ({ events, geometry }) => encodeDat(eventColumns(events), { geometry }),
  },
  {
    id: "csv",
    ending: ".csv",
    ...PLAIN,
    keepsGeometry: false,
    readsAs: "text",
    make: async (scene) => latin1Bytes(csvText(scene)),
  },
  {
    id: "text",
    ending: ".txt",
    ...PLAIN,
    keepsGeometry: false,
    make: async (scene) => latin1Bytes(secondsText(scene)),
  },
  {
    id: "arrow",
    ending: ".arrow",
    ...PLAIN,
    keepsGeometry: true,
    make: async (scene) => arrowFile(scene),
  },
  { id: "hdf5", ending: ".h5", ...PLAIN, keepsGeometry: true, make: hdf5File },
  {
    id: "evb",
    ending: ".evb",
    ...PLAIN,
    keepsTriggers: true,
    keepsGeometry: true,
    make: async ({ events, triggers = [], geometry = null }) =>
      containerOf(eventColumns(events) as WholeEventColumns, {
        geometry,
        ...(triggers.length > 0 && { triggers: triggerColumns(triggers) }),
      }),
  },
];

/** What reading a format calls it. */
export const readAs = ({ id, readsAs }: TestedFormat): string => readsAs ?? id;

/** Every format to every format, itself included. */
export const PAIRS = CONVERTED.flatMap((from) =>
  CONVERTED.map((to) => ({ name: `${from.id} to ${to.id}`, from, to })),
);

/** A recording of EVT 2.0. */
export async function madeEvt2(scene: Scene): Promise<Uint8Array<ArrayBuffer>> {
  return encodeEvt2(...encodable(scene));
}

/** A small scene of everything: runs, both polarities, triggers, and a wrap of the clock of EVT 3.0. */
export function mixedScene(events = 5000): Scene & { triggers: PlainTrigger[] } {
  const geometry = { width: 320, height: 240 };
  const list = Array.from({ length: events }, (_, at): PlainEvent => {
    const isRun = at % 100 < 40;
    const t = 16_770_000 + Math.floor(at / (isRun ? 40 : 3)) * 13;
    const x = isRun ? (at % 40) + 280 : (at * 31) % 320;
    return { t, x, y: isRun ? (at / 100) & 127 : (at * 17) % 240, p: (at >> 3) & 1 ? 1 : 0 };
  });
  list.sort((a, b) => a.t - b.t);
  const triggers = Array.from(
    { length: 20 },
    (_, at): PlainTrigger => [16_770_000 + at * 777, at % 8, at % 2 === 0 ? 1 : 0],
  );
  return { events: list, triggers, geometry };
}

/** Keeps what is written to it, and can be read again. */
export class MemorySink implements ByteSink {
  readonly name: string | undefined;
  readonly #chunks: Uint8Array[] = [];
  writes = 0;
  closed = 0;
  readonly aborts: unknown[] = [];
  /** Changes the bytes that are read again, to see that somebody notices. */
  corrupt: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (bytes) => bytes;
  /** Called with the number of writes before each one is taken. */
  onWrite: (count: number) => void | Promise<void> = () => {};

  constructor(name?: string) {
    this.name = name;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return concatBytes(...this.#chunks);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.writes += 1;
    await this.onWrite(this.writes);
    this.#chunks.push(bytes.slice());
  }

  async written(): Promise<ByteSource> {
    return new MemorySource(this.corrupt(this.bytes));
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  async abort(reason: unknown): Promise<void> {
    this.aborts.push(reason);
  }
}

/** The triggers of a recording as tests write them down. */
export async function triggersIn(
  source: string | Uint8Array,
  options: OpenOptions = {},
): Promise<PlainTrigger[]> {
  const recording = await openRecording(source, options);
  try {
    const triggers = Array.from(await recording.triggers());
    return triggers.map(({ t, id, value }): PlainTrigger => [Number(t), id, value === 1 ? 1 : 0]);
  } finally {
    await recording.close();
  }
}

/** Converts to memory. */
export async function converted(
  source: Parameters<typeof convertRecording>[0],
  format: string,
  options: ConvertOptions = {},
) {
  const sink = new MemorySink();
  const conversion = await convertRecording(source, sink, { ...options, format });
  expect([sink.closed, sink.aborts]).toEqual([1, []]);
  expect(conversion.bytes).toBe(sink.bytes.byteLength);
  return { bytes: sink.bytes, conversion };
}
