import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { analyze, loadTable, openRecording, reportOf } from "../../src/node.ts";
import { longRecording } from "../support/long-recording.ts";
import { RecordingSource } from "../support/sources.ts";

const folder = fileURLToPath(new URL("../../data-samples/", import.meta.url));
const samples = readdirSync(folder).filter((name) => !/\.(?:json|md)$/.test(name));

describe("analyze", () => {
  it.each(samples)("tells how %s is loaded", async (name) => {
    const { format, geometry, options } = JSON.parse(
      readFileSync(join(folder, `${name}.json`), "utf8"),
    );
    const load = { ...options, onMalformed: "skip" };
    const analysis = await analyze(join(folder, name), load);
    expect(analysis).toMatchObject({ format, geometry, memoryLimitBytes: null, threads: 1 });
    const { mode, modeReason, polarityEncoding } = reportOf(
      await loadTable(join(folder, name), load),
    );
    expect(analysis).toMatchObject({ mode, reason: modeReason, polarityEncoding });
    expect(analysis.byteLength).toBe(readFileSync(join(folder, name)).byteLength);
  });

  it("reads the header and nothing more, and closes what it opened", async () => {
    const source = new RecordingSource(longRecording(1_000_000), "a.raw");
    const { events, columnBytes, mode, peakBytes, streamBytes } = await analyze(source);
    expect(source.reads).toEqual([{ offset: 0, length: 65536 }]);
    expect(columnBytes).toBe((events ?? 0) * 13);
    expect([mode, peakBytes]).toEqual(["direct", streamBytes]);
  });

  it("leaves open what was open", async () => {
    const recording = await openRecording(longRecording(100_000));
    const { events } = await analyze(recording);
    const table = await loadTable(recording);
    expect(Math.abs(table.numRows - (events ?? 0))).toBeLessThan(500);
    await recording.close();
  });

  it("counts the table of a chunked load beside what the stream holds, and a batch of both once", async () => {
    const options = { mode: "chunked", columns: ["x", "y"] } as const;
    const { bytesPerEvent, peakBytes, streamBytes, columnBytes, chunkEvents } = await analyze(
      longRecording(9_000_000),
      options,
    );
    expect(bytesPerEvent).toBe(4);
    expect(chunkEvents).toBeGreaterThan(1_000_000);
    expect(peakBytes).toBe(streamBytes + (columnBytes ?? 0) - 4 * chunkEvents);
    const short = await analyze(longRecording(1_000_000), options);
    expect(short.peakBytes).toBe(short.streamBytes);
  });

  it("says what the caller does", async () => {
    const geometry = { width: 2, height: 3 };
    const options = { geometry, polarityEncoding: "zero-one" } as const;
    expect(await analyze(longRecording(1000), options)).toMatchObject(options);
  });

  it("refuses a limit that cannot be kept, and bad options", async () => {
    const bytes = longRecording(1000);
    await expect(analyze(bytes, { memoryLimitBytes: 1000 })).rejects.toMatchObject({
      code: "memory-limit",
      format: "evt2",
      found: "1000",
    });
    const bad = { columns: [] as never };
    await expect(analyze(bytes, bad)).rejects.toMatchObject({ code: "invalid-option" });
  });
});
