import { describe, expect, it } from "vitest";
import { createReport } from "../../../src/events/report.ts";
import { dat } from "../../../src/formats/dat/decoder.ts";
import {
  detectFormat,
  isEventError,
  loadTable,
  openRecording,
  reportOf,
} from "../../../src/index.ts";
import type { DecodingKernel } from "../../../src/kernels/decoding-kernel.ts";
import { EventMemory } from "../../../src/kernels/event-memory.ts";
import { instantiateKernel } from "../../../src/kernels/kernel.ts";
import {
  CD,
  EVENT_2D,
  EXT_TRIGGER,
  event,
  eventV1,
  recordBytes,
  recordingOf,
  sizedHeader,
  trigger,
  VERSION_1,
  VERSION_2,
} from "../../support/dat-records.ts";
import { concatBytes, latin1Bytes } from "../../support/evt2-words.ts";
import { columnsOf, expectSameColumns, triggersOf } from "../../support/expected-load.ts";
import { expectLoads } from "../../support/loads.ts";
import { PieceSource } from "../../support/sources.ts";
import { expectedDat } from "./loads.ts";

/** The error that opening a recording ends with. */
async function failure(bytes: Uint8Array<ArrayBuffer>) {
  const error = await openRecording(new File([bytes], "a.dat")).catch((caught) => caught);
  expect(isEventError(error), String(error)).toBe(true);
  return error;
}

const RECORDS = [event(1, 2, 3), event(5, 6, 7, 0)];

describe("the two bytes behind the header", () => {
  it.each([
    ["type 0, without `% end`", VERSION_2.header, EVENT_2D],
    ["type 12, without `% end`", VERSION_2.header, CD],
    ["type 0, with `% end`", `${VERSION_2.header}% end\n`, EVENT_2D],
    ["type 12, with `% end`", `${VERSION_2.header}% end\n`, CD],
    ["CR before LF", "% Version 2\r\n% Width 640\r\n% Height 480\r\n", CD],
  ])("say that events follow: %s", async (_, header, type) => {
    const bytes = recordingOf(RECORDS, { header, type });
    const geometry = header.includes("Width") ? VERSION_2.sensor : null;
    await expectLoads(bytes, expectedDat(bytes, { geometry }));
    const table = await loadTable(bytes);
    expect(table.toArray().map((row) => row?.toJSON())).toEqual([
      { x: 2, y: 3, t: 1n, polarity: 1 },
      { x: 6, y: 7, t: 5n, polarity: -1 },
    ]);
  });

  it("say that triggers follow: type 14", async () => {
    const records = [trigger(7, 63, 0), trigger(8, 0, 1), trigger(9, 5, 15)];
    const bytes = recordingOf(records, { type: EXT_TRIGGER });
    expect((await detectFormat(bytes)).format).toBe("dat");
    const recording = await openRecording(bytes);
    expect(triggersOf(await recording.triggers())).toEqual({
      t: [7n, 8n, 9n],
      id: [63, 0, 5],
      value: [0, 1, 1],
    });
    const table = await loadTable(recording);
    expect(table.numRows).toBe(0);
    expect(reportOf(table)).toMatchObject({ events: 0, triggers: 3, firstAt: {} });
  });

  it("may name optical flow, which is refused by name", async () => {
    const bytes = recordingOf(RECORDS, { type: 40, size: 28 });
    const error = await failure(bytes);
    expect(error).toMatchObject({
      code: "unsupported-format",
      path: "a.dat",
      format: "dat",
      byteOffset: sizedHeader(VERSION_2).length,
      found: "event type 40",
    });
    expect(error.message).toContain("optical flow");
    expect(error.hint).toContain("recording");
  });

  it.each([1, 11, 13, 15, 0x25, 0x30, 255])("may name another type: %i", async (type) => {
    const error = await failure(recordingOf(RECORDS, { type }));
    expect(error).toMatchObject({
      code: "unsupported-format",
      path: "a.dat",
      format: "dat",
      byteOffset: sizedHeader(VERSION_2).length,
      expected: "event type 0 or 12 (events) or 14 (triggers)",
      found: `event type ${type}`,
    });
  });

  for (const type of [EVENT_2D, CD, EXT_TRIGGER]) {
    it.each([0, 7, 9, 16, 28, 255])(
      `refuse type ${type} with a record size of %i`,
      async (size) => {
        const error = await failure(recordingOf(RECORDS, { type, size }));
        expect(error).toMatchObject({
          code: "invalid-header",
          path: "a.dat",
          format: "dat",
          byteOffset: sizedHeader(VERSION_2).length + 1,
          expected: `8 bytes a record of event type ${type}`,
          found: String(size),
        });
      },
    );
  }

  it("are missed where the source ends before them", async () => {
    for (const header of [VERSION_2.header, `${VERSION_2.header}% end\n`]) {
      for (const rest of [[], [CD]]) {
        const error = await failure(concatBytes(latin1Bytes(header), Uint8Array.from(rest)));
        expect(error).toMatchObject({ code: "invalid-header", byteOffset: header.length });
        expect(error.found).toContain(`after ${rest.length} bytes`);
      }
    }
  });

  it("may end the source", async () => {
    for (const type of [EVENT_2D, CD, EXT_TRIGGER]) {
      const bytes = recordingOf([], { type });
      await expectLoads(bytes, expectedDat(bytes, { geometry: VERSION_2.sensor }));
    }
  });

  it("are found where the first read of the source ends inside or in front of them", async () => {
    const FIRST_READ = 65536;
    for (const end of ["% end\n", ""]) {
      for (let length = FIRST_READ - 4; length <= FIRST_READ + 4; length++) {
        const start = `${VERSION_2.header}% filler `;
        const filler = "f".repeat(length - start.length - end.length - 1);
        const bytes = recordingOf(RECORDS, { header: `${start}${filler}\n${end}` });
        const expected = expectedDat(bytes, { geometry: null });
        for (const source of [bytes, new Blob([bytes]), new PieceSource(bytes, () => 10_000)]) {
          expectSameColumns(columnsOf(await loadTable(source)), expected.columns);
        }
      }
    }
  });
});

