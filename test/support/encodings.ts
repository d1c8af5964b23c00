/**
 * Every format that an encoding kernel writes, with the reference decoder that reads it back, and
 * what drives a kernel tile by tile. A new format is one more entry.
 */

import { datEncoding } from "../../src/formats/dat/encoder.ts";
import { EventEncoder, type EventEncoding, type HeaderFacts } from "../../src/formats/encoder.ts";
import { evt2Encoding } from "../../src/formats/evt2/encoder.ts";
import { evt3Encoding } from "../../src/formats/evt3/encoder.ts";
import { evt21Encoding } from "../../src/formats/evt21/encoder.ts";
import { csvEncoding, textEncoding } from "../../src/formats/text/encoder.ts";
import type { EventColumns, SensorGeometry, TriggerColumns } from "../../src/index.ts";
import { EventMemory } from "../../src/kernels/event-memory.ts";
import { decodeDatReference } from "../reference/dat.ts";
import { decodeEvt2Reference, type ReferenceTrigger } from "../reference/evt2.ts";
import { decodeEvt3Reference } from "../reference/evt3.ts";
import { decodeEvt21Reference } from "../reference/evt21.ts";
import { parseRawHeader } from "../reference/raw-header.ts";
import { CSV_DIALECT, readTextReference, SECONDS_DIALECT } from "../reference/text.ts";

/** An event as tests write it down. */
export interface PlainEvent {
  t: number;
  x: number;
  y: number;
  p: 0 | 1;
}

/** A trigger as tests write it down. */
export type PlainTrigger = readonly [t: number, id: number, value: 0 | 1];

export interface TestedEncoding {
  name: string;
  encoding: EventEncoding;
  facts: Partial<HeaderFacts>;
  /** Reads a whole file. */
  decode(bytes: Uint8Array): { events: PlainEvent[]; triggers: PlainTrigger[] };
  /** Pixels on each side that can be named. */
  side: number;
  /** The clock starts again after so many microseconds; null where times have no limit. */
  periodUs: number | null;
  /** A step forward by so many microseconds can still be told. */
  mostStepUs: number;
  /** The greatest number of a trigger's input; null where triggers have no place. */
  maxTriggerId: number | null;
  /** The words of a file, for formats of words. */
  words: ((bytes: Uint8Array) => Word[]) | null;
}

interface Decoded {
  events: { t: bigint; x: number; y: number; p: 0 | 1 }[];
  triggers?: ReferenceTrigger[];
}

function plain({ events, triggers = [] }: Decoded) {
  return {
    events: events.map(({ t, x, y, p }) => ({ t: Number(t), x, y, p })),
    triggers: triggers.map(({ t, id, value }): PlainTrigger => [Number(t), id, value]),
  };
}

const dataOf = (bytes: Uint8Array) => bytes.subarray(parseRawHeader(bytes).dataOffset);

/** A word of a Prophesee format: its type, and the other bits of the half that has the type. */
export interface Word {
  type: number;
  payload: number;
}

function wordsOf(bytes: Uint8Array, wordBytes: number, typedHalf = 0): Word[] {
  const data = dataOf(bytes);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const bits = Math.min(wordBytes * 8, 32);
  return Array.from({ length: data.byteLength / wordBytes }, (_, index) => {
    const at = index * wordBytes + typedHalf * 4;
    const word = bits === 16 ? view.getUint16(at, true) : view.getUint32(at, true);
    const unit = 2 ** (bits - 4);
    return { type: Math.floor(word / unit), payload: word % unit };
  });
}

