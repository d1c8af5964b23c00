import { describe, expect, it } from "vitest";
import {
  detectFormat,
  digestEvents,
  isEventError,
  loadTable,
  type OpenOptions,
  openRecording,
  reportOf,
  sampleStatistics,
  type TextOptions,
} from "../../../src/node.ts";
import { readTextReference, type TextReferenceDialect } from "../../reference/text.ts";
import { latin1Bytes } from "../../support/evt2-words.ts";
import { columnsOf } from "../../support/expected-load.ts";
import { itWithSharedData } from "../../support/shared-data.ts";

/** What is found out about a file: events as `x y t polarity`, and what was assumed. */
async function read(text: string, options: OpenOptions = {}) {
  const bytes = latin1Bytes(text);
  const recording = await openRecording(bytes, options);
  const table = await loadTable(recording);
  const { assumptions, malformedLines, truncatedBytes, polarityEncoding } = reportOf(table);
  expect([malformedLines, truncatedBytes, polarityEncoding]).toEqual([0, 0, "zero-one"]);
  return {
    rows: Array.from(table, ({ x, y, t, polarity }) => `${x} ${y} ${t} ${polarity}`),
    assumed: Object.fromEntries(assumptions.map(({ what, value }) => [what, value])),
    geometry: recording.geometry,
    dialect: recording.dialect,
    header: recording.header,
    reasons: assumptions.map(({ reason }) => reason),
  };
}

const T_FIRST = { columns: "t,x,y,polarity" };
const T_LAST = { columns: "x,y,polarity,t" };