describe("the version", () => {
  it.each([
    ["1", "% Version 1\n"],
    ["1, in another case", "% VERSION 1\n"],
    ["01", "% Version 01\n"],
    ["1, the last of several", "% Version 2\n% Version 1\n"],
  ])("%s has the old layout", async (_, header) => {
    const table = await loadTable(recordingOf([eventV1(9, 303, 239, 0)], { header }));
    expect(table.toArray().map((row) => row?.toJSON())).toEqual([
      { x: 303, y: 239, t: 9n, polarity: -1 },
    ]);
    expect(reportOf(table).assumptions).toEqual([]);
  });

  it.each([
    ["2", "% Version 2\n"],
    ["nothing", "% Date today\n% Data x\n"],
  ])("%s has the new layout", async (_, header) => {
    const table = await loadTable(recordingOf([event(9, 1279, 719, 0)], { header }));
    expect(table.toArray().map((row) => row?.toJSON())).toEqual([
      { x: 1279, y: 719, t: 9n, polarity: -1 },
    ]);
    expect(reportOf(table).assumptions).toEqual([]);
  });

  it.each(["3", "0", "11", "two", "1 2", ""])("%j is taken for 2, an assumption", async (text) => {
    const bytes = recordingOf([event(9, 1279, 719)], { header: `% Version ${text}\n` });
    const table = await loadTable(bytes);
    expect([...columnsOf(table).x]).toEqual([1279]);
    expect(reportOf(table).assumptions).toEqual([
      { what: "version", value: "2", reason: expect.stringContaining(JSON.stringify(text)) },
    ]);
    const refused = loadTable(bytes, { strict: "assumptions" });
    await expect(refused).rejects.toMatchObject({ code: "assumption" });
  });

  it("does not matter to triggers", async () => {
    for (const version of ["1", "3"]) {
      const header = `% Version ${version}\n`;
      const bytes = recordingOf([trigger(1, 63, 1)], { header, type: EXT_TRIGGER });
      const recording = await openRecording(bytes, { strict: "assumptions" });
      expect(triggersOf(await recording.triggers())).toMatchObject({ id: [63], value: [1] });
    }
  });
});

