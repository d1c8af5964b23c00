import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  digestEvents,
  isEventError,
  loadTable,
  openRecording,
  reportOf,
} from "../../../src/node.ts";
import { referenceDigest } from "../../reference/digest.ts";
import { parseRawHeader } from "../../reference/raw-header.ts";
import { concatBytes, latin1Bytes } from "../../support/evt2-words.ts";
import {
  base,
  continued12,
  on,
  others,
  PLAIN_HEADER,
  recordingOf,
  row,
  timeHigh,
  timeLow,
  trigger,
  triple,
  vect12,
} from "../../support/evt3-words.ts";
import { columnsOf, expectSameColumns, type PlainColumns } from "../../support/expected-load.ts";
import { expectStrict, expectTable, streamed } from "../../support/loads.ts";
import { itWithSharedData } from "../../support/shared-data.ts";
import { SOAK } from "../../support/soak.ts";
import { PieceSource } from "../../support/sources.ts";
import { expectedEvt3 } from "./loads.ts";

describe("strict", () => {
  it("takes triggers, vendor words, duplicate times, wraps and steps without events", async () => {
    const words = [
      ...[
        row(1),
        timeLow(3),
        base(2),
        timeHigh(4095),
        timeHigh(4095),
        row(2),
        on(1),
        trigger(1, 1),
      ],
      ...[others(0x14), continued12(1), timeHigh(0), base(608), ...triple(1, 0, 0x80), timeLow(9)],
      ...[timeLow(8), on(639), row(500), row(1, 1)],
    ];
    const table = await loadTable(recordingOf(words), { strict: true });
    expect(table.numRows).toBe(4);
    expect(reportOf(table).clockWraps).toBe(1);
  });

  const start = [timeHigh(1), row(2), on(1)];
  it.each<[string, number[], number[], at: number, problem: string, kept: number]>([
    ["unknown words", [...start, 0x9999], [], 6, "a word of a type", 1],
    ["events without a time", [others(1), on(1), timeHigh(1)], [], 2, "before the first time", 0],
    ["vectors without a time", [vect12(0), vect12(1), timeHigh(1)], [], 2, "before the first", 0],
    ["triggers without a time", [trigger(1, 1), timeHigh(1)], [], 0, "a trigger before", 0],
    ["events without a row", [timeHigh(1), on(1)], [], 2, "before its row or vector base", 0],
    ["vectors without a base", [...start, vect12(1)], [], 6, "before its row or vector base", 1],
    ["pixels outside", [...start, on(640)], [], 6, "outside the sensor", 1],
    ["rows outside", [...start, row(480), on(1)], [], 8, "outside the sensor", 1],
    ["rows of the slave camera", [...start, row(1, 1), on(1)], [], 8, "outside the sensor", 1],
    ["clipped vectors", [...start, base(630), vect12(0xfff)], [], 8, "outside the sensor", 11],
    [
      "steps back",
      [timeHigh(1), row(1), timeLow(1), on(1), timeLow(0), on(1)],
      [],
      10,
      "earlier",
      2,
    ],
    ["a cut end", start, [1], 6, "ends inside a word", 1],
  ])("refuses %s, with the offset from the start of the file", async (...given) => {
    const [, words, tail, at, problem, kept] = given;
    const bytes = recordingOf(words, { tail });
    const error = await loadTable(new File([bytes], "a.raw"), { strict: true }).catch((e) => e);
    expect(isEventError(error, "data-loss")).toBe(true);
    expect(error).toMatchObject({
      byteOffset: PLAIN_HEADER.length + at,
      path: "a.raw",
      format: "evt3",
    });
    expect(error.message).toContain(problem);
    expect(reportOf(await loadTable(bytes)).events).toBe(kept);
  });

  it("holds for streams and triggers", async () => {
    const bytes = recordingOf([...start, on(2), 0xb000, on(3)]);
    const at = { code: "data-loss", byteOffset: PLAIN_HEADER.length + 8 };
    const recording = await openRecording(bytes);
    await expect(recording.triggers({ strict: true })).rejects.toMatchObject(at);
    for (const batches of ["owned", "borrowed"] as const) {
      const stream = streamed(recording.stream({ strict: true, batches }));
      await expect(stream).rejects.toMatchObject(at);
    }
  });
});

