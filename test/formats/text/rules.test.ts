import { describe, expect, it } from "vitest";
import {
  digestEvents,
  type EventTable,
  formatReport,
  isEventError,
  type LoadOptions,
  loadEvents,
  loadTable,
  openRecording,
  reportOf,
} from "../../../src/node.ts";
import { referenceDigest } from "../../reference/digest.ts";
import { columnsOf, expectSameColumns } from "../../support/expected-load.ts";
import { expectStrict } from "../../support/loads.ts";
import {
  countsOf,
  csvOf,
  expectedCsv,
  GREATEST_TIME,
  HEADER,
  LEAST_TIME,
  SENSOR,
} from "./loads.ts";

/** Loads a file whose malformed lines are counted. */
function load(bytes: Uint8Array<ArrayBuffer>, options: LoadOptions = {}): Promise<EventTable> {
  return loadTable(bytes, { ...options, onMalformed: "skip" });
}

/** Rows as `x y t polarity`, which is easier to compare by eye than columns. */
async function rowsOf(lines: string, header = HEADER): Promise<string[]> {
  const bytes = csvOf(lines, header);
  const table = await load(bytes);
  const expected = expectedCsv(bytes);
  expectSameColumns(columnsOf(table), expected.columns);
  expect(reportOf(table)).toEqual(expected.report);
  return Array.from(table, ({ x, y, t, polarity }) => `${x} ${y} ${t} ${polarity}`);
}

