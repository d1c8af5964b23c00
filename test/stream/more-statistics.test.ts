import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EventStatistics, openRecording, type SensorGeometry } from "../../src/index.ts";
import { TilePass } from "../../src/recording/tiles.ts";
import { type MoreOptions, MoreStatistics } from "../../src/stream/more-statistics.ts";
import { TileStatistics } from "../../src/stream/tile-statistics.ts";
import { cut, ipcOf, plainBatch, tableOf } from "../formats/arrow/tables.ts";
import { referenceHistogram, referencePixels, referenceRate } from "../reference/statistics.ts";
import type { PlainColumns } from "../support/expected-load.ts";
import { SOAK } from "../support/soak.ts";

/** Bunches of events: most pixels and times near each other, some anywhere. */
function someColumns(side: number): fc.Arbitrary<PlainColumns> {
  const near = { x: fc.nat(Math.min(9, side - 1)), y: fc.nat(Math.min(9, side - 1)) };
  const anywhere = { x: fc.nat(side - 1), y: fc.nat(side - 1) };
  const time = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -50, max: 2000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -100_000, max: 100_000 }) },
  );
  const event = fc.oneof(
    { weight: 9, arbitrary: fc.record({ ...near, t: time, on: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ ...anywhere, t: time, on: fc.boolean() }) },
  );
  // Runs of one pixel make it hot, and fill the small count.
  const length = fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 1, max: 4 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 600 }) },
  );
  const run = fc.tuple(event, length);
  return fc.array(run, { maxLength: 60 }).map((runs) => {
    const events = runs.flatMap(([{ x, y, t, on }, length]) =>
      Array.from({ length }, (_, at) => ({ x, y, t: t + at * 7, on: on !== (at % 3 === 0) })),
    );
    return {
      x: Uint16Array.from(events, ({ x }) => x),
      y: Uint16Array.from(events, ({ y }) => y),
      t: BigInt64Array.from(events, ({ t }) => BigInt(t)),
      polarity: Int8Array.from(events, ({ on }) => (on ? 1 : 0)),
    };
  });
}

/** Counts a recording in tiles of these sizes, over and over. */
async function counted(
  bytes: Uint8Array<ArrayBuffer>,
  options: MoreOptions,
  { geometry, sizes = [1000], signed = false }: Counting = {},
): Promise<EventStatistics> {
  const recording = await openRecording(bytes, { geometry });
  const more = new MoreStatistics(options, recording.geometry, recording);
  const statistics = new TileStatistics();
  const pass = new TilePass(recording, {
    polarityEncoding: signed ? "minus-one-one" : "zero-one",
    geometry,
    strict: false,
    outputBytes: more.bytes,
  });
  let tiles = 0;
  for await (const tile of pass.tiles(() => sizes[tiles % sizes.length] as number)) {
    await statistics.add(tile);
    await more.add(tile);
    tiles++;
  }
  return more.addTo(statistics.get());
}

interface Counting {
  geometry?: SensorGeometry | undefined;
  sizes?: readonly number[];
  signed?: boolean;
}

const batchesOf = (columns: PlainColumns, lengths: readonly number[]): Uint8Array<ArrayBuffer> =>
  ipcOf(tableOf(cut(columns, lengths).map(plainBatch)), "file");

