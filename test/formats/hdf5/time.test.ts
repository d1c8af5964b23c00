/** Times of every unit and type, and polarities and pixels of every kind. */
import { describe, expect, it } from "vitest";
import { formatReport, type Hdf5Options, openRecording } from "../../../src/index.ts";
import type { StoredNumber } from "../../reference/hdf5.ts";
import { type TestGroup, writeHdf5 } from "../../support/hdf5-writer.ts";
import {
  type Column,
  type ColumnType,
  columnDataset,
  columnGroup,
  matrixDataset,
  recordDataset,
  scalarDataset,
} from "./event-files.ts";
import { errorOf, loaded } from "./loads.ts";

/** A group with so many events that differ in time alone. */
function eventsAt(t: Column, names = ["x", "y", "t", "p"]): TestGroup {
  const rows = t[1].length;
  const [x = "", y = "", time = "", p = ""] = names;
  const zeros: Column = ["u1", new Array(rows).fill(0)];
  return columnGroup({ [x]: zeros, [y]: zeros, [time]: t, [p]: zeros });
}

const fileOf = (t: Column, others: TestGroup = {}): Uint8Array<ArrayBuffer> =>
  writeHdf5({ events: eventsAt(t), ...others });

/** The times of a load, and what was assumed of them. */
async function timesIn(bytes: Uint8Array<ArrayBuffer>, hdf5?: Hdf5Options) {
  const { columns, report } = await loaded(bytes, { hdf5 });
  const assumed = report.assumptions.map(({ what, value }) => `${what} ${value}`);
  return { times: [...columns.t], assumed, report };
}

const ONLY_HDF5 = { assumed: [] };
const MS_TO_IDX = { ms_to_idx: columnDataset(["u8", [0n]]) };

describe("whole times", () => {
  it.each<[ColumnType, StoredNumber[]]>([
    ["i1", [-128, 127]],
    ["u1", [0, 255]],
    ["i2", [-32_768, 32_767]],
    ["u2", [0, 65_535]],
    ["i4", [-2_147_483_648, -1, 0, 2_147_483_647]],
    ["u4", [0, 2_147_483_648, 4_294_967_295]],
    ["u8", [0n, 5n, 2n ** 56n]],
    ["i8", [-(2n ** 56n), -1n, 0n, 2n ** 56n]],
    [">i8", [-5n, 1_700_000_000_000_000n]],
    [">u2", [0, 258, 65_535]],
  ])("of the type %s are microseconds", async (type, values) => {
    const expected = values.map(BigInt);
    expect(await timesIn(fileOf([type, values]))).toMatchObject({ ...ONLY_HDF5, times: expected });
  });

  it("since 1970 are microseconds, too", async () => {
    const values = [1_504_645_177_424_096n, 1_504_645_177_424_097n];
    for (const type of ["i8", "u8"] as const) {
      expect(await timesIn(fileOf([type, values]))).toMatchObject({ ...ONLY_HDF5, times: values });
    }
  });

  it("since 1970 in nanoseconds are told from their size, and the report says so", async () => {
    const values = [1_504_645_177_424_096_000n, 1_504_645_177_424_097_999n];
    for (const type of ["i8", "u8", ">i8"] as const) {
      const bytes = fileOf([type, values]);
      const { times, assumed, report } = await timesIn(bytes);
      expect(times).toEqual([1_504_645_177_424_096n, 1_504_645_177_424_097n]);
      expect(assumed).toEqual(["timeUnit ns"]);
      expect(formatReport(report).join()).toMatch(/assumed timeUnit ns: nothing says the unit/);
      const error = await errorOf(bytes, "assumption", { strict: "assumptions" });
      expect(error.hint).toBe("Give `hdf5: { timeUnit }` to state it yourself.");
      expect(await timesIn(bytes, { timeUnit: "ns" })).toMatchObject({ ...ONLY_HDF5, times });
      expect(await timesIn(bytes, { timeUnit: "us" })).toMatchObject({
        ...ONLY_HDF5,
        times: values,
      });
    }
  });

  it("of nanoseconds are rounded down", async () => {
    const values = [-1001n, -1000n, -999n, -1n, 0n, 1n, 999n, 1000n, 1999n];
    expect((await timesIn(fileOf(["i8", values]), { timeUnit: "ns" })).times).toEqual([
      -2n,
      -1n,
      -1n,
      -1n,
      0n,
      0n,
      0n,
      1n,
      1n,
    ]);
  });

  it.each([
    ["s", 1_000_000n],
    ["ms", 1000n],
    ["us", 1n],
  ] as const)("of other units are multiplied: %s", async (timeUnit, factor) => {
    const most = (2n ** 63n - 1n) / factor;
    const values = [-most, -7n, 0n, 1n, most];
    expect((await timesIn(fileOf(["i8", values]), { timeUnit })).times).toEqual(
      values.map((value) => value * factor),
    );
    if (factor === 1n) return;
    for (const beyond of [most + 1n, -most - 1n, 2n ** 63n - 1n]) {
      const error = await errorOf(fileOf(["i8", [1n, beyond]]), "malformed-row", {
        hdf5: { timeUnit },
      });
      expect(error).toMatchObject({ row: 1, found: `${beyond} ${timeUnit}` });
    }
  });

  it("near the ends of 64 bits are as they are", async () => {
    const values = [-(2n ** 63n), -(2n ** 63n) + 1n, 2n ** 63n - 2n, 2n ** 63n - 1n];
    expect((await timesIn(fileOf(["i8", values]), { timeUnit: "us" })).times).toEqual(values);
    const rows = { x: ["u2", [1, 1]], y: ["u2", [1, 1]], p: ["i2", [1, 1]] } as const;
    const t = ["i8", [2n ** 63n - 2n, 2n ** 63n - 1n]] as const;
    // openeb's are microseconds, whatever they look like.
    const bytes = writeHdf5({ CD: { events: recordDataset({ ...rows, t }) } });
    expect(await timesIn(bytes)).toMatchObject({ ...ONLY_HDF5, times: t[1] });
    const unsigned = fileOf(["u8", [2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]]);
    const options = { hdf5: { timeUnit: "us" }, onMalformed: "skip" } as const;
    expect((await loaded(unsigned, options)).report).toMatchObject({
      events: 1,
      malformedLines: 2,
    });
  });
});

