import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type EventSource,
  type EventTable,
  encodeDat,
  isEventError,
  type LoadOptions,
  type LoadPlan,
  loadEvents,
  loadTable,
  openRecording,
  reportOf,
  type StreamOptions,
} from "../../src/node.ts";
import { platform } from "../../src/platform/node.ts";
import { chunkFor, type PlanRequest, planLoad } from "../../src/stream/plan.ts";
import { without } from "../../src/util/option-names.ts";
import { zstdFrame } from "../support/compressed.ts";
import { cd, concatBytes, recordingOf, timeHigh } from "../support/evt2-words.ts";
import { columnsOf, expectSameColumns } from "../support/expected-load.ts";
import { longRecording } from "../support/long-recording.ts";
import { SOAK } from "../support/soak.ts";
import { PieceSource } from "../support/sources.ts";

const folder = fileURLToPath(new URL("../../data-samples/", import.meta.url));
const samples = readdirSync(folder).filter((name) => !/\.(?:json|md)$/.test(name));

/** The options that a sample is loaded with. */
function optionsOf(name: string): LoadOptions {
  const { options } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
  return { ...options, onMalformed: "skip" };
}

/** A DAT recording: every record is an event, so their number is known. */
async function datOf(events: number): Promise<Uint8Array<ArrayBuffer>> {
  const t = BigInt64Array.from({ length: events }, (_, index) => BigInt(index));
  const x = Uint16Array.from({ length: events }, (_, index) => index % 640);
  const y = Uint16Array.from({ length: events }, (_, index) => index % 480);
  const polarity = Int8Array.from({ length: events }, (_, index) => index % 2);
  return encodeDat(
    { length: events, x, y, t, polarity },
    { geometry: { width: 640, height: 480 } },
  );
}

async function planOf(source: EventSource, request: PlanRequest = {}): Promise<LoadPlan> {
  const recording = await openRecording(source, without(request, { availableBytes: true }));
  try {
    return planLoad(recording, request);
  } finally {
    await recording.close();
  }
}

/** The limit that an error says would work. */
async function workable(work: Promise<unknown>): Promise<number> {
  const error = await work.then(
    () => undefined,
    (caught) => caught,
  );
  if (!isEventError(error, "memory-limit")) throw error ?? new Error("nothing was refused");
  const [, figure] = /^at least (\d+) bytes$/.exec(error.expected ?? "") ?? [];
  expect(error.hint).toContain(`memoryLimitBytes: ${figure}`);
  return Number(figure);
}

/** Everything that chunked and direct loads have in common. */
function factsOf(table: EventTable) {
  const { mode, modeReason, ...report } = reportOf(table);
  const { schema } = table;
  const fields = schema.fields.map(({ name, type, nullable }) => [name, String(type), nullable]);
  return { report, fields, metadata: [...schema.metadata] };
}

function expectSameTables(actual: EventTable, expected: EventTable): void {
  expectSameColumns(columnsOf(actual), columnsOf(expected));
  expect(factsOf(actual)).toEqual(factsOf(expected));
}

afterEach(() => void vi.restoreAllMocks());

