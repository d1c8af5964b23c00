import { describe, expect, it } from "vitest";
import { latin1Bytes } from "../support/evt2-words.ts";
import { readCsvReference } from "./csv.ts";

const HEADER = "x,y,t,polarity\n"; // 15 bytes

const NOTHING = {
  dataOffset: 15,
  events: [],
  malformedLines: 0,
  eventsOutsideGeometry: 0,
  backwardSteps: 0,
  firstAt: {},
};

const read = (text: string, options?: Parameters<typeof readCsvReference>[1]) =>
  readCsvReference(latin1Bytes(text), options);

describe("readCsvReference", () => {
  it("finds nothing behind the header row alone", () => {
    expect(read(HEADER)).toEqual(NOTHING);
    expect(read("x,y,t,polarity")).toEqual({ ...NOTHING, dataOffset: 14 });
    expect(read("\xef\xbb\xbfx,y,t,polarity\r\n")).toEqual({ ...NOTHING, dataOffset: 19 });
    expect(() => read("t,x,y,polarity\n")).toThrow();
  });

  it("reads lines with either end, and passes blank ones over", () => {
    expect(read(`${HEADER}12,34,1000057,1\r\n\n\r\n0,65535,-7,-1`)).toEqual({
      ...NOTHING,
      events: [
        { t: 1000057n, x: 12, y: 34, p: 1 },
        { t: -7n, x: 0, y: 65535, p: 0 },
      ],
      backwardSteps: 1,
      firstAt: { backwardStep: 15 + 17 + 1 + 2 },
    });
  });

  it("counts lines that are no events, and those outside the sensor", () => {
    const lines = "1,2,3\n1,2,3,2\n5,1,1,1\n1,5,1,1\n1,1,1,1\n-1,1,1,1\n";
    expect(read(HEADER + lines, { geometry: { width: 5, height: 5 } })).toEqual({
      ...NOTHING,
      events: [{ t: 1n, x: 1, y: 1, p: 1 }],
      malformedLines: 2,
      eventsOutsideGeometry: 3,
      firstAt: { malformedLine: 15, outsideGeometry: 15 + 6 + 8 },
    });
  });

  it("knows the limits of a number and of a line", () => {
    const most = "1,1,9223372036854775807,1\n1,1,-9223372036854775808,1\n";
    expect(read(HEADER + most)).toMatchObject({ malformedLines: 0, backwardSteps: 1 });
    expect(read(HEADER + most, { rebase: true }).malformedLines).toBe(1);
    expect(read(`${HEADER}1,1,9223372036854775808,1\n`).malformedLines).toBe(1);
    const line = `${"0".repeat(15)},${"0".repeat(15)},${"0".repeat(15)},${"0".repeat(15)}`;
    expect(read(`${HEADER}${line}\n`).events).toHaveLength(1);
    expect(read(`${HEADER}${line}\r\n`).events).toHaveLength(0);
  });
});
