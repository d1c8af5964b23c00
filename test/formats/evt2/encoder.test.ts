import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  digestEvents,
  type EventColumns,
  encodeEvt2,
  isEventError,
  loadTable,
  openRecording,
  reportOf,
  type TriggerColumns,
} from "../../../src/node.ts";
import { decodeEvt2Reference } from "../../reference/evt2.ts";
import { parseRawHeader } from "../../reference/raw-header.ts";
import { itWithSharedData } from "../../support/shared-data.ts";

interface Event {
  t: number;
  x: number;
  y: number;
  on: boolean;
}

function columnsOf(events: readonly Event[]): EventColumns {
  return {
    length: events.length,
    x: Uint16Array.from(events, ({ x }) => x),
    y: Uint16Array.from(events, ({ y }) => y),
    t: BigInt64Array.from(events, ({ t }) => BigInt(t)),
    polarity: Int8Array.from(events, ({ on }) => (on ? 1 : 0)),
  };
}

function triggersOf(triggers: readonly (readonly [number, number, number])[]): TriggerColumns {
  return {
    length: triggers.length,
    t: BigInt64Array.from(triggers, ([t]) => BigInt(t)),
    id: Int16Array.from(triggers, ([, id]) => id),
    value: Uint8Array.from(triggers, ([, , value]) => value),
  };
}

/** Decodes with the reference decoder, which knows nothing of the encoder. */
function referenceOf(bytes: Uint8Array) {
  return decodeEvt2Reference(bytes.subarray(parseRawHeader(bytes).dataOffset));
}

/** Events whose times rise, now and then by hours, so that the clock wraps. */
const risingEvents = fc
  .array(
    fc.record({
      step: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 0, max: 200 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 35 }) },
      ),
      x: fc.integer({ min: 0, max: 2047 }),
      y: fc.integer({ min: 0, max: 2047 }),
      on: fc.boolean(),
    }),
    { maxLength: 200 },
  )
  .map((steps) => {
    let t = 0;
    return steps.map(({ step, ...event }, index) => {
      t += index === 0 ? step % 2 ** 34 : step;
      return { t, ...event };
    });
  });

describe("encodeEvt2", () => {
  it("writes what the reference decoder reads back", () => {
    fc.assert(
      fc.property(risingEvents, (events) => {
        const decoded = referenceOf(encodeEvt2(columnsOf(events)));
        const rows = events.map(({ t, x, y, on }) => ({ t: BigInt(t), x, y, p: on ? 1 : 0 }));
        expect(decoded.events).toEqual(rows);
        expect(decoded.backwardSteps + decoded.truncatedBytes).toBe(0);
        expect([decoded.skippedWords, decoded.unknownWords]).toEqual([{}, {}]);
      }),
    );
  });

  it("writes what the kernel reads back, triggers included", async () => {
    const triggerList = fc.array(
      fc.tuple(
        fc.nat(2 ** 34 - 1),
        fc.integer({ min: 0, max: 31 }),
        fc.integer({ min: 0, max: 1 }),
      ),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(risingEvents, triggerList, async (events, triggers) => {
        triggers.sort(([a], [b]) => a - b);
        const bytes = encodeEvt2(columnsOf(events), { triggers: triggersOf(triggers) });
        const recording = await openRecording(bytes);
        const table = await loadTable(recording);
        expect([...table].map(({ t, x, y, polarity }) => [Number(t), x, y, polarity > 0])).toEqual(
          events.map(({ t, x, y, on }) => [t, x, y, on]),
        );
        const decoded = [...(await recording.triggers())];
        expect(decoded.map(({ t, id, value }) => [Number(t), id, value])).toEqual(triggers);
      }),
    );
  });

  it("keeps small steps back in time", async () => {
    const events = [100, 50, 5000, 4000].map((t) => ({ t, x: 1, y: 2, on: true }));
    const table = await loadTable(encodeEvt2(columnsOf(events)));
    expect([...table].map(({ t }) => Number(t))).toEqual([100, 50, 5000, 4000]);
    expect(reportOf(table).backwardSteps).toBe(2);
  });

  it("writes the geometry and further lines into the header", async () => {
    const bytes = encodeEvt2(columnsOf([]), {
      geometry: { width: 640, height: 480 },
      header: { serial_number: "00 42" },
    });
    const { entries, hasEnd } = parseRawHeader(bytes);
    expect(hasEnd).toBe(true);
    expect(entries).toEqual([
      ["evt", "2.0"],
      ["format", "EVT2;height=480;width=640"],
      ["geometry", "640x480"],
      ["serial_number", "00 42"],
    ]);
  });

  it("takes an Arrow table of several batches", async () => {
    const events = Array.from({ length: 100 }, (_, t) => ({ t, x: t, y: t, on: t % 3 === 0 }));
    const bytes = encodeEvt2(columnsOf(events));
    expect(encodeEvt2(await loadTable(bytes))).toEqual(bytes);
  });

  const event = { t: 0, x: 0, y: 0, on: true };
  it.each([
    ["x above 2047", [event, { ...event, x: 2048 }], {}, 1],
    [
      "y outside the geometry",
      [{ ...event, y: 480 }],
      { geometry: { width: 640, height: 480 } },
      0,
    ],
    ["a time below 0", [event, event, { ...event, t: -1 }], {}, 2],
    ["a first time from 2^34 us on", [{ ...event, t: 2 ** 34 }], {}, 0],
    [
      "a step back across a wrap",
      [{ ...event, t: 2 ** 34 - 1 }, { ...event, t: 2 ** 34 }, event],
      {},
      2,
    ],
    ["a step back that would read as a wrap", [{ ...event, t: 2 ** 34 - 1 }, event], {}, 1],
  ] as const)("refuses %s", (_, events, options, row) => {
    expect.assertions(2);
    try {
      encodeEvt2(columnsOf(events), options);
    } catch (error) {
      expect(isEventError(error, "not-encodable")).toBe(true);
      expect(error).toMatchObject({ row, format: "evt2" });
    }
  });

  it.each([
    ["a missing column", { ...columnsOf([event]), t: undefined }],
    ["a short column", { ...columnsOf([event]), x: new Uint16Array(0) }],
    ["a column of another type", { ...columnsOf([event]), y: new Float64Array(1) }],
  ])("refuses %s", (_, columns) => {
    expect(() => encodeEvt2(columns as unknown as EventColumns)).toThrow(
      expect.objectContaining({ code: "invalid-option" }),
    );
  });

  it.each([[{ "two words": "x" }], [{ end: "" }], [{ note: "a\nb" }], [{ note: "€" }]])(
    "refuses the header lines %j",
    (header) => {
      expect(() => encodeEvt2(columnsOf([]), { header })).toThrow(
        expect.objectContaining({ code: "invalid-option" }),
      );
    },
  );

  it.each([["evt"], ["Format"], ["geometry"], ["system_ID"], ["plugin_name"]])(
    "refuses the header line %s, which would change what the events mean",
    (key) => {
      expect(() => encodeEvt2(columnsOf([]), { header: { [key]: "21" } })).toThrow(
        expect.objectContaining({ code: "invalid-option" }),
      );
    },
  );

  itWithSharedData("writes the real recording again", "evt2_sample.raw", async (path) => {
    const copy = encodeEvt2(await loadTable(path));
    expect(await digestEvents(copy)).toEqual(await digestEvents(path));
  });
});
