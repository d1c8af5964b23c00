import { mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { tableToIPC } from "apache-arrow";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  isEventError,
  type LoadReport,
  loadTable,
  openRecording,
  type ReadOptions,
  type Recording,
  reportOf,
  type SequentialSource,
  type StreamOptions,
} from "../../src/node.ts";
import { recordingOf, wordStream } from "../support/evt2-words.ts";
import { recordingOf as evt3Of, wordStream as evt3Words } from "../support/evt3-words.ts";
import {
  columnsOf,
  expectSameColumns,
  joinColumns,
  type PlainColumns,
} from "../support/expected-load.ts";
import { longRecording } from "../support/long-recording.ts";
import { canSeeDescriptors, openDescriptors } from "../support/open-files.ts";
import { SOAK } from "../support/soak.ts";
import { RecordingSource } from "../support/sources.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "evarrow-failures-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytes = longRecording(9 * 1024 * 1024);
const path = join(folder, "long.raw");
writeFileSync(path, bytes);

/** Errors that nobody heard of. */
const unheard: unknown[] = [];
const hear = (error: unknown): void => void unheard.push(error);
beforeEach(() => void process.on("unhandledRejection", hear));
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", hear);
  expect(unheard.splice(0)).toEqual([]);
});

/** A disk that fails at the n-th read. */
class FailingSource extends RecordingSource {
  failsAt = Number.POSITIVE_INFINITY;

  override async read(offset: number, length: number, options?: ReadOptions) {
    const bytes = await super.read(offset, length, options);
    if (this.reads.length >= this.failsAt) throw new Error("the disk is on fire");
    return bytes;
  }
}

/** What is delivered before the error, and the error. */
async function delivered(recording: Recording, options: StreamOptions) {
  const parts: PlainColumns[] = [];
  const reports: LoadReport[] = [];
  const stream = recording.stream({ ...options, onReport: (report) => void reports.push(report) });
  try {
    for await (const batch of stream) parts.push(columnsOf(batch));
  } catch (error) {
    return { columns: joinColumns(parts), error, reports, stream };
  }
  throw new Error("nothing failed");
}

const ways: StreamOptions[] = [
  {},
  { batchEvents: 1_000 },
  { batchEvents: 262_144, prefetch: 0 },
  { batchEvents: 300_001, prefetch: 3 },
  { batches: "borrowed" },
  { batches: "borrowed", batchEvents: 777 },
  { windowUs: 12_345 },
];

describe("a disk that fails in the middle", () => {
  it("comes behind all events in front of it, whatever the batches", async () => {
    const all = columnsOf(await loadTable(bytes));
    for (const failsAt of [2, 3, 5]) {
      const counts = new Set<number>();
      // Small batches take long, and differ no more the further the recording is read.
      const some =
        failsAt < 3 || SOAK > 1 ? ways : ways.filter(({ batchEvents = 1e6 }) => batchEvents > 1e5);
      for (const options of some) {
        const source = new FailingSource(bytes);
        source.failsAt = failsAt;
        const recording = await openRecording(source);
        const { columns, error, reports, stream } = await delivered(recording, options);
        expect(error).toMatchObject({ code: "source-unreadable" });
        const count = columns.x.length;
        counts.add(count);
        expectSameColumns(columns, {
          x: all.x.slice(0, count),
          y: all.y.slice(0, count),
          t: all.t.slice(0, count),
          polarity: all.polarity.slice(0, count),
        });
        expect(reports).toEqual([expect.objectContaining({ events: count, mode: "chunked" })]);
        expect(stream.report).toBe(reports[0]);
        expect(stream.stats()).toMatchObject({ events: count, memoryBytes: 0 });
        expect(source.closed).toBe(0);
        await recording.close();
      }
      // Two slots and what is at hand: 2 MiB of words for each read but the first and the last.
      expect([...counts]).toHaveLength(1);
      expect([...counts][0]).toBeGreaterThanOrEqual((failsAt - 2) * 510_000);
    }
  });

  it("comes behind the bytes of a short answer, however much is asked for (needs dist)", async () => {
    const end = 5_000_001;
    const outcomes = new Set<string>();
    for (const options of [{}, { readBufferBytes: 4096 }, { threads: 2 }]) {
      const source = new RecordingSource(bytes);
      const read = async (offset: number, length: number) =>
        bytes.subarray(offset, Math.min(offset + length, end));
      source.read = read;
      const recording = await openRecording(source);
      const { columns, error, reports } = await delivered(recording, options);
      expect(error).toMatchObject({ code: "source-too-short", byteOffset: end, found: "0" });
      expect(columns.x.length).toBeGreaterThan(1_000_000);
      expect(reports[0]).toMatchObject({ bytesRead: end });
      outcomes.add(`${columns.x.length} ${(error as Error).message}`);
    }
    expect(outcomes.size).toBe(1);
  });

  it("rejects tables and frames, and tells what was read", async () => {
    for (const load of ["toTable", "toDataFrame"] as const) {
      const source = new FailingSource(bytes);
      source.failsAt = 4;
      const reports: LoadReport[] = [];
      const recording = await openRecording(source);
      const stream = recording.stream({ onReport: (report) => void reports.push(report) });
      await expect(stream[load]()).rejects.toMatchObject({ code: "source-unreadable" });
      expect(reports).toHaveLength(1);
      expect(reports[0]?.events).toBeGreaterThan(500_000);
      expect(stream.stats().memoryBytes).toBe(0);
    }
  });

  it.skipIf(!canSeeDescriptors)("may be a file that shrinks", async () => {
    for (const options of ways) {
      const shrinking = join(folder, "shrinking.raw");
      writeFileSync(shrinking, bytes);
      const recording = await openRecording(shrinking);
      truncateSync(shrinking, 3_000_000);
      const { columns, error } = await delivered(recording, options);
      expect(error).toMatchObject({ code: "source-too-short", path: shrinking });
      expect(columns.x.length).toBeGreaterThan(500_000);
      await recording.close();
      expect(openDescriptors(shrinking)).toBe(0);
    }
  });
});

