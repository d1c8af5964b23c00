import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  detectFormat,
  digestEvents,
  type EventSource,
  isEventError,
  loadEvents,
  loadStatistics,
  loadTable,
  openFile,
  openRecording,
  reportOf,
} from "../../src/node.ts";
import { off, on, PLAIN_HEADER, recordingOf, timeHigh, trigger } from "../support/evt2-words.ts";
import { columnsOf, expectedLoad, expectSameColumns } from "../support/expected-load.ts";
import { longRecording } from "../support/long-recording.ts";
import { PieceSource, RecordingSource, streamOf } from "../support/sources.ts";

const folder = mkdtempSync(join(tmpdir(), "evarrow-sources-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Longer than the first read, so that every source is read in more than one go.
const words = Array.from({ length: 50_000 }, (_, index) => {
  if (index % 100 === 0) return timeHigh(index);
  if (index % 100 === 1) return trigger(1, 2, 1);
  return index % 3 === 0 ? off(index % 60, index % 640, 5) : on(index % 60, 7, index % 480);
});
const bytes = recordingOf(words, { tail: [1, 2, 3] });
const expected = expectedLoad(bytes, { geometry: { width: 640, height: 480 } });
const path = join(folder, "sources.raw");
beforeAll(() => writeFileSync(path, bytes));

const KINDS: Record<string, () => { source: EventSource; name: string | null; length: boolean }> = {
  "a path": () => ({ source: path, name: path, length: true }),
  "a relative path": () => {
    const short = relative(process.cwd(), path);
    return { source: short, name: short, length: true };
  },
  "a file: URL": () => ({ source: pathToFileURL(path), name: path, length: true }),
  "a Uint8Array": () => ({ source: bytes, name: null, length: true }),
  "a Uint8Array inside its buffer": () => {
    const larger = new Uint8Array(bytes.byteLength + 30).fill(0xff);
    larger.set(bytes, 13);
    return { source: larger.subarray(13, 13 + bytes.byteLength), name: null, length: true };
  },
  "a Buffer": () => ({ source: Buffer.from(bytes), name: null, length: true }),
  "an ArrayBuffer": () => ({ source: bytes.buffer, name: null, length: true }),
  "shared memory": () => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
    shared.set(bytes);
    return { source: shared, name: null, length: true };
  },
  "a Blob": () => ({ source: new Blob([bytes]), name: null, length: true }),
  "a File": () => ({ source: new File([bytes], "a.raw"), name: "a.raw", length: true }),
  "a ReadableStream": () => ({ source: streamOf(bytes, 1001).stream, name: null, length: false }),
  "the body of a Response": () => ({
    source: new Response(bytes).body as ReadableStream<Uint8Array>,
    name: null,
    length: false,
  }),
  "a ByteSource": () => ({ source: new RecordingSource(bytes, "b"), name: "b", length: true }),
  "a SequentialSource": () => ({
    source: new PieceSource(bytes, () => 777, "c"),
    name: "c",
    length: false,
  }),
};

describe("a source", () => {
  it.each(Object.keys(KINDS))("may be %s", async (kind) => {
    const make = KINDS[kind];
    if (make === undefined) throw new Error(`no kind ${kind}`);
    const { source, name, length } = make();
    const table = await loadTable(source);
    expectSameColumns(columnsOf(table), expected.columns);
    const mode = length ? "direct" : "chunked";
    expect(reportOf(table)).toEqual({ ...expected.report, sourceName: name, mode });
    expect(table.schema.metadata.get("evarrow.sourceName")).toBe(name ?? undefined);

    expect((await loadEvents(make().source)).height).toBe(expected.events.length);
    expect((await loadStatistics(make().source)).events).toBe(expected.events.length);
    expect((await digestEvents(make().source)).events).toBe(expected.events.length);
    expect((await detectFormat(make().source)).format).toBe("evt2");

    const recording = await openRecording(make().source);
    expect(recording.byteLength).toBe(length ? bytes.byteLength : null);
    expect(recording.mostEvents()).toBe(length ? words.length : null);
    expect((await recording.triggers()).numRows).toBe(expected.report.triggers);
    await recording.close();
  });

  it.skipIf(process.platform === "win32")("may be a pipe", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const write = async (): Promise<void> => {
      const writer = await open(pipe, "w");
      for (let at = 0; at < bytes.byteLength; at += 30_001) {
        await writer.write(bytes.subarray(at, at + 30_001));
      }
      await writer.close();
    };
    const [table] = await Promise.all([loadTable(pipe), write()]);
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual({ ...expected.report, sourceName: pipe, mode: "chunked" });
    const [frame] = await Promise.all([loadEvents(pipe), write()]);
    expect(frame.height).toBe(expected.events.length);
  });

  it.each([
    ["null", null],
    ["undefined", undefined],
    ["a number", 5],
    ["a bigint", 5n],
    ["a boolean", true],
    ["an object", {}],
    ["a list of bytes", [0x25, 0x20]],
    ["words", new Uint32Array(4)],
    ["a view", new DataView(new ArrayBuffer(4))],
    ["a function", () => bytes],
    ["a promise", Promise.resolve(bytes)],
    ["a Response", new Response(bytes)],
  ])("cannot be %s", async (_, value) => {
    const error = await loadTable(value as EventSource).catch((caught) => caught);
    expect(isEventError(error, "source-unsupported")).toBe(true);
    expect(error.expected).toContain("Uint8Array");
  });

  it("cannot be an iterator of chunks, and the error is about the source", async () => {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield bytes;
    }
    const error = await loadTable(chunks() as unknown as EventSource).catch((caught) => caught);
    expect(isEventError(error)).toBe(true);
    expect(["source-unsupported", "source-unreadable"]).toContain(error.code);
  });

  it.each([
    [new URL("ftp://example.org/a.raw"), "source-unsupported"],
    ["ftp://example.org/a.raw", "source-unsupported"],
    [new URL("data:text/plain,a"), "source-unsupported"],
    // No address is like this, or no file can be there.
    ["http://", "source-unsupported"],
    ["HTTPS://[", "source-unsupported"],
    [new URL("file:///a%2Fb.raw"), undefined],
    [new URL("file://elsewhere/b.raw"), undefined],
  ])("cannot be at %s", async (address, code) => {
    const error = await loadTable(address).catch((caught) => caught);
    expect(isEventError(error), String(error)).toBe(true);
    if (code !== undefined) expect(error.code).toBe(code);
    expect(error.path).toBe(String(address));
  });

  it("is told which addresses are not read", async () => {
    const loading = loadTable("ftp://someone:secret@example.org/a.raw");
    await expect(loading).rejects.toMatchObject({ found: "ftp:", path: "ftp://example.org/a.raw" });
  });

  it.each([Number.NaN, -1, 1.5])("has no length of %d bytes", async (byteLength) => {
    const source = { byteLength, read: async () => new Uint8Array(0) };
    await expect(loadTable(source)).rejects.toMatchObject({
      ...{ code: "source-unreadable", found: `${byteLength}` },
      message: expect.stringMatching(/breaks its contract/),
    });
  });

  it("that is missing, a folder or empty is refused by every call", async () => {
    const empty = join(folder, "empty.raw");
    writeFileSync(empty, "");
    const calls: ((source: string) => Promise<unknown>)[] = [
      loadTable,
      loadEvents,
      openRecording,
      detectFormat,
      loadStatistics,
      digestEvents,
    ];
    for (const call of calls) {
      await expect(call(join(folder, "missing.raw"))).rejects.toMatchObject({
        code: "source-not-found",
        path: join(folder, "missing.raw"),
      });
      await expect(call(folder)).rejects.toMatchObject({ code: "source-unreadable", path: folder });
      await expect(call(empty)).rejects.toMatchObject({ code: "empty-source", path: empty });
    }
  });

  it("that ends before the bytes it promised is too short", async () => {
    const source = new RecordingSource(bytes, "liar");
    const read = source.read.bind(source);
    source.read = async (offset, length, options) => {
      const result = await read(offset, length, options);
      return offset + length > 100_000 ? result.subarray(0, 10) : result;
    };
    const error = await loadTable(source).catch((caught) => caught);
    expect(isEventError(error, "source-too-short")).toBe(true);
    expect(error.path).toBe("liar");
    expect(error.found).toBe("0"); // behind the ten that came
  });

  it("that fails in the middle is unreadable, and the cause is kept", async () => {
    const cause = new Error("the disk is gone");
    const random = new RecordingSource(bytes, "disk");
    random.onRead = (count) => {
      if (count === 2) throw cause;
    };
    const pieces = new PieceSource(bytes, () => {
      if (pieces.calls > 30) throw cause;
      return 5000;
    });
    let sent = 0;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (sent > 100_000) controller.error(cause);
        else controller.enqueue(bytes.slice(sent, sent + 10_000));
        sent += 10_000;
      },
    });
    for (const source of [random, pieces, stream]) {
      const error = await loadTable(source).catch((caught) => caught);
      expect(isEventError(error, "source-unreadable")).toBe(true);
      expect(error.cause).toBe(cause);
      expect(error.byteOffset).toBeGreaterThan(0);
    }
  });
});

