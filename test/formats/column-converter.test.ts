import { describe, expect, it } from "vitest";
import { ColumnConverter, INTEGERS, type IntegerType } from "../../src/formats/column-converter.ts";
import { EventMemory } from "../../src/kernels/event-memory.ts";
import * as layout from "../../src/kernels/layout.ts";

const ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
} as const;
const TYPES = Object.keys(ARRAYS) as IntegerType[];

/** Values at the edges of every type, as many as fit into it. */
function edges(type: IntegerType): bigint[] {
  const bits = BigInt(INTEGERS[type].bytes * 8);
  const [least, greatest] = type.startsWith("u")
    ? [0n, 2n ** bits - 1n]
    : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  const values = [0n, 1n, -1n, 2n, 127n, 128n, 255n, 256n, 32767n, 32768n, 65535n, 65536n, 65537n];
  values.push(2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, -129n, least, greatest);
  return values.filter((value) => value >= least && value <= greatest);
}

async function withValues(type: IntegerType, values: readonly bigint[]) {
  const memory = new EventMemory({ inputBytes: 512, tileEvents: 64 });
  const slot = memory.inputs[0];
  const array = new ARRAYS[type](slot.buffer, slot.byteOffset, values.length);
  for (const [index, value] of values.entries()) {
    array[index] = typeof array[0] === "bigint" ? value : (Number(value) as never);
  }
  return { memory, from: slot.byteOffset, converter: await ColumnConverter.create(memory) };
}

describe.each(TYPES)("%s", (type) => {
  const values = edges(type);

  it("gives coordinates, and rejects the rows of those that do not fit", async () => {
    const { memory, from, converter } = await withValues(type, values);
    memory.setTile(3); // events that are there
    converter.coordinates("y", type, from, 5, values.length);
    const fits = values.map((value) => value >= 0n && value <= 65535n);
    for (const [index, value] of values.entries()) {
      if (fits[index]) expect(memory.columns.y[5 + index]).toBe(Number(value));
    }
    const bits = memory.field(layout.REJECTED_BITS);
    const bytes = new Uint8Array(memory.memory.buffer, bits, 8);
    // Rows count from behind the events.
    const rejected = values.map(
      (_, index) => (((bytes[(index + 2) >> 3] ?? 0) >> ((index + 2) & 7)) & 1) === 1,
    );
    expect(rejected).toEqual(fits.map((fit) => !fit));
    expect(memory.field(layout.REJECTED_ROWS) > 0).toBe(fits.includes(false));
    memory.clearRejected();
    expect([...bytes]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it.each([
    [1, 1],
    [1000, 1],
    [1_000_000, 1],
    [1, 1000],
  ])("gives times, times %i by %i", async (factor, divisor) => {
    const { memory, from, converter } = await withValues(type, values);
    const scaled = values.map((value) => {
      const whole = value * BigInt(factor);
      const rest = ((whole % BigInt(divisor)) + BigInt(divisor)) % BigInt(divisor);
      return (whole - rest) / BigInt(divisor); // rounded down
    });
    const fits = (value: bigint) =>
      value * BigInt(factor) === BigInt.asIntN(64, value * BigInt(factor));
    const firstBad = values.findIndex((value) => !fits(value));
    const failed = converter.times(type, { factor, divisor }, from, 2, values.length);
    expect(failed).toBe(firstBad);
    const good = firstBad < 0 ? values.length : firstBad;
    expect([...memory.columns.t.subarray(2, 2 + good)]).toEqual(scaled.slice(0, good));
  });

  it("gives polarities", async () => {
    const { memory, from, converter } = await withValues(type, values);
    converter.polarities(type, from, 1, values.length);
    const expected = values.map((value) => (value > 0n ? 1 : 0));
    expect([...memory.columns.polarity.subarray(1, 1 + values.length)]).toEqual(expected);
  });
});

it("bits give polarities, from any of them on", async () => {
  const memory = new EventMemory({ inputBytes: 64, tileEvents: 64 });
  const converter = await ColumnConverter.create(memory);
  const slot = memory.inputs[0];
  slot.set([0b1010_0110, 0b0011_1100, 0b1111_0001]);
  const bits = [...slot.subarray(0, 3)].flatMap((byte) =>
    Array.from({ length: 8 }, (_, bit) => (byte >> bit) & 1),
  );
  for (let bit = 0; bit < 8; bit++) {
    for (let count = 0; count <= 24 - bit; count++) {
      memory.columns.polarity.fill(9);
      converter.polarityBits(slot.byteOffset, bit, 4, count);
      const written = [...memory.columns.polarity.subarray(4, 4 + count)];
      expect(written).toEqual(bits.slice(bit, bit + count));
      expect(memory.columns.polarity[4 + count]).toBe(9);
    }
  }
});
