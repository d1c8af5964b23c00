/** Options for HDF5: where the columns are, and what is refused. */
import { describe, expect, it } from "vitest";
import { type Hdf5Options, loadTable, openRecording } from "../../../src/index.ts";
import { writeHdf5 } from "../../support/hdf5-writer.ts";
import {
  type Column,
  columnDataset,
  columnGroup,
  matrixDataset,
  recordDataset,
  vectorDataset,
} from "./event-files.ts";
import { errorOf, loaded } from "./loads.ts";

const X: Column = ["u2", [1, 2, 3]];
const Y: Column = ["i4", [4, 5, 6]];
const T: Column = ["i8", [10, 20, 30]];
const P: Column = ["i1", [1, -1, 1]];

/** The same events in every way, under names that say nothing. */
const ANY = writeHdf5({
  one: columnDataset(X),
  "with.dots": columnDataset(P),
  group: {
    two: vectorDataset(Y, true),
    three: vectorDataset(T, false),
    inner: { four: columnDataset(P) },
  },
  records: recordDataset({ a: T, b: P, c: Y, d: X, "e.f": X }),
  matrix: matrixDataset("f8", [P[1], T[1], X[1], Y[1]]),
  turned: { ...matrixDataset("f8", [X[1], Y[1], T[1], P[1]]) },
  many: { long: columnDataset(["u2", [1, 2, 3, 4]]) },
});

describe("columns that the caller names", () => {
  it.each<[string, string, string, string, string]>([
    ["datasets", "/one", "/group/two", "/group/three", "/group/inner/four"],
    ["datasets without the first slash", "one", "group/two", "group/three", "group/inner/four"],
    ["members of records", "/records.d", "/records.c", "/records.a", "/records.b"],
    ["columns of a matrix", "/matrix[2]", "/matrix[3]", "/matrix[1]", "/matrix[0]"],
    ["some of each", "/records.d", "/turned[1]", "/group/three", "/with.dots"],
    ["any matrix without a slash", "turned[0]", "records.c", "matrix[1]", "with.dots"],
  ])("may be %s", async (_, x, y, t, polarity) => {
    const hdf5 = { x, y, t, polarity, timeUnit: "us" } as const;
    const { columns, report } = await loaded(ANY, { hdf5, strict: "assumptions" });
    expect([[...columns.x], [...columns.y]]).toEqual([X[1], Y[1]]);
    expect([...columns.t]).toEqual([10n, 20n, 30n]);
    expect([...columns.polarity]).toEqual([1, 0, 1]);
    expect(report).toMatchObject({ geometry: null, assumptions: [] });
    const recording = await openRecording(ANY, { hdf5 });
    expect(recording.dialect).toBe("as the option `hdf5` states it");
  });

  it("replace those of a layout, whose other facts are not theirs", async () => {
    const events = columnGroup({ x: X, y: Y, t: T, p: P });
    const bytes = writeHdf5({
      events,
      ms_to_idx: columnDataset(["u8", [0]]),
      t_offset: columnDataset(["i8", [1000]]),
    });
    expect([...(await loaded(bytes)).columns.t]).toEqual([1010n, 1020n, 1030n]);
    const hdf5 = { x: "/events/y", y: "/events/x", t: "/events/t", polarity: "/events/p" };
    const { columns } = await loaded(bytes, { hdf5 });
    expect([[...columns.x], [...columns.y]]).toEqual([Y[1], X[1]]);
    expect([...columns.t]).toEqual([10n, 20n, 30n]);
  });

  it("choose one of several streams without ambiguity", async () => {
    const camera = columnGroup({ x: X, y: Y, t: T, p: P });
    const bytes = writeHdf5({ prophesee: { left: camera, right: camera } });
    const at = (name: string) => `/prophesee/right/${name}`;
    const hdf5 = { x: at("x"), y: at("y"), t: at("t"), polarity: at("p") };
    expect((await loaded(bytes, { hdf5 })).report.events).toBe(3);
  });

  it("are dropped off a sensor that a group around them states", async () => {
    const resolution = columnDataset(["i4", [3, 100]]);
    const calib = { resolution };
    const bytes = writeHdf5({ a: { calib, b: columnGroup({ q: X, r: Y, s: T, u: P }) } });
    const hdf5 = { x: "/a/b/q", y: "/a/b/r", t: "/a/b/s", polarity: "/a/b/u" };
    const { report } = await loaded(bytes, { hdf5 });
    expect(report).toMatchObject({
      geometry: { width: 3, height: 100 },
      events: 2,
      eventsOutsideGeometry: 1,
    });
  });
});