describe("a source of the caller's own", () => {
  it("is not closed, whatever happens", async () => {
    const random = new RecordingSource(bytes);
    const noise = new RecordingSource(Uint8Array.from([1, 2, 3]));
    await loadTable(random);
    await detectFormat(random);
    await loadTable(random, { strict: true }).catch(() => {});
    await loadTable(random, { columns: [] }).catch(() => {});
    await loadTable(noise).catch(() => {});
    const recording = await openRecording(random);
    for await (const _ of recording.stream({ batchEvents: 10 })) break;
    await recording.close();
    expect([random.closed, noise.closed]).toEqual([0, 0]);
    expect((await loadTable(random)).numRows).toBe(expected.events.length);

    const pieces = new PieceSource(bytes, () => 1000);
    await loadTable(pieces);
    expect(pieces.closed).toBe(0);
  });

  it("may be a file that the caller opened", async () => {
    const file = await openFile(path);
    expect((await loadTable(file)).numRows).toBe(expected.events.length);
    expect((await loadEvents(file)).height).toBe(expected.events.length);
    expect((await detectFormat(file)).format).toBe("evt2");
    await file.close?.();
    await expect(loadTable(file)).rejects.toMatchObject({ code: "source-unreadable" });
  });
});

describe("a stream", () => {
  it("is cancelled when it is no longer needed", async () => {
    const noise = streamOf(Uint8Array.from([1, 2, 3]), 1);
    await loadTable(noise.stream).catch(() => {});
    // A stream that came to its end has nothing to cancel.
    const { stream, cancelled } = streamOf(bytes, 10_000);
    const recording = await openRecording(stream);
    for await (const _ of recording.stream({ batchEvents: 10 })) break;
    expect(cancelled()).toBe(false);
    await recording.close();
    expect(cancelled()).toBe(true);

    const damaged = streamOf(recordingOf([on(1, 1, 1), ...words]), 10_000);
    await expect(loadTable(damaged.stream, { strict: true })).rejects.toThrow();
    expect(damaged.cancelled()).toBe(true);

    const judged = streamOf(bytes, 10_000);
    await detectFormat(judged.stream);
    expect(judged.cancelled()).toBe(true);
  });

  it("that somebody else reads is refused", async () => {
    const { stream } = streamOf(bytes, 1000);
    stream.getReader();
    await expect(loadTable(stream)).rejects.toMatchObject({ code: "source-consumed" });
  });
});

