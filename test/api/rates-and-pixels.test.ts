import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  type EventSource,
  loadStatistics,
  loadTable,
  reportOf,
  type SensorGeometry,
  type StatisticsOptions,
  sampleStatistics,
} from "../../src/node.ts";
import { referenceHistogram, referencePixels, referenceRate } from "../reference/statistics.ts";
import { off, on, recordingOf, timeHigh } from "../support/evt2-words.ts";
import { columnsOf } from "../support/expected-load.ts";
import { longRecording } from "../support/long-recording.ts";
import { itWithSharedData } from "../support/shared-data.ts";
import { PieceSource } from "../support/sources.ts";

const sample = (name: string): string =>
  fileURLToPath(new URL(`../../data-samples/${name}`, import.meta.url));

/** Everything that can be asked for, held against plain maps of the loaded table. */
async function expectAgreement(
  source: EventSource,
  { windowUs = 1000, ...options }: StatisticsOptions = {},
): Promise<void> {
  const table = await loadTable(source, options);
  const geometry: SensorGeometry | null = reportOf(table).geometry;
  const columns = columnsOf(table);
  const wanted = { ...options, windowUs, hotPixels: 5, histogram: true };
  const { rate, pixels, histogram, ...rest } = await loadStatistics(source, wanted);
  expect(rate).toEqual({ ...referenceRate(columns.t, windowUs), reason: null });
  expect(pixels).toEqual(referencePixels(columns, geometry, 5));
  const whole = referenceHistogram(columns, geometry);
  expect([histogram?.width, histogram?.height]).toEqual([whole.width, whole.height]);
  for (const part of ["events", "on"] as const) {
    const [found, expected] = [histogram?.[part], whole[part]];
    expect(Buffer.compare(bytesOf(found), bytesOf(expected)), part).toBe(0);
  }
  // What is asked for beyond changes nothing else.
  expect(rest).toEqual(await loadStatistics(source, options));
}

const bytesOf = (counts: Uint32Array<ArrayBuffer> | null | undefined): Uint8Array =>
  new Uint8Array(counts?.buffer ?? []);

describe("loadStatistics with windows and pixels", () => {
  it.each([
    ["falling-bar.evt2.raw", {}],
    ["falling-bar.evt3.raw", { rebase: true }],
    ["falling-bar.csv", {}],
    ["falling-bar.dsec.h5", {}],
    ["falling-bar.arrow", { windowUs: 7 }],
    ["damaged.evt3.raw", {}],
    ["moving-bar.evt2.raw", { geometry: { width: 65, height: 129 } }],
    ["no-geometry.dat", {}],
    ["header-only.evt2.raw", {}],
  ])("agrees with the table of %s", async (name, options) => {
    await expectAgreement(sample(name), options);
  });

  itWithSharedData("agrees with a real recording, EVT 2.0", "evt2_sample.raw", (path) =>
    expectAgreement(path),
  );

  itWithSharedData("agrees with a real recording, EVT 3.0", "evt3_sample.raw", (path) =>
    expectAgreement(path, { windowUs: 100 }),
  );

  itWithSharedData("finds the hot pixels of a real recording", "evt2_sample.raw", async (path) => {
    const { pixels } = await loadStatistics(path, { hotPixels: 3 });
    expect(pixels).toMatchObject({ active: 26_060, sensor: 640 * 480, medianEvents: 24, hot: 7 });
    expect(pixels?.hotPixels).toMatchObject([
      { x: 565, y: 296, events: 3323 },
      { x: 284, y: 104, events: 1194 },
      { x: 285, y: 389, events: 724 },
    ]);
  });

  it("agrees over many tiles and pieces, and from a stream of unknown length", async () => {
    const bytes = longRecording(3 * 1024 * 1024);
    await expectAgreement(bytes);
    const stream = () => new Blob([bytes]).stream();
    const wanted = { windowUs: 1000, hotPixels: 5 };
    const whole = await loadStatistics(bytes, wanted);
    expect(await loadStatistics(stream(), wanted)).toEqual(whole);
    expect(await loadStatistics(new PieceSource(bytes, () => 99_999), wanted)).toEqual(whole);
  });

  it("counts times that go back where they belong", async () => {
    const words = [timeHigh(9), on(0, 1, 1), timeHigh(5), off(0, 1, 1), timeHigh(9), on(1, 1, 1)];
    const { rate } = await loadStatistics(recordingOf(words), { windowUs: 64 });
    expect(rate).toMatchObject({ start: 320, counts: [1, 0, 0, 0, 2] });
    expect(rate?.busiest).toEqual({ start: 576, events: 2, eventsPerSecond: 31_250 });
  });

  it("is not what sampleStatistics does", async () => {
    const bytes = recordingOf([timeHigh(1), on(1, 2, 3)]);
    const options: StatisticsOptions = { windowUs: 10, hotPixels: 1, histogram: true };
    expect(await sampleStatistics(bytes, options)).toEqual(await loadStatistics(bytes));
  });

  it.each<[string, unknown]>([
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "1000", 1000n, null].map(
      (value): [string, unknown] => ["windowUs", value],
    ),
    ...[-1, 1.5, Number.NaN, 2 ** 53, "10", true, null].map((value): [string, unknown] => [
      "hotPixels",
      value,
    ]),
    ...[1, "yes", null].map((value): [string, unknown] => ["histogram", value]),
  ])("refuses %s %s", async (option, value) => {
    const bytes = readFileSync(sample("falling-bar.evt2.raw"));
    const error = await loadStatistics(bytes, { [option]: value }).catch((caught) => caught);
    expect(error).toMatchObject({ code: "invalid-option" });
    expect(error.message).toContain(option);
  });
});