describe("a loss under strict", () => {
  const limits = fc.integer({ min: 1, max: 50 });
  const batches = fc.constantFrom("owned", "borrowed");

  /** The bytes in front of the loss say what is delivered in front of the error. */
  async function expectCutAtLoss(recordingBytes: Uint8Array<ArrayBuffer>, options: StreamOptions) {
    const recording = await openRecording(recordingBytes);
    const result = await delivered(recording, { ...options, strict: true }).catch(() => null);
    if (result === null) return;
    const { error, columns, reports } = result;
    if (!isEventError(error, "data-loss")) throw error;
    const { byteOffset } = error;
    const front = await loadTable(recordingBytes.slice(0, byteOffset), options);
    expectSameColumns(columns, columnsOf(front));
    expect(whatStandsIn(reports[0])).toEqual(whatStandsIn(reportOf(front)));
  }

  /** What a report says of the recording, and not of the way it was loaded. */
  function whatStandsIn(report: LoadReport | undefined) {
    const { mode, modeReason, threads, ...rest } = report as LoadReport;
    return rest;
  }

  it("lets all events in front of it pass, and none behind: EVT 2.0", async () => {
    const property = fc.asyncProperty(
      ...[wordStream(), limits, batches, fc.boolean()],
      async (words, batchEvents, batches, rebase) =>
        expectCutAtLoss(recordingOf(words), { batchEvents, batches, rebase }),
    );
    await fc.assert(property, { numRuns: 50 * SOAK });
  });

  it("is reported the same whatever is read at once, and in any number of threads (needs dist)", async () => {
    const damaged = bytes.slice(0, 3_000_000);
    const words = new DataView(damaged.buffer);
    for (const at of [2_000_004, 2_000_104, 2_900_000]) words.setUint32(at, 0x30000000, true);
    const lines = new TextEncoder().encode("1,2,3,1\n".repeat(200_000));
    lines.set(new TextEncoder().encode("5,5,o,1"), 8 * 150_000);
    for (const [source, byteOffset] of [
      [damaged, 2_000_004],
      [lines, 8 * 150_000],
    ] as const) {
      for (const options of [{}, { readBufferBytes: 4096 }, { threads: 2 }]) {
        const recording = await openRecording(source);
        const { error, reports } = await delivered(recording, { ...options, strict: true });
        expect(error).toMatchObject({ byteOffset });
        expect(reports[0]).toMatchObject({
          ...{ bytesRead: byteOffset, unknownWords: {}, firstAt: {} },
          ...{ malformedLines: 0, backwardSteps: 0 },
        });
        await recording.close();
      }
    }
  });

  it("is that of damaged gzip in any number of threads (needs dist)", async () => {
    const packed = gzipSync("1,2,3,1\n".repeat(200_000), { level: 0 });
    packed.set(new TextEncoder().encode("o"), packed.length - 100_000);
    for (const threads of [1, 2]) {
      const recording = await openRecording(new Uint8Array(packed));
      const { error } = await delivered(recording, { threads });
      expect(error).toMatchObject({
        code: "invalid-compression",
        cause: { code: "malformed-line" },
      });
      await recording.close();
    }
  });

  it("lets all events in front of it pass, and none behind: EVT 3.0", async () => {
    const property = fc.asyncProperty(
      ...[evt3Words(), limits, batches],
      async (words, batchEvents, batches) =>
        expectCutAtLoss(evt3Of(words), { batchEvents, batches }),
    );
    await fc.assert(property, { numRuns: 50 * SOAK });
  });

  it("lets all events in front of it pass, and none behind: text", async () => {
    const line = fc.tuple(
      fc.constantFrom(1, 1, 1, 1, 1, 1, 700),
      fc.constantFrom(1, 1, 1, 1, 1, 1, -5),
    );
    const lines = fc.array(line, { maxLength: 60, size: "max" });
    const property = fc.asyncProperty(
      ...[lines, limits, batches],
      async (steps, batchEvents, batches) => {
        let now = 0;
        const lines = steps.map(([x, step]) => {
          now += step;
          return `${now} ${x} 2 1\n`;
        });
        const bytes = new TextEncoder().encode(`1 1 1 1\n${lines.join("")}`);
        const columns = ["t", "x", "y", "polarity"] as const;
        const dialect = {
          geometry: { width: 640, height: 480 },
          text: { timeUnit: "us", columns },
        } as const;
        const recording = await openRecording(bytes, dialect);
        const options = { strict: true, batchEvents, batches };
        const result = await delivered(recording, options).catch(() => null);
        if (result === null) return;
        const at = (result.error as { byteOffset: number }).byteOffset;
        const front = await loadTable(bytes.slice(0, at), dialect);
        expectSameColumns(result.columns, columnsOf(front));
        expect(whatStandsIn(result.reports[0])).toEqual(whatStandsIn(reportOf(front)));
      },
    );
    await fc.assert(property, { numRuns: 50 * SOAK });
  });

  it("lets all events in front of it pass, and none behind: rows", async () => {
    const property = fc.asyncProperty(
      ...[wordStream(), limits, batches, fc.boolean()],
      async (words, batchEvents, batches, rebase) => {
        const table = await loadTable(recordingOf(words));
        const file = tableToIPC(table, "file").slice();
        const geometry = { width: 600, height: 470 };
        const recording = await openRecording(file, { geometry });
        const options = { batchEvents, batches, rebase, strict: true };
        const result = await delivered(recording, options).catch(() => null);
        if (result === null) return;
        if (!isEventError(result.error, "data-loss")) throw result.error;
        const { row = 0 } = result.error;
        const { x, y, t, polarity } = columnsOf(table);
        const shift = rebase ? (t[0] ?? 0n) : 0n;
        expectSameColumns(result.columns, {
          x: x.slice(0, row),
          y: y.slice(0, row),
          t: t.slice(0, row).map((time) => time - shift),
          polarity: polarity.slice(0, row),
        });
        const share = Math.round((file.byteLength * row) / table.numRows);
        expect(result.reports[0]).toMatchObject({
          ...{ events: row, eventsOutsideGeometry: 0, backwardSteps: 0, firstRow: {} },
          ...{ bytesRead: share, timeOffset: row > 0 ? Number(shift) : 0 },
        });
      },
    );
    await fc.assert(property, { numRuns: 35 * SOAK });
  });
});