describe("a known dialect", () => {
  it("events.txt of the RPG data sets: t x y p, seconds with nine decimals, no header", async () => {
    const text = "0.003811000 96 133 0\n0.003820001 127 171 0\n0.003849500 163 68 1\n";
    expect(await detectFormat(latin1Bytes(text))).toMatchObject({
      format: "text",
      supported: true,
      confidence: "likely",
    });
    expect(await read(text)).toMatchObject({
      rows: ["96 133 3811 0", "127 171 3820 0", "163 68 3850 1"],
      assumed: { ...T_FIRST, timeUnit: "s" },
      dialect: "t,x,y,polarity, separated by blanks, times in s",
      geometry: null,
    });
  });

  it("E2VID: the size of the sensor, then seconds since 1970", async () => {
    const text = "240 180\n1504645177.420000 12 34 1\n1504645177.420001 239 179 0\n";
    expect(await read(text)).toMatchObject({
      rows: ["12 34 1504645177420000 1", "239 179 1504645177420001 0"],
      assumed: { ...T_FIRST, timeUnit: "s" },
      geometry: { width: 240, height: 180 },
    });
    const outside = await loadTable(latin1Bytes(`${text}1504645177.420002 240 0 1\n`));
    expect(reportOf(outside)).toMatchObject({ events: 2, eventsOutsideGeometry: 1 });
    expect((await read("240 180\n")).geometry).toEqual({ width: 240, height: 180 });
  });

  it.each([
    ["four", ""],
    ["five", " 1"],
  ])("v2e: comments, and %s columns", async (_, signal) => {
    const text = [
      "#!events.txt",
      "# This is a text DVS created by v2e (https://github.com/SensorsINI/v2e).",
      "# Format: time (float s), x, y, polarity (0=off, 1=on)",
      "# Creation time: 10:12AM Jul 05 2021",
      `0.0002 101 64 1${signal}`,
      `0.00025 102 65 0${signal}`,
      "",
    ].join("\n");
    const found = await read(text);
    expect(found).toMatchObject({ rows: ["101 64 200 1", "102 65 250 0"] });
    expect(found.assumed.columns).toBe(signal === "" ? T_FIRST.columns : `${T_FIRST.columns},-`);
    expect(found.header).toContainEqual(["Format", expect.stringContaining("time (float s)")]);
    expect(found.header[0]).toEqual(["comment", "!events.txt"]);
  });

  it("rpg_dvs_ros: x y p t in whole microseconds", async () => {
    expect(await read("12 34 1 1504645177420000\n13 35 0 1504645177420010\n")).toMatchObject({
      rows: ["12 34 1504645177420000 1", "13 35 1504645177420010 0"],
      assumed: { ...T_LAST, timeUnit: "us" },
    });
  });

  it("openeb: x,y,p,t, whose first times are as small as coordinates", async () => {
    expect(
      await read("874,200,0,4096\n806,200,1,4096\n201,203,1,4097\n40,1,1,4099\n"),
    ).toMatchObject({
      rows: ["874 200 4096 0", "806 200 4096 1", "201 203 4097 1", "40 1 4099 1"],
      assumed: { ...T_LAST, timeUnit: "us" },
      dialect: "x,y,polarity,t, separated by commas, times in us",
    });
  });

  itWithSharedData("openeb: a real file", "openeb_xypt.csv", async (path, expected) => {
    const { events, on, digest } = await digestEvents(path);
    expect({ events, on, digest }).toEqual({
      events: expected.events,
      on: expected.on,
      digest: expected.digest,
    });
    const table = await loadTable(path);
    const rows = [table.get(0), table.get(table.numRows - 1)];
    const found = rows.map((row) => [Number(row?.t), row?.x, row?.y, row?.polarity]);
    expect(found).toEqual([expected.first, expected.last]);
    const { x, y, t } = columnsOf(table);
    const sum = (column: Iterable<number>): number => Array.from(column).reduce((a, b) => a + b, 0);
    const since = Array.from(t, (time) => Number(time - (t[0] ?? 0n)));
    expect([sum(x), sum(y), sum(since)]).toEqual([
      expected.sum_x,
      expected.sum_y,
      expected.sum_t_rel,
    ]);
    expect(reportOf(table)).toMatchObject({
      backwardSteps: 0,
      assumptions: [{ what: "columns", value: T_LAST.columns }, { what: "timeUnit" }],
    });
  });

  it("openeb's decoders: %geometry in front, and other % lines", async () => {
    for (const start of ["%geometry:1280,720\n", "% a comment\n%geometry:1280,720\n% another\n"]) {
      expect(await read(`${start}874,200,0,4096\n1279,719,1,4097\n`)).toMatchObject({
        rows: ["874 200 4096 0", "1279 719 4097 1"],
        assumed: { ...T_LAST, timeUnit: "us" },
        geometry: { width: 1280, height: 720 },
      });
    }
    expect((await read("%geometry:1280,720\n")).geometry).toEqual({ width: 1280, height: 720 });
  });

  it("faery: a header row, any separator, true and false", async () => {
    for (const separator of [",", ";", "\t", " ", "|"]) {
      const text = "t,x,y,p\n5,1,2,true\n70000,3,4,False\n".replaceAll(",", separator);
      expect(await read(text)).toMatchObject({
        rows: ["1 2 5 1", "3 4 70000 0"],
        assumed: { timeUnit: "us" },
      });
    }
    expect(await detectFormat(latin1Bytes("t,x,y,p\n"))).toMatchObject({
      format: "text",
      confidence: "certain",
      reason: "the first line names the columns t,x,y,p",
    });
  });

  it("aestream: t,x,y,p whose order does not follow from a sample, so that the usual one counts", async () => {
    const found = await read("0,0,0,0\n1,1,1,0\n");
    expect(found).toMatchObject({
      rows: ["0 0 0 0", "1 1 1 0"],
      assumed: { ...T_FIRST, timeUnit: "us" },
    });
    expect(found.reasons[0]).toContain("allow this order first");
  });

  it("MATLAB and others: -1 and 1, every number written with an exponent", async () => {
    expect(await read("1 2 5 -1\n3 4 70000 1\n")).toMatchObject({
      rows: ["1 2 5 0", "3 4 70000 1"],
      assumed: { columns: "x,y,t,polarity" },
    });
    // What numpy.savetxt writes unless it is told otherwise.
    const text =
      "1.504645177420000076e+09 1.200000000000000000e+01 3.400000000000000000e+01 1.000000000000000000e+00\n" +
      "1.504645177420500040e+09 1.300000000000000000e+01 3.500000000000000000e+01 0.000000000000000000e+00\n";
    expect(await read(text)).toMatchObject({
      rows: ["12 34 1504645177420000 1", "13 35 1504645177420500 0"],
      assumed: { ...T_FIRST, timeUnit: "s" },
    });
    const whole = text.replace(/1\.5\d+e\+09/, "4.096e+03").replace(/1\.5\d+e\+09/, "4.097e+03");
    expect((await read(whole)).assumed).toEqual({ ...T_FIRST, timeUnit: "us" });
  });

  it("our own: nothing is assumed", async () => {
    expect(await read("x,y,t,polarity\n12,34,1000057,1\n")).toMatchObject({
      rows: ["12 34 1000057 1"],
      assumed: {},
    });
    expect((await read("x,y,t,polarity\n12,34,1.000057,1\n")).assumed).toEqual({ timeUnit: "s" });
    expect(await read("# t x y p\n")).toMatchObject({ rows: [], assumed: {} });
  });
});

