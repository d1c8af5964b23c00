/** Recordings compressed with gzip or zstd, through every call and from every kind of source. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it, vi } from "vitest";
import {
  type Compression,
  detectFormat,
  digestEvents,
  type EventSource,
  formatReport,
  isEventError,
  loadEvents,
  loadStatistics,
  loadTable,
  openRecording,
  type Progress,
  reportOf,
  sampleStatistics,
} from "../../src/node.ts";
import { gzipMember, littleEndian, skippableFrame, zstdFrame } from "../support/compressed.ts";
import {
  concatBytes,
  latin1Bytes,
  off,
  on,
  recordingOf,
  timeHigh,
  trigger,
} from "../support/evt2-words.ts";
import { columnsOf, expectedLoad, expectSameColumns } from "../support/expected-load.ts";
import { longRecording } from "../support/long-recording.ts";
import { canSeeDescriptors, openDescriptors } from "../support/open-files.ts";
import { PieceSource, RecordingSource, streamOf } from "../support/sources.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "evarrow-compressed-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const words = Array.from({ length: 50_000 }, (_, index) => {
  if (index % 100 === 0) return timeHigh(index);
  if (index % 100 === 1) return trigger(1, 2, 1);
  const low = Math.floor(((index % 100) * 63) / 100);
  return index % 3 === 0 ? off(low, index % 640, 5) : on(low, (index * 7919) % 640, index % 480);
});
const bytes = recordingOf(words, { tail: [1, 2, 3] });
const expected = expectedLoad(bytes, { geometry: { width: 640, height: 480 } });
const plainDigest = await digestEvents(bytes);

const COMPRESSED: Record<"gzip" | "zstd", Uint8Array<ArrayBuffer>> = {
  gzip: gzipMember(bytes, {}, { name: "a.raw" }),
  zstd: zstdFrame(bytes, { blockBytes: 10_000, windowLog: 16 }),
};
const NAMES = { gzip: "a.raw.gz", zstd: "a.raw.zst" } as const;

/** What the report of a load must be. */
function reportFor(compression: Compression, sourceName: string | null) {
  return { ...expected.report, sourceName, compression, mode: "chunked" };
}

