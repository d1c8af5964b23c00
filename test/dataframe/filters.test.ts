import fc from "fast-check";
import pl, { type DataFrame } from "nodejs-polars";
import { describe, expect, it } from "vitest";
import {
  cropFrame,
  downsampleFrame,
  type FrameRegion,
  type FrameTime,
  filterFrameEvery,
  filterFrameHead,
  filterFramePolarity,
  filterFrameRoi,
  filterFrameTime,
  flipFrame,
  selectFrameColumns,
} from "../../src/dataframe/filters.ts";
import { isEventError } from "../../src/errors.ts";
import { SOAK } from "../support/soak.ts";

interface Event {
  readonly x: number;
  readonly y: number;
  readonly t: bigint;
  readonly polarity: number;
}

const TYPES = [pl.UInt16, pl.UInt16, pl.Int64, pl.Int8];
const NAMES = ["x", "y", "t", "polarity"] as const;

function frameOf(events: readonly Event[]): DataFrame {
  return pl.DataFrame([
    pl.Series("x", Uint16Array.from(events.map(({ x }) => x)) as never),
    pl.Series("y", Uint16Array.from(events.map(({ y }) => y)) as never),
    pl.Series("t", BigInt64Array.from(events.map(({ t }) => t)) as never),
    pl.Series("polarity", Int8Array.from(events.map((event) => event.polarity)) as never),
  ]);
}

/** A frame of several pieces, as a load in chunks gives. */
function inPieces(events: readonly Event[], cut: number): DataFrame {
  const parts = [events.slice(0, cut), events.slice(cut)].map(frameOf);
  return pl.concat(parts, { how: "vertical", rechunk: false });
}

function eventsOf(frame: DataFrame): Event[] {
  expect(frame.columns).toEqual(NAMES);
  frame.dtypes.forEach((type, at) => {
    expect(type.equals(TYPES[at] as never), `${type}`).toBe(true);
  });
  const [x, y, t, polarity] = NAMES.map((name) => [...frame.getColumn(name).toTypedArray()]);
  return Array.from({ length: frame.height }, (_, at) => ({
    x: Number(x?.[at]),
    y: Number(y?.[at]),
    t: BigInt(t?.[at] ?? 0),
    polarity: Number(polarity?.[at]),
  }));
}