describe("rates and pixel counts", () => {
  it("agree with plain maps, whatever the tiles and batches", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(1, 64, 65, 300)
          .chain((side) =>
            fc.tuple(
              fc.constant(side),
              someColumns(side),
              fc.option(fc.integer({ min: side, max: side + 70 })),
            ),
          ),
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 3000 }),
        fc.nat(5),
        fc.boolean(),
        async ([side, columns, width], lengths, sizes, windowUs, hotPixels, signed) => {
          const geometry = width === null ? undefined : { width, height: side };
          const result = await counted(
            batchesOf(columns, lengths),
            { windowUs, hotPixels, histogram: true },
            { geometry, sizes, signed },
          );
          const { rate, pixels, histogram } = result;
          const known = geometry ?? null;
          const expected = referenceRate(columns.t, windowUs);
          expect({ ...rate, reason: 0, counts: 0 }).toEqual({ ...expected, reason: 0, counts: 0 });
          // Comparing long lists with toEqual takes very long.
          expect(String(rate?.counts)).toBe(String(expected.counts));
          expect(rate?.reason === null).toBe(rate?.counts !== null);
          expect(pixels).toEqual(referencePixels(columns, known, hotPixels));
          const whole = referenceHistogram(columns, known);
          expect([histogram?.width, histogram?.height]).toEqual([whole.width, whole.height]);
          for (const part of ["events", "on"] as const) {
            expect(Buffer.compare(bytesOf(histogram?.[part]), bytesOf(whole[part]))).toBe(0);
          }
        },
      ),
      { numRuns: 25 * SOAK },
    );
  });

  it("are there only where they are asked for", async () => {
    const bytes = batchesOf(columnsOf([[1, 2, 3]]), []);
    const parts = ["rate", "pixels", "histogram"];
    const asked = async (options: MoreOptions): Promise<string[]> => {
      const result = await counted(bytes, options);
      return parts.filter((part) => part in result);
    };
    expect(await asked({})).toEqual([]);
    expect(await asked({ windowUs: 1 })).toEqual(["rate"]);
    expect(await asked({ hotPixels: 0 })).toEqual(["pixels"]);
    expect(await asked({ histogram: true })).toEqual(["histogram"]);
    expect(await asked({ histogram: false })).toEqual([]);
  });

  it("of no events are empty", async () => {
    const options = { windowUs: 10, hotPixels: 3, histogram: true };
    const { rate, pixels, histogram } = await counted(batchesOf(columnsOf([]), []), options);
    expect(rate).toEqual({ ...referenceRate(new BigInt64Array(0), 10), reason: null });
    expect(pixels).toEqual(referencePixels(columnsOf([]), null, 3));
    expect(histogram).toEqual(referenceHistogram(columnsOf([]), null));
  });
});

const bytesOf = (counts: Uint32Array<ArrayBuffer> | null | undefined): Uint8Array =>
  new Uint8Array(counts?.buffer ?? []);

/** Columns of ON events. */
function columnsOf(events: readonly (readonly [x: number, y: number, t: number | bigint])[]) {
  return {
    x: Uint16Array.from(events, ([x]) => x),
    y: Uint16Array.from(events, ([, y]) => y),
    t: BigInt64Array.from(events, ([, , t]) => BigInt(t)),
    polarity: new Int8Array(events.length).fill(1),
  };
}

const timesOf = (...times: (number | bigint)[]): Uint8Array<ArrayBuffer> =>
  batchesOf(columnsOf(times.map((t) => [0, 0, t])), []);

