import { describe, expect, it } from "vitest";
import type { ContainerOptions } from "../../src/container/settings.ts";
import {
  type EventQuery,
  loadTable,
  openRecording,
  type QueryOptions,
  type Recording,
  reportOf,
} from "../../src/node.ts";
import {
  columnsOf,
  containerOf,
  type PlainEvent,
  randomFrom,
  segmentsOf,
} from "../support/containers.ts";
import { MemorySink, triggersIn } from "../support/conversions.ts";
import { triggerColumns } from "../support/encodings.ts";
import { columnsOf as loaded } from "../support/expected-load.ts";
import { RecordingSource } from "../support/sources.ts";

const SENSOR = { width: 640, height: 480 };
const CHUNK = 500;

/**
 * 200 chunks: each is a second behind the last one, in a block of 32 x 48 pixels of its own, a row of
 * them after the other; every eighth is OFF alone.
 */
function scene(count = 200): PlainEvent[] {
  const random = randomFrom(7);
  return Array.from({ length: count * CHUNK }, (_, at): PlainEvent => {
    const chunk = Math.floor(at / CHUNK);
    const x = (chunk % 20) * 32 + Math.floor(random() * 32);
    const y = (Math.floor(chunk / 20) % 10) * 48 + Math.floor(random() * 48);
    const polarity = chunk % 8 === 0 || random() < 0.5 ? -1 : 1;
    return [x, y, BigInt(chunk * 1_000_000 + (at % CHUNK) * 100 + 5_000_000), polarity];
  });
}

/** The same with blocks of ten chunks from the last to the first, so that time goes back. */
function backwards(): PlainEvent[] {
  const events = scene();
  const blocks = Array.from({ length: 20 }, (_, at) =>
    events.slice(at * 10 * CHUNK, (at + 1) * 10 * CHUNK),
  );
  return blocks.reverse().flat();
}

interface Opened {
  recording: Recording;
  source: RecordingSource;
  bytes: Uint8Array<ArrayBuffer>;
}

async function open(events: PlainEvent[], options: ContainerOptions = {}): Promise<Opened> {
  const times = [4_000_000, 15_000_123, 90_000_000, 300_000_000];
  const triggers = triggerColumns(times.map((t) => [t, 1, 1]));
  const parts = { options: { chunkEvents: CHUNK, ...options }, geometry: SENSOR, triggers };
  const bytes = await containerOf(columnsOf(events), parts);
  const source = new RecordingSource(bytes, "scene.evb");
  return { recording: await openRecording(source), source, bytes };
}

/** Numbers of the chunks that reads touched. */
function chunksRead({ source, bytes }: Opened): number[] {
  const chunks = segmentsOf(bytes).filter(({ tag }) => tag === "CHNK");
  const touched = chunks.map(({ at, bytes: length }, number) => {
    const isRead = source.reads.some(
      (read) => read.offset < at + length && read.offset + read.length > at,
    );
    return isRead ? number : -1;
  });
  return touched.filter((number) => number >= 0);
}

const rowsOf = (table: Awaited<ReturnType<EventQuery["toTable"]>>) => {
  const { x, y, t, polarity } = loaded(table);
  return Array.from(t, (time, at) => [x[at], y[at], time, polarity[at]]);
};

/** Runs a query and gives the chunks that it read, each of them once. */
async function run(
  opened: Opened,
  describeQuery: (query: EventQuery) => EventQuery,
  keep: (event: PlainEvent) => boolean,
  events: readonly PlainEvent[],
  options: QueryOptions = {},
) {
  const query = describeQuery(opened.recording.query(options));
  const plan = await query.explain();
  opened.source.reads.length = 0;
  const table = await query.toTable();
  const chunks = chunksRead(opened);
  expect(rowsOf(table)).toEqual(events.filter(keep));
  const triggers = segmentsOf(opened.bytes).find(({ tag }) => tag === "TRIG");
  const reads = opened.source.reads.filter(({ offset }) => offset !== triggers?.at);
  expect(reads.length).toBe(chunks.length);
  return { chunks, plan, report: reportOf(table) };
}