describe("a line", () => {
  it("is x, y, t and polarity", async () => {
    expect(await rowsOf("12,34,1000057,1\n0,0,0,0\n")).toEqual(["12 34 1000057 1", "0 0 0 0"]);
  });

  it("has any time of 64 bits", async () => {
    const times = [LEAST_TIME, "-1", "-0", "0", "9007199254740993", GREATEST_TIME];
    const rows = await rowsOf(times.map((t) => `1,2,${t},1\n`).join(""));
    expect(rows).toEqual(times.map((t) => `1 2 ${t === "-0" ? 0 : t} 1`));
  });

  it("has any pixel that the columns hold", async () => {
    expect(await rowsOf("65535,65535,5,0\n")).toEqual(["65535 65535 5 0"]);
  });

  it("has a polarity of 1, or of 0 or -1", async () => {
    expect(await rowsOf("1,2,3,1\n1,2,3,0\n1,2,3,-1\n1,2,3,-0\n")).toEqual([
      "1 2 3 1",
      "1 2 3 0",
      "1 2 3 0",
      "1 2 3 0",
    ]);
  });

  it("may have any digits, as long as it is short enough", async () => {
    expect(await rowsOf("007,08,0000000000000000000005,01\n")).toEqual(["7 8 5 1"]);
    expect(await rowsOf(`1,2,${"0".repeat(480)}5,1\n`)).toEqual(["1 2 5 1"]);
  });

  it("may have blanks around its columns", async () => {
    const lines = " 1,2,3,1\n1, 2 ,3,1\n1,2,\t3,1\n1,2,3,1 \n\t1 , 2 , 3 , 1\t\r\n";
    expect(await rowsOf(lines)).toEqual(Array(5).fill("1 2 3 1"));
  });

  it("may have numbers in any spelling", async () => {
    const lines = "1.0,2,3,1\n+1,+2,+3,+1\n1e0,20e-1,0.003e3,1.0\n.1e1,2.,30e-1,1E+0\n1,2,3,true\n";
    expect(await rowsOf(`${lines}1,2,3,False\n1,2,3,0.0\n`)).toEqual([
      ...Array(5).fill("1 2 3 1"),
      "1 2 3 0",
      "1 2 3 0",
    ]);
  });

  it.each([
    ["another count of columns", "1,2,3\n1,2,3,1,\n1,2,3,1,1\n1\n,\n"],
    ["a column without digits", ",2,3,1\n1,,3,1\n1,2,,1\n1,2,3,\n1,2,-,1\n-,-,-,-\n,,,\n"],
    ["a pixel that is not whole", "1.5,2,3,1\n1,2e-1,3,1\n0.00001,1,1,1\n1,1e-300,1,1\n"],
    ["no number", "1,2,0x3,1\n1,2,NaN,1\n1,2,inf,1\n1,2,1e,1\n1,2,1e+,1\n1,2,1.1.1,1\n1,2,.,1\n"],
    ["two signs", "1,2,--3,1\n1,2,+-3,1\n1,2,3-,1\n"],
    [
      "text in it",
      'x,y,t,polarity\na,b,c,d\n\'1",2,3,1\n"1,2,3,1\n// note\n1,2,3,on\n1,2,true,1\n',
    ],
    ["another separator", "1;2;3;1\n1 2 3 1\n1\t2\t3\t1\n"],
    ["another polarity", "1,2,3,2\n1,2,3,-2\n1,2,3,255\n1,2,3,0.5\n1,2,3,9223372036854775807\n"],
    ["a carriage return inside", "1,2,3,1\r\r\n1,2\r,3,1\n\r1,2,3,1\n"],
    ["a NUL byte", "1,2,3,1\0\n\x001,2,3,1\n1,2,\0,1\n\0\n"],
    ["bytes that are no ASCII", "1,2,3,1\xa0\n\xef\xbb\xbf1,2,3,1\n\xff\xff\n1,2,\xb2,1\n"],
    [
      "a time beyond 64 bits",
      [
        "1,2,9223372036854775808,1\n1,2,-9223372036854775809,1\n1,2,9999999999999999999,1\n",
        "1,2,18446744073709551616,1\n1,2,18446744073709551621,1\n1,2,9223372036854775807.5,1\n",
        "1,2,1e19,1\n1,2,-1e300,1\n1,2,-9223372036854775808.500001,1\n",
      ].join(""),
    ],
  ])("is no event with %s", async (_, lines) => {
    expect(await rowsOf(`7,7,7,1\n${lines}8,8,8,1\n`)).toEqual(["7 7 7 1", "8 8 8 1"]);
    const report = reportOf(await load(csvOf(`7,7,7,1\n${lines}`)));
    const count = lines.split("\n").length - 1;
    expect(countsOf(report)).toMatchObject({ events: 1, malformedLines: count });
    expect(report.firstAt).toEqual({ malformedLine: HEADER.length + 8 });
    expect(report.firstLine).toEqual({ malformedLine: 3 });
  });

  it("may be a comment, however long", async () => {
    const long = "-".repeat(3000);
    const lines = `# 1,2,3,1\n1,2,3,1\n% ${long}\n\t#${long}\r\n#\n%\n4,5,6,0\n# at the end`;
    expect(await rowsOf(lines)).toEqual(["1 2 3 1", "4 5 6 0"]);
  });

  it("may be blank", async () => {
    expect(await rowsOf("\n\r\n1,2,3,1\n \n\n\t\r\n4,5,6,0\n\n")).toEqual(["1 2 3 1", "4 5 6 0"]);
    expect(countsOf(reportOf(await load(csvOf("\n\r\n\n"))))).toMatchObject({
      malformedLines: 0,
    });
  });

  it("outside the sensor is dropped and counted as such", async () => {
    const lines = "640,0,1,1\n0,480,1,1\n-1,0,1,1\n0,-1,1,1\n639,479,1,1\n70000,1,1,1\n";
    const bytes = csvOf(`${lines}9223372036854775807,1,1,1\n-9223372036854775808,1,1,1\n`);
    const table = await load(bytes, { geometry: SENSOR });
    expect(Array.from(table, ({ x, y }) => [x, y])).toEqual([[639, 479]]);
    expect(reportOf(table)).toEqual(expectedCsv(bytes, { geometry: SENSOR }).report);
    expect(countsOf(reportOf(table))).toMatchObject({ eventsOutsideGeometry: 7 });
    // Without a geometry, the pixels that the columns cannot hold.
    expect(countsOf(reportOf(await load(bytes)))).toMatchObject({ eventsOutsideGeometry: 5 });
    expect(reportOf(await load(bytes))).toEqual(expectedCsv(bytes).report);
  });

  it("earlier than the one in front of it is kept and counted", async () => {
    expect(await rowsOf("1,1,5,1\n1,1,4,1\n1,1,4,1\n1,1,5,1\n1,1,-5,1\n")).toHaveLength(5);
    const lines = `1,1,5,1\nno\n1,1,${LEAST_TIME},1\n1,1,${GREATEST_TIME},1\n1,1,0,1\n`;
    await rowsOf(lines);
    const report = reportOf(await load(csvOf(lines)));
    expect(countsOf(report)).toMatchObject({ backwardSteps: 2 });
    expect(report.firstAt.backwardStep).toBe(HEADER.length + "1,1,5,1\nno\n".length);
  });

  it("that was dropped is not one that others come after", async () => {
    expect(await rowsOf("1,1,1,1\n70000,1,900,1\n1,1,900,7\n1,1,2,1\n")).toHaveLength(2);
  });
});

