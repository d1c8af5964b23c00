/**
 * A recording that is the only file in a zip, through every call and from every kind of source.
 * `EVARROW_SOAK=n` makes n times as many random runs.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";
import {
  convertRecording,
  detectFormat,
  digestEvents,
  type EventErrorCode,
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
import { gzipMember } from "../support/compressed.ts";
import { MemorySink } from "../support/conversions.ts";
import { concatBytes, latin1Bytes } from "../support/evt2-words.ts";
import { columnsOf, expectSameColumns } from "../support/expected-load.ts";
import { canSeeDescriptors, openDescriptors, spooledFiles } from "../support/open-files.ts";
import { SOAK } from "../support/soak.ts";
import { PieceSource, RecordingSource, streamOf } from "../support/sources.ts";
import { type ZipFile, zipOf } from "../support/zip.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "evarrow-zip-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The text of an E2VID recording: events enough for several stored blocks. */
const text = latin1Bytes(
  `240 180\n${Array.from(
    { length: 12_000 },
    (_, at) =>
      `150464517${7 + (at >> 12)}.${String(at).padStart(6, "0")} ${at % 240} 7 ${at % 2}\n`,
  ).join("")}`,
);
const FILE: ZipFile = { name: "slider_depth/events.txt", content: text };
const archive = zipOf([FILE]);
const plain = await loadTable(text);
const plainDigest = await digestEvents(text);
const EVENTS = 12_000;

const TIMEOUT_MS = 60_000 * SOAK;

const path = join(folder, "events.zip");
writeFileSync(path, archive);

async function errorOf(promise: Promise<unknown>, code: EventErrorCode) {
  const error = await promise.catch((caught: unknown) => caught);
  expect(isEventError(error, code), String(error)).toBe(true);
  return error as Error & { found?: string; path?: string };
}

