import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { deflateSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { platform } from "#platform";
import { EventError } from "../../src/errors.ts";
import type { AheadRules } from "../../src/formats/ahead.ts";
import { ChunksAhead } from "../../src/recording/chunks-ahead.ts";
import { OpenedRecording, openParts } from "../../src/recording/recording.ts";
import { TilePass } from "../../src/recording/tiles.ts";
import { ChunkDesk } from "../../src/source/chunk-desk.ts";
import { collect, countTaken, failToStart, OPTIONS, workHere } from "../support/chunks-ahead.ts";
import { type TestDataset, types, writeHdf5 } from "../support/hdf5-writer.ts";
import { canSeeDescriptors, openDescriptors } from "../support/open-files.ts";

const ROWS = 300_001;

/** Values of a row, told apart from those of any other row close by. */
const VALUES = {
  x: Uint16Array.from({ length: ROWS }, (_, row) => (row * 7) % 641),
  y: Uint16Array.from({ length: ROWS }, (_, row) => (row * 11) % 479),
  t: BigInt64Array.from({ length: ROWS }, (_, row) => BigInt(row * 3 + (row % 5))),
  p: Uint8Array.from({ length: ROWS }, (_, row) => (row >> 3) & 1),
};
const TYPES = {
  x: types.integer(2, false),
  y: types.integer(2, false),
  t: types.integer(8, true),
  p: types.integer(1, false),
};

/** A column in chunks of so many rows; `damaged` is the number of one that is spoiled. */
function column(
  name: keyof typeof VALUES,
  { rows, shuffle, damaged }: { rows: number; shuffle?: boolean; damaged?: number },
): TestDataset {
  const values = VALUES[name];
  const size = values.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(values.buffer);
  const list = [];
  for (let first = 0; first < ROWS; first += rows) {
    const chunk = new Uint8Array(rows * size);
    chunk.set(bytes.subarray(first * size, (first + rows) * size));
    const planes = shuffle ? shuffled(chunk, size) : chunk;
    const stored = Uint8Array.from(deflateSync(planes, { level: 1 }));
    if (list.length === damaged) stored.fill(0xff, 20, 60);
    list.push({ at: [first], bytes: stored });
  }
  const filters = [...(shuffle ? [{ id: 2, values: [size] }] : []), { id: 1, values: [1] }];
  return {
    type: TYPES[name],
    shape: [ROWS],
    chunks: { shape: [rows], list, elementBytes: size },
    filters,
  };
}

function shuffled(bytes: Uint8Array, size: number): Uint8Array {
  const count = bytes.byteLength / size;
  return bytes.map((_, at) => bytes[(at % count) * size + Math.floor(at / count)] as number);
}

describe("chunks that other threads decompress", () => {
  let folder = "";
  const write = async (name: string, events: Record<string, TestDataset>): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, writeHdf5({ events }));
    return path;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "evarrow-chunks-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(() => void vi.restoreAllMocks());

  /** Chunks of every column of another length, none of which ends with a tile. */
  const mixed = (damaged?: number) => ({
    x: column("x", { rows: 9973 }),
    y: column("y", { rows: 50_000, shuffle: true }),
    t: column("t", { rows: 20_011, shuffle: true, ...(damaged !== undefined && { damaged }) }),
    p: column("p", { rows: 131_071 }),
  });

  it.each([
    [2, undefined],
    [2, 40_000],
    [3, 65_536],
    [4, 1000],
  ])("give what one thread reads: %i threads, tiles of %s events", async (threads, tileEvents) => {
    const path = await write("mixed.h5", mixed());
    const one = await collect(path, { tileEvents });
    expect(one.error).toBeNull();
    expect(one.found.t).toEqual([...VALUES.t]);
    workHere();
    const taken = countTaken();
    const several = await collect(path, { tileEvents, threads });
    expect(several).toEqual({ ...one, threads });
    expect(taken()).toBeGreaterThan(3);
  });

  it("come from threads of their own (needs dist)", async () => {
    const path = await write("threads.h5", mixed());
    const taken = countTaken();
    const several = await collect(path, { tileEvents: 50_000, threads: 3 }, () => wait(60));
    expect(several.found.x).toEqual([...VALUES.x]);
    expect(several.found.t).toEqual([...VALUES.t]);
    expect(several.threads).toBe(3);
    expect(taken()).toBeGreaterThan(3);
    if (canSeeDescriptors) expect(openDescriptors(path)).toBe(0);
  });

  it.each([1, 3, 9, 14])("throw the same error when chunk %i is damaged", async (damaged) => {
    const path = await write("damaged.h5", mixed(damaged));
    const one = await collect(path, { tileEvents: 45_000 });
    expect(one.error).toBeInstanceOf(EventError);
    expect(one.error).toMatchObject({ code: "damaged-data", row: damaged * 20_011, path });
    workHere();
    const several = await collect(path, { tileEvents: 45_000, threads: 2 });
    expect(several).toEqual({ ...one, threads: 2 });
  });

  it("throw the same error when one of them is too small for its rows", async () => {
    const events = mixed();
    const [, , chunk] = events.t.chunks?.list ?? [];
    Object.assign(chunk ?? {}, { bytes: Uint8Array.from(deflateSync("hello")) });
    const path = await write("small.h5", events);
    const one = await collect(path, { tileEvents: 15_000 });
    expect(one.error).toMatchObject({ code: "damaged-data", row: 2 * 20_011 });
    workHere();
    const taken = countTaken();
    expect(await collect(path, { tileEvents: 15_000, threads: 2 })).toEqual({ ...one, threads: 2 });
    expect(taken()).toBeGreaterThan(0);
  });

  it("are read by the calling thread when the others fail", async () => {
    const path = await write("failing.h5", mixed());
    const one = await collect(path, {});
    const started = failToStart();
    expect(await collect(path, { threads: 2 })).toEqual({ ...one, threads: 2 });
    expect(started).toHaveBeenCalledTimes(1);
  });

  it("are read by the calling thread when one of them dies with a chunk", async () => {
    const path = await write("dying.h5", mixed());
    const one = await collect(path, { tileEvents: 50_000 });
    vi.spyOn(platform, "startThread").mockImplementation(() => {
      let fail = (_: unknown): void => {};
      return {
        post(message: unknown) {
          const { kind, chunks = [] } = message as { kind: string; chunks?: never[] };
          if (kind === "chunk-desk") desk = new ChunkDesk(...deskOf(message));
          for (const { slot, job } of chunks) desk?.claim(slot, job); // and never ends it
          if (kind === "chunks") setImmediate(() => fail(new Error("it died")));
        },
        onMessage() {},
        onError(listener) {
          fail = listener;
        },
        setAwaited() {},
        async close() {},
      };
    });
    let desk: ChunkDesk | undefined;
    const deskOf = (message: unknown): [SharedArrayBuffer, number] => {
      const { buffer, slots } = message as { buffer: SharedArrayBuffer; slots: number };
      return [buffer, slots];
    };
    const withdraw = vi.spyOn(ChunksAhead.prototype, "withdraw");
    expect(await collect(path, { tileEvents: 50_000, threads: 2 })).toEqual({ ...one, threads: 2 });
    expect(withdraw.mock.results.some(({ value }) => value !== null)).toBe(true);
  });

  it("without memory to share are an error that says so", async () => {
    const path = await write("memory.h5", mixed());
    const { SharedArrayBuffer: Shared } = globalThis;
    globalThis.SharedArrayBuffer = class {
      constructor() {
        throw new RangeError("could not allocate memory");
      }
    } as unknown as typeof Shared;
    try {
      const { error } = await collect(path, { threads: 2 });
      const hint = expect.stringContaining("threads");
      expect(error).toMatchObject({ code: "memory-limit", path, hint });
    } finally {
      globalThis.SharedArrayBuffer = Shared;
    }
  });

  it("are those of the file that was opened, when another one has its name by then", async () => {
    const path = await write("replaced.h5", mixed());
    const recording = new OpenedRecording(await openParts(path));
    const bytes = await readFile(path);
    await rm(path);
    await writeFile(path, bytes.fill(0, 4000, bytes.byteLength - 4000));
    const pass = new TilePass(recording, { ...OPTIONS, threads: 2, tileEvents: 50_000 });
    const times: bigint[] = [];
    workHere();
    for await (const { columns, eventCount } of pass.tiles(() => Number.POSITIVE_INFINITY)) {
      times.push(...columns.t.subarray(0, eventCount));
    }
    await recording.close();
    expect(times).toEqual([...VALUES.t]);
    if (canSeeDescriptors) expect(openDescriptors(path)).toBe(0);
  });
});

