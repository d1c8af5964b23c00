/**
 * Reference decoder for EVT 3.0, written from section 5 of the format fact sheet and the project's
 * rules for what that section leaves open. It exists to be checked by eye, not to be fast.
 */
import type { Evt2Reference, ReferenceLoss } from "./evt2.ts";

export type Evt3ReferenceLoss = ReferenceLoss | "eventWithoutAddress";

/**
 * As for EVT 2.0, with other word types: skipped are "OTHERS", "IMU", "CONTINUED_4" and
 * "CONTINUED_12", unknown are "0x1", "0x9", "0xb" and "0xc".
 */
export interface Evt3Reference extends Omit<Evt2Reference, "firstAt"> {
  /** OTHERS words by subtype, such as "0x14"; only those that occur. */
  otherSubtypes: Record<string, number>;
  /** Events with a time base, but without a row or, in a vector, without a base x. */
  eventsWithoutAddress: number;
  firstAt: Partial<Record<Evt3ReferenceLoss, number>>;
}

const WORD_BYTES = 2;

/** t has 24 bits; "period 16.777216 s" */
const CLOCK_PERIOD = 2n ** 24n;

/** "previous - new >= 2048 (half range)" */
const WRAP_DECREASE = 2048;

/** Without a geometry every row of 11 bits is on the sensor, and none with the origin bit. */
const UNKNOWN_GEOMETRY = { width: Number.POSITIVE_INFINITY, height: 2048 };

/** Decodes the word data that follows the text header. */
export function decodeEvt3Reference(
  bytes: Uint8Array,
  options: { geometry?: { width: number; height: number } | null } = {},
): Evt3Reference {
  const { width, height } = options.geometry ?? UNKNOWN_GEOMETRY;
  const result: Evt3Reference = {
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
    truncatedBytes: bytes.byteLength % WORD_BYTES,
    firstAt: {},
  };

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.byteLength - result.truncatedBytes;
  let timeHigh: number | null = null; // null until the first EVT_TIME_HIGH
  let timeLow = 0;
  let epoch = 0n; // clock wraps so far
  let row: number | null = null; // null until the first EVT_ADDR_Y after that
  let baseX: number | null = null; // null until the first VECT_BASE_X after that
  let baseP: 0 | 1 = 0;
  let previousT: bigint | null = null; // of the previous kept event

  for (let offset = 0; offset < end; offset += WORD_BYTES) {
    const word = view.getUint16(offset, true);
    const type = bits(word, 15, 12);

    switch (type) {
      case 0x0: // EVT_ADDR_Y: y 10-0, origin bit 11. With the origin bit it is a row off the sensor.
        if (timeHigh !== null) row = bits(word, 11, 0);
        break;

      case 0x2: // EVT_ADDR_X: x 10-0, polarity bit 11
        addEvent(offset, bits(word, 10, 0), bit(word, 11));
        break;

      case 0x3: // VECT_BASE_X: base x 10-0, polarity bit 11
        if (timeHigh !== null) {
          baseX = bits(word, 10, 0);
          baseP = bit(word, 11);
        }
        break;

      case 0x4: // VECT_12: mask 11-0
      case 0x5: {
        // VECT_8: mask 7-0
        const pixels = type === 0x4 ? 12 : 8;
        for (let i = 0; i < pixels; i++) {
          if (bit(word, i) === 1) addEvent(offset, baseX === null ? null : baseX + i, baseP);
        }
        if (baseX !== null) baseX += pixels;
        break;
      }

      case 0x6: // EVT_TIME_LOW: t bits 11-0. A decrease is accepted.
        if (timeHigh !== null) timeLow = bits(word, 11, 0);
        break;

      case 0x8: {
        // EVT_TIME_HIGH: t bits 23-12. A smaller decrease is accepted: time runs backwards.
        const next = bits(word, 11, 0);
        if (timeHigh !== null && timeHigh - next >= WRAP_DECREASE) {
          epoch += 1n;
          result.clockWraps += 1;
        }
        if (next !== timeHigh) timeLow = 0; // kept over a duplicate
        timeHigh = next;
        break;
      }

      case 0xa: {
        // EXT_TRIGGER: id 11-8, value bit 0
        if (timeHigh === null) {
          result.triggersBeforeTimeBase += 1;
          noteFirst("triggerBeforeTimeBase", offset);
          break;
        }
        const t = timeOf(epoch, timeHigh, timeLow);
        result.triggers.push({ t, id: bits(word, 11, 8), value: bit(word, 0) });
        break;
      }

      case 0x7:
        countOne(result.skippedWords, "CONTINUED_4");
        break;
      case 0xd:
        countOne(result.skippedWords, "IMU");
        break;
      case 0xe: // OTHERS: subtype 11-0
        countOne(result.skippedWords, "OTHERS");
        countOne(result.otherSubtypes, hex(bits(word, 11, 0)));
        break;
      case 0xf:
        countOne(result.skippedWords, "CONTINUED_12");
        break;

      default: // 1, 9, B, C: legacy, reserved
        countOne(result.unknownWords, hex(type));
        noteFirst("unknownWord", offset);
    }
  }

  if (result.truncatedBytes > 0) noteFirst("truncated", end);
  return result;

  /** One pixel of the current row; `x` is null in a vector without a base. */
  function addEvent(offset: number, x: number | null, p: 0 | 1): void {
    if (timeHigh === null) {
      result.eventsBeforeTimeBase += 1;
      noteFirst("eventBeforeTimeBase", offset);
      return;
    }
    if (row === null || x === null) {
      result.eventsWithoutAddress += 1;
      noteFirst("eventWithoutAddress", offset);
      return;
    }
    if (x >= width || row >= height) {
      result.eventsOutsideGeometry += 1;
      noteFirst("outsideGeometry", offset);
      return;
    }
    const t = timeOf(epoch, timeHigh, timeLow);
    if (previousT !== null && t < previousT) {
      result.backwardSteps += 1;
      noteFirst("backwardStep", offset);
    }
    previousT = t;
    result.events.push({ t, x, y: row, p });
  }

  function noteFirst(loss: Evt3ReferenceLoss, offset: number): void {
    result.firstAt[loss] ??= offset;
  }
}

/** Bits `high` to `low` of a word, both inclusive, as the tables of the fact sheet write them. */
function bits(word: number, high: number, low: number): number {
  return Math.floor(word / 2 ** low) % 2 ** (high - low + 1);
}

function bit(word: number, index: number): 0 | 1 {
  return bits(word, index, index) === 1 ? 1 : 0;
}

/** t = (TIME_HIGH << 12) | TIME_LOW, 24 bits, on top of the clock periods that have passed. */
function timeOf(epoch: bigint, timeHigh: number, timeLow: number): bigint {
  return epoch * CLOCK_PERIOD + ((BigInt(timeHigh) << 12n) | BigInt(timeLow));
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function countOne(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