describe("the length of a line", () => {
  /** A line of zeros, an event but for its length: so many bytes, its end included. */
  function lineOf(length: number, end: string): string {
    const digits = length - end.length - ",,,".length;
    const fields = [0, 1, 2, 3].map((at) => "0".repeat(Math.floor((digits + at) / 4)));
    return fields.join(",") + end;
  }

  it.each([["\n"], ["\r\n"]])("is at most 512 bytes, its end %j included", async (end) => {
    for (const length of [9, 16, 32, 63, 64, 65, 66, 128, 510, 511, 512, 513, 514, 600]) {
      const line = lineOf(length, end);
      expect(line).toHaveLength(length);
      const rows = await rowsOf(`5,5,5,1\n${line}6,6,6,1\n`);
      expect(rows).toHaveLength(length <= 512 ? 3 : 2);
    }
  });

  it("is as much at the end, where a line feed that is missing counts", async () => {
    const of511 = lineOf(511, "");
    expect(await rowsOf(`5,5,5,1\n${of511}\n`)).toHaveLength(2);
    expect(await rowsOf(`5,5,5,1\n${of511}`)).toHaveLength(2);
    expect(await rowsOf(`5,5,5,1\n0${of511}\n`)).toHaveLength(1);
    expect(await rowsOf(`5,5,5,1\n0${of511}`)).toHaveLength(1);
    expect(await rowsOf(`5,5,5,1\n${of511}\r`)).toHaveLength(1);
  });

  it.each([511, 512, 513, 1023, 1024, 1025, 2 ** 20, 2 ** 21, 3 * 2 ** 20 + 7])(
    "of %i bytes without sense is one malformed line",
    async (length) => {
      for (const filler of ["x", "1", "\0", ","]) {
        const lines = `1,2,3,1\n${filler.repeat(length - 1)}\n4,5,6,0\n`;
        const bytes = csvOf(lines);
        const table = await load(bytes);
        expect(reportOf(table)).toMatchObject({
          events: 2,
          malformedLines: 1,
          truncatedBytes: 0,
          bytesRead: bytes.byteLength,
          firstAt: { malformedLine: HEADER.length + 8 },
          firstLine: { malformedLine: 3 },
        });
        // A last line that is cut is short enough to have become one.
        const cut = await load(bytes.subarray(0, HEADER.length + 8 + length - 1));
        const isShort = length <= 512;
        expect(countsOf(reportOf(cut))).toMatchObject({
          events: 1,
          malformedLines: isShort ? 0 : 1,
        });
        expect(reportOf(cut).truncatedBytes).toBe(isShort ? length - 1 : 0);
      }
    },
  );

  it("ends at its line feed however long it is: the next line is an event again", async () => {
    const long = "9".repeat(100_000);
    expect(await rowsOf(`${long}\n1,2,3,1\n${long}\n${long}\n4,5,6,1\n${long}`)).toEqual([
      "1 2 3 1",
      "4 5 6 1",
    ]);
  });
});

