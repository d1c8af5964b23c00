import { tableFromArrays, tableToIPC } from "apache-arrow";
import { describe, expect, it } from "vitest";
import {
  type EventStatistics,
  loadStatistics,
  type SampleOptions,
  sampleStatistics,
  scanEvents,
} from "../../src/node.ts";
import { columnsOf, containerOf, segmentOf } from "../support/containers.ts";

const LAST = 2n ** 63n - 1n;
const FIRST = -(2n ** 63n);
const SAFE = 2n ** 53n - 1n;

/** Events at these times as text, which is read whole, and as a container, which states them. */
async function recordings(times: readonly bigint[]): Promise<Record<string, Uint8Array>> {
  const lines = times.map((t) => `1,2,${t},1\n`).join("");
  return {
    text: new TextEncoder().encode(`x,y,t,polarity\n${lines}`),
    evb: await containerOf(columnsOf(times.map((t) => [1, 2, t, 1]))),
  };
}

const WAYS = {
  loadStatistics: (bytes: Uint8Array, options: SampleOptions) => loadStatistics(bytes, options),
  sampleStatistics: (bytes: Uint8Array, options: SampleOptions) => sampleStatistics(bytes, options),
  "query.statistics": (bytes: Uint8Array, options: SampleOptions) =>
    scanEvents(bytes).statistics(options),
};

describe.each(Object.entries(WAYS))("%s", (_, read) => {
  async function each(
    times: readonly bigint[],
    check: (statistics: (options?: SampleOptions) => Promise<EventStatistics>) => Promise<void>,
  ): Promise<void> {
    for (const bytes of Object.values(await recordings(times))) {
      await check((options = {}) => read(bytes, options));
    }
  }

  it("refuses times that no number holds", async () => {
    for (const times of [[LAST], [0n, FIRST], [SAFE + 1n, 0n], [-SAFE, SAFE]]) {
      await each(times, async (statistics) => {
        await expect(statistics()).rejects.toMatchObject({ code: "unsafe-time" });
      });
    }
  });

  it("tells them when it is asked to", async () => {
    await each([5n, LAST, FIRST, 7n], async (statistics) => {
      const durationUs = LAST - FIRST;
      const found = await statistics({ exactTimes: true });
      expect(found).toMatchObject({
        ...{ events: 4, firstTime: 5, lastTime: 7, minTime: null, maxTime: null, minX: 1 },
        durationUs: 2 ** 64,
        exact: { firstTime: 5n, lastTime: 7n, minTime: FIRST, maxTime: LAST, durationUs },
      });
      expect(found.eventsPerSecond).toBeCloseTo(4e6 / 2 ** 64);
    });
    // The times are numbers, the duration is not.
    await each([-SAFE, SAFE], async (statistics) => {
      expect(await statistics({ exactTimes: true })).toMatchObject({
        ...{ firstTime: Number(-SAFE), maxTime: Number(SAFE) },
        exact: { durationUs: 2n * SAFE },
      });
    });
  });

  it("says the same as ever of other times", async () => {
    for (const times of [[], [3n], [0n, SAFE], [-SAFE, 5n - SAFE]]) {
      await each(times, async (statistics) => {
        const found = await statistics({ exactTimes: true });
        expect(found).toEqual(await statistics());
        expect(found.exact).toBeUndefined();
      });
    }
  });

  it("refuses what is no flag", async () => {
    await each([3n], async (statistics) => {
      const wrong = statistics({ exactTimes: 1 } as never);
      await expect(wrong).rejects.toMatchObject({ code: "invalid-option" });
    });
  });
});