describe("the unit of times that nothing states", () => {
  /** Lines with these times in front. */
  const lines = (times: readonly (number | string | bigint)[]): string =>
    times.map((time, at) => `${time} ${at % 300} 6 ${at % 2}\n`).join("");
  const long = Array.from({ length: 700 }, (_, at) => at);

  it("is nanoseconds for whole times that are too many as microseconds, as in HDF5", async () => {
    const start = 1_700_000_000_000_000_000n;
    const found = await read(lines([start, start + 1499n, start + 1500n]));
    expect(found).toMatchObject({
      rows: ["0 6 1700000000000000 0", "1 6 1700000000000001 1", "2 6 1700000000000002 0"],
      assumed: { ...T_FIRST, timeUnit: "ns" },
      dialect: "t,x,y,polarity, separated by blanks, times in ns",
    });
    expect(found.reasons[1]).toBe(
      "nothing says the unit, and microseconds would be too many in the times",
    );
    const named = await read(`t,x,y,p\n${start},1,2,1\n`);
    expect(named).toMatchObject({ rows: ["1 2 1700000000000000 1"], assumed: { timeUnit: "ns" } });
    const stated = await read(lines([start]), { text: { timeUnit: "us" } });
    expect(stated.rows).toEqual([`0 6 ${start} 0`]);
    expect((await read(lines([90_000_000_000_000_000n]))).assumed.timeUnit).toBe("us");
    // What numpy.savetxt makes of them.
    const exponents = "1.700000000000000000e+18 1.0e+00 2.0e+00 1.0e+00\n";
    expect((await read(exponents)).assumed.timeUnit).toBe("ns");
  });

  it("is microseconds for fractions of what would be too many seconds", async () => {
    const found = await read(lines(["1504645177420000.25", "1504645177420010.5"]));
    expect(found.rows[1]).toBe("1 6 1504645177420011 1");
    expect(found.assumed.timeUnit).toBe("us");
    expect(found.reasons[1]).toContain("seconds would be too many");
  });

  it("is seconds where any of the first lines has a fraction", async () => {
    for (const at of [1, 100, 499]) {
      const times = long.map((time) => (time === at ? `${time}.5` : time));
      const { rows, assumed } = await read(lines(times));
      expect(assumed.timeUnit).toBe("s");
      expect(rows[at]).toBe(`${at % 300} 6 ${at}500000 ${at % 2}`);
      expect(rows.at(-1)).toBe("99 6 699000000 1");
    }
  });

  it("leaves no fraction behind those without a word", async () => {
    const text = lines(long.map((time) => (time === 600 ? "600.5" : time)));
    const error = await loadTable(latin1Bytes(text)).catch((caught) => caught);
    expect(isEventError(error, "malformed-line"), String(error)).toBe(true);
    expect(error).toMatchObject({
      line: 601,
      column: 1,
      expected: "t as a whole number of microseconds, as the first lines have it",
      found: '"600.5"',
    });
    expect(error.hint).toContain("Give `text: { timeUnit }`");
    const skipped = await loadTable(latin1Bytes(text), { onMalformed: "skip" });
    expect(reportOf(skipped)).toMatchObject({ events: 699, malformedLines: 1 });
    const mixed = latin1Bytes(`x,y,t,polarity\n${"1,2,3,1\n".repeat(9)}1,2,3.5,1\n`);
    await expect(loadTable(mixed)).rejects.toMatchObject({ line: 11, column: 5 });
    const ours = `x,y,t,polarity\n${"1,2,3,1\n".repeat(600)}1,2,3.5,1\n`;
    await expect(loadTable(latin1Bytes(ours))).rejects.toMatchObject({ line: 602, column: 5 });
    // Whole numbers may be written in any way; and who states a unit gets it.
    const whole = lines(long.map((time) => (time > 600 ? `${time}.0` : time)));
    expect((await read(whole)).rows).toHaveLength(700);
    expect((await read(text, { text: { timeUnit: "us" } })).rows[600]).toBe("0 6 601 0");
    expect((await read(text, { text: { timeUnit: "s" } })).rows[600]).toBe("0 6 600500000 0");
  });
});