describe("the table", () => {
  const words = [timeHigh(1), row(2), base(3, 0), vect12(3), timeLow(5), on(7), trigger(1, 1)];

  it("has the facts of the recording in its metadata", async () => {
    const { metadata } = (await loadTable(recordingOf(words))).schema;
    expect(metadata.get("evarrow.format")).toBe("evt3");
    expect(metadata.get("evarrow.geometry")).toBe("640x480");
    expect(metadata.get("evarrow.polarityEncoding")).toBe("minus-one-one");
  });

  it("holds polarity in the encoding that was asked for", async () => {
    const bytes = recordingOf(words);
    for (const [polarityEncoding, values] of [
      [undefined, [-1, -1, 1]],
      ["minus-one-one", [-1, -1, 1]],
      ["zero-one", [0, 0, 1]],
    ] as const) {
      const table = await loadTable(bytes, { polarityEncoding });
      expect([...columnsOf(table).polarity]).toEqual(values);
      expect(reportOf(table).polarityEncoding).toBe(polarityEncoding ?? "minus-one-one");
    }
  });

  it("starts at 0 under rebase, with triggers on the same clock", async () => {
    const bytes = recordingOf([
      ...[timeHigh(100), trigger(1, 1), timeLow(5), on(1), row(500), on(1)], // dropped
      ...[row(2), timeLow(7), on(1), timeLow(9), on(2), timeHigh(101), trigger(2, 0), on(3)],
    ]);
    const table = await loadTable(bytes, { rebase: true });
    expect([...columnsOf(table).t]).toEqual([0n, 2n, 4089n]);
    expect(reportOf(table).timeOffset).toBe(409607);
    const triggers = await (await openRecording(bytes)).triggers({ rebase: true });
    expect([...(triggers.getChild("t")?.toArray() ?? [])]).toEqual([-7n, 4089n]);
  });
});

describe("a real recording", () => {
  const SAMPLE = "evt3_sample.raw";

  /** What the recording must give, with the geometry that its header's system id stands for. */
  function expectedOf(path: string, [width = 0, height = 0]: readonly number[] = []) {
    const bytes = new Uint8Array(readFileSync(path));
    const assumptions = [{ what: "geometry", value: "1280x720", reason: expect.any(String) }];
    const expected = expectedEvt3(bytes, { geometry: { width, height }, assumptions });
    return { bytes, expected };
  }

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

  itWithSharedData("loads whole, with its digest and sums", SAMPLE, async (path, expectation) => {
    const { bytes, expected } = expectedOf(path, expectation.geometry);
    await expectTable(bytes, expected);
    expect(referenceDigest(expected.events)).toBe(expectation.digest);
    expect((await digestEvents(path)).digest).toBe(expectation.digest);
    const columns = columnsOf(await loadTable(path, { strict: true }));
    expect(expectation).toMatchObject(sumsOf(columns));

    const recording = await openRecording(path);
    for (const batchEvents of [10_007, 65536]) {
      const owned = await streamed(recording.stream({ batchEvents }));
      expectSameColumns(owned.columns, expected.columns);
    }
    const borrowed = await streamed(recording.stream({ batches: "borrowed" }));
    expectSameColumns(borrowed.columns, expected.columns);
    expect((await recording.triggers()).numRows).toBe(0);
    await recording.close();
  });

  itWithSharedData("loads in uneven pieces", SAMPLE, async (path, expectation) => {
    const { bytes, expected } = expectedOf(path, expectation.geometry);
    for (const sizes of [[1000, 1, 70_001, 3], [65535], [13, 6, 7]]) {
      let piece = 0;
      const source = new PieceSource(bytes, () => sizes[piece++ % sizes.length] ?? 1);
      const table = await loadTable(source);
      expectSameColumns(columnsOf(table), expected.columns);
      expect(reportOf(table)).toEqual({ ...expected.report, mode: "chunked" });
    }
  });

  itWithSharedData("loads in slices, damaged or not", SAMPLE, async (path) => {
    const file = readFileSync(path);
    const data = file.subarray(parseRawHeader(file).dataOffset);
    const slices = fc.record({
      // A slice that starts at an odd byte is noise with the statistics of events.
      start: fc.nat(data.byteLength),
      length: fc.nat(8000),
      flips: fc.array(fc.record({ at: fc.nat(8000), mask: fc.integer({ min: 1, max: 255 }) }), {
        maxLength: 5,
      }),
      hasTime: fc.boolean(),
      geometry: fc.constantFrom({ width: 1280, height: 720 }, { width: 1000, height: 500 }),
    });
    await fc.assert(
      fc.asyncProperty(slices, async ({ start, length, flips, hasTime, geometry }) => {
        const slice = Uint8Array.from(data.subarray(start, start + length));
        for (const { at, mask } of flips) {
          if (at < slice.length) slice[at] = (slice[at] ?? 0) ^ mask;
        }
        const { width, height } = geometry;
        const header = latin1Bytes(`% evt 3.0\n% geometry ${width}x${height}\n% end\n`);
        const first = recordingOf(hasTime ? [timeHigh(0xb2d)] : [], { header: "" });
        const bytes = concatBytes(header, first, slice);
        const expected = expectedEvt3(bytes, { geometry });
        await expectTable(bytes, expected);
        await expectStrict(bytes, expected, () => loadTable(bytes, { strict: true }));
      }),
      { numRuns: 40 * SOAK },
    );
  });
});
