import { describe, expect, it } from "vitest";
import { latin1Bytes } from "../support/evt2-words.ts";
import {
  CSV_DIALECT,
  readTextReference,
  SECONDS_DIALECT,
  type TextReferenceDialect,
} from "./text.ts";

const HEADER = "x,y,t,polarity\n"; // 15 bytes

const NOTHING = {
  events: [],
  malformedLines: 0,
  eventsOutsideGeometry: 0,
  backwardSteps: 0,
  truncatedBytes: 0,
  firstAt: {},
  firstLine: {},
};

type Options = Parameters<typeof readTextReference>[2];
const csv = (text: string, options?: Options) =>
  readTextReference(latin1Bytes(HEADER + text), CSV_DIALECT, options);
const times = (...list: string[]) =>
  readTextReference(
    latin1Bytes(list.map((t) => `${t} 1 2 1\n`).join("")),
    SECONDS_DIALECT,
  ).events.map(({ t }) => Number(t));

describe("readTextReference", () => {
  it("finds nothing behind the header row alone", () => {
    expect(csv("")).toEqual(NOTHING);
    expect(csv("\n\r\n# a comment\n")).toEqual(NOTHING);
  });

  it("reads lines with either end, and passes blank ones over", () => {
    expect(csv("12,34,1000057,1\r\n\n\r\n0,65535,-7,-1")).toEqual({
      ...NOTHING,
      events: [
        { t: 1000057n, x: 12, y: 34, p: 1 },
        { t: -7n, x: 0, y: 65535, p: 0 },
      ],
      backwardSteps: 1,
      firstAt: { backwardStep: 15 + 17 + 1 + 2 },
      firstLine: { backwardStep: 5 },
    });
  });

  it("reads seconds exactly, a half going up", () => {
    expect(times("1.000001", "1504645177.420000", "0.0000005", "-0.0000005")).toEqual([
      1000001, 1504645177420000, 1, 0,
    ]);
    expect(times("-0.0000015", "-0.00000151", "1e-6", "12e0", ".5", "1.")).toEqual([
      -1, -2, 1, 12000000, 500000, 1000000,
    ]);
  });

  it("reads columns in any order, others passed over, and every polarity", () => {
    const dialect: TextReferenceDialect = {
      separator: ";",
      columns: [null, "polarity", "t", "y", "x"],
      timeUnit: "ns",
      comments: ["//"],
    };
    const lines = "a; true;1500; 2 ;3\n;-1;1499;2;3\n//\n#;1.0;0;2;3\n;FALSE;-500;2;3\n";
    const { events, malformedLines } = readTextReference(latin1Bytes(lines), dialect);
    expect(events.map(({ t, p }) => [Number(t), p])).toEqual([
      [2, 1],
      [1, 0],
      [0, 1],
      [0, 0],
    ]);
    expect(malformedLines).toBe(0);
  });

  it("counts lines that are no events, and those outside the sensor", () => {
    const lines = "1,2,3\n1,2,3,2\n5,1,1,1\n1,5,1,1\n1,1,1,1\n-1,1,1,1\n1,1";
    expect(csv(lines, { geometry: { width: 5, height: 5 } })).toEqual({
      ...NOTHING,
      events: [{ t: 1n, x: 1, y: 1, p: 1 }],
      malformedLines: 2,
      eventsOutsideGeometry: 3,
      truncatedBytes: 3,
      firstAt: { malformedLine: 15, outsideGeometry: 15 + 6 + 8, truncated: 15 + 47 },
      firstLine: { malformedLine: 2, outsideGeometry: 4, truncated: 8 },
    });
  });

  it("knows the limits of a number and of a line", () => {
    const most = "1,1,9223372036854775807,1\n1,1,-9223372036854775808,1\n";
    expect(csv(most)).toMatchObject({ malformedLines: 0, backwardSteps: 1 });
    expect(csv(most, { rebase: true }).malformedLines).toBe(1);
    expect(csv("1,1,9223372036854775808,1\n").malformedLines).toBe(1);
    const line = `1,1,${"0".repeat(505)},1`;
    expect(csv(`${line}\n`).events).toHaveLength(1);
    expect(csv(`${line}\r\n`).events).toHaveLength(0);
    expect(csv(`#${line}${line}\n`)).toEqual(NOTHING);
  });
});
