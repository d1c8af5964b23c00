import fc from "fast-check";
import { expect, it } from "vitest";
import {
  commonRows,
  countRows,
  firstMissing,
  partsOf,
  RowRangeList,
} from "../../src/formats/row-ranges.ts";

const MOST = 40;
const pair = fc.tuple(fc.nat(MOST), fc.nat(9));

/** Ranges, and whether they hold each row. */
const ranges = fc.array(pair, { maxLength: 12 }).map((pairs) => {
  const list = new RowRangeList();
  const has = new Array<boolean>(2 * MOST).fill(false);
  for (const [start, length] of pairs) {
    list.add(start, start + length);
    has.fill(true, start, start + length);
  }
  return { ranges: list.ranges(), has };
});

const rowsOf = (has: readonly boolean[]): number[] => [...has.keys()].filter((row) => has[row]);
const rowsIn = (list: Iterable<{ start: number; end: number }>): number[] =>
  [...list].flatMap(({ start, end }) => Array.from({ length: end - start }, (_, at) => start + at));

it("ranges hold what was added, in order and apart", () => {
  fc.assert(
    fc.property(ranges, ({ ranges, has }) => {
      expect(rowsIn(ranges)).toEqual(rowsOf(has));
      expect(countRows(ranges)).toBe(rowsOf(has).length);
      for (const [at, { start, end }] of ranges.entries()) {
        expect(start).toBeLessThan(end);
        expect(start).toBeGreaterThan(ranges[at - 1]?.end ?? -1);
      }
    }),
  );
});

it("two lists have in common what both hold", () => {
  fc.assert(
    fc.property(ranges, ranges, (a, b) => {
      const both = a.has.map((has, row) => has && (b.has[row] ?? false));
      expect(rowsIn(commonRows(a.ranges, b.ranges))).toEqual(rowsOf(both));
    }),
  );
});

it("rows are divided into those that are there and those that are missing", () => {
  fc.assert(
    fc.property(ranges, pair, ({ ranges, has }, [start, length]) => {
      const end = start + length;
      const parts = [...partsOf(ranges, { start, end })];
      expect(rowsIn(parts)).toEqual(rowsIn([{ start, end }]));
      for (const { isMissing, ...part } of parts) {
        expect(rowsIn([part]).some((row) => has[row] === isMissing)).toBe(false);
      }
      const missing = rowsIn([{ start, end }]).find((row) => !has[row]) ?? null;
      expect(firstMissing(ranges, start, end)).toBe(missing);
    }),
  );
});

it("no step is taken for each row", () => {
  const far = 2 ** 52;
  const list = [{ start: far, end: far + 10 }];
  expect([...partsOf(list, { start: 0, end: 2 ** 53 - 1 })]).toEqual([
    { start: 0, end: far, isMissing: true },
    { start: far, end: far + 10, isMissing: false },
    { start: far + 10, end: 2 ** 53 - 1, isMissing: true },
  ]);
});
