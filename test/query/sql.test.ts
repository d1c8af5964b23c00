import fc from "fast-check";
import pl from "nodejs-polars";
import { describe, expect, it } from "vitest";
import { runSql } from "../../src/dataframe/sql.ts";
import { isEventError } from "../../src/errors.ts";
import { COLUMN_NAMES } from "../../src/events/columns.ts";
import { keptPolarities, planSql, type SqlPlan } from "../../src/query/sql.ts";
import { SOAK } from "../support/soak.ts";

interface Event {
  readonly x: number;
  readonly y: number;
  readonly t: bigint;
  readonly polarity: number;
}

function frameOf(events: readonly Event[], names: readonly string[] = COLUMN_NAMES) {
  const series = {
    x: pl.Series("x", Uint16Array.from(events.map(({ x }) => x)) as never),
    y: pl.Series("y", Uint16Array.from(events.map(({ y }) => y)) as never),
    t: pl.Series("t", BigInt64Array.from(events.map(({ t }) => t)) as never),
    polarity: pl.Series("polarity", Int8Array.from(events.map((e) => e.polarity)) as never),
  };
  return pl.DataFrame(COLUMN_NAMES.filter((name) => names.includes(name)).map((n) => series[n]));
}

/** The prefilter of a plan in plain TypeScript. */
function passes({ time, roi, polarity, empty }: SqlPlan, event: Event): boolean {
  const { on, off } = keptPolarities(polarity, "minus-one-one");
  if (empty || (event.polarity === 1 ? !on : !off)) return false;
  if (time.start !== null && event.t < time.start) return false;
  if (time.end !== null && event.t >= time.end) return false;
  if (roi === null) return true;
  const inside = (value: number, from: number, size: number) =>
    value >= from && value < from + size;
  return inside(event.x, roi.x, roi.width) && inside(event.y, roi.y, roi.height);
}

async function rows(events: readonly Event[], sql: string, names?: readonly string[]) {
  const frame = await runSql(frameOf(events, names), sql);
  return { columns: frame.columns, types: frame.dtypes.map(String), rows: frame.rows() };
}

/** Runs a query over what its plan lets through, with the columns of the plan only, and over all. */
async function check(sql: string, events: readonly Event[]): Promise<void> {
  const plan = await planSql(sql);
  const left = events.filter((event) => passes(plan, event));
  expect(await rows(left, sql, plan.columns), sql).toEqual(await rows(events, sql));
}

const NOTHING = { time: { start: null, end: null }, roi: null, polarity: [], empty: false };