const CHUNKS: AheadRules = {
  ...{ content: { kind: "zlib" } as const, roomBytes: 4 * 2 ** 20, deskBytes: 16 * 2 ** 20 },
  ...{ rowsPerThread: 1, forSomeColumns: true },
};

describe("chunks ahead", () => {
  /** With a thread that does what it is told to. */
  function begin() {
    const posted: { chunks: { slot: number; job: number; offset: number }[] }[] = [];
    let desk: ChunkDesk | undefined;
    const thread = {
      post(message: unknown) {
        const { buffer, slots } = message as { buffer?: SharedArrayBuffer; slots: number };
        if (buffer === undefined) posted.push(message as (typeof posted)[0]);
        else desk = new ChunkDesk(buffer, slots);
      },
      onMessage() {},
      onError() {},
      setAwaited() {},
      async close() {},
    };
    const ahead = new ChunksAhead([thread], { path: "a.h5", identity: undefined }, CHUNKS);
    return { ahead, posted, desk: desk as ChunkDesk };
  }

  it("are offered once, as far as there is room", () => {
    const { ahead, posted } = begin();
    const chunks = [10, 20, 30, 40, 50].map((offset) => ({ offset, byteLength: 5 }));
    ahead.offer(chunks.slice(0, 2));
    ahead.offer(chunks);
    ahead.offer(chunks);
    const offered = posted.map(({ chunks }) => chunks.map(({ offset }) => offset));
    expect(offered).toEqual([
      [10, 20],
      [30, 40],
    ]);
    expect(ahead.withdraw({ offset: 50, byteLength: 5 })).toBeNull();
    expect(ahead.withdraw({ offset: 20, byteLength: 5 })).toBeNull();
    ahead.offer(chunks.slice(4));
    expect(posted.at(-1)?.chunks).toMatchObject([{ offset: 50, slot: posted[0]?.chunks[1]?.slot }]);
  });

  it("keep their slot until they were used, also where a file claims two of them at one place", async () => {
    const { ahead, posted, desk } = begin();
    const chunk = { offset: 10, byteLength: 5 };
    ahead.offer([chunk, { offset: 10, byteLength: 6 }]);
    const { slot = -1, job = -1 } = posted[0]?.chunks[0] ?? {};
    desk.claim(slot, job);
    expect(ahead.withdraw({ offset: 10, byteLength: 6 })).toBeNull();
    const [first, second] = [ahead.withdraw(chunk), ahead.withdraw(chunk)];
    expect(second).toBeNull();
    desk.room(slot).set([1, 2]);
    desk.finish(slot, job, 2);
    expect([...((await first?.bytes()) ?? [])]).toEqual([1, 2]);
    first?.release();
    ahead.offer([20, 30, 40, 50, 60].map((offset) => ({ offset, byteLength: 5 })));
    const slots = posted[1]?.chunks.map((chunk) => chunk.slot) ?? [];
    expect(slots.toSorted()).toEqual([0, 1, 2, 3]);
  });

  it("are begun by nobody when all ends", async () => {
    const { ahead, posted, desk } = begin();
    ahead.offer([{ offset: 10, byteLength: 5 }]);
    await ahead.close();
    for (const { slot, job } of posted[0]?.chunks ?? []) expect(desk.claim(slot, job)).toBe(false);
  });
});