describe("the rate", () => {
  const rateOf = async (windowUs: number, ...times: (number | bigint)[]) =>
    (await counted(timesOf(...times), { windowUs }, { sizes: [2] })).rate;

  it("has windows on the multiples of their length, below 0 as well", async () => {
    expect(await rateOf(10, 9, 10, 19, 20, -1, -10, -11)).toEqual({
      windowUs: 10,
      windows: 5,
      start: -20,
      counts: [1, 2, 1, 2, 1],
      reason: null,
      meanEvents: 7 / 5,
      busiest: { start: -10, events: 2, eventsPerSecond: 200_000 },
    });
  });

  it("counts as many windows as it says, and not one more", async () => {
    const most = await rateOf(10, 0, 1_310_719, 5);
    expect(most).toMatchObject({ windows: 131_072, reason: null });
    expect(most?.counts?.length).toBe(131_072);
    expect([most?.counts?.[0], most?.counts?.at(-1)]).toEqual([2, 1]);
    const more = await rateOf(10, 0, 1_310_720, 5);
    expect(more).toMatchObject({ windows: 131_073, start: 0, counts: null, busiest: null });
    expect(more?.meanEvents).toBe(3 / 131_073);
    expect(more?.reason).toContain("131073 windows of 10 us");
  });

  it("holds across any jump of time, forward and back", async () => {
    const far = Number.MAX_SAFE_INTEGER;
    const reasons = [
      await rateOf(1, 0, far),
      await rateOf(1, far, 0, 1),
      await rateOf(1000, 5, -far + 1000, 6),
    ];
    for (const rate of reasons) {
      expect(rate?.counts).toBeNull();
      expect(rate?.reason).toMatch(/^the times span \d+ windows/);
    }
    // The window of that time starts where a number would be rounded.
    await expect(rateOf(1000, 5, -far + 10)).rejects.toMatchObject({ code: "unsafe-time" });
    expect(await rateOf(far, 1, 2, far)).toMatchObject({ windows: 2, counts: [2, 1] });
  });

  it("does not hang or fail on times beyond what a number holds: these are refused as ever", async () => {
    const ends = [2n ** 63n - 1n, -(2n ** 63n)];
    for (const windowUs of [1, 7, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      for (const times of [ends, [...ends].reverse(), [0n, ...ends, 5n], ends.slice(1)]) {
        await expect(rateOf(windowUs, ...times)).rejects.toMatchObject({ code: "unsafe-time" });
      }
    }
  });
});

describe("pixels of a sensor that nobody knows", () => {
  it("are counted wherever they are, and no histogram is made of 4 thousand million", async () => {
    const columns = columnsOf([
      ...Array.from({ length: 30 }, (_, t) => [65535, 65535, t] as const),
      ...Array.from({ length: 40 }, (_, t) => [t, 0, t] as const),
      [65535, 0, 1],
      [0, 65535, 1],
    ]);
    const options = { hotPixels: 2, histogram: true };
    const { pixels, histogram } = await counted(batchesOf(columns, []), options);
    expect(pixels).toEqual(referencePixels(columns, null, 2));
    expect(pixels?.hotPixels).toMatchObject([{ x: 65535, y: 65535, events: 30 }]);
    expect(histogram).toMatchObject({ width: 65536, height: 65536, events: null, on: null });
    expect(histogram?.reason).toContain("65536x65536 pixels");
  });

  it("have no neighbours beyond the edges: rows do not run into each other", async () => {
    const beside = (x: number, y: number) => [x, y, 0] as const;
    const columns = columnsOf([
      ...Array.from({ length: 11 }, () => beside(63, 1)),
      ...[0, 1, 2].flatMap((y) => Array.from({ length: 9 }, () => beside(0, y))),
      ...Array.from({ length: 30 }, (_, at) => beside(at + 10, 20)),
    ]);
    const geometry = { width: 64, height: 64 };
    const { pixels } = await counted(batchesOf(columns, []), { hotPixels: 9 }, { geometry });
    expect(pixels).toEqual(referencePixels(columns, geometry, 9));
    expect(pixels?.hotPixels).toMatchObject([{ x: 63, y: 1 }]);
  });

  it("that lie in more blocks than there is room for are said to be not counted", async () => {
    // One in each block of 64 x 64: 128 rows of 64 blocks are twice as many as are counted.
    const all = Array.from(
      { length: 8192 },
      (_, at) => [(at % 64) * 64 + 5, Math.floor(at / 64) * 64 + 7, 0] as const,
    );
    const options = { hotPixels: 2, histogram: true };
    const bytes = batchesOf(columnsOf([...all, ...all]), []);
    const { events, pixels, histogram } = await counted(bytes, options);
    expect(events).toBe(16_384);
    expect(pixels).toMatchObject({ active: 4096, medianEvents: 2, hot: 0, eventsNotCounted: 8192 });
    expect(histogram).toMatchObject({ events: null, on: null });
    const geometry = { width: 2048, height: 8192 };
    const known = await counted(bytes, { hotPixels: 2 }, { geometry });
    expect(known.pixels).toMatchObject({ active: 4096, eventsNotCounted: 0 });
  });
});

describe("a sensor with few pixels more than a histogram may have", () => {
  it("has its pixels counted, and none", async () => {
    const bytes = batchesOf(columnsOf([[4099, 4098, 0]]), []);
    const options = { hotPixels: 2, histogram: true };
    const large = { width: 4100, height: 4099 };
    const { pixels, histogram } = await counted(bytes, options, { geometry: large });
    expect(pixels).toMatchObject({ active: 1, sensor: 4100 * 4099 });
    expect(histogram).toMatchObject({ ...large, events: null, on: null });
  });
});
