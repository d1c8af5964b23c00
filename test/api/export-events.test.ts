import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Int8, Int64, Table, tableFromArrays, Uint16, vectorFromArray } from "apache-arrow";
import pl from "nodejs-polars";
import { afterAll, describe, expect, it } from "vitest";
import {
  CONTAINER_PRESETS,
  convertRecording,
  digestEvents,
  EventError,
  type EventTable,
  encodeEvt2,
  exportEvents,
  isEventError,
  loadEvents,
  loadTable,
  openRecording,
  type Recording,
  reportOf,
} from "../../src/node.ts";
import { readReferenceContainer } from "../reference/evb.ts";
import { MemorySink, madeEvt2, mixedScene, triggersIn } from "../support/conversions.ts";

const folder = mkdtempSync(join(tmpdir(), "evarrow-export-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SCENE = mixedScene();
const RAW = await madeEvt2(SCENE);
const { digest } = await digestEvents(RAW);

async function withRaw<Result>(use: (recording: Recording) => Promise<Result>): Promise<Result> {
  const recording = await openRecording(RAW);
  try {
    return await use(recording);
  } finally {
    await recording.close();
  }
}

describe("exportEvents", () => {
  it("takes a recording, a streamer, a table and a frame", async () => {
    const table = await loadTable(RAW);
    const frame = await loadEvents(RAW);
    const sinks = await withRaw(async (recording) => {
      const results: [string, MemorySink][] = [];
      const events = { recording, streamer: recording.stream({ batchEvents: 700 }), table, frame };
      for (const [kind, source] of Object.entries(events)) {
        const sink = new MemorySink();
        const stats = await exportEvents(source, sink, { chunkEvents: 1000 });
        expect([sink.closed, sink.aborts.length]).toEqual([1, 0]);
        expect(stats).toMatchObject({ events: 5000, chunks: 5, bytes: sink.bytes.byteLength });
        expect(stats.path).toBe(kind === "table" || kind === "frame" ? "direct" : "chunked");
        expect(stats.triggers).toBe(kind === "recording" ? 20 : 0);
        results.push([kind, sink]);
      }
      return results;
    });
    for (const [kind, sink] of sinks) {
      expect((await digestEvents(sink.bytes)).digest, kind).toBe(digest);
      const recording = await openRecording(sink.bytes);
      expect(recording.geometry, kind).toEqual(SCENE.geometry);
      expect(recording.report.polarityEncoding).toBe("minus-one-one");
      expect(recording.report.originalFormat, kind).toBe("evt2");
      await recording.close();
      expect(readReferenceContainer(sink.bytes).x).toHaveLength(5000);
    }
    const [, first] = sinks[0] as [string, MemorySink];
    expect(await triggersIn(first.bytes)).toEqual(SCENE.triggers);
  });

  it("says what it took", async () => {
    const stats = await withRaw((recording) => exportEvents(recording, new MemorySink()));
    const { events, bytes, bytesPerEvent, columns, ms, report } = stats;
    expect(bytesPerEvent).toBeCloseTo(bytes / events);
    expect(stats.ratio).toBeCloseTo((events * 13 + 20 * 11) / bytes);
    const stored = Object.values(columns).reduce((sum, column) => sum + column.bytes, 0);
    expect(stored).toBeLessThan(bytes);
    expect(columns.t.ratio).toBeCloseTo((8 * events) / columns.t.bytes);
    for (const [phase, value] of Object.entries(ms)) expect(value, phase).toBeGreaterThanOrEqual(0);
    expect(report?.events).toBe(events);
  });

  it("keeps what is said of a recording", async () => {
    const custom = { site: "roof", ["__proto__"]: "data" };
    const metadata = { description: "a bar", tags: ["one", "two"], custom };
    const sink = new MemorySink();
    await withRaw((recording) => exportEvents(recording, sink, { metadata }));
    const { metadata: found } = readReferenceContainer(sink.bytes);
    expect(found).toMatchObject({ description: "a bar", tags: ["one", "two"] });
    expect(found.createdBy).toMatch(/^evarrow \d/);
    expect(found.createdAt).toMatch(/^\d{4}-\d\d-\d\dT/);
    const opened = await openRecording(sink.bytes);
    expect(opened.header).toContainEqual(["evarrow.tag", "two"]);
    expect(opened.header).toContainEqual(["evarrow.custom.site", "roof"]);
    // A container made of this one says the same, unless it is told something else.
    const copy = new MemorySink();
    await exportEvents(opened, copy, { metadata: { description: "another" } });
    expect(readReferenceContainer(copy.bytes).metadata).toMatchObject({
      ...{ description: "another", tags: ["one", "two"] },
      source: { format: "evt2" },
    });
    expect(Object.entries(readReferenceContainer(copy.bytes).metadata.custom as object)).toEqual(
      Object.entries(custom),
    );
    await opened.close();
  });

  it("leaves out what is too long, and refuses what the user says at too great length", async () => {
    const sink = new MemorySink();
    const header = Object.fromEntries(
      Array.from({ length: 12_000 }, (_, at) => [`key${at}`, "v".repeat(80)]),
    );
    const raw = await madeEvt2({ ...SCENE, header });
    await convertRecording(raw, sink, { format: "evb" });
    const { source } = readReferenceContainer(sink.bytes).metadata as { source: object };
    expect(source).toEqual({ format: "evt2" });
    const metadata = { description: "a".repeat(2_000_000) };
    const refused = withRaw((recording) => exportEvents(recording, new MemorySink(), { metadata }));
    await expect(refused).rejects.toMatchObject({ code: "not-encodable" });
  });

  it("has the same bytes every time when it is asked to", async () => {
    const outputs: Uint8Array[] = [];
    for (let run = 0; run < 2; run++) {
      const sink = new MemorySink();
      await withRaw((recording) => exportEvents(recording, sink, { deterministic: true }));
      outputs.push(sink.bytes);
    }
    expect(Buffer.compare(outputs[0] as Uint8Array, outputs[1] as Uint8Array)).toBe(0);
    expect(readReferenceContainer(outputs[0] as Uint8Array).metadata.createdAt).toBeUndefined();
  });

  it("takes facts that a frame does not have", async () => {
    const frame = (await loadEvents(RAW, { polarityEncoding: "zero-one" })).slice(100, 300);
    const sink = new MemorySink();
    await exportEvents(frame, sink, { geometry: { width: 400, height: 300 } });
    const recording = await openRecording(sink.bytes);
    expect(recording.geometry).toEqual({ width: 400, height: 300 });
    expect(recording.report.polarityEncoding).toBe("zero-one");
    await recording.close();
    const other = new MemorySink();
    await exportEvents(frame, other, { polarityEncoding: "minus-one-one" });
    expect(readReferenceContainer(other.bytes)).toMatchObject({ off: -1, width: 0 });
    expect((await digestEvents(other.bytes)).digest).toBe((await digestEvents(sink.bytes)).digest);
  });

  it("looks at all events of a frame or table that says nothing, for what OFF is in it", async () => {
    const rows = 300_000;
    const columns = {
      x: new Uint16Array(rows),
      y: new Uint16Array(rows),
      t: new BigInt64Array(rows),
      polarity: new Int8Array(rows).fill(1),
    };
    columns.polarity[rows - 1] = -1;
    const table = tableFromArrays(columns);
    const parts = new Table([...table.slice(0, 1000).batches, ...table.slice(1000).batches]);
    const frame = pl.DataFrame(
      Object.entries(columns).map(([name, values]) => pl.Series(name, values as never)),
    );
    for (const events of [table, parts, frame]) {
      const sink = new MemorySink();
      await exportEvents(events as unknown as EventTable, sink, { chunkEvents: 65_536 });
      const { off, p } = readReferenceContainer(sink.bytes);
      expect([off, p.at(-1), p[0]]).toEqual([-1, 0, 1]);
    }
  });

  it("refuses missing values and polarities that are none", async () => {
    const empty = { x: [1, null, 3], y: [1, 2, 3], t: [1n, 2n, 3n], polarity: [1, 1, 0] };
    const vectors = {
      x: vectorFromArray(empty.x, new Uint16()),
      y: vectorFromArray(empty.y, new Uint16()),
      t: vectorFromArray(empty.t, new Int64()),
      polarity: vectorFromArray(empty.polarity, new Int8()),
    };
    const withNull = new Table(vectors) as unknown as EventTable;
    await expect(exportEvents(withNull, new MemorySink())).rejects.toMatchObject({
      ...{ code: "invalid-option", found: "1 nulls" },
    });
    await expect(encodeEvt2(withNull)).rejects.toThrow(/missing/);
    for (const [at, value] of [
      [0, 2],
      [17, -2],
      [4999, -128],
    ] as const) {
      const table = await loadTable(RAW);
      (table.batches[0]?.getChild("polarity")?.toArray() as Int8Array)[at] = value;
      const sink = new MemorySink();
      await expect(exportEvents(table, sink)).rejects.toMatchObject({
        ...{ code: "not-encodable", found: `${value}` },
      });
      expect([sink.closed, sink.aborts.length]).toEqual([0, 1]);
    }
  });

  it("refuses options that it would not keep", async () => {
    const table = await loadTable(RAW);
    const wrong = [null, 5, "x", { metadata: null }, { metadata: { tags: "x" } }, { signal: 5 }];
    for (const options of [...wrong, { columns: [] }, { columns: ["x", "x"] }, { onProgress: 5 }]) {
      const sink = new MemorySink();
      await expect(
        exportEvents(table, sink, options as object),
        JSON.stringify(options),
      ).rejects.toMatchObject({ code: "invalid-option" });
      expect([sink.closed, sink.aborts.length]).toEqual([0, 0]);
    }
  });

  it("counts triggers that a table or stream of events does not have", async () => {
    const counts = await withRaw(async (recording) => {
      const sources = { recording, table: await loadTable(recording), stream: recording.stream() };
      const stats = Object.values(sources).map((one) => exportEvents(one, new MemorySink()));
      return (await Promise.all(stats)).map(({ triggers, triggersLeftOut }) => [
        triggers,
        triggersLeftOut,
      ]);
    });
    expect(counts).toEqual([
      [20, 0],
      [0, 20],
      [0, 20],
    ]);
  });

  it("refuses events outside the sensor, which a load would drop", async () => {
    const sink = new MemorySink();
    const exporting = exportEvents(await loadEvents(RAW), sink, {
      geometry: { width: 20, height: 20 },
    });
    await expect(exporting).rejects.toMatchObject({ code: "not-encodable" });
    expect([sink.closed, sink.aborts.length]).toEqual([0, 1]);
  });

  it("refuses a file that is there, unless it is to be replaced", async () => {
    const path = join(folder, "there.evb");
    writeFileSync(path, "mine");
    const refused = withRaw((recording) => exportEvents(recording, path));
    await expect(refused).rejects.toMatchObject({ code: "sink-unwritable", path });
    expect(readFileSync(path, "latin1")).toBe("mine");
    await withRaw((recording) => exportEvents(recording, path, { overwrite: true }));
    expect((await digestEvents(path)).digest).toBe(digest);
    expect(readdirSync(folder)).toEqual(["there.evb"]);
  });

  it("leaves no file when it is aborted or fails", async () => {
    const path = join(folder, "never.evb");
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    const aborted = withRaw((recording) => exportEvents(recording, path, { signal: stop.signal }));
    await expect(aborted).rejects.toThrow("enough");
    const table = await loadTable(RAW, { columns: ["x", "y"] });
    await expect(exportEvents(table, path)).rejects.toMatchObject({ code: "invalid-option" });
    const nowhere = join(folder, "none", "a.evb");
    const unwritable = withRaw((recording) => exportEvents(recording, nowhere));
    await expect(unwritable).rejects.toMatchObject({ code: "sink-unwritable" });
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder)).toEqual(["there.evb"]);
  });

  it("closes the stream that it reads, whatever ends the export", async () => {
    const recording = await openRecording(RAW);
    const run = (target: string | MemorySink) =>
      exportEvents(recording.stream({ batchEvents: 100 }), target);
    const full = new MemorySink();
    full.onWrite = () => {
      throw new Error("no space left");
    };
    await expect(run(full)).rejects.toMatchObject({ code: "sink-unwritable" });
    await expect(run(join(folder, "none", "a.evb"))).rejects.toMatchObject({
      code: "sink-unwritable",
    });
    const sink = new MemorySink();
    expect((await run(sink)).report?.events).toBe(5000);
    // A stream without events still knows the sensor.
    const empty = await openRecording(await madeEvt2({ ...SCENE, events: [] }));
    const none = new MemorySink();
    await exportEvents(empty.stream(), none);
    expect(readReferenceContainer(none.bytes)).toMatchObject({ width: 320, height: 240, off: -1 });
    await empty.close();
    await recording.close();
  });

  it("passes on what the sink throws", async () => {
    for (const source of [await loadTable(RAW), null]) {
      const sink = new MemorySink();
      sink.onWrite = () => {
        throw new Error("no space left");
      };
      const error = await withRaw((recording) =>
        exportEvents(source ?? recording, sink, { bufferBytes: 0 }),
      ).catch((caught) => caught);
      expect(isEventError(error, "sink-unwritable")).toBe(true);
      expect([sink.closed, sink.aborts.length]).toEqual([0, 1]);
    }
  });

  it.each([
    [{ preset: "tiny" }, "preset"],
    [{ codec: "lz4" }, "codec"],
    [{ level: 20 }, "level"],
    [{ codec: "deflate", level: 10 }, "level"],
    [{ chunkEvents: 0 }, "chunkEvents"],
    [{ chunkEvents: 2_000_000 }, "chunkEvents"],
    [{ checksum: "md5" }, "checksum"],
    [{ chunksInFlight: 0 }, "chunksInFlight"],
    [{ bufferBytes: -1 }, "bufferBytes"],
    [{ cells: "yes" }, "cells"],
    [{ deterministic: 1 }, "deterministic"],
    [{ geometry: { width: 0, height: 1 } }, "geometry"],
    [{ polarityEncoding: "both" }, "polarityEncoding"],
  ])("refuses the options %j", async (options, text) => {
    for (const source of [await loadTable(RAW), null]) {
      const exporting = withRaw((recording) =>
        exportEvents(source ?? recording, new MemorySink(), options as never),
      );
      await expect(exporting).rejects.toMatchObject({ code: "invalid-option" });
      await expect(exporting).rejects.toThrow(text);
    }
  });

  it("takes presets, which are options to be read and changed", async () => {
    const sizes: number[] = [];
    for (const preset of ["store", "lowMemory", "speed", "balanced"] as const) {
      const { bytes } = await withRaw((recording) =>
        exportEvents(recording, new MemorySink(), { ...CONTAINER_PRESETS[preset] }),
      );
      const named = await withRaw((recording) =>
        exportEvents(recording, new MemorySink(), { preset, deterministic: false }),
      );
      expect(Math.abs(named.bytes - bytes)).toBeLessThan(8);
      sizes.push(bytes);
    }
    expect(Math.max(...sizes.slice(1))).toBeLessThan(sizes[0] as number);
  });

  it("gives what a conversion to .evb gives", async () => {
    const path = join(folder, "converted.evb");
    const conversion = await convertRecording(RAW, path, { verify: true });
    expect(conversion).toMatchObject({ format: "evb", events: 5000, triggers: 20, digest });
    expect(reportOf(conversion).events).toBe(5000);
    const sink = new MemorySink();
    await convertRecording(path, sink, { format: "evt2" });
    expect((await digestEvents(sink.bytes)).digest).toBe(digest);
    expect(EventError).toBeDefined();
    rmSync(path);
  });
});
