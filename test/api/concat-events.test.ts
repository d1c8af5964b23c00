import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableFromArrays } from "apache-arrow";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import {
  type ConcatOptions,
  type ConcatStats,
  concatEvents,
  type EventSource,
  type EventTable,
  exportEvents,
  loadTable,
  openRecording,
  type Recording,
  reportOf,
  type StatedMetadata,
  verifyContainer,
} from "../../src/node.ts";
import { readReferenceContainer } from "../reference/evb.ts";
import { CONVERTED, MemorySink, madeEvt2, mixedScene, triggersIn } from "../support/conversions.ts";
import type { PlainEvent } from "../support/encodings.ts";
import { longRecording } from "../support/long-recording.ts";
import { zipOf } from "../support/zip.ts";

const root = mkdtempSync(join(tmpdir(), "evarrow-concat-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = root;
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
});

const GEOMETRY = { width: 320, height: 240 };

/** `count` events from `start` on, a microsecond apart. */
function from(start: number, count: number): PlainEvent[] {
  return Array.from({ length: count }, (_, at) => {
    return { t: start + at, x: (at * 7) % 320, y: (at * 3) % 240, p: at % 3 === 0 ? 1 : 0 };
  });
}

const made = (start: number, count: number, options = {}) =>
  madeEvt2({ events: from(start, count), geometry: GEOMETRY, ...options });

async function joined(
  sources: readonly (EventSource | Recording)[],
  options: ConcatOptions = {},
): Promise<{ stats: ConcatStats; times: number[]; bytes: Uint8Array }> {
  const sink = new MemorySink();
  const stats = await concatEvents(sources, sink, { chunkEvents: 100, ...options });
  const verified = await verifyContainer(sink.bytes, { deep: true });
  const { events, chunks, bytes, backwardSteps } = stats;
  expect(verified).toMatchObject({ ok: true, events, chunks, bytes, backwardSteps });
  expect([sink.closed, sink.aborts]).toEqual([1, []]);
  const table = await loadTable(sink.bytes);
  const times = Array.from(table.getChild("t")?.toArray() ?? [], Number);
  return { stats, times, bytes: sink.bytes };
}

