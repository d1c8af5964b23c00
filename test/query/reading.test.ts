import pl from "nodejs-polars";
import { describe, expect, it, vi } from "vitest";
import { ColumnBuffer } from "../../src/events/columns.ts";
import {
  encodeTimeIndex,
  isEventError,
  openRecording,
  reportOf,
  scanEvents,
  type TimeIndexCache,
} from "../../src/node.ts";
import type { QueriedEvent } from "../reference/query.ts";
import {
  CONVERTED,
  MemorySink,
  mixedScene,
  type TestedFormat,
  triggersIn,
} from "../support/conversions.ts";
import { columnsOf } from "../support/expected-load.ts";
import { RecordingSource } from "../support/sources.ts";

const SENSOR = { width: 64, height: 64 };
const geometry = SENSOR;

function formatOf(id: string): TestedFormat {
  return CONVERTED.find((format) => format.id === id) as TestedFormat;
}

function eventsOf(count: number): QueriedEvent[] {
  return Array.from({ length: count }, (_, at): QueriedEvent => {
    return { t: 5000 + at * 10, x: (at * 7) % 64, y: (at * 3) % 64, p: at % 3 === 0 ? 1 : 0 };
  });
}

describe("what a query reads", () => {
  it.each(["evt2", "evt3", "dat", "hdf5"])(
    "of %s are the parts of its window, once the times are known",
    async (id) => {
      const source = new RecordingSource(
        await formatOf(id).make({ events: eventsOf(100_000), geometry }),
      );
      const recording = await openRecording(source);
      const window = recording.query({ indexPartBytes: 2048 }).time("500ms", "510ms");
      await window.explain(); // makes the index
      const before = source.reads.length;
      expect(await window.count()).toBe(1000);
      const bytes = source.reads.slice(before).reduce((sum, { length }) => sum + length, 0);
      expect(bytes / source.byteLength).toBeLessThan(0.03);
      expect(bytes).toBeGreaterThan(0);
      await recording.close();
    },
  );

  it("is no further than the head that is asked for", async () => {
    const bytes = await formatOf("evt2").make({ events: eventsOf(3_000_000), geometry });
    const source = new RecordingSource(bytes);
    const recording = await openRecording(source);
    expect(await recording.query().polarity("on").head(10).count()).toBe(10);
    const read = source.reads.reduce((sum, { length }) => sum + length, 0);
    expect(read).toBeLessThan(source.byteLength / 2);
    expect(await recording.query().head(0).count()).toBe(0);
    await recording.close();
  });

  it("is nothing for a window outside of the recording", async () => {
    const source = new RecordingSource(
      await formatOf("evt3").make({ events: eventsOf(1000), geometry }),
    );
    const recording = await openRecording(source);
    const window = recording.query().time("100s");
    expect((await window.explain()).bytesToRead).toBe(0);
    const before = source.reads.length;
    expect([await window.count(), (await window.toTable()).numRows]).toEqual([0, 0]);
    expect(source.reads.length).toBe(before);
    await recording.close();
  });

  it("is kept where the caller says", async () => {
    const kept = new Map<string, string>();
    const events: string[] = [];
    const indexCache: TimeIndexCache = {
      async load(key) {
        events.push("load");
        void key;
        return null;
      },
      async save(key, index) {
        events.push("save");
        kept.set(key, encodeTimeIndex(index));
      },
    };
    const bytes = await formatOf("evt2").make({ events: eventsOf(1000), geometry });
    const recording = await openRecording(bytes);
    const query = recording.query({ indexCache }).time("1ms", "2ms");
    expect([await query.count(), await query.count()]).toEqual([100, 100]);
    expect(events).toEqual(["load", "save"]);
    expect([...kept.values()][0]).toContain('"version":1');
    await recording.close();
  });

  it.each(CONVERTED)("finds $id without a loss, also from time 0 on", async (format) => {
    const events = eventsOf(4000);
    const recording = await openRecording(await format.make({ events, geometry }));
    const query = recording.query({ rebase: true, strict: true, geometry, indexPartBytes: 512 });
    const table = await query.time("20ms", 21_000).toTable();
    expect(Array.from(columnsOf(table).t, Number)).toEqual(
      events.slice(2000, 2100).map(({ t }) => t - 5000),
    );
    expect(reportOf(table)).toMatchObject({ backwardSteps: 0, timeOffset: 5000 });
    await recording.close();
  });

  it("is looked for once by queries that ask at the same time, until the last one gives up", async () => {
    const bytes = await formatOf("evt2").make({ events: eventsOf(400_000), geometry });
    const source = new RecordingSource(bytes);
    const recording = await openRecording(source);
    const query = recording.query({ indexPartBytes: 4096 }).time("1s", "2s");
    const stop = new AbortController();
    const stopped = query.count({ signal: stop.signal });
    const counts = [query.count(), query.polarity("on").count()];
    stop.abort(new Error("enough"));
    await expect(stopped).rejects.toThrow("enough");
    expect(await Promise.all(counts)).toEqual([100_000, 33_333]);
    const again = recording.query({ indexPartBytes: 8192 }).time("1s", "2s");
    const alone = again.count({ signal: AbortSignal.abort(new Error("never")) });
    await expect(alone).rejects.toThrow("never");
    expect(await again.count()).toBe(100_000);
    await recording.close();
  });

  it("is all of it where no index is wanted, or none can be made", async () => {
    const bytes = await formatOf("evt2").make({ events: eventsOf(1000), geometry });
    const recording = await openRecording(bytes);
    const query = recording.query({ index: false }).time("1ms", "2ms");
    expect(await query.explain()).toMatchObject({ ranges: null, foundBy: null });
    expect(await query.count()).toBe(100);
    await recording.close();
    const once = scanEvents(new Blob([bytes]).stream())
      .time("1ms", "2ms")
      .polarity("on");
    expect(await once.count()).toBe(33);
  });

  it("is found by the order of times where the caller trusts it", async () => {
    const events = eventsOf(20_000);
    const source = new RecordingSource(await formatOf("hdf5").make({ events, geometry }));
    const recording = await openRecording(source);
    const query = recording.query({ assumeSorted: true }).time("50ms", "51ms");
    const table = await query.toTable();
    expect(Array.from(columnsOf(table).t, Number)).toEqual(
      events.slice(5000, 5100).map(({ t }) => t),
    );
    expect(reportOf(table)).toMatchObject({ foundBy: "order", eventsDecoded: 100 });
    expect(await query.explain()).toMatchObject({
      unit: "rows",
      ranges: [{ start: 5000, end: 5100 }],
    });
    expect(await recording.query({ assumeSorted: true }).time("50ms").count()).toBe(15_000);
    await recording.close();
  });

  it("becomes no column where events are counted", async () => {
    const append = vi.spyOn(ColumnBuffer.prototype, "append");
    try {
      const bytes = await formatOf("evt3").make({ events: eventsOf(1000), geometry });
      const region = scanEvents(bytes).roi({ x: 0, y: 0, width: 8, height: 64 });
      expect(await region.count()).toBe(eventsOf(1000).filter(({ x }) => x < 8).length);
      expect(append).not.toHaveBeenCalled();
      await region.toTable();
      expect(append).toHaveBeenCalled();
    } finally {
      append.mockRestore();
    }
  });
});

