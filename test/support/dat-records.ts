/**
 * DAT records and whole recordings, built from the table of the format and not from the decoder.
 */
import fc from "fast-check";
import type { SensorGeometry } from "../../src/index.ts";
import { concatBytes, latin1Bytes, randomNumbers } from "./evt2-words.ts";

/** A record: the time and the word behind it, 32 bits each. */
export type DatRecord = readonly [time: number, word: number];

/** Event types: 0 and 12 are events, 14 is triggers. */
export const EVENT_2D = 0;
export const CD = 12;
export const EXT_TRIGGER = 14;

/** A layout of events, and a sensor of the time when it was in use. */
export interface DatVersion {
  /** Without the sizes. */
  header: string;
  sensor: SensorGeometry;
  /** What the fields can hold. */
  fields: { x: number; y: number; polarity: number };
  /** An event; `p` is the whole polarity field. */
  event: (t: number, x: number, y: number, p?: number) => DatRecord;
}

export const VERSION_2: DatVersion = {
  header: "% Data file containing CD events.\n% Version 2\n",
  sensor: { width: 640, height: 480 },
  fields: { x: 2 ** 14, y: 2 ** 14, polarity: 2 ** 4 },
  event,
};

export const VERSION_1: DatVersion = {
  header: "% Data file containing CD events.\n% Version 1\n",
  sensor: { width: 304, height: 240 },
  fields: { x: 2 ** 9, y: 2 ** 8, polarity: 2 },
  event: eventV1,
};

/** Version 2: x 13-0, y 27-14, polarity 31-28 */
export function event(t: number, x: number, y: number, p = 1): DatRecord {
  return [t, p * 2 ** 28 + y * 2 ** 14 + x];
}

/** Version 1: x 8-0, y 16-9, polarity bit 17 */
export function eventV1(t: number, x: number, y: number, p = 1): DatRecord {
  return [t, p * 2 ** 17 + y * 2 ** 9 + x];
}

/** value 3-0, id 31-26 */
export function trigger(t: number, id: number, value: number): DatRecord {
  return [t, id * 2 ** 26 + value];
}

/** The header with the sizes of the version's sensor. */
export function sizedHeader({ header, sensor }: DatVersion): string {
  return `${header}% Width ${sensor.width}\n% Height ${sensor.height}\n`;
}

/** Records as a file holds them: 32 bits each, low byte first. */
export function recordBytes(records: readonly DatRecord[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(records.length * 8));
  records.forEach(([time, word], index) => {
    view.setUint32(index * 8, time, true);
    view.setUint32(index * 8 + 4, word, true);
  });
  return new Uint8Array(view.buffer);
}

/** A recording: header, event type, record size, records, with loose bytes behind them. */
export function recordingOf(
  records: readonly DatRecord[],
  options: { header?: string; type?: number; size?: number; tail?: readonly number[] } = {},
): Uint8Array<ArrayBuffer> {
  const { header = sizedHeader(VERSION_2), type = CD, size = 8, tail = [] } = options;
  const preamble = Uint8Array.of(type, size);
  return concatBytes(latin1Bytes(header), preamble, recordBytes(records), Uint8Array.from(tail));
}

/** How a random recording is made up. */
export interface StreamMix {
  version?: DatVersion;
  /** Greatest number of passages. */
  maxPassages?: number;
  /** Passages that only a damaged recording or one of another sensor has. */
  disorder?: boolean;
}

type Passage =
  | { kind: "events"; count: number; seed: number }
  | { kind: "step"; by: number }
  | { kind: "record"; record: DatRecord };

const HALF = 2 ** 31;

/**
 * Streams of records as cameras make them: runs of events with rising times and pauses in between;
 * with `disorder` also steps back, wraps of the clock and falls of just less than one, pixels off
 * the sensor, and records of any kind. As triggers, they have ids and values of all kinds.
 */
export function recordStream(mix: StreamMix = {}): fc.Arbitrary<DatRecord[]> {
  const { maxPassages = 25, disorder = true, version = VERSION_2 } = mix;
  const number32 = fc.integer({ min: 0, max: 0xffffffff });
  const step = (by: fc.Arbitrary<number>): fc.Arbitrary<Passage> =>
    fc.record({ kind: fc.constant("step" as const), by });
  const events = (maxCount: number): fc.Arbitrary<Passage> =>
    fc.record({
      kind: fc.constant("events" as const),
      count: fc.integer({ min: 1, max: maxCount }),
      seed: fc.integer({ min: 0, max: 0x7fffffff }),
    });
  const regular: fc.WeightedArbitrary<Passage>[] = [
    { weight: 30, arbitrary: events(60) },
    { weight: 15, arbitrary: events(3) },
    { weight: 10, arbitrary: step(fc.constantFrom(0, 1, 1000)) },
  ];
  const irregular: fc.WeightedArbitrary<Passage>[] = [
    { weight: 4, arbitrary: step(fc.integer({ min: -50, max: -1 })) },
    { weight: 3, arbitrary: step(fc.integer({ min: -HALF - 3, max: -HALF + 3 })) },
    { weight: 3, arbitrary: step(fc.integer({ min: HALF - 3, max: HALF + 3 })) },
    { weight: 3, arbitrary: step(number32) },
    { weight: 3, arbitrary: fc.tuple(number32, number32).map(toRecord) },
  ];
  const passages = fc.array(fc.oneof(...regular, ...(disorder ? irregular : [])), {
    maxLength: maxPassages,
    size: "max",
  });
  const start = fc.oneof(fc.constantFrom(0, 1, HALF - 100, HALF, 0xffffff00), number32);
  return fc.tuple(passages, start).map(([list, from]) => {
    const records: DatRecord[] = [];
    // An orderly clock starts early enough to reach no wrap.
    let now = disorder ? from : from % HALF;
    for (const passage of list) {
      if (passage.kind === "record") records.push(passage.record);
      else if (passage.kind === "step") now = (now + passage.by + 2 ** 32) % 2 ** 32;
      else {
        const run = eventRun(version, now, passage, disorder);
        records.push(...run.records);
        now = run.end;
      }
    }
    return records;
  });
}

/** A run with rising times; with disorder one event in forty falls back or lies outside. */
function eventRun(
  { sensor, fields, event }: DatVersion,
  start: number,
  { count, seed }: { count: number; seed: number },
  disorder: boolean,
): { records: DatRecord[]; end: number } {
  const random = randomNumbers(seed);
  const records: DatRecord[] = [];
  let now = start;
  for (let index = 0; index < count; index++) {
    const odd = disorder ? random(120) : 120;
    now = (now + random(4)) % 2 ** 32;
    const t = odd === 0 ? Math.max(now - random(9), 0) : now;
    const x = random(odd === 1 ? fields.x : sensor.width);
    const y = random(odd === 2 ? fields.y : sensor.height);
    records.push(event(t, x, y, random(fields.polarity)));
  }
  return { records, end: now };
}

function toRecord([time, word]: [number, number]): Passage {
  return { kind: "record", record: [time, word] };
}
