import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ContainerReader } from "../../src/container/reader.ts";
import { ContainerWriter } from "../../src/container/writer.ts";
import {
  appendEvents,
  convertRecording,
  digestEvents,
  type EventQuery,
  type EventTable,
  exportEvents,
  isEventError,
  loadEvents,
  loadStatistics,
  loadTable,
  openRecording,
  reportOf,
  scanEvents,
  verifyContainer,
} from "../../src/node.ts";
import { MemorySource } from "../../src/source/memory.ts";
import { readReferenceContainer } from "../reference/evb.ts";
import { changed, segmentsOf } from "../support/containers.ts";
import { madeEvt2, mixedScene, triggersIn } from "../support/conversions.ts";
import type { PlainEvent } from "../support/encodings.ts";
import { SOAK } from "../support/soak.ts";
import { hasPermissions, unprivileged } from "../support/unprivileged.ts";

const folder = mkdtempSync(join(tmpdir(), "evarrow-append-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "a.evb");
beforeEach(() => rmSync(path, { force: true }));

const GEOMETRY = { width: 320, height: 240 };
const SCENE = mixedScene();
const RAW = await madeEvt2(SCENE);

/** `count` events from `start` on, a microsecond apart. */
function later(start: number, count: number): PlainEvent[] {
  return Array.from({ length: count }, (_, at) => {
    return { t: start + at, x: (at * 7) % 320, y: (at * 3) % 240, p: at % 3 === 0 ? 1 : 0 };
  });
}

async function tableOf(events: readonly PlainEvent[], options = {}): Promise<EventTable> {
  return loadTable(await madeEvt2({ events, geometry: GEOMETRY }), options);
}

async function start(events: readonly PlainEvent[], options = {}): Promise<void> {
  await exportEvents(await tableOf(events), path, { chunkEvents: 50, ...options });
}

const timesIn = async (options = {}): Promise<bigint[]> =>
  Array.from((await loadTable(path, options)).getChild("t")?.toArray() ?? []);

describe("appendEvents", () => {
  it("adds events of every kind behind the old ones, of which no byte changes", async () => {
    const recording = await openRecording(RAW);
    await exportEvents(recording, path, { chunkEvents: 1000, metadata: { description: "a bar" } });
    const all: bigint[] = await timesIn();
    const table = await loadTable(RAW);
    const frame = await loadEvents(RAW);
    const sources = { recording, table, frame, streamer: recording.stream({ batchEvents: 700 }) };
    let rounds = 1;
    for (const [kind, events] of Object.entries(sources)) {
      const old = readFileSync(path);
      const stats = await appendEvents(path, events, { chunkEvents: 800 });
      rounds++;
      const now = readFileSync(path);
      expect(now.subarray(0, old.length).equals(old), kind).toBe(true);
      expect(stats).toMatchObject({ events: 5000, chunks: 7, cutBytes: 0 });
      expect(stats.triggers).toBe(kind === "recording" ? 20 : 0);
      expect(stats.bytes).toBe(now.length - old.length);
      const total = { events: 5000 * rounds, triggers: 40, chunks: 5 + 7 * (rounds - 1) };
      expect(stats.total).toEqual({ ...total, bytes: now.length });
      expect(stats.report?.events, kind).toBe(5000);
      const verified = await verifyContainer(path, { deep: true });
      expect(verified).toMatchObject({ findings: [], events: 5000 * rounds, trailers: rounds });
    }
    expect(await timesIn()).toEqual([...all, ...all, ...all, ...all, ...all]);
    expect(reportOf(await loadTable(path)).backwardSteps).toBeGreaterThanOrEqual(4);
    expect(await triggersIn(readFileSync(path))).toEqual([...SCENE.triggers, ...SCENE.triggers]);
    const loaded = await loadTable(path, { evb: { verifyChecksum: true } });
    expect(loaded.numRows).toBe(25_000);
    // The last digest covers the one in front of it, and that the bytes before.
    const early = changed(readFileSync(path), (file) => file.writeUInt8(9, 57));
    const checked = loadTable(early, { evb: { verifyChecksum: true } });
    await expect(checked).rejects.toMatchObject({ code: "damaged-data" });
    expect((await loadTable(early)).numRows).toBe(25_000);
    const reference = readReferenceContainer(readFileSync(path));
    expect(Array.from(reference.t)).toEqual([...all, ...all, ...all, ...all, ...all]);
    expect(reference.metadata).toMatchObject({ description: "a bar", source: { format: "evt2" } });
    expect(reference.metadata.report).toEqual({
      earlier: [expect.objectContaining({ format: "evt2", events: 5000, triggers: 20 })],
    });
    await recording.close();
  });

  it("adds what a query leaves of a recording", async () => {
    await start(later(1000, 120));
    const raw = await madeEvt2({ events: later(2000, 500), geometry: GEOMETRY });
    const query = scanEvents(raw).time(2100, 2200).polarity("on");
    const { events, report } = await appendEvents(path, query);
    const expected = later(2000, 500).filter(({ t, p }) => t >= 2100 && t < 2200 && p === 1);
    expect([events, report?.events]).toEqual([expected.length, expected.length]);
    expect((await timesIn()).slice(120)).toEqual(expected.map(({ t }) => BigInt(t)));
    const old = readFileSync(path);
    const refused: [EventQuery, string][] = [
      [query.crop({ x: 0, y: 0, width: 10, height: 10 }), "geometry"],
      [scanEvents(raw, { rebase: true }).polarity("on"), "time zero"],
    ];
    for (const [other, what] of refused) {
      await expect(appendEvents(path, other)).rejects.toMatchObject({
        code: "not-encodable",
        message: expect.stringContaining(what),
      });
    }
    await expect(appendEvents(path, query.select("x"))).rejects.toMatchObject({
      code: "invalid-query",
    });
    expect(readFileSync(path).equals(old)).toBe(true);
  });

  it("keeps what is said of the container, and refuses what no reader would take", async () => {
    await start(later(1000, 60), {
      metadata: { tags: ["a"], custom: { lens: "8 mm", site: "x" } },
    });
    const events = await tableOf(later(1100, 5));
    await appendEvents(path, events, { metadata: { custom: { site: "y", day: "2" } } });
    const { metadata } = readReferenceContainer(readFileSync(path));
    expect(metadata).toMatchObject({
      ...{ tags: ["a"], custom: { lens: "8 mm", site: "y", day: "2" } },
    });
    const old = readFileSync(path);
    for (const wrong of [
      ...[null, [], { custom: { k: 5 } }, { custom: ["a"] }, { custom: new Map([["a", "b"]]) }],
      ...[{ tags: "x" }, { description: 7 }, { timeOffset: 77 }, { columns: ["x"] }],
      ...[{ source: { format: "x" } }, { include: ["*"] }],
    ]) {
      await expect(
        appendEvents(path, events, { metadata: wrong as object }),
        JSON.stringify(wrong),
      ).rejects.toMatchObject({ code: "invalid-option" });
    }
    for (const wrong of [{ signal: 5 }, { onProgress: 5 }, 5, null]) {
      const appending = appendEvents(path, events, wrong as object);
      await expect(appending).rejects.toMatchObject({ code: "invalid-option" });
    }
    const nowhere = appendEvents(new Uint8Array(5) as unknown as string, events);
    await expect(nowhere).rejects.toMatchObject({ code: "invalid-option" });
    expect(readFileSync(path).equals(old)).toBe(true);
  });

  it("refuses polarities that are none", async () => {
    await start(later(1000, 60));
    const old = readFileSync(path);
    const table = await tableOf(later(1100, 40));
    (table.batches[0]?.getChild("polarity")?.toArray() as Int8Array)[33] = 3;
    await expect(appendEvents(path, table)).rejects.toMatchObject({
      ...{ code: "not-encodable", found: "3" },
    });
    expect(readFileSync(path).equals(old)).toBe(true);
  });

  it("does not write over what another one has added meanwhile", async () => {
    await start(later(1000, 60));
    const raw = await madeEvt2({ events: later(2000, 3000), geometry: GEOMETRY });
    let meanwhile: (() => Promise<unknown>) | undefined;
    const recording = await openRecording({
      byteLength: raw.byteLength,
      async read(offset, length) {
        await meanwhile?.();
        return raw.slice(offset, offset + length);
      },
    });
    const other = await tableOf(later(1100, 70));
    meanwhile = async () => {
      meanwhile = undefined;
      await appendEvents(path, other);
    };
    await expect(appendEvents(path, recording)).rejects.toMatchObject({ code: "sink-unwritable" });
    expect(await verifyContainer(path)).toMatchObject({ findings: [], events: 130 });
    await appendEvents(path, recording);
    expect(await verifyContainer(path)).toMatchObject({ findings: [], events: 3130 });
    await recording.close();
  });

  it("has statistics and an index of all events", async () => {
    await start(later(1000, 120));
    await appendEvents(path, await tableOf(later(1120, 200)), { chunkEvents: 64 });
    await appendEvents(path, await tableOf(later(500, 30)));
    const stated = await loadStatistics(path);
    const copy = join(folder, "copy.csv");
    await convertRecording(path, copy);
    expect({ ...stated }).toMatchObject({
      ...{ events: 350, firstTime: 1000, lastTime: 529, minTime: 500, maxTime: 1319 },
    });
    const recording = await openRecording(path);
    for (const [from, to] of [
      [500, 505],
      [1000, 1319],
      [1119, 1121],
      [0, 529],
      [528, 1001],
    ] as const) {
      const found = await recording.query().time(from, to).toTable();
      const expected = (await timesIn()).filter((t) => t >= BigInt(from) && t < BigInt(to));
      expect(Array.from(found.getChild("t")?.toArray() ?? []), `${from}`).toEqual(expected);
    }
    expect(recording.report.geometry).toEqual(GEOMETRY);
    await recording.close();
    expect((await digestEvents(path)).digest).toBe((await digestEvents(copy)).digest);
    rmSync(copy);
  });

  it("keeps what is said of the container, and adds to it", async () => {
    await start(later(0, 10), { metadata: { description: "old", custom: { a: "b" } } });
    await appendEvents(path, await tableOf(later(10, 10)), { metadata: { tags: ["new"] } });
    const { metadata } = readReferenceContainer(readFileSync(path));
    expect(metadata).toMatchObject({ description: "old", custom: { a: "b" }, tags: ["new"] });
  });

  it("takes a container without events, and adds none", async () => {
    await start([]);
    expect((await appendEvents(path, await tableOf([]))).total.events).toBe(0);
    await appendEvents(path, await tableOf(later(7, 3)));
    expect(await timesIn()).toEqual([7n, 8n, 9n]);
    expect(await verifyContainer(path, { deep: true })).toMatchObject({ ok: true, trailers: 3 });
  });

  it("goes on with the codec, checksums and polarities of the file", async () => {
    for (const codec of ["none", "zstd", "deflate", "brotli"] as const) {
      for (const checksum of ["none", "crc32", "sha256"] as const) {
        rmSync(path, { force: true });
        const events = await tableOf(later(0, 100), { polarityEncoding: "zero-one" });
        await exportEvents(events, path, { codec, checksum, deterministic: true });
        const recording = await openRecording(RAW);
        await appendEvents(path, recording, { preset: "store" });
        await recording.close();
        expect(await verifyContainer(path, { deep: true })).toMatchObject({ findings: [] });
        expect(readReferenceContainer(readFileSync(path))).toMatchObject({ off: 0 });
        const appended = await openRecording(path);
        expect(appended.header).toContainEqual(["evarrow.codec", codec]);
        expect(appended.header).toContainEqual(["evarrow.checksums", checksum]);
        await appended.close();
      }
    }
  });

  it("notices damage in front of an append by the chain of digests", async () => {
    await start(later(0, 200));
    await appendEvents(path, await tableOf(later(200, 200)));
    const bytes = new Uint8Array(readFileSync(path));
    const first = segmentsOf(bytes)[1] as { at: number };
    const other = changed(bytes, (file) =>
      file.writeUInt8(file.readUInt8(first.at + 90) ^ 1, first.at + 90),
    );
    const { findings } = await verifyContainer(other);
    expect(findings.map(({ problem }) => problem).join()).toContain("digest is wrong");
    const digests = segmentsOf(bytes).filter(({ tag }) => tag === "SHA2");
    expect(digests).toHaveLength(2);
    // The second digest covers the first, and what the trailer behind it says.
    const one = digests[0] as { at: number };
    const forged = changed(bytes, (file) =>
      file.writeUInt8(file.readUInt8(one.at + 30) ^ 1, one.at + 30),
    );
    const found = await verifyContainer(forged);
    expect(found.findings).toHaveLength(2);
  });
});

describe("a bit of a file that was appended to", () => {
  it("is reported when it is wrong, and never more than that is lost", async () => {
    await start(later(0, 60), { chunkEvents: 20 });
    await appendEvents(path, await tableOf(later(60, 50)), { chunkEvents: 20 });
    const all = new Uint8Array(readFileSync(path));
    const trailers = segmentsOf(all).filter(({ tag }) => tag === "TRLR");
    expect(trailers).toHaveLength(2);
    for (let at = 0; at < all.length; at += SOAK > 1 ? 1 : 7) {
      const bytes = all.slice();
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      const { ok, findings } = await verifyContainer(bytes);
      expect([at, ok, findings.length > 0]).toEqual([at, false, true]);
      // A new trailer that is damaged is none: the old state is what counts.
      const isLast = at >= (trailers[1]?.at ?? 0);
      if (isLast) expect((await loadTable(bytes)).numRows).toBe(60);
    }
  }, 60_000);
});

describe("a file that was cut after an append", () => {
  it("has the old events or all of them, with a report, and can be added to again", async () => {
    await start(later(0, 60), { chunkEvents: 20 });
    const old = readFileSync(path);
    await appendEvents(path, await tableOf(later(60, 50)), { chunkEvents: 20 });
    const all = new Uint8Array(readFileSync(path));
    for (let length = old.length; length <= all.length; length++) {
      const bytes = all.slice(0, length);
      const isWhole = length === all.length;
      const isOld = length === old.length;
      const reader = await ContainerReader.open(new MemorySource(bytes));
      expect(reader.statistics.events, `${length} bytes`).toBe(isWhole ? 110 : 60);
      const rest = { byteOffset: old.length, bytes: length - old.length };
      expect(reader.truncation).toEqual(isWhole || isOld ? null : rest);
      if (length % (SOAK > 1 ? 1 : 24) !== 0 && !isWhole) continue;
      const table = await loadTable(bytes);
      expect(table.numRows, `${length} bytes`).toBe(isWhole ? 110 : 60);
      const { truncatedBytes, firstAt } = reportOf(table);
      const isTorn = length > old.length && !isWhole;
      expect(truncatedBytes).toBe(isTorn ? length - old.length : 0);
      expect(firstAt.truncated).toBe(isTorn ? old.length : undefined);
      expect((await verifyContainer(bytes)).ok).toBe(!isTorn);
      if (length % (SOAK > 1 ? 1 : 72) !== 0) continue;
      writeFileSync(path, bytes);
      const stats = await appendEvents(path, await tableOf(later(110, 5)));
      expect(stats.cutBytes).toBe(isTorn ? length - old.length : 0);
      expect(stats.total.events).toBe(table.numRows + 5);
      expect(await verifyContainer(path)).toMatchObject({
        findings: [],
        trailers: isWhole ? 3 : 2,
      });
    }
  }, 120_000);

  it("and holds zeros or anything else at its end is the same", async () => {
    await start(later(0, 60));
    const old = readFileSync(path);
    await appendEvents(path, await tableOf(later(60, 50)));
    const all = readFileSync(path);
    for (const fill of [0, 0x43, 0xff]) {
      // The system may make a file longer before it writes what is in it.
      const bytes = Buffer.from(all);
      bytes.fill(fill, old.length + 40);
      writeFileSync(path, bytes);
      expect(reportOf(await loadTable(path)).truncatedBytes).toBe(all.length - old.length);
      const { cutBytes, total } = await appendEvents(path, await tableOf(later(60, 1)));
      expect([cutBytes, total.events]).toEqual([all.length - old.length, 61]);
      expect((await verifyContainer(path)).ok).toBe(true);
    }
  });
});

describe("an append that fails", () => {
  const unchanged = async (work: () => Promise<unknown>): Promise<unknown> => {
    const old = readFileSync(path);
    const error = await work().then(
      () => null,
      (caught) => caught,
    );
    expect(readFileSync(path).equals(old)).toBe(true);
    expect(readdirSync(folder)).toEqual(["a.evb"]);
    return error;
  };

  it.each([
    [
      "another geometry",
      async () =>
        loadTable(await madeEvt2({ events: later(0, 5), geometry: { width: 321, height: 240 } })),
      "geometry",
    ],
    [
      "another polarity encoding",
      () => tableOf(later(0, 5), { polarityEncoding: "zero-one" }),
      "polarity",
    ],
    [
      "a frame of another encoding",
      async () => (await loadEvents(RAW, { polarityEncoding: "zero-one" })).slice(0, 50),
      "polarity",
    ],
    ["another time zero", () => tableOf(later(9, 5), { rebase: true }), "rebase"],
    ["pixels outside the sensor", wide, "320x240, found up to 320, 1"],
  ])("refuses %s", async (_, make, text) => {
    await start(later(0, 60));
    const events = await make();
    const error = await unchanged(() => appendEvents(path, events));
    expect(isEventError(error, "not-encodable"), String(error)).toBe(true);
    expect(String(error)).toMatch(text);
  });

  async function wide(): Promise<EventTable> {
    const text = new TextEncoder().encode("x,y,t,polarity\n320,1,70,1\n");
    const table = await loadTable(text, { polarityEncoding: "minus-one-one" });
    expect(reportOf(table).geometry).toBeNull();
    return table;
  }

  it("refuses what is no container, is not whole, or is of a later version", async () => {
    await start(later(0, 60));
    const whole = new Uint8Array(readFileSync(path));
    const table = await tableOf(later(60, 5));
    for (const [bytes, code] of [
      [new Uint8Array(0), "invalid-header"],
      [new TextEncoder().encode("x,y,t,polarity\n".repeat(9)), "invalid-header"],
      [whole.slice(0, -1), "damaged-data"],
      [changed(whole, (file) => file.writeUInt16LE(1, 10)), "unsupported-format"],
      [changed(whole, (file) => file.writeUInt16LE(2, 8)), "unsupported-format"],
    ] as const) {
      writeFileSync(path, bytes);
      expect(await unchanged(() => appendEvents(path, table))).toMatchObject({ code });
    }
  });

  it("refuses options that are the file's, and events without all columns", async () => {
    await start(later(0, 60));
    const table = await tableOf(later(60, 5));
    for (const options of [
      { codec: "none" },
      { checksum: "none" },
      { level: 99 },
      { chunkEvents: 0 },
    ]) {
      const error = await unchanged(() => appendEvents(path, table, options as never));
      expect(error).toMatchObject({ code: "invalid-option" });
    }
    const narrow = await tableOf(later(60, 5), { columns: ["x", "y"] });
    expect(await unchanged(() => appendEvents(path, narrow))).toMatchObject({
      code: "invalid-option",
    });
  });

  it("leaves the file as it was, whatever ends it", async () => {
    await start(later(0, 60));
    const table = await tableOf(later(60, 500));
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    expect(
      String(await unchanged(() => appendEvents(path, table, { signal: stop.signal }))),
    ).toContain("enough");
    const recording = await openRecording(RAW);
    for (const events of [table, recording]) {
      for (const failing of ["add", "finish"] as const) {
        const original = ContainerWriter.prototype[failing] as (...given: unknown[]) => unknown;
        const spy = vi.spyOn(ContainerWriter.prototype, failing);
        spy.mockImplementation(async function (this: ContainerWriter, ...given: unknown[]) {
          await original.apply(this, given);
          throw new Error("disk on fire");
        });
        const options = { bufferBytes: 0, chunkEvents: 10 };
        const error = await unchanged(() => appendEvents(path, events, options));
        expect(String(error)).toContain("disk on fire");
        expect(spy).toHaveBeenCalledOnce();
        spy.mockRestore();
      }
    }
    await recording.close();
  });

  it("ends wherever it is aborted, and leaves old or new", async () => {
    const table = await tableOf(later(60, 400));
    for (let turns = 0; turns < 60; turns += 3) {
      rmSync(path, { force: true });
      await start(later(0, 60));
      const old = readFileSync(path);
      const stop = new AbortController();
      const options = { signal: stop.signal, bufferBytes: 0, chunkEvents: 16 };
      const work = appendEvents(path, table, options).catch((error) => error);
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      stop.abort(new Error("enough"));
      const result = await work;
      if (result instanceof Error) expect(readFileSync(path).equals(old), `${turns}`).toBe(true);
      else expect((await loadTable(path)).numRows).toBe(460);
      expect((await verifyContainer(path)).findings).toEqual([]);
    }
  });

  it("says what cannot be opened", async () => {
    const table = await tableOf(later(0, 5));
    const missing = appendEvents(join(folder, "none.evb"), table);
    await expect(missing).rejects.toMatchObject({ code: "source-not-found" });
    await expect(appendEvents(folder, table)).rejects.toMatchObject({ code: "sink-unwritable" });
    await expect(appendEvents("/dev/null", table)).rejects.toMatchObject({
      code: "sink-unwritable",
    });
    await expect(appendEvents("https://a.example/b.evb", table)).rejects.toMatchObject({
      code: "sink-unwritable",
    });
  });

  it.skipIf(!hasPermissions)("says that there is no permission", async () => {
    await start(later(0, 60));
    const { chmodSync } = await import("node:fs");
    chmodSync(path, 0o444);
    chmodSync(folder, 0o755);
    const table = await tableOf(later(60, 5));
    const error = await unchanged(() => unprivileged(() => appendEvents(path, table)));
    expect(error).toMatchObject({ code: "sink-unwritable" });
    expect(String(error)).toContain("permission");
  });
});
