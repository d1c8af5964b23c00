/**
 * The checklist of the format notes, item by item: what a reader of Prophesee's formats must get
 * right. Each item is small and written out; the folders of the formats test the same rules at
 * random. EVT 2.1 has its items in `evt21/rules.test.ts` and `evt21/byte-order.test.ts`.
 */
import { describe, expect, it } from "vitest";
import {
  isEventError,
  type LoadReport,
  loadTable,
  openRecording,
  reportOf,
} from "../../src/index.ts";
import * as dat from "../support/dat-records.ts";
import * as evt2 from "../support/evt2-words.ts";
import * as evt3 from "../support/evt3-words.ts";

type Row = readonly [t: number, x: number, y: number, p: number];

interface Loaded {
  rows: Row[];
  triggers: (readonly [t: number, id: number, value: number])[];
  report: LoadReport;
}

async function load(bytes: Uint8Array<ArrayBuffer>): Promise<Loaded> {
  const recording = await openRecording(bytes);
  const table = await loadTable(recording, { polarityEncoding: "zero-one" });
  const triggers = Array.from(await recording.triggers());
  return {
    rows: Array.from(table, ({ t, x, y, polarity }) => [Number(t), x, y, polarity] as const),
    triggers: triggers.map(({ t, id, value }) => [Number(t), id, value] as const),
    report: reportOf(table),
  };
}

/** The same, read in pieces of so many bytes. */
async function rowsInPieces(bytes: Uint8Array<ArrayBuffer>, size: number): Promise<Row[]> {
  let at = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.subarray(at, at + size));
      at += size;
    },
  });
  const table = await loadTable(stream, { polarityEncoding: "zero-one" });
  return Array.from(table, ({ t, x, y, polarity }) => [Number(t), x, y, polarity] as const);
}

const SENSOR = { width: 640, height: 480 };
const EVT2_DATA = [evt2.timeHigh(1), evt2.on(2, 3, 4)];
const EVT3_DATA = [evt3.timeHigh(1), evt3.timeLow(2), evt3.row(4), evt3.on(3)];

describe.each([
  ["EVT2", "2.0", evt2.wordBytes(EVT2_DATA), 66, 21],
  ["EVT3", "3.0", evt3.wordBytes(EVT3_DATA), 4098, 40],
] as const)("format checklist 1, the header of %s", (name, version, data, time, systemId) => {
  const rows: Row[] = [[time, 3, 4, 1]];
  const loadWith = (header: string): Promise<Loaded> =>
    load(evt2.concatBytes(evt2.latin1Bytes(header), data));
  const format = `format ${name}`;

  it("with `% end`", async () => {
    const { rows: found, report } = await loadWith(`% evt ${version}\n% geometry 640x480\n% end\n`);
    expect(found).toEqual(rows);
    expect(report).toMatchObject({ geometry: SENSOR, assumptions: [] });
  });

  it("without `% end`", async () => {
    expect((await loadWith(`% evt ${version}\n% geometry 640x480\n`)).rows).toEqual(rows);
  });

  it("of `evt` and `system_ID` only", async () => {
    const { rows: found, report } = await loadWith(`% evt ${version}\n% system_ID ${systemId}\n`);
    expect(found).toEqual(rows);
    expect(report.geometry).toEqual(SENSOR);
    expect(report.assumptions.map(({ what }) => what)).toEqual(["geometry"]);
  });

  it.each(["height=480;width=640", "width=640;height=480"])(
    "`format` with the options %s",
    async (options) => {
      const { rows: found, report } = await loadWith(`% ${format};${options}\n% end\n`);
      expect(found).toEqual(rows);
      expect(report.geometry).toEqual(SENSOR);
    },
  );

  it("`geometry` conflicting with `format`", async () => {
    const header = `% ${format};height=720;width=1280\n% geometry 640x480\n% end\n`;
    const error = await loadWith(header).catch((caught) => caught);
    expect(isEventError(error, "geometry-conflict")).toBe(true);
  });

  it("CR before LF", async () => {
    const header = `% evt ${version}\r\n% geometry 640x480\r\n% end\r\n`;
    expect((await loadWith(header)).rows).toEqual(rows);
  });
});

