import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  digestEvents,
  exportEvents,
  loadTable,
  openRecording,
  reportOf,
  scanEvents,
} from "../../src/node.ts";
import { readReferenceContainer } from "../reference/evb.ts";
import { MemorySink, madeEvt2, mixedScene, triggersIn } from "../support/conversions.ts";
import { columnsOf } from "../support/expected-load.ts";

const folder = mkdtempSync(join(tmpdir(), "evarrow-query-export-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SCENE = mixedScene();
const RAW = await madeEvt2(SCENE);
const [start, end] = [16_772_000, 16_779_000];
const region = { x: 100, y: 20, width: 150, height: 90 };
const part = () => scanEvents(RAW).time(start, end).crop(region).polarity("on");

describe("the export of a query", () => {
  it("has what the query leaves: events, triggers, the sensor", async () => {
    const expected = columnsOf(await part().toTable()).t;
    const { digest, events } = await part().digest();
    expect(expected.length).toBeGreaterThan(50);
    const direct = new MemorySink();
    const stats = await part().export(direct, { preset: "lowMemory", deterministic: true });
    const passed = new MemorySink();
    const options = { preset: "lowMemory", deterministic: true } as const;
    expect((await exportEvents(part(), passed, options)).events).toBe(events);
    expect(Buffer.compare(direct.bytes, passed.bytes)).toBe(0);
    const triggers = SCENE.triggers.filter(([t]) => t >= start && t < end);
    expect(stats).toMatchObject({ events, triggers: triggers.length, path: "chunked" });
    expect(stats.report).toMatchObject({ events, foundBy: "index" });
    expect((await digestEvents(direct.bytes)).digest).toBe(digest);
    expect(await triggersIn(direct.bytes)).toEqual(triggers);
    const found = readReferenceContainer(direct.bytes);
    expect(found).toMatchObject({ width: region.width, height: region.height });
  });

  it("takes the options of the query and of the export", async () => {
    const sink = new MemorySink();
    const query = scanEvents(RAW, { rebase: true, polarityEncoding: "minus-one-one" });
    await query.export(sink, { polarityEncoding: "zero-one", metadata: { description: "a part" } });
    const table = await loadTable(sink.bytes);
    expect(columnsOf(table).t[0]).toBe(0n);
    expect(reportOf(table)).toMatchObject({
      polarityEncoding: "zero-one",
      timeOffset: SCENE.events[0]?.t,
    });
    expect(readReferenceContainer(sink.bytes).metadata).toMatchObject({ description: "a part" });
    const geometry = { width: 400, height: 300 };
    const wide = new MemorySink();
    const recording = await openRecording(RAW);
    await exportEvents(recording.query().flip("x"), wide, { geometry });
    const flipped = columnsOf(await recording.query({ geometry }).flip("x").toTable());
    expect(columnsOf(await loadTable(wide.bytes)).x).toEqual(flipped.x);
    expect(readReferenceContainer(wide.bytes)).toMatchObject(geometry);
    await recording.close();
  });

  it("copies a container, and a part of one", async () => {
    const whole = new MemorySink();
    await scanEvents(RAW).export(whole, { chunkEvents: 300 });
    const copy = new MemorySink();
    const stats = await scanEvents(whole.bytes).time(start, end).export(copy);
    expect(stats.report?.foundBy).toBe("chunks");
    const digestOf = (bytes: Uint8Array<ArrayBuffer>) =>
      scanEvents(bytes).time(start, end).digest();
    expect(await digestEvents(copy.bytes)).toEqual(await digestOf(RAW));
  });

  it("refuses what cannot be before anything is read or written", async () => {
    const path = join(folder, "there.evb");
    writeFileSync(path, "mine");
    await expect(part().export(path)).rejects.toMatchObject({ code: "sink-unwritable" });
    expect((await part().export(path, { overwrite: true })).bytes).toBeGreaterThan(64);
    const nowhere = scanEvents(join(folder, "no-such.raw"));
    const target = join(folder, "never.evb");
    for (const wrong of [
      nowhere.export(target, { level: 99 }),
      nowhere.export(7 as never),
      exportEvents(nowhere, target, { preset: "best" as never }),
    ]) {
      await expect(wrong).rejects.toMatchObject({ code: "invalid-option" });
    }
    const columns = scanEvents(RAW)
      .select("t")
      .export(target, { columns: ["t", "x"] });
    await expect(columns).rejects.toMatchObject({ code: "invalid-query" });
    await expect(nowhere.export(target)).rejects.toMatchObject({ code: "source-not-found" });
    const beyond = scanEvents(RAW).roi({ x: 0, y: 0, width: 1000, height: 1 });
    await expect(beyond.export(target)).rejects.toMatchObject({ code: "invalid-query" });
    const stop = AbortSignal.abort(new Error("enough"));
    await expect(part().export(target, { signal: stop })).rejects.toThrow("enough");
    await expect(scanEvents(RAW, { signal: stop }).export(target)).rejects.toThrow("enough");
    expect(existsSync(target)).toBe(false);
  });
});
