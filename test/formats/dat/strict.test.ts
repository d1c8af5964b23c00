import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  digestEvents,
  isEventError,
  loadStatistics,
  loadTable,
  openRecording,
  reportOf,
  type SensorGeometry,
} from "../../../src/node.ts";
import { referenceDigest } from "../../reference/digest.ts";
import { parseRawHeader } from "../../reference/raw-header.ts";
import {
  type DatRecord,
  EXT_TRIGGER,
  event,
  recordingOf,
  sizedHeader,
  trigger,
  VERSION_2,
} from "../../support/dat-records.ts";
import { concatBytes } from "../../support/evt2-words.ts";
import {
  columnsOf,
  expectSameColumns,
  type PlainColumns,
  triggersOf,
} from "../../support/expected-load.ts";
import { expectStrict, streamed } from "../../support/loads.ts";
import { itWithSharedData } from "../../support/shared-data.ts";
import { SOAK } from "../../support/soak.ts";
import { PieceSource } from "../../support/sources.ts";
import { expectedDat } from "./loads.ts";

const DATA_OFFSET = sizedHeader(VERSION_2).length + 2;

describe("strict", () => {
  it("takes wraps, pauses and a sensor that nothing says", async () => {
    const records = [event(2 ** 32 - 1, 1, 1), event(5, 1, 1), event(2 ** 31, 9999, 1)];
    const bytes = recordingOf(records, { header: VERSION_2.header });
    const table = await loadTable(bytes, { strict: "assumptions" });
    expect([...columnsOf(table).t]).toEqual([
      2n ** 32n - 1n,
      2n ** 32n + 5n,
      2n ** 32n + 2n ** 31n,
    ]);
    expect(reportOf(table).clockWraps).toBe(1);
  });

  it("takes triggers out of order: only events are said to step back", async () => {
    const records = [
      trigger(9, 1, 1),
      trigger(3, 1, 0),
      trigger(2 ** 32 - 1, 1, 1),
      trigger(0, 1, 0),
    ];
    const bytes = recordingOf(records, { type: EXT_TRIGGER });
    const recording = await openRecording(bytes, { strict: true });
    const triggers = triggersOf(await recording.triggers());
    expect(triggers.t).toEqual([9n, 3n, 2n ** 32n - 1n, 2n ** 32n]);
  });

  const start = [event(9, 1, 1)];
  it.each<[string, DatRecord[], tail: number[], at: number, problem: string, kept: number]>([
    ["pixels outside", [...start, event(9, 640, 1)], [], 8, "outside the sensor", 1],
    ["rows outside", [...start, event(9, 1, 480)], [], 8, "outside the sensor", 1],
    ["steps back", [...start, event(8, 1, 1)], [], 8, "earlier", 2],
    ["a partial record", start, [1, 2, 3], 8, "ends inside a word", 1],
  ])("refuses %s, with the offset from the start of the file", async (...given) => {
    const [, records, tail, at, problem, kept] = given;
    const bytes = recordingOf(records, { tail });
    const error = await loadTable(new File([bytes], "a.dat"), { strict: true }).catch((e) => e);
    expect(isEventError(error, "data-loss")).toBe(true);
    expect(error).toMatchObject({ byteOffset: DATA_OFFSET + at, path: "a.dat", format: "dat" });
    expect(error.message).toContain(problem);
    expect(reportOf(await loadTable(bytes)).events).toBe(kept);
  });

  it("refuses a partial record of triggers", async () => {
    const bytes = recordingOf([trigger(1, 1, 1)], { type: EXT_TRIGGER, tail: [1] });
    const recording = await openRecording(bytes);
    const at = { code: "data-loss", byteOffset: DATA_OFFSET + 8 };
    await expect(recording.triggers({ strict: true })).rejects.toMatchObject(at);
  });

  it("holds for streams", async () => {
    const bytes = recordingOf([...start, event(10, 1, 1), event(3, 1, 1), event(11, 1, 1)]);
    const at = { code: "data-loss", byteOffset: DATA_OFFSET + 16 };
    const recording = await openRecording(bytes);
    for (const batches of ["owned", "borrowed"] as const) {
      const stream = streamed(recording.stream({ strict: true, batches }));
      await expect(stream).rejects.toMatchObject(at);
    }
  });
});