describe("the end", () => {
  it("needs no line feed", async () => {
    expect(await rowsOf("1,2,3,1\n4,5,6,0")).toEqual(["1 2 3 1", "4 5 6 0"]);
    expect(await rowsOf("4,5,6,0\r")).toEqual(["4 5 6 0"]);
    expect(await rowsOf("0,0,0,0")).toEqual(["0 0 0 0"]);
  });

  it("of the shortest lines leaves them in one batch", async () => {
    for (const end of ["", "\n"]) {
      const bytes = csvOf(Array.from({ length: 1000 }, () => "0,0,0,0").join("\n") + end);
      const table = await loadTable(bytes);
      expect(table.batches.map(({ numRows }) => numRows)).toEqual([1000]);
      expect((await loadEvents(bytes)).height).toBe(1000);
    }
  });

  it("inside a line is told, and no error", async () => {
    for (const rest of ["1", "1,2", "1,2,", "1,2,3", "1,2,3,", "1,2,3,-", "1,2,-", "x"]) {
      const bytes = csvOf(`1,2,3,1\n${rest}`);
      expect(await rowsOf(`1,2,3,1\n${rest}`)).toHaveLength(1);
      for (const onMalformed of ["error", "skip"] as const) {
        const report = reportOf(await loadTable(bytes, { onMalformed }));
        expect(report).toMatchObject({
          malformedLines: 0,
          truncatedBytes: rest.length,
          firstAt: { truncated: bytes.byteLength - rest.length },
          firstLine: { truncated: 3 },
        });
        expect(formatReport(report)).toEqual([
          expect.stringMatching(/^\d bytes? at the end (is|are) no whole line, first at line 3$/),
        ]);
      }
      expect(reportOf(await loadTable(csvOf(rest)))).toMatchObject({
        events: 0,
        truncatedBytes: rest.length,
      });
    }
  });
});

describe("the header row", () => {
  it.each([
    ["alone", "x,y,t,polarity"],
    ["with a line feed", "x,y,t,polarity\n"],
    ["with both", "x,y,t,polarity\r\n"],
    ["with a carriage return", "x,y,t,polarity\r"],
    ["with a byte order mark", "\xef\xbb\xbfx,y,t,polarity"],
    ["with a byte order mark and a line end", "\xef\xbb\xbfx,y,t,polarity\r\n"],
  ])("%s is an empty recording", async (_, header) => {
    const bytes = csvOf("", header);
    const recording = await openRecording(bytes);
    expect(recording.detection).toMatchObject({ format: "text", confidence: "certain" });
    expect(recording.geometry).toBeNull();
    expect([...recording.header]).toEqual([]);
    expect(reportOf(await load(bytes))).toEqual(expectedCsv(bytes).report);
    expect(await digestEvents(bytes)).toEqual({ events: 0, on: 0, digest: referenceDigest([]) });
  });

  it("with a byte order mark and both line ends is followed by lines", async () => {
    expect(await rowsOf("1,2,3,1\r\n4,5,6,1\r\n", "\xef\xbb\xbfx,y,t,polarity\r\n")).toHaveLength(
      2,
    );
    expect(await rowsOf("1,2,3,1\n", "x,y,t,polarity\r\n")).toHaveLength(1);
  });
});