describe("the number of events that is planned for", () => {
  it("is exact for records and rows", async () => {
    expect(await planOf(await datOf(1234))).toMatchObject({
      events: 1234,
      eventsKind: "exact",
      bytesPerEvent: 13,
      columnBytes: 1234 * 13,
      threads: 1,
    });
    const arrow = await planOf(join(folder, "falling-bar.arrow"));
    expect(arrow).toMatchObject({ events: 3929, eventsKind: "exact" });
    expect(await planOf(join(folder, "falling-bar.dsec.h5"))).toMatchObject({
      events: 3929,
      eventsKind: "exact",
    });
  });

  it.each(["evt2.raw", "evt21.raw", "legacy.evt21.raw", "evt3.raw", "txt"])(
    "is estimated from the first bytes of %s",
    async (ending) => {
      const { events, eventsKind } = await planOf(join(folder, `falling-bar.${ending}`));
      expect(eventsKind).toBe("estimate");
      expect(Math.abs((events ?? 0) - 3929)).toBeLessThan(10);
    },
  );

  it("follows the share of events among the words", async () => {
    // 99 of 100 words are events, in the first 64 KiB as everywhere.
    const { events } = await planOf(longRecording(4_000_000));
    expect(Math.abs((events ?? 0) - 990_000)).toBeLessThan(1000);
  });

  it("is not known of what is compressed or streamed", async () => {
    const bytes = await datOf(100);
    const unknown = { events: null, eventsKind: "unknown", columnBytes: null, peakBytes: null };
    for (const source of [gzipSync(bytes), new PieceSource(bytes, () => 50)]) {
      expect(await planOf(source)).toMatchObject({ ...unknown, mode: "chunked" });
    }
  });

  it("is 0 for a recording without data", async () => {
    for (const name of ["header-only.dat", "header-only.evt2.raw", "header-only.evt3.raw"]) {
      expect(await planOf(join(folder, name))).toMatchObject({ events: 0, mode: "direct" });
    }
  });

  it("is counted with the columns that are asked for", async () => {
    const columns = ["t", "polarity"] as const;
    expect(await planOf(await datOf(10), { columns })).toMatchObject({ columnBytes: 90 });
  });
});

describe("the mode", () => {
  it("is direct up to the threshold and chunked above it", async () => {
    const bytes = await datOf(1000);
    for (const [streamingThreshold, mode] of [
      [999, "chunked"],
      [1000, "direct"],
      [1001, "direct"],
      [0, "chunked"],
      [Number.POSITIVE_INFINITY, "direct"],
    ] as const) {
      expect((await planOf(bytes, { streamingThreshold })).mode).toBe(mode);
      const table = await loadTable(bytes, { streamingThreshold });
      const frame = await loadEvents(bytes, { streamingThreshold });
      expect(reportOf(table)).toMatchObject({ mode, modeReason: expect.stringMatching(/1,000/) });
      expect(reportOf(frame).mode).toBe(mode);
    }
  });

  it("has five million as its threshold", async () => {
    const header = await datOf(0);
    const sized = async (events: number) => {
      const bytes = new Uint8Array(header.byteLength + events * 8);
      bytes.set(header);
      return (await planOf(bytes)).mode;
    };
    expect(await sized(5_000_000)).toBe("direct");
    expect(await sized(5_000_001)).toBe("chunked");
  });

  it("can be forced", async () => {
    const bytes = await datOf(1000);
    const chunked = await loadTable(bytes, { mode: "chunked" });
    expect(reportOf(chunked)).toMatchObject({
      mode: "chunked",
      modeReason: '`mode: "chunked"` asks for it',
    });
    const direct = await loadTable(bytes, { mode: "direct", streamingThreshold: 1 });
    expect(direct.batches).toHaveLength(1);
    expect(reportOf(direct).mode).toBe("direct");
    expectSameTables(chunked, direct);
  });

  it("is chunked for a stream unless it is forced", async () => {
    const recording = await openRecording(await datOf(1000));
    const sizes = async (options: StreamOptions): Promise<number[]> => {
      const lengths: number[] = [];
      for await (const { numRows } of recording.stream(options)) lengths.push(numRows);
      return lengths;
    };
    expect(await sizes({ batchEvents: 400 })).toEqual([400, 400, 200]);
    expect(await sizes({ mode: "direct" })).toEqual([1000]);
    for (const size of [{ batchEvents: 400 }, { batchBytes: 400 }]) {
      const both = { ...size, mode: "direct" } as const;
      expect(() => recording.stream(both)).toThrow(/exclude each other/);
    }
    expect(() => recording.stream({ batches: "borrowed", mode: "direct" })).toThrow(
      /do not go together/,
    );
  });

  it("makes one batch of what is longer than was estimated", async () => {
    // The first 64 KiB hold times only, so as good as nothing is expected to follow.
    const words = [
      ...Array.from({ length: 20_000 }, (_, index) => timeHigh(index)),
      ...Array.from({ length: 200_000 }, (_, index) =>
        cd(index % 2 === 0 ? 0 : 1, 1, index % 640, 7),
      ),
    ];
    const bytes = recordingOf(words);
    expect((await planOf(bytes)).events).toBeLessThan(100);
    const whole = await loadTable(bytes, { mode: "chunked" });
    const direct = await loadTable(bytes, { mode: "direct" });
    expect(direct.batches).toHaveLength(1);
    expect(direct.numRows).toBe(200_000);
    expectSameTables(direct, whole);
    expectSameTables(await loadTable(bytes), whole);
    const cut = await loadTable(bytes, { streamingThreshold: 50_000 });
    expect(reportOf(cut)).toMatchObject({ mode: "chunked", modeReason: /more events/ });
    expect(cut.batches.map(({ numRows }) => numRows)).toEqual([50_000, 150_000]);
    expectSameTables(cut, whole);
  });

  it("is direct for a compressed recording where that is forced", async () => {
    const bytes = await datOf(50_000);
    const table = await loadTable(gzipSync(bytes), { mode: "direct", streamingThreshold: 1000 });
    expect(table.batches).toHaveLength(1);
    expectSameColumns(columnsOf(table), columnsOf(await loadTable(bytes)));
  });

  it.each([
    [{ mode: "fast" }],
    [{ streamingThreshold: -1 }],
    [{ streamingThreshold: 1.5 }],
    [{ memoryLimitBytes: 0 }],
    [{ memoryLimitBytes: "64MB" }],
    [{ memoryLimitBytes: Number.POSITIVE_INFINITY }],
    [{ readBufferBytes: 100 }],
    [{ readBufferBytes: 2 ** 30 }],
  ])("is not chosen by %j", async (options) => {
    const loading = loadTable(await datOf(1), options as LoadOptions);
    await expect(loading).rejects.toMatchObject({ code: "invalid-option" });
  });
});