describe("planSql", () => {
  it("tells columns and conditions", async () => {
    const plan = await planSql(
      `SELECT x, y, count(*) AS n FROM events WHERE t < 1000000 AND t >= 5 AND x BETWEEN 3 AND 9
       GROUP BY x, y ORDER BY n DESC LIMIT 10`,
    );
    expect(plan).toMatchObject({
      columns: ["x", "y", "t"],
      time: { start: 5n, end: 1_000_000n },
      roi: { x: 3, y: 0, width: 7, height: 65536 },
      polarity: [],
      empty: false,
    });
    expect(plan.pushed).toContain('[(col("t")) < (1000000)]');
    expect(plan.pushed).toHaveLength(4);
    expect(plan.text).toContain("AGGREGATE");
  });

  it.each<[string, Partial<SqlPlan>]>([
    ["SELECT * FROM events", { ...NOTHING, columns: COLUMN_NAMES, pushed: [] }],
    [
      "select X.x from events as X where X.t<5",
      { time: { start: null, end: 5n }, columns: ["x", "t"] },
    ],
    ["SELECT x FROM events WHERE 5 < t AND 9 >= t", { time: { start: 6n, end: 10n } }],
    ["SELECT x FROM events WHERE t = -7", { time: { start: -7n, end: -6n } }],
    [
      "SELECT x FROM events WHERE t >= 2 * 60 * 1000 AND t < 1000 * 1000",
      { time: { start: 120_000n, end: 1_000_000n } },
    ],
    [
      "SELECT x FROM events WHERE NOT (t < 5) AND NOT x > 7",
      { time: { start: 5n, end: null }, roi: { x: 0, y: 0, width: 8, height: 65536 } },
    ],
    [
      "SELECT x FROM events WHERE t <= 9223372036854775807",
      { time: { start: null, end: null }, pushed: ['[(col("t")) <= (9223372036854775807)]'] },
    ],
    ["SELECT x FROM events WHERE t > 9223372036854775807", { ...NOTHING, empty: true }],
    [
      "SELECT x FROM events WHERE t < 9007199254740993",
      { time: { start: null, end: 9007199254740993n } },
    ],
    ["SELECT t FROM events WHERE x = 3 AND y = 4", { roi: { x: 3, y: 4, width: 1, height: 1 } }],
    ["SELECT t FROM events WHERE x < 70000 AND y > -1", { roi: null, empty: false }],
    ["SELECT t FROM events WHERE x > 70000", { ...NOTHING, empty: true }],
    ["SELECT t FROM events WHERE x > 5 AND x < 6", { ...NOTHING, empty: true }],
    ["SELECT t FROM events WHERE polarity = 1", { polarity: [{ op: "==", value: 1 }] }],
    [
      "SELECT t FROM events WHERE 0 < polarity AND polarity <> 0 AND polarity >= -1000",
      {
        polarity: [
          { op: ">", value: 0 },
          { op: "!=", value: 0 },
          { op: ">=", value: -1000 },
        ],
      },
    ],
    [
      "WITH e AS (SELECT * FROM events WHERE t < 5) SELECT x FROM e WHERE y > 3 AND x < 2",
      { time: { start: null, end: 5n }, roi: { x: 0, y: 4, width: 2, height: 65532 } },
    ],
    [
      "SELECT q FROM (SELECT t AS q FROM events) s WHERE q < 5",
      { time: { start: null, end: 5n }, columns: ["t"] },
    ],
    [
      "SELECT a FROM (SELECT x AS t, y AS a FROM events) s WHERE t < 5",
      { time: { start: null, end: null }, roi: { x: 0, y: 0, width: 5, height: 65536 } },
    ],
    ["SELECT x FROM events WHERE t < 5 LIMIT 3 OFFSET 2", { time: { start: null, end: 5n } }],
    ["SELECT x FROM events WHERE t < 5 ORDER BY t LIMIT 3", { time: { start: null, end: 5n } }],
    [
      "SELECT x, count(*) AS n FROM events GROUP BY x HAVING x < 5",
      { roi: { x: 0, y: 0, width: 5, height: 65536 } },
    ],
    [
      "SELECT x FROM events WHERE t < 5 AND x % 2 = 0 AND (y = 3 OR y = 4) AND t IN (1, 2)",
      { time: { start: null, end: 5n }, roi: null, pushed: ['[(col("t")) < (5)]'] },
    ],
    ['SELECT x AS "a b" FROM events WHERE t < 5', { time: { start: null, end: 5n } }],
    ["SELECT x /* why */ FROM events -- so\nWHERE t < 5;", { time: { start: null, end: 5n } }],
  ])("%s", async (sql, expected) => {
    expect(await planSql(sql)).toMatchObject(expected);
  });

  it.each([
    ["a limit in front of it", "SELECT x FROM (SELECT * FROM events LIMIT 3) s WHERE t < 5"],
    ["an offset in front of it", "SELECT x FROM (SELECT * FROM events OFFSET 3) s WHERE t < 5"],
    ["an ordered limit", "SELECT x FROM (SELECT * FROM events ORDER BY y LIMIT 3) s WHERE t < 5"],
    [
      "a window over all rows",
      "SELECT x, l FROM (SELECT x, t, lag(t) OVER (ORDER BY t) AS l FROM events) s WHERE t < 5",
    ],
    [
      "numbers of rows",
      "SELECT x, l FROM (SELECT x, t, row_number() OVER () AS l FROM events) s WHERE t < 5",
    ],
    ["an aggregate", "SELECT x FROM (SELECT x, max(t) AS t FROM events GROUP BY x) s WHERE t < 5"],
    ["either of two", "SELECT x FROM events WHERE t < 5 OR x < 3"],
    ["columns that are compared", "SELECT x FROM events WHERE x < y AND t < x"],
    ["sums", "SELECT x FROM events WHERE t + 1 < 5"],
    ["fractions", "SELECT x FROM events WHERE t < 5.5"],
    ["casts that change values", "SELECT x FROM events WHERE CAST(t AS SMALLINT) < 5"],
    ["nothing to compare with", "SELECT x FROM events WHERE t < NULL"],
    ["what is not equal", "SELECT x FROM events WHERE t <> 5 AND x <> 3"],
    [
      "quotes that could be taken for a plan",
      'SELECT x AS "a]\n  FILTER [(col(""t"")) < (5)]" FROM events WHERE t < 5',
    ],
    ["quotes in comments", "SELECT x FROM events WHERE t < 5 -- don't"],
  ])("pushes nothing down for %s", async (_, sql) => {
    expect(await planSql(sql)).toMatchObject({ ...NOTHING, pushed: [] });
  });

  it.each([
    ["a join", "SELECT a.x FROM events a JOIN events b ON a.t = b.t WHERE a.x < 5"],
    ["a union", "SELECT x FROM events WHERE t < 5 UNION ALL SELECT x FROM events WHERE t > 9"],
    ["a subquery", "SELECT x FROM events WHERE x IN (SELECT x FROM events WHERE t < 5)"],
    [
      "a join with constants",
      "SELECT x FROM events LEFT JOIN (SELECT 5 AS k) b ON x = b.k WHERE t < 5",
    ],
  ])("reads every column, and all rows, for %s", async (_, sql) => {
    expect(await planSql(sql)).toMatchObject({ ...NOTHING, pushed: [], columns: COLUMN_NAMES });
  });

  it.each([
    ["", /no query in SQL/],
    ["   -- nothing", /no query in SQL/],
    ["SELEC x FROM events", /no query in SQL/],
    ["FROM events", /no query in SQL/],
    ["DROP TABLE events", /no query in SQL/],
    ["DELETE FROM events WHERE x < 5", /no query in SQL/],
    ["TRUNCATE TABLE events", /no query in SQL/],
    ["CREATE TABLE a AS SELECT * FROM events", /no query in SQL/],
    ["INSERT INTO events SELECT * FROM events", /no query in SQL/],
    ["COPY events TO 'a.csv'", /no query in SQL/],
    ["EXPLAIN SELECT x FROM events", /no query in SQL/],
    ["SHOW TABLES", /no query in SQL/],
    ["/* a /* b */ SELECT */ DROP TABLE events", /reads no events/],
    ["WITH e AS (SELECT x FROM events) DELETE FROM events WHERE x < 5", /cannot run/],
    ["SELECT x INTO a FROM events", /cannot run/],
    ["SELECT x FROM events; SELECT y FROM events", /cannot run.*one after the other/],
    ["SELECT x FROM events; DROP TABLE events", /cannot run.*one after the other/],
    ["SELECT 1", /reads no events.*FROM events/],
    ["SELECT z FROM events", /unable to find column "z".*x, y, t, polarity/],
    ["SELECT x FROM evnts", /'evnts' was not found.*The one table is events/],
    ["SELECT x FROM db.events", /was not found/],
    ["SELECT * FROM '/etc/passwd'", /was not found.*The one table/],
    ['SELECT * FROM "/etc/passwd"', /was not found/],
    ["SELECT x FROM events WHERE", /sql parser error.*For example/],
    ["SELECT x FROM events WHERE polarity", /must be of type `Boolean`/],
    ["SELECT x FROM events WHERE x = '5'", /cannot compare string/],
    ["SELECT x FROM events WHERE t < 1e6", /cannot parse literal.*1000000/],
    ["SELECT nonsense(x) FROM events", /cannot run/],
  ])("refuses %s", async (sql, message) => {
    const error: unknown = await planSql(sql).catch((reason: unknown) => reason);
    expect(isEventError(error, "invalid-query"), `${error}`).toBe(true);
    expect((error as Error).message).toMatch(message);
  });

  it.each([
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM READ_CSV('/etc/passwd')",
    "SELECT * FROM \"read_csv\"('/etc/passwd')",
    "SELECT * FROM `read_csv`('/etc/passwd')",
    "SELECT * FROM read_parquet('a.parquet')",
    "SELECT * FROM read_ipc('a.ipc')",
    "SELECT * FROM read_json('a.json')",
    "SELECT * FROM read_csv /* a */ ('/etc/passwd')",
    "SELECT x FROM events CROSS JOIN read_csv('/etc/passwd') b",
    "WITH e AS (SELECT * FROM read_csv('/etc/passwd')) SELECT * FROM e, events",
    "SELECT x FROM events WHERE x IN (SELECT * FROM read_csv('/etc/passwd'))",
    "SELECT x -- '\nFROM read_csv('/etc/passwd')",
    "SELECT 'a\\' FROM read_csv('/etc/passwd') --'",
  ])("reaches no file by %s", async (sql) => {
    for (const run of [planSql, (text: string) => runSql(frameOf([]), text)]) {
      const error: unknown = await run(sql).catch((reason: unknown) => reason);
      expect(isEventError(error, "invalid-query")).toBe(true);
      expect((error as Error).message).toMatch(/reads no files/);
      expect((error as Error).message).not.toContain("root:");
    }
  });

  it.each([undefined, null, 5, {}])("refuses %s, which is no text", async (sql) => {
    const error: unknown = await planSql(sql as never).catch((reason: unknown) => reason);
    expect(isEventError(error, "invalid-query")).toBe(true);
  });
});

