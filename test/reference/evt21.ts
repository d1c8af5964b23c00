/**
 * Reference decoder for EVT 2.1, written from section 4 of the format fact sheet and the project's
 * rules for what that section leaves open. It exists to be checked by eye, not to be fast.
 */
import type { Evt2Reference, ReferenceLoss } from "./evt2.ts";

/**
 * As for EVT 2.0, with other word types: skipped are "OTHERS" and "CONTINUED", unknown are "0x2" to
 * "0x7", "0x9", "0xb", "0xc" and "0xd".
 */
export interface Evt21Reference extends Evt2Reference {
  /** OTHERS words by subtype, such as "0x14"; only those that occur. */
  otherSubtypes: Record<string, number>;
}

const WORD_BYTES = 8;

/** "Same 34-bit clock as EVT2": period 2^34 us */
const CLOCK_PERIOD = 2n ** 34n;

/** A TIME_HIGH that falls by this much or more is a clock wrap (project rule, as for EVT 2.0). */
const WRAP_DECREASE = 2 ** 28 - 2 ** 20;

/** Decodes the word data that follows the text header. */
export function decodeEvt21Reference(
  bytes: Uint8Array,
  options: {
    endianness: "little" | "legacy";
    geometry?: { width: number; height: number } | null;
  },
): Evt21Reference {
  const geometry = options.geometry ?? null;
  const result: Evt21Reference = {
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
    truncatedBytes: bytes.byteLength % WORD_BYTES,
    firstAt: {},
  };

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.byteLength - result.truncatedBytes;
  let timeHigh: number | null = null; // null until the first EVT_TIME_HIGH
  let epoch = 0n; // clock wraps so far
  let previousT: bigint | null = null; // of the previous kept event

  for (let offset = 0; offset < end; offset += WORD_BYTES) {
    const word =
      options.endianness === "little"
        ? view.getBigUint64(offset, true)
        : // legacy: "high half first, each half LE"
          (BigInt(view.getUint32(offset, true)) << 32n) | BigInt(view.getUint32(offset + 4, true));
    const type = bits(word, 63, 60);

    switch (type) {
      case 0x0: // EVT_NEG: ts 59-54, x base 53-43, y 42-32, mask 31-0
      case 0x1: {
        // EVT_POS: same
        const y = bits(word, 42, 32);
        const base = bits(word, 53, 43);
        const mask = bits(word, 31, 0);
        for (let i = 0; i < 32; i++) {
          if (((mask >>> i) & 1) === 0) continue;
          const x = base + i;
          if (timeHigh === null) {
            result.eventsBeforeTimeBase += 1;
            noteFirst("eventBeforeTimeBase", offset);
            continue;
          }
          if (geometry !== null && (x >= geometry.width || y >= geometry.height)) {
            result.eventsOutsideGeometry += 1;
            noteFirst("outsideGeometry", offset);
            continue;
          }
          const t = timeOf(epoch, timeHigh, bits(word, 59, 54));
          if (previousT !== null && t < previousT) {
            result.backwardSteps += 1;
            noteFirst("backwardStep", offset);
          }
          previousT = t;
          result.events.push({ t, x, y, p: type });
        }
        break;
      }

      case 0x8: {
        // EVT_TIME_HIGH: 59-32 = t bits 33-6. A smaller decrease is accepted: time runs backwards.
        const next = bits(word, 59, 32);
        if (timeHigh !== null && timeHigh - next >= WRAP_DECREASE) {
          epoch += 1n;
          result.clockWraps += 1;
        }
        timeHigh = next;
        break;
      }

      case 0xa: {
        // EXT_TRIGGER: ts 59-54, id 44-40, value bit 32
        if (timeHigh === null) {
          result.triggersBeforeTimeBase += 1;
          noteFirst("triggerBeforeTimeBase", offset);
          break;
        }
        const t = timeOf(epoch, timeHigh, bits(word, 59, 54));
        const value = bits(word, 32, 32) === 1 ? 1 : 0;
        result.triggers.push({ t, id: bits(word, 44, 40), value });
        break;
      }

      case 0xe: // OTHERS: subtype 47-32
        countOne(result.skippedWords, "OTHERS");
        countOne(result.otherSubtypes, hex(bits(word, 47, 32)));
        break;
      case 0xf:
        countOne(result.skippedWords, "CONTINUED");
        break;

      default: // 2-7, 9, B, C, D
        countOne(result.unknownWords, hex(type));
        noteFirst("unknownWord", offset);
    }
  }

  if (result.truncatedBytes > 0) noteFirst("truncated", end);
  return result;

  function noteFirst(loss: ReferenceLoss, offset: number): void {
    result.firstAt[loss] ??= offset;
  }
}

/** Bits `high` to `low` of a 64-bit word, both inclusive, as the tables of the fact sheet write them. */
function bits(word: bigint, high: number, low: number): number {
  return Number(BigInt.asUintN(high - low + 1, word >> BigInt(low)));
}

/** t = (TIME_HIGH << 6) | ts, 34 bits, on top of the clock periods that have passed. */
function timeOf(epoch: bigint, timeHigh: number, ts: number): bigint {
  return epoch * CLOCK_PERIOD + ((BigInt(timeHigh) << 6n) | BigInt(ts));
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function countOne(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
