import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { itWithSharedData, type SharedExpectation } from "../support/shared-data.ts";
import { type DatReference, decodeDatReference } from "./dat.ts";
import { referenceDigest } from "./digest.ts";

/** Records as a file holds them: pairs of 32-bit words, low byte first. */
function records(...pairs: [time: number, word: number][]): number[] {
  const view = new DataView(new ArrayBuffer(pairs.length * 8));
  pairs.forEach(([time, word], index) => {
    view.setUint32(index * 8, time, true);
    view.setUint32(index * 8 + 4, word, true);
  });
  return [...new Uint8Array(view.buffer)];
}

/** A file: header text of one byte per character, then other bytes. */
function file(header: string, ...bytes: number[]): Uint8Array {
  const text = Array.from(header, (character) => character.charCodeAt(0));
  return Uint8Array.from([...text, ...bytes]);
}

const HEADER = "% Version 2\n"; // 12 bytes; the records start at 14
const CD = [12, 8];
const TRIGGERS = [14, 8];

const NOTHING = {
  version: 2,
  type: 12,
  recordBytes: 8,
  headerGeometry: null,
  events: [],
  triggers: [],
  skippedWords: {},
  unknownWords: {},
  eventsBeforeTimeBase: 0,
  triggersBeforeTimeBase: 0,
  eventsOutsideGeometry: 0,
  backwardSteps: 0,
  clockWraps: 0,
  truncatedBytes: 0,
  firstAt: {},
};

// Version 2 words below are p << 28 | y << 14 | x: each step of y adds 0x4000.

