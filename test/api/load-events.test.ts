import fc from "fast-check";
import pl, { type DataFrame } from "nodejs-polars";
import { describe, expect, it } from "vitest";
import { loadEvents, loadTable, openRecording, reportOf } from "../../src/node.ts";
import { off, on, recordingOf, timeHigh, wordStream } from "../support/evt2-words.ts";
import {
  columnsOf,
  expectedLoad,
  expectSameColumns,
  type PlainColumns,
} from "../support/expected-load.ts";
import { longRecording } from "../support/long-recording.ts";
import { itWithSharedData } from "../support/shared-data.ts";
import { SOAK } from "../support/soak.ts";
import { PieceSource, streamOf } from "../support/sources.ts";

const SENSOR = { width: 640, height: 480 };

/** The columns of a frame; times through text, the one way out of Polars that rounds nothing. */
function frameColumns(frame: DataFrame): PlainColumns {
  const numbers = (name: string): number[] => frame.getColumn(name).toArray() as number[];
  const times = frame.getColumn("t").cast(pl.String).toArray() as string[];
  return {
    x: Uint16Array.from(numbers("x")),
    y: Uint16Array.from(numbers("y")),
    t: BigInt64Array.from(times, BigInt),
    polarity: Int8Array.from(numbers("polarity")),
  };
}

function typesOf(frame: DataFrame): string[] {
  return frame.columns.map((name) => `${name} ${frame.getColumn(name).dtype}`);
}

describe("loadEvents", () => {
  it("gives the rows of loadTable", async () => {
    await fc.assert(
      fc.asyncProperty(wordStream(), fc.boolean(), async (words, rebase) => {
        const bytes = recordingOf(words);
        const frame = await loadEvents(bytes, { rebase });
        const table = await loadTable(bytes, { rebase });
        expectSameColumns(frameColumns(frame), columnsOf(table));
        expect(reportOf(frame)).toEqual(reportOf(table));
      }),
      { numRuns: 25 * SOAK },
    );
  });

  it.each([
    ["events", [timeHigh(1), on(1, 2, 3), off(4, 5, 6)]],
    ["a time word alone", [timeHigh(1)]],
    ["nothing", []],
  ])("has UInt16, UInt16, Int64, Int8 columns for a recording of %s", async (_, words) => {
    const frame = await loadEvents(recordingOf(words));
    expect(typesOf(frame)).toEqual([
      `x ${pl.UInt16}`,
      `y ${pl.UInt16}`,
      `t ${pl.Int64}`,
      `polarity ${pl.Int8}`,
    ]);
    expect(frame.height).toBe(Math.max(words.length - 1, 0));
    expect(frame.nullCount().row(0)).toEqual([0, 0, 0, 0]);
  });

  it("holds times beyond 2^34 after a wrap", async () => {
    const words = [timeHigh(0xfffffff), on(63, 1, 1), timeHigh(0), on(0, 1, 1)];
    const frame = await loadEvents(recordingOf(words));
    expect([...frameColumns(frame).t]).toEqual([17179869183n, 17179869184n]);
  });

  it("holds the columns that were asked for, in that order, in the encoding asked for", async () => {
    const frame = await loadEvents(recordingOf([timeHigh(1), on(1, 2, 3), off(4, 5, 6)]), {
      columns: ["polarity", "t", "x"],
      polarityEncoding: "zero-one",
      rebase: true,
    });
    expect(frame.columns).toEqual(["polarity", "t", "x"]);
    expect(frame.rows()).toEqual([
      [1, 0, 2],
      [0, 3, 5],
    ]);
  });

  it("drops what is lost, as the report says", async () => {
    const bytes = recordingOf([on(1, 1, 1), timeHigh(1), on(1, 700, 1), on(5, 1, 1), on(1, 2, 2)], {
      tail: [1],
    });
    const frame = await loadEvents(bytes);
    expect(frame.height).toBe(2);
    expect(reportOf(frame)).toEqual(expectedLoad(bytes, { geometry: SENSOR }).report);
    await expect(loadEvents(bytes, { strict: true })).rejects.toMatchObject({ code: "data-loss" });
  });

  it("gives the same rows whatever the size of its batches", async () => {
    const sizes = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(1, 1000, 100_000_000));
    await fc.assert(
      fc.asyncProperty(wordStream(), sizes, async (words, batchEvents) => {
        const recording = await openRecording(recordingOf(words));
        const expected = columnsOf(await loadTable(recording));
        const stream = recording.stream({ batchEvents });
        expectSameColumns(frameColumns(await stream.toDataFrame()), expected);
        expectSameColumns(columnsOf(await stream.toTable()), expected);
      }),
      { numRuns: 15 * SOAK },
    );
  });

  it("puts many batches together without mixing them up", async () => {
    // Far more events than a batch has, from a source whose length nobody knows.
    const bytes = longRecording(10 * 1024 * 1024);
    const whole = columnsOf(await loadTable(bytes));
    expect(whole.x.length).toBeGreaterThan(2_500_000);
    const expectedSums = [whole.x, whole.y, whole.t, whole.polarity].map((column) => {
      let sum = 0n;
      for (const value of column) sum += BigInt(value);
      return Number(sum);
    });
    for (const source of [
      bytes,
      new PieceSource(bytes, () => 200_000),
      streamOf(bytes, 1e6).stream,
    ]) {
      const frame = await loadEvents(source);
      expect(frame.height).toBe(whole.x.length);
      expect(reportOf(frame)).toMatchObject({
        mode: source === bytes ? "direct" : "chunked",
        events: whole.x.length,
      });
      // Sums tell a batch that was lost, doubled or overwritten, the last time one out of place.
      const sums = frame.select(
        pl.col("x").cast(pl.Int64).sum().alias("x"),
        pl.col("y").cast(pl.Int64).sum().alias("y"),
        pl.col("t").sum().alias("t"),
        pl.col("polarity").cast(pl.Int64).sum().alias("polarity"),
      );
      expect(sums.row(0)).toEqual(expectedSums);
      for (const row of [0, 999_999, 1_000_000, 1_999_999, 2_000_000, whole.x.length - 1]) {
        expect(frame.row(row)).toEqual([
          ...[whole.x[row], whole.y[row], Number(whole.t[row]), whole.polarity[row]],
        ]);
      }
    }
  });

  it("loads from a recording that is open, as often as wanted", async () => {
    const recording = await openRecording(recordingOf([timeHigh(1), on(1, 2, 3)]));
    expect((await loadEvents(recording)).height).toBe(1);
    expect((await loadEvents(recording)).height).toBe(1);
    expect((await recording.stream().toDataFrame()).height).toBe(1);
    expect((await recording.stream().toTable()).numRows).toBe(1);
  });

  itWithSharedData("loads a real recording", "evt2_sample.raw", async (path, expected) => {
    const frame = await loadEvents(path);
    expect(frame.height).toBe(expected.events);
    const [sums] = frame
      .select(
        pl.col("x").cast(pl.Int64).sum().alias("x"),
        pl.col("y").cast(pl.Int64).sum().alias("y"),
        pl.col("polarity").gt(0).sum().alias("on"),
      )
      .toRecords();
    expect(sums).toEqual({ x: expected.sum_x, y: expected.sum_y, on: expected.on });
    const tuple = (row: (number | bigint)[]): number[] => {
      const [x = 0, y = 0, t = 0, p = 0] = row.map(Number);
      return [t, x, y, p > 0 ? 1 : 0];
    };
    expect(tuple(frame.row(0))).toEqual(expected.first);
    expect(tuple(frame.row(frame.height - 1))).toEqual(expected.last);
  });
});
