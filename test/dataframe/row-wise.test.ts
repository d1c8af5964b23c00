import fc from "fast-check";
import pl, { type Expr } from "nodejs-polars";
import { describe, expect, it } from "vitest";
import { checkRowWise } from "../../src/dataframe/row-wise.ts";
import { type EventError, isEventError } from "../../src/errors.ts";
import { SOAK } from "../support/soak.ts";

/** Events as columns. */
interface Events {
  readonly x: number[];
  readonly y: number[];
  readonly t: bigint[];
  readonly polarity: number[];
}

function arrays({ x, y, t, polarity }: Events) {
  return {
    x: Uint16Array.from(x),
    y: Uint16Array.from(y),
    t: BigInt64Array.from(t),
    polarity: Int8Array.from(polarity),
  };
}

const EVENTS: Events = {
  x: [0, 1, 2, 300, 65535, 5],
  y: [7, 0, 2, 299, 65535, 5],
  t: [-5n, 0n, 1_000_000n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)],
  polarity: [1, -1, 0, 1, -1, 1],
};

const { col, lit } = pl;

async function kept(expr: unknown, events: Events = EVENTS): Promise<number[]> {
  const filter = await checkRowWise(expr);
  return [...filter.keep(arrays(events))];
}

async function refusal(expr: unknown): Promise<EventError> {
  const error = await checkRowWise(expr).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!isEventError(error, "invalid-query")) throw new Error(`not refused, but ${error}`);
  return error;
}