describe("a zip of one file", () => {
  const KINDS: Record<string, () => { source: EventSource; name: string | null }> = {
    "a path": () => ({ source: path, name: path }),
    "a file: URL": () => ({ source: pathToFileURL(path), name: path }),
    "a Uint8Array": () => ({ source: archive, name: null }),
    "an ArrayBuffer": () => ({ source: archive.buffer, name: null }),
    "a Blob": () => ({ source: new Blob([archive]), name: null }),
    "a File": () => ({ source: new File([archive], "a.zip"), name: "a.zip" }),
    "a ReadableStream": () => ({ source: streamOf(archive, 1001).stream, name: null }),
    "a ByteSource": () => ({ source: new RecordingSource(archive, "a.zip"), name: "a.zip" }),
    "a SequentialSource": () => ({
      source: new PieceSource(archive, () => 777, "a.zip"),
      name: "a.zip",
    }),
  };

  it.each(Object.keys(KINDS))("loads as it is from %s", async (kind) => {
    const make = KINDS[kind];
    if (make === undefined) throw new Error(`no kind ${kind}`);
    const { source, name } = make();
    const table = await loadTable(source);
    expectSameColumns(columnsOf(table), columnsOf(plain));
    expect(reportOf(table)).toEqual({
      ...reportOf(plain),
      sourceName: name,
      compression: "zip",
      mode: "chunked",
      modeReason: expect.any(String),
    });
    expect((await loadEvents(make().source)).height).toBe(EVENTS);
    expect((await loadStatistics(make().source)).events).toBe(EVENTS);
    expect((await sampleStatistics(make().source)).estimated).toBe(false);
    expect(await digestEvents(make().source)).toEqual(plainDigest);
    expect(await detectFormat(make().source)).toEqual({
      format: "text",
      name: "text",
      supported: true,
      confidence: "likely",
      reason: "inside zip (slider_depth/events.txt), the file starts with lines of numbers",
      compression: "zip",
    });

    const recording = await openRecording(make().source);
    expect(recording.report.compression).toBe("zip");
    expect(recording.geometry).toEqual({ width: 240, height: 180 });
    expect(recording.byteLength).toBe(archive.byteLength);
    expect(recording.mostEvents()).toBe(null);
    // Whatever it came from, it is put where it can be read again.
    const [first, second] = await Promise.all([loadTable(recording), loadTable(recording)]);
    expect([first.numRows, second.numRows]).toEqual([EVENTS, EVENTS]);
    await recording.close();
  });

  it.skipIf(process.platform === "win32")("loads from a pipe", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const { open } = await import("node:fs/promises");
    const write = async (): Promise<void> => {
      const writer = await open(pipe, "w");
      await writer.writeFile(archive);
      await writer.close();
    };
    const [digest] = await Promise.all([digestEvents(pipe), write()]);
    expect(digest).toEqual(plainDigest);
  });

  it.each<[string, Partial<ZipFile>]>([
    ["is stored", { method: 0 }],
    ["is stored, with sizes behind it", { method: 0, descriptor: true }],
    ["is compressed fast", { level: 1 }],
    ["is compressed into stored blocks", { level: 0 }],
    ["has its sizes behind it", { descriptor: true }],
    ["has the fields of large archives", { zip64: true }],
    ["has them, and its sizes behind it", { zip64: true, descriptor: true }],
    ["has more in front of it than the directory says", { localExtra: new Uint8Array(3000) }],
  ])("that %s", async (_, how) => {
    const bytes = zipOf([{ ...FILE, ...how }]);
    expect(await digestEvents(bytes)).toEqual(plainDigest);
    const table = await loadTable(bytes, { strict: true });
    expect(reportOf(table)).toMatchObject({ compressionDamage: null, bytesRead: text.byteLength });
  });

  it("may have a comment, and folders and hidden files beside it", async () => {
    const aside = ["__MACOSX/._events.txt", ".DS_Store", "a/.hidden", "a/__MACOSX/x", "a/", "a/b/"];
    const content = latin1Bytes("not a recording");
    const files = aside.map((name) => ({
      name,
      content: name.endsWith("/") ? new Uint8Array(0) : content,
    }));
    const bytes = zipOf([...files.slice(0, 3), FILE, ...files.slice(3)], {
      comment: latin1Bytes("PK\x05\x06 and the like"),
    });
    expect(await digestEvents(bytes)).toEqual(plainDigest);
  });

  it("holds a recording of any format", async () => {
    const evt2 = latin1Bytes("% evt 2.0\n% end\n\x01\0\0\x80\x07\x28\xc0\x10");
    expect((await loadTable(zipOf([{ name: "a.raw", content: evt2 }]))).numRows).toBe(1);
    // Rows are read in any order, so they are put aside.
    const arrow = new MemorySink("a.arrow");
    await convertRecording(text, arrow);
    const inside = zipOf([{ name: "a.arrow", content: arrow.bytes }]);
    expect((await digestEvents(inside)).digest).toBe(plainDigest.digest);
    expect((await digestEvents(streamOf(inside, 999).stream)).digest).toBe(plainDigest.digest);
  });

  it("has a name that tells a format, where content alone does not", async () => {
    const records = Uint8Array.from({ length: 80 }, (_, at) => (at % 8 === 0 ? at : 0));
    const bytes = zipOf([{ name: "a/td.DAT", content: records }]);
    expect(await detectFormat(bytes)).toMatchObject({
      format: "dat",
      reason:
        "inside zip (a/td.DAT), the name ends in .dat, and the bytes are 8-byte records without a header",
    });
    await errorOf(detectFormat(zipOf([{ name: "a.bin", content: records }])), "unknown-format");
  });

  it("has its progress in bytes of the archive", async () => {
    const seen: Progress[] = [];
    await loadTable(path, { onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({
      bytesRead: archive.byteLength,
      bytesTotal: archive.byteLength,
      events: EVENTS,
      etaSeconds: 0,
    });
  });

  it("of nothing is an empty source", async () => {
    for (const method of [0, 8]) {
      const error = await errorOf(
        loadTable(zipOf([{ name: "a.txt", content: new Uint8Array(0), method }])),
        "empty-source",
      );
      expect(error.found).toBe("0 bytes inside zip");
    }
  });
});

describe("a zip that is refused", () => {
  const other = (name: string): ZipFile => ({ name, content: latin1Bytes("1 2 3 1\n") });

  it.each<[string, Uint8Array<ArrayBuffer>, RegExp]>([
    ["of no file", zipOf([]), /the zip holds no file: expected one file, the recording\.$/],
    ["of folders", zipOf([{ ...other("a/"), content: new Uint8Array(0) }]), /holds no file/],
    [
      "of two files",
      zipOf([FILE, other("images.txt")]),
      /several files: expected one file, the recording, found slider_depth\/events\.txt, images\.txt\. Unpack it and open/,
    ],
    [
      "of many files",
      zipOf(Array.from("abcdefghijk", other)),
      /found a, b, c, d, e and more\. Unpack/,
    ],
    ["that is encrypted", zipOf([{ ...FILE, flags: 1 }]), /the file in the zip is encrypted/],
    ["with LZMA", zipOf([{ ...FILE, method: 14 }]), /found LZMA \(14\) of slider_depth/],
    ["with Zstandard", zipOf([{ ...FILE, method: 93 }]), /found Zstandard \(93\)/],
    ["with Deflate64", zipOf([{ ...FILE, method: 9 }]), /found Deflate64 \(9\)/],
    ["with an unknown method", zipOf([{ ...FILE, method: 77 }]), /an unknown method \(77\)/],
    ["in parts", zipOf([FILE], { disk: 3 }), /this kind of zip is not read: found Split zip file/],
    ["inside gzip", gzipMember(archive), /this is zip inside gzip/],
    ["with gzip inside", zipOf([{ name: "a.gz", content: gzipMember(text) }]), /gzip inside zip/],
    ["inside a zip", zipOf([{ name: "a.zip", content: archive }]), /this is zip inside zip/],
  ])("%s", async (_, bytes, message) => {
    for (const call of [loadTable, detectFormat, openRecording, digestEvents]) {
      for (const source of [
        new File([bytes], "a.zip"),
        new PieceSource(bytes, () => 9999, "a.zip"),
      ]) {
        const error = await errorOf(call(source), "unsupported-compression");
        expect(error.message).toMatch(message);
        expect(error.path).toBe("a.zip");
      }
    }
  });

  it("has a directory that is larger than any list of recordings", async () => {
    // The bytes of a directory: were they believed, they would all be held.
    const source = new RecordingSource(
      zipOf([FILE], { directoryBytes: 40_000_000, directoryOffset: 100 }),
    );
    const long = new Uint8Array(45_000_000);
    long.set(zipOf([{ ...FILE, data: long.subarray(0, 44_000_000) }]).subarray(0, 44_000_100));
    const end = zipOf([], { count: 1, directoryBytes: 40_000_000, directoryOffset: 100 });
    long.set(end, long.byteLength - end.byteLength);
    await errorOf(loadTable(source), "invalid-compression");
    await errorOf(loadTable(long), "unsupported-compression");
  });
});

describe("a damaged zip", () => {
  it("with a wrong checksum or length gives everything, and tells it", async () => {
    for (const method of [0, 8]) {
      for (const wrong of [{ crc32: 5 }, { byteLength: text.byteLength + 1 }]) {
        const bytes = zipOf([{ ...FILE, method, ...wrong }]);
        const table = await loadTable(bytes);
        expect(table.numRows).toBe(EVENTS);
        const { compressionDamage, firstAt } = reportOf(table);
        expect(compressionDamage?.kind).toBe("corrupt");
        expect(compressionDamage?.byteOffset).toBeLessThan(bytes.byteLength);
        expect(compressionDamage?.byteOffset).toBeGreaterThan(bytes.byteLength - 150);
        expect(firstAt.damagedCompression).toBe(text.byteLength);
        const start = "the zip data are damaged at byte ";
        expect(formatReport(reportOf(table))[0]).toContain(start);
        await errorOf(loadTable(bytes, { strict: true }), "data-loss");
      }
    }
  });

  it("whose data do not end where it says is told", async () => {
    const data = deflateRawSync(text);
    for (const storedBytes of [1000, 30_000]) {
      const bytes = zipOf([{ ...FILE, data, storedBytes }]);
      const table = await loadTable(bytes, { onMalformed: "skip" });
      expect(table.numRows).toBeLessThan(EVENTS);
      expect(reportOf(table).compressionDamage).toMatchObject({ kind: "corrupt" });
    }
    const early = zipOf([{ ...FILE, data: concatBytes(data, new Uint8Array(50)) }]);
    expect(reportOf(await loadTable(early)).compressionDamage).toMatchObject({ kind: "corrupt" });
  });

  it("is what is told of a line that came out of the damage", async () => {
    const lines = new TextDecoder().decode(text).split("\n");
    lines[5] = "no event";
    const content = new TextEncoder().encode(lines.join("\n"));
    for (const method of [0, 8]) {
      const sound = zipOf([{ name: "a.txt", content, method }]);
      expect(await errorOf(loadTable(sound), "malformed-line")).toMatchObject({ line: 6 });
      const bytes = zipOf([{ name: "a.txt", content, method, crc32: 5 }]);
      for (const source of [
        new File([bytes], "a.zip"),
        new PieceSource(bytes, () => 9999, "a.zip"),
      ]) {
        const error = await errorOf(loadTable(source), "invalid-compression");
        expect(error.message).toMatch(
          /^a\.zip: the zip data are damaged \(at byte \d+\): found \S/,
        );
        expect(error.cause).toMatchObject({ code: "malformed-line", line: 6 });
      }
      const skipped = await loadTable(bytes, { onMalformed: "skip" });
      expect(reportOf(skipped).compressionDamage?.kind).toBe("corrupt");
    }
    // So is that of gzip; what stands in front of the line is handed over.
    const gzip = gzipMember(content);
    gzip[gzip.byteLength - 6] = (gzip[gzip.byteLength - 6] ?? 0) ^ 1;
    const recording = await openRecording(gzip);
    let events = 0;
    const read = async (): Promise<void> => {
      for await (const batch of recording.stream()) events += batch.numRows;
    };
    await errorOf(read(), "invalid-compression");
    expect(events).toBe(4);
  });

  it("is told of a table in it, too", async () => {
    const path = new URL("../../data-samples/falling-bar.deflate.h5", import.meta.url);
    const content = Uint8Array.from(readFileSync(path));
    const sound = await loadTable(zipOf([{ name: "a.h5", content }]));
    const bytes = zipOf([{ name: "a.h5", content, crc32: 5 }]);
    const table = await loadTable(bytes);
    expect(table.numRows).toBe(sound.numRows);
    expect(reportOf(sound).compressionDamage).toBe(null);
    expect(reportOf(table).compressionDamage).toMatchObject({ kind: "corrupt" });
    await errorOf(loadTable(bytes, { strict: true }), "data-loss");
    const data = deflateRawSync(content);
    const cut = zipOf([{ name: "a.h5", content, data: data.subarray(0, data.byteLength / 2) }]);
    expect(await errorOf(loadTable(cut), "invalid-compression")).toMatchObject({
      cause: expect.objectContaining({ format: "hdf5" }),
    });
  });

  it("that is cut anywhere is an error that says so", async () => {
    const small = zipOf([{ name: "a.txt", content: text.subarray(0, 300) }]);
    for (let length = 4; length < small.byteLength; length++) {
      const file = new File([small.slice(0, length)], "a.zip");
      const error = await errorOf(loadTable(file), "invalid-compression");
      expect(error.message).toMatch(/^a\.zip: the zip is cut or damaged: .*Was it downloaded to/);
    }
  });

  it(
    "with any byte changed ends with our error, or says what is wrong",
    async () => {
      const content = text.subarray(0, 3000);
      const expected = await loadTable(content);
      const rows = (table: typeof expected): string => table.toArray().map(String).join();
      const codes: readonly EventErrorCode[] = [
        ...(["invalid-compression", "unsupported-compression", "empty-source"] as const),
        ...(["unknown-format", "unsupported-format", "invalid-header", "malformed-line"] as const),
      ];
      const files = fc.constantFrom<Partial<ZipFile>>(
        {},
        { method: 0 },
        { zip64: true, descriptor: true },
      );
      const change = fc.tuple(fc.nat(), fc.nat(255));
      await fc.assert(
        fc.asyncProperty(
          files,
          fc.array(change, { minLength: 1, maxLength: 3 }),
          async (how, changes) => {
            const bytes = zipOf([{ name: "a.txt", content, ...how }]);
            for (const [at, value] of changes) bytes[4 + (at % (bytes.byteLength - 4))] = value;
            const result = await loadTable(bytes).catch((caught: unknown) => caught);
            if (isEventError(result)) {
              expect(codes).toContain(result.code);
              return;
            }
            const table = result as typeof expected;
            // What is not the data may be anything; the data are what the checksum says.
            if (reportOf(table).compressionDamage === null)
              expect(rows(table)).toBe(rows(expected));
          },
        ),
        { numRuns: 25 * SOAK },
      );
    },
    TIMEOUT_MS,
  );

  it("that claims more than there is ends with our error", async () => {
    const beyond = { storedBytes: 2 ** 31, byteLength: 2 ** 31 };
    await errorOf(loadTable(zipOf([{ ...FILE, ...beyond }])), "invalid-compression");
    const far = { storedBytes: 2 ** 60, byteLength: 2 ** 60, zip64: true };
    await errorOf(loadTable(zipOf([{ ...FILE, ...far }])), "invalid-compression");
    await errorOf(loadTable(zipOf([FILE], { count: 60_000 })), "invalid-compression");
    // A directory that stands elsewhere than it says is found all the same.
    expect(await digestEvents(zipOf([FILE], { directoryOffset: 2 ** 31 }))).toEqual(plainDigest);
  });
});

describe("what is held", () => {
  it.skipIf(!canSeeDescriptors)("is given back, however reading ends", async () => {
    const two = zipOf([FILE, { ...FILE, name: "b" }]);
    const sources: (() => EventSource)[] = [
      () => path,
      () => streamOf(archive, 5000).stream,
      () => streamOf(two, 5000).stream,
    ];
    const before = spooledFiles(); // of other tests
    for (const source of sources) {
      await loadTable(source()).catch(() => {});
      await detectFormat(source()).catch(() => {});
      const recording = await openRecording(source()).catch(() => null);
      if (recording) for await (const _ of recording.stream({ batchEvents: 10 })) break;
      await recording?.close();
      const controller = new AbortController();
      const loading = loadTable(source(), { signal: controller.signal });
      controller.abort("enough");
      await expect(loading).rejects.toBe("enough");
    }
    await vi.waitFor(() => {
      expect(openDescriptors(path)).toBe(0);
      expect(spooledFiles().filter((file) => !before.includes(file))).toEqual([]);
    }, 5000);
  });

  it("ends with the signal's reason, also in the middle", async () => {
    const stored = zipOf([{ ...FILE, method: 0 }]);
    for (const abortedBy of [1, 2, 3, 5, 8]) {
      const controller = new AbortController();
      const source = new RecordingSource(stored);
      source.onRead = (count) => {
        if (count === abortedBy) controller.abort("enough");
      };
      await expect(loadTable(source, { signal: controller.signal })).rejects.toBe("enough");
      expect(source.closed).toBe(0);
    }
  });

  it("is what it takes to judge it, of a long archive", async () => {
    const long = zipOf([{ ...FILE, content: concatBytes(...Array(40).fill(text)), method: 0 }]);
    const source = new RecordingSource(long);
    await openRecording(source);
    expect(source.reads.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(600_000);
    expect(long.byteLength).toBeGreaterThan(10_000_000);
  });

  it("does not follow what comes out of a bomb", async () => {
    const content = new Uint8Array(64 * 2 ** 20).fill(0x0a);
    content.set(latin1Bytes("0.5 1 2 1\n"));
    const bomb = zipOf([{ name: "a.txt", content, crc32: 0 }]);
    expect(bomb.byteLength).toBeLessThan(100_000);
    const recording = await openRecording(bomb);
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
    expect(progress[0]?.bytesRead).toBeLessThan(bomb.byteLength);
  });

  it("passes on what a source throws", async () => {
    const source = new RecordingSource(archive, "a.zip");
    source.onRead = (count) => {
      if (count > 1) throw new Error("unplugged");
    };
    const error = await errorOf(loadTable(source), "source-unreadable");
    expect(error.message).toContain("unplugged");
  });
});