describe.skipIf(!canSeeDescriptors)("a loop that ends early (open files are seen on Linux)", () => {
  it("closes the file, however and whenever it ends", async () => {
    const hows = fc.constantFrom("break", "throw", "abort", "abort while it waits");
    const cuts = fc.constantFrom<StreamOptions>(...ways.slice(1));
    const turns = fc.integer({ min: 0, max: 6 });
    const property = fc.asyncProperty(hows, cuts, turns, turns, async (how, options, at, wait) => {
      const controller = new AbortController();
      const reason = new Error("mine");
      const recording = await openRecording(path);
      const stream = recording.stream({ ...options, signal: controller.signal });
      let index = 0;
      const loop = async (): Promise<void> => {
        for await (const _ of stream) {
          for (let turn = 0; turn < wait; turn++) {
            await new Promise((resolve) => setImmediate(resolve));
          }
          if (index++ < at) continue;
          if (how === "break") return;
          if (how === "throw") throw reason;
          if (how === "abort") controller.abort(reason);
          else setImmediate(() => controller.abort(reason));
        }
      };
      const caught = await loop().catch((error) => error);
      if (how === "throw" || how === "abort") expect(caught).toBe(reason);
      expect([undefined, reason]).toContain(caught);
      expect(stream.stats().memoryBytes).toBe(0);
      await recording.close();
      expect(openDescriptors(path)).toBe(0);
    });
    await fc.assert(property, { numRuns: 20 * SOAK });
  });

  it("leaves nothing behind in many passes under one signal", async () => {
    const { signal } = new AbortController();
    const recording = await openRecording(path);
    for (let pass = 0; pass < 50 * SOAK; pass++) {
      for await (const _ of recording.stream({ batchEvents: 10, signal })) break;
    }
    await recording.close();
    expect(openDescriptors(path)).toBe(0);
  });
});