describe.each(["gzip", "zstd"] as const)("%s", (compression) => {
  const compressed = COMPRESSED[compression];
  const name = NAMES[compression];
  const path = join(folder, name);
  writeFileSync(path, compressed);

  const KINDS: Record<string, () => { source: EventSource; name: string | null; size: boolean }> = {
    "a path": () => ({ source: path, name: path, size: true }),
    "a file: URL": () => ({ source: pathToFileURL(path), name: path, size: true }),
    "a Uint8Array": () => ({ source: compressed, name: null, size: true }),
    "an ArrayBuffer": () => ({ source: compressed.buffer, name: null, size: true }),
    "a Blob": () => ({ source: new Blob([compressed]), name: null, size: true }),
    "a File": () => ({ source: new File([compressed], name), name, size: true }),
    "a ReadableStream": () => ({
      source: streamOf(compressed, 1001).stream,
      name: null,
      size: false,
    }),
    "a ByteSource": () => ({ source: new RecordingSource(compressed, name), name, size: true }),
    "a SequentialSource": () => ({
      source: new PieceSource(compressed, () => 777, name),
      name,
      size: false,
    }),
  };

  it.each(Object.keys(KINDS))("loads as it is from %s", async (kind) => {
    const make = KINDS[kind];
    if (make === undefined) throw new Error(`no kind ${kind}`);
    const { source, name: sourceName, size } = make();
    const table = await loadTable(source);
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(reportFor(compression, sourceName));
    expect((await loadEvents(make().source)).height).toBe(expected.events.length);
    expect((await loadStatistics(make().source)).events).toBe(expected.events.length);
    const sampled = await sampleStatistics(make().source);
    expect([sampled.events, sampled.estimated]).toEqual([expected.events.length, false]);
    expect(await digestEvents(make().source)).toEqual(plainDigest);
    expect(await detectFormat(make().source)).toEqual({
      format: "evt2",
      name: "Prophesee EVT 2.0",
      supported: true,
      confidence: "certain",
      reason: `inside ${compression}, the header says \`evt 2.0\``,
      compression,
    });

    const recording = await openRecording(make().source);
    expect(recording.detection.compression).toBe(compression);
    expect(recording.report.compression).toBe(compression);
    expect(recording.byteLength).toBe(size ? compressed.byteLength : null);
    expect(recording.mostEvents()).toBe(null);
    expect((await recording.triggers()).numRows).toBe(expected.report.triggers);
    await recording.close();
  });

  it.skipIf(process.platform === "win32")("loads as it is from a pipe", async () => {
    const pipe = join(folder, `pipe-${compression}`);
    execFileSync("mkfifo", [pipe]);
    const write = async (): Promise<void> => {
      const writer = await open(pipe, "w");
      for (let at = 0; at < compressed.byteLength; at += 3001) {
        await writer.write(compressed.subarray(at, at + 3001));
      }
      await writer.close();
    };
    const [table] = await Promise.all([loadTable(pipe), write()]);
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(reportFor(compression, pipe));
  });

  it("is passed over as often as the source allows", async () => {
    const recording = await openRecording(path);
    const [table, triggers, statistics] = await Promise.all([
      loadTable(recording),
      recording.triggers(),
      loadStatistics(recording),
    ]);
    expectSameColumns(columnsOf(table), expected.columns);
    expect(triggers.numRows).toBe(expected.report.triggers);
    expect(statistics.events).toBe(expected.events.length);
    expect((await loadTable(recording)).numRows).toBe(expected.events.length);
    await recording.close();

    const once = await openRecording(new PieceSource(compressed, () => 5000));
    expect((await loadTable(once)).numRows).toBe(expected.events.length);
    await expect(loadTable(once)).rejects.toMatchObject({ code: "source-consumed" });
  });

  it("is read as far as it takes to judge it", async () => {
    const long = longRecording(4 * 1024 * 1024);
    const source = new RecordingSource(
      compression === "gzip"
        ? gzipMember(long, { level: 0 })
        : zstdFrame(long, { blockBytes: 131_072, windowLog: 17, checksum: false }),
    );
    const recording = await openRecording(source);
    expect(source.reads.at(0)).toEqual({ offset: 0, length: 65536 });
    expect(source.reads.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(700_000);
    expect(recording.geometry).toEqual({ width: 640, height: 480 });
    const opening = source.reads.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.reads).toHaveLength(opening);
    for await (const _ of recording.stream({ batchEvents: 1000 })) break;
    const seen = source.reads.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.reads).toHaveLength(seen);
    expect(source.reads.at(-1)?.offset).toBeLessThan(long.byteLength);
  });

  it("has its progress in compressed bytes, and its report in bytes of the recording", async () => {
    const seen: Progress[] = [];
    const table = await loadTable(path, { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({
      bytesRead: compressed.byteLength,
      bytesTotal: compressed.byteLength,
      events: expected.events.length,
      etaSeconds: 0,
    });
    expect(reportOf(table).bytesRead).toBe(bytes.byteLength);
  });

  it.skipIf(!canSeeDescriptors)("leaves no file open, however reading ends", async () => {
    await loadTable(path);
    await detectFormat(path);
    await loadTable(path, { strict: true }).catch(() => {});
    const recording = await openRecording(path);
    for await (const _ of recording.stream({ batchEvents: 10 })) break;
    expect(openDescriptors(path)).toBe(1);
    await recording.close();
    const controller = new AbortController();
    const loading = loadTable(path, { signal: controller.signal });
    controller.abort("enough");
    await expect(loading).rejects.toBe("enough");
    await vi.waitFor(() => expect(openDescriptors(path)).toBe(0), 5000);
  });

  it("ends with the signal's reason, also in the middle", async () => {
    const long = compression === "gzip" ? gzipMember(bytes, { level: 0 }) : compressed;
    for (const abortedBy of [1, 2, 3]) {
      const controller = new AbortController();
      const source = new RecordingSource(long);
      source.onRead = (count) => {
        if (count === abortedBy) controller.abort("enough");
      };
      await expect(loadTable(source, { signal: controller.signal })).rejects.toBe("enough");
      expect(source.closed).toBe(0);
    }
  });

  it("from a live source is handed over as it comes", async () => {
    const long = longRecording(200_000);
    const parts = [long.slice(0, 70_000), long.slice(70_000, 130_000), long.slice(130_000)];
    let send: (part: Uint8Array<ArrayBuffer>) => void = () => {};
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        send = (part) =>
          controller.enqueue(compression === "gzip" ? gzipMember(part) : zstdFrame(part));
      },
    });
    for (const part of parts.slice(0, 1)) send(part);
    const recording = await openRecording(stream);
    const batches = recording.stream({ batches: "borrowed" })[Symbol.asyncIterator]();
    let sent = 0;
    let events = 0;
    for (const [index, part] of parts.entries()) {
      if (index > 0) send(part);
      sent += part.byteLength;
      const { numRows } = await loadTable(long.slice(0, sent));
      while (events < numRows) events += (await batches.next()).value?.numRows ?? Number.NaN;
      expect(events).toBe(numRows);
    }
    // The next batch never comes; whoever waits for it can leave.
    const waiting = batches.next();
    waiting.catch(() => {});
    await recording.close();
  });

  it("that is cut gives what is in front of the cut, and tells it", async () => {
    const cut = compressed.subarray(0, compressed.byteLength >> 1);
    for (const source of [
      cut,
      new PieceSource(cut, () => 1000),
      streamOf(cut.slice(), 99).stream,
    ]) {
      const table = await loadTable(source);
      const report = reportOf(table);
      expect(report.events).toBe(table.numRows);
      expect(table.numRows).toBeGreaterThan(5000);
      expect(table.numRows).toBeLessThan(expected.events.length);
      expectSameColumns(columnsOf(table), {
        x: expected.columns.x.slice(0, table.numRows),
        y: expected.columns.y.slice(0, table.numRows),
        t: expected.columns.t.slice(0, table.numRows),
        polarity: expected.columns.polarity.slice(0, table.numRows),
      });
      const { compressionDamage: damage } = report;
      expect(damage).toMatchObject({ kind: "truncated" });
      expect(damage?.byteOffset).toBeLessThanOrEqual(cut.byteLength);
      expect(report.firstAt.damagedCompression).toBe(report.bytesRead);
      expect(formatReport(report)[0]).toMatch(
        new RegExp(`^the ${compression} data are cut at byte ${damage?.byteOffset}: they end in `),
      );
    }
    const error = await loadTable(cut, { strict: true }).catch((caught) => caught);
    expect(isEventError(error, "data-loss"), String(error)).toBe(true);
    expect(error.message).toContain(`the ${compression} data are cut (at byte `);
    expect(error.byteOffset).toBeLessThanOrEqual(cut.byteLength);
  });

  it("with a wrong checksum or something behind it gives everything, and tells it", async () => {
    const wrong = compressed.slice();
    const at = wrong.byteLength - (compression === "gzip" ? 8 : 4);
    wrong[at] = (wrong[at] ?? 0) ^ 1;
    const trailing = concatBytes(compressed, latin1Bytes("garbage"));
    for (const [damaged, kind, byteOffset] of [
      [wrong, "corrupt", at],
      [trailing, "trailing", compressed.byteLength],
    ] as const) {
      const table = await loadTable(damaged);
      expectSameColumns(columnsOf(table), expected.columns);
      expect(reportOf(table).compressionDamage).toMatchObject({ kind, byteOffset });
      const error = await loadTable(damaged, { strict: true }).catch((caught) => caught);
      expect(isEventError(error, "data-loss")).toBe(true);
    }
    const digest = await digestEvents(trailing, { strict: false });
    expect(digest).toEqual(plainDigest);
  });

  it("of several parts is one recording", async () => {
    const parts = [bytes.slice(0, 10), bytes.slice(10, 70_000), bytes.slice(70_000)];
    const all = parts.map((part) => (compression === "gzip" ? gzipSync(part) : zstdFrame(part)));
    if (compression === "zstd") all.unshift(skippableFrame(new Uint8Array(300_000)));
    const table = await loadTable(concatBytes(...all));
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table).compressionDamage).toBe(null);
  });

  it("of nothing is an empty source", async () => {
    const nothing = new Uint8Array(0);
    const empty = compression === "gzip" ? gzipMember(nothing) : zstdFrame(nothing);
    await expect(loadTable(empty)).rejects.toMatchObject({
      code: "empty-source",
      found: `0 bytes inside ${compression}`,
    });
  });

  it("out of which nothing comes that could be judged is damaged, and says where", async () => {
    for (const length of [4, 9, 15]) {
      const error = await loadTable(new File([compressed.slice(0, length)], name)).catch((e) => e);
      expect(isEventError(error, "invalid-compression"), String(error)).toBe(true);
      expect(error.path).toBe(name);
      expect(isEventError(error.cause)).toBe(true); // a few bytes may have come out
      expect(error.byteOffset).toBeLessThanOrEqual(length);
    }
  });

  it("inside gzip or zstd is refused, naming both", async () => {
    for (const [outer, wrapped] of [
      ["gzip", gzipMember(compressed)],
      ["zstd", zstdFrame(compressed)],
    ] as const) {
      for (const call of [loadTable, detectFormat, openRecording]) {
        const error = await call(wrapped).catch((caught: unknown) => caught);
        expect(isEventError(error, "unsupported-compression")).toBe(true);
        expect(String(error)).toContain(`this is ${compression} inside ${outer}`);
      }
    }
  });

  it("of something that is not read is refused by that name", async () => {
    const content = latin1Bytes("\xfd7zXZ\0 and so on");
    const wrapped = compression === "gzip" ? gzipMember(content) : zstdFrame(content);
    await expect(loadTable(wrapped)).rejects.toMatchObject({
      code: "unsupported-format",
      format: "xz",
    });
  });
});

