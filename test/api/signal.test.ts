import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import {
  digestEvents,
  loadEvents,
  loadStatistics,
  loadTable,
  type OpenOptions,
  openRecording,
  type SequentialSource,
  sampleStatistics,
} from "../../src/node.ts";
import { longRecording } from "../support/long-recording.ts";
import { canSeeDescriptors, openDescriptors } from "../support/open-files.ts";
import { RecordingSource } from "../support/sources.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "evarrow-signal-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

const bytes = longRecording(6 * 1024 * 1024);
const path = join(folder, "long.raw");
writeFileSync(path, bytes);

const reason = { why: "no longer needed" };

/** Every way to read a recording, from opening it to closing it. */
const READERS: Record<
  string,
  (source: string | RecordingSource, options: OpenOptions) => Promise<unknown>
> = {
  loadTable,
  loadEvents,
  loadStatistics,
  sampleStatistics,
  digestEvents,
  stream: async (source, options) => {
    const recording = await openRecording(source);
    try {
      for await (const _ of recording.stream({ ...options, batchEvents: 10_000 }));
    } finally {
      await recording.close();
    }
  },
  "borrowed batches": async (source, options) => {
    const recording = await openRecording(source);
    try {
      for await (const _ of recording.stream({ ...options, batches: "borrowed" }));
    } finally {
      await recording.close();
    }
  },
  triggers: async (source, options) => {
    const recording = await openRecording(source);
    try {
      await recording.triggers(options);
    } finally {
      await recording.close();
    }
  },
};
const names = Object.keys(READERS);

function read(
  name: string,
  source: string | RecordingSource,
  options: OpenOptions,
): Promise<unknown> {
  return READERS[name]?.(source, options) ?? Promise.reject(new Error(`no reader ${name}`));
}

/** Rejects where a promise stays undecided though nothing is left to be done. */
function decided<Result>(promise: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const never = new Promise<Result>((_, reject) => {
    timer = setTimeout(() => reject(new Error("still undecided")), 3000);
  });
  return Promise.race([promise, never]).finally(() => clearTimeout(timer));
}

