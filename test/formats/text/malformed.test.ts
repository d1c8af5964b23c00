import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEventError, loadTable, openRecording, type TextOptions } from "../../../src/index.ts";
import { latin1Bytes } from "../../support/evt2-words.ts";
import { SOAK } from "../../support/soak.ts";
import { PieceSource } from "../../support/sources.ts";
import { textFiles } from "./lines.ts";
import { csvOf, expectedText, SENSOR } from "./loads.ts";

const OPTIONS: TextOptions = {
  columns: ["x", "y", "t", "polarity"],
  separator: ",",
  timeUnit: "us",
  header: true,
};

async function errorOf(lines: string, text = OPTIONS) {
  const error = await loadTable(csvOf(lines), { text }).catch((caught) => caught);
  expect(isEventError(error, "malformed-line"), String(error)).toBe(true);
  return error;
}

describe("a malformed line", () => {
  it.each<[string, number, string, string]>([
    ["1,2,3", 6, "4 columns", '3 in "1,2,3"'],
    ["1,2,3,1,5", 9, "4 columns", '5 in "1,2,3,1,5"'],
    ["hello", 6, "4 columns", '1 in "hello"'],
    ["a,2,3,1", 1, "x as a whole number", '"a"'],
    [" 1.5,2,3,1", 2, "x as a whole number", '"1.5"'],
    ["1.00000000000000000001,2,3,1", 1, "x as a whole number", '"1.00000000000000000001"'],
    ["1,,3,1", 3, "y as a whole number", '""'],
    ["1,  no , 3,1", 5, "y as a whole number", '"no"'],
    ["1,2,nan,1", 5, "t as a number", '"nan"'],
    ["1,2,0x3,1", 5, "t as a number", '"0x3"'],
    ["1,2,3,2", 7, "polarity as 0, 1, -1, true or false", '"2"'],
    ["1,2,3,0.5", 7, "polarity as 0, 1, -1, true or false", '"0.5"'],
    ["1,2,3,", 7, "polarity as 0, 1, -1, true or false", '""'],
    ["1,2,9223372036854775808,1", 5, "t in 64 bits of microseconds", '"9223372036854775808"'],
    ["1,2,-1e300,1", 5, "t in 64 bits of microseconds", '"-1e300"'],
    ["1,2,3\xff,1", 5, "t as a number", '"3\ufffd"'],
    ["1,2,3\0,1", 5, "t as a number", '"3\\u0000"'],
  ])("%j is named by column %i: expected %s, found %s", async (line, column, expected, found) => {
    for (const end of ["\n", "\r\n"]) {
      const error = await errorOf(`7,7,7,1\n\n# a comment\n${line}${end}8,8,8,1\n`);
      const place = { line: 5, column, byteOffset: 15 + 8 + 1 + 12 };
      expect(error).toMatchObject({ ...place, format: "text", expected, found });
      expect(error.hint).toContain('`onMalformed: "skip"`');
    }
  });

  it("has a message of one line", async () => {
    expect((await errorOf("7,7,7,1\n1,2,x,1\n8,8,8,1\n")).message).toBe(
      'a line holds no event (at byte 23, line 3, column 5): expected t as a number, found "x". Load with `onMalformed: "skip"` to count such lines and read the rest.',
    );
  });

  it("that is long is shown in part", async () => {
    const error = await errorOf(`7,7,7,1\n${"y".repeat(300)}\n`);
    expect(error.found).toBe(`1 in "${"y".repeat(80)}..."`);
    for (const length of [512, 513, 100_000, 3_000_000]) {
      const found = await errorOf(`7,7,7,1\n${"y".repeat(length)}\n8,8,8,1\n`);
      expect(found).toMatchObject({ line: 3, column: 1, expected: "at most 512 bytes" });
      expect(found.message.length).toBeLessThan(400);
    }
  });

  it("that is too early or too late to be rebased is named", async () => {
    const bytes = csvOf("1,1,5,1\n1,1,-9223372036854775808,1\n");
    await expect(loadTable(bytes, { rebase: true })).rejects.toMatchObject({
      code: "malformed-line",
      line: 3,
      column: 5,
    });
  });

  it("is named by path", async () => {
    const file = new File([csvOf("no\n")], "events.csv");
    const options = { text: OPTIONS };
    await expect(loadTable(file, options)).rejects.toMatchObject({ path: "events.csv", line: 2 });
  });

  it("comes behind the events in front of it", async () => {
    const lines = Array.from({ length: 25 }, (_, t) => `1,1,${t},1\n`).join("");
    const recording = await openRecording(csvOf(`${lines}no\n1,1,1,1\n`));
    const sizes: number[] = [];
    const stream = async (): Promise<void> => {
      for await (const batch of recording.stream({ batchEvents: 10 })) sizes.push(batch.numRows);
    };
    await expect(stream()).rejects.toMatchObject({ code: "malformed-line", line: 27 });
    expect(sizes).toEqual([10, 10, 5]);
  });

  it(
    "is the first one, in any dialect and pieces",
    async () => {
      const size = fc.integer({ min: 1, max: 90 });
      await fc.assert(
        fc.asyncProperty(textFiles(20), size, async ({ bytes, dialect, text }, pieceBytes) => {
          const { report } = expectedText(bytes, dialect, { geometry: SENSOR });
          const options = { text, geometry: SENSOR };
          const recording = await openRecording(bytes, options);
          const columns = dialect.columns.map((name) => name ?? "-").join(",");
          fc.pre(recording.dialect?.split(", ")[0] === columns);
          const source = new PieceSource(bytes, () => pieceBytes);
          const result = await loadTable(source, options).catch((caught) => caught);
          if (report.malformedLines === 0) {
            expect(result.numRows).toBe(report.events);
            return;
          }
          expect(isEventError(result, "malformed-line"), String(result)).toBe(true);
          expect(result.byteOffset).toBe(report.firstAt.malformedLine);
          expect(result.line).toBe(report.firstLine?.malformedLine);
          expect(result.column).toBeGreaterThan(0);
          // A time is blamed only where nothing else is wrong with the line.
          if (/64 bits/.test(result.expected)) {
            expect(Math.abs(Number(JSON.parse(result.found)))).toBeGreaterThan(9e12);
          }
        }),
        { numRuns: 30 * SOAK },
      );
    },
    60_000 * SOAK,
  );
});

it("bytes that are no UTF-8 are told as they can be", async () => {
  const bytes = latin1Bytes("x,y,t,polarity\n1,2,\xe4,1\n");
  await expect(loadTable(bytes)).rejects.toMatchObject({ column: 5, found: '"\ufffd"' });
});