describe("values in quotes", () => {
  it.each([
    ['"12","34","1000057","1"\n"13","35","1000058","0"\n'],
    ['"x","y","t","polarity"\n"12","34","1000057","1"\n"13","35","1000058","0"\n'],
    ["x,y,t,p\n'12','34',1000057,'true'\n'13',35,'1000058','false'\n"],
    ['"x" "y" "t" "p"\r\n"12" "34" "1000057" "1"\r\n 13 "35"  "1000058" "0" \r\n'],
    ['"x";"y";"t";"p"\n"12" ; "34" ; "1000057" ; "1"\n"1.3e1";"35";"1000058";"-1"\n'],
  ])("are read as they are without: %j", async (text) => {
    const rows = ["12 34 1000057 1", "13 35 1000058 0"];
    expect(await detectFormat(latin1Bytes(text))).toMatchObject({ format: "text" });
    expect((await read(text)).rows).toEqual(rows);
  });

  it("may be true and false alone, and are no names", async () => {
    const text = '"5","1","2","true"\n"70000","3","4","false"\n';
    expect((await read(text)).rows).toEqual(["1 2 5 1", "3 4 70000 0"]);
  });

  it("are malformed where the quotes are", async () => {
    for (const x of ['"12', '12"', '"', '""', "'12\"", '""12""']) {
      const bytes = latin1Bytes(`x,y,t,polarity\n1,2,3,1\n${x},34,5,1\n`);
      await expect(loadTable(bytes)).rejects.toMatchObject({
        code: "malformed-line",
        line: 3,
        column: 1,
        expected: "x as a whole number",
      });
    }
  });
});

