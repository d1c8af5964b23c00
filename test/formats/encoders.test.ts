import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  digestEvents,
  type EventColumns,
  type EventTable,
  encodeDat,
  encodeEvt2,
  encodeEvt3,
  encodeEvt21,
  loadTable,
  openRecording,
  reportOf,
  type SensorGeometry,
  type TriggerColumns,
} from "../../src/node.ts";
import { decodeDatReference } from "../reference/dat.ts";
import { referenceDigest } from "../reference/digest.ts";
import { decodeEvt2Reference, type Evt2Reference } from "../reference/evt2.ts";
import { decodeEvt3Reference } from "../reference/evt3.ts";
import { decodeEvt21Reference } from "../reference/evt21.ts";
import { parseRawHeader } from "../reference/raw-header.ts";
import { itWithSharedData } from "../support/shared-data.ts";
import { SOAK } from "../support/soak.ts";

/** `EVARROW_SOAK=n` makes n times as many. */
const RUNS = { numRuns: 20 * SOAK };
const TIMEOUT_MS = 60_000 * SOAK;

interface Event {
  t: number;
  x: number;
  y: number;
  on: boolean;
}

type Encode = (
  events: EventColumns | EventTable,
  options?: { geometry?: SensorGeometry; triggers?: TriggerColumns },
) => Promise<Uint8Array<ArrayBuffer>>;

/** A format that is written, and how the reference decoder reads it. */
interface Target {
  id: string;
  encode: Encode;
  decode: (bytes: Uint8Array) => Pick<Evt2Reference, "events" | "backwardSteps" | "unknownWords">;
  /** Pixels on each side that can be named. */
  side: number;
  /** Least number of a trigger's input that cannot; null where triggers have no place. */
  triggerIds: number | null;
  /** The clock starts again after so many microseconds. */
  periodUs: number;
  /** A step forward of so many microseconds can still be told. */
  mostStepUs: number;
  /** A step back of so many microseconds is taken for a wrap. */
  wrapStepUs: number;
}

const dataOf = (bytes: Uint8Array) => bytes.subarray(parseRawHeader(bytes).dataOffset);

const TARGETS: readonly Target[] = [
  {
    id: "evt2",
    encode: encodeEvt2,
    decode: (bytes) => decodeEvt2Reference(dataOf(bytes)),
    side: 2048,
    triggerIds: 32,
    periodUs: 2 ** 34,
    mostStepUs: 2 ** 44,
    wrapStepUs: 2 ** 34 - 2 ** 26,
  },
  ...(["little", "legacy"] as const).map((endianness) => ({
    id: "evt21",
    encode: ((events, options) => encodeEvt21(events, { ...options, endianness })) as Encode,
    decode: (bytes: Uint8Array) => decodeEvt21Reference(dataOf(bytes), { endianness }),
    side: 2048,
    triggerIds: 32,
    periodUs: 2 ** 34,
    mostStepUs: 2 ** 44,
    wrapStepUs: 2 ** 34 - 2 ** 26,
  })),
  {
    id: "dat",
    encode: encodeDat,
    decode: (bytes) => decodeDatReference(bytes),
    side: 16_384,
    triggerIds: null,
    periodUs: 2 ** 32,
    mostStepUs: 2 ** 31,
    wrapStepUs: 2 ** 31,
  },
  {
    id: "evt3",
    encode: encodeEvt3,
    decode: (bytes) => decodeEvt3Reference(dataOf(bytes)),
    side: 2048,
    triggerIds: 16,
    periodUs: 2 ** 24,
    mostStepUs: 2 ** 34,
    wrapStepUs: 2 ** 23,
  },
];

function columnsOf(events: readonly Event[]): EventColumns {
  return {
    length: events.length,
    x: Uint16Array.from(events, ({ x }) => x),
    y: Uint16Array.from(events, ({ y }) => y),
    t: BigInt64Array.from(events, ({ t }) => BigInt(t)),
    polarity: Int8Array.from(events, ({ on }) => (on ? 1 : 0)),
  };
}

type Trigger = readonly [t: number, id: number, value: number];

function triggersOf(triggers: readonly Trigger[]): TriggerColumns {
  return {
    length: triggers.length,
    t: BigInt64Array.from(triggers, ([t]) => BigInt(t)),
    id: Int16Array.from(triggers, ([, id]) => id),
    value: Uint8Array.from(triggers, ([, , value]) => value),
  };
}