describe("queries of a container", () => {
  it.each([
    ["rising times", scene()],
    ["times that go back", backwards()],
  ])("read only the chunks of a window of time: %s", async (_, events) => {
    const opened = await open(events);
    const { chunks, plan, report } = await run(
      opened,
      (query) => query.time(100_000_000n, 102_000_000n),
      ([, , t]) => t >= 100_000_000n && t < 102_000_000n,
      events,
    );
    expect(chunks.length).toBe(2);
    expect(plan).toMatchObject({ foundBy: "chunks", unit: "rows" });
    expect(plan.bytesToRead).toBe(
      opened.source.reads.reduce((bytes, { length }) => bytes + length, 0),
    );
    expect(plan.bytesToRead).toBeLessThan(opened.bytes.byteLength * 0.03);
    expect(String(plan)).toContain("found by the index of chunks");
    expect(report).toMatchObject({
      foundBy: "chunks",
      events: 2 * CHUNK,
      eventsDecoded: 2 * CHUNK,
    });
    await opened.recording.close();
  });

  it("read only the chunks of a region, and of a polarity", async () => {
    const events = scene();
    const opened = await open(events);
    const region = { x: 70, y: 100, width: 8, height: 8 };
    const inside = ([x, y]: PlainEvent) => x >= 70 && x < 78 && y >= 100 && y < 108;
    const roi = await run(opened, (query) => query.roi(region), inside, events);
    expect(roi.chunks).toEqual([42]);
    expect(roi.plan).toMatchObject({ foundBy: "chunks", ranges: [{ start: 21_000, end: 21_500 }] });
    const two = await run(
      opened,
      (query) => query.roi(region, { x: 0, y: 0, width: 1, height: 480 }).roi(region),
      inside,
      events,
    );
    expect(two.chunks).toEqual([42]);
    const on = await run(
      opened,
      (query) => query.polarity("on"),
      ([, , , p]) => p > 0,
      events,
    );
    expect(on.chunks.length).toBe(175);
    const off = await run(
      opened,
      (query) => query.polarity("off"),
      ([, , , p]) => p < 0,
      events,
    );
    expect(off.plan.ranges).toBeNull(); // there are some everywhere
    expect(off.report.foundBy).toBeUndefined();
    await opened.recording.close();
  });

  it("leave out nothing in front of steps that move or depend on several events", async () => {
    const events = scene();
    const opened = await open(events);
    const { recording, source } = opened;
    const region = { x: 0, y: 0, width: 16, height: 16 };
    const cropped = recording.query().crop({ x: 320, y: 48, width: 32, height: 48 });
    expect((await cropped.roi(region).explain()).ranges?.length).toBe(1);
    source.reads.length = 0;
    expect(await cropped.roi(region).count()).toBe(
      events.filter(([x, y]) => x >= 320 && x < 336 && y >= 48 && y < 64).length,
    );
    expect(chunksRead(opened)).toEqual([30]);
    for (const query of [
      recording.query().flip("x").roi(region),
      recording.query().downsample(2).roi(region),
      recording.query().every(3).roi(region).polarity("on").time(100_000_000n),
      recording.query().head(70_000).roi(region),
    ]) {
      expect((await query.explain()).ranges).toBeNull();
    }
    // What comes behind them is not looked at, and times still count from the first event.
    const late = recording.query().roi({ x: 0, y: 432, width: 640, height: 48 }).head(900);
    const found = await late.time("180s", "181s").toTable();
    expect(rowsOf(found)).toEqual(events.slice(180 * CHUNK, 181 * CHUNK));
    await recording.close();
  });

  it("know the first event, whichever are read", async () => {
    const events = scene();
    const opened = await open(events);
    const { chunks } = await run(
      opened,
      (query) => query.time("50s", "51s"),
      ([, , t]) => t >= 55_000_000n && t < 56_000_000n,
      events,
    );
    expect(chunks).toEqual([50]);
    const query = opened.recording.query({ rebase: true });
    const table = await query.roi({ x: 32, y: 0, width: 32, height: 48 }).toTable();
    const expected = events.filter(([x, y]) => x >= 32 && x < 64 && y < 48);
    expect(rowsOf(table)).toEqual(expected.map(([x, y, t, p]) => [x, y, t - 5_000_000n, p]));
    expect(reportOf(table).timeOffset).toBe(5_000_000);
    // A smaller sensor drops the first events: others are the first.
    const geometry = { width: 640, height: 480 };
    const moved = await open([[639, 479, 1n, 1], ...events]);
    await moved.recording.close();
    const small = await openRecording(moved.bytes, { geometry: { ...geometry, width: 639 } });
    const from = await small.query().time("10s", "11s").toTable();
    expect(loaded(from).t[0]).toBe(15_000_000n);
    await small.close();
    await opened.recording.close();
  });

  it("read nothing for what no chunk has", async () => {
    const events = scene(20);
    const opened = await open(events);
    for (const describeQuery of [
      (query: EventQuery) => query.time(0n, 5n),
      (query: EventQuery) => query.time(0n, 10_000_000n).time(12_000_000n),
      (query: EventQuery) => query.time(2n ** 63n - 1n),
      (query: EventQuery) => query.roi({ x: 0, y: 400, width: 5, height: 5 }),
    ]) {
      const { chunks, plan } = await run(opened, describeQuery, () => false, events);
      expect([chunks, plan.ranges, plan.bytesToRead]).toEqual([[], [], 0]);
    }
    await opened.recording.close();
  });

  it("give the triggers of their window", async () => {
    const opened = await open(scene());
    const { recording } = opened;
    const sink = new MemorySink();
    const stats = await recording.query().time(10_000_000n, 100_000_000n).export(sink);
    expect(stats).toMatchObject({ triggers: 2, events: 90 * CHUNK });
    expect(await triggersIn(sink.bytes)).toEqual([
      [15_000_123, 1, 1],
      [90_000_000, 1, 1],
    ]);
    await recording.close();
  });

  it("make an index of times where damaged chunks are skipped", async () => {
    const events = scene(20);
    const { bytes, recording } = await open(events);
    await recording.close();
    const [, second] = segmentsOf(bytes);
    const damaged = bytes.slice();
    damaged[(second?.at ?? 0) + 200] = (damaged[(second?.at ?? 0) + 200] ?? 0) ^ 1;
    const opened = await openRecording(damaged, { evb: { recover: true } });
    const query = opened.query().time("1s", "3s");
    expect(await query.explain()).toMatchObject({ foundBy: "index" });
    expect(rowsOf(await query.toTable())).toEqual(events.slice(2 * CHUNK, 3 * CHUNK));
    await opened.close();
  });

  it("load the same where all is read", async () => {
    const events = scene(20);
    const { bytes, recording } = await open(events);
    expect(rowsOf(await loadTable(bytes))).toEqual(events);
    await recording.close();
  });
});
