/** Checks the reference codec against payloads written by hand from the fact sheet. */
import { describe, expect, it } from "vitest";
import { decodeEcfReference, type EcfEvent, type EcfMode, encodeEcfReference } from "./ecf.ts";

const event = (t: number, x: number, y: number, p: number): EcfEvent => ({ t: BigInt(t), x, y, p });

/** Five events: two at once beside each other, a small step, a step of 0x123. */
const EVENTS = [
  event(1000, 10, 7, 1),
  event(1000, 12, 7, 1),
  event(1014, 13, 7, 0),
  event(1305, 13, 7, 0),
  event(1305, 2047, 2047, 1),
];
const HEAD = (mode: number): number[] => [5 * 4 + mode, 0, 0, 0, 0xe8, 0x03, 0, 0, 0, 0, 0, 0];
const TIMES = [0x02, 0xe1, 0xf3, 0xf2, 0xf1, 0x02];

describe("the reference codec of ECF", () => {
  it("writes each by itself", () => {
    const payload = [
      ...HEAD(0),
      ...TIMES,
      ...[(7 << 5) | 4, 0, ((2047 << 5) & 0xff) | 1, 0xff], // y: 4 times 7, once 2047
      ...[((10 << 5) & 0xff) | 0b01100, 10 >> 3], // x: 10 and, of the next pixels, 12 and 13
      ...[(13 << 5) & 0xff, 13 >> 3], // x: 13
      ...[(2047 << 5) & 0xff, 0xff], // x: 2047
      ...[0x82, 0x02, 0x81], // p: 2 ON, 2 OFF, 1 ON
    ];
    expect([...encodeEcfReference(EVENTS, "runs")]).toEqual(payload);
    expect(decodeEcfReference(Uint8Array.from(payload))).toEqual(EVENTS);
  });

  it("writes x with p in groups of four", () => {
    // v: 21, 25, 26, 26; 4095 and padding
    const payload = [
      ...HEAD(1),
      ...TIMES,
      ...[(7 << 5) | 4, 0, ((2047 << 5) & 0xff) | 1, 0xff],
      ...[((21 << 4) & 0xff) | (25 & 15), 21 >> 4, 26, 25 >> 4, 26, 0],
      ...[0xf0, 0xff, 0, 0, 0, 0],
    ];
    expect([...encodeEcfReference(EVENTS, "xp")]).toEqual(payload);
    expect(decodeEcfReference(Uint8Array.from(payload))).toEqual(EVENTS);
  });

  it("writes all three in groups of four", () => {
    // v: 0x007015, 0x007019, 0x00701a, 0x00701a; 0x7fffff and padding
    const words = [0x00701519, 0x0070701a, 0x0000701a, 0x7fffff00, 0, 0];
    const payload = [...HEAD(2), ...TIMES, ...words.flatMap((word) => bytesOf(word))];
    expect([...encodeEcfReference(EVENTS, "yxp")]).toEqual(payload);
    expect(decodeEcfReference(Uint8Array.from(payload))).toEqual(EVENTS);
  });

  it.each<EcfMode>(["runs", "xp", "yxp"])("writes wide counts (%s)", (mode) => {
    for (const count of [14, 15, 30, 31, 126, 127, 65535]) {
      const events = Array.from({ length: count }, () => event(5, 3, 4, 1));
      const payload = encodeEcfReference(events, mode);
      expect(decodeEcfReference(payload)).toEqual(events);
      expect(payload[12]).toBe(Math.min(count, 15));
    }
  });

  it("stores a smaller time as the one in front of it", () => {
    const events = [event(100, 1, 1, 1), event(90, 2, 1, 1), event(101, 3, 1, 1)];
    const decoded = decodeEcfReference(encodeEcfReference(events, "runs"));
    expect(decoded.map(({ t }) => t)).toEqual([100n, 100n, 101n]);
  });
});

function bytesOf(word: number): number[] {
  return [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff);
}
