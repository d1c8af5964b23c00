import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEventError, loadTable, openRecording, reportOf } from "../../../src/index.ts";
import { parseRawHeader } from "../../reference/raw-header.ts";
import {
  concatBytes,
  latin1Bytes,
  on,
  PLAIN_HEADER,
  recordingOf,
  timeHigh,
  trigger,
} from "../../support/evt2-words.ts";
import { columnsOf, expectedLoad, expectSameColumns } from "../../support/expected-load.ts";
import { expectStrict, streamed } from "../../support/loads.ts";
import { itWithSharedData } from "../../support/shared-data.ts";
import { SOAK } from "../../support/soak.ts";
import { PieceSource } from "../../support/sources.ts";
import { OPEN_HEADER, SENSOR } from "./loads.ts";

describe("strict", () => {
  it("takes triggers, vendor words, duplicate times and wraps", async () => {
    const words = [
      ...[timeHigh(0xfffffff), timeHigh(0xfffffff), on(1, 1, 1), trigger(0, 1, 1)],
      ...[0xd0000000, 0xe0000000, 0xf0000000, timeHigh(0), on(1, 1, 1)],
    ];
    const table = await loadTable(recordingOf(words), { strict: true });
    expect(table.numRows).toBe(2);
    expect(reportOf(table).clockWraps).toBe(1);
  });

  it.each([
    ["unknown words", [timeHigh(1), on(1, 1, 1), 0x20000000], [], 8, "a word of a type", 1],
    [
      "events without a time",
      [0xe0000000, on(1, 1, 1), timeHigh(1)],
      [],
      4,
      "before the first time",
      0,
    ],
    ["triggers without a time", [trigger(1, 1, 1), timeHigh(1)], [], 0, "a trigger before", 0],
    ["pixels outside", [timeHigh(1), on(1, 1, 1), on(1, 640, 1)], [], 8, "outside the sensor", 1],
    ["steps back", [timeHigh(1), on(1, 1, 1), on(0, 1, 1)], [], 8, "earlier than", 2],
    ["a cut end", [timeHigh(1), on(1, 1, 1)], [1, 2], 8, "ends inside a word", 1],
  ])(
    "refuses %s, with the offset from the start of the file",
    async (_, words, tail, at, problem, kept) => {
      const bytes = recordingOf(words, { tail });
      const error = await loadTable(new File([bytes], "a.raw"), { strict: true }).catch((e) => e);
      expect(isEventError(error, "data-loss")).toBe(true);
      expect(error).toMatchObject({
        byteOffset: PLAIN_HEADER.length + at,
        path: "a.raw",
        format: "evt2",
      });
      expect(error.message).toContain(problem);
      expect(error.hint).toContain("strict");
      expect(reportOf(await loadTable(bytes)).events).toBe(kept);
    },
  );

  it("holds for streams, triggers and recordings opened with it", async () => {
    const bytes = recordingOf([timeHigh(1), on(1, 1, 1), on(2, 2, 2), on(0, 1, 1), on(9, 1, 1)]);
    const at = { code: "data-loss", byteOffset: PLAIN_HEADER.length + 12 };
    const lenient = await openRecording(bytes);
    await expect(lenient.triggers({ strict: true })).rejects.toMatchObject(at);
    await expect(streamed(lenient.stream({ strict: true }))).rejects.toMatchObject(at);
    expect((await streamed(lenient.stream())).columns.x).toHaveLength(4);
    const strict = await openRecording(bytes, { strict: true });
    await expect(strict.triggers()).rejects.toMatchObject(at);
    await expect(streamed(strict.stream())).rejects.toMatchObject(at);
    await expect(streamed(strict.stream({ batches: "borrowed" }))).rejects.toMatchObject(at);
    await expect(loadTable(strict)).rejects.toMatchObject(at);
    expect((await loadTable(strict, { strict: false })).numRows).toBe(4);
  });

  it("takes what was assumed, unless assumptions are refused too", async () => {
    const header = "% evt 2.0\n% system_ID 21\n";
    const bytes = recordingOf([timeHigh(1), on(1, 1, 1)], { header });
    expect((await loadTable(bytes, { strict: true })).numRows).toBe(1);
    const error = await loadTable(bytes, { strict: "assumptions" }).catch((caught) => caught);
    expect(isEventError(error, "assumption")).toBe(true);
    expect(error.message).toContain("640x480");
    await expect(openRecording(bytes, { strict: "assumptions" })).rejects.toMatchObject({
      code: "assumption",
    });
    const recording = await openRecording(bytes);
    await expect(loadTable(recording, { strict: "assumptions" })).rejects.toMatchObject({
      code: "assumption",
    });

    const geometry = { width: 320, height: 240 };
    const stated = await loadTable(bytes, { strict: "assumptions", geometry });
    expect(reportOf(stated)).toMatchObject({ geometry, assumptions: [] });
    const later = await loadTable(recording, { strict: "assumptions", geometry });
    expect(reportOf(later)).toMatchObject({ geometry, assumptions: [] });
  });

  it("refuses an assumed format and assumed data under `assumptions`", async () => {
    const assumed = recordingOf([timeHigh(1)], { header: "% system_ID 21\n% geometry 640x480\n" });
    await expect(loadTable(assumed, { strict: "assumptions" })).rejects.toMatchObject({
      code: "assumption",
      message: expect.stringContaining("format evt2"),
    });
    // A first word of 25 20 xx xx, with a control character behind it: data, not a header line.
    const word = on(0, 4, 0x25);
    const header = "% evt 2.0\n% geometry 640x480\n";
    const alike = recordingOf([word, timeHigh(1), on(1, 1, 1)], { header });
    expect(alike.subarray(header.length, header.length + 2)).toEqual(latin1Bytes("% "));
    expect(parseRawHeader(alike).dataOffset).toBe(header.length);
    const table = await loadTable(alike);
    expect(reportOf(table).assumptions).toMatchObject([
      { what: "data offset", value: String(header.length) },
    ]);
    expect(reportOf(table).eventsBeforeTimeBase).toBe(1);
    await expect(loadTable(alike, { strict: "assumptions" })).rejects.toMatchObject({
      code: "assumption",
    });
  });

  it("refuses losses under `assumptions` too", async () => {
    const bytes = recordingOf([timeHigh(1), on(1, 1, 1), on(0, 1, 1)]);
    await expect(loadTable(bytes, { strict: "assumptions" })).rejects.toMatchObject({
      code: "data-loss",
    });
  });
});