describe("chunked and direct loads", () => {
  it.each(samples)("of %s are the same", async (name) => {
    const options = optionsOf(name);
    const path = join(folder, name);
    const direct = await loadTable(path, { ...options, mode: "direct" });
    expect(direct.batches.length).toBeLessThanOrEqual(1);
    expectSameTables(await loadTable(path, { ...options, mode: "chunked" }), direct);
    expectSameTables(await loadTable(path, options), direct);
  });
});

describe("the memory limit", () => {
  it.each(samples)("of %s that is said to work does, and loads the same", async (name) => {
    const options = optionsOf(name);
    const path = join(folder, name);
    const whole = await loadTable(path, options);
    const modes = ["auto", "direct", "chunked"] as const;
    for (const mode of SOAK > 1 ? modes : ([modes[0], modes[1 + (name.length % 2)]] as const)) {
      const limited = (memoryLimitBytes: number): LoadOptions => {
        return { ...options, mode, memoryLimitBytes };
      };
      const least = await workable(loadTable(path, limited(1)));
      expect(await workable(loadTable(path, limited(least - 1)))).toBe(least);
      const plan = await planOf(path, limited(least));
      expect(plan.streamBytes).toBeLessThanOrEqual(least);
      expectSameTables(await loadTable(path, limited(least)), whole);
    }
    const least = await workable(loadEvents(path, { ...options, memoryLimitBytes: 1 }));
    const frame = await loadEvents(path, { ...options, memoryLimitBytes: least });
    expect(frame.height).toBe(whole.numRows);
  });

  it("is refused exactly below the figure, whatever else is asked for", async () => {
    const bytes = await datOf(300_000);
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            mode: fc.constantFrom("auto" as const, "direct" as const, "chunked" as const),
            streamingThreshold: fc.nat(600_000),
            readBufferBytes: fc.integer({ min: 4096, max: 4_000_000 }),
            batchEvents: fc.integer({ min: 1, max: 2_000_000 }),
            columns: fc.constantFrom(["x"] as const, ["t", "polarity"] as const),
          },
          { requiredKeys: [] },
        ),
        fc.double({ min: 1, max: 10, noNaN: true }),
        async (options, times) => {
          const planned = (memoryLimitBytes: number) =>
            planOf(bytes, { ...options, memoryLimitBytes });
          const least = await workable(planned(1));
          expect(await workable(planned(least - 1))).toBe(least);
          for (const memoryLimitBytes of [least, least + 1, Math.ceil(least * times)]) {
            const plan = await planned(memoryLimitBytes);
            expect(plan.streamBytes).toBeLessThanOrEqual(memoryLimitBytes);
            expect(plan.chunkEvents).toBeLessThanOrEqual(options.batchEvents ?? 1_000_000);
          }
        },
      ),
      { numRuns: 25 * SOAK },
    );
  });

  it("makes a recording chunked whose columns do not fit, and says so", async () => {
    const bytes = await datOf(300_000);
    const needed = await workable(planOf(bytes, { mode: "direct", memoryLimitBytes: 1 }));
    expect((await planOf(bytes, { memoryLimitBytes: needed })).mode).toBe("direct");
    const plan = await planOf(bytes, { memoryLimitBytes: needed - 1 });
    expect(plan).toMatchObject({ mode: "chunked", reason: expect.stringContaining("one piece") });
    const scarce = await planOf(bytes, { availableBytes: needed - 1 });
    expect(scarce).toMatchObject({ mode: "chunked", reason: expect.stringMatching(/available/) });
    expect((await planOf(bytes, { availableBytes: needed })).mode).toBe("direct");
  });

  it("is kept by a direct load that was estimated too small, which fails instead", async () => {
    const words = [
      ...Array.from({ length: 20_000 }, (_, index) => timeHigh(index)),
      ...Array.from({ length: 200_000 }, () => cd(1, 1, 2, 3)),
    ];
    const bytes = recordingOf(words);
    const small = await workable(loadTable(bytes, { mode: "direct", memoryLimitBytes: 1 }));
    const failing = loadTable(bytes, { mode: "direct", memoryLimitBytes: small });
    await expect(failing).rejects.toMatchObject({ code: "memory-limit", found: `${small}` });
    const table = await loadTable(bytes, { memoryLimitBytes: small });
    expect(reportOf(table).mode).toBe("chunked");
    expect(table.numRows).toBe(200_000);
  });

  it("is refused without a figure where one piece takes nobody knows how much", async () => {
    const packed = gzipSync(await datOf(500_000), { level: 1 });
    for (const memoryLimitBytes of [1, 10_000_000]) {
      const loading = loadTable(packed, { mode: "direct", memoryLimitBytes });
      const error = await loading.catch((error) => error);
      expect(error).toMatchObject({ code: "memory-limit", found: `${memoryLimitBytes}` });
      expect(error.message).not.toMatch(/at least|estimate/);
      expect(error.hint).toMatch(/`mode: "direct"`/);
      expect(error.hint).toMatch(/larger `memoryLimitBytes`/);
    }
    const table = await loadTable(packed, { memoryLimitBytes: 10_000_000 });
    expect(table.numRows).toBe(500_000);
  });

  it("counts the window of zstd", async () => {
    const bytes = await datOf(100);
    const small = await workable(
      loadTable(zstdFrame(bytes, { windowLog: 10 }), { memoryLimitBytes: 1 }),
    );
    const large = await workable(
      loadTable(zstdFrame(bytes, { windowLog: 25 }), { memoryLimitBytes: 1 }),
    );
    expect(large - small).toBe(2 ** 25 - 2 ** 10);
  });

  it("refuses a larger window further on, with the limit that works", async () => {
    const bytes = await datOf(50_000);
    const middle = 200_000;
    const source = concatBytes(
      zstdFrame(bytes.slice(0, middle), { windowLog: 10, checksum: false }),
      zstdFrame(bytes.slice(middle), { windowLog: 23, checksum: false }),
    );
    expect((await loadTable(source)).numRows).toBe(50_000);
    const first = await workable(loadTable(source, { memoryLimitBytes: 1 }));
    const failing = loadTable(source, { memoryLimitBytes: first });
    await expect(failing).rejects.toThrow(/larger window further on/);
    const least = await workable(loadTable(source, { memoryLimitBytes: first }));
    expect(least).toBeGreaterThan(2 ** 23);
    expect((await loadTable(source, { memoryLimitBytes: least })).numRows).toBe(50_000);
  });
});