describe("times with fractions", () => {
  it("are seconds, to the nearest microsecond", async () => {
    const values = [0.000001, 0.0000024, 0.0000026, 0.1, 0.123456, 1.000001, 1234.567891];
    for (const type of ["f8", ">f8"] as const) {
      expect(await timesIn(fileOf([type, values]))).toMatchObject({
        ...ONLY_HDF5,
        times: [1n, 2n, 3n, 100_000n, 123_456n, 1_000_001n, 1_234_567_891n],
      });
    }
  });

  it("since 1970 keep the steps between them", async () => {
    const start = 1_504_645_177_424_096;
    const steps = Array.from({ length: 2000 }, (_, index) => index + (index >> 3));
    const values = steps.map((step) => (start + step) / 1e6);
    const expected = steps.map((step) => BigInt(start + step));
    expect(await timesIn(fileOf(["f8", values]))).toMatchObject({ ...ONLY_HDF5, times: expected });
    const columns = [values.map(() => 1), values.map(() => 1), values, values.map(() => 1)];
    const left = { events: matrixDataset("f8", columns) };
    const mvsec = await timesIn(writeHdf5({ davis: { left } }));
    expect(mvsec).toMatchObject({ ...ONLY_HDF5, times: expected });
  });

  it("are counted from the first one, whose fraction of a microsecond they share", async () => {
    // Each by itself would be rounded to 0, 1 and 2; the steps between them are of 1.4.
    const values = [0.4e-6, 1.8e-6, 3.2e-6];
    expect((await timesIn(fileOf(["f8", values]))).times).toEqual([0n, 1n, 3n]);
  });

  it("of 32 bits are as exact as they are", async () => {
    const values = [0.25, 0.5, 1.0000001192092896, 100.5].map(Math.fround);
    expect(await timesIn(fileOf(["f4", values]))).toMatchObject({
      ...ONLY_HDF5,
      times: [250_000n, 500_000n, 1_000_000n, 100_500_000n],
    });
  });

  it("may be before 0, and go back", async () => {
    const { times, assumed, report } = await timesIn(fileOf(["f8", [-1.5, -0.000001, 0, -0.25]]));
    expect(times).toEqual([-1_500_000n, -1n, 0n, -250_000n]);
    expect(assumed).toEqual([]);
    expect(report).toMatchObject({ backwardSteps: 1, firstRow: { backwardStep: 3 } });
  });

  it.each([
    ["ms", [0.001, 1.5, 2000.25], [1n, 1500n, 2_000_250n]],
    ["us", [0.2, 1.8, 5], [0n, 2n, 5n]],
    ["ns", [1499.9, 2600.2, 1e9], [1n, 2n, 1_000_000n]], // steps of 1100.3 and 999997399.8
    ["s", [1, 2, 3], [1_000_000n, 2_000_000n, 3_000_000n]],
  ] as const)("of other units are told by the caller: %s", async (timeUnit, values, expected) => {
    const found = await timesIn(fileOf(["f8", values]), { timeUnit });
    expect(found).toMatchObject({ ...ONLY_HDF5, times: expected });
  });

  it("that are whole or too many for seconds are taken for microseconds, which is reported", async () => {
    for (const values of [
      [4096, 4097, 4100],
      [0.5, 1.5, 3_000_000.5],
      [1_504_645_177_424_096, 1_504_645_177_424_097],
    ]) {
      const bytes = fileOf(["f8", values]);
      const { times, assumed, report } = await timesIn(bytes);
      const [first = 0] = values;
      expect(times.map(Number)).toEqual(
        values.map((value) => Math.round(first) + Math.round(value - first)),
      );
      expect(assumed).toEqual(["timeUnit us"]);
      expect(report.assumptions[0]?.reason).toMatch(/^nothing says the unit.* of \/events$/);
      expect((await timesIn(bytes, { timeUnit: "us" })).assumed).toEqual([]);
      if (first > 1e12) continue;
      const seconds = await timesIn(bytes, { timeUnit: "s" });
      expect(Number(seconds.times[0])).toBe(Math.round(first * 1e6));
    }
  });

  it("are of no other unit because of one that is none", async () => {
    const times = [0.5, 0.500001, 0.500002];
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const place of [0, 1, 3]) {
        const values = times.toSpliced(place, 0, odd);
        const bytes = fileOf(["f8", values]);
        const { columns, report } = await loaded(bytes, { onMalformed: "skip" });
        expect([...columns.t]).toEqual([500_000n, 500_001n, 500_002n]);
        expect(report).toMatchObject({ malformedLines: 1, firstRow: { malformedLine: place } });
        expect(report.assumptions).toEqual([]);
      }
    }
  });
});