describe("an abort", () => {
  const reason = { why: "enough" };

  /** Gives one piece, and then nothing ever again. */
  function silent(): SequentialSource {
    let sent = 0;
    return {
      next(into) {
        if (sent >= 200_000) return new Promise(() => {});
        const piece = bytes.subarray(sent, sent + into.byteLength).subarray(0, 50_000);
        into.set(piece);
        sent += piece.byteLength;
        return Promise.resolve(piece.byteLength);
      },
    };
  }

  it.each([0, 1])("rejects while the consumer holds a batch: %i ahead", async (prefetch) => {
    const controller = new AbortController();
    const recording = await openRecording(bytes);
    const { signal } = controller;
    const batches = recording
      .stream({ batchEvents: 1000, signal, prefetch })
      [Symbol.asyncIterator]();
    await batches.next();
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    await expect(batches.next()).rejects.toBe(reason);
    expect(await batches.next()).toEqual({ done: true, value: undefined });
  });

  it("rejects while a source is silent, ahead or not", async () => {
    for (const prefetch of [0, 1]) {
      for (const waits of [false, true]) {
        const controller = new AbortController();
        const recording = await openRecording(silent());
        const stream = recording.stream({
          ...{ batchEvents: 40_000, prefetch },
          signal: controller.signal,
        });
        const batches = stream[Symbol.asyncIterator]();
        await batches.next();
        await new Promise((resolve) => setImmediate(resolve));
        const pull = waits ? batches.next() : undefined;
        controller.abort(reason);
        await expect(pull ?? batches.next()).rejects.toBe(reason);
        await recording.close();
      }
    }
  });

  it("is not needed to leave a silent source, also in the middle of a pull", async () => {
    for (const waits of [false, true]) {
      const recording = await openRecording(silent());
      const stream = recording.stream({ batchEvents: 40_000 });
      const batches = stream[Symbol.asyncIterator]();
      await batches.next();
      await new Promise((resolve) => setImmediate(resolve));
      const pull = waits ? batches.next() : undefined;
      await batches.return?.();
      if (pull) expect(await pull).toEqual({ done: true, value: undefined });
      expect(stream.report?.events).toBe(40_000);
      await recording.close();
    }
  });

  it("tells the report, and delivers nothing more", async () => {
    const controller = new AbortController();
    const reports: LoadReport[] = [];
    const recording = await openRecording(bytes);
    const stream = recording.stream({
      batchEvents: 1000,
      signal: controller.signal,
      onReport: (report) => void reports.push(report),
    });
    const loop = stream.forEachBatch((_, index) => {
      if (index === 4) controller.abort(reason);
    });
    await expect(loop).rejects.toBe(reason);
    expect(reports).toEqual([expect.objectContaining({ events: 5000 })]);
  });
});

describe("pulls that do not wait for each other", () => {
  it("are answered in turn", async () => {
    const recording = await openRecording(bytes);
    const batches = recording.stream({ batchEvents: 500_000 })[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 8 }, () => batches.next()));
    const parts = results.flatMap(({ value }) => (value ? [columnsOf(value)] : []));
    const table = await loadTable(bytes);
    expectSameColumns(joinColumns(parts), columnsOf(table));
    expect(reportOf(table).events).toBe(joinColumns(parts).x.length);
    expect(results.at(-1)?.done).toBe(true);
  });
});
