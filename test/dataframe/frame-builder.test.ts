import pl, { type Series } from "nodejs-polars";
import { afterEach, describe, expect, it, vi } from "vitest";
import { platform } from "#platform";
import { FrameBuilder } from "../../src/dataframe/polars.ts";
import { COLUMN_NAMES, type EventColumns } from "../../src/events/columns.ts";

/** Events whose values tell where they stand. */
function batch(first: number, length: number): EventColumns {
  const rows = Array.from({ length }, (_, row) => first + row);
  return {
    length,
    x: Uint16Array.from(rows),
    y: Uint16Array.from(rows, (row) => 65_535 - row),
    t: BigInt64Array.from(rows, (row) => BigInt(row) * -(2n ** 40n)),
    polarity: Int8Array.from(rows, (row) => (row % 2 === 0 ? -1 : 1)),
  };
}

/** Polars as a version may be that hides what a series wraps. */
function hidden(): typeof pl {
  const seen = new Set<string>();
  const Series = (name: string, values: never): Series => {
    const series = pl.Series(name, values);
    if (seen.has(name)) return series;
    seen.add(name);
    return new Proxy(series, {
      get: (target, key) => (key === "inner" ? () => ({}) : Reflect.get(target, key)),
    });
  };
  return { ...pl, Series } as never;
}

describe.each([
  ["as it is", () => pl],
  ["that is made differently", hidden],
])("frames with a Polars %s", (_, polars) => {
  afterEach(() => void vi.restoreAllMocks());

  it.each([[[5]], [[1, 1, 1]], [[0, 3, 0, 4]], [[700, 1, 299]], [[]]])(
    "hold batches of %j events in order, of memory that is used again",
    async (lengths) => {
      vi.spyOn(platform, "importPolars").mockResolvedValue(polars());
      const builder = await FrameBuilder.create(COLUMN_NAMES);
      let events = 0;
      for (const length of lengths) {
        const columns = batch(events, length);
        builder.append(columns);
        for (const name of COLUMN_NAMES) columns[name]?.fill((name === "t" ? 0n : 0) as never);
        events += length;
      }
      const frame = builder.finish();
      const expected = batch(0, events);
      expect(frame.columns).toEqual([...COLUMN_NAMES]);
      expect(frame.height).toBe(events);
      const types = ["UInt16", "UInt16", "Int64", "Int8"];
      expect(frame.dtypes.map((type) => type.variant)).toEqual(types);
      for (const name of COLUMN_NAMES) {
        const values = [...(frame.getColumn(name) as Iterable<number | bigint>)];
        expect(values.map(BigInt)).toEqual(Array.from(expected[name] ?? [], BigInt));
      }
    },
  );

  it("hold the columns that are wanted, in the order of their names", async () => {
    vi.spyOn(platform, "importPolars").mockResolvedValue(polars());
    const builder = await FrameBuilder.create(["t", "x"]);
    builder.append(batch(0, 3));
    builder.append(batch(3, 2));
    expect(builder.finish().columns).toEqual(["t", "x"]);
  });
});

it("Polars is made so that frames are made fast", () => {
  const native = pl.Series("x", new Uint16Array(1) as never).inner();
  for (const name of ["newUint16Array", "newBigint64Array", "newInt8Array"]) {
    expect(native.constructor[name], name).toBeTypeOf("function");
  }
  expect(native.append).toBeTypeOf("function");
});
