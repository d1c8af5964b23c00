/** Finding rows by their time: by the index of the file where it is right, else by halving. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openHdf5 } from "../../../src/formats/hdf5/open.ts";
import { loadTable } from "../../../src/index.ts";
import { columnsOf } from "../../support/expected-load.ts";
import { SOAK } from "../../support/soak.ts";
import { RecordingSource } from "../../support/sources.ts";
import { madeByLibrary } from "./files.ts";

const OPTIONS = { geometry: undefined, path: undefined, signal: undefined };
const ROWS = 300_000;
const OFFSET = 1_600_000_000_000_000n;
const CHUNK_ROWS = 4096;

type Index = (times: Uint32Array) => BigUint64Array | null;

/** What DSEC says: the first row at or after every millisecond. */
const rightIndex: Index = (times) => {
  const last = Math.floor((times.at(-1) ?? 0) / 1000);
  return BigUint64Array.from({ length: last + 1 }, (_, millisecond) =>
    BigInt(times.findIndex((time) => time >= 1000 * millisecond)),
  );
};

async function fileOf(times: Uint32Array, index: Index): Promise<Uint8Array> {
  const entries = index(times);
  return madeByLibrary((file) => {
    const zeros = new Uint16Array(times.length);
    const chunks = { chunks: [CHUNK_ROWS], maxshape: [null] };
    const group = file.create_group("events");
    group.create_dataset({ name: "x", data: zeros, ...chunks });
    group.create_dataset({ name: "y", data: zeros, ...chunks });
    group.create_dataset({ name: "t", data: times, ...chunks });
    group.create_dataset({ name: "p", data: new Uint8Array(times.length), ...chunks });
    if (entries !== null) file.create_dataset({ name: "ms_to_idx", data: entries });
    file.create_dataset({ name: "t_offset", data: BigInt64Array.of(OFFSET) });
  });
}

const regularTimes = Uint32Array.from({ length: ROWS }, (_, row) => 500 + Math.floor(row / 3));

describe("a row is found by its time", () => {
  it.each<[string, Index]>([
    ["with the index", rightIndex],
    ["without one", () => null],
    ["with an index of zeros", () => new BigUint64Array(100)],
    ["with one that is too short", (times) => rightIndex(times)?.slice(0, 3) ?? null],
    ["with one that goes back", (times) => rightIndex(times)?.reverse() ?? null],
    ["with one beyond the rows", () => new BigUint64Array(200).fill(2n ** 63n)],
    ["with one of the wrong rows", (times) => rightIndex(times)?.map((row) => row / 2n) ?? null],
  ])("%s", async (_, index) => {
    const table = await openHdf5(new RecordingSource(await fileOf(regularTimes, index)), OPTIONS);
    const last = regularTimes.at(-1) ?? 0;
    const offset = table.header.dialect === "DSEC" ? OFFSET : 0n; // without an index it is none
    for (const time of [-5, 0, 499, 500, 501, 999, 1000, 1001, 50_000, 77_777, last, last + 1]) {
      const expected = regularTimes.findIndex((one) => one >= time);
      const found = await table.findRow?.(offset + BigInt(time));
      expect(found, `at ${time}`).toBe(expected < 0 ? ROWS : expected);
    }
    expect(await table.findRow?.(-(2n ** 62n))).toBe(0);
    expect(await table.findRow?.(2n ** 62n)).toBe(ROWS);
  });

  it("whatever the times are, as long as they do not go back", async () => {
    const steps = fc.array(fc.constantFrom(0, 0, 1, 7, 999, 1000, 20_000), { maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(400_000), async (list, time) => {
        let now = 0;
        const times = Uint32Array.from([0, ...list], (step) => {
          now += step;
          return now;
        });
        const table = await openHdf5(new RecordingSource(await fileOf(times, rightIndex)), OPTIONS);
        const expected = times.findIndex((one) => one >= time);
        const found = await table.findRow?.(OFFSET + BigInt(time));
        expect(found).toBe(expected < 0 ? times.length : expected);
      }),
      { numRuns: 10 * SOAK },
    );
  });

  it("that is rounded as loading rounds it: of two whole numbers to the even one", async () => {
    const times = [0, 0.5, 1.5, 2.5, 3.5];
    const bytes = await madeByLibrary((file) => {
      const group = file.create_group("events");
      for (const name of ["x", "y", "p"]) group.create_dataset({ name, data: new Uint8Array(5) });
      group.create_dataset({ name: "t", data: Float64Array.from(times) });
    });
    const hdf5 = { timeUnit: "us" } as const;
    const { t } = columnsOf(await loadTable(bytes, { hdf5 }));
    expect(Array.from(t, Number)).toEqual([0, 0, 2, 2, 4]);
    const table = await openHdf5(new RecordingSource(bytes), { ...OPTIONS, hdf5 });
    for (const time of [0n, 1n, 2n, 3n, 4n]) {
      expect(await table.findRow?.(time)).toBe(t.findIndex((one) => one >= time));
    }
  });

  it("reading a small part of the file", async () => {
    const source = new RecordingSource(await fileOf(regularTimes, rightIndex));
    const table = await openHdf5(source, OPTIONS);
    source.reads.length = 0;
    expect(await table.findRow?.(OFFSET + 50_000n)).toBe(148_500);
    const bytes = source.reads.reduce((total, { length }) => total + length, 0);
    expect(bytes).toBeLessThan(source.byteLength / 20);
  });
});
