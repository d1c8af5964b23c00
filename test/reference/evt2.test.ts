import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { itWithSharedData } from "../support/shared-data.ts";
import { referenceDigest } from "./digest.ts";
import { decodeEvt2Reference } from "./evt2.ts";
import { geometryOf, parseRawHeader } from "./raw-header.ts";

/** Words as a file holds them: 32 bits each, low byte first. */
function words(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => {
    view.setUint32(index * 4, value, true);
  });
  return new Uint8Array(view.buffer);
}

const NOTHING = {
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

// CD words below are written as 0x1 (ON) or 0x0 (OFF), then ts << 22 | x << 11 | y in seven digits.
// 0x10000000 is an ON event at (0, 0) with ts 0; each step of ts adds 0x00400000.

describe("decodeEvt2Reference", () => {
  it("finds nothing in no bytes", () => {
    expect(decodeEvt2Reference(new Uint8Array(0))).toEqual(NOTHING);
  });

  it("reads the first words of a real recording, byte by byte", () => {
    const bytes = Uint8Array.from([
      ...[0x70, 0x50, 0x00, 0x80],
      ...[0x79, 0x68, 0x07, 0x10],
      ...[0x79, 0xb0, 0x07, 0x10],
      ...[0x84, 0xc0, 0x07, 0x10],
    ]);
    expect(decodeEvt2Reference(bytes).events).toEqual([
      { t: 1317888n, x: 237, y: 121, p: 1 },
      { t: 1317888n, x: 246, y: 121, p: 1 },
      { t: 1317888n, x: 248, y: 132, p: 1 },
    ]);
  });

  it("reads every field of a CD word at its bounds", () => {
    const bytes = words(
      0x80000001, // base 64
      0x00000000, // OFF, all fields zero
      0x10c02807, // ON, ts 3, x 5, y 7
      0x0fc00000, // OFF, ts 63
      0x1ffff800, // ON, ts 63, x 2047, y 0
      0x0fc007ff, // OFF, ts 63, x 0, y 2047
      0x1fffffff, // ON, all fields ones
    );
    expect(decodeEvt2Reference(bytes)).toEqual({
      ...NOTHING,
      events: [
        { t: 64n, x: 0, y: 0, p: 0 },
        { t: 67n, x: 5, y: 7, p: 1 },
        { t: 127n, x: 0, y: 0, p: 0 },
        { t: 127n, x: 2047, y: 0, p: 1 },
        { t: 127n, x: 0, y: 2047, p: 0 },
        { t: 127n, x: 2047, y: 2047, p: 1 },
      ],
    });
  });

  it("reads triggers, whatever the bits between the fields", () => {
    const bytes = words(
      0x80000001,
      0xa0801f01, // ts 2, id 31, value 1
      0xa0c00500, // ts 3, id 5, value 0
      0xa0ffe0fe, // ts 3, id 0, value 0, all other bits set
      0xa0ffe0ff, // the same with value 1
    );
    expect(decodeEvt2Reference(bytes)).toEqual({
      ...NOTHING,
      triggers: [
        { t: 66n, id: 31, value: 1 },
        { t: 67n, id: 5, value: 0 },
        { t: 67n, id: 0, value: 0 },
        { t: 67n, id: 0, value: 1 },
      ],
    });
  });

  it("keeps time over a duplicate TIME_HIGH", () => {
    const bytes = words(0x80000002, 0x10400000, 0x80000002, 0x10800000, 0x80000003, 0x10000000);
    const { events, clockWraps } = decodeEvt2Reference(bytes);
    expect(events.map((event) => event.t)).toEqual([129n, 130n, 192n]);
    expect(clockWraps).toBe(0);
  });

  it("drops events and triggers before the first TIME_HIGH", () => {
    const bytes = words(
      0xe0000014, // at 0, skipped in any case
      0x10000000, // at 4
      0xa0000001, // at 8
      0x00000000, // at 12
      0x80000000, // at 16: a base of 0 is a base
      0x10400000,
      0xa0800101,
    );
    expect(decodeEvt2Reference(bytes)).toEqual({
      ...NOTHING,
      events: [{ t: 1n, x: 0, y: 0, p: 1 }],
      triggers: [{ t: 2n, id: 1, value: 1 }],
      skippedWords: { OTHERS: 1 },
      eventsBeforeTimeBase: 2,
      triggersBeforeTimeBase: 1,
      firstAt: { eventBeforeTimeBase: 4, triggerBeforeTimeBase: 8 },
    });
  });

  it("drops events outside the geometry", () => {
    const bytes = words(
      0x80000001,
      0x10000802, // (1, 2): inside
      0x10001000, // at 8: (2, 0), x is the width
      0x10000003, // at 12: (0, 3), y is the height
      0x10001003, // at 16: (2, 3), counted once
      0x00000000, // (0, 0): inside
    );
    const geometry = { width: 2, height: 3 };
    expect(decodeEvt2Reference(bytes, { geometry })).toEqual({
      ...NOTHING,
      events: [
        { t: 64n, x: 1, y: 2, p: 1 },
        { t: 64n, x: 0, y: 0, p: 0 },
      ],
      eventsOutsideGeometry: 3,
      firstAt: { outsideGeometry: 8 },
    });
    expect(decodeEvt2Reference(bytes).events).toHaveLength(5);
    expect(decodeEvt2Reference(bytes, { geometry: null }).events).toHaveLength(5);
  });

  it("counts an event with two faults as before the time base only", () => {
    const bytes = words(0x10001003, 0x80000001);
    expect(decodeEvt2Reference(bytes, { geometry: { width: 2, height: 3 } })).toEqual({
      ...NOTHING,
      eventsBeforeTimeBase: 1,
      firstAt: { eventBeforeTimeBase: 0 },
    });
  });

  it("wraps the 34-bit clock", () => {
    const bytes = words(
      0x8fffffff,
      0x1fc00000, // 2^34 - 1
      0x80000000,
      0x10000000, // 2^34
      0xa0400000, // 2^34 + 1
      0x8fffffff,
      0x80000001,
      0x10800000, // 2 * 2^34 + 64 + 2
    );
    expect(decodeEvt2Reference(bytes)).toEqual({
      ...NOTHING,
      events: [
        { t: 17179869183n, x: 0, y: 0, p: 1 },
        { t: 17179869184n, x: 0, y: 0, p: 1 },
        { t: 34359738434n, x: 0, y: 0, p: 1 },
      ],
      triggers: [{ t: 17179869185n, id: 0, value: 0 }],
      clockWraps: 2,
    });
  });

  // 2^28 - 2^20 = 0x0ff00000
  it.each([
    ["from 0x0ff00000 to 0", 0x8ff00000, 0x80000000, 1, 17179869184n],
    ["from 0x0fefffff to 0", 0x8fefffff, 0x80000000, 0, 0n],
    ["from 0x0fffffff to 0x000fffff", 0x8fffffff, 0x800fffff, 1, 17246977984n],
    ["from 0x0fffffff to 0x00100000", 0x8fffffff, 0x80100000, 0, 67108864n],
    ["from 0x05000000 to 0", 0x85000000, 0x80000000, 0, 0n],
  ])("tells a clock wrap from a smaller decrease: %s", (_, first, second, wraps, t) => {
    const { events, clockWraps } = decodeEvt2Reference(words(first, second, 0x10000000));
    expect(clockWraps).toBe(wraps);
    expect(events).toEqual([{ t, x: 0, y: 0, p: 1 }]);
  });

  it("compares TIME_HIGH with the one before it, not with the highest", () => {
    // Down in two halves, each too small for a wrap.
    const bytes = words(0x8fffffff, 0x88000000, 0x80000000, 0x10000000);
    const { events, clockWraps } = decodeEvt2Reference(bytes);
    expect(clockWraps).toBe(0);
    expect(events[0]?.t).toBe(0n);
  });

  it("lets time run backwards after a small decrease and counts the step", () => {
    const bytes = words(
      0x8000000a,
      0x10000000, // 640
      0x80000009,
      0x10000000, // at 12: 576, a step back from 640
      0x10400000, // 577
      0x10000000, // at 20: 576, a step back from 577
      0x10000000, // 576, the same time is no step
    );
    const result = decodeEvt2Reference(bytes);
    expect(result.events.map((event) => event.t)).toEqual([640n, 576n, 577n, 576n, 576n]);
    expect(result.backwardSteps).toBe(2);
    expect(result.clockWraps).toBe(0);
    expect(result.firstAt).toEqual({ backwardStep: 12 });
  });

  it("compares the time of kept CD events only", () => {
    const bytes = words(
      0x80000001,
      0x10400000, // 65
      0xafc00000, // a trigger at 127
      0x1fc00800, // 127 at x 1, outside
      0x10800000, // 66: later than 65
      0xa0000000, // a trigger at 64
    );
    const result = decodeEvt2Reference(bytes, { geometry: { width: 1, height: 1 } });
    expect(result.events.map((event) => event.t)).toEqual([65n, 66n]);
    expect(result.backwardSteps).toBe(0);
    expect(result.firstAt).toEqual({ outsideGeometry: 12 });
  });

  it("skips known vendor words by type, whatever follows them", () => {
    const bytes = words(
      0x80000001,
      0xd0000000, // IMU, here without the rest of its group
      0x10400000,
      0xe0010014, // OTHERS
      0xf1234567, // CONTINUED
      0xffffffff, // CONTINUED
      0x10800000,
      0xe0000000,
      0x80000002,
      0x10000000,
    );
    const result = decodeEvt2Reference(bytes);
    expect(result.events.map((event) => event.t)).toEqual([65n, 66n, 128n]);
    expect(result.skippedWords).toEqual({ IMU: 1, OTHERS: 2, CONTINUED: 2 });
    expect(result.unknownWords).toEqual({});
    expect(result.firstAt).toEqual({});
  });

  it("counts each unknown type", () => {
    const bytes = words(
      0x80000001,
      ...[0x20000000, 0x30000000, 0x40000000, 0x50000000, 0x60000000, 0x70000000],
      ...[0x90000000, 0x99999999, 0xb0000000, 0xcfffffff],
      0x10000000,
    );
    expect(decodeEvt2Reference(bytes)).toEqual({
      ...NOTHING,
      events: [{ t: 64n, x: 0, y: 0, p: 1 }],
      unknownWords: {
        ...{ "0x2": 1, "0x3": 1, "0x4": 1, "0x5": 1, "0x6": 1, "0x7": 1 },
        ...{ "0x9": 2, "0xb": 1, "0xc": 1 },
      },
      firstAt: { unknownWord: 4 },
    });
  });

  it.each([1, 2, 3])("drops %i trailing bytes", (count) => {
    const whole = words(0x80000001, 0x10000000);
    const bytes = Uint8Array.from([...whole, ...[0x00, 0x00, 0x20].slice(0, count)]);
    expect(decodeEvt2Reference(bytes)).toEqual({
      ...NOTHING,
      events: [{ t: 64n, x: 0, y: 0, p: 1 }],
      truncatedBytes: count,
      firstAt: { truncated: 8 },
    });
  });

  it("reads a view that starts inside its buffer", () => {
    const bytes = Uint8Array.from([0xff, ...words(0x80000001, 0x10000000)]).subarray(1);
    expect(decodeEvt2Reference(bytes).events).toEqual([{ t: 64n, x: 0, y: 0, p: 1 }]);
  });

  itWithSharedData("decodes the real recording", "evt2_sample.raw", (path, expected) => {
    const file = readFileSync(path);
    const header = parseRawHeader(file);
    const geometry = geometryOf(header.entries);
    const result = decodeEvt2Reference(file.subarray(header.dataOffset), { geometry });

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
      first: tuple(events.at(0)),
      last: tuple(events.at(-1)),
    }).toEqual({
      ...{ events: expected.events, on: expected.on, digest: expected.digest },
      ...{ sum_x: expected.sum_x, sum_y: expected.sum_y, sum_t_rel: expected.sum_t_rel },
      ...{ first: expected.first, last: expected.last },
    });
    // No loss of any kind, and no triggers.
    expect({ ...result, events: [] }).toEqual(NOTHING);
  });
});

describe("referenceDigest", () => {
  it("hashes nothing to the SHA-256 of no bytes", () => {
    expect(referenceDigest([])).toBe("e3b0c44298fc1c14");
  });

  it("packs 13 bytes an event, little-endian", () => {
    // sha256sum of 08 07 06 05 04 03 02 01 0a 09 0c 0b 01, fe ff ff ff ff ff ff ff 02 00 03 00 00
    const events = [
      { t: 0x0102030405060708n, x: 0x090a, y: 0x0b0c, p: 1 },
      { t: -2n, x: 2, y: 3, p: 0 },
    ];
    expect(referenceDigest(events)).toBe("22450321b0054418");
  });
});

function tuple(event: { t: bigint; x: number; y: number; p: number } | undefined): number[] {
  return event ? [Number(event.t), event.x, event.y, event.p] : [];
}