describe("the sizes of a plan", () => {
  it("follow the memory: a quarter of it for a chunk", () => {
    for (const target of ["table", "frame", "batches", "borrowed"] as const) {
      expect(chunkFor(0, target)).toBe(100_000);
      expect(chunkFor(6_000_000, target)).toBe(100_000);
      expect(chunkFor(6_000_060, target)).toBe(100_001);
      expect(chunkFor(30_000_000, target)).toBe(500_000);
      expect(chunkFor(60_000_000, target)).toBe(1_000_000);
      expect(chunkFor(1e12, target)).toBe(target === "table" ? 2 ** 25 : 1_000_000);
    }
  });

  it("are those of the options where these are given", async () => {
    const bytes = await datOf(300_000);
    expect(await planOf(bytes, { availableBytes: 4e9 })).toMatchObject({
      chunkEvents: 1_000_000,
      readBufferBytes: 2 ** 21,
      tileEvents: 262_144,
    });
    expect(await planOf(bytes, { readBufferBytes: 50_000, batchEvents: 7 })).toMatchObject({
      chunkEvents: 7,
      readBufferBytes: 50_000,
    });
  });

  it("are assumed where the platform does not tell what is available", async () => {
    const plan = await planOf(await datOf(10), { availableBytes: null });
    expect(plan).toMatchObject({ availableBytes: null, mode: "direct", chunkEvents: 1_000_000 });
  });

  it("load the same with any buffer", async () => {
    const bytes = await datOf(30_000);
    const whole = await loadTable(bytes);
    for (const readBufferBytes of [4096, 4097, 65_536, 1_000_003]) {
      expectSameTables(await loadTable(bytes, { readBufferBytes }), whole);
    }
  });
});