describe("decodeDatReference", () => {
  it("finds nothing in a file without records", () => {
    expect(decodeDatReference(file(HEADER, ...CD))).toEqual(NOTHING);
  });

  it("reads the first records of a real recording, byte by byte", () => {
    const bytes = file(
      "% Data file containing events.\n% Version 2\n% Date 2017-10-31 11:29:21\n",
      ...[0x00, 0x08], // type 0, record size 8
      ...[0x00, 0x00, 0x00, 0x00, 0x19, 0x00, 0x02, 0x00],
      ...[0x23, 0x00, 0x00, 0x00, 0x43, 0xc0, 0x08, 0x00],
      ...[0x98, 0x00, 0x00, 0x00, 0x38, 0xc0, 0x06, 0x10],
    );
    expect(decodeDatReference(bytes)).toEqual({
      ...NOTHING,
      type: 0,
      events: [
        { t: 0n, x: 25, y: 8, p: 0 },
        { t: 35n, x: 67, y: 35, p: 0 },
        { t: 152n, x: 56, y: 27, p: 1 },
      ],
    });
  });

  it.each([0, 12])("reads every field of a version 2 record at its bounds: type %i", (type) => {
    const bytes = file(
      HEADER,
      ...[type, 8],
      ...records(
        [1, 0x00000000], // OFF, all fields zero
        [2, 0x10000000], // ON
        [3, 0x00003fff], // x 16383
        [4, 0x0fffc000], // y 16383
        [0xffffffff, 0x1001c005], // ON, x 5, y 7
      ),
    );
    expect(decodeDatReference(bytes)).toEqual({
      ...NOTHING,
      type,
      events: [
        { t: 1n, x: 0, y: 0, p: 0 },
        { t: 2n, x: 0, y: 0, p: 1 },
        { t: 3n, x: 16383, y: 0, p: 0 },
        { t: 4n, x: 0, y: 16383, p: 0 },
        { t: 4294967295n, x: 5, y: 7, p: 1 },
      ],
    });
  });

  it.each([0x1, 0x2, 0x4, 0x8, 0xf])("takes the polarity value %i for ON", (value) => {
    const bytes = file(HEADER, ...CD, ...records([0, value * 2 ** 28]));
    expect(decodeDatReference(bytes).events).toEqual([{ t: 0n, x: 0, y: 0, p: 1 }]);
  });

  it("reads every field of a version 1 record at its bounds", () => {
    const bytes = file(
      "% Version 1\n",
      ...[0, 8],
      ...records(
        [1, 0x00000000], // OFF, all fields zero
        [2, 0x00020000], // ON: bit 17
        [3, 0x000001ff], // x 511
        [4, 0x0001fe00], // y 255
        [5, 0x0003df2f], // ON, x 303, y 239
        [6, 0xfffc0000], // OFF: no field reaches bits 31-18
      ),
    );
    expect(decodeDatReference(bytes)).toEqual({
      ...NOTHING,
      version: 1,
      type: 0,
      events: [
        { t: 1n, x: 0, y: 0, p: 0 },
        { t: 2n, x: 0, y: 0, p: 1 },
        { t: 3n, x: 511, y: 0, p: 0 },
        { t: 4n, x: 0, y: 255, p: 0 },
        { t: 5n, x: 303, y: 239, p: 1 },
        { t: 6n, x: 0, y: 0, p: 0 },
      ],
    });
  });

  it.each([
    ["no Version", "% Date today\n", 2],
    ["Version 2", "% Version 2\n", 2],
    ["another Version", "% Version 3\n", 3],
    ["a Version that is no number", "% Version new\n", 2],
  ])("reads the version 2 layout by default: %s", (_, header, version) => {
    const result = decodeDatReference(file(header, ...CD, ...records([0, 0x1001c005])));
    expect(result).toEqual({ ...NOTHING, version, events: [{ t: 0n, x: 5, y: 7, p: 1 }] });
  });

  it("reads triggers, whatever the bits between the fields", () => {
    const bytes = file(
      HEADER,
      ...TRIGGERS,
      ...records(
        [1, 0x00000000], // id 0, value 0
        [2, 0xfc000001], // id 63, value 1
        [3, 0x14000008], // id 5, value 8
        [4, 0x03fffff0], // id 0, value 0, all other bits set
      ),
    );
    expect(decodeDatReference(bytes)).toEqual({
      ...NOTHING,
      type: 14,
      triggers: [
        { t: 1n, id: 0, value: 0 },
        { t: 2n, id: 63, value: 1 },
        { t: 3n, id: 5, value: 1 },
        { t: 4n, id: 0, value: 0 },
      ],
    });
  });

  it("reads a file without a header from its first byte, as type 0", () => {
    const bytes = file("", ...records([7, 0x1001c005], [8, 0x00000000]));
    expect(decodeDatReference(bytes)).toEqual({
      ...NOTHING,
      type: 0,
      events: [
        { t: 7n, x: 5, y: 7, p: 1 },
        { t: 8n, x: 0, y: 0, p: 0 },
      ],
    });
    expect(decodeDatReference(new Uint8Array(0))).toEqual({ ...NOTHING, type: 0 });
  });

  it("reads type and size after `% end`", () => {
    const bytes = file("% Version 2\n% end\n", ...CD, ...records([0, 0x1001c005]));
    expect(decodeDatReference(bytes).events).toEqual([{ t: 0n, x: 5, y: 7, p: 1 }]);
  });

  describe("geometry", () => {
    const RECORDS = records(
      [0, 0x10008001], // (1, 2): inside
      [1, 0x10000002], // (2, 0): x is the width
      [2, 0x1000c000], // (0, 3): y is the height
      [3, 0x1000c002], // (2, 3): counted once
      [4, 0x00000000], // (0, 0): inside
    );
    const SIZES = "% Height 3\n% Width 2\n"; // 21 bytes; the records start at 23

    it("comes from the header and drops events outside it", () => {
      expect(decodeDatReference(file(SIZES, ...CD, ...RECORDS))).toEqual({
        ...NOTHING,
        headerGeometry: { width: 2, height: 3 },
        events: [
          { t: 0n, x: 1, y: 2, p: 1 },
          { t: 4n, x: 0, y: 0, p: 0 },
        ],
        eventsOutsideGeometry: 3,
        firstAt: { outsideGeometry: 31 },
      });
    });

    it.each([
      ["no size", "% Version 2\n"],
      ["a width only", "% Width 2\n"],
      ["a height only", "% Height 3\n"],
      ["a size that is no number", "% Height 3\n% Width two\n"],
    ])("is unknown with %s", (_, header) => {
      const result = decodeDatReference(file(header, ...CD, ...RECORDS));
      expect(result.headerGeometry).toBeNull();
      expect(result.events).toHaveLength(5);
    });

    it("of the options counts instead of that of the header", () => {
      const bytes = file(SIZES, ...CD, ...RECORDS);
      const result = decodeDatReference(bytes, { geometry: { width: 3, height: 3 } });
      expect(result.headerGeometry).toEqual({ width: 2, height: 3 });
      expect(result.events).toHaveLength(3);
      expect(decodeDatReference(bytes, { geometry: null }).events).toHaveLength(5);
    });

    it("does not concern triggers", () => {
      const result = decodeDatReference(file(SIZES, ...TRIGGERS, ...RECORDS));
      expect(result.triggers).toHaveLength(5);
      expect(result.eventsOutsideGeometry).toBe(0);
    });
  });

  describe("time", () => {
    it("wraps the 32-bit clock", () => {
      const bytes = file(
        HEADER,
        ...CD,
        ...records([0xffffffff, 0], [0, 0], [5, 0], [0xfffffff0, 0], [1, 0]),
      );
      expect(decodeDatReference(bytes)).toEqual({
        ...NOTHING,
        events: [
          { t: 4294967295n, x: 0, y: 0, p: 0 },
          { t: 4294967296n, x: 0, y: 0, p: 0 },
          { t: 4294967301n, x: 0, y: 0, p: 0 },
          { t: 8589934576n, x: 0, y: 0, p: 0 },
          { t: 8589934593n, x: 0, y: 0, p: 0 },
        ],
        clockWraps: 2,
      });
    });

    // 2^31 = 0x80000000
    it.each([
      ["by 2^31 + 1, to 0", 0x80000001, 0, 1, 4294967296n],
      ["by 2^31, to 0", 0x80000000, 0, 0, 0n],
      ["by 2^31 + 1, from the top", 0xffffffff, 0x7ffffffe, 1, 6442450942n],
      ["by 2^31, from the top", 0xffffffff, 0x7fffffff, 0, 2147483647n],
      ["by 1", 2, 1, 0, 1n],
    ])("tells a clock wrap from a backward step: %s", (_, first, second, wraps, t) => {
      const result = decodeDatReference(file(HEADER, ...CD, ...records([first, 0], [second, 0])));
      expect(result.events.at(-1)?.t).toBe(t);
      expect(result.clockWraps).toBe(wraps);
      expect(result.backwardSteps).toBe(1 - wraps);
      expect(result.firstAt).toEqual(wraps === 1 ? {} : { backwardStep: 22 });
    });

    it("counts each kept event that is earlier than the one before it", () => {
      const bytes = file(
        "% Height 1\n% Width 1\n", // the records start at 23
        ...CD,
        ...records(
          [10, 0],
          [20, 1], // at 31: outside
          [11, 0], // later than 10
          [9, 0], // at 47: a step back from 11
          [9, 0], // the same time is no step
          [8, 0], // a step back
          [12, 0],
        ),
      );
      const result = decodeDatReference(bytes);
      expect(result.events.map((event) => event.t)).toEqual([10n, 11n, 9n, 9n, 8n, 12n]);
      expect(result.backwardSteps).toBe(2);
      expect(result.clockWraps).toBe(0);
      expect(result.firstAt).toEqual({ outsideGeometry: 31, backwardStep: 47 });
    });

    it("sees a clock wrap in an event outside the geometry", () => {
      const bytes = file(
        "% Height 1\n% Width 1\n",
        ...CD,
        ...records([0xffffffff, 0], [0, 1], [1, 0]),
      );
      const result = decodeDatReference(bytes);
      expect(result.events.map((event) => event.t)).toEqual([4294967295n, 4294967297n]);
      expect(result.clockWraps).toBe(1);
    });

    it("wraps the clock of triggers too, whose steps back are not counted", () => {
      const bytes = file(HEADER, ...TRIGGERS, ...records([0xffffffff, 0], [7, 1], [6, 0]));
      expect(decodeDatReference(bytes)).toEqual({
        ...NOTHING,
        type: 14,
        triggers: [
          { t: 4294967295n, id: 0, value: 0 },
          { t: 4294967303n, id: 0, value: 1 },
          { t: 4294967302n, id: 0, value: 0 },
        ],
        clockWraps: 1,
      });
    });
  });

  it.each([1, 2, 3, 4, 5, 6, 7])("drops %i bytes of a partial last record", (count) => {
    const tail = records([9, 0x1001c005]).slice(0, count);
    const bytes = file(HEADER, ...CD, ...records([7, 0x1001c005]), ...tail);
    expect(decodeDatReference(bytes)).toEqual({
      ...NOTHING,
      events: [{ t: 7n, x: 5, y: 7, p: 1 }],
      truncatedBytes: count,
      firstAt: { truncated: 22 },
    });
  });

  it("counts a partial record in a file without a header from its start", () => {
    const bytes = file("", ...records([7, 0x1001c005]), 0x01, 0x02, 0x03);
    expect(decodeDatReference(bytes)).toEqual({
      ...NOTHING,
      type: 0,
      events: [{ t: 7n, x: 5, y: 7, p: 1 }],
      truncatedBytes: 3,
      firstAt: { truncated: 8 },
    });
  });

  it.each([0, 12, 14])("refuses type %i with another record size", (type) => {
    expect(() => decodeDatReference(file(HEADER, type, 16))).toThrow("record size 16");
    expect(() => decodeDatReference(file(HEADER, type, 0))).toThrow("record size 0");
  });

  it.each([1, 13, 40])("refuses type %i", (type) => {
    expect(() => decodeDatReference(file(HEADER, type, 8))).toThrow(`event type ${type}`);
  });

  it("refuses a file that ends before type and size", () => {
    expect(() => decodeDatReference(file(HEADER))).toThrow("no event type");
    expect(() => decodeDatReference(file(HEADER, 12))).toThrow("no event type");
  });

  it("reads a view that starts inside its buffer", () => {
    const bytes = Uint8Array.from([0xff, ...file(HEADER, ...CD, ...records([7, 0x1001c005]))]);
    const { events } = decodeDatReference(bytes.subarray(1));
    expect(events).toEqual([{ t: 7n, x: 5, y: 7, p: 1 }]);
  });

  itWithSharedData("decodes a real recording of type 0", "ncars.dat", (path, expected) => {
    const result = decodeDatReference(readFileSync(path));
    expectSums(result, expected);
    // The three last of section 18; the three first are tested above.
    expect(result.events.slice(-3)).toEqual([
      { t: 99742n, x: 68, y: 34, p: 0 },
      { t: 99851n, x: 51, y: 4, p: 1 },
      { t: 99952n, x: 75, y: 28, p: 1 },
    ]);
    // No loss of any kind, no triggers and no sizes.
    expect({ ...result, events: [] }).toEqual({ ...NOTHING, type: 0 });
  });

  itWithSharedData("decodes a real recording of type 12", "openeb_cd.dat", (path, expected) => {
    const result = decodeDatReference(readFileSync(path));
    expectSums(result, expected);
    const { events } = result;
    const ends = [events.at(0), events.at(-1)].map((e) => e && [Number(e.t), e.x, e.y, e.p]);
    expect(ends).toEqual([expected.first, expected.last]);
    // No loss of any kind and no triggers.
    expect({ ...result, events: [] }).toEqual({
      ...NOTHING,
      headerGeometry: { width: 1280, height: 720 },
    });
  });
});

function expectSums({ events }: DatReference, expected: SharedExpectation): void {
  const t0 = events[0]?.t ?? 0n;
  let [on, sumX, sumY, sumTRel] = [0, 0, 0, 0];
  for (const { t, x, y, p } of events) {
    on += p;
    sumX += x;
    sumY += y;
    sumTRel += Number(t - t0);
  }
  expect({
    ...{ events: events.length, on, sum_x: sumX, sum_y: sumY, sum_t_rel: sumTRel },
    digest: referenceDigest(events),
  }).toEqual({
    ...{ events: expected.events, on: expected.on, digest: expected.digest },
    ...{ sum_x: expected.sum_x, sum_y: expected.sum_y, sum_t_rel: expected.sum_t_rel },
  });
}