describe("a signal", () => {
  it.each(names)("that is aborted before rejects with its reason: %s", async (name) => {
    const signal = AbortSignal.abort(reason);
    await expect(read(name, path, { signal })).rejects.toBe(reason);
    await expect(read(name, new RecordingSource(bytes), { signal })).rejects.toBe(reason);
  });

  it("that is aborted before opens nothing", async () => {
    const source = new RecordingSource(bytes);
    await loadTable(source, { signal: AbortSignal.abort() }).catch(() => {});
    expect(source.reads).toEqual([]);
    await expect(openRecording("missing.raw", { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });

  it.each(names)("that is aborted in the middle rejects with its reason: %s", async (name) => {
    for (const abortedBy of [2, 3, 4]) {
      const controller = new AbortController();
      const source = new RecordingSource(bytes);
      source.onRead = (count) => {
        if (count === abortedBy) controller.abort(reason);
      };
      await expect(read(name, source, { signal: controller.signal })).rejects.toBe(reason);
      expect(source.reads.length).toBeLessThanOrEqual(abortedBy + 1);
      expect(source.closed).toBe(0);
    }
  });

  it("that is aborted without a reason rejects with an AbortError", async () => {
    const controller = new AbortController();
    const source = new RecordingSource(bytes);
    source.onRead = (count) => {
      if (count === 2) controller.abort();
    };
    await expect(loadTable(source, { signal: controller.signal })).rejects.toMatchObject({
      name: "AbortError",
    });
  });

  it("that was the source's own too rejects with its reason, not with what became of it", async () => {
    // As with `fetch(url, { signal })`: the abort makes the body fail as well.
    const controller = new AbortController();
    const { signal } = controller;
    let pulls = 0;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(streamController) {
        signal.addEventListener("abort", () => streamController.error(signal.reason));
      },
      pull(streamController) {
        if (++pulls === 3) controller.abort(reason);
        else streamController.enqueue(bytes.slice((pulls - 1) * 100_000, pulls * 100_000));
      },
    });
    await expect(loadTable(stream, { signal })).rejects.toBe(reason);
  });

  it("has its turn between tiles: timers and aborts run while a load does", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      now += 11; // more than a turn may last
      return now;
    });
    const controller = new AbortController();
    setImmediate(() => controller.abort(reason));
    await expect(loadTable(bytes, { signal: controller.signal })).rejects.toBe(reason);
  });

  it.each([
    [
      "a stream",
      () => {
        let sent = false;
        return new ReadableStream<Uint8Array<ArrayBuffer>>({
          pull(controller) {
            if (sent) return new Promise(() => {});
            sent = true;
            controller.enqueue(bytes.slice(0, 200_000));
          },
        });
      },
    ],
    [
      "a source of the caller's own",
      (): SequentialSource => {
        let sent = 0;
        return {
          next: async (into) => {
            if (sent > 200_000) return new Promise(() => {});
            const piece = bytes.subarray(sent, sent + into.byteLength).subarray(0, 50_000);
            into.set(piece);
            sent += piece.byteLength;
            return piece.byteLength;
          },
        };
      },
    ],
  ])("ends the wait for %s that has gone silent", async (_, source) => {
    const controller = new AbortController();
    const loading = loadTable(source(), { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(decided(loading)).rejects.toBe(reason);
  });

  it.skipIf(!canSeeDescriptors)("ends the wait for a pipe that nobody writes to", async () => {
    const pipe = join(folder, "unwritten");
    execFileSync("mkfifo", [pipe]);
    const controller = new AbortController();
    const loading = loadTable(pipe, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(decided(loading)).rejects.toBe(reason);
    // The opening goes on until there is a writer; then it is closed again.
    await (await open(pipe, "w")).close();
    await vi.waitUntil(() => openDescriptors(pipe) === 0, { timeout: 10_000 });
  });

  it.skipIf(!canSeeDescriptors)("ends the wait for a pipe that has gone silent", async () => {
    const pipe = join(folder, "silent");
    execFileSync("mkfifo", [pipe]);
    for (const sent of [0, 200_000]) {
      const controller = new AbortController();
      const loading = loadTable(pipe, { signal: controller.signal });
      const writer = await open(pipe, "w");
      await writer.write(bytes.subarray(0, sent));
      setTimeout(() => controller.abort(reason), 50);
      await expect(decided(loading)).rejects.toBe(reason);
      // A read that waits for the writer cannot be taken back; when it ends, the pipe is closed.
      await writer.close();
      await vi.waitUntil(() => openDescriptors(pipe) === 0, { timeout: 10_000 });
    }
  });

  it("that is never aborted changes nothing", async () => {
    const { signal } = new AbortController();
    const table = await loadTable(path, { signal });
    expect(table.numRows).toBe((await loadTable(bytes)).numRows);
  });
});

describe.skipIf(!canSeeDescriptors)("an open file (seen on Linux only)", () => {
  it("is there while a recording is open", async () => {
    const recording = await openRecording(path);
    expect(openDescriptors(path)).toBe(1);
    await recording.close();
    await recording.close();
    expect(openDescriptors(path)).toBe(0);
  });

  it.each(names)("is closed at the end: %s", async (name) => {
    await read(name, path, {});
    expect(openDescriptors(path)).toBe(0);
  });

  it.each(names)("is closed after an abort: %s", async (name) => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      now += 11;
      return now;
    });
    const controller = new AbortController();
    const reading = read(name, path, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 0);
    await reading.catch((caught) => expect(caught).toBe(reason));
    vi.restoreAllMocks();
    // An abort does not wait for the file to be opened; it is closed when that is done.
    await vi.waitFor(() => expect(openDescriptors(path)).toBe(0), 10_000);
  });

  it.each(names)("is closed after an error: %s", async (name) => {
    const damaged = join(folder, "damaged.raw");
    writeFileSync(damaged, bytes.subarray(0, 100_001));
    await expect(read(name, damaged, { strict: true })).rejects.toMatchObject({
      code: "data-loss",
    });
    expect(openDescriptors(damaged)).toBe(0);
  });

  it.each([
    ["is no recording", "noise.raw", Uint8Array.from([7, 0, 255, 3]), {}],
    ["is empty", "empty.raw", new Uint8Array(0), {}],
    ["is cut in its header", "cut.raw", bytes.subarray(0, 20), {}],
    ["contradicts itself", "odd.raw", new TextEncoder().encode("% evt 2.0\n% geometry 1\n"), {}],
    ["is asked for what cannot be", "good.raw", bytes.subarray(0, 1000), { columns: [] }],
  ])("is closed when it %s", async (_, name, content, options) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    await expect(loadTable(file, options)).rejects.toMatchObject({ name: "EventError" });
    expect(openDescriptors(file)).toBe(0);
  });
});