describe("a source that can be read once", () => {
  it.each([
    ["a SequentialSource", () => new PieceSource(bytes, () => 10_000, "once")],
    ["a ReadableStream", () => streamOf(bytes, 10_000).stream],
  ])("is refused the second time: %s", async (_, make) => {
    const consumed = expect.objectContaining({ code: "source-consumed" });
    const recording = await openRecording(make());
    expect((await loadTable(recording)).numRows).toBe(expected.events.length);
    await expect(loadTable(recording)).rejects.toEqual(consumed);
    await expect(recording.triggers()).rejects.toEqual(consumed);
    await expect(loadStatistics(recording)).rejects.toEqual(consumed);
    const loop = async (): Promise<void> => {
      for await (const _ of recording.stream());
    };
    await expect(loop()).rejects.toEqual(consumed);
    await recording.close();
  });

  it("is read once also when the loop over it was left", async () => {
    const recording = await openRecording(new PieceSource(bytes, () => 10_000));
    for await (const _ of recording.stream({ batchEvents: 10 })) break;
    await expect(loadTable(recording)).rejects.toMatchObject({ code: "source-consumed" });
  });
});

describe("a recording", () => {
  it("reads its header and nothing more", async () => {
    const source = new RecordingSource(bytes, "a.raw");
    const recording = await openRecording(source);
    expect(source.reads).toEqual([{ offset: 0, length: 65536 }]);
    expect(recording.format).toBe("evt2");
    expect(recording.geometry).toEqual({ width: 640, height: 480 });
    expect(recording.header).toEqual([
      ["evt", "2.0"],
      ["geometry", "640x480"],
    ]);
    expect(recording.detection).toMatchObject({ format: "evt2", confidence: "certain" });
    expect(recording.report).toEqual({
      ...expectedLoad(recordingOf([]), { geometry: { width: 640, height: 480 } }).report,
      sourceName: "a.raw",
      bytesRead: 0,
      mode: null,
      modeReason: null,
    });
    expect(source.reads).toHaveLength(1);
  });

  it("that is short is read once", async () => {
    const short = recordingOf([timeHigh(1), on(1, 1, 1)]);
    const source = new RecordingSource(short);
    await openRecording(source);
    expect(source.reads).toEqual([{ offset: 0, length: PLAIN_HEADER.length + 8 }]);
  });

  it("cannot be read after it was closed", async () => {
    const recording = await openRecording(path);
    await recording.close();
    await expect(loadTable(recording)).rejects.toMatchObject({ code: "source-unreadable", path });
    await expect(recording.triggers()).rejects.toMatchObject({ code: "source-unreadable" });
    expect(recording.geometry).toEqual({ width: 640, height: 480 });
  });

  it("that is closed in the middle of a loop ends it with an error", async () => {
    const long = join(folder, "long.raw");
    writeFileSync(long, longRecording(12 * 1024 * 1024));
    const recording = await openRecording(long);
    const loop = async (): Promise<void> => {
      for await (const _ of recording.stream({ batchEvents: 1000 })) await recording.close();
    };
    await expect(loop()).rejects.toMatchObject({ code: "source-unreadable", path: long });
  });

  it("serves two readers at once", async () => {
    const recording = await openRecording(path);
    const [table, triggers, statistics] = await Promise.all([
      loadTable(recording),
      recording.triggers(),
      loadStatistics(recording),
    ]);
    expectSameColumns(columnsOf(table), expected.columns);
    expect(triggers.numRows).toBe(expected.report.triggers);
    expect(statistics.events).toBe(expected.events.length);
    await recording.close();
  });
});