describe("a bomb", () => {
  const MiB = 2 ** 20;
  const header = latin1Bytes("% evt 2.0\n% end\n");
  /** 1 GiB of zeros behind a header, in 33 KB. */
  const blocks = Array.from({ length: 8192 }, (_, at) =>
    concatBytes(littleEndian((131_072 << 3) | 2 | (at === 8191 ? 1 : 0), 3), Uint8Array.of(0)),
  );
  const zstd = concatBytes(
    Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, (17 - 10) << 3]),
    littleEndian(header.byteLength << 3, 3),
    header,
    ...blocks,
  );
  const member = gzipMember(new Uint8Array(16 * MiB));
  const gzip = concatBytes(gzipMember(header), ...Array.from({ length: 64 }, () => member));

  it.each([
    ["zstd", zstd],
    ["gzip", gzip],
  ])("of %s is opened, left and aborted without inflating it", async (_, bomb) => {
    const recording = await openRecording(bomb);
    expect(recording.format).toBe("evt2");
    const progress: Progress[] = [];
    const controller = new AbortController();
    const stream = recording.stream({
      signal: controller.signal,
      onProgress: (seen) => {
        progress.push(seen);
        controller.abort("enough");
      },
    });
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toBe("enough");
    // What was inflated by then is far from all.
    expect(progress[0]?.bytesRead).toBeLessThan(bomb.byteLength / 2);
  });
});

describe("zstd with a window of 256 MiB", () => {
  it("is refused by every call, naming the sizes", async () => {
    const frame = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1, 0, 0]);
    for (const call of [loadTable, detectFormat, openRecording, digestEvents, loadStatistics]) {
      const error = await call(new File([frame], "a.raw.zst")).catch((caught: unknown) => caught);
      expect(isEventError(error, "unsupported-compression")).toBe(true);
      expect(error).toMatchObject({ path: "a.raw.zst", found: String(2 ** 28) });
    }
  });
});
