import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { itWithSharedData } from "../support/shared-data.ts";
import { referenceDigest } from "./digest.ts";
import { decodeEvt3Reference } from "./evt3.ts";
import { geometryOf, parseRawHeader } from "./raw-header.ts";

/** Words as a file holds them: 16 bits each, low byte first. */
function words(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 2));
  values.forEach((value, index) => {
    view.setUint16(index * 2, value, true);
  });
  return new Uint8Array(view.buffer);
}

const NOTHING = {
  events: [],
  triggers: [],
  skippedWords: {},
  otherSubtypes: {},
  unknownWords: {},
  eventsBeforeTimeBase: 0,
  triggersBeforeTimeBase: 0,
  eventsWithoutAddress: 0,
  eventsOutsideGeometry: 0,
  backwardSteps: 0,
  clockWraps: 0,
  truncatedBytes: 0,
  firstAt: {},
};

// The first hex digit is the type: 0 ADDR_Y, 2 ADDR_X, 3 VECT_BASE_X, 4 VECT_12, 5 VECT_8,
// 6 TIME_LOW, 8 TIME_HIGH, a EXT_TRIGGER. In types 2 and 3 the polarity bit adds 0x0800.
// 0x8001 is 4096 us.

describe("decodeEvt3Reference", () => {
  it("finds nothing in no bytes", () => {
    expect(decodeEvt3Reference(new Uint8Array(0))).toEqual(NOTHING);
  });

  it("reads the first words of a real recording, byte by byte", () => {
    const bytes = Uint8Array.from([
      ...[0x2d, 0x8b], // TIME_HIGH 0xb2d
      ...[0x00, 0x60], // TIME_LOW 0
      ...[0xc8, 0x00], // row 200
      ...[0x6a, 0x23], // OFF, x 0x36a
      ...[0x26, 0x2b], // ON, x 0x326
      ...[0xc9, 0x00], // row 201
      ...[0x72, 0x23], // OFF, x 0x372
    ]);
    expect(decodeEvt3Reference(bytes)).toEqual({
      ...NOTHING,
      events: [
        { t: 11718656n, x: 874, y: 200, p: 0 },
        { t: 11718656n, x: 806, y: 200, p: 1 },
        { t: 11718656n, x: 882, y: 201, p: 0 },
      ],
    });
  });

  it("reads every field at its bounds", () => {
    const bytes = words(
      0x8fff, // TIME_HIGH 4095
      0x6fff, // TIME_LOW 4095: 2^24 - 1
      0x07ff, // row 2047
      0x27ff, // OFF, x 2047
      0x2fff, // ON, x 2047
      0x2800, // ON, x 0
      0x0000, // row 0
      0x2000, // OFF, x 0
    );
    expect(decodeEvt3Reference(bytes)).toEqual({
      ...NOTHING,
      events: [
        { t: 16777215n, x: 2047, y: 2047, p: 0 },
        { t: 16777215n, x: 2047, y: 2047, p: 1 },
        { t: 16777215n, x: 0, y: 2047, p: 1 },
        { t: 16777215n, x: 0, y: 0, p: 0 },
      ],
    });
  });

  it("reads triggers, whatever the bits between the fields and without a row", () => {
    const bytes = words(
      0x8001,
      0xaf01, // id 15, value 1, before any TIME_LOW
      0x6003,
      0xa500, // id 5, value 0
      0xa0fe, // id 0, value 0, all other bits set
      0xa0ff, // the same with value 1
    );
    expect(decodeEvt3Reference(bytes)).toEqual({
      ...NOTHING,
      triggers: [
        { t: 4096n, id: 15, value: 1 },
        { t: 4099n, id: 5, value: 0 },
        { t: 4099n, id: 0, value: 0 },
        { t: 4099n, id: 0, value: 1 },
      ],
    });
  });

  describe("time", () => {
    const times = (...values: number[]) => {
      const { events, ...rest } = decodeEvt3Reference(words(...values));
      return { ...rest, t: events.map((event) => event.t) };
    };

    it("sets TIME_LOW to 0 at the first and at every new TIME_HIGH", () => {
      expect(
        times(0x8000, 0x0000, 0x2000, 0x6005, 0x2000, 0x8001, 0x2000, 0x6002, 0x2000).t,
      ).toEqual([0n, 5n, 4096n, 4098n]);
    });

    it("keeps TIME_LOW over a duplicate TIME_HIGH", () => {
      expect(times(0x8002, 0x0000, 0x6005, 0x2000, 0x8002, 0x2000, 0x8002, 0x2000).t).toEqual([
        8197n,
        8197n,
        8197n,
      ]);
    });

    it("sets TIME_LOW to 0 at a smaller TIME_HIGH too", () => {
      expect(times(0x8002, 0x0000, 0x6005, 0x8001, 0x2000).t).toEqual([4096n]);
    });

    it("accepts a smaller TIME_LOW, which is no step without an event", () => {
      const result = times(0x8001, 0x0000, 0x6003, 0x2000, 0x680b, 0x6800, 0x2000);
      expect(result).toMatchObject({ t: [4099n, 6144n], backwardSteps: 0 });
    });

    it("counts each kept event that is earlier than the one before it", () => {
      const result = times(
        ...[0x8001, 0x0000],
        ...[0x6014, 0x2000], // 4116
        ...[0x600a, 0x2000], // at 10: 4106, a step back
        ...[0x2000], // the same time is no step
        ...[0x8000, 0x2000], // 0, a step back
        ...[0x6fff, 0x2000], // 4095
      );
      expect(result).toMatchObject({
        t: [4116n, 4106n, 4106n, 0n, 4095n],
        backwardSteps: 2,
        clockWraps: 0,
        firstAt: { backwardStep: 10 },
      });
    });

    it("counts one step for a vector, whose events share one time", () => {
      const bytes = words(0x8001, 0x0000, 0x600a, 0x2000, 0x6009, 0x3000, 0x4007);
      const result = decodeEvt3Reference(bytes);
      expect(result.events.map((event) => event.t)).toEqual([4106n, 4105n, 4105n, 4105n]);
      expect(result.backwardSteps).toBe(1);
      expect(result.firstAt).toEqual({ backwardStep: 12 });
    });

    it("compares the time of kept CD events only", () => {
      const bytes = words(
        ...[0x8001, 0x0000],
        ...[0x6001, 0x2000], // 4097
        ...[0x6009, 0xa001, 0x2001], // 4105: a trigger, and an event at x 1, outside
        ...[0x6002, 0x2000], // 4098: later than 4097
        ...[0x6000, 0xa001], // 4096: a trigger
      );
      const result = decodeEvt3Reference(bytes, { geometry: { width: 1, height: 1 } });
      expect(result.events.map((event) => event.t)).toEqual([4097n, 4098n]);
      expect(result.backwardSteps).toBe(0);
      expect(result.firstAt).toEqual({ outsideGeometry: 12 });
    });

    it("wraps the 24-bit clock", () => {
      const bytes = words(
        ...[0x8fff, 0x0000, 0x6fff, 0x2000], // 2^24 - 1
        ...[0x8000, 0x2000], // 2^24: TIME_LOW starts at 0
        ...[0x6001, 0xa001], // 2^24 + 1
        ...[0x8000, 0x2000], // the same: a duplicate
        ...[0x8fff, 0x8001], // up again, and a second wrap
        ...[0x6002, 0x2000], // 2 * 2^24 + 4096 + 2
      );
      expect(decodeEvt3Reference(bytes)).toEqual({
        ...NOTHING,
        events: [
          { t: 16777215n, x: 0, y: 0, p: 0 },
          { t: 16777216n, x: 0, y: 0, p: 0 },
          { t: 16777217n, x: 0, y: 0, p: 0 },
          { t: 33558530n, x: 0, y: 0, p: 0 },
        ],
        triggers: [{ t: 16777217n, id: 0, value: 1 }],
        clockWraps: 2,
      });
    });

    it.each([
      ["by 4095, from 0xfff to 0", 0x8fff, 0x8000, 1, 16777216n],
      ["by 2048, from 0x800 to 0", 0x8800, 0x8000, 1, 16777216n],
      ["by 2047, from 0x7ff to 0", 0x87ff, 0x8000, 0, 0n],
      ["by 2048, from 0xfff to 0x7ff", 0x8fff, 0x87ff, 1, 25161728n], // 2^24 + 2047 * 4096
      ["by 2047, from 0xfff to 0x800", 0x8fff, 0x8800, 0, 8388608n],
      ["by 1", 0x8002, 0x8001, 0, 4096n],
    ])("tells a clock wrap from a smaller decrease: %s", (_, first, second, wraps, t) => {
      const result = times(first, 0x0000, 0x6123, second, 0x2000);
      expect(result).toMatchObject({ t: [t], clockWraps: wraps });
    });

    it("compares TIME_HIGH with the one before it, not with the highest", () => {
      // Down in three parts, each too small for a wrap.
      const result = times(0x8fff, 0x8900, 0x8200, 0x8000, 0x0000, 0x2000);
      expect(result).toMatchObject({ t: [0n], clockWraps: 0 });
    });
  });

  describe("vectors", () => {
    it("emits the bits of a mask in ascending order", () => {
      const bytes = words(
        0x8001,
        0x0007,
        0x380a, // ON, base 10
        0x4805, // bits 0, 2, 11
        0x300a, // OFF, base 10
        0x5081, // bits 0, 7
      );
      expect(decodeEvt3Reference(bytes)).toEqual({
        ...NOTHING,
        events: [
          { t: 4096n, x: 10, y: 7, p: 1 },
          { t: 4096n, x: 12, y: 7, p: 1 },
          { t: 4096n, x: 21, y: 7, p: 1 },
          { t: 4096n, x: 10, y: 7, p: 0 },
          { t: 4096n, x: 17, y: 7, p: 0 },
        ],
      });
    });

    /** The x of the events after a base of 100 in row 0. */
    const xAfterBase100 = (...values: number[]) =>
      decodeEvt3Reference(words(0x8001, 0x0000, 0x3864, ...values)).events.map((event) => event.x);

    it("advances the base by 12 and by 8, into the next triple without a new base", () => {
      expect(xAfterBase100(0x4001, 0x4001, 0x5001, 0x4001, 0x4001, 0x5001, 0x4001)).toEqual([
        100, 112, 124, 132, 144, 156, 164,
      ]);
    });

    it("advances the base over an empty mask", () => {
      expect(xAfterBase100(0x4000, 0x5000, 0x4001)).toEqual([120]);
    });

    it("decodes each vector word by itself, in any order and number", () => {
      expect(xAfterBase100(0x5001, 0x5001, 0x4001)).toEqual([100, 108, 116]);
      expect(xAfterBase100(0x4001)).toEqual([100]);
      expect(xAfterBase100(0x4001, 0x4001)).toEqual([100, 112]);
    });

    it("does not use mask bits 11-8 of a VECT_8", () => {
      expect(xAfterBase100(0x5f00, 0x5f02)).toEqual([109]);
    });

    it("keeps base and polarity over other words, and takes the row and time of the moment", () => {
      const bytes = words(
        ...[0x8001, 0x0003, 0x3864, 0x4001], // ON, base 100
        ...[0x6004, 0x0005, 0x21f4], // OFF at x 500, which is no base
        ...[0xa001, 0xe014, 0xf000, 0x9999, 0x8001],
        ...[0x4001, 0x8002, 0x5001],
      );
      expect(decodeEvt3Reference(bytes).events).toEqual([
        { t: 4096n, x: 100, y: 3, p: 1 },
        { t: 4100n, x: 500, y: 5, p: 0 },
        { t: 4100n, x: 112, y: 5, p: 1 },
        { t: 8192n, x: 124, y: 5, p: 1 },
      ]);
    });

    it("crosses x 2047 where the geometry is unknown", () => {
      const bytes = words(0x8001, 0x0000, 0x3fff, 0x4803, 0x5080); // base 2047
      const { events, eventsOutsideGeometry } = decodeEvt3Reference(bytes);
      expect(events.map((event) => event.x)).toEqual([2047, 2048, 2058, 2066]);
      expect(eventsOutsideGeometry).toBe(0);
    });
  });

  describe("before the first TIME_HIGH", () => {
    it("drops events and triggers, one count for each bit of a vector", () => {
      const bytes = words(
        0xe014, // at 0, skipped in any case
        0x2000, // at 2
        0xa001, // at 4
        0x4007, // at 6, three events
        0x5f03, // at 8, two events
        0xa000, // at 10
        0x8000, // at 12: a base of 0 is a base
        0xa101,
      );
      expect(decodeEvt3Reference(bytes)).toEqual({
        ...NOTHING,
        triggers: [{ t: 0n, id: 1, value: 1 }],
        skippedWords: { OTHERS: 1 },
        otherSubtypes: { "0x14": 1 },
        eventsBeforeTimeBase: 6,
        triggersBeforeTimeBase: 2,
        firstAt: { eventBeforeTimeBase: 2, triggerBeforeTimeBase: 4 },
      });
    });

    it("has no effect of TIME_LOW, ADDR_Y and VECT_BASE_X", () => {
      const bytes = words(
        ...[0x6123, 0x0005, 0x3864],
        ...[0x8001, 0x2007, 0x4001], // at 8 and 10: no row, no base
        ...[0x0006, 0x2007, 0x4001], // at 16: still no base
        ...[0x3800, 0x4001],
      );
      expect(decodeEvt3Reference(bytes)).toEqual({
        ...NOTHING,
        events: [
          { t: 4096n, x: 7, y: 6, p: 0 },
          { t: 4096n, x: 0, y: 6, p: 1 },
        ],
        eventsWithoutAddress: 3,
        firstAt: { eventWithoutAddress: 8 },
      });
    });

    it("counts an event that also lacks a row as before the time base only", () => {
      const result = decodeEvt3Reference(words(0x2fff, 0x4fff), {
        geometry: { width: 1, height: 1 },
      });
      expect(result).toEqual({
        ...NOTHING,
        eventsBeforeTimeBase: 13,
        firstAt: { eventBeforeTimeBase: 0 },
      });
    });
  });

  describe("without an address", () => {
    it("drops events before an ADDR_Y, wherever they are", () => {
      const bytes = words(
        0x8001,
        0x4000, // an empty mask is no event
        0x2fff, // at 4
        0x3800,
        0x4fff, // at 8, twelve events
        0x50ff, // at 10, eight events
      );
      expect(decodeEvt3Reference(bytes, { geometry: { width: 1, height: 1 } })).toEqual({
        ...NOTHING,
        eventsWithoutAddress: 21,
        firstAt: { eventWithoutAddress: 4 },
      });
    });

    it("advances a base before the ADDR_Y", () => {
      const bytes = words(0x8001, 0x3864, 0x4001, 0x5000, 0x0002, 0x4001);
      expect(decodeEvt3Reference(bytes)).toEqual({
        ...NOTHING,
        events: [{ t: 4096n, x: 120, y: 2, p: 1 }],
        eventsWithoutAddress: 1,
        firstAt: { eventWithoutAddress: 4 },
      });
    });

    it("drops vectors before a VECT_BASE_X, which starts where it says", () => {
      const bytes = words(0x8001, 0x0002, 0x4003, 0x5f01, 0x3864, 0x4001);
      expect(decodeEvt3Reference(bytes)).toEqual({
        ...NOTHING,
        events: [{ t: 4096n, x: 100, y: 2, p: 1 }],
        eventsWithoutAddress: 3,
        firstAt: { eventWithoutAddress: 4 },
      });
    });

    it("counts a vector without a base in a row off the sensor as without an address", () => {
      expect(decodeEvt3Reference(words(0x8001, 0x0802, 0x4003))).toEqual({
        ...NOTHING,
        eventsWithoutAddress: 2,
        firstAt: { eventWithoutAddress: 4 },
      });
    });
  });

  describe("outside the geometry", () => {
    it("drops each event at the width or the height", () => {
      const bytes = words(
        ...[0x8001, 0x0002],
        ...[0x2801, 0x2002], // at 6: x is the width
        ...[0x0003, 0x2001, 0x2802], // y is the height; the second is counted once
        ...[0x0000, 0x2000],
      );
      const geometry = { width: 2, height: 3 };
      expect(decodeEvt3Reference(bytes, { geometry })).toEqual({
        ...NOTHING,
        events: [
          { t: 4096n, x: 1, y: 2, p: 1 },
          { t: 4096n, x: 0, y: 0, p: 0 },
        ],
        eventsOutsideGeometry: 3,
        firstAt: { outsideGeometry: 6 },
      });
      expect(decodeEvt3Reference(bytes).events).toHaveLength(5);
      expect(decodeEvt3Reference(bytes, { geometry: null }).events).toHaveLength(5);
    });

    it("cuts a vector at the right border, pixel by pixel", () => {
      const bytes = words(
        ...[0x8001, 0x0000, 0x3864], // base 100
        ...[0x4fff, 0x4fff, 0x50ff], // 100-111, 112-123, 124-131
      );
      const result = decodeEvt3Reference(bytes, { geometry: { width: 114, height: 1 } });
      expect(result.events.map((event) => event.x)).toEqual([
        ...[100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111],
        ...[112, 113],
      ]);
      expect(result.eventsOutsideGeometry).toBe(18);
      expect(result.firstAt).toEqual({ outsideGeometry: 8 });
    });

    it("drops a vector in a row off the sensor and advances its base", () => {
      const bytes = words(0x8001, 0x0001, 0x3864, 0x4003, 0x0000, 0x4001);
      expect(decodeEvt3Reference(bytes, { geometry: { width: 200, height: 1 } })).toEqual({
        ...NOTHING,
        events: [{ t: 4096n, x: 112, y: 0, p: 1 }],
        eventsOutsideGeometry: 2,
        firstAt: { outsideGeometry: 6 },
      });
    });

    it.each([null, { width: 1280, height: 720 }])(
      "takes a row with the origin bit for one off the sensor: geometry %j",
      (geometry) => {
        const bytes = words(0x8001, 0x0801, 0x2001, 0x3800, 0x4003, 0x0001, 0x2001);
        expect(decodeEvt3Reference(bytes, { geometry })).toEqual({
          ...NOTHING,
          events: [{ t: 4096n, x: 1, y: 1, p: 0 }],
          eventsOutsideGeometry: 3,
          firstAt: { outsideGeometry: 4 },
        });
      },
    );
  });

  describe("vendor words", () => {
    it.each([
      ["no word", [], {}],
      ["one CONTINUED_12", [0xf123], { CONTINUED_12: 1 }],
      ["two CONTINUED_12", [0xf123, 0xf000], { CONTINUED_12: 2 }],
      [
        "two CONTINUED_12, CONTINUED_4",
        [0xf123, 0xf000, 0x7001],
        { CONTINUED_12: 2, CONTINUED_4: 1 },
      ],
      ["three CONTINUED_12", [0xf123, 0xffff, 0xf000], { CONTINUED_12: 3 }],
    ])("skips CONTINUED words after OTHERS by type, not by count: %s", (_, continued, counts) => {
      const bytes = words(0x8001, 0x0000, 0x6005, 0xe019, ...continued, 0x8002, 0x2000);
      expect(decodeEvt3Reference(bytes)).toEqual({
        ...NOTHING,
        events: [{ t: 8192n, x: 0, y: 0, p: 0 }],
        skippedWords: { OTHERS: 1, ...counts },
        otherSubtypes: { "0x19": 1 },
      });
    });

    it("counts OTHERS by subtype, and IMU and CONTINUED words by themselves", () => {
      const bytes = words(
        ...[0xe014, 0xe016, 0xe014, 0xe000, 0xefff, 0xeed6],
        ...[0xd000, 0xdfff, 0x7fff, 0xf000],
      );
      expect(decodeEvt3Reference(bytes)).toEqual({
        ...NOTHING,
        skippedWords: { OTHERS: 6, IMU: 2, CONTINUED_4: 1, CONTINUED_12: 1 },
        otherSubtypes: { "0x0": 1, "0x14": 2, "0x16": 1, "0xed6": 1, "0xfff": 1 },
      });
    });

    it("counts each unknown type", () => {
      const bytes = words(
        ...[0x8001, 0x0000],
        ...[0x1fff, 0x9999, 0x9999, 0xb000, 0xc123],
        ...[0x2000],
      );
      expect(decodeEvt3Reference(bytes)).toEqual({
        ...NOTHING,
        events: [{ t: 4096n, x: 0, y: 0, p: 0 }],
        unknownWords: { "0x1": 1, "0x9": 2, "0xb": 1, "0xc": 1 },
        firstAt: { unknownWord: 4 },
      });
    });
  });

  it("drops a trailing byte", () => {
    const bytes = Uint8Array.from([...words(0x8001, 0x0000, 0x2000), 0x00]);
    expect(decodeEvt3Reference(bytes)).toEqual({
      ...NOTHING,
      events: [{ t: 4096n, x: 0, y: 0, p: 0 }],
      truncatedBytes: 1,
      firstAt: { truncated: 6 },
    });
  });

  it("reads a view that starts inside its buffer", () => {
    const bytes = Uint8Array.from([0xff, ...words(0x8001, 0x0000, 0x2000)]).subarray(1);
    expect(decodeEvt3Reference(bytes).events).toEqual([{ t: 4096n, x: 0, y: 0, p: 0 }]);
  });

  itWithSharedData("decodes the real recording", "evt3_sample.raw", (path, expected) => {
    const file = readFileSync(path);
    const header = parseRawHeader(file);
    const geometry = geometryOf(header.entries);
    const result = decodeEvt3Reference(file.subarray(header.dataOffset), { geometry });

    const { events } = result;
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
    // The three last of section 18; the three first are tested above.
    expect(events.slice(-3)).toEqual([
      { t: 11727457n, x: 170, y: 572, p: 0 },
      { t: 11727457n, x: 1249, y: 572, p: 0 },
      { t: 11727457n, x: 1218, y: 572, p: 1 },
    ]);
    // No loss of any kind, and no triggers.
    expect({ ...result, events: [] }).toEqual(NOTHING);
  });
});