export const ENCODINGS: readonly TestedEncoding[] = [
  {
    name: "evt2",
    encoding: evt2Encoding,
    facts: {},
    decode: (bytes) => plain(decodeEvt2Reference(dataOf(bytes))),
    side: 2048,
    periodUs: 2 ** 34,
    mostStepUs: 2 ** 44,
    maxTriggerId: 31,
    words: (bytes) => wordsOf(bytes, 4),
  },
  ...(["little", "legacy"] as const).map((endianness) => ({
    name: `evt21, ${endianness}`,
    encoding: evt21Encoding,
    facts: { endianness },
    decode: (bytes: Uint8Array) => plain(decodeEvt21Reference(dataOf(bytes), { endianness })),
    side: 2048,
    periodUs: 2 ** 34,
    mostStepUs: 2 ** 44,
    maxTriggerId: 31,
    words: (bytes: Uint8Array) => wordsOf(bytes, 8, endianness === "little" ? 1 : 0),
  })),
  {
    name: "evt3",
    encoding: evt3Encoding,
    facts: {},
    decode: (bytes) => plain(decodeEvt3Reference(dataOf(bytes))),
    side: 2048,
    periodUs: 2 ** 24,
    mostStepUs: 2 ** 34,
    maxTriggerId: 15,
    words: (bytes) => wordsOf(bytes, 2),
  },
  {
    name: "dat",
    encoding: datEncoding,
    facts: {},
    decode: (bytes) => plain(decodeDatReference(bytes)),
    side: 16_384,
    periodUs: 2 ** 32,
    mostStepUs: 2 ** 31 - 1,
    maxTriggerId: null,
    words: null,
  },
  {
    name: "csv",
    encoding: csvEncoding,
    facts: {},
    decode: (bytes) => plain(readTextReference(bytes, CSV_DIALECT)),
    side: 65_536,
    periodUs: null,
    mostStepUs: 2 ** 52,
    maxTriggerId: null,
    words: null,
  },
  {
    name: "text",
    encoding: textEncoding,
    facts: {},
    decode: (bytes) => plain(readTextReference(bytes, SECONDS_DIALECT)),
    side: 65_536,
    periodUs: null,
    mostStepUs: 2 ** 52,
    maxTriggerId: null,
    words: null,
  },
];

export function eventColumns(events: readonly PlainEvent[]): EventColumns {
  const { length } = events;
  const columns = {
    length,
    x: new Uint16Array(length),
    y: new Uint16Array(length),
    t: new BigInt64Array(length),
    polarity: new Int8Array(length),
  };
  for (const [row, { x, y, t, p }] of events.entries()) {
    columns.x[row] = x;
    columns.y[row] = y;
    columns.t[row] = BigInt(t);
    columns.polarity[row] = p;
  }
  return columns;
}

export function triggerColumns(triggers: readonly PlainTrigger[]): TriggerColumns {
  return {
    length: triggers.length,
    t: BigInt64Array.from(triggers, ([t]) => BigInt(t)),
    id: Int16Array.from(triggers, ([, id]) => id),
    value: Uint8Array.from(triggers, ([, , value]) => value),
  };
}

/** What one call of the encoder is given. */
export interface PlainTile {
  events: readonly PlainEvent[];
  triggers?: readonly PlainTrigger[];
}

/** The byte that stands behind the room for output, to see that nothing is written there. */
const GUARD = 0xa5;

/** Encodes tiles as a conversion does, with so much room for output, header included. */
export async function encodeTiles(
  { encoding, facts }: TestedEncoding,
  tiles: readonly PlainTile[],
  options: { outputBytes?: number; geometry?: SensorGeometry; leaveOut?: boolean } = {},
): Promise<{
  bytes: Uint8Array<ArrayBuffer>;
  leftOut: { events: number; triggers: number };
  chunks: number;
}> {
  const { outputBytes = 2 ** 20, geometry = null, leaveOut = false } = options;
  const memory = new EventMemory({
    inputBytes: 0,
    tileEvents: Math.max(1, ...tiles.map(({ events }) => events.length)),
    tileTriggers: Math.max(1, ...tiles.map(({ triggers = [] }) => triggers.length)),
    outputBytes,
  });
  const { output } = memory;
  const behind = new Uint8Array(memory.memory.buffer, output.byteOffset + output.byteLength);
  behind.fill(GUARD);
  memory.configure(geometry, "zero-one");
  const whole = { geometry, ...facts };
  const encoder = await EventEncoder.create(encoding, memory, whole, leaveOut);
  const chunks = [Buffer.from(encoding.encodeHeader(whole))];
  for (const { events, triggers = [] } of tiles) {
    const columns = eventColumns(events);
    memory.columns.x.set(columns.x ?? []);
    memory.columns.y.set(columns.y ?? []);
    memory.columns.t.set(columns.t ?? []);
    memory.columns.polarity.set(columns.polarity ?? []);
    const { t, id, value } = triggerColumns(triggers);
    memory.triggers.t.set(t);
    memory.triggers.id.set(id);
    memory.triggers.value.set(value);
    memory.setTile(events.length);
    for (const chunk of encoder.encode(triggers.length)) chunks.push(Buffer.from(chunk.slice()));
    if (behind.some((byte) => byte !== GUARD)) throw new Error("it wrote behind its room");
  }
  const bytes = Uint8Array.from(Buffer.concat(chunks));
  return { bytes, leftOut: encoder.leftOut, chunks: chunks.length - 1 };
}