describe("a path that names nothing", () => {
  const GOOD = { x: "/one", y: "/group/two", t: "/group/three", polarity: "/with.dots" };

  it.each<[Partial<Hdf5Options>, string, string]>([
    [{ x: "/nothing" }, "hdf5.x names no dataset", "/one (unsigned integer of 16 bits, 3)"],
    [{ y: "/group" }, "hdf5.y names no dataset", "/group/two (integer of 32 bits, 1 x 3)"],
    [
      { t: "/group/three/a" },
      "hdf5.t names no dataset",
      "/group/three (integer of 64 bits, 3 x 1)",
    ],
    [{ polarity: "/" }, "hdf5.polarity names no dataset", "/with.dots"],
    [{ x: "/nothing[0]" }, "hdf5.x names no dataset", "/matrix (float of 64 bits, 3 x 4)"],
    [{ x: "/nothing.x" }, "hdf5.x names no dataset", "/records (compound {a, b, c, d, e.f}, 3)"],
    [{ x: "/records.x" }, "hdf5.x names no column", "a member x in /records"],
    [{ x: "/one.x" }, "hdf5.x names no column", "a member x in /one"],
    [{ x: "/records" }, "hdf5.x names no column", "numbers in /records"],
    [{ x: "/matrix[4]" }, "hdf5.x names no column", "with a column 4 in /matrix, which has 3 x 4"],
    [{ x: "/one[1]" }, "hdf5.x names no column", "with a column 1 in /one"],
    [{ x: "/matrix" }, "hdf5.x names no column", "the number of a column in /matrix"],
  ])("%j is an error that says what there is", async (wrong, problem, expected) => {
    const error = await errorOf(ANY, "invalid-option", { hdf5: { ...GOOD, ...wrong } });
    expect(error.message).toContain(`${problem} of the file: expected `);
    expect(error.expected).toContain(expected);
    expect(error.found).toBe(JSON.stringify(Object.values(wrong)[0]));
  });

  it("or no offset is one, too", async () => {
    for (const [timeOffset, found] of [
      ["/nothing", '"/nothing"'],
      ["/one", "3 values in /one"],
      ["/records", "another kind of value in /records"],
    ] as const) {
      const error = await errorOf(ANY, "invalid-option", { hdf5: { ...GOOD, timeOffset } });
      expect(error).toMatchObject({ found });
      expect(error.message).toContain("hdf5.timeOffset names no time offset");
    }
  });

  it("nor is a column of other rows", async () => {
    const hdf5 = { ...GOOD, t: "/many/long" };
    const error = await errorOf(ANY, "invalid-header", { hdf5 });
    expect(error).toMatchObject({ row: 3, found: "4 in /many/long" });
  });
});

describe("an option that nothing could mean", () => {
  it.each<[string, unknown]>([
    ["hdf5", null],
    ["hdf5", "/events"],
    ["hdf5.x", { x: 5, y: "/y", t: "/t", polarity: "/p" }],
    ["hdf5.polarity", { x: "/x", y: "/y", t: "/t", polarity: "" }],
    ["hdf5", { x: "/x" }],
    ["hdf5", { x: "/x", y: "/y", t: "/t" }],
    ["hdf5.timeUnit", { timeUnit: "seconds" }],
    ["hdf5.timeUnit", { timeUnit: 1 }],
    ["hdf5.timeOffset", { timeOffset: 0.5 }],
    ["hdf5.timeOffset", { timeOffset: Number.NaN }],
    ["hdf5.timeOffset", { timeOffset: 2 ** 60 }],
    ["hdf5.timeOffset", { timeOffset: "" }],
    ["hdf5.timeOffset", { timeOffset: 5n }],
    ["hdf5.firstPixel", { firstPixel: 2 }],
    ["hdf5.firstPixel", { firstPixel: "1" }],
  ])("%s: %o", async (name, hdf5) => {
    const error = await errorOf(ANY, "invalid-option", { hdf5: hdf5 as Hdf5Options });
    expect(error.message).toContain(name);
    expect(error.found).toBeDefined();
    await expect(openRecording(ANY, { hdf5: hdf5 as Hdf5Options })).rejects.toMatchObject({
      code: "invalid-option",
    });
  });

  it("is refused for other formats, too, but a good one is not looked at", async () => {
    const csv = new TextEncoder().encode("x,y,t,polarity\n1,2,3,1\n");
    const options = { hdf5: { timeUnit: "h" as "s" } };
    await expect(loadTable(csv, options)).rejects.toMatchObject({ code: "invalid-option" });
    expect((await loadTable(csv, { hdf5: { timeUnit: "s" } })).get(0)?.t).toBe(3n);
  });
});