describe("checkRowWise", () => {
  it("tells the columns that are read, and the text", async () => {
    const filter = await checkRowWise(
      col("t")
        .gt(5)
        .and(col("x").lt(col("x").plus(1))),
    );
    expect(filter.columns).toEqual(["x", "t"]);
    expect(filter.text).toContain('(col("t")) > (5.0)');
    expect((await checkRowWise(lit(true))).columns).toEqual([]);
  });

  it("keeps numbers to the last digit", async () => {
    const most = 2 ** 53 - 1; // which the JSON of Polars reads back as one less
    const t = BigInt64Array.of(2n ** 53n - 2n, 2n ** 53n - 1n, 2n ** 53n);
    const keep = async (expr: Expr) => [...(await checkRowWise(expr)).keep({ t })];
    expect(await keep(col("t").gtEq(most))).toEqual([0, 1, 1]);
    expect(
      await keep(
        col("t")
          .gtEq(most)
          .or(col("t").isIn([1])),
      ),
    ).toEqual([0, 1, 1]);
    const series = pl.Series("t", BigInt64Array.of(2n ** 53n) as never);
    expect(await keep(col("t").isIn(series).or(col("t").lt(0.5)))).toEqual([0, 0, 1]);
    expect(await keep(col("t").isIn(series).or(col("t").eq(most)))).toEqual([0, 1, 1]);
    const both = col("t").isIn(series).or(col("t").lt(123456789.12345679));
    expect((await refusal(both)).message).toMatch(/rounds a number beside isIn/);
  });

  it("builds its frame of these columns only", async () => {
    const filter = await checkRowWise(col("x").gt(1));
    expect([...filter.keep({ x: Uint16Array.of(0, 1, 2) })]).toEqual([0, 0, 1]);
    expect([...filter.keep({ x: new Uint16Array(0) })]).toEqual([]);
  });

  it("takes constants", async () => {
    expect(await kept(lit(true))).toEqual([1, 1, 1, 1, 1, 1]);
    expect(await kept(lit(1).gt(2))).toEqual([0, 0, 0, 0, 0, 0]);
    const filter = await checkRowWise(lit(true));
    expect([...filter.keep({ length: 2 })]).toEqual([1, 1]);
    expect([...filter.keep({ length: 0, x: new Uint16Array(9) })]).toEqual([]);
  });

  it("takes tiles of 262 144 events, in memory that threads share as well", async () => {
    const count = 262_144;
    const x = new Uint16Array(
      new SharedArrayBuffer(2 * count),
    ) as never as Uint16Array<ArrayBuffer>;
    for (let event = 0; event < count; event++) x[event] = event;
    const mask = (await checkRowWise(col("x").gtEq(100))).keep({ x });
    expect(mask.length).toBe(count);
    expect(mask.every((byte, event) => byte === ((event & 0xffff) >= 100 ? 1 : 0))).toBe(true);
  });

  const { x, y, t, polarity } = EVENTS;
  const at = (test: (event: number) => boolean | null) =>
    x.map((_, event) => (test(event) ? 1 : 0));
  const number = (event: number) => Number(t[event]);
  it.each<[string, () => Expr, number[]]>([
    [
      "isBetween by hand",
      () => col("x").gtEq(1).and(col("x").ltEq(300)),
      at((i) => (x[i] ?? 0) >= 1 && (x[i] ?? 0) <= 300),
    ],
    [
      "or, not",
      () => col("x").eq(5).or(col("y").neq(7)).not(),
      at((i) => !(x[i] === 5 || y[i] !== 7)),
    ],
    ["numbers against t", () => col("t").lt(1_000_001), at((i) => (t[i] ?? 0n) < 1_000_001n)],
    ["negative numbers against t", () => col("t").gt(-6), at((i) => (t[i] ?? 0n) > -6n)],
    [
      "an exact literal",
      () => col("t").gtEq(lit("9007199254740993").cast(pl.Int64)),
      at((i) => (t[i] ?? 0n) >= 2n ** 53n + 1n),
    ],
    ["isIn", () => col("x").isIn([1, 5, 65535]), at((i) => [1, 5, 65535].includes(x[i] ?? 0))],
    [
      "isIn of a series",
      () => col("t").isIn(pl.Series("t", BigInt64Array.of(-5n, 2n ** 53n + 1n) as never)),
      at((i) => [-5n, 2n ** 53n + 1n].includes(t[i] ?? 0n)),
    ],
    ["isIn of nothing", () => col("x").isIn([]), at(() => false)],
    [
      "plus, minus",
      () => col("x").plus(col("y")).minus(3).gt(300),
      at((i) => (((x[i] ?? 0) + (y[i] ?? 0)) & 0xffff) - 3 > 300),
    ],
    [
      "multiply, divide",
      () => col("x").multiplyBy(0.5).divideBy(2).lt(1),
      at((i) => (x[i] ?? 0) / 4 < 1),
    ],
    ["modulo", () => col("x").modulo(2).eq(1), at((i) => (x[i] ?? 0) % 2 === 1)],
    ["casts", () => col("x").cast(pl.Int8).eq(5), at((i) => x[i] === 5)],
    ["a cast that gives null", () => col("x").cast(pl.Int8).isNull(), at((i) => (x[i] ?? 0) > 127)],
    ["casts to Bool", () => col("polarity").cast(pl.Bool), at((i) => polarity[i] !== 0)],
    [
      "abs, floor, ceil, round",
      () =>
        col("polarity")
          .abs()
          .eq(1)
          .and(col("x").divideBy(2.0).floor().eq(col("x").divideBy(2).ceil()))
          .and(col("x").round(0).gtEq(0)),
      at((i) => polarity[i] !== 0 && (x[i] ?? 0) % 2 === 0),
    ],
    [
      "pow, exp, log",
      () =>
        col("x")
          .pow(2)
          .plus(col("y").pow(2))
          .lt(60)
          .and(col("x").divideBy(70000).exp().gtEq(1))
          .and(col("x").plus(1).log(2).lt(3)),
      at((i) => (x[i] ?? 0) ** 2 + (y[i] ?? 0) ** 2 < 60),
    ],
    ["trigonometry", () => col("x").sin().gt(0), at((i) => Math.sin(x[i] ?? 0) > 0)],
    ["clip", () => col("x").clip(1, 5).eq(5), at((i) => (x[i] ?? 0) >= 5)],
    [
      "a ternary",
      () => pl.when(col("polarity").gt(0)).then(col("x")).otherwise(col("y")).eq(0),
      at((i) => ((polarity[i] ?? 0) > 0 ? x[i] : y[i]) === 0),
    ],
    [
      "a ternary with null",
      () => pl.when(col("x").gt(2)).then(lit(true)).otherwise(lit(null)),
      at((i) => (x[i] ?? 0) > 2),
    ],
    [
      "horizontal functions",
      () =>
        pl
          .maxHorizontal([col("x"), col("y")])
          .gt(5)
          .and(pl.minHorizontal([col("x"), col("y")]).lt(5)),
      at((i) => Math.max(x[i] ?? 0, y[i] ?? 0) > 5 && Math.min(x[i] ?? 0, y[i] ?? 0) < 5),
    ],
    [
      "all and any",
      () =>
        pl
          .allHorizontal([col("x").gt(0), col("y").gt(0)])
          .and(pl.anyHorizontal([col("x").gt(2), col("polarity").gt(0)])),
      at((i) => (x[i] ?? 0) > 0 && (y[i] ?? 0) > 0 && ((x[i] ?? 0) > 2 || (polarity[i] ?? 0) > 0)),
    ],
    [
      "tests of floats",
      () => col("x").divideBy(0.0).isFinite().not().and(col("x").divideBy(0.0).isNan().not()),
      at((i) => x[i] !== 0),
    ],
    [
      "fillNull and fillNan",
      () =>
        lit(0).divideBy(col("x").multiplyBy(1.0)).fillNan(9).eq(9).or(lit(null).fillNull(0).eq(1)),
      at((i) => x[i] === 0),
    ],
    ["aliases", () => col("x").gt(1).alias("polarity"), at((i) => (x[i] ?? 0) > 1)],
    [
      "comparisons of all columns",
      () =>
        col("t")
          .gt(col("x"))
          .and(col("y").gt(col("polarity"))),
      at((i) => (t[i] ?? 0n) > BigInt(x[i] ?? 0) && (y[i] ?? 0) > (polarity[i] ?? 0)),
    ],
    ["what is always null", () => col("x").gt(lit(null)), at(() => false)],
  ])("evaluates %s", async (_, expr, expected) => {
    expect(number(1)).toBe(0);
    expect(await kept(expr())).toEqual(expected);
  });

  it("does not throw midway", async () => {
    const zero = col("x").minus(col("x"));
    const minusOne = lit(-1).cast(pl.Int64);
    expect(await kept(col("t").divideBy(zero).gt(0))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await kept(col("t").modulo(zero).eq(0))).toEqual([0, 0, 0, 0, 0, 0]);
    for (const expr of [
      col("t").divideBy(minusOne).gt(0),
      col("t").modulo(minusOne).gt(0),
      col("t").abs().gt(0),
      col("t").multiplyBy(col("t")).gt(0),
      col("t").minus(col("t").abs()).gt(0),
      col("t").cast(pl.Int8).cast(pl.Float32).gt(0),
      col("x").log(0).gt(0),
      col("x").clip(9, 3).gt(0),
      col("t").pow(-1000).gt(0),
    ]) {
      expect(await kept(expr)).toHaveLength(6);
    }
  });

  it.each<[string, () => Expr]>([
    ["max", () => col("x").max()],
    ["sum", () => col("t").gt(col("t").sum())],
    ["mean", () => col("t").gt(col("t").mean())],
    ["median", () => col("t").gt(col("t").median())],
    ["quantile", () => col("t").gt(col("t").quantile(0.5))],
    ["first", () => col("t").minus(col("t").first()).lt(5)],
    ["last", () => col("t").eq(col("t").last())],
    ["count", () => col("x").count().gt(1)],
    ["len", () => pl.len().gt(1)],
    ["nUnique", () => col("x").nUnique().gt(1)],
    ["std", () => col("x").std().gt(1)],
    ["dot", () => col("x").dot(col("y")).gt(1)],
    ["argMax", () => col("x").argMax().gt(1)],
    ["shift", () => col("x").shift(1).gt(1)],
    ["diff", () => col("t").diff(1, "ignore").gt(1)],
    ["cumSum", () => col("x").cumSum().gt(1)],
    ["cumCount", () => col("x").cumCount().gt(1)],
    ["cumMax", () => col("x").cumMax().gt(1)],
    ["rank", () => col("x").rank().gt(1)],
    ["over", () => col("x").max().over("y").gt(1)],
    ["sort", () => col("x").sort().gt(1)],
    [
      "sortBy",
      () =>
        col("x")
          .sortBy([col("t")], [false])
          .gt(1),
    ],
    ["argSort", () => col("x").argSort().gt(1)],
    ["reverse", () => col("x").reverse().gt(1)],
    ["unique", () => col("x").unique().gt(1)],
    ["isUnique", () => col("x").isUnique()],
    ["isDuplicated", () => col("x").isDuplicated()],
    ["isFirstDistinct", () => col("x").isFirstDistinct()],
    ["head", () => col("x").head(2).gt(1)],
    ["slice", () => col("x").slice(1, 2).gt(1)],
    ["filter", () => col("x").filter(col("x").gt(1)).gt(1)],
    ["gather", () => col("x").gather([0]).gt(1)],
    ["gatherEvery", () => col("x").gatherEvery(2).gt(1)],
    [
      "sample",
      () =>
        col("x")
          .sample({ n: 1 } as never)
          .gt(1),
    ],
    ["interpolate", () => col("x").interpolate().gt(1)],
    ["forwardFill", () => col("x").forwardFill().gt(1)],
    ["rollingMean", () => col("x").rollingMean(3).gt(1)],
    ["ewmMean", () => col("x").ewmMean(0.5).gt(1)],
    ["peakMax", () => col("x").peakMax()],
    ["explode", () => col("x").implode().explode().gt(1)],
    ["repeatBy", () => col("x").repeatBy(lit(2) as never)],
    ["intRange", () => pl.intRange(0, 10).gt(5)],
    [
      "a maximum inside",
      () =>
        pl
          .when(col("x").eq(col("x").max()))
          .then(lit(true))
          .otherwise(lit(false)),
    ],
    ["isIn of a column", () => col("x").isIn(col("y"))],
    ["isIn of an aggregate", () => col("x").isIn(col("y").implode())],
    ["a list", () => col("x").eq(lit([1, 2] as never))],
    ["a date", () => col("t").gt(lit(new Date(0)))],
    ["a cast to a date", () => col("t").cast(pl.Datetime("us")).isNull()],
  ])("refuses %s, and tells the way out", async (_, expr) => {
    const error = await refusal(expr());
    expect(error.message).toContain("one event at a time");
    expect(error.hint).toContain("(await query.lazy()).filter(...)");
  });

  it.each<[string, () => unknown, RegExp]>([
    ["a function nobody can look into", () => col("t").hash().gt(5), /cannot be told.*lazy/],
    ["something else", () => "x > 5", /no expression of Polars.*"x > 5"/],
    ["nothing", () => undefined, /no expression of Polars/],
    ["a JavaScript function", () => () => true, /no expression of Polars/],
    ["an unknown column", () => col("z").gt(1), /no such column.*x, y, t, polarity.*found z/],
    ["a string taken for a column", () => col("x").gt("y2"), /no such column.*pl\.lit/],
    ["a string", () => col("x").gt(lit("a")), /cannot evaluate.*string/],
    ["isIn of strings", () => col("x").isIn(["a"]), /cannot evaluate.*is_in/],
    ["all columns", () => col("*").gt(1), /one by one/],
    ["columns by a pattern", () => col("^x|y$").gt(1), /one by one/],
    ["a number", () => col("x"), /true or false.*UInt16/],
    ["a sum", () => col("x").plus(col("t")), /true or false.*Int64/],
    ["bits", () => col("x").and(col("y")), /true or false/],
    ["null", () => lit(null), /true or false/],
    ["a strict cast", () => col("t").cast(pl.Int8, true).gt(0), /strict/],
    ["a bigint", () => col("t").gt(5n), /takes the sign off.*5n/],
    ["a negative bigint", () => col("t").gt(-5n), /takes the sign off/],
    ["a large bigint", () => col("t").gt(9007199254740992n), /takes the sign off/],
    ["isIn of bigints", () => col("t").isIn([5n, -5n]), /takes the sign off/],
    ["2^53", () => col("t").gt(2 ** 53), /rounds this number.*cast\(pl\.Int64\)/],
    ["isIn of 2^53", () => col("t").isIn([1, -(2 ** 53)]), /rounds this number/],
    ["Infinity", () => col("t").gt(Number.POSITIVE_INFINITY), /not finite/],
  ])("refuses %s", async (_, expr, message) => {
    expect((await refusal(expr())).message).toMatch(message);
  });
});

