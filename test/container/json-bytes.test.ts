import { tableFromArrays } from "apache-arrow";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EventTable, exportEvents } from "../../src/node.ts";
import { MemorySink } from "../support/conversions.ts";
import { SOAK } from "../support/soak.ts";

/** Numbers around those that take another digit. */
const near = (most: number): fc.Arbitrary<number> => {
  const powers = [0, 1, 10, 100, 1000, 10_000, 1e5, 1e9, 1e15].filter((power) => power <= most);
  return fc
    .tuple(fc.constantFrom(...powers), fc.integer({ min: -2, max: 2 }))
    .map(([power, step]) => Math.min(Math.max(power + step, 0), most));
};

describe("jsonBytes", () => {
  it("is what JSON.stringify makes of the events, line by line", async () => {
    const event = fc.record({
      x: near(65_535),
      y: near(4095),
      t: fc.tuple(near(2e15), fc.boolean()).map(([t, isBefore]) => (isBefore ? -t : t)),
      polarity: fc.constantFrom(0, 1),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 60 }),
        fc.constantFrom(0, -1),
        async (events, off) => {
          const plain = events.map((one) => ({
            ...one,
            t: one.t === 0 ? 0 : one.t,
            polarity: one.polarity === 1 ? 1 : off,
          }));
          const columns = {
            x: Uint16Array.from(plain, ({ x }) => x),
            y: Uint16Array.from(plain, ({ y }) => y),
            t: BigInt64Array.from(plain, ({ t }) => BigInt(t)),
            polarity: Int8Array.from(plain, ({ polarity }) => polarity),
          };
          const table = tableFromArrays(columns);
          const polarityEncoding = off === 0 ? "zero-one" : "minus-one-one";
          const options = { chunkEvents: 7, polarityEncoding } as const;
          const stats = await exportEvents(
            table as unknown as EventTable,
            new MemorySink(),
            options,
          );
          const lines = plain.map((one) => `${JSON.stringify(one)}\n`).join("");
          expect(stats.jsonBytes).toBe(lines.length);
          expect(stats.jsonRatio).toBeCloseTo(lines.length / stats.bytes);
        },
      ),
      { numRuns: 30 * SOAK },
    );
  });
});