describe("a unit that the file names", () => {
  it.each([
    ["t_us", ["f8", [1.5, 3]], [2n, 4n]],
    ["t_ns", ["i8", [5000n, 6000n]], [5n, 6n]],
    ["time [ms]", ["u4", [5, 6]], [5000n, 6000n]],
    ["timestamp(s)", ["u4", [5, 6]], [5_000_000n, 6_000_000n]],
  ] as const)("in the name of the column counts: %s", async (name, column, times) => {
    const bytes = writeHdf5({ data: eventsAt(column, ["x", "y", name, "p"]) });
    expect(await timesIn(bytes)).toMatchObject({ ...ONLY_HDF5, times });
  });

  it("as an attribute counts, but for what the caller says", async () => {
    const t = { ...columnDataset(["u4", [5, 6]]), attributes: { units: "milliseconds" } };
    const bytes = writeHdf5({ ...eventsAt(["u4", [5, 6]]), t });
    expect(await timesIn(bytes)).toMatchObject({ ...ONLY_HDF5, times: [5000n, 6000n] });
    expect((await timesIn(bytes, { timeUnit: "s" })).times).toEqual([5_000_000n, 6_000_000n]);
  });
});

describe("an offset", () => {
  const OFFSET = 49_599_300_523n;
  const times: Column = ["u4", [0, 7, 4_294_967_295]];
  const moved = times[1].map((time) => BigInt(time) + OFFSET);

  it("of DSEC is added, and told in the header", async () => {
    const bytes = fileOf(times, { ...MS_TO_IDX, t_offset: scalarDataset("i8", OFFSET) });
    expect(await timesIn(bytes)).toMatchObject({ ...ONLY_HDF5, times: moved });
    const recording = await openRecording(bytes);
    expect(recording.dialect).toBe("DSEC");
    expect(recording.header).toContainEqual([expect.stringMatching(/added/), `${OFFSET}`]);
    // It is part of the times, and not what `rebase` took away.
    expect((await loaded(bytes)).report.timeOffset).toBe(0);
    const rebased = await loaded(bytes, { rebase: true });
    expect([...rebased.columns.t]).toEqual([0n, 7n, 4_294_967_295n]);
    expect(rebased.report.timeOffset).toBe(Number(OFFSET));
  });

  it("that is not there is none", async () => {
    const bytes = fileOf(times, MS_TO_IDX);
    expect(await timesIn(bytes)).toMatchObject({ ...ONLY_HDF5, times: times[1].map(BigInt) });
    expect((await openRecording(bytes)).dialect).toMatch(/DSEC without offset/);
  });

  it("may be below 0, or a list of one", async () => {
    for (const t_offset of [scalarDataset("i8", -5n), columnDataset(["i4", [-5]])]) {
      const bytes = fileOf(times, { ...MS_TO_IDX, t_offset });
      expect((await timesIn(bytes)).times).toEqual([-5n, 2n, 4_294_967_290n]);
    }
  });

  it.each([
    ["a fraction", scalarDataset("f8", 1.5), "1.5"],
    ["too large", scalarDataset("u8", 2n ** 63n), "9223372036854775808n"],
    ["several", columnDataset(["i8", [1n, 2n]]), "2 values"],
    ["nothing", columnDataset(["i8", []]), "another kind of value"],
  ])("that is %s is refused, and can be stated instead", async (_, t_offset, found) => {
    const bytes = fileOf(times, { ...MS_TO_IDX, t_offset });
    const error = await errorOf(bytes, "invalid-header");
    expect(error).toMatchObject({
      expected: "one whole number of microseconds in 64 bits",
      found,
      byteOffset: expect.any(Number),
      hint: "Give `hdf5: { timeOffset: 0 }` to read the times as they are.",
    });
    expect(error.message).toContain("the time offset /t_offset is none");
    expect((await timesIn(bytes, { timeOffset: 0 })).times).toEqual(times[1].map(BigInt));
  });

  it("of the caller's is added instead of the file's: a number, or a place", async () => {
    const others = { ...MS_TO_IDX, t_offset: scalarDataset("i8", 1000n) };
    const bytes = fileOf(times, { ...others, mine: scalarDataset("i8", OFFSET) });
    for (const timeOffset of ["/mine", "mine", Number(OFFSET)]) {
      expect((await timesIn(bytes, { timeOffset })).times).toEqual(moved);
    }
    expect((await timesIn(bytes, { timeOffset: -7 })).times[1]).toBe(0n);
  });

  it("is microseconds, whatever the times are", async () => {
    const bytes = fileOf(["f8", [0.5, 0.75]]);
    const { times: found } = await timesIn(bytes, { timeOffset: 3 });
    expect(found).toEqual([500_003n, 750_003n]);
    const whole = fileOf(["u2", [5, 6]]);
    expect((await timesIn(whole, { timeUnit: "ms", timeOffset: 3 })).times).toEqual([5003n, 6003n]);
  });
});

