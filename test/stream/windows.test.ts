import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COLUMN_NAMES } from "../../src/index.ts";
import { EventMemory } from "../../src/kernels/event-memory.ts";
import { openRecording, type StreamOptions } from "../../src/node.ts";
import { BatchBuilder } from "../../src/stream/batches.ts";
import { TimeWindows, type WindowGrid } from "../../src/stream/windows.ts";
import { SOAK } from "../support/soak.ts";

interface Window {
  start: bigint;
  end: bigint;
  times: bigint[];
}

/** The plain way: event by event. */
function windowsOf(times: readonly bigint[], { length, origin, empty }: WindowGrid, limit = 1e9) {
  const windows: Window[] = [];
  let reached: bigint | undefined;
  for (const time of times) {
    let index = (time - origin) / length;
    if (origin + index * length > time) index -= 1n;
    const start = origin + index * length;
    const last = windows.at(-1);
    if (last?.start === start && last.times.length > 0 && last.times.length < limit) {
      last.times.push(time);
      continue;
    }
    for (let gap = reached ?? start; empty && gap < start; gap += length) {
      windows.push({ start: gap, end: gap + length, times: [] });
    }
    if (reached === undefined || start + length > reached) reached = start + length;
    windows.push({ start, end: start + length, times: [time] });
  }
  return windows;
}

/** Tiles of the given sizes, in memory that is used again. */
async function* tilesOf(times: readonly bigint[], sizes: readonly number[]) {
  const memory = new EventMemory({ inputBytes: 0, tileEvents: Math.max(1, ...sizes) });
  for (let at = 0, turn = 0; at < times.length; turn++) {
    const tile = times.slice(at, at + (sizes[turn % sizes.length] ?? 1));
    memory.columns.t.set(tile);
    memory.columns.x.set(tile.map((_, index) => (at + index) % 65536));
    memory.setTile(tile.length);
    yield memory;
    at += tile.length;
  }
}

const lists = fc
  .tuple(
    fc.bigInt({ min: -1000n, max: 1000n }),
    fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.bigInt({ min: 0n, max: 3n }) },
        { weight: 2, arbitrary: fc.bigInt({ min: -30n, max: 300n }) },
      ),
      { maxLength: 300, size: "max" },
    ),
  )
  .map(([start, steps]) => {
    let now = start;
    return steps.map((step) => {
      now += step;
      return now;
    });
  });

const grids: fc.Arbitrary<WindowGrid> = fc.record({
  length: fc.bigInt({ min: 1n, max: 200n }),
  origin: fc.bigInt({ min: -500n, max: 500n }),
  empty: fc.boolean(),
});

const tileSizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });

describe("windows", () => {
  it("hold the runs of events of the plain loop, whatever the tiles", async () => {
    const limits = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        ...[lists, grids, tileSizes, fc.boolean(), limits],
        async (times, grid, sizes, borrowed, limit = 1e9) => {
          const plan = { columns: COLUMN_NAMES, limit, grid, expected: times.length, borrowed };
          const found: Window[] = [];
          let row = 0;
          for await (const part of new BatchBuilder(plan).batches(tilesOf(times, sizes))) {
            const { start = 0n, end = 0n } = part.window ?? {};
            found.push({ start, end, times: [...(part.columns.t ?? [])] });
            const xs = part.columns.x ?? [];
            expect(Array.from(xs)).toEqual(Array.from(xs, () => row++));
          }
          expect(found).toEqual(windowsOf(times, grid, limit));
        },
      ),
      { numRuns: 90 * SOAK },
    );
  });

  it("reach over all 64 bits", async () => {
    const times = [-(2n ** 63n), -(2n ** 63n) + 5n, -1n, 0n, 2n ** 63n - 2n, 2n ** 63n - 1n];
    for (const length of [2n, 7n, 1000n, 2n ** 53n - 1n]) {
      const grid = { length, origin: 3n, empty: false };
      const plan = { columns: COLUMN_NAMES, limit: 1e9, grid, expected: 6, borrowed: false };
      const found: Window[] = [];
      for await (const { columns, window } of new BatchBuilder(plan).batches(tilesOf(times, [4]))) {
        found.push({ start: 0n, end: 0n, ...window, times: [...(columns.t ?? [])] });
      }
      expect(found).toEqual(windowsOf(times, grid));
    }
  });
});