describe("the geometry", () => {
  const words = [timeHigh(1), on(1, 2047, 2047), on(1, 639, 479), on(1, 10, 20), on(1, 9, 19)];

  it("of the caller replaces that of the header", async () => {
    const geometry = { width: 10, height: 20 };
    for (const source of [recordingOf(words), await openRecording(recordingOf(words))]) {
      const table = await loadTable(source, { geometry });
      expect([...columnsOf(table).x]).toEqual([9]);
      expect(table.schema.metadata.get("evarrow.geometry")).toBe("10x20");
      expect(reportOf(table)).toMatchObject({ geometry, eventsOutsideGeometry: 3 });
    }
  });

  it("that nothing says checks nothing", async () => {
    const bytes = recordingOf(words, { header: OPEN_HEADER });
    const recording = await openRecording(bytes);
    expect(recording.geometry).toBeNull();
    const table = await loadTable(recording);
    expect(table.numRows).toBe(4);
    expect(table.schema.metadata.has("evarrow.geometry")).toBe(false);
    expect(reportOf(table)).toMatchObject({ geometry: null, eventsOutsideGeometry: 0 });
  });

  it("that the caller gives is not changed with the caller's object", async () => {
    const geometry = { width: 10, height: 20 };
    const recording = await openRecording(recordingOf(words), { geometry });
    geometry.width = 2048;
    expect(recording.geometry).toEqual({ width: 10, height: 20 });
  });
});

describe("a real recording", () => {
  itWithSharedData("loads whole", "evt2_sample.raw", async (path, expectation) => {
    const bytes = new Uint8Array(readFileSync(path));
    const [width = 0, height = 0] = expectation.geometry ?? [];
    const assumptions = [{ what: "geometry", value: "640x480", reason: expect.any(String) }];
    const expected = expectedLoad(bytes, { geometry: { width, height }, assumptions });
    expect(expected.events).toHaveLength(expectation.events);
    const table = await loadTable(bytes);
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);

    const recording = await openRecording(path);
    for (const batchEvents of [10_007, 65536]) {
      const owned = await streamed(recording.stream({ batchEvents }));
      expectSameColumns(owned.columns, expected.columns);
    }
    const borrowed = await streamed(recording.stream({ batches: "borrowed" }));
    expectSameColumns(borrowed.columns, expected.columns);
    await recording.close();
  });

  itWithSharedData("loads in uneven pieces", "evt2_sample.raw", async (path) => {
    const bytes = new Uint8Array(readFileSync(path));
    const expected = expectedLoad(bytes, { geometry: SENSOR });
    for (const sizes of [[1000, 1, 70_001, 3], [65535], [1_048_575]]) {
      let piece = 0;
      const source = new PieceSource(bytes, () => sizes[piece++ % sizes.length] ?? 1);
      expectSameColumns(columnsOf(await loadTable(source)), expected.columns);
    }
  });

  itWithSharedData("loads in slices, damaged or not", "evt2_sample.raw", async (path) => {
    const file = readFileSync(path);
    const data = file.subarray(parseRawHeader(file).dataOffset);
    const count = Math.floor(data.byteLength / 4);
    const slices = fc.record({
      start: fc.nat(count),
      length: fc.nat(3000),
      // Bits that flip, and a word that is lost in between.
      flips: fc.array(fc.record({ at: fc.nat(12_000), mask: fc.integer({ min: 1, max: 255 }) }), {
        maxLength: 5,
      }),
      cut: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(slices, async ({ start, length, flips, cut }) => {
        const slice = Uint8Array.from(data.subarray(start * 4, (start + length) * 4 - cut));
        for (const { at, mask } of flips) {
          if (at < slice.length) slice[at] = (slice[at] ?? 0) ^ mask;
        }
        const bytes = concatBytes(latin1Bytes(PLAIN_HEADER), slice);
        const expected = expectedLoad(bytes, { geometry: SENSOR });
        const table = await loadTable(bytes);
        expectSameColumns(columnsOf(table), expected.columns);
        expect(reportOf(table)).toEqual(expected.report);
        await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
      }),
      { numRuns: 50 * SOAK },
    );
  });
});