describe("a header row", () => {
  it.each([
    ["x,y,t,p", "1,2,3,1"],
    ["X,Y,Timestamp,Polarity", "1,2,3,1"],
    ['"x","y","t","p"', "1,2,3,1"],
    ["'ts','pol','xs','ys'", "3,1,1,2"],
    ["t_us, x, y, on", "3, 1, 2, 1"],
    ["time [us];col;row;ps", "3;1;2;1"],
    ["timestamp(us)\tx\ty\tpolarities", "3\t1\t2\t1"],
    ["time_microseconds column row pol", "3 1 2 1"],
    [",x,y,t,p", "0,1,2,3,1"],
    ["id,x,y,note,t,p", "77,1,2,some text,3,1"],
    ["t_ns,x,y,p", "3000,1,2,1"],
    ["time (ms),x,y,p", "0.003,1,2,1"],
    ["t[s],x,y,p", "3e-6,1,2,1"],
    ["t,x,y,p", "0.000003,1,2,1"],
    ["\xef\xbb\xbft,x,y,p\r", "3,1,2,1\r"],
    ["# a comment\n\nt,x,y,p\n# another", "3,1,2,1"],
    ["# t x y p", "3 1 2 1"],
    ["% x,y,t_us,polarity", "1,2,3,1"],
  ])("%j says where %j has what", async (header, line) => {
    const { rows, assumed } = await read(`${header}\n${line}\n`);
    expect(rows).toEqual(["1 2 3 1"]);
    const statesUnit = /us|µs|microsec|ms|ns|\[s\]/.test(header);
    expect(Object.keys(assumed)).toEqual(statesUnit ? [] : ["timeUnit"]);
  });

  it.each([
    ["names that are not known", "time,column_x,column_y,sign\n1,2,3,1\n"],
    ["a part that is missing", "t,x,y,intensity\n1,2,3,1\n"],
    ["a name twice", "t,x,y,p,x\n1,2,3,1,5\n"],
    ["other columns than the lines", "t,x,y,p\n1,2,3,1,5\n"],
    ["no names at all", "the first line\n1,2,3,1\n"],
  ])("with %s is an error that tells the way out", async (_, text) => {
    const bytes = latin1Bytes(text);
    const options = { columns: ["t", "x", "y", "polarity"] } as const;
    const error = await openRecording(bytes).catch((caught) => caught);
    if (!isEventError(error, "unknown-format")) {
      expect(isEventError(error, "invalid-header"), String(error)).toBe(true);
      expect(error.message).toContain("Give `text: { columns }`");
      expect(error.line).toBeGreaterThan(0);
    }
    const { rows } = await read(text, { text: options });
    expect(rows).toEqual(["2 3 1 1"]);
  });
});

describe("columns that nothing names", () => {
  it.each([
    ["t x y p by fractions", "0.1 5 6 1\n0.2 7 8 0\n", T_FIRST.columns],
    ["x y p t by fractions", "5 6 1 0.1\n7 8 0 0.2\n", T_LAST.columns],
    ["x y t p by size", "5 6 100000 1\n7 8 100001 0\n", "x,y,t,polarity"],
    ["p t x y, an order of no known layout", "1 0.1 5 6\n0 0.2 7 8\n", "polarity,t,x,y"],
    ["t p x y by size", "100000 1 5 6\n100001 0 7 8\n", "t,polarity,x,y"],
    ["x y p t by rising", "5 6 1 10\n3 8 0 11\n7 2 1 12\n4 4 0 13\n", T_LAST.columns],
    ["t x y p, all but t with a point", "0,145.0,16.0,1.0\n7,126.0,115.0,0.0\n", T_FIRST.columns],
    [
      "x y p t, with a point but p",
      "9.0,6.0,1,10.0\n7.0,8.0,0,11.0\n8.0,1.0,1,12.0\n",
      T_LAST.columns,
    ],
    ["a time below 0", "5 6 1 -10\n3 8 0 -9\n7 2 1 -8\n", T_LAST.columns],
    ["further columns behind", "0.1 5 6 1 9 a\n0.2 7 8 0 9 b\n", "t,x,y,polarity,-,-"],
    ["one line alone", "5 6 7 1\n", T_FIRST.columns],
    ["one line alone without its end", "5 6 1 7", T_LAST.columns],
    ["malformed lines among the first", "5 6 1 10\n1 2\n3 8 0 11\nx\n7 2 1 12\n", T_LAST.columns],
  ])("%s", async (_, text, columns) => {
    const recording = await openRecording(latin1Bytes(text), { onMalformed: "skip" });
    expect(recording.report.assumptions[0]).toMatchObject({ what: "columns", value: columns });
  });

  it("are transposed where the geometry leaves no other way", async () => {
    const text = "0.1 100 300 1\n0.2 170 310 0\n";
    expect((await read(text)).rows[0]).toBe("100 300 100000 1");
    const geometry = { width: 346, height: 260 };
    const { rows, assumed, reasons } = await read(text, { geometry });
    expect(rows[0]).toBe("300 100 100000 1");
    expect(assumed.columns).toBe("t,y,x,polarity");
    expect(reasons[0]).toContain("outside the sensor");
    const edge = await read("0.1 346 1 1\n0.2 1 260 0\n", { geometry, text: { firstPixel: 1 } });
    expect(edge.rows).toEqual(["345 0 100000 1", "0 259 200000 0"]);
    expect(edge.dialect).toMatch(/, pixels from 1 on$/);
  });

  it.each([
    ["three columns", "1 2 3\n4 5 6\n"],
    ["two columns", "1 2\n3 4\n"],
    ["no polarity", "1 2 3 4\n5 6 7 8\n"],
    ["no time", "0.5 0.6 1 1\n0.7 0.8 1 0\n"],
    ["more columns than there may be", `${"1 ".repeat(61)}\n`],
  ])("are an error with %s", async (_, text) => {
    const error = await openRecording(latin1Bytes(text)).catch((caught) => caught);
    expect(isEventError(error, "invalid-header"), String(error)).toBe(true);
    expect(error.message).toMatch(/line 1.*Give `text: \{ columns \}`/);
  });

  it("are assumptions that `strict` can refuse, and options state", async () => {
    const bytes = latin1Bytes("0.1 5 6 1\n");
    const strict = "assumptions";
    await expect(openRecording(bytes, { strict })).rejects.toMatchObject({
      code: "assumption",
      message: expect.stringContaining("Give `text: { columns }` to state them yourself."),
    });
    const columns = ["t", "x", "y", "polarity"] as const;
    await expect(openRecording(bytes, { strict, text: { columns } })).rejects.toMatchObject({
      message: expect.stringContaining("Give `text: { timeUnit }` to state it yourself."),
    });
    const text = { columns, timeUnit: "s" } as const;
    expect((await openRecording(bytes, { strict, text })).report.assumptions).toEqual([]);
  });
});