describe("format checklist 2, EVT2", () => {
  const { on, timeHigh, trigger, recordingOf } = evt2;

  it("data before the first TIME_HIGH", async () => {
    const { rows, report } = await load(
      recordingOf([on(1, 1, 1), trigger(1, 2, 1), timeHigh(1), on(2, 3, 4)]),
    );
    expect(rows).toEqual([[66, 3, 4, 1]]);
    expect(report).toMatchObject({ eventsBeforeTimeBase: 1, triggersBeforeTimeBase: 1 });
  });

  it("duplicated TIME_HIGH", async () => {
    const { rows, report } = await load(
      recordingOf([timeHigh(1), on(2, 1, 1), timeHigh(1), on(3, 1, 1)]),
    );
    expect(rows.map(([t]) => t)).toEqual([66, 67]);
    expect(report.firstAt).toEqual({});
  });

  it("one genuine wrap", async () => {
    const { rows, report } = await load(
      recordingOf([timeHigh(0xfffffff), on(63, 1, 1), timeHigh(0), on(0, 1, 1)]),
    );
    expect(rows.map(([t]) => t)).toEqual([2 ** 34 - 1, 2 ** 34]);
    expect(report).toMatchObject({ clockWraps: 1, backwardSteps: 0 });
  });

  it("a small backward step", async () => {
    const { rows, report } = await load(
      recordingOf([timeHigh(5), on(0, 1, 1), timeHigh(4), on(0, 1, 1)]),
    );
    expect(rows.map(([t]) => t)).toEqual([320, 256]);
    expect(report).toMatchObject({ clockWraps: 0, backwardSteps: 1 });
  });

  it.each([1, 2, 3])("%i odd trailing bytes", async (count) => {
    const tail = Array.from({ length: count }, () => 0x12);
    const { rows, report } = await load(recordingOf(EVT2_DATA, { tail }));
    expect(rows).toEqual([[66, 3, 4, 1]]);
    expect(report.truncatedBytes).toBe(count);
  });

  it("a buffer cut inside a trigger", async () => {
    const bytes = recordingOf([timeHigh(1), trigger(3, 5, 1), on(4, 1, 2)]);
    for (let size = 1; size < 12; size++) {
      expect(await rowsInPieces(bytes, size)).toEqual([[68, 1, 2, 1]]);
    }
    expect((await load(bytes)).triggers).toEqual([[67, 5, 1]]);
  });
});

describe("format checklist 2, EVT3", () => {
  const { base, on, row, timeHigh, timeLow, trigger, triple, recordingOf } = evt3;
  const start = [timeHigh(1), timeLow(2), row(4)];

  it("data before the first TIME_HIGH", async () => {
    const { rows, report } = await load(
      recordingOf([timeLow(9), row(1), on(1), trigger(2, 1), ...start, on(3)]),
    );
    expect(rows).toEqual([[4098, 3, 4, 1]]);
    expect(report).toMatchObject({ eventsBeforeTimeBase: 1, triggersBeforeTimeBase: 1 });
  });

  it("duplicated TIME_HIGH keeps TIME_LOW, another one sets it to 0", async () => {
    const { rows } = await load(
      recordingOf([...start, on(1), timeHigh(1), on(2), timeHigh(2), on(3)]),
    );
    expect(rows.map(([t]) => t)).toEqual([4098, 4098, 8192]);
  });

  it("one genuine wrap", async () => {
    const { rows, report } = await load(
      recordingOf([timeHigh(0xfff), timeLow(0xfff), row(1), on(1), timeHigh(0), on(1)]),
    );
    expect(rows.map(([t]) => t)).toEqual([2 ** 24 - 1, 2 ** 24]);
    expect(report).toMatchObject({ clockWraps: 1, backwardSteps: 0 });
  });

  it("a small backward step", async () => {
    const { rows, report } = await load(
      recordingOf([timeHigh(2050), row(1), on(1), timeHigh(3), on(1), timeLow(5), timeLow(4)]),
    );
    expect(rows.map(([t]) => t)).toEqual([2050 * 4096, 3 * 4096]);
    expect(report).toMatchObject({ clockWraps: 0, backwardSteps: 1 });
  });

  it("an odd trailing byte", async () => {
    const { rows, report } = await load(recordingOf(EVT3_DATA, { tail: [0x20] }));
    expect(rows).toEqual([[4098, 3, 4, 1]]);
    expect(report.truncatedBytes).toBe(1);
  });

  it("a buffer cut inside a vector triple or a trigger", async () => {
    const words = [...start, base(10), ...triple(1, 2, 0x80), trigger(7, 1), on(5)];
    const bytes = recordingOf(words);
    const rows = [10, 23, 41, 5].map((x): Row => [4098, x, 4, 1]);
    for (let size = 1; size < 24; size++) expect(await rowsInPieces(bytes, size)).toEqual(rows);
    expect((await load(bytes)).triggers).toEqual([[4098, 7, 1]]);
  });
});