const pixel = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 65500, max: 65535 }));
const time = fc.oneof(
  fc.bigInt({ min: -20n, max: 20n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n),
);
const events = fc.array(
  fc.record({ x: pixel, y: pixel, t: time, polarity: fc.constantFrom(-1, 0, 1) }),
  { maxLength: 30 },
);
const bound: fc.Arbitrary<FrameTime | null> = fc.option(
  fc.record({ us: time, isOffset: fc.boolean() }),
);
const region: fc.Arbitrary<FrameRegion> = fc.record({
  x: fc.oneof(fc.nat(20), fc.nat(65535)),
  y: fc.nat(20),
  width: fc.integer({ min: 1, max: 65536 }),
  height: fc.integer({ min: 1, max: 30 }),
});
const isIn = ({ x, y, width, height }: FrameRegion, event: Event): boolean =>
  event.x >= x && event.x < x + width && event.y >= y && event.y < y + height;

/** Checks a step against plain TypeScript, over random frames of two pieces. */
function check<Argument>(
  argument: fc.Arbitrary<Argument>,
  step: (frame: DataFrame, argument: Argument) => DataFrame,
  plain: (list: readonly Event[], argument: Argument) => readonly Event[],
): void {
  fc.assert(
    fc.property(events, fc.nat(30), argument, (list, cut, given) => {
      const frame = inPieces(list, cut);
      expect(eventsOf(step(frame, given))).toEqual(plain(list, given));
      expect(eventsOf(frame)).toEqual(list);
    }),
    { numRuns: 14 * SOAK },
  );
}

describe("steps over a frame", () => {
  it("time", () => {
    check(
      fc.tuple(bound, bound),
      (frame, [start, end]) => filterFrameTime(pl, frame, start, end),
      (list, [start, end]) => {
        const first = list[0]?.t ?? 0n;
        const at = ({ us, isOffset }: FrameTime) => (isOffset ? first + us : us);
        return list.filter(
          ({ t }) => (start === null || t >= at(start)) && (end === null || t < at(end)),
        );
      },
    );
  });

  it("roi, of several regions", () => {
    check(
      fc.array(region, { maxLength: 3 }),
      (frame, regions) => filterFrameRoi(pl, frame, regions),
      (list, regions) => list.filter((event) => regions.some((one) => isIn(one, event))),
    );
  });

  it("polarity", () => {
    check(
      fc.constantFrom("on" as const, "off" as const),
      (frame, polarity) => filterFramePolarity(pl, frame, polarity),
      (list, polarity) => list.filter((event) => (event.polarity === 1) === (polarity === "on")),
    );
  });

  it("every", () => {
    check(
      fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(2 ** 32 + 1, 1e15)),
      (frame, step) => filterFrameEvery(pl, frame, step),
      (list, step) => list.filter((_, at) => at % step === 0),
    );
  });

  it("head", () => {
    check(
      fc.oneof(fc.nat(40), fc.constant(1e15)),
      (frame, most) => filterFrameHead(frame, most),
      (list, most) => list.slice(0, most),
    );
  });

  it("flip", () => {
    check(
      fc.constantFrom("x" as const, "y" as const),
      (frame, axis) => flipFrame(pl, frame, axis, { width: 65536, height: 65536 }),
      (list, axis) => list.map((event) => ({ ...event, [axis]: 65535 - event[axis] })),
    );
    const frame = frameOf([{ x: 0, y: 2, t: 5n, polarity: 1 }]);
    const geometry = { width: 640, height: 480 };
    expect(eventsOf(flipFrame(pl, frame, "x", geometry))[0]).toMatchObject({ x: 639, y: 2 });
    expect(eventsOf(flipFrame(pl, frame, "y", geometry))[0]).toMatchObject({ x: 0, y: 477 });
  });

  it("crop", () => {
    check(
      region,
      (frame, one) => cropFrame(pl, frame, one),
      (list, one) =>
        list
          .filter((event) => isIn(one, event))
          .map((event) => ({ ...event, x: event.x - one.x, y: event.y - one.y })),
    );
  });

  it("downsample", () => {
    check(
      fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(65535, 65536, 1e9)),
      (frame, factor) => downsampleFrame(pl, frame, factor),
      (list, factor) =>
        list.map((event) => ({
          ...event,
          x: Math.floor(event.x / factor),
          y: Math.floor(event.y / factor),
        })),
    );
  });

  it("select", () => {
    const frame = frameOf([{ x: 1, y: 2, t: 3n, polarity: 1 }]);
    expect(selectFrameColumns(frame, ["t", "x"]).columns).toEqual(["t", "x"]);
  });

  it("keep what else is in the frame", () => {
    const frame = frameOf([{ x: 1, y: 2, t: 3n, polarity: 1 }]).withColumns(pl.lit(7).alias("z"));
    const columns = [...NAMES, "z"];
    expect(cropFrame(pl, frame, { x: 0, y: 0, width: 5, height: 5 }).columns).toEqual(columns);
    expect(downsampleFrame(pl, frame, 2).columns).toEqual(columns);
    expect(filterFrameEvery(pl, frame, 2).columns).toEqual(columns);
  });

  it.each<[string, (frame: DataFrame) => DataFrame]>([
    ["x", (frame) => filterFrameRoi(pl, frame, [{ x: 0, y: 0, width: 1, height: 1 }])],
    ["x", (frame) => cropFrame(pl, frame, { x: 0, y: 0, width: 1, height: 1 })],
    ["x", (frame) => downsampleFrame(pl, frame, 2)],
    ["y", (frame) => flipFrame(pl, frame, "y", { width: 1, height: 1 })],
    ["t", (frame) => filterFrameTime(pl, frame, null, null)],
    ["polarity", (frame) => filterFramePolarity(pl, frame, "on")],
  ])("refuse a frame whose %s is missing, or of another type", (name, step) => {
    const frame = frameOf([]);
    for (const other of [frame.drop(name), frame.withColumns(pl.col(name).cast(pl.Float64))]) {
      let error: unknown;
      try {
        step(other);
      } catch (reason) {
        error = reason;
      }
      expect(isEventError(error, "invalid-query"), `${error}`).toBe(true);
      expect((error as Error).message).toContain(` ${name}`);
    }
    expect(() => selectFrameColumns(frame.drop(name), [name as "x"])).toThrow(/no column/);
  });
});
