/** Floating-point numbers of 16 bits, which a few tools save space with. */
import { describe, expect, it } from "vitest";
import { writeHdf5 } from "../../support/hdf5-writer.ts";
import { type Column, columnDataset, columnGroup } from "./event-files.ts";
import { open, readColumn } from "./files.ts";
import { errorOf, loaded } from "./loads.ts";

const PATTERNS = Array.from({ length: 65_536 }, (_, bits) => bits);

/** sign:1 | exponent:5 | fraction:10, as IEEE 754 has them. */
function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15, (bits >> 10) & 31, bits & 1023];
  const factor = sign === 1 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? factor * Number.POSITIVE_INFINITY : Number.NaN;
  const leading = exponent === 0 ? 0 : 1;
  return factor * (leading + fraction / 1024) * 2 ** (Math.max(exponent, 1) - 15);
}

const bitsOf = (value: number): number =>
  PATTERNS.findIndex((bits) => Object.is(half(bits), value));

describe.each(["f2", ">f2"] as const)("halves as %s", (type) => {
  it("are read as what they are", async () => {
    const file = await open(writeHdf5({ all: columnDataset([type, PATTERNS]) }));
    const found = await readColumn(file, "all");
    expect(found).toBeInstanceOf(Float32Array);
    expect(Array.from(found as Float32Array)).toEqual(PATTERNS.map(half));
  });

  it("are coordinates where they are whole", async () => {
    const zeros = PATTERNS.map(() => 0);
    const events = columnGroup(
      { x: [type, PATTERNS], y: ["u1", zeros], t: ["i8", PATTERNS], p: ["u1", zeros] },
      { chunkRows: 7001, filters: [{ id: 2 }, { id: 1 }] },
    );
    const { columns, report } = await loaded(writeHdf5({ events }), { onMalformed: "skip" });
    const whole = PATTERNS.filter((bits) => Number.isInteger(half(bits)) && half(bits) >= 0);
    expect([...columns.t]).toEqual(whole.map(BigInt));
    expect([...columns.x]).toEqual(whole.map((bits) => Math.abs(half(bits))));
    expect(report.malformedLines).toBe(PATTERNS.length - whole.length);
  });

  it("are times and polarities", async () => {
    const of = (...values: number[]): Column => [type, values.map(bitsOf)];
    const group = { x: of(1, 2, 3), y: of(4, 5, 2048), t: of(0, 0.5, 1.25), p: of(-1, 0, 1) };
    const bytes = writeHdf5({ events: columnGroup(group) });
    const { columns } = await loaded(bytes);
    expect([...columns.t]).toEqual([0n, 500_000n, 1_250_000n]);
    expect([...columns.polarity]).toEqual([0, 0, 1]);
    expect([...columns.y]).toEqual([4, 5, 2048]);
    const odd = { ...group, p: of(1, 0.5, 1) };
    const error = await errorOf(writeHdf5({ events: columnGroup(odd) }), "malformed-row");
    expect(error).toMatchObject({ row: 1, found: "0.5" });
  });
});
