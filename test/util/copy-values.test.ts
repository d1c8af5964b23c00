import fc from "fast-check";
import { expect, it } from "vitest";
import { copyValues } from "../../src/util/copy-values.ts";
import { SOAK } from "../support/soak.ts";

const ARRAYS = [Uint8Array, Int8Array, Uint16Array, BigInt64Array] as const;
const BYTES = 4096;

/** Memory that holds something everywhere. */
function memory(isShared: boolean, seed: number): Uint8Array {
  const bytes = new Uint8Array(isShared ? new SharedArrayBuffer(BYTES) : new ArrayBuffer(BYTES));
  for (let at = 0; at < BYTES; at++) bytes[at] = (at * 31 + seed) & 255;
  return bytes;
}

it("copies values, and nothing beside them, however both sides lie and whoever shares them", () => {
  const place = fc.record({
    kind: fc.nat(ARRAYS.length - 1),
    from: fc.nat(100),
    to: fc.nat(100),
    at: fc.nat(50),
    count: fc.nat(200),
    shared: fc.tuple(fc.boolean(), fc.boolean()),
  });
  fc.assert(
    fc.property(place, ({ kind, from, to, at, count, shared }) => {
      const Values = ARRAYS[kind] as typeof Uint16Array;
      const size = Values.BYTES_PER_ELEMENT;
      const source = memory(shared[0], 5);
      const target = memory(shared[1], 77);
      const expected = Array.from(target);
      const start = (to + at) * size;
      for (let byte = 0; byte < count * size; byte++) {
        expected[start + byte] = source[from * size + byte] as number;
      }
      copyValues(
        new Values(source.buffer, from * size, count),
        new Values(target.buffer, to * size, 260),
        at,
      );
      expect(Array.from(target)).toEqual(expected);
    }),
    { numRuns: 200 * SOAK },
  );
});