describe("polarities", () => {
  it.each<[ColumnType, StoredNumber[]]>([
    ["bool", [0, 1, 1, 0]],
    ["i1", [-1, 1, 1, -1]],
    ["u1", [0, 1, 1, 0]],
    ["i2", [-1, 1, 1, 0]],
    ["u2", [0, 1, 1, 0]],
    ["i4", [0, 1, 1, -1]],
    ["u4", [0, 1, 1, 0]],
    ["i8", [-1n, 1n, 1n, 0n]],
    ["u8", [0n, 1n, 1n, 0n]],
    ["f4", [-1, 1, 1, -0]],
    ["f8", [-1, 1, 1, -1]],
    [">f8", [0, 1, 1, -1]],
  ])("of the type %s are OFF and ON", async (type, values) => {
    const events = { ...eventsAt(["u1", [1, 2, 3, 4]]), p: columnDataset([type, values]) };
    const bytes = writeHdf5({ events });
    expect([...(await loaded(bytes)).columns.polarity]).toEqual([0, 1, 1, 0]);
    const signed = await loaded(bytes, { polarityEncoding: "minus-one-one" });
    expect([...signed.columns.polarity]).toEqual([-1, 1, 1, -1]);
    expect(signed.report.polarityEncoding).toBe("minus-one-one");
  });
});

describe("pixels", () => {
  it.each<[ColumnType, StoredNumber[]]>([
    ["u1", [1, 255]],
    ["i2", [1, 32_767]],
    ["u2", [1, 65_535]],
    ["i4", [1, 65_536]],
    ["u8", [1n, 65_536n]],
    ["f4", [1, 65_536]],
    ["f8", [1, 65_536]],
  ])("of the type %s may count from 1", async (type, values) => {
    const pixels = columnDataset([type, values]);
    const bytes = writeHdf5({ ...eventsAt(["u1", [1, 2]]), x: pixels, y: pixels });
    const { columns } = await loaded(bytes, { hdf5: { firstPixel: 1 } });
    const expected = values.map((value) => Number(value) - 1);
    expect([[...columns.x], [...columns.y]]).toEqual([expected, expected]);
    const early = columnDataset([type, values.map((value, index) => (index === 1 ? 0 : value))]);
    const bad = writeHdf5({ ...eventsAt(["u1", [1, 2]]), y: early, x: pixels });
    const error = await errorOf(bad, "malformed-row", { hdf5: { firstPixel: 1 } });
    expect(error).toMatchObject({ row: 1, found: "0" });
  });

  it("of EBSSA count from 1, unless the caller says otherwise", async () => {
    const TD = eventsAt(["f8", [5, 6]], ["x", "y", "ts", "p"]);
    const ones = columnDataset(["f8", [1, 1]]);
    const bytes = writeHdf5({ TD: { ...TD, x: ones, y: ones } });
    expect([...(await loaded(bytes)).columns.x]).toEqual([0, 0]);
    const { columns, report } = await loaded(bytes, { hdf5: { firstPixel: 0 } });
    expect([[...columns.x], [...columns.t]]).toEqual([
      [1, 1],
      [5n, 6n],
    ]);
    expect(report.assumptions).toEqual([]);
  });
});
