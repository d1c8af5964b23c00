import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  appendEvents,
  type ByteSink,
  concatEvents,
  convertRecording,
  exportEvents,
  loadTable,
  openRecording,
  scanEvents,
  verifyContainer,
} from "../../src/node.ts";
import { readReferenceContainer } from "../reference/evb.ts";
import { MemorySink } from "../support/conversions.ts";
import { sample } from "../support/samples.ts";

const folder = mkdtempSync(join(tmpdir(), "evarrow-reports-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Report = Readonly<Record<string, unknown>> & { earlier?: unknown };

/** The report in a container that is written by `write`. */
async function reportIn(write: (sink: ByteSink) => Promise<unknown>) {
  const sink = new MemorySink();
  await write(sink);
  expect((await verifyContainer(sink.bytes, { deep: true })).findings).toEqual([]);
  const { metadata } = readReferenceContainer(sink.bytes);
  const recording = await openRecording(sink.bytes);
  expect(recording.container?.metadata.report).toEqual(metadata.report);
  await recording.close();
  return { bytes: sink.bytes, report: metadata.report as Report };
}

const { path } = sample("damaged.evt2.raw");
const first = await reportIn((sink) => convertRecording(path, sink, { format: "evb" }));
/** What was lost, as it stands among the earlier reports. */
const LOST = {
  format: "evt2",
  ...Object.fromEntries(
    Object.entries(first.report).filter(
      ([, value]) =>
        value !== 0 && value !== null && !(typeof value === "object" && isEmpty(value as object)),
    ),
  ),
};

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

const WAYS: [string, (sink: ByteSink) => Promise<unknown>][] = [
  ["convertRecording", (sink) => convertRecording(first.bytes, sink, { format: "evb" })],
  [
    "exportEvents",
    async (sink) => {
      const recording = await openRecording(first.bytes);
      await exportEvents(recording, sink, { preset: "size" });
      await recording.close();
    },
  ],
  ["query.export", (sink) => scanEvents(first.bytes).export(sink)],
  ["query.write", (sink) => scanEvents(first.bytes).write(sink, { format: "evb" })],
];

describe("the report in a container", () => {
  it("says what the first reading lost", () => {
    expect(first.report).toMatchObject({ eventsBeforeTimeBase: 3, truncatedBytes: 3 });
    expect(Object.keys(first.report)).not.toContain("earlier");
    expect(LOST).toMatchObject({ format: "evt2", unknownWords: { "0x3": 1, "0x7": 1 } });
  });

  it.each(WAYS)("keeps that when %s makes a container of it", async (_, write) => {
    const { report, bytes } = await reportIn(write);
    const { earlier, ...last } = report;
    expect(earlier).toEqual([LOST]);
    expect(last).toMatchObject({ format: "evb", eventsBeforeTimeBase: 0, truncatedBytes: 0 });
    expect(last.events).toBe((await loadTable(bytes)).numRows);
  });

  it("keeps that of all readings", async () => {
    const again = (bytes: Uint8Array) =>
      reportIn((sink) => convertRecording(bytes, sink, { format: "evb" }));
    const second = await reportIn((sink) => scanEvents(first.bytes).head(10).export(sink));
    const { report } = await again((await again(second.bytes)).bytes);
    expect(report.earlier).toEqual([
      LOST,
      expect.objectContaining({ format: "evb", events: 10 }),
      expect.objectContaining({ format: "evb", events: 10 }),
    ]);
  });

  it("is part of what can be left out", async () => {
    const without = (exclude: string[]) =>
      reportIn((sink) => scanEvents(first.bytes).export(sink, { metadata: { exclude } }));
    expect((await without(["report"])).report).toBeUndefined();
    const { report } = await without(["report.earlier"]);
    expect(Object.keys(report)).not.toContain("earlier");
    expect(report.truncatedBytes).toBe(0);
  });

  it("has all readings of recordings that are joined, and those alone", async () => {
    const clean = sample("moving-bar.evt2.raw").path;
    const { report } = await reportIn((sink) =>
      concatEvents([first.bytes, clean], sink, { geometry: { width: 320, height: 240 } }),
    );
    expect(report).toEqual({
      earlier: [
        LOST,
        expect.objectContaining({ format: "evb" }),
        expect.objectContaining({ format: "evt2" }),
      ],
    });
  });

  it("stays when events are added", async () => {
    const growing = join(folder, "a.evb");
    await convertRecording(path, growing);
    for (let round = 0; round < 2; round++) {
      await appendEvents(growing, await loadTable(first.bytes), {
        metadata: { custom: { round: `${round}` } },
      });
      const recording = await openRecording(growing);
      expect(recording.container?.metadata).toMatchObject({
        custom: { round: `${round}` },
        report: { earlier: [LOST] },
      });
      expect(Object.keys(recording.container?.metadata.report ?? {})).toEqual(["earlier"]);
      await recording.close();
    }
  });
});