describe("keptPolarities", () => {
  it("depends on the encoding", () => {
    const { keep } = { keep: keptPolarities };
    expect(keep([], "zero-one")).toEqual({ on: true, off: true });
    expect(keep([{ op: "==", value: 0 }], "zero-one")).toEqual({ on: false, off: true });
    expect(keep([{ op: "==", value: 0 }], "minus-one-one")).toEqual({ on: false, off: false });
    expect(keep([{ op: "==", value: -1 }], "minus-one-one")).toEqual({ on: false, off: true });
    expect(keep([{ op: ">", value: 0 }], "minus-one-one")).toEqual({ on: true, off: false });
    const two = [
      { op: "!=", value: 0 },
      { op: "<=", value: 0 },
    ] as const;
    expect(keep(two, "minus-one-one")).toEqual({ on: false, off: true });
    expect(keep([{ op: ">=", value: 0 }], "zero-one")).toEqual({ on: true, off: true });
    expect(keep([{ op: "<", value: 1 }], "zero-one")).toEqual({ on: false, off: true });
  });
});

describe("runSql", () => {
  const events: Event[] = Array.from({ length: 40 }, (_, i) => ({
    x: i % 7,
    y: i % 5,
    t: BigInt((i * 13) % 40),
    polarity: i % 3 ? 1 : -1,
  }));

  it("does without columns that the query does not read", async () => {
    const { columns } = await planSql("SELECT x FROM (SELECT * EXCLUDE y FROM events) s");
    expect(columns).toEqual(["x"]);
    await check("SELECT x FROM (SELECT * EXCLUDE y FROM events) s", events);
    await check("SELECT count(*) AS n FROM events", events);
    await check("SELECT count(*) AS n FROM events WHERE t < 0", events);
    await check("SELECT 1 AS one FROM events", events);
    await check("SELECT x FROM (SELECT x, y, t, polarity FROM events) s ORDER BY x", events);
  });

  it("throws a typed error", async () => {
    const run = runSql(frameOf(events), "SELECT CAST(t - 100000 AS TINYINT) AS a FROM events");
    await expect(run).rejects.toMatchObject({ code: "invalid-query" });
    await expect(runSql(frameOf(events), "DROP TABLE events")).rejects.toMatchObject({
      code: "invalid-query",
    });
  });

  it("gives the same over what the plan lets through", async () => {
    const literal = fc.oneof(
      fc.integer({ min: -3, max: 12 }).map(String),
      fc.constantFrom("0", "1", "-1", "70000", "9007199254740993", "3 * 2", "2.5", "NULL"),
    );
    const column = fc.constantFrom("t", "x", "y", "polarity");
    const op = fc.constantFrom("<", "<=", ">", ">=", "=", "<>");
    const { condition } = fc.letrec<{ condition: string }>((tie) => ({
      condition: fc.oneof(
        { maxDepth: 3 },
        fc.tuple(column, op, literal).map((parts) => parts.join(" ")),
        fc.tuple(literal, op, column).map((parts) => parts.join(" ")),
        fc.tuple(column, literal, literal).map(([c, a, b]) => `${c} BETWEEN ${a} AND ${b}`),
        fc.tuple(column, op, column).map((parts) => parts.join(" ")),
        column.map((c) => `${c} % 2 = 0`),
        column.map((c) => `${c} IN (1, 3)`),
        fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `(${a} AND ${b})`),
        fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `${a} AND ${b}`),
        fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `(${a} OR ${b})`),
        tie("condition").map((a) => `NOT (${a})`),
      ),
    }));
    const shape = fc.constantFrom<(a: string, b: string) => string>(
      (a) => `SELECT * FROM events WHERE ${a}`,
      (a) => `SELECT x, t FROM events WHERE ${a} LIMIT 3`,
      (a) => `SELECT count(*) AS n, max(t) AS last, sum(x) AS s FROM events WHERE ${a}`,
      (a) => `SELECT x, count(*) AS n FROM events WHERE ${a} GROUP BY x ORDER BY x`,
      (a) => `SELECT y FROM events WHERE ${a} ORDER BY t, x, y LIMIT 5 OFFSET 1`,
      (a, b) => `WITH e AS (SELECT * FROM events WHERE ${a}) SELECT x, y FROM e WHERE ${b}`,
      (a, b) => `SELECT x FROM (SELECT * FROM events WHERE ${a} LIMIT 4) s WHERE ${b}`,
      (a, b) =>
        `SELECT x, t FROM (SELECT * FROM events WHERE ${a} ORDER BY t, x, y, polarity LIMIT 9) s WHERE ${b}`,
      (a, b) =>
        `SELECT t, l FROM (SELECT *, lag(t) OVER (ORDER BY t, x, y, polarity) AS l FROM events WHERE ${a}) s WHERE ${b}`,
      (a, b) =>
        `SELECT t, l FROM (SELECT *, max(t) OVER (PARTITION BY x) AS l FROM events WHERE ${a}) s WHERE ${b}`,
      (a, b) =>
        `SELECT x, y FROM (SELECT DISTINCT x, y, t, polarity FROM events WHERE ${a}) s WHERE ${b} ORDER BY x, y`,
      (a, b) =>
        `SELECT t, x FROM (SELECT y AS x, x AS y, t, polarity FROM events WHERE ${a}) s WHERE ${b}`,
      (a, b) =>
        `SELECT x, y, n, t, polarity FROM (SELECT x, y, max(t) AS t, polarity, count(*) AS n FROM events WHERE ${a} GROUP BY x, y, polarity) s WHERE ${b} ORDER BY x, y, polarity`,
      (a) =>
        `SELECT a.x, b.y FROM events a JOIN (SELECT * FROM events WHERE ${a}) AS b ON a.t = b.t WHERE a.x < 3 ORDER BY a.x, b.y, a.t`,
      (a) => `SELECT x FROM (SELECT * FROM events LIMIT 4) s WHERE ${a}`,
      (a) => `SELECT x FROM (SELECT * FROM events LIMIT 9 OFFSET 4) s WHERE ${a} LIMIT 2`,
      (a) =>
        `SELECT t, l FROM (SELECT *, row_number() OVER () AS l FROM events) s WHERE ${a} LIMIT 5`,
    );
    const event = fc.record({
      x: fc.integer({ min: 0, max: 8 }),
      y: fc.integer({ min: 0, max: 8 }),
      t: fc.oneof(
        fc.bigInt({ min: -3n, max: 12n }),
        fc.constantFrom(9007199254740992n, 9007199254740993n),
      ),
      polarity: fc.constantFrom(-1, 1),
    });
    let pushed = 0;
    await fc.assert(
      fc.asyncProperty(
        shape,
        condition,
        condition,
        fc.array(event, { maxLength: 30 }),
        async (make, a, b, list) => {
          const sql = make(a, b);
          const plan = await planSql(sql).catch((reason: unknown) => {
            if (!isEventError(reason, "invalid-query")) throw reason;
            return null; // Polars cannot run it
          });
          if (plan === null) return;
          pushed += plan.pushed.length;
          await check(sql, list);
        },
      ),
      { numRuns: 35 * SOAK },
    );
    expect(pushed).toBeGreaterThan(0);
  });
});
