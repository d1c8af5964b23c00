import { fileURLToPath } from "node:url";
import { Table } from "apache-arrow";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type EventBatch, loadTable, openRecording, type StreamOptions } from "../../src/node.ts";
import { columnsOf } from "../support/expected-load.ts";
import { longRecording } from "../support/long-recording.ts";

const sample = (name: string): string =>
  fileURLToPath(new URL(`../../data-samples/${name}`, import.meta.url));
const bytes = longRecording(100_000);
const expired = expect.objectContaining({ code: "batch-expired" });

async function stream(options: StreamOptions = {}) {
  const recording = await openRecording(bytes);
  return recording.stream({ batches: "borrowed", batchEvents: 1000, ...options });
}

/** Everything that leads to the values of a batch. */
function usesOf(batch: EventBatch): [name: string, use: () => unknown][] {
  const xs = batch.getChild("x");
  const ts = batch.getChild("t");
  const row = batch.get(3);
  const slice = batch.slice(10, 20);
  const cut = xs?.slice(5, 10);
  const table = new Table([batch]);
  return [
    ["a column", () => batch.getChild("x")],
    ["a value", () => xs?.get(0)],
    ["an array", () => ts?.toArray()],
    ["a loop over a column", () => [...(xs ?? [])]],
    ["a row", () => batch.get(0)?.x],
    ["a row taken before", () => row?.t],
    ["a loop over rows", () => [...batch].map(({ y }) => y)],
    ["a slice", () => slice.getChild("polarity")?.toArray()],
    ["a slice of a column", () => cut?.get(0)],
    ["a table", () => table.getChild("y")?.get(7)],
    ["the data", () => batch.data.children[0]?.values],
  ];
}

describe("a borrowed batch", () => {
  it("is good until the next one is asked for", async () => {
    const expected = columnsOf(await loadTable(bytes));
    for (const checkBorrowed of [true, false]) {
      let row = 0;
      for await (const batch of await stream({ checkBorrowed })) {
        const { x, t } = columnsOf(batch);
        expect(x).toEqual(expected.x.subarray(row, row + batch.numRows));
        expect(t).toEqual(expected.t.subarray(row, row + batch.numRows));
        for (const [, use] of usesOf(batch)) expect(use).not.toThrow();
        row += batch.numRows;
      }
      expect(row).toBe(expected.x.length);
    }
  });

  it("is the memory of one of several threads, and good for as long (needs dist)", async () => {
    const path = sample("falling-bar.evt3.raw");
    const expected = columnsOf(await loadTable(path));
    for (const checkBorrowed of [true, false]) {
      const recording = await openRecording(path);
      const streamer = recording.stream({ batches: "borrowed", threads: 2, checkBorrowed });
      const rows: number[] = [];
      for await (const batch of streamer) rows.push(...columnsOf(batch).x);
      await recording.close();
      expect(Uint16Array.from(rows)).toEqual(expected.x);
      expect(streamer.report?.threads).toBe(2);
    }
  });

  it("throws after that", async () => {
    const batches = (await stream())[Symbol.asyncIterator]();
    const { value } = await batches.next();
    if (!value) throw new Error("no batch");
    const uses = usesOf(value);
    const array = value.getChild("x")?.toArray();
    await batches.next();
    for (const [name, use] of uses) expect(use, name).toThrow(expired);
    expect(array).toHaveLength(0); // its memory was taken away
    expect(value.numRows).toBe(1000);
    await batches.return?.();
  });

  it.each(["break", "throw", "the end", "an error"])("throws after %s", async (how) => {
    let last: EventBatch | undefined;
    const cut = how === "an error" ? bytes.subarray(0, bytes.length - 1) : bytes;
    const recording = await openRecording(cut);
    const loop = async (): Promise<void> => {
      for await (const batch of recording.stream({ batches: "borrowed", strict: true })) {
        last = batch;
        if (how === "break") break;
        if (how === "throw") throw new Error("mine");
      }
    };
    await loop().catch(() => {});
    expect(() => last?.getChild("x")).toThrow(expired);
  });

  it("is the memory of the decoder where nobody checks", async () => {
    const buffers = new Set<ArrayBufferLike>();
    for await (const batch of await stream({ checkBorrowed: false })) {
      for (const name of ["x", "y", "t", "polarity"] as const) {
        const array = batch.getChild(name)?.toArray();
        if (array) buffers.add(array.buffer);
      }
    }
    expect(buffers.size).toBe(1);
  });

  it("spans tiles as a window", async () => {
    const long = longRecording(3 * 1024 * 1024);
    const recording = await openRecording(long);
    for (const checkBorrowed of [true, false]) {
      let total = 0;
      const stream = recording.stream({ batches: "borrowed", windowUs: 300_000, checkBorrowed });
      for await (const { start, end, batch } of stream.windows()) {
        const { t } = columnsOf(batch);
        total += t.length;
        expect(Number(t[0])).toBeGreaterThanOrEqual(start);
        expect(Number(t.at(-1))).toBeLessThan(end);
      }
      expect(total).toBe((await loadTable(long)).numRows);
    }
  });
});

describe("the check of borrowed batches", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });

  async function isOn(options: StreamOptions = {}): Promise<boolean> {
    const batches = (await stream(options))[Symbol.asyncIterator]();
    const { value } = await batches.next();
    await batches.return?.();
    try {
      value?.getChild("x");
      return false;
    } catch {
      return true;
    }
  }

  it.each([
    ["development", true],
    ["test", true],
    ["production", false],
    [undefined, false],
  ])("by NODE_ENV %s is %s", async (environment, expected) => {
    vi.stubEnv("NODE_ENV", environment);
    expect(await isOn()).toBe(expected);
    expect(await isOn({ checkBorrowed: true })).toBe(true);
    expect(await isOn({ checkBorrowed: false })).toBe(false);
  });

  it("is off where there is no process", async () => {
    const recording = await openRecording(bytes);
    vi.stubGlobal("process", undefined);
    const stream = recording.stream({ batches: "borrowed" });
    vi.unstubAllGlobals();
    const batches = stream[Symbol.asyncIterator]();
    const { value } = await batches.next();
    await batches.return?.();
    expect(() => value?.getChild("x")).not.toThrow();
  });
});