describe("random expressions", () => {
  type Value = bigint | number;
  type Row = Readonly<Record<string, Value>>;
  /** An expression of Polars beside the same in TypeScript, for one event. */
  interface Both<Result> {
    readonly expr: Expr;
    readonly plain: (event: Row) => Result;
  }
  const safe = 2n ** 53n - 1n;
  const literal = fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.integer({ min: -70_000, max: 70_000 }),
    fc.constantFrom(Number(safe), -Number(safe)),
    fc.constantFrom(0.5, -1.5, 3.25),
  );
  const compare = (a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0);
  const tests = {
    gt: (order: number) => order > 0,
    gtEq: (order: number) => order >= 0,
    lt: (order: number) => order < 0,
    ltEq: (order: number) => order <= 0,
    eq: (order: number) => order === 0,
    neq: (order: number) => order !== 0,
  };
  const name = fc.constantFrom("x", "y", "t", "polarity");
  const comparison: fc.Arbitrary<Both<boolean>> = fc
    .tuple(name, fc.constantFrom(...(Object.keys(tests) as (keyof typeof tests)[])), literal)
    .map(([column, test, value]) => ({
      expr: col(column)[test](value),
      plain: (event) => tests[test](compare(event[column] as Value, value)),
    }));
  const membership: fc.Arbitrary<Both<boolean>> = fc
    .tuple(name, fc.array(fc.integer({ min: -3, max: 6 }), { maxLength: 4 }))
    .map(([column, values]) => ({
      expr: col(column).isIn(values),
      plain: (event) => values.includes(Number(event[column])),
    }));
  const remainder: fc.Arbitrary<Both<boolean>> = fc
    .tuple(
      fc.constantFrom("x", "y"),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 8 }),
    )
    .map(([column, by, rest]) => ({
      expr: col(column).modulo(by).eq(rest),
      plain: (event) => Number(event[column]) % by === rest,
    }));
  const pixels: fc.Arbitrary<Both<boolean>> = fc
    .tuple(literal, literal, literal)
    .map(([a, b, limit]) => ({
      expr: col("x").multiplyBy(a).plus(col("y").multiplyBy(b)).abs().lt(limit),
      plain: (event) => Math.abs(Number(event.x) * a + Number(event.y) * b) < limit,
    }));
  const { condition } = fc.letrec<{ condition: Both<boolean> }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      comparison,
      membership,
      remainder,
      pixels,
      fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => ({
        expr: a.expr.and(b.expr),
        plain: (event: Row) => a.plain(event) && b.plain(event),
      })),
      fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => ({
        expr: a.expr.or(b.expr),
        plain: (event: Row) => a.plain(event) || b.plain(event),
      })),
      tie("condition").map((a) => ({ expr: a.expr.not(), plain: (event: Row) => !a.plain(event) })),
      fc.tuple(tie("condition"), tie("condition"), tie("condition")).map(([a, b, c]) => ({
        expr: pl.when(a.expr).then(b.expr).otherwise(c.expr),
        plain: (event: Row) => (a.plain(event) ? b.plain(event) : c.plain(event)),
      })),
    ),
  }));
  const pixel = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 65535 }));
  const time = fc.oneof(
    fc.bigInt({ min: -6n, max: 6n }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(safe, safe + 1n, safe + 2n, -safe, -safe - 1n, -safe - 2n),
  );
  const event = fc.record({ x: pixel, y: pixel, t: time, polarity: fc.constantFrom(-1, 0, 1) });

  it("keep what plain TypeScript keeps", async () => {
    await fc.assert(
      fc.asyncProperty(condition, fc.array(event, { maxLength: 20 }), async (both, events) => {
        const filter = await checkRowWise(both.expr);
        const columns = arrays({
          x: events.map(({ x }) => x),
          y: events.map(({ y }) => y),
          t: events.map(({ t }) => t),
          polarity: events.map(({ polarity }) => polarity),
        });
        const expected = events.map((one) => (both.plain(one) ? 1 : 0));
        expect([...filter.keep(columns)]).toEqual(expected);
      }),
      { numRuns: 45 * SOAK },
    );
  });
});