describe("an option", () => {
  it.each<[string, TextOptions, string, string[]]>([
    ["columns", { columns: ["y", "x", "polarity", "t"] }, "5 6 1 7\n", ["6 5 7 1"]],
    [
      "columns with others",
      { columns: [null, "t", "x", "y", null, "polarity"] },
      "9 7 6 5 a 1\n",
      ["6 5 7 1"],
    ],
    [
      "columns instead of names",
      { columns: ["y", "x", "t", "polarity"] },
      "x,y,t,p\n5,6,7,1\n",
      ["6 5 7 1"],
    ],
    ["separator", { separator: "/" }, "7/6/5/1\n", ["6 5 7 1"]],
    [
      "separator against what most lines have",
      { separator: "," },
      "70000,6,5,1\n",
      ["6 5 70000 1"],
    ],
    ["timeUnit s", { timeUnit: "s" }, "7 6 5 1\n", ["6 5 7000000 1"]],
    ["timeUnit ms", { timeUnit: "ms" }, "0.0075 6 5 1\n7 6 5 0\n", ["6 5 8 1", "6 5 7000 0"]],
    ["timeUnit ns", { timeUnit: "ns" }, "7499 6 5 1\n7500 6 5 0\n", ["6 5 7 1", "6 5 8 0"]],
    ["timeUnit us for decimals", { timeUnit: "us" }, "7.5 6 5 1\n", ["6 5 8 1"]],
    ["timeUnit instead of a name's", { timeUnit: "us" }, "t_s,x,y,p\n7,6,5,1\n", ["6 5 7 1"]],
    [
      "header",
      { header: true, columns: ["t", "x", "y", "polarity"] },
      "1 2 3 0\n7 6 5 1\n",
      ["6 5 7 1"],
    ],
    ["firstPixel", { firstPixel: 1 }, "7 6 5 1\n8 1 1 0\n", ["5 4 7 1", "0 0 8 0"]],
    ["firstPixel 0", { firstPixel: 0 }, "7 6 5 1\n", ["6 5 7 1"]],
    ["comment", { comment: "//" }, "// a\n7 6 5 1\n//b\n8 6 5 1\n", ["6 5 7 1", "6 5 8 1"]],
    [
      "comment of a word",
      { comment: "REM" },
      "REM a\n7 6 5 1\n REM\n8 6 5 1\n",
      ["6 5 7 1", "6 5 8 1"],
    ],
    [
      "comment of eight characters",
      { comment: "12345678" },
      "12345678 6 5 1\n7 6 5 1\n",
      ["6 5 7 1"],
    ],
  ])("%s", async (_, text, lines, rows) => {
    expect((await read(lines, { text })).rows).toEqual(rows);
  });

  it("replaces the comments that are usual", async () => {
    const options = { text: { comment: "//" } };
    const bytes = latin1Bytes("7 6 5 1\n# a\n");
    await expect(loadTable(bytes, options)).rejects.toMatchObject({ code: "malformed-line" });
  });

  it.each<[string, unknown]>([
    ["text", null],
    ["text", "t x y p"],
    ["text.columns", { columns: ["t", "x", "y"] }],
    ["text.columns", { columns: ["t", "x", "y", "p"] }],
    ["text.columns", { columns: ["t", "x", "y", "polarity", "x"] }],
    ["text.columns", { columns: "txyp" }],
    ["text.columns", { columns: ["t", "x", "y", "polarity", null] }],
    ["text.separator", { separator: "" }],
    ["text.separator", { separator: ", " }],
    ["text.separator", { separator: "1" }],
    ["text.separator", { separator: "e" }],
    ["text.separator", { separator: "." }],
    ["text.separator", { separator: "\n" }],
    ["text.separator", { separator: "\xa0" }],
    ["text.timeUnit", { timeUnit: "seconds" }],
    ["text.header", { header: 1 }],
    ["text.comment", { comment: "" }],
    ["text.comment", { comment: "123456789" }],
    ["text.comment", { comment: " #" }],
    ["text.comment", { comment: 5 }],
    ["text.firstPixel", { firstPixel: 2 }],
    ["text.firstPixel", { firstPixel: true }],
  ])("%s cannot be %j", async (name, text) => {
    const options = { text: text as TextOptions };
    await expect(loadTable(latin1Bytes("7 6 5 1\n"), options)).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining(name),
    });
  });

  it("onMalformed is error or skip, for a recording or a load", async () => {
    const bytes = latin1Bytes("7 6 5 1\nno\n8 6 5 1\n");
    const skip = { onMalformed: "skip" } as const;
    await expect(loadTable(bytes)).rejects.toMatchObject({ code: "malformed-line" });
    expect(reportOf(await loadTable(bytes, skip))).toMatchObject({ malformedLines: 1 });
    const recording = await openRecording(bytes, skip);
    expect((await loadTable(recording)).numRows).toBe(2);
    await expect(loadTable(recording, { onMalformed: "error" })).rejects.toMatchObject({ line: 2 });
    const strict = await openRecording(bytes);
    expect((await loadTable(strict, skip)).numRows).toBe(2);
    const wrong = { onMalformed: "drop" as "skip" };
    await expect(loadTable(bytes, wrong)).rejects.toMatchObject({ code: "invalid-option" });
    await expect(loadTable(recording, wrong)).rejects.toMatchObject({ code: "invalid-option" });
  });
});