describe("format checklist 3, EVT3", () => {
  const { base, continued12, continued4, off, on, others, row, timeHigh, timeLow } = evt3;
  const { triple, vect12, vect8, recordingOf, FILLER } = evt3;
  const start = [timeHigh(1), timeLow(2), row(4)];
  const xs = ({ rows }: Loaded): number[] => rows.map(([, x]) => x);

  it("VECT continuation without base", async () => {
    const words = [...start, base(0), ...triple(1, 1, 1), ...triple(1, 1, 1)];
    expect(xs(await load(recordingOf(words)))).toEqual([0, 12, 24, 32, 44, 56]);
  });

  it("vector crossing the right border is clipped pixel by pixel", async () => {
    const loaded = await load(recordingOf([...start, base(636), vect12(0xfff), on(1)]));
    expect(xs(loaded)).toEqual([636, 637, 638, 639, 1]);
    expect(loaded.report.eventsOutsideGeometry).toBe(8);
  });

  it("an incomplete vector triple at the end", async () => {
    const loaded = await load(recordingOf([...start, base(0), vect12(1), vect12(1)]));
    expect(xs(loaded)).toEqual([0, 12]);
  });

  it("a lone VECT_8", async () => {
    expect(xs(await load(recordingOf([...start, base(8), vect8(0x81)])))).toEqual([8, 15]);
  });

  it("slave bit", async () => {
    const loaded = await load(recordingOf([...start, on(1), row(4, 1), on(2), row(4), on(3)]));
    expect(xs(loaded)).toEqual([1, 3]);
    expect(loaded.report.eventsOutsideGeometry).toBe(1);
  });

  it.each([0, 1, 2, 3])("OTHERS with %i CONTINUED words swallows nothing else", async (count) => {
    const continued = [continued12(1), continued12(2), continued4(3)].slice(0, count);
    const loaded = await load(
      recordingOf([...start, others(0x19), ...continued, timeHigh(2), off(5)]),
    );
    expect(loaded.rows).toEqual([[8192, 5, 4, 0]]);
    expect(loaded.report.otherSubtypes).toEqual({ "0x19": 1 });
  });

  it("word 0x9999", async () => {
    const loaded = await load(recordingOf([...start, FILLER, on(1), FILLER]));
    expect(xs(loaded)).toEqual([1]);
    expect(loaded.report.unknownWords).toEqual({ "0x9": 2 });
  });

  it("x >= W", async () => {
    const loaded = await load(recordingOf([...start, on(639), on(640), on(2047)]));
    expect(xs(loaded)).toEqual([639]);
    expect(loaded.report.eventsOutsideGeometry).toBe(2);
  });

  it("y >= H", async () => {
    const loaded = await load(
      recordingOf([...start, row(479), on(1), row(480), on(2), base(0), vect12(7)]),
    );
    expect(xs(loaded)).toEqual([1]);
    expect(loaded.report.eventsOutsideGeometry).toBe(4);
  });

  it("geometry missing: loads, and coordinates are not checked", async () => {
    const loaded = await load(
      recordingOf([...start, row(2047), on(2047)], { header: "% evt 3.0\n% end\n" }),
    );
    expect(loaded.rows).toEqual([[4098, 2047, 2047, 1]]);
    expect(loaded.report).toMatchObject({ geometry: null, eventsOutsideGeometry: 0 });
  });
});

describe("format checklist 5, DAT", () => {
  const { event, recordingOf, trigger, sizedHeader, VERSION_1, VERSION_2 } = dat;
  const records = [event(5, 1, 2, 1), event(6, 3, 4, 0)];
  const rows: Row[] = [
    [5, 1, 2, 1],
    [6, 3, 4, 0],
  ];

  it("with sizes", async () => {
    const loaded = await load(recordingOf(records, { header: sizedHeader(VERSION_2) }));
    expect(loaded.rows).toEqual(rows);
    expect(loaded.report.geometry).toEqual(VERSION_2.sensor);
  });

  it("without sizes", async () => {
    const loaded = await load(recordingOf(records, { header: VERSION_2.header }));
    expect(loaded.rows).toEqual(rows);
    expect(loaded.report.geometry).toBe(null);
  });

  it.each([dat.EVENT_2D, dat.CD])("type %i", async (type) => {
    expect((await load(recordingOf(records, { type }))).rows).toEqual(rows);
  });

  it("type 14", async () => {
    const triggers = [trigger(7, 3, 1), trigger(9, 3, 0)];
    const loaded = await load(recordingOf(triggers, { type: dat.EXT_TRIGGER }));
    expect([loaded.rows, loaded.triggers]).toEqual([
      [],
      [
        [7, 3, 1],
        [9, 3, 0],
      ],
    ]);
  });

  it("version 1", async () => {
    const bytes = recordingOf([dat.eventV1(5, 300, 200, 1)], { header: sizedHeader(VERSION_1) });
    expect((await load(bytes)).rows).toEqual([[5, 300, 200, 1]]);
  });

  it("t wrap", async () => {
    const loaded = await load(recordingOf([event(2 ** 32 - 1, 1, 1), event(0, 1, 1)]));
    expect(loaded.rows.map(([t]) => t)).toEqual([2 ** 32 - 1, 2 ** 32]);
    expect(loaded.report.clockWraps).toBe(1);
  });

  it("partial record", async () => {
    const loaded = await load(recordingOf(records, { tail: [1, 2, 3, 4, 5] }));
    expect(loaded.rows).toEqual(rows);
    expect(loaded.report.truncatedBytes).toBe(5);
  });

  it("a size byte that is not 8", async () => {
    const error = await load(recordingOf(records, { size: 9 })).catch((caught) => caught);
    expect(isEventError(error, "invalid-header")).toBe(true);
  });

  it("type 40 is refused by name", async () => {
    const bytes = recordingOf(records, { type: 40, size: 28 });
    const error = await load(bytes).catch((caught) => caught);
    expect(isEventError(error, "unsupported-format")).toBe(true);
    expect(error.message).toContain("optical flow");
  });
});
