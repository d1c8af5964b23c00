import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type EventBatch,
  type EventStreamer,
  loadStatistics,
  loadTable,
  openRecording,
  type StreamEvent,
  type StreamOptions,
} from "../../src/node.ts";
import { columnsOf, expectSameColumns, joinColumns } from "../support/expected-load.ts";
import { longRecording } from "../support/long-recording.ts";
import { RecordingSource } from "../support/sources.ts";

const bytes = longRecording(3 * 1024 * 1024);

async function open(options: StreamOptions = {}): Promise<EventStreamer> {
  const recording = await openRecording(bytes);
  return recording.stream({ batchEvents: 100_000, ...options });
}

const TILE = 262_144;

describe("forEachBatch", () => {
  it("calls with every batch and its number, one after the other", async () => {
    const stream = await open();
    const parts: ReturnType<typeof columnsOf>[] = [];
    let running = 0;
    const report = await stream.forEachBatch(async (batch, index) => {
      expect(running++).toBe(0);
      expect(index).toBe(parts.length);
      await new Promise((resolve) => setImmediate(resolve));
      parts.push(columnsOf(batch));
      running -= 1;
    });
    expectSameColumns(joinColumns(parts), columnsOf(await loadTable(bytes)));
    expect(report).toBe(stream.report);
    expect(report.events).toBe(joinColumns(parts).x.length);
  });

  it.each(["throws", "rejects"])("stops when what it calls %s", async (how) => {
    const stream = await open();
    const error = new Error("mine");
    let calls = 0;
    const loop = stream.forEachBatch(() => {
      calls += 1;
      if (calls < 3) return undefined;
      if (how === "throws") throw error;
      return Promise.reject(error);
    });
    await expect(loop).rejects.toBe(error);
    expect(calls).toBe(3);
    expect(stream.report?.events).toBe(300_000);
    expect(stream.stats().memoryBytes).toBe(0);
  });

  it("does not wait for what it called when it is aborted", async () => {
    const controller = new AbortController();
    const stream = await open({ signal: controller.signal });
    const reason = new Error("enough");
    const loop = stream.forEachBatch(() => {
      setImmediate(() => controller.abort(reason));
      return new Promise(() => {});
    });
    await expect(loop).rejects.toBe(reason);
    expect(stream.stats().memoryBytes).toBe(0);
  });

  it("needs something to call", async () => {
    const stream = await open();
    await expect(stream.forEachBatch(5 as never)).rejects.toMatchObject({ code: "invalid-option" });
  });
});

describe("toReadableStream", () => {
  it("gives every batch when it is read, and nothing before", async () => {
    const source = new RecordingSource(bytes);
    const recording = await openRecording(source);
    for (const batches of ["owned", "borrowed"] as const) {
      const before = source.reads.length;
      const readable = recording
        .stream({ batches, batchEvents: 100_000, prefetch: 0 })
        .toReadableStream();
      await new Promise((resolve) => setImmediate(resolve));
      expect(source.reads).toHaveLength(before);
      const reader = readable.getReader();
      const parts: ReturnType<typeof columnsOf>[] = [];
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        parts.push(columnsOf(read.value));
      }
      expectSameColumns(joinColumns(parts), columnsOf(await loadTable(bytes)));
    }
  });

  it("errors as the loop does", async () => {
    const recording = await openRecording(bytes.slice(0, -1));
    const reader = recording.stream({ strict: true }).toReadableStream().getReader();
    const sizes: number[] = [];
    const read = async (): Promise<void> => {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        sizes.push(next.value.numRows);
      }
    };
    await expect(read()).rejects.toMatchObject({ code: "data-loss" });
    expect(sizes).toHaveLength(2);
  });

  it("closes the pass when it is cancelled, also in the middle of a read", async () => {
    for (const waits of [false, true]) {
      const stream = await open();
      const reader = stream.toReadableStream().getReader();
      await reader.read();
      const read = waits ? reader.read() : undefined;
      await reader.cancel("no more");
      if (read) expect((await read).done).toBe(true);
      expect(stream.stats().memoryBytes).toBe(0);
      expect(stream.report?.events).toBe(100_000);
    }
  });

  it("is piped", async () => {
    const sizes: number[] = [];
    const sink = new WritableStream<EventBatch>({
      write: ({ numRows }) => void sizes.push(numRows),
    });
    await (await open({ batchEvents: 300_000 })).toReadableStream().pipeTo(sink);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe((await loadTable(bytes)).numRows);
  });
});

describe("stats", () => {
  it("are nothing before a pass, and those of the latest one after it", async () => {
    const stream = await open();
    const none = { bytesRead: 0, events: 0, batches: 0, eventsPerSecond: 0, memoryBytes: 0 };
    expect(stream.stats()).toEqual({ ...none, bytesTotal: bytes.byteLength });
    expect(stream.report).toBeNull();
    const table = await stream.toTable();
    const whole = { bytesRead: bytes.byteLength, bytesTotal: bytes.byteLength };
    expect(stream.stats()).toMatchObject({ ...whole, events: table.numRows, batches: 1 });
    expect(stream.stats().eventsPerSecond).toBeGreaterThan(0);
    expect(stream.stats().memoryBytes).toBe(0);
    for await (const _ of stream) expect(stream.stats().memoryBytes).toBeGreaterThan(0);
    expect(stream.stats()).toMatchObject({ ...whole, events: table.numRows, batches: 8 });
    await stream.toDataFrame();
    expect(stream.stats()).toMatchObject({ ...whole, batches: Math.ceil(table.numRows / TILE) });
  });

  it("only rise while a pass is under way", async () => {
    const stream = await open({ batchEvents: 10_000 });
    let before = stream.stats();
    for await (const _ of stream) {
      const now = stream.stats();
      expect(now.batches).toBe(before.batches + 1);
      expect(now.events).toBeGreaterThanOrEqual(before.events);
      expect(now.bytesRead).toBeGreaterThanOrEqual(before.bytesRead);
      expect(now.memoryBytes).toBeLessThan(12 * 1024 * 1024);
      before = now;
    }
  });
});