describe("the first lines", () => {
  it("may state one geometry only", async () => {
    const text = "%geometry:1280,720\n240 180\n0.1 5 6 1\n";
    const error = await openRecording(latin1Bytes(text)).catch((caught) => caught);
    expect(isEventError(error, "geometry-conflict"), String(error)).toBe(true);
    const geometry = { width: 640, height: 480 };
    expect(
      (await openRecording(latin1Bytes("240 180\n0.1 5 6 1\n"), { geometry })).geometry,
    ).toEqual(geometry);
  });

  it("end with more than a carriage return", async () => {
    const error = await openRecording(latin1Bytes("0.1 5 6 1\r0.2 7 8 0\r")).catch((e) => e);
    expect(isEventError(error, "invalid-header"), String(error)).toBe(true);
    expect(error.message).toMatch(/lines end with a carriage return alone.*tr '\\r' '\\n'/);
  });

  it("are no size where a line was cut", async () => {
    for (const rest of ["200 1", "6 0", "1 5"]) {
      const bytes = latin1Bytes(`${rest}\n0.1 5 6 1\n0.2 5 6 1\n`);
      const error = await loadTable(bytes).catch((caught) => caught);
      expect(isEventError(error, "malformed-line"), String(error)).toBe(true);
    }
  });

  it("may be many comments, but not all that is looked at", async () => {
    const comment = `# ${"-".repeat(97)}\n`;
    expect((await read(`${comment.repeat(655)}0.1 5 6 1\n`)).rows).toHaveLength(1);
    const error = await read(`${comment.repeat(700)}0.1 5 6 1\n`).catch((caught) => caught);
    expect(isEventError(error), String(error)).toBe(true);
  });

  it("that look like a RAW header are comments where lines of numbers follow", async () => {
    const { rows, header } = await read("% x y t p\n% note: made by hand\n1 2 3 1\n");
    expect(rows).toEqual(["1 2 3 1"]);
    expect(header).toEqual([
      ["comment", "x y t p"],
      ["note", "made by hand"],
    ]);
    expect((await read("% Data of a day\n% Version 2\n0.1 5 6 1\n")).rows).toHaveLength(1);
  });
});

