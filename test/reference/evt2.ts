/**
 * Reference decoder for EVT 2.0, written from section 3 of the format fact sheet and the project's
 * rules for what that section leaves open. It exists to be checked by eye, not to be fast.
 */

export interface ReferenceEvent {
  /** Microseconds, not shifted. */
  t: bigint;
  x: number;
  y: number;
  /** 1 = ON. */
  p: 0 | 1;
}

export interface ReferenceTrigger {
  t: bigint;
  id: number;
  /** 1 = rising. */
  value: 0 | 1;
}

export type ReferenceLoss =
  | "unknownWord"
  | "eventBeforeTimeBase"
  | "triggerBeforeTimeBase"
  | "outsideGeometry"
  | "backwardStep"
  | "truncated";

export interface Evt2Reference {
  events: ReferenceEvent[];
  triggers: ReferenceTrigger[];
  /** Known vendor words that carry no events: "IMU", "OTHERS", "CONTINUED"; only those that occur. */
  skippedWords: Record<string, number>;
  /** Reserved word types, "0x2" to "0xc"; only those that occur. */
  unknownWords: Record<string, number>;
  eventsBeforeTimeBase: number;
  triggersBeforeTimeBase: number;
  eventsOutsideGeometry: number;
  backwardSteps: number;
  clockWraps: number;
  truncatedBytes: number;
  /** Offset in `bytes` of the first word of each loss; only those that occur. */
  firstAt: Partial<Record<ReferenceLoss, number>>;
}

const WORD_BYTES = 4;

/** "period 2^34 us" */
const CLOCK_PERIOD = 2n ** 34n;

/** A TIME_HIGH that falls by this much or more is a clock wrap (project rule). */
const WRAP_DECREASE = 2 ** 28 - 2 ** 20;

/** Decodes the word data that follows the text header. */
export function decodeEvt2Reference(
  bytes: Uint8Array,
  options: { geometry?: { width: number; height: number } | null } = {},
): Evt2Reference {
  const geometry = options.geometry ?? null;
  const result: Evt2Reference = {
    events: [],
    triggers: [],
    skippedWords: {},
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
  let previousT: bigint | null = null; // of the previous kept CD event

  for (let offset = 0; offset < end; offset += WORD_BYTES) {
    const word = view.getUint32(offset, true);
    const type = bits(word, 31, 28);

    switch (type) {
      case 0x0: // CD_OFF: ts 27-22, x 21-11, y 10-0
      case 0x1: {
        // CD_ON: same
        const x = bits(word, 21, 11);
        const y = bits(word, 10, 0);
        if (timeHigh === null) {
          result.eventsBeforeTimeBase += 1;
          noteFirst("eventBeforeTimeBase", offset);
          break;
        }
        if (geometry !== null && (x >= geometry.width || y >= geometry.height)) {
          result.eventsOutsideGeometry += 1;
          noteFirst("outsideGeometry", offset);
          break;
        }
        const t = timeOf(epoch, timeHigh, bits(word, 27, 22));
        if (previousT !== null && t < previousT) {
          result.backwardSteps += 1;
          noteFirst("backwardStep", offset);
        }
        previousT = t;
        result.events.push({ t, x, y, p: type });
        break;
      }

      case 0x8: {
        // EVT_TIME_HIGH: 27-0 = t bits 33-6. A smaller decrease is accepted: time runs backwards.
        const next = bits(word, 27, 0);
        if (timeHigh !== null && timeHigh - next >= WRAP_DECREASE) {
          epoch += 1n;
          result.clockWraps += 1;
        }
        timeHigh = next;
        break;
      }

      case 0xa: {
        // EXT_TRIGGER: ts 27-22, id 12-8, value bit 0
        if (timeHigh === null) {
          result.triggersBeforeTimeBase += 1;
          noteFirst("triggerBeforeTimeBase", offset);
          break;
        }
        const t = timeOf(epoch, timeHigh, bits(word, 27, 22));
        const value = bits(word, 0, 0) === 1 ? 1 : 0;
        result.triggers.push({ t, id: bits(word, 12, 8), value });
        break;
      }

      case 0xd:
        countOne(result.skippedWords, "IMU");
        break;
      case 0xe:
        countOne(result.skippedWords, "OTHERS");
        break;
      case 0xf:
        countOne(result.skippedWords, "CONTINUED");
        break;

      default: // 2-7, 9, B, C: reserved
        countOne(result.unknownWords, `0x${type.toString(16)}`);
        noteFirst("unknownWord", offset);
    }
  }

  if (result.truncatedBytes > 0) noteFirst("truncated", end);
  return result;

  function noteFirst(loss: ReferenceLoss, offset: number): void {
    result.firstAt[loss] ??= offset;
  }
}

/** Bits `high` to `low` of a 32-bit word, both inclusive, as the tables of the fact sheet write them. */
function bits(word: number, high: number, low: number): number {
  return Math.floor(word / 2 ** low) % 2 ** (high - low + 1);
}

/** t = (TIME_HIGH << 6) | ts, 34 bits, on top of the clock periods that have passed. */
function timeOf(epoch: bigint, timeHigh: number, ts: number): bigint {
  return epoch * CLOCK_PERIOD + ((BigInt(timeHigh) << 6n) | BigInt(ts));
}

function countOne(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