describe("the events of a streamer", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  function listen(stream: EventStreamer): [type: string, detail: unknown][] {
    const seen: [string, unknown][] = [];
    for (const type of ["plan", "batch", "end", "error"] as const) {
      stream.addEventListener(type, (event) => void seen.push([event.type, event.detail]));
    }
    return seen;
  }

  it("tell of the plan, each batch, and the end", async () => {
    const stream = await open({ batchEvents: 400_000 });
    const seen = listen(stream);
    const bytesTotal = bytes.byteLength;
    for await (const _ of stream);
    const total = stream.report?.events ?? 0;
    const batches = [
      ["batch", { index: 0, events: 400_000 }],
      ["batch", { index: 1, events: total - 400_000 }],
    ];
    const planned = (mode: string) => expect.objectContaining({ mode, bytesTotal, threads: 1 });
    const plan = ["plan", planned("chunked")];
    expect(seen.splice(0)).toEqual([plan, ...batches, ["end", stream.report]]);
    const direct = ["plan", planned("direct")];
    const batch = (index: number, events: number) => ["batch", { index, events }];
    await stream.toTable();
    expect(seen.splice(0)).toEqual([direct, batch(0, total), ["end", stream.report]]);
    await stream.toDataFrame(); // Polars copies tile by tile
    const tiles = Array.from({ length: Math.ceil(total / TILE) }, (_, index) =>
      batch(index, Math.min(TILE, total - index * TILE)),
    );
    expect(tiles.length).toBeGreaterThan(1);
    expect(seen.splice(0)).toEqual([direct, ...tiles, ["end", stream.report]]);
    for await (const _ of stream) break;
    expect(seen).toEqual([plan, batches[0], ["end", expect.objectContaining({ events: 400_000 })]]);
  });

  it("tell of what failed", async () => {
    const controller = new AbortController();
    const stream = await open({ signal: controller.signal });
    const seen = listen(stream);
    const reason = new Error("enough");
    await expect(stream.forEachBatch(() => controller.abort(reason))).rejects.toBe(reason);
    await expect(stream.toTable()).rejects.toBe(reason);
    expect(seen.map(([type]) => type)).toEqual(["plan", "batch", "error", "plan", "error"]);
    expect(seen.at(-1)).toEqual(["error", reason]);
  });

  it("tell whether the consumer left or failed", async () => {
    const stream = await open();
    const seen = listen(stream);
    const error = new Error("mine");
    for await (const _ of stream) break;
    const last = (): unknown => seen.splice(0).at(-1);
    expect(last()).toEqual(["end", stream.report]);
    const loop = async (): Promise<void> => {
      for await (const _ of stream) throw error;
    };
    await expect(loop()).rejects.toBe(error);
    expect(last()).toEqual(["end", stream.report]); // an iterator is not told why it is left
    const called = stream.forEachBatch(() => {
      throw error;
    });
    await expect(called).rejects.toBe(error);
    expect(last()).toEqual(["error", error]);
  });

  it("go on where a listener throws, which is a warning", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const stream = await open();
    const error = new Error("of the listener");
    stream.addEventListener("batch", () => {
      throw error;
    });
    const seen = listen(stream);
    let batches = 0;
    for await (const _ of stream) batches += 1;
    expect(warn.mock.calls).toEqual(Array(batches).fill([error]));
    expect(seen).toHaveLength(batches + 2);
  });

  it("go on where a promise of a callback or listener is rejected, which is a warning", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const fails = (name: string) => () => Promise.reject(new Error(name));
    const options = { onProgress: fails("progress"), onReport: fails("report") };
    const stream = await open({ batchEvents: 300_000, ...options });
    stream.addEventListener("end", fails("end"));
    await stream.toTable();
    await loadStatistics(bytes, options);
    await new Promise((resolve) => setImmediate(resolve));
    const heard = new Set(warn.mock.calls.map(([error]) => (error as Error).message));
    expect(heard).toEqual(new Set(["progress", "report", "end"]));
  });

  it("are heard as those of any target", async () => {
    const stream = await open({ batchEvents: 300_000 });
    const calls: string[] = [];
    const twice = (): void => void calls.push("function");
    const gone = (): void => void calls.push("gone");
    stream.addEventListener("batch", twice);
    stream.addEventListener("batch", twice); // the same one is called once
    stream.addEventListener("batch", gone);
    stream.removeEventListener("batch", gone);
    stream.addEventListener("batch", () => void calls.push("once"), { once: true });
    const object = {
      calls: 0,
      handleEvent({ detail }: StreamEvent<"batch">): void {
        this.calls += 1;
        expect(detail.events).toBeGreaterThan(0);
      },
    };
    stream.addEventListener("batch", object);
    for await (const _ of stream);
    expect(calls).toEqual(["function", "once", "function", "function"]);
    expect(object.calls).toBe(3);
  });
});