describe("the desk", () => {
  it("gives a job to one of those who claim it, and its slot to the next job", () => {
    const desk = ChunkDesk.create(3, 100);
    const other = new ChunkDesk(desk.buffer, 3);
    expect(desk.roomBytes).toBe(104);
    expect([0, 1, 2].map((slot) => desk.room(slot).byteOffset % 8)).toEqual([0, 0, 0]);
    desk.offer(1, 7);
    expect(desk.result(1, 7)).toBeUndefined();
    expect(other.claim(1, 8)).toBe(false);
    expect(other.claim(1, 7)).toBe(true);
    expect(desk.claim(1, 7)).toBe(false);
    expect(desk.result(1, 7)).toBeUndefined();
    other.room(1).set([1, 2, 3]);
    other.finish(1, 7, 3);
    expect([...(desk.result(1, 7) ?? [])]).toEqual([1, 2, 3]);
    desk.offer(1, 8);
    expect(other.claim(1, 7)).toBe(false);
    expect(other.claim(1, 8)).toBe(true);
    other.finish(1, 8, null);
    expect(desk.result(1, 8)).toBeNull();
    expect(desk.result(1, 7)).toBeNull(); // another job has its slot
    expect([...desk.room(0), ...desk.room(2)].every((byte) => byte === 0)).toBe(true);
  });

  it("tells who waits once", () => {
    const desk = ChunkDesk.create(1, 8);
    expect(desk.takeAwaited()).toBe(false);
    desk.await();
    expect([desk.takeAwaited(), desk.takeAwaited()]).toEqual([true, false]);
  });
});
