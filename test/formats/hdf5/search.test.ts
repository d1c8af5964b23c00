/** Finding events among much else: many objects, names that lead in circles, matrices of any order. */
import { describe, expect, it } from "vitest";
import { loadTable, openRecording, reportOf } from "../../../src/index.ts";
import { RecordingSource } from "../../support/sources.ts";
import { madeByLibrary } from "./files.ts";

const ROWS = 500;
const numbers = (value: (row: number) => number) =>
  Array.from({ length: ROWS }, (_, at) => value(at));
const X = numbers((row) => (row * 7) % 320);
const Y = numbers((row) => (row * 5) % 240);
const P = numbers((row) => row % 2);
const T = numbers((row) => 1_000_000 + 3 * row);

type File = Parameters<Parameters<typeof madeByLibrary>[0]>[0];
type Group = Pick<File, "create_dataset">;

function writeEvents(group: Group): void {
  group.create_dataset({ name: "x", data: Uint16Array.from(X) });
  group.create_dataset({ name: "y", data: Uint16Array.from(Y) });
  group.create_dataset({ name: "t", data: Uint32Array.from(T) });
  group.create_dataset({ name: "p", data: Uint8Array.from(P) });
}

function matrixOf(
  columns: readonly (readonly number[])[],
  make = Int32Array.from.bind(Int32Array),
) {
  const data = make(numbers((row) => row).flatMap((row) => columns.map((one) => one[row] ?? 0)));
  return madeByLibrary((file) => {
    file.create_dataset({ name: "events", data, shape: [ROWS, columns.length] });
  });
}

async function expectEvents(bytes: Uint8Array<ArrayBuffer>) {
  const table = await loadTable(bytes);
  const column = (name: string): number[] =>
    Array.from(table.getChild(name as "x")?.toArray() ?? [], Number);
  expect([column("x"), column("y"), column("t")]).toEqual([X, Y, T]);
  expect(column("polarity")).toEqual(P);
  return reportOf(table).assumptions.map(({ what, value }) => `${what} ${value}`);
}

describe("among many objects", () => {
  it("every object is read once, whatever group it stands in", async () => {
    const bytes = await madeByLibrary((file) => {
      writeEvents(file.create_group("events"));
      const frames = file.create_group("frames");
      for (let at = 0; at < 300; at++) {
        const frame = frames.create_group(`${at}`);
        frame.create_dataset({ name: "image", data: new Uint8Array(4) });
      }
    });
    const source = new RecordingSource(bytes);
    const recording = await openRecording(source);
    expect(recording.report.format).toBe("hdf5");
    // Two objects for each of the 300 frames, and a few reads for each object.
    expect(source.reads.length).toBeLessThan(4000);
    await recording.close();
    expect(await expectEvents(bytes)).toEqual([]);
  });

  it("names that lead back to a group around them end nowhere else", async () => {
    const bytes = await madeByLibrary((file) => {
      writeEvents(file.create_group("events"));
      file.create_group("again");
      file.create_hard_link("/", "/again/loop");
      file.create_hard_link("/events", "/same");
      file.create_soft_link("/", "/again/soft");
      file.create_soft_link("/events", "/other");
    });
    expect(await expectEvents(bytes)).toEqual([]);
  });

  it("what was not looked at is said", async () => {
    const bytes = await madeByLibrary((file) => {
      for (let at = 0; at < 4200; at++) file.create_group(`g${at}`);
      writeEvents(file.create_group("zz").create_group("deep"));
    });
    await expect(loadTable(bytes)).rejects.toMatchObject({
      code: "unsupported-format",
      hint: expect.stringContaining("Only 4096 objects were looked at."),
    });
    const at = "/zz/deep";
    const hdf5 = { x: `${at}/x`, y: `${at}/y`, t: `${at}/t`, polarity: `${at}/p` };
    expect((await loadTable(bytes, { hdf5 })).numRows).toBe(ROWS);
  });
});

describe("a matrix", () => {
  it("of v2e needs no assumption", async () => {
    expect(await expectEvents(await matrixOf([T, X, Y, P]))).toEqual([]);
  });

  it.each([
    ["x,y,t,polarity", [X, Y, T, P]],
    ["x,y,polarity,t", [X, Y, P, T]],
  ])("of integers %s is told by its values, which is an assumption", async (order, columns) => {
    const bytes = await matrixOf(columns);
    expect(await expectEvents(bytes)).toEqual([`columns ${order}`]);
    const stated = loadTable(bytes, { strict: "assumptions" });
    await expect(stated).rejects.toMatchObject({
      code: "assumption",
      hint: "Give `hdf5: { x, y, t, polarity }` to state them yourself.",
    });
  });

  it("that could be read in two ways is v2e by assumption", async () => {
    const rising = numbers((row) => row);
    const table = await loadTable(await matrixOf([rising, rising, rising, P]));
    expect(reportOf(table).assumptions).toMatchObject([
      { what: "columns", value: "t,x,y,polarity" },
    ]);
  });

  it("that lies on its side is none", async () => {
    const data = Int32Array.from([T, X, Y, P].flat());
    const bytes = await madeByLibrary((file) => {
      file.create_dataset({ name: "events", data, shape: [4, ROWS] });
    });
    await expect(loadTable(bytes)).rejects.toMatchObject({ code: "unsupported-format" });
  });
});

it("a time offset is added without an index of milliseconds, too", async () => {
  const bytes = await madeByLibrary((file) => {
    writeEvents(file.create_group("events"));
    file.create_dataset({ name: "t_offset", data: BigInt64Array.of(1_600_000_000_000_000n) });
  });
  const table = await loadTable(bytes);
  expect(table.getChild("t")?.get(0)).toBe(1_600_000_001_000_000n);
});
