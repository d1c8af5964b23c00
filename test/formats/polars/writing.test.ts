/** Formats that Polars writes, read back with Polars. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableToIPC } from "apache-arrow";
import pl, { type DataFrame } from "nodejs-polars";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  convertRecording,
  isEventError,
  loadEvents,
  loadTable,
  reportOf,
} from "../../../src/node.ts";
import { platform as browser } from "../../../src/platform/browser.ts";
import { platform as node } from "../../../src/platform/node.ts";
import { MemorySink, madeEvt2, mixedScene } from "../../support/conversions.ts";
import { longRecording } from "../../support/long-recording.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "evarrow-polars-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = root;
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
});

const scene = mixedScene(2000);
const recording = await madeEvt2(scene);
const TYPES = { x: pl.UInt16, y: pl.UInt16, t: pl.Int64, polarity: pl.Int8 };

/** The rows of a file, whatever its format. */
function read(path: string): DataFrame {
  if (path.endsWith(".parquet")) return pl.readParquet(path);
  return pl.scanJson(path).collectSync();
}

function rowsOf(frame: DataFrame): unknown[][] {
  return frame.rows().map((row) => row.map(Number));
}

const expected = (off: number) =>
  scene.events.map(({ x, y, t, p }) => [x, y, t, p === 1 ? 1 : off]);