describe("a query", () => {
  it("shows its order of steps, and what is read", async () => {
    const bytes = await formatOf("evt2").make({ events: eventsOf(1000), geometry });
    const query = scanEvents(bytes)
      .flip("x")
      .filter(pl.col("x").lt(9))
      .roi({ x: 0, y: 0, width: 9, height: 9 })
      .polarity("on")
      .every(2)
      .time("1ms", null)
      .select("t", "x");
    const plan = await query.explain();
    expect(plan).toMatchObject({
      format: "evt2",
      pushedDown: [
        'polarity("on")',
        'flip("x")',
        "roi({ x: 0, y: 0, width: 9, height: 9 })",
        "every(2)",
        'time("1000us", null)',
      ],
      columns: ["t", "x"],
      bytesPerEvent: 10,
      ranges: null,
      bytesToRead: bytes.byteLength,
    });
    expect(plan.left).toHaveLength(1);
    expect(String(plan).split("\n")).toEqual([
      `read      all of it, ${bytes.byteLength.toLocaleString("en-US")} bytes`,
      'decoder   polarity("on")',
      '          flip("x")',
      "          roi({ x: 0, y: 0, width: 9, height: 9 })",
      "          every(2)",
      '          time("1000us", null)',
      expect.stringMatching(/^polars {4}filter\(/),
      "columns   t, x, sensor 64x64",
    ]);
  });

  it("is not changed by the steps that are added to it", async () => {
    const bytes = await formatOf("dat").make({ events: eventsOf(90), geometry });
    const all = scanEvents(bytes);
    const on = all.polarity("on");
    expect([await all.count(), await on.count(), await on.head(5).count()]).toEqual([90, 30, 5]);
  });

  it("evaluates expressions between other steps, on what these leave", async () => {
    const events = eventsOf(300_000); // several tiles
    const recording = await openRecording(await formatOf("evt2").make({ events, geometry }));
    const query = recording
      .query()
      .every(3)
      .crop({ x: 4, y: 0, width: 40, height: 64 })
      .filter(pl.col("x").plus(pl.col("y")).modulo(5).eq(2).and(pl.col("polarity").gt(0)))
      .every(2)
      .filter(pl.col("t").gt(1_000_000))
      .select("t", "x");
    const expected = events
      .filter((_, index) => index % 3 === 0)
      .filter(({ x }) => x >= 4 && x < 44)
      .map((event) => ({ ...event, x: event.x - 4 }))
      .filter(({ x, y, p }) => (x + y) % 5 === 2 && p === 1)
      .filter((_, index) => index % 2 === 0)
      .filter(({ t }) => t > 1_000_000);
    expect(expected.length).toBeGreaterThan(1000);
    const frame = await query.collect();
    expect(frame.toRecords()).toEqual(expected.map(({ t, x }) => ({ t, x })));
    expect(await query.count()).toBe(expected.length);
    await recording.close();
  });

  it("gives frames, batches, windows, statistics and files of the same events", async () => {
    const events = eventsOf(2000);
    const bytes = await formatOf("evt2").make({ events, geometry });
    const recording = await openRecording(bytes);
    const region = { x: 8, y: 4, width: 16, height: 40 };
    const query = recording.query({ polarityEncoding: "zero-one" }).crop(region).time("5ms");
    const expected = events.filter(
      ({ t, x, y }) => t >= 10_000 && x >= 8 && x < 24 && y >= 4 && y < 44,
    );
    const frame = await query.collect();
    expect(frame.toRecords()).toEqual(
      expected.map(({ t, x, y, p }) => ({ x: x - 8, y: y - 4, t, polarity: p })),
    );
    expect((await (await query.lazy()).select("t").collect()).height).toBe(expected.length);
    const sizes: number[] = [];
    for await (const batch of query.stream({ batchEvents: 50 })) sizes.push(batch.numRows);
    expect(sizes.slice(0, -1).every((size) => size === 50)).toBe(true);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(expected.length);
    let windows = 0;
    for await (const { start, batch } of query.windows({ windowUs: 1000 })) {
      const inside = expected.filter(({ t }) => t >= start && t < start + 1000);
      expect(batch.numRows).toBe(inside.length);
      windows++;
    }
    expect(windows).toBe(15);
    const on = expected.filter(({ p }) => p === 1).length;
    expect(await query.statistics()).toMatchObject({
      events: expected.length,
      on,
      minTime: expected[0]?.t,
    });
    const histogram = await query.histogram();
    expect([histogram.width, histogram.height]).toEqual([16, 40]);
    expect(histogram.events?.reduce((sum, count) => sum + count, 0)).toBe(expected.length);
    expect((await query.rate(5000)).windows).toBe(3);
    expect((await query.digest()).events).toBe(expected.length);
    await recording.close();
  });

  const anything = scanEvents("missing.raw");
  it.each([
    ["a window that ends before it starts", () => anything.time(5, 3)],
    ["the same as offsets", () => anything.time("2s", "1s")],
    ["a window without sides", () => anything.time(null)],
    ["no number", () => anything.time(Number.NaN)],
    ["parts of a microsecond", () => anything.time("0.5us")],
    ["a unit that is not known", () => anything.time("5h")],
    ["no region", () => anything.roi()],
    ["a region without pixels", () => anything.roi({ x: 0, y: 0, width: 0, height: 5 })],
    ["a region of parts of pixels", () => anything.roi({ x: 0.5, y: 0, width: 1, height: 5 })],
    ["a region of nothing", () => anything.roi(undefined as never)],
    ["a mask of another size", () => anything.mask({ width: 2, height: 2, data: [1, 1, 1] })],
    ["a polarity that is not known", () => anything.polarity("ON" as never)],
    ["every 0th", () => anything.every(0)],
    ["half of an event", () => anything.head(0.5)],
    ["a period below 1", () => anything.refractory(0)],
    ["a period that is no number", () => anything.backgroundActivity(Number.NaN)],
    ["a percentile above 100", () => anything.hotPixels({ percentile: 101 })],
    ["a pixel that is none", () => anything.hotPixels([{ x: -1, y: 0 }])],
    ["an axis that is not known", () => anything.flip("z" as never)],
    ["a factor below 1", () => anything.downsample(0)],
    ["a step that needs what was left out", () => anything.select("x").time(1)],
  ])("refuses %s when it is described", (_, describe) => {
    expect(describe).toThrow(expect.objectContaining({ code: "invalid-query" }));
  });

  it("refuses columns that are not known", () => {
    expect(() => anything.select("z" as never)).toThrow(
      expect.objectContaining({ code: "invalid-option" }),
    );
    expect(() => anything.select()).toThrow(expect.objectContaining({ code: "invalid-option" }));
  });

  it("refuses what does not fit the recording before it decodes anything", async () => {
    const bytes = await formatOf("evt2").make({ events: eventsOf(300_000), geometry });
    const source = new RecordingSource(bytes);
    const recording = await openRecording(source);
    const before = source.reads.length;
    const all = recording.query();
    for (const query of [
      all.roi({ x: 60, y: 0, width: 5, height: 1 }),
      all.crop({ x: 0, y: 0, width: 65, height: 1 }),
      all.mask({ width: 2, height: 1, data: [1, 1] }),
      all.downsample(2).roi({ x: 32, y: 0, width: 1, height: 1 }),
      all.filter(pl.col("t").shift(1).gt(3)),
      all.filter(pl.col("z").gt(3)),
      all.filter(pl.col("x").plus(1)),
      all.filter("x > 3"),
      all.select("x").filter(pl.col("y").gt(3)),
    ]) {
      for (const ask of [() => query.count(), () => query.collect(), () => query.explain()]) {
        const error = await ask().catch((reason: unknown) => reason);
        expect(isEventError(error, "invalid-query")).toBe(true);
      }
    }
    expect(source.reads.length).toBe(before);
    await recording.close();
  });

  it("needs no memory for pixels that are on no sensor, and refuses sensors beyond all memory", async () => {
    const bytes = await formatOf("evt2").make({ events: eventsOf(100), geometry });
    const far = scanEvents(bytes).hotPixels([{ x: 65_535, y: 65_535 }, eventsOf(1)[0] as never]);
    expect(await far.count()).toBe(eventsOf(100).filter(({ x, y }) => x !== 0 || y !== 0).length);
    const huge = scanEvents(bytes, { geometry: { width: 65_536, height: 65_536 } }).refractory(5);
    await expect(huge.count()).rejects.toMatchObject({ code: "memory-limit" });
  });

  it("does not guess hot pixels where not all could be counted", async () => {
    const lines = Array.from({ length: 4200 }, (_, at) => {
      return `${(at % 1000) * 64},${Math.floor(at / 1000) * 64},${at},1\n`;
    });
    const bytes = new TextEncoder().encode(`x,y,t,polarity\n${lines.join("")}`);
    await expect(scanEvents(bytes).hotPixels({ percentile: 50 }).count()).rejects.toMatchObject({
      code: "memory-limit",
      found: "104 events on pixels that were not counted",
    });
    const region = { x: 0, y: 0, width: 60_000, height: 64 };
    expect(await scanEvents(bytes).roi(region).hotPixels({ percentile: 50 }).count()).toBe(938);
  });

  it("reads a stream that comes once no more than once", async () => {
    const bytes = await formatOf("evt2").make({ events: eventsOf(100), geometry });
    const query = scanEvents(new Blob([bytes]).stream()).hotPixels();
    await expect(query.count()).rejects.toMatchObject({ code: "invalid-query" });
  });

  it("runs SQL over the columns that were selected", async () => {
    const bytes = await formatOf("evt2").make({ events: eventsOf(100), geometry });
    const times = scanEvents(bytes).select("t");
    expect((await times.sql("SELECT * FROM events LIMIT 2")).toRecords()).toEqual([
      { t: 5000 },
      { t: 5010 },
    ]);
    expect((await times.sql("SELECT count(*) AS n FROM events")).toRecords()).toEqual([{ n: 100 }]);
    await expect(times.sql("SELECT x FROM events")).rejects.toMatchObject({
      code: "invalid-query",
    });
  });

  it("refuses windows of both kinds that end before they start", async () => {
    const bytes = await formatOf("evt2").make({ events: eventsOf(100), geometry });
    await expect(scanEvents(bytes).time("5s", 1).count()).rejects.toMatchObject({
      code: "invalid-query",
      found: "start 5005000, end 1 us",
    });
  });

  it("needs a geometry for what looks at neighbours", async () => {
    const bytes = await formatOf("csv").make({ events: eventsOf(10) });
    for (const query of [
      scanEvents(bytes).refractory(5),
      scanEvents(bytes).backgroundActivity(5),
      scanEvents(bytes).flip("y"),
    ]) {
      await expect(query.count()).rejects.toMatchObject({
        code: "invalid-query",
        hint: "Give `geometry: { width, height }`.",
      });
    }
    expect(await scanEvents(bytes, { geometry }).flip("y").count()).toBe(10);
  });

  it.each(["evt2", "evt21", "evt3"])("writes the triggers in its windows, too: %s", async (id) => {
    const scene = mixedScene();
    const recording = await openRecording(await formatOf(id).make(scene));
    const [start, end] = [16_772_000, 16_778_000];
    const sink = new MemorySink();
    const query = recording.query({ indexPartBytes: 512 }).time(start, end).polarity("on");
    const written = await query.write(sink, { format: "evt3" });
    const isInside = (t: number) => t >= start && t < end;
    const triggers = scene.triggers.filter(([t]) => isInside(t));
    const events = scene.events.filter(({ t, p }) => isInside(t) && p === 1);
    expect(triggers.length).toBeGreaterThan(3);
    expect(written).toMatchObject({ events: events.length, triggers: triggers.length });
    expect(await triggersIn(sink.bytes)).toEqual(triggers);
    const back = columnsOf(await scanEvents(sink.bytes).toTable());
    expect(Array.from(back.t, Number)).toEqual(events.map(({ t }) => t));
    await recording.close();
  });

  it("writes all columns only", async () => {
    const bytes = await formatOf("evt2").make({ events: eventsOf(10), geometry });
    await expect(scanEvents(bytes).select("x").write("never.csv")).rejects.toMatchObject({
      code: "invalid-query",
    });
  });
});