describe("the windows of a stream", () => {
  async function csv(times: readonly number[]) {
    const lines = times.map((t, row) => `${row},0,${t},1\n`).join("");
    return openRecording(new TextEncoder().encode(`x,y,t,polarity\n${lines}`), {
      text: { timeUnit: "us" },
    });
  }

  async function read(times: readonly number[], options: StreamOptions) {
    const windows: [start: number, end: number, xs: number[]][] = [];
    const recording = await csv(times);
    for await (const { start, end, batch } of recording.stream(options).windows()) {
      windows.push([start, end, [...(batch.getChild("x") ?? [])].map(Number)]);
    }
    return windows;
  }

  it("lie on the grid, on both sides of 0", async () => {
    expect(await read([-21, -20, -11, -10, -1, 0, 9, 10, 35], { windowUs: 10 })).toEqual([
      [-30, -20, [0]],
      [-20, -10, [1, 2]],
      [-10, 0, [3, 4]],
      [0, 10, [5, 6]],
      [10, 20, [7]],
      [30, 40, [8]],
    ]);
  });

  it("lie on another grid when asked", async () => {
    expect(await read([-1, 0, 2, 3, 12, 13], { windowUs: 10, windowStart: 3 })).toEqual([
      [-7, 3, [0, 1, 2]],
      [3, 13, [3, 4]],
      [13, 23, [5]],
    ]);
  });

  it("follow the times as they are loaded", async () => {
    const options = { windowUs: 10, rebase: true, columns: ["x"] } as const;
    expect(await read([105, 109, 114, 115], options)).toEqual([
      [0, 10, [0, 1, 2]],
      [10, 20, [3]],
    ]);
  });

  it("come again when time steps back, and empty once", async () => {
    const options = { windowUs: 10, emptyWindows: true };
    expect(await read([5, 35, 12, 61], options)).toEqual([
      [0, 10, [0]],
      [10, 20, []],
      [20, 30, []],
      [30, 40, [1]],
      [10, 20, [2]],
      [40, 50, []],
      [50, 60, []],
      [60, 70, [3]],
    ]);
  });

  it("are split when they have more events than a batch may", async () => {
    expect(await read([0, 1, 2, 3, 4, 10, 11], { windowUs: 10, batchEvents: 2 })).toEqual([
      [0, 10, [0, 1]],
      [0, 10, [2, 3]],
      [0, 10, [4]],
      [10, 20, [5, 6]],
    ]);
  });

  it("without events are not handed out without end", async () => {
    const windows = new TimeWindows({ length: 7n, origin: 0n, empty: true });
    windows.reach(windows.at(0n));
    const [first] = windows.reach(windows.at(7n * 1_000_001n)); // a million between the two
    expect(first).toEqual({ start: 7n, end: 14n });
    expect(() => windows.reach(windows.at(7n * 2_000_003n))).toThrow(/1000001 in front/);

    const sizes: number[] = [];
    const recording = await csv([0, 1, 1_000_003]);
    const stream = recording.stream({ windowUs: 1, emptyWindows: true });
    const loop = stream.forEachBatch(({ numRows }) => sizes.push(numRows));
    await expect(loop).rejects.toMatchObject({ code: "invalid-option" });
    expect(sizes).toEqual([1, 1]);
  });

  it("do not show in a table or frame, and are asked for by windowUs", async () => {
    const recording = await csv([0, 10, 20]);
    const stream = recording.stream({ windowUs: 10 });
    expect((await stream.toTable()).batches).toHaveLength(1);
    expect((await stream.toDataFrame()).height).toBe(3);
    expect(() => recording.stream().windows()).toThrow(
      expect.objectContaining({ code: "invalid-option" }),
    );
  });

  it("beyond numbers are refused, but not their batches", async () => {
    const bytes = new TextEncoder().encode(`x,y,t,polarity\n1,1,${2n ** 60n},1\n`);
    const recording = await openRecording(bytes, { text: { timeUnit: "us" } });
    const stream = recording.stream({ windowUs: 10 });
    const found = `${2n ** 60n} us`;
    await expect(stream.windows().next()).rejects.toMatchObject({ code: "unsafe-time", found });
    const sizes: number[] = [];
    for await (const batch of stream) sizes.push(batch.numRows);
    expect(sizes).toEqual([1]);
  });
});