describe("concatEvents", () => {
  it("joins one behind the other as they are given, and changes no time", async () => {
    const { stats, times } = await joined([await made(500, 300), await made(100, 50)]);
    const expected = [...from(500, 300), ...from(100, 50)].map(({ t }) => t);
    expect(times).toEqual(expected);
    expect(stats).toMatchObject({ events: 350, backwardSteps: 1 });
    expect(stats.parts.map(({ source, events, shift }) => [source, events, shift])).toEqual([
      [0, 300, 0n],
      [1, 50, 0n],
    ]);
    expect(stats.bytesPerEvent).toBeCloseTo(stats.bytes / 350);
  });

  it("joins in the order of first times", async () => {
    const none = await made(0, 0);
    const list = [await made(500, 30), none, await made(100, 50), await made(500, 7), none];
    const { stats, times } = await joined(list, { order: "time" });
    expect(stats.parts.map(({ source }) => source)).toEqual([2, 0, 3, 1, 4]);
    expect(times).toEqual([...from(100, 50), ...from(500, 30), ...from(500, 7)].map(({ t }) => t));
  });

  it("puts each behind the one in front of it, when it is asked to", async () => {
    const triggers = [[905, 1, 1]];
    const second = await made(900, 40, { triggers });
    const { stats, times, bytes } = await joined(
      [await made(500, 30), second, await made(0, 0), await made(100, 50)],
      { rebase: true },
    );
    expect(times).toEqual(from(500, 120).map(({ t }) => t));
    expect(stats.parts.map(({ shift }) => shift)).toEqual([0n, -370n, 0n, 470n]);
    expect(stats.backwardSteps).toBe(0);
    expect(await triggersIn(bytes)).toEqual([[535, 1, 1]]);
  });

  it("takes recordings of every format", async () => {
    const scene = mixedScene();
    const sources = await Promise.all(CONVERTED.map(({ make }) => make(scene)));
    const geometry = scene.geometry;
    const { stats, bytes } = await joined(sources, { geometry, polarityEncoding: "zero-one" });
    expect(stats.events).toBe(scene.events.length * sources.length);
    const { x, t, off } = readReferenceContainer(bytes);
    expect(off).toBe(0);
    const count = scene.events.length;
    for (let part = 1; part < sources.length; part++) {
      expect(x.slice(part * count, (part + 1) * count)).toEqual(x.slice(0, count));
      expect(t.slice(part * count, (part + 1) * count)).toEqual(t.slice(0, count));
    }
    expect(stats.parts.map(({ report }) => report.format)).toEqual(
      CONVERTED.map(({ id, readsAs = id }) => readsAs),
    );
  });

  it("moves times of many tiles", async () => {
    const bytes = longRecording(3 * 2 ** 20);
    const table = await loadTable(bytes);
    const times = table.getChild("t")?.toArray() as BigInt64Array;
    const far = (times.at(-1) as bigint) + 2n ** 33n + 5n;
    const first = await madeEvt2({
      events: [{ ...(from(0, 1)[0] as PlainEvent), t: Number(far) }],
    });
    const sink = new MemorySink();
    const { parts } = await concatEvents([first, bytes], sink, { rebase: true });
    const shift = far + 1n - (times[0] as bigint);
    expect(parts[1]?.shift).toBe(shift);
    const moved = (await loadTable(sink.bytes)).getChild("t")?.toArray() as BigInt64Array;
    expect(moved.length).toBe(times.length + 1);
    expect(moved.subarray(1).every((t, at) => t === (times[at] as bigint) + shift)).toBe(true);
    expect(reportOf(await loadTable(sink.bytes)).backwardSteps).toBe(reportOf(table).backwardSteps);
  });

  it("refuses to move times out of 64 bits, wherever in a tile they are", async () => {
    const container = async (...times: bigint[]): Promise<Uint8Array> => {
      const sink = new MemorySink();
      await exportEvents(
        tableFromArrays({
          x: new Uint16Array(times.length),
          y: new Uint16Array(times.length),
          t: BigInt64Array.from(times),
          polarity: new Int8Array(times.length).fill(1),
        }) as unknown as EventTable,
        sink,
      );
      return sink.bytes;
    };
    const last = 2n ** 63n - 1n;
    const first = await container(1n, 100n);
    for (const [times, isMoved] of [
      [[0n, last, 2n], false],
      [[0n, last - 101n, 2n], true],
      [[0n, last - 100n, 2n], false],
      [[0n, -last, 2n], true],
      [[last - 5n, last, -last], false],
    ] as const) {
      const sink = new MemorySink();
      const joining = concatEvents([first, await container(...times)], sink, { rebase: true });
      const found = await joining.then(
        async () => {
          const moved = (await loadTable(sink.bytes)).getChild("t")?.toArray() as BigInt64Array;
          return Array.from(moved.subarray(2), (t, at) => t - (times[at] as bigint));
        },
        (error) => error.code,
      );
      const by = 101n - times[0];
      expect(found, `${times}`).toEqual(isMoved ? [by, by, by] : "unsafe-time");
    }
  });

  it("takes paths, open recordings, streams and compressed files, and leaves open what was", async () => {
    const path = join(folder, "a.raw");
    writeFileSync(path, await made(10, 20));
    const open = await openRecording(await made(30, 20));
    const stream = new Blob([await made(50, 20)]).stream();
    const { gzipSync } = await import("node:zlib");
    const gzip = gzipSync(await made(70, 20));
    const { times, stats } = await joined([path, open, stream, gzip]);
    expect(times).toEqual(from(10, 80).map(({ t }) => t));
    expect(stats.parts[0]?.report.sourceName).toBe(path);
    expect(await open.query().count()).toBe(20);
    await open.close();
    const again = new Blob([await made(50, 20)]).stream();
    const twice = concatEvents([again, path], new MemorySink(), { order: "time" });
    await expect(twice).rejects.toMatchObject({ code: "source-consumed" });
  });

  it("takes streams of containers and zips, which are put aside to be read", async () => {
    const sink = new MemorySink();
    await exportEvents(await loadTable(await made(10, 20)), sink);
    const zip = zipOf([{ name: "a.raw", content: await made(30, 20) }]);
    for (const order of ["given", "time"] as const) {
      const streams = [sink.bytes, zip].map((bytes) => new Blob([bytes]).stream());
      const { times } = await joined(streams, { order });
      expect(times).toEqual(from(10, 40).map(({ t }) => t));
    }
  });

  it("may replace one of those that it joins", async () => {
    const path = join(folder, "all.evb");
    await exportEvents(await loadTable(await made(0, 30)), path);
    await expect(concatEvents([path, path], path)).rejects.toMatchObject({
      code: "sink-unwritable",
    });
    await concatEvents([path, path], path, { overwrite: true, rebase: true });
    expect((await loadTable(path)).numRows).toBe(60);
    expect(readdirSync(folder)).toEqual(["all.evb"]);
  });

  it("says what it was made of, and the same every time if it is to", async () => {
    const list = [await made(0, 5), await made(5, 5)];
    const options = { deterministic: true, metadata: { description: "both" } };
    const [one, two] = [await joined(list, options), await joined(list, options)];
    expect(Buffer.compare(one.bytes, two.bytes)).toBe(0);
    expect(readReferenceContainer(one.bytes)).toMatchObject({
      ...{ width: 320, height: 240, off: -1 },
      metadata: { description: "both", source: { format: "evt2" } },
    });
  });

  it("keeps what the recordings agree on, and names what is left out", async () => {
    const container = async (start: number, metadata: StatedMetadata) => {
      const sink = new MemorySink();
      await exportEvents(await loadTable(await made(start, 5)), sink, { metadata });
      return sink.bytes;
    };
    const custom = { site: "roof", lens: "8 mm" };
    const one = await container(10, { description: "a hand", tags: ["b", "a"], custom });
    const other = await container(5, {
      ...{ description: "a bar", tags: ["c", "a"] },
      custom: { ...custom, lens: "6 mm", operator: "K" },
    });
    const raw = await made(0, 5);
    const of = async (list: readonly Uint8Array[], options: ConcatOptions = {}) => {
      const { stats, bytes } = await joined(list, options);
      const { description, tags, custom: kept } = readReferenceContainer(bytes).metadata;
      return { left: stats.metadataLeftOut, description, tags, custom: kept };
    };
    expect(await of([one, raw])).toEqual({
      ...{ left: [], description: "a hand", tags: ["b", "a"], custom },
    });
    expect(await of([raw, raw])).toEqual({ left: [] });
    const both = { tags: ["b", "a", "c"], custom: { site: "roof", operator: "K" } };
    expect(await of([one, other, raw])).toEqual({ left: ["description", "custom.lens"], ...both });
    // The order is that in which they are joined.
    expect((await of([one, other], { order: "time" })).tags).toEqual(["c", "a", "b"]);
    const stated = { description: "both", exclude: ["custom.lens"] };
    expect(await of([one, other], { metadata: stated })).toEqual({
      ...{ left: [], description: "both", ...both },
    });
    const replaced = { tags: [], custom: { lens: "two" } };
    expect(await of([one, other], { metadata: replaced })).toEqual({
      ...{ left: ["description"], ...replaced },
    });
  });

  it("refuses what cannot be in one container", async () => {
    const path = join(folder, "none.evb");
    const other = await made(0, 5, { geometry: { width: 640, height: 480 } });
    const one = await made(0, 5);
    await expect(concatEvents([one, other], path)).rejects.toMatchObject({ code: "not-encodable" });
    const { stats } = await joined([one, other], { geometry: { width: 640, height: 480 } });
    expect(stats.events).toBe(10);
    const text = new TextEncoder().encode("x,y,t,polarity\n320,1,70,1\n");
    await expect(concatEvents([one, text], path)).rejects.toThrow("outside the sensor");
    const rebased = new MemorySink();
    await exportEvents(await loadTable(await made(70, 5), { rebase: true }), rebased);
    const zeros = concatEvents([one, rebased.bytes], path);
    await expect(zeros).rejects.toMatchObject({ code: "not-encodable" });
    expect((await joined([one, rebased.bytes], { rebase: true })).times).toHaveLength(10);
    for (const [sources, options] of [
      [[], {}],
      ["a.raw", {}],
      [[one], { order: "size" }],
      [[one], { rebase: 1 }],
      [[one], { level: 77 }],
    ] as const) {
      const refused = concatEvents(sources as never, path, options as never);
      await expect(refused).rejects.toMatchObject({ code: "invalid-option" });
    }
    const missing = concatEvents([one, join(folder, "no.raw")], path);
    await expect(missing).rejects.toMatchObject({ code: "source-not-found" });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(concatEvents([one], path, { signal })).rejects.toThrow("enough");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses to move times beyond 64 bits", async () => {
    const late = new TextEncoder().encode(`x,y,t,polarity\n1,1,${2n ** 63n - 5n},1\n`);
    const list = [late, await made(0, 20)];
    await expect(concatEvents(list, new MemorySink(), { rebase: true })).rejects.toMatchObject({
      code: "unsafe-time",
    });
  });

  it("passes on what the sink throws, and gives it up once", async () => {
    const sink = new MemorySink();
    sink.onWrite = (count) => {
      if (count > 2) throw new Error("no space left");
    };
    const list = [await made(0, 500), await made(500, 500)];
    const failing = concatEvents(list, sink, { bufferBytes: 0, chunkEvents: 64 });
    await expect(failing).rejects.toMatchObject({ code: "sink-unwritable" });
    expect([sink.closed, sink.aborts.length]).toEqual([0, 1]);
    const path = join(folder, "cut.evb");
    await concatEvents(list, path);
    writeFileSync(path, readFileSync(path).subarray(0, 200));
    const { stats } = await joined([path, list[0] as Uint8Array]);
    expect(stats.parts[0]?.report.firstAt.truncated).toBeTypeOf("number");
  });
});
