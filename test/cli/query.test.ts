import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import pl from "nodejs-polars";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { indexCacheFor } from "../../src/cli/index-cache.ts";
import { madeEvt2 } from "../support/conversions.ts";
import { evarrow, temporaryFile, temporaryPath } from "./support.ts";

const geometry = { width: 64, height: 64 };
const events = Array.from({ length: 400 }, (_, at) => ({
  t: 5000 + at * 10,
  x: (at * 7) % 64,
  y: (at * 3) % 64,
  p: at % 4 === 0 ? (1 as const) : (0 as const),
}));
const file = temporaryFile("query.raw", await madeEvt2({ events, geometry }));
const cache = temporaryPath("cache");
const indexes = () => readdirSync(join(cache, "evarrow"));

beforeEach(() => {
  rmSync(cache, { recursive: true, force: true });
  vi.stubEnv("XDG_CACHE_HOME", cache);
});
afterEach(() => vi.unstubAllEnvs());

describe("evarrow query", () => {
  const COUNT = "SELECT polarity, count(*) AS n FROM events GROUP BY polarity ORDER BY polarity";

  it("prints a table", async () => {
    expect(await evarrow(["query", file, COUNT])).toEqual({
      exitCode: 0,
      stdout: "polarity    n\n      -1  300\n       1  100\n",
      stderr: "",
    });
  });

  it("prints CSV and JSON", async () => {
    const csv = await evarrow(["query", "--output", "csv", file, COUNT]);
    expect(csv.stdout).toBe("polarity,n\n-1,300\n1,100\n");
    for (const asked of [["--json"], ["--output", "json"]]) {
      const json = await evarrow(["query", ...asked, file, COUNT]);
      expect(JSON.parse(json.stdout)).toEqual([
        { polarity: -1, n: 300 },
        { polarity: 1, n: 100 },
      ]);
    }
  });

  it("runs over the events that the options choose", async () => {
    const count = "SELECT count(*) AS n FROM events";
    const asked = ["query", "--output", "csv", "--polarity", "on", "--from", "1ms", "--to", "2ms"];
    expect((await evarrow([...asked, file, count])).stdout).toBe("n\n25\n");
    const zeroOne = await evarrow([
      ...["query", "--output", "csv", "--polarity-encoding", "zero-one", file],
      "SELECT count(*) AS n FROM events WHERE polarity = 0",
    ]);
    expect(zeroOne.stdout).toBe("n\n300\n");
  });

  it.each([
    ["a column that is not there", "SELECT z FROM events", "unable to find column"],
    ["another table", "SELECT * FROM others", "others"],
    ["a file", "SELECT * FROM read_csv('/etc/passwd')", "a query reads no files"],
    ["two statements", "SELECT x FROM events; SELECT y FROM events", "one"],
    ["what is no SQL", "HELLO", "HELLO"],
  ])("refuses %s", async (_, statement, words) => {
    const { exitCode, stdout, stderr } = await evarrow(["query", file, statement]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(words);
  });

  it("refuses to hold more rows than it may", async () => {
    const call = ["query", "--memory-limit", "20M", file, "SELECT * FROM events"];
    expect((await evarrow(call)).exitCode).toBe(0);
    const { exitCode, stderr } = await evarrow(call.with(2, "100"));
    expect(exitCode).toBe(1);
    expect(stderr).toContain("memory limit");
  });
});

describe("options that choose events", () => {
  const isChosen = ({ t, x, y, p }: (typeof events)[number]) =>
    t >= 6000 && t < 8000 && p === 1 && ((x < 32 && y < 64) || (x >= 60 && y >= 60));
  const chosen = events.filter(isChosen);
  const filters = [
    ...["--from", "1ms", "--to", "8000", "--polarity", "on"],
    ...["--roi", "0,0,32,64", "--roi", "60,60,4,4"],
  ];

  it("are understood by every command that reads events", async () => {
    const head = await evarrow(["head", "--json", "-n", "1000", ...filters, file]);
    expect(JSON.parse(head.stdout)).toEqual(
      chosen.map(({ t, x, y, p }) => ({ x, y, t, polarity: p })),
    );
    const stats = JSON.parse((await evarrow(["stats", "--json", ...filters, file])).stdout);
    expect(stats).toMatchObject({ events: chosen.length, on: chosen.length });
    const digest = JSON.parse((await evarrow(["digest", "--json", ...filters, file])).stdout);
    expect(digest.events).toBe(chosen.length);
    const out = temporaryPath("chosen.parquet");
    expect((await evarrow(["convert", ...filters, file, out])).exitCode).toBe(0);
    expect(pl.readParquet(out).height).toBe(chosen.length);
  });

  it("say so when no event is left", async () => {
    const { stderr } = await evarrow(["head", "--from", "1min", file]);
    expect(stderr).toBe("evarrow: the recording has no such events\n");
  });

  it.each([
    [["--from", "later"], "Expected a time"],
    [["--roi", "1,2,3"], "Expected x,y,width,height"],
    [["--roi", "60,0,10,10"], "the region reaches beyond the sensor"],
    [["--from", "2s", "--to", "1s"], "the time window ends before it starts"],
    [["--polarity", "zero-one"], "Allowed choices are on, off"],
  ])("are refused when they are wrong: %j", async (options, words) => {
    const { exitCode, stderr } = await evarrow(["stats", ...options, file]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe("the cache of indexes", () => {
  const call = ["digest", "--json", "--from", "1ms", "--to", "2ms", file];
  const expected = async () => (await evarrow([...call, "--no-index"])).stdout;

  it("is written once, and used", async () => {
    const direct = await expected();
    expect(() => indexes()).toThrow();
    expect((await evarrow(call)).stdout).toBe(direct);
    const [name = ""] = indexes();
    expect(name).toMatch(/^[0-9a-f]{32}\.time-index\.json$/);
    const before = readFileSync(join(cache, "evarrow", name), "utf8");
    expect((await evarrow(call)).stdout).toBe(direct);
    expect(indexes()).toEqual([name]);
    expect(readFileSync(join(cache, "evarrow", name), "utf8")).toBe(before);
  });

  it("is left alone by what needs no index", async () => {
    await evarrow(["digest", "--polarity", "on", file]);
    expect(() => indexes()).toThrow();
  });

  it("is made anew for a file that was changed", async () => {
    const copy = temporaryFile("changing.raw", readFileSync(file));
    const count = async () => JSON.parse((await evarrow([...call.slice(0, -1), copy])).stdout);
    expect((await count()).events).toBe(100);
    writeFileSync(copy, await madeEvt2({ events: events.slice(0, 150), geometry }));
    utimesSync(copy, 1, 1);
    expect((await count()).events).toBe(50);
    expect(indexes()).toHaveLength(2);
  });

  it("keeps apart what options make of the same bytes", async () => {
    const csv = temporaryFile("units.csv", "0,1,1,1\n10,1,1,1\n20,1,1,0\n");
    const count = async (...unit: string[]) => {
      const asked = ["digest", "--json", "--text-columns", "t,x,y,p", "--from", "10ms", csv];
      return JSON.parse((await evarrow([...asked, ...unit])).stdout).events;
    };
    expect([await count("--time-unit", "us"), await count("--time-unit", "ms")]).toEqual([0, 2]);
    expect(indexes()).toHaveLength(2);
  });

  it("keeps nothing of a file that changed while it was read", async () => {
    const path = temporaryFile("growing.raw", readFileSync(file));
    const kept = indexCacheFor(path);
    appendFileSync(path, "more");
    await kept?.save("key", { entries: [], firstTime: null, timeOffset: 0n });
    expect(() => indexes()).toThrow();
  });

  it.each([
    ["cut", (text: string) => text.slice(0, -5)],
    ["changed", (text: string) => text.replace(/\d/g, "7")],
    ["empty", () => ""],
    ["no index at all", () => "\u0000\n{}"],
  ])("is ignored when it is damaged: %s", async (_, damage) => {
    const direct = await expected();
    await evarrow(call);
    const path = join(cache, "evarrow", indexes()[0] ?? "");
    writeFileSync(path, damage(readFileSync(path, "utf8")));
    expect((await evarrow(call)).stdout).toBe(direct);
  });

  it("does without a folder that cannot be written", async () => {
    writeFileSync(temporaryPath("no-folder"), "");
    mkdirSync(cache, { recursive: true });
    vi.stubEnv("XDG_CACHE_HOME", temporaryPath("no-folder"));
    expect((await evarrow(call)).exitCode).toBe(0);
  });
});