describe("the geometry", () => {
  const records = [event(1, 639, 479), event(2, 640, 0), event(3, 0, 480), event(4, 16383, 16383)];

  it.each([
    "% Width 640\n% Height 480\n",
    "% Height 480\n% Width 640\n% end\n",
    "% width 640\n% HEIGHT 480\n",
    "% Width 1\n% Height 480\n% Width  640\n",
  ])("is that of %j", async (header) => {
    const bytes = recordingOf(records, { header });
    const recording = await openRecording(bytes, { strict: "assumptions" });
    expect(recording.geometry).toEqual({ width: 640, height: 480 });
    expect(recording.header.length).toBeGreaterThan(1);
    const table = await loadTable(bytes);
    expect([...columnsOf(table).x]).toEqual([639]);
    expect(reportOf(table)).toMatchObject({ eventsOutsideGeometry: 3, assumptions: [] });
  });

  it.each([
    ["neither width nor height", "% Version 2\n"],
    ["a width only", "% Width 640\n"],
    ["a height only", "% Height 480\n"],
    ["a `geometry` line, which RAW files have", "% Version 2\n% geometry 640x480\n"],
  ])("is unknown with %s, and then checks nothing", async (_, header) => {
    const bytes = recordingOf(records, { header });
    await expectLoads(bytes, expectedDat(bytes, { geometry: null }));
    const table = await loadTable(bytes, { strict: "assumptions" });
    expect([...columnsOf(table).y]).toEqual([479, 0, 480, 16383]);
    expect(reportOf(table)).toMatchObject({ geometry: null, eventsOutsideGeometry: 0 });
    expect(table.schema.metadata.has("evarrow.geometry")).toBe(false);
  });

  it.each([
    "% Width 0\n% Height 480\n",
    "% Width 640\n% Height 0\n",
    "% Width 65537\n% Height 480\n",
    "% Width 640.5\n% Height 480\n",
    "% Width -640\n% Height 480\n",
    "% Width wide\n% Height 480\n",
    "% Width\n% Height 480\n",
    "% Width 640x480\n% Height 480\n",
    "% Width 6 40\n% Height 480\n",
    "% Width 99999999999\n% Height 480\n",
  ])("is refused when it is malformed: %j", async (header) => {
    const bytes = recordingOf(records, { header });
    const error = await failure(bytes);
    expect(error).toMatchObject({ code: "invalid-header", path: "a.dat", format: "dat" });
    expect(error.hint).toContain("geometry");
    const own = await openRecording(bytes, { geometry: { width: 20, height: 10 } });
    expect(own.geometry).toEqual({ width: 20, height: 10 });
  });

  it("may have the greatest sides", async () => {
    const bytes = recordingOf(records, { header: "% Width 65536\n% Height 65536\n" });
    const table = await loadTable(bytes, { strict: true });
    expect([...columnsOf(table).x]).toEqual([639, 640, 0, 16383]);
  });

  it("of the caller replaces that of the header", async () => {
    for (const header of [sizedHeader(VERSION_2), VERSION_2.header]) {
      const bytes = recordingOf(records, { header });
      const geometry = { width: 641, height: 480 };
      for (const source of [bytes, await openRecording(bytes)]) {
        const table = await loadTable(source, { geometry });
        expect([...columnsOf(table).x]).toEqual([639, 640]);
        expect(reportOf(table)).toMatchObject({ geometry, eventsOutsideGeometry: 2 });
      }
    }
  });

  it("does not concern triggers", async () => {
    const bytes = recordingOf(records, { type: EXT_TRIGGER });
    const expected = expectedDat(bytes, { geometry: VERSION_2.sensor });
    expect(expected.report).toMatchObject({ triggers: 4, eventsOutsideGeometry: 0 });
    await expectLoads(bytes, expected);
  });
});

describe("a file without any header", () => {
  const bytes = concatBytes(recordBytes([...RECORDS, ...RECORDS]), Uint8Array.of(1, 2, 3));

  it("is records of type 0, version 2, from byte 0, an assumption", () => {
    const { assumptions, ...rest } = dat.readHeader(bytes, undefined);
    expect(rest).toEqual({ entries: [], dataOffset: 0, geometry: null, variant: 0 });
    expect(assumptions).toEqual([
      { what: "layout", value: "type 0, version 2", reason: expect.stringContaining("no header") },
    ]);
    const geometry = { width: 20, height: 10 };
    expect(dat.readHeader(bytes, geometry).geometry).toEqual(geometry);
    expect(dat.readHeader(new Uint8Array(0), undefined).dataOffset).toBe(0);
  });

  it("decodes as the reference does", async () => {
    const { dataOffset, variant = -1, assumptions } = dat.readHeader(bytes, undefined);
    const memory = new EventMemory({ inputBytes: 1024, tileEvents: 64 });
    memory.configure(null, "minus-one-one");
    const kernel = await instantiateKernel<DecodingKernel>(dat.kernel, memory.memory);
    const decoder = dat.createDecoder(memory, kernel, { dataOffset, rebase: false, variant });
    const report = createReport({
      ...{ format: "dat", sourceName: null, geometry: null, assumptions },
      polarityEncoding: "minus-one-one",
    });
    memory.inputs[0].set(bytes);
    decoder.feed(0, bytes.byteLength);
    expect(decoder.decode(64, report)).toBe(true);
    decoder.finish(report);

    const expected = expectedDat(bytes, { geometry: null, assumptions });
    const { x, y, t, polarity } = memory.columns;
    const columns = { x: x.slice(0, 4), y: y.slice(0, 4), t: t.slice(0, 4) };
    expectSameColumns({ ...columns, polarity: polarity.slice(0, 4) }, expected.columns);
    const { bytesRead, mode } = report;
    expect(report).toEqual({ ...expected.report, bytesRead, mode });
    expect(report).toMatchObject({ backwardSteps: 1, truncatedBytes: 3, events: 4 });
  });
});

it("version 1 of the sensors of its time loads whole", async () => {
  const { event: record, sensor } = VERSION_1;
  const records = Array.from({ length: 100 }, (_, index) =>
    record(index, (index * 31) % sensor.width, (index * 17) % sensor.height, index % 2),
  );
  const bytes = recordingOf(records, { header: sizedHeader(VERSION_1), type: EVENT_2D });
  await expectLoads(bytes, expectedDat(bytes, { geometry: sensor }));
  expect((await loadTable(bytes, { strict: "assumptions" })).numRows).toBe(100);
});