describe("breaking out of a stream", () => {
  it.each(["owned", "borrowed"] as const)(
    "leaves the recording open and readable: %s",
    async (batches) => {
      const recording = await openRecording(path);
      let seen = 0;
      for await (const batch of recording.stream({ batches, batchEvents: 1000 })) {
        seen += batch.numRows;
        if (seen > 3000) break;
      }
      expect(seen).toBeLessThan(10_000);
      let all = 0;
      for await (const batch of recording.stream({ batches })) all += batch.numRows;
      expect(all).toBe((await loadTable(bytes)).numRows);
      await recording.close();
      if (canSeeDescriptors) expect(openDescriptors(path)).toBe(0);
    },
  );

  it("reads no more than was looked at", async () => {
    const source = new RecordingSource(bytes);
    const recording = await openRecording(source);
    for await (const _ of recording.stream({ batchEvents: 1000 })) break;
    const count = source.reads.length;
    expect(count).toBeLessThanOrEqual(3); // the header, one piece, and one read ahead
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.reads.length).toBe(count);
  });

  it("by throwing hands the error on", async () => {
    const recording = await openRecording(path);
    const error = new Error("mine");
    const loop = async (): Promise<void> => {
      for await (const _ of recording.stream({ batchEvents: 1000 })) throw error;
    };
    await expect(loop()).rejects.toBe(error);
    await recording.close();
    if (canSeeDescriptors) expect(openDescriptors(path)).toBe(0);
  });

  it("does not wait for a source that has gone silent", async () => {
    let sent = false;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (sent) return new Promise(() => {});
        sent = true;
        controller.enqueue(bytes.slice(0, 200_000));
      },
    });
    const recording = await openRecording(stream);
    // Far enough for the next piece to be waited for.
    const loop = async (): Promise<void> => {
      let seen = 0;
      for await (const batch of recording.stream({ batchEvents: 1000 })) {
        seen += batch.numRows;
        if (seen === 40_000) break;
      }
    };
    await expect(decided(loop())).resolves.toBeUndefined();
    await recording.close();
  });

  it("is not needed to see what a live source has sent: borrowed batches come as bytes do", async () => {
    let send: (count: number) => void = () => {};
    let sent = 0;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        send = (count) => {
          controller.enqueue(bytes.slice(sent, sent + count));
          sent += count;
        };
      },
    });
    send(100_000);
    const recording = await openRecording(stream);
    const batches = recording.stream({ batches: "borrowed" })[Symbol.asyncIterator]();
    let events = 0;
    for (let round = 0; round < 5; round++) {
      const expected = (await loadTable(bytes.slice(0, sent))).numRows;
      while (events < expected) {
        const { value } = await decided(batches.next());
        events += value?.numRows ?? Number.NaN;
      }
      expect(events).toBe(expected);
      send(10_001);
    }
    await decided(Promise.resolve(batches.return?.()));
    await recording.close();
  });

  it("asks for nothing before it is asked", async () => {
    const source = new RecordingSource(bytes);
    const recording = await openRecording(source);
    expect(source.reads).toEqual([{ offset: 0, length: 65536 }]);
    const stream = recording.stream();
    const iterator = stream[Symbol.asyncIterator]();
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.reads).toHaveLength(1);
    await iterator.next();
    expect(source.reads.length).toBeGreaterThan(1);
    await iterator.return?.();
  });
});