describe("exactTimes", () => {
  it("tells where windows start, too", async () => {
    const first = 2n ** 60n; // 1 152 921 504 606 846 976
    const times = [first, first + 1000n, first + 1001n, first + 3000n];
    const start = 1_152_921_504_606_846_000n;
    for (const bytes of Object.values(await recordings(times))) {
      const { rate, exact } = await loadStatistics(bytes, { exactTimes: true, windowUs: 1000 });
      expect(exact).toMatchObject({ minTime: first, durationUs: 3000n });
      expect(rate).toEqual({
        ...{ windowUs: 1000, windows: 4, start: null, counts: [1, 2, 0, 1], reason: null },
        ...{ meanEvents: 1, busiest: null },
        exact: { start, busiest: { start: start + 1000n, events: 2, eventsPerSecond: 2000 } },
      });
      const refused = loadStatistics(bytes, { windowUs: 1000 });
      await expect(refused).rejects.toMatchObject({ code: "unsafe-time" });
    }
  });

  it("keeps the numbers of windows that these hold", async () => {
    const windowUs = Number(SAFE);
    const { text = new Uint8Array() } = await recordings([-2n * SAFE, 5n, 6n]);
    const { rate } = await loadStatistics(text, { exactTimes: true, windowUs });
    expect(rate).toMatchObject({
      start: null,
      counts: [1, 0, 2],
      busiest: { start: 0, events: 2 },
    });
    expect(rate?.exact).toMatchObject({ start: -2n * SAFE, busiest: { start: 0n, events: 2 } });
    for (const times of [[], [5n, 2005n], [SAFE - 1000n]]) {
      for (const bytes of Object.values(await recordings(times))) {
        const found = await loadStatistics(bytes, { exactTimes: true, windowUs: 1000 });
        expect(found).toEqual(await loadStatistics(bytes, { windowUs: 1000 }));
        expect(found.rate?.exact).toBeUndefined();
      }
    }
  });

  it("counts windows that reach beyond 64 bits, and tells those at both ends apart", async () => {
    const windowUs = Number(SAFE);
    for (const times of [
      [FIRST, FIRST + 1n, LAST],
      [LAST, FIRST, LAST],
      [0n, LAST, LAST - 1n, FIRST, 3n],
    ]) {
      const { text = new Uint8Array() } = await recordings(times);
      const { rate } = await loadStatistics(text, { exactTimes: true, windowUs });
      const numberOf = (t: bigint): bigint => (t < 0n ? (t + 1n) / SAFE - 1n : t / SAFE);
      const start = numberOf(FIRST);
      const windows = Number(numberOf(LAST) - start) + 1;
      const counts = new Array<number>(windows).fill(0);
      for (const at of times.map((t) => Number(numberOf(t) - start)))
        counts[at] = (counts[at] ?? 0) + 1;
      expect(rate).toMatchObject({ windows, counts, exact: { start: start * SAFE } });
    }
    // More windows than any number tells exactly are none that are counted.
    const { text = new Uint8Array() } = await recordings([FIRST, LAST]);
    const { rate } = await loadStatistics(text, { exactTimes: true, windowUs: 1 });
    expect(rate).toMatchObject({ windows: 2 ** 64, counts: null, busiest: null });
    expect(rate?.exact).toEqual({ start: FIRST, busiest: null });
    expect(rate?.reason).toContain(`${2n ** 64n} windows of 1 us`);
  });

  it("reads no events of a container", async () => {
    const times = Array.from({ length: 5000 }, (_, at) => LAST - BigInt(at * at));
    const { evb } = await recordings(times);
    const bytes = evb as Uint8Array;
    const { at, bytes: length } = segmentOf(bytes, "CHNK");
    bytes.fill(0, at, at + length);
    const { exact } = await sampleStatistics(bytes, { exactTimes: true });
    expect(exact).toMatchObject({ firstTime: LAST, durationUs: 4999n ** 2n });
  });

  it("reads a large recording as a whole where a sample would have to add such times up", async () => {
    const rows = 5_300_000; // 13 bytes each are more than 64 MiB
    const t = new BigInt64Array(rows).fill(LAST);
    t[123_456] = LAST - 1_000_000n; // which no sample sees
    const columns = { x: new Uint16Array(rows), y: new Uint16Array(rows), t };
    const table = tableFromArrays({ ...columns, polarity: new Int8Array(rows).fill(1) });
    const bytes = tableToIPC(table, "file");
    const found = await sampleStatistics(bytes, { exactTimes: true });
    expect(found).toMatchObject({
      events: rows,
      estimated: false,
      exact: { minTime: LAST - 1_000_000n },
    });
    await expect(sampleStatistics(bytes)).rejects.toMatchObject({ code: "unsafe-time" });
  });
});
