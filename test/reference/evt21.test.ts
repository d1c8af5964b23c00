import { describe, expect, it } from "vitest";
import { decodeEvt21Reference } from "./evt21.ts";

/** Words as a `little` file holds them: 64 bits each, low byte first. */
function words(...values: bigint[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  values.forEach((value, index) => {
    view.setBigUint64(index * 8, value, true);
  });
  return new Uint8Array(view.buffer);
}

/** Decodes words of a `little` file. */
function decode(values: bigint[], geometry: { width: number; height: number } | null = null) {
  return decodeEvt21Reference(words(...values), { endianness: "little", geometry });
}

const NOTHING = {
  events: [],
  triggers: [],
  skippedWords: {},
  otherSubtypes: {},
  unknownWords: {},
  eventsBeforeTimeBase: 0,
  triggersBeforeTimeBase: 0,
  eventsOutsideGeometry: 0,
  backwardSteps: 0,
  clockWraps: 0,
  truncatedBytes: 0,
  firstAt: {},
};

// Event words below are written as 1 (POS) or 0 (NEG), then ts << 22 | x << 11 | y in seven digits,
// then the mask in eight. Each step of ts adds 0x0040_0000 to the upper half.

describe("decodeEvt21Reference", () => {
  it("finds nothing in no bytes", () => {
    expect(decode([])).toEqual(NOTHING);
  });

  const BYTES_OF_SAME_WORDS = {
    little: [
      ...[0x00, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x80], // TIME_HIGH 0x102: 16512
      ...[0x05, 0x00, 0x00, 0x80, 0x07, 0x28, 0xc0, 0x10], // POS, ts 3, x 5, y 7, bits 0, 2, 31
    ],
    legacy: [
      ...[0x02, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00],
      ...[0x07, 0x28, 0xc0, 0x10, 0x05, 0x00, 0x00, 0x80],
    ],
  };

  it.each(["little", "legacy"] as const)("reads words in %s order, byte by byte", (endianness) => {
    const bytes = Uint8Array.from(BYTES_OF_SAME_WORDS[endianness]);
    expect(decodeEvt21Reference(bytes, { endianness })).toEqual({
      ...NOTHING,
      events: [
        { t: 16515n, x: 5, y: 7, p: 1 },
        { t: 16515n, x: 7, y: 7, p: 1 },
        { t: 16515n, x: 36, y: 7, p: 1 },
      ],
    });
  });

  it("reads every field of an event word at its bounds", () => {
    const result = decode([
      0x80000001_00000000n, // base 64
      0x00000000_00000001n, // NEG, all fields zero
      0x0fc00000_00000001n, // NEG, ts 63
      0x1ffff800_00000001n, // POS, ts 63, x 2047, y 0
      0x0fc007ff_00000001n, // NEG, ts 63, x 0, y 2047
      0x1fffffff_80000000n, // POS, all fields ones, bit 31: x 2047 + 31
    ]);
    expect(result).toEqual({
      ...NOTHING,
      events: [
        { t: 64n, x: 0, y: 0, p: 0 },
        { t: 127n, x: 0, y: 0, p: 0 },
        { t: 127n, x: 2047, y: 0, p: 1 },
        { t: 127n, x: 0, y: 2047, p: 0 },
        { t: 127n, x: 2078, y: 2047, p: 1 },
      ],
    });
  });

  it("emits the bits of a mask in ascending order, from a base of any value", () => {
    const { events } = decode([
      0x80000000_00000000n,
      0x10001801_80010011n, // POS, x 3, y 1, bits 0, 4, 16, 31
      0x00001801_ffffffffn, // NEG, the same place, all bits
    ]);
    expect(events.slice(0, 4)).toEqual([
      { t: 0n, x: 3, y: 1, p: 1 },
      { t: 0n, x: 7, y: 1, p: 1 },
      { t: 0n, x: 19, y: 1, p: 1 },
      { t: 0n, x: 34, y: 1, p: 1 },
    ]);
    const all = Array.from({ length: 32 }, (_, i) => ({ t: 0n, x: 3 + i, y: 1, p: 0 }));
    expect(events.slice(4)).toEqual(all);
  });

  it("finds no event in a word with mask 0, before or after the time base or off the sensor", () => {
    const values = [0x1fffffff_00000000n, 0x80000001_00000000n, 0x1fffffff_00000000n];
    expect(decode(values, { width: 1, height: 1 })).toEqual(NOTHING);
  });

  it("reads triggers, whatever the bits between the fields", () => {
    const result = decode([
      0x80000001_00000000n,
      0xa0801f01_00000000n, // ts 2, id 31, value 1
      0xa0c00500_ffffffffn, // ts 3, id 5, value 0
      0xa0ffe0fe_ffffffffn, // ts 3, id 0, value 0, all other bits set
      0xa0ffe0ff_00000000n, // the same with value 1
    ]);
    expect(result).toEqual({
      ...NOTHING,
      triggers: [
        { t: 66n, id: 31, value: 1 },
        { t: 67n, id: 5, value: 0 },
        { t: 67n, id: 0, value: 0 },
        { t: 67n, id: 0, value: 1 },
      ],
    });
  });

  it("keeps time over a duplicate TIME_HIGH and does not use its low half", () => {
    const { events, clockWraps } = decode([
      ...[0x80000002_00000000n, 0x10400000_00000001n],
      ...[0x80000002_ffffffffn, 0x10800000_00000001n],
      ...[0x80000003_12345678n, 0x10000000_00000001n],
    ]);
    expect(events.map((event) => event.t)).toEqual([129n, 130n, 192n]);
    expect(clockWraps).toBe(0);
  });

  it("drops events and triggers before the first TIME_HIGH, one count for each bit", () => {
    const result = decode([
      0xe0000014_00000000n, // at 0, skipped in any case
      0x10000000_00000000n, // at 8, no event
      0x10000000_80000001n, // at 16, two events
      0xa0000001_00000000n, // at 24
      0x00000000_00000007n, // at 32, three events
      0x80000000_00000000n, // at 40: a base of 0 is a base
      0x10400000_00000001n,
      0xa0800101_00000000n,
    ]);
    expect(result).toEqual({
      ...NOTHING,
      events: [{ t: 1n, x: 0, y: 0, p: 1 }],
      triggers: [{ t: 2n, id: 1, value: 1 }],
      skippedWords: { OTHERS: 1 },
      otherSubtypes: { "0x14": 1 },
      eventsBeforeTimeBase: 5,
      triggersBeforeTimeBase: 1,
      firstAt: { eventBeforeTimeBase: 16, triggerBeforeTimeBase: 24 },
    });
  });

  it("drops events outside the geometry, bit by bit", () => {
    const values = [
      0x80000001_00000000n,
      0x10000802_00000005n, // (1, 2) and, at 8, (3, 2): x is the width
      0x10000003_00000003n, // (0, 3) and (1, 3): y is the height
      0x10001803_00000001n, // (3, 3): counted once
      0x00001000_80000001n, // (2, 0) and (33, 0)
    ];
    expect(decode(values, { width: 3, height: 3 })).toEqual({
      ...NOTHING,
      events: [
        { t: 64n, x: 1, y: 2, p: 1 },
        { t: 64n, x: 2, y: 0, p: 0 },
      ],
      eventsOutsideGeometry: 5,
      firstAt: { outsideGeometry: 8 },
    });
    expect(decode(values).events).toHaveLength(7);
    expect(decodeEvt21Reference(words(...values), { endianness: "little" }).events).toHaveLength(7);
  });

  it("counts an event with two faults as before the time base only", () => {
    const values = [0x10001803_00000003n, 0x80000001_00000000n];
    expect(decode(values, { width: 3, height: 3 })).toEqual({
      ...NOTHING,
      eventsBeforeTimeBase: 2,
      firstAt: { eventBeforeTimeBase: 0 },
    });
  });

  it("wraps the 34-bit clock", () => {
    const result = decode([
      0x8fffffff_00000000n,
      0x1fc00000_00000001n, // 2^34 - 1
      0x80000000_00000000n,
      0x10000000_00000001n, // 2^34
      0xa0400000_00000000n, // 2^34 + 1
      0x8fffffff_00000000n,
      0x80000001_00000000n,
      0x10800000_00000001n, // 2 * 2^34 + 64 + 2
    ]);
    expect(result).toEqual({
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
    ["from 0x0ff00000 to 0", 0x8ff00000n, 0x80000000n, 1, 17179869184n],
    ["from 0x0fefffff to 0", 0x8fefffffn, 0x80000000n, 0, 0n],
    ["from 0x0fffffff to 0x000fffff", 0x8fffffffn, 0x800fffffn, 1, 17246977984n],
    ["from 0x0fffffff to 0x00100000", 0x8fffffffn, 0x80100000n, 0, 67108864n],
    ["from 0x05000000 to 0", 0x85000000n, 0x80000000n, 0, 0n],
  ])("tells a clock wrap from a smaller decrease: %s", (_, first, second, wraps, t) => {
    const { events, clockWraps } = decode([first << 32n, second << 32n, 0x10000000_00000001n]);
    expect(clockWraps).toBe(wraps);
    expect(events).toEqual([{ t, x: 0, y: 0, p: 1 }]);
  });

  it("compares TIME_HIGH with the one before it, not with the highest", () => {
    // Down in two halves, each too small for a wrap.
    const { events, clockWraps } = decode([
      ...[0x8fffffff_00000000n, 0x88000000_00000000n, 0x80000000_00000000n],
      0x10000000_00000001n,
    ]);
    expect(clockWraps).toBe(0);
    expect(events[0]?.t).toBe(0n);
  });

  it("lets time run backwards after a small decrease and counts the step once a word", () => {
    const result = decode([
      0x8000000a_00000000n,
      0x10000000_00000003n, // 640, twice
      0x80000009_00000000n,
      0x10000000_00000007n, // at 24: 576, three times, one step back from 640
      0x10400000_00000001n, // 577
      0x10000000_00000001n, // 576, a step back from 577
      0x10000000_00000001n, // 576, the same time is no step
    ]);
    expect(result.events.map((event) => event.t)).toEqual([
      ...[640n, 640n, 576n, 576n, 576n, 577n, 576n, 576n],
    ]);
    expect(result.backwardSteps).toBe(2);
    expect(result.clockWraps).toBe(0);
    expect(result.firstAt).toEqual({ backwardStep: 24 });
  });

  it("compares the time of kept CD events only", () => {
    const result = decode(
      [
        0x80000001_00000000n,
        0x10400000_00000001n, // 65
        0xafc00000_00000000n, // a trigger at 127
        0x1fc00000_00000002n, // at 24: 127 at x 1, outside
        0x10800000_00000001n, // 66: later than 65
        0xa0000000_00000000n, // a trigger at 64
      ],
      { width: 1, height: 1 },
    );
    expect(result.events.map((event) => event.t)).toEqual([65n, 66n]);
    expect(result.backwardSteps).toBe(0);
    expect(result.firstAt).toEqual({ outsideGeometry: 24 });
  });

  it("skips known vendor words by type, whatever follows them, and counts OTHERS by subtype", () => {
    const result = decode([
      0x80000001_00000000n,
      0xe0010014_f1234567n, // subtype 0x14; class and payload do not matter
      0x10400000_00000001n,
      0xefff0014_00000000n,
      0xf1234567_89abcdefn, // CONTINUED
      0xffffffff_ffffffffn,
      0x10800000_00000001n,
      0xe0000000_00000000n,
      0xe000abcd_00000000n,
      0x80000002_00000000n,
      0x10000000_00000001n,
    ]);
    expect(result.events.map((event) => event.t)).toEqual([65n, 66n, 128n]);
    expect({ ...result, events: [] }).toEqual({
      ...NOTHING,
      skippedWords: { OTHERS: 4, CONTINUED: 2 },
      otherSubtypes: { "0x14": 2, "0x0": 1, "0xabcd": 1 },
    });
  });

  it("counts each unknown type", () => {
    const result = decode([
      0x80000001_00000000n,
      ...[0x20000000_00000001n, 0x30000000_00000001n, 0x40000000_00000001n],
      ...[0x50000000_00000001n, 0x60000000_00000001n, 0x70000000_00000001n],
      ...[0x90000000_00000001n, 0x99999999_99999999n, 0xb0000000_00000001n],
      ...[0xcfffffff_ffffffffn, 0xd0000000_00000001n],
      0x10000000_00000001n,
    ]);
    expect(result).toEqual({
      ...NOTHING,
      events: [{ t: 64n, x: 0, y: 0, p: 1 }],
      unknownWords: {
        ...{ "0x2": 1, "0x3": 1, "0x4": 1, "0x5": 1, "0x6": 1, "0x7": 1 },
        ...{ "0x9": 2, "0xb": 1, "0xc": 1, "0xd": 1 },
      },
      firstAt: { unknownWord: 8 },
    });
  });

  it.each([1, 2, 3, 4, 5, 6, 7])("drops %i trailing bytes", (count) => {
    const whole = words(0x80000001_00000000n, 0x10000000_00000001n);
    const tail = words(0x20000000_00000001n).subarray(0, count);
    const bytes = Uint8Array.from([...whole, ...tail]);
    expect(decodeEvt21Reference(bytes, { endianness: "little" })).toEqual({
      ...NOTHING,
      events: [{ t: 64n, x: 0, y: 0, p: 1 }],
      truncatedBytes: count,
      firstAt: { truncated: 16 },
    });
  });

  it.each(["little", "legacy"] as const)(
    "reads a view that starts inside its buffer, in %s order",
    (endianness) => {
      const bytes = Uint8Array.from([0xff, ...BYTES_OF_SAME_WORDS[endianness]]).subarray(1);
      const { events } = decodeEvt21Reference(bytes, { endianness });
      expect(events.map((event) => event.x)).toEqual([5, 7, 36]);
    },
  );
});