describe("options", () => {
  const lines = "1,2,30,1\n639,479,20,0\n640,1,-5,1\nno\n1,1,-9007199254740991,-1\n1,2,40,1\n";
  const bytes = csvOf(lines);

  it("geometry is the sensor", async () => {
    const expected = expectedCsv(bytes, { geometry: SENSOR });
    const table = await load(bytes, { geometry: SENSOR });
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);
    const recording = await openRecording(bytes, { geometry: SENSOR, onMalformed: "skip" });
    expect(recording.geometry).toEqual(SENSOR);
    expectSameColumns(columnsOf(await loadTable(recording)), expected.columns);
  });

  it.each(["zero-one", "minus-one-one"] as const)("polarity is %s", async (polarityEncoding) => {
    const expected = expectedCsv(bytes, { polarityEncoding });
    const table = await load(bytes, { polarityEncoding });
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);
  });

  it("rebase puts the first event on 0", async () => {
    const expected = expectedCsv(bytes, { rebase: true });
    const table = await load(bytes, { rebase: true });
    expectSameColumns(columnsOf(table), expected.columns);
    expect(reportOf(table)).toEqual(expected.report);
    expect(reportOf(table).timeOffset).toBe(30);
  });

  it("rebase takes the first event on the sensor", async () => {
    const other = csvOf(`no\n700,1,5,1\n\n1,1,-7,1\n1,1,3,1\n`);
    const table = await load(other, { rebase: true, geometry: SENSOR });
    const expected = expectedCsv(other, { rebase: true, geometry: SENSOR });
    expect(reportOf(table)).toEqual(expected.report);
    expect(Array.from(table, ({ t }) => Number(t))).toEqual([0, 10]);
  });

  it("rebase drops what 64 bits cannot hold then", async () => {
    for (const [first, other] of [
      ["-5", GREATEST_TIME],
      ["5", LEAST_TIME],
    ] as const) {
      const far = csvOf(`1,1,${first},1\n1,1,${other},1\n1,1,7,1\n`);
      expect(countsOf(reportOf(await load(far)))).toMatchObject({ malformedLines: 0 });
      const table = await load(far, { rebase: true });
      const expected = expectedCsv(far, { rebase: true });
      expectSameColumns(columnsOf(table), expected.columns);
      expect(reportOf(table)).toEqual(expected.report);
      expect(countsOf(reportOf(table))).toMatchObject({ events: 2, malformedLines: 1 });
    }
  });

  it("rebase refuses an offset that no number holds", async () => {
    for (const t of [LEAST_TIME, GREATEST_TIME, "9007199254740992"]) {
      const error = await loadTable(csvOf(`1,1,${t},1\n`), { rebase: true }).catch((e) => e);
      expect(isEventError(error, "unsafe-time"), String(error)).toBe(true);
    }
  });
});

describe("strict", () => {
  it.each([
    ["a malformed line", "1,2,3,1\nno\n1,1,1,1\n"],
    ["a long line", `1,2,3,1\n${"9".repeat(500)}\n1,1,1,1\n`],
    ["a pixel that no column holds", "1,2,3,1\n65536,1,4,1\n1,1,1,1\n"],
    ["a step back", "1,2,3,1\n1,1,2,1\nno\n"],
    ["a cut end", "1,2,3,1\n1,1,"],
    ["nothing", "1,2,3,1\n\n1,2,3,1\r\n1,2,4,1"],
  ])("throws at %s", async (_, lines) => {
    const bytes = csvOf(lines);
    await expectStrict(bytes, expectedCsv(bytes), () => load(bytes, { strict: true }));
  });

  it("names line, byte and the way out", async () => {
    const error = await load(csvOf("1,2,3,1\n1,2,2,1\n"), { strict: true }).catch((e) => e);
    expect(error).toMatchObject({ line: 3, byteOffset: 23, format: "text" });
    expect(error.message).toBe(
      "an event earlier than the one in front of it (at byte 23, line 3). Load without `strict` to keep the rest; the report then counts what was lost.",
    );
    const cut = await load(csvOf("1,2,3,1\n1,2"), { strict: true }).catch((e) => e);
    expect(cut.message).toMatch(/^the recording ends inside a line \(at byte 23, line 3\)/);
  });

  it("judges what was lost in front of a malformed line first", async () => {
    const lost = csvOf("1,2,3,1\n1,2,2,1\nno\n");
    await expect(loadTable(lost, { strict: true })).rejects.toMatchObject({ code: "data-loss" });
    await expect(loadTable(lost)).rejects.toMatchObject({ code: "malformed-line", line: 4 });
    const whole = csvOf("1,2,3,1\n1,2,3,1\nno\n1,2,2,1\n");
    await expect(loadTable(whole, { strict: true })).rejects.toMatchObject({
      code: "malformed-line",
      line: 4,
    });
  });
});