const rowsOf = (events: readonly Event[]) =>
  events.map(({ t, x, y, on }) => ({ t: BigInt(t), x, y, p: on ? 1 : 0 }));

/**
 * Events whose times rise, now and then so far that the clock wraps, and runs of pixels that share
 * everything but x, as vectors are made of.
 */
function risingEvents({ side, mostStepUs }: Target) {
  const pixel = fc.integer({ min: 0, max: side - 1 });
  const step = fc.oneof(
    { weight: 10, arbitrary: fc.constant(0) },
    { weight: 10, arbitrary: fc.integer({ min: 0, max: 200 }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 2 ** 24 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: Math.min(mostStepUs, 2 ** 35) }) },
  );
  const steps = fc.record({ step, y: pixel, on: fc.boolean() });
  const single = fc.tuple(steps, pixel).map(([first, x]) => ({ ...first, xs: [x] }));
  const run = fc
    .tuple(steps, pixel, fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 80 }))
    .map(([first, x, gaps]) => {
      let next = x;
      const xs = [x, ...gaps.map((gap) => (next += gap))].filter((value) => value < side);
      return { ...first, xs };
    });
  return fc.array(fc.oneof(single, run), { maxLength: 60 }).map((parts) => {
    let t = 0;
    return parts.flatMap(({ step: by, xs, y, on }) => {
      t += by;
      return xs.map((x) => ({ t, x, y, on }));
    });
  });
}

const WITH_TRIGGERS = TARGETS.filter(({ triggerIds }) => triggerIds !== null);