describe("times", () => {
  const dialect: TextReferenceDialect = {
    separator: " ",
    columns: ["t", "x", "y", "polarity"],
    timeUnit: "s",
  };

  it.each([
    ["1.000001", "1000001"],
    ["1504645177.420000", "1504645177420000"],
    ["0.0000005", "1"],
    ["0.00000049999999999999999", "0"],
    ["2.9999995", "3000000"],
    ["-0.0000005", "0"],
    ["-0.00000050001", "-1"],
    ["-0.0000015", "-1"],
    ["1.5e-6", "2"],
    ["4.611686018427387904e12", "4611686018427387904"],
    ["9223372036854.775807", "9223372036854775807"],
    ["9223372036854.7758075", "9223372036854775808"],
    ["-9223372036854.775808", "-9223372036854775808"],
    ["4611686018427.387905", "4611686018427387905"],
    ["9007199254.740993", "9007199254740993"],
    ["0.1", "100000"],
    ["123456789012.3456785", "123456789012345679"],
  ])("of %s seconds are %s us, whatever lines stand around it", async (seconds, us) => {
    const isTime = BigInt.asIntN(64, BigInt(us)) === BigInt(us);
    for (const around of ["", "0.25 1 1 1\n", "-5 1 1 1\n"]) {
      const bytes = latin1Bytes(`${around}${seconds} 1 2 1\n`);
      const options = { text: { columns: dialect.columns, timeUnit: "s" } } as const;
      const table = await loadTable(bytes, { ...options, onMalformed: "skip" });
      const { events } = readTextReference(bytes, dialect);
      expect(Array.from(table, ({ t }) => t)).toEqual(events.map(({ t }) => t));
      const last = events.at(-1)?.t;
      if (isTime) expect(last).toBe(BigInt(us));
      else expect(reportOf(table).malformedLines).toBe(1);
    }
  });
});

it("a large file is judged by parts that begin and end inside lines", async () => {
  const linesOf = (start: number, count: number): Buffer => {
    const times = Array.from({ length: count }, (_, at) => start + at);
    return Buffer.from(times.map((t) => `${t},${300 + (t % 7)},200,${t % 2}\n`).join(""));
  };
  const events = 4_400_000;
  const middle = Array<Buffer>(42).fill(linesOf(12_000_000, 100_000));
  const [first, last] = [linesOf(10_000_000, 100_000), linesOf(14_300_000, 100_000)];
  const bytes = new Uint8Array(Buffer.concat([Buffer.from("t,x,y,p\n"), first, ...middle, last]));
  expect(bytes.byteLength).toBeGreaterThan(64 * 2 ** 20);
  const statistics = await sampleStatistics(bytes);
  expect(statistics).toMatchObject({
    estimated: true,
    minX: 300,
    maxX: 306,
    minY: 200,
    maxY: 200,
    minTime: 10_000_000,
    maxTime: 14_399_999,
  });
  expect(Math.abs(statistics.events / events - 1)).toBeLessThan(0.001);
});