describe.each([
  ["parquet", ".parquet"],
  ["jsonl", ".jsonl"],
  ["jsonl", ".ndjson"],
])("%s as %s", (id, ending) => {
  it("holds the events in their order, by name or by id", async () => {
    const path = join(folder, `out${ending}`);
    const conversion = await convertRecording(recording, path);
    expect(conversion).toMatchObject({
      format: id,
      events: 2000,
      triggers: 0,
      triggersLeftOut: 20,
      geometryLeftOut: true,
      leftOut: 0,
      digest: null,
      bytes: readFileSync(path).byteLength,
    });
    expect(reportOf(conversion).events).toBe(2000);
    expect(readdirSync(folder)).toEqual([`out${ending}`]);
    const frame = read(path);
    expect(frame.columns).toEqual(["x", "y", "t", "polarity"]);
    expect(rowsOf(frame)).toEqual(expected(-1));
    const sink = new MemorySink();
    await convertRecording(recording, sink, { format: id });
    expect([sink.closed, sink.aborts]).toEqual([1, []]);
    expect(sink.bytes.byteLength).toBe(conversion.bytes);
  });

  it("takes the polarity encoding, and folders with any name", async () => {
    const odd = join(folder, "a[1]* ü?");
    mkdirSync(odd);
    const path = join(odd, `out${ending}`);
    await convertRecording(recording, path, { polarityEncoding: "zero-one" });
    const copy = join(folder, `copy${ending}`);
    writeFileSync(copy, readFileSync(path));
    expect(rowsOf(read(copy))).toEqual(expected(0));
    expect(readdirSync(odd)).toEqual([`out${ending}`]);
  });

  it("holds recordings without events", async () => {
    const path = join(folder, `out${ending}`);
    const none = await madeEvt2({ events: [], geometry: { width: 3, height: 3 } });
    expect(await convertRecording(none, path)).toMatchObject({ events: 0, geometryLeftOut: true });
    if (id === "parquet") expect(read(path).height).toBe(0);
    else expect(readFileSync(path).byteLength).toBe(0);
  });

  it("keeps the order over many tiles", async () => {
    const long = longRecording(3_200_000);
    const path = join(folder, `out${ending}`);
    const { events } = await convertRecording(long, path);
    const frame = read(path);
    expect(frame.height).toBe(events);
    const same = await loadEvents(long);
    for (const name of frame.columns) {
      const column = frame.getColumn(name).cast(pl.Int64);
      expect(column.seriesEqual(same.getColumn(name).cast(pl.Int64)), name).toBe(true);
    }
  });

  it("cannot be verified", async () => {
    const path = join(folder, `out${ending}`);
    const error = await convertRecording(recording, path, { verify: true }).catch((e) => e);
    expect(isEventError(error, "invalid-option")).toBe(true);
    expect(error.message).toMatch(/cannot be verified/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves nothing behind when it is aborted or fails", async () => {
    const path = join(folder, `out${ending}`);
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("enough"));
    const aborted = convertRecording(longRecording(3_000_000), path, {
      signal: stop.signal,
      onProgress,
    });
    await expect(aborted).rejects.toThrow("enough");
    // Polars may still be writing, and cannot be stopped.
    await vi.waitFor(() => expect(readdirSync(folder)).toEqual([]), { timeout: 30_000 });
    const full = new MemorySink();
    full.onWrite = () => Promise.reject(new Error("the disk is full"));
    const failed = convertRecording(recording, full, { format: id });
    await expect(failed).rejects.toMatchObject({ code: "sink-unwritable" });
    expect([full.closed, full.aborts.length]).toEqual([0, 1]);
    const missing = join(folder, "missing", `out${ending}`);
    await expect(convertRecording(recording, missing)).rejects.toMatchObject({
      code: "sink-unwritable",
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("needs Polars", async () => {
    const load = vi.spyOn(node, "importPolars").mockImplementation(browser.importPolars);
    try {
      const error = await convertRecording(recording, new MemorySink(), { format: id }).catch(
        (e) => e,
      );
      expect(isEventError(error, "polars-unavailable")).toBe(true);
      expect(error.hint).toContain("Node");
    } finally {
      load.mockRestore();
    }
  });
});

it("Parquet has the types of the schema, and is compressed", async () => {
  const path = join(folder, "out.parquet");
  const { bytes } = await convertRecording(longRecording(4_000_000), path);
  const frame = pl.readParquet(path);
  for (const [name, type] of Object.entries(TYPES)) {
    expect(frame.getColumn(name).dtype.equals(type), name).toBe(true);
  }
  expect(bytes / frame.height).toBeLessThan(4);
  expect(frame.nullCount().rows()).toEqual([[0, 0, 0, 0]]);
});

describe("times beyond 2^53", () => {
  const times = [
    0n,
    -(2n ** 53n) + 1n,
    2n ** 53n - 1n,
    2n ** 53n,
    5n,
    -(2n ** 53n),
    2n ** 63n - 1n,
  ];

  /** An Arrow file with these times. */
  async function source(list: readonly bigint[]): Promise<Uint8Array> {
    const events = list.map((_, at) => ({ x: at, y: 0, t: at, p: 1 as const }));
    const table = await loadTable(await madeEvt2({ events, geometry: { width: 9, height: 9 } }));
    const [batch] = table.batches;
    const column: BigInt64Array | undefined = batch?.getChild("t")?.toArray();
    column?.set(list);
    return tableToIPC(table, "file");
  }

  it("are no numbers of JSON lines: a typed error, or left out", async () => {
    const file = await source(times);
    const error = await convertRecording(file, join(folder, "a.jsonl")).catch((e) => e);
    expect(isEventError(error, "unsafe-time")).toBe(true);
    expect(error).toMatchObject({ row: 3, found: "9007199254740992 us", format: "jsonl" });
    expect(readdirSync(folder)).toEqual([]);
    const path = join(folder, "b.jsonl");
    const conversion = await convertRecording(file, path, { lossy: true });
    expect(conversion).toMatchObject({ events: 4, leftOut: 3 });
    const lines = readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ t }) => BigInt(t))).toEqual([times[0], times[1], times[2], times[4]]);
  });

  it("stand in Parquet as they are", async () => {
    const path = join(folder, "a.parquet");
    await convertRecording(await source(times), path);
    const read = pl.readParquet(path).getColumn("t").toTypedArray();
    expect([...read]).toEqual(times);
  });
});

describe("a scratch folder", () => {
  it("is private, and gone when it is closed", async () => {
    const scratch = await node.createScratchFolder("out.parquet");
    writeFileSync(scratch.pathOf("a"), new Uint8Array(2_500_000).fill(7));
    scratch.addFolder("b");
    writeFileSync(scratch.pathOf("b/c"), "c");
    let length = 0;
    for (const piece of scratch.piecesOf("a")) length += piece.byteLength;
    expect(length).toBe(2_500_000);
    scratch.remove("a");
    scratch.remove("a");
    expect(readdirSync(scratch.path)).toEqual(["b"]);
    expect(() => [...scratch.piecesOf("a")]).toThrow(/temporary files/);
    scratch.close();
    expect(() => readdirSync(scratch.path)).toThrow();
    scratch.close();
    expect(() => scratch.addFolder("b")).toThrow(/temporary files/);
  });

  it("is not to be had in a browser", async () => {
    await expect(browser.createScratchFolder("out.parquet")).rejects.toMatchObject({
      code: "sink-unwritable",
      path: "out.parquet",
    });
  });
});