describe("memory that turns out scarcer than planned", () => {
  it("makes chunks smaller, and changes nothing else", async () => {
    const bytes = longRecording(20_000_000);
    const whole = await loadTable(bytes);
    const available = vi.spyOn(platform, "availableMemory");
    available.mockReturnValueOnce(20_000_000).mockReturnValue(1_000_000);
    const recording = await openRecording(bytes);
    const sizes: number[] = [];
    for await (const { numRows } of recording.stream({ prefetch: 0 })) sizes.push(numRows);
    expect(sizes[0]).toBe(chunkFor(20_000_000, "batches"));
    expect(sizes[0]).toBeGreaterThan(100_000);
    expect(sizes.at(-2)).toBeLessThanOrEqual(100_000);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(whole.numRows);
    available.mockReset().mockReturnValueOnce(20_000_000).mockReturnValue(1_000_000);
    expectSameTables(await loadTable(bytes, { mode: "chunked" }), whole);
  });
});

describe("threads", () => {
  it("are planned where they have something to decode, and counted", async () => {
    const words = await openRecording(longRecording(1_000_000));
    const one = planLoad(words, { memoryLimitBytes: 200_000_000 });
    const two = planLoad(words, { threads: 2, memoryLimitBytes: 200_000_000 });
    expect([one.threads, two.threads]).toEqual([1, 2]);
    expect(two.streamBytes).toBeGreaterThan(one.streamBytes + 10_000_000);
    // Under a limit they are left out first.
    expect(planLoad(words, { threads: 2, memoryLimitBytes: 20_000_000 }).threads).toBe(1);
    const live = await openRecording(new Blob([longRecording(100_000)]).stream());
    expect(planLoad(live, { threads: 2 }).threads).toBe(1);
    await live.close();
  });
});