describe("the table", () => {
  const records = Array.from({ length: 40 }, (_, t) => event(50 + t, t, t, t % 2));

  it("has the facts of the recording in its metadata", async () => {
    const { metadata } = (await loadTable(recordingOf(records))).schema;
    expect(metadata.get("evarrow.format")).toBe("dat");
    expect(metadata.get("evarrow.geometry")).toBe("640x480");
    expect(metadata.get("evarrow.polarityEncoding")).toBe("minus-one-one");
  });

  it("holds polarity in the encoding that was asked for", async () => {
    const bytes = recordingOf(records);
    for (const [polarityEncoding, off] of [
      [undefined, -1],
      ["minus-one-one", -1],
      ["zero-one", 0],
    ] as const) {
      const table = await loadTable(bytes, { polarityEncoding });
      expect([...columnsOf(table).polarity]).toEqual(
        records.map((_, index) => (index % 2 === 0 ? off : 1)),
      );
      expect(reportOf(table).polarityEncoding).toBe(polarityEncoding ?? "minus-one-one");
    }
  });

  it("starts at 0 under rebase, from the first event that is kept", async () => {
    const bytes = recordingOf([event(2 ** 32 - 3, 640, 1), event(7, 1, 1), ...records]);
    const table = await loadTable(bytes, { rebase: true });
    expect([...columnsOf(table).t.subarray(0, 3)]).toEqual([0n, 43n, 44n]);
    expect(reportOf(table)).toMatchObject({ timeOffset: 2 ** 32 + 7, clockWraps: 1 });
    expect(reportOf(table).eventsOutsideGeometry).toBe(1);
  });

  it("leaves triggers on their clock under rebase, for there are no events", async () => {
    const bytes = recordingOf([trigger(5, 1, 1)], { type: EXT_TRIGGER });
    const recording = await openRecording(bytes);
    expect(triggersOf(await recording.triggers({ rebase: true })).t).toEqual([5n]);
    expect(reportOf(await loadTable(bytes, { rebase: true })).timeOffset).toBe(0);
    expect(await loadStatistics(bytes)).toMatchObject({ events: 0, durationUs: 0 });
  });
});

describe("a real recording", () => {
  const sum = (column: Uint16Array | BigInt64Array): number =>
    [...column].reduce<number>((total, value) => total + Number(value), 0);

  /** The sums that `expected.json` gives, of columns. */
  function sumsOf({ x, y, t, polarity }: PlainColumns) {
    return {
      events: x.length,
      on: polarity.filter((value) => value === 1).length,
      sum_x: sum(x),
      sum_y: sum(y),
      sum_t_rel: sum(t.map((time) => time - (t[0] ?? 0n))),
    };
  }

  const files: [name: string, file: string, geometry: SensorGeometry | null][] = [
    ["with sizes, type 12", "openeb_cd.dat", { width: 1280, height: 720 }],
    ["without sizes, type 0", "ncars.dat", null],
  ];
  for (const [name, file, geometry] of files) {
    itWithSharedData(`loads whole: ${name}`, file, async (path, expectation) => {
      const bytes = new Uint8Array(readFileSync(path));
      const expected = expectedDat(bytes, { geometry });
      const table = await loadTable(bytes, { strict: "assumptions" });
      expectSameColumns(columnsOf(table), expected.columns);
      expect(reportOf(table)).toEqual(expected.report);
      expect(referenceDigest(expected.events)).toBe(expectation.digest);
      expect((await digestEvents(path)).digest).toBe(expectation.digest);
      expect(expectation).toMatchObject(sumsOf(columnsOf(table)));

      const recording = await openRecording(path);
      for (const options of [{ batchEvents: 1009 }, { batches: "borrowed" } as const]) {
        const { columns } = await streamed(recording.stream(options));
        expectSameColumns(columns, expected.columns);
      }
      expect((await recording.triggers()).numRows).toBe(0);
      await recording.close();
    });

    itWithSharedData(`loads in uneven pieces: ${name}`, file, async (path) => {
      const bytes = new Uint8Array(readFileSync(path));
      const expected = expectedDat(bytes, { geometry, mode: "chunked" });
      for (const sizes of [[1000, 1, 70_001, 3], [65535], [13, 6, 7]]) {
        let piece = 0;
        const source = new PieceSource(bytes, () => sizes[piece++ % sizes.length] ?? 1);
        const table = await loadTable(source);
        expectSameColumns(columnsOf(table), expected.columns);
        expect(reportOf(table)).toEqual(expected.report);
      }
    });

    itWithSharedData(`loads in slices, damaged or not: ${name}`, file, async (path) => {
      const whole = readFileSync(path);
      const { dataOffset } = parseRawHeader(whole);
      const head = whole.subarray(0, dataOffset + 2);
      const data = whole.subarray(dataOffset + 2);
      const slices = fc.record({
        // A slice that starts inside a record is noise with the statistics of events.
        start: fc.nat(data.byteLength),
        length: fc.nat(8000),
        flips: fc.array(fc.record({ at: fc.nat(8000), mask: fc.integer({ min: 1, max: 255 }) }), {
          maxLength: 5,
        }),
      });
      await fc.assert(
        fc.asyncProperty(slices, async ({ start, length, flips }) => {
          const slice = Uint8Array.from(data.subarray(start, start + length));
          for (const { at, mask } of flips) {
            if (at < slice.length) slice[at] = (slice[at] ?? 0) ^ mask;
          }
          const bytes = concatBytes(head, slice);
          const expected = expectedDat(bytes, { geometry });
          const table = await loadTable(bytes);
          expectSameColumns(columnsOf(table), expected.columns);
          expect(reportOf(table)).toEqual(expected.report);
          await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
        }),
        { numRuns: 40 * SOAK },
      );
    });
  }
});