describe.each(TARGETS)("the encoder of $id", (target) => {
  const { id, encode, decode, side, periodUs, mostStepUs, wrapStepUs } = target;

  it(
    "writes what the reference decoder reads back",
    async () => {
      await fc.assert(
        fc.asyncProperty(risingEvents(target), async (events) => {
          const decoded = decode(await encode(columnsOf(events)));
          expect(decoded.events).toEqual(rowsOf(events));
          expect([decoded.backwardSteps, decoded.unknownWords]).toEqual([0, {}]);
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it(
    "writes what is loaded again, the geometry included, and nothing is lost",
    async () => {
      const geometry = { width: side - 3, height: side - 5 };
      await fc.assert(
        fc.asyncProperty(risingEvents(target), async (all) => {
          // Moved onto the sensor, not left out: steps between those that stay could grow too far.
          const events = all.map((event) => ({
            ...event,
            x: event.x % geometry.width,
            y: event.y % geometry.height,
          }));
          const table = await loadTable(await encode(columnsOf(events), { geometry }));
          const loaded = Array.from(table, ({ t, x, y, polarity }) => ({
            t,
            x,
            y,
            p: polarity > 0 ? 1 : 0,
          }));
          expect(loaded).toEqual(rowsOf(events));
          expect(reportOf(table)).toMatchObject({
            format: id,
            geometry,
            firstAt: {},
            assumptions: [],
          });
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it("keeps small steps back in time", async () => {
    const events = [100, 50, 50_000, 40_000].map((t) => ({ t, x: 1, y: 2, on: true }));
    const table = await loadTable(await encode(columnsOf(events)));
    expect(Array.from(table, ({ t }) => Number(t))).toEqual([100, 50, 50_000, 40_000]);
    expect(reportOf(table).backwardSteps).toBe(2);
  });

  it("takes an Arrow table of several batches, and more events than a tile holds", async () => {
    const events = Array.from({ length: 50_000 }, (_, at) => ({
      t: at >> 3,
      x: (at * 7) % side,
      y: at % side,
      on: at % 3 === 0,
    }));
    const bytes = await encode(columnsOf(events));
    const recording = await openRecording(bytes);
    const table = await recording.stream({ batchEvents: 12_345 }).toTable();
    expect(table.batches.length).toBeGreaterThan(0);
    expect(Buffer.compare(await encode(table), bytes)).toBe(0);
    expect(referenceDigest(decode(bytes).events)).toBe(referenceDigest(rowsOf(events)));
  });

  it("writes an empty recording", async () => {
    const bytes = await encode(columnsOf([]), { geometry: { width: 64, height: 48 } });
    const table = await loadTable(bytes);
    expect(table.numRows).toBe(0);
    expect(reportOf(table)).toMatchObject({ geometry: { width: 64, height: 48 }, firstAt: {} });
  });

  const event = { t: 0, x: 0, y: 0, on: true };
  it.each<[string, Event[], { geometry?: SensorGeometry }, number]>([
    ["x beyond what it can name", [event, { ...event, x: side }], {}, 1],
    ["y beyond what it can name", [event, { ...event, y: side }], {}, 1],
    ["x outside the geometry", [{ ...event, x: 64 }], { geometry: { width: 64, height: 48 } }, 0],
    ["y outside the geometry", [{ ...event, y: 48 }], { geometry: { width: 64, height: 48 } }, 0],
    ["a time below 0", [event, event, { ...event, t: -1 }], {}, 2],
    ["a first time that is too late", [{ ...event, t: mostStepUs + periodUs }], {}, 0],
    ["a step that is too far", [event, { ...event, t: mostStepUs + periodUs }], {}, 1],
    [
      "a step back across a wrap",
      [
        { ...event, t: periodUs - 1 },
        { ...event, t: periodUs },
        { ...event, t: periodUs - 1 },
      ],
      {},
      2,
    ],
    ["a step back that would read as a wrap", [{ ...event, t: wrapStepUs + 5000 }, event], {}, 1],
  ])("refuses %s", async (_, events, options, row) => {
    await expect(encode(columnsOf(events), options)).rejects.toMatchObject({
      code: "not-encodable",
      row,
      format: id,
    });
  });

  it("names the row in a table of many tiles", async () => {
    const events = Array.from({ length: 40_000 }, (_, t) => ({ t, x: 1, y: 1, on: true }));
    events.push({ t: 40_000, x: side, y: 7, on: true });
    await expect(encode(columnsOf(events))).rejects.toMatchObject({
      code: "not-encodable",
      row: 40_000,
      found: `${side}, 7`,
    });
  });

  it.each([
    ["a missing column", { ...columnsOf([event]), t: undefined }],
    ["a short column", { ...columnsOf([event]), x: new Uint16Array(0) }],
    ["a column of another type", { ...columnsOf([event]), y: new Float64Array(1) }],
  ])("refuses %s", async (_, columns) => {
    await expect(encode(columns as unknown as EventColumns)).rejects.toMatchObject({
      code: "invalid-option",
    });
  });

  itWithSharedData("writes the real recording again", "evt2_sample.raw", async (path) => {
    const copy = await encode(await loadTable(path));
    expect(await digestEvents(copy)).toEqual(await digestEvents(path));
  });
});

describe.each(WITH_TRIGGERS)("triggers through the encoder of $id", (target) => {
  const { encode, triggerIds } = target;
  const ids = triggerIds ?? 0;

  it(
    "come back with the events",
    async () => {
      const trigger = fc.tuple(fc.nat(2 ** 26), fc.nat(ids - 1), fc.nat(1));
      const triggerList = fc.array(trigger, { maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(risingEvents(target), triggerList, async (events, triggers) => {
          triggers.sort(([a], [b]) => a - b);
          const bytes = await encode(columnsOf(events), { triggers: triggersOf(triggers) });
          const recording = await openRecording(bytes);
          const loaded = Array.from(await loadTable(recording), ({ t, x, y, polarity }) => ({
            t: Number(t),
            x,
            y,
            on: polarity > 0,
          }));
          expect(loaded).toEqual(events);
          const decoded = Array.from(await recording.triggers());
          expect(decoded.map(({ t, id, value }) => [Number(t), id, value])).toEqual(triggers);
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it("may be many, between many events", async () => {
    const events = Array.from({ length: 40_000 }, (_, t) => ({ t, x: 1, y: 1, on: true }));
    const triggers = Array.from({ length: 10_000 }, (_, at): Trigger => [at * 5, 1, at % 2]);
    const bytes = await encode(columnsOf(events), { triggers: triggersOf(triggers) });
    const recording = await openRecording(bytes);
    expect((await loadTable(recording)).numRows).toBe(40_000);
    const decoded = Array.from(await recording.triggers());
    expect(decoded.map(({ t, id, value }) => [Number(t), id, value])).toEqual(triggers);
  });

  it.each([-1, ids])("with the id %i are refused", async (id) => {
    const triggers = triggersOf([
      [0, 0, 1],
      [1, id, 1],
    ]);
    await expect(encode(columnsOf([]), { triggers })).rejects.toMatchObject({
      code: "not-encodable",
      row: 1,
      message: expect.stringContaining("trigger"),
    });
  });
});

describe.each([
  ["EVT2", "2.0", encodeEvt2],
  ["EVT3", "3.0", encodeEvt3],
] as const)("the header of %s", (format, evt, encode) => {
  it("holds the geometry and further lines", async () => {
    const bytes = await encode(columnsOf([]), {
      geometry: { width: 640, height: 480 },
      header: { serial_number: "00 42" },
    });
    const { entries, hasEnd } = parseRawHeader(bytes);
    expect(hasEnd).toBe(true);
    expect(entries).toEqual([
      ["evt", evt],
      ["format", `${format};height=480;width=640`],
      ["geometry", "640x480"],
      ["serial_number", "00 42"],
    ]);
  });

  it.each([[{ "two words": "x" }], [{ end: "" }], [{ note: "a\nb" }], [{ note: "€" }]])(
    "refuses the lines %j",
    async (header) => {
      await expect(encode(columnsOf([]), { header })).rejects.toMatchObject({
        code: "invalid-option",
      });
    },
  );

  it.each([["evt"], ["Format"], ["geometry"], ["system_ID"], ["plugin_name"]])(
    "refuses the line %s, which would change what the events mean",
    async (key) => {
      await expect(encode(columnsOf([]), { header: { [key]: "21" } })).rejects.toMatchObject({
        code: "invalid-option",
      });
    },
  );
});

describe("EVT 3.0 vectors", () => {
  /** Payload words of EVT 3.0 by type, time and row words left out. */
  const typesOf = async (xs: readonly number[], width?: number): Promise<number[]> => {
    const events = xs.map((x) => ({ t: 5, x, y: 3, on: true }));
    const geometry = width === undefined ? {} : { geometry: { width, height: 48 } };
    const bytes = dataOf(await encodeEvt3(columnsOf(events), geometry));
    const words = new Uint16Array(bytes.slice().buffer);
    return Array.from(words, (word) => word >> 12).filter((type) => type >= 2 && type <= 5);
  };
  const row = (count: number, start = 0) => Array.from({ length: count }, (_, at) => start + at);

  it("are written where they are shorter, always as whole triples", async () => {
    expect(await typesOf(row(4))).toEqual([2, 2, 2, 2]);
    expect(await typesOf(row(5))).toEqual([3, 4, 4, 5]);
    expect(await typesOf([0, 7, 14, 21, 31])).toEqual([3, 4, 4, 5]);
    expect(await typesOf([0, 7, 14, 21, 32])).toEqual([2, 2, 2, 2, 2]);
  });

  it("go on without a new base", async () => {
    expect(await typesOf(row(64))).toEqual([3, 4, 4, 5, 4, 4, 5]);
    expect(await typesOf(row(36))).toEqual([3, 4, 4, 5, 4, 4, 5]);
    expect(await typesOf(row(35))).toEqual([3, 4, 4, 5, 2, 2, 2]);
  });

  it("do not cross the right border", async () => {
    expect(await typesOf(row(10, 54), 64)).toEqual(Array(10).fill(2));
    expect(await typesOf(row(10, 32), 64)).toEqual([3, 4, 4, 5]);
  });
});

describe("what is given to an encoder", () => {
  const columns = columnsOf([{ t: 1, x: 2, y: 3, on: true }]);

  it("may be columns without their length", async () => {
    const { length, ...bare } = columns;
    expect(length).toBe(1);
    expect(await encodeEvt2(bare as EventColumns)).toEqual(await encodeEvt2(columns));
  });

  it.each([null, 5, "table", { getColumn: () => null }])(
    "is refused when it is %j",
    async (given) => {
      await expect(encodeEvt2(given as unknown as EventColumns)).rejects.toMatchObject({
        code: "invalid-option",
        hint: expect.stringContaining("loadTable"),
      });
    },
  );

  it("is refused with triggers that DAT has no place for", async () => {
    const options = { triggers: triggersOf([[1, 1, 1]]) };
    await expect(encodeDat(columns, options as object)).rejects.toMatchObject({
      code: "invalid-option",
    });
  });
});
