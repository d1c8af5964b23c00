/**
 * EVT 2.1 words and whole recordings, built from the table of the format and not from the decoder.
 */
import fc from "fast-check";
import { concatBytes, latin1Bytes, randomNumbers } from "./evt2-words.ts";

/** A word of 64 bits: bits 63-32 and bits 31-0. */
export type Word = readonly [upper: number, lower: number];

export type ByteOrder = "little" | "legacy";
export const BYTE_ORDERS: readonly ByteOrder[] = ["little", "legacy"];

/** Headers of which nothing has to be assumed. Their length is no multiple of a word. */
export const PLAIN_HEADERS: Readonly<Record<ByteOrder, string>> = {
  little: "% evt 2.1\n% endianness little\n% geometry 640x480\n% end\n",
  legacy: "% evt 2.1\n% endianness legacy\n% geometry 640x480\n% end\n",
};

/** EVT_POS: type 63-60, ts 59-54, x base 53-43, y 42-32, mask 31-0 */
export const pos = (ts: number, x: number, y: number, mask: number): Word => cd(1, ts, x, y, mask);

/** EVT_NEG */
export const neg = (ts: number, x: number, y: number, mask: number): Word => cd(0, ts, x, y, mask);

export function cd(type: 0 | 1, ts: number, x: number, y: number, mask: number): Word {
  return [type * 2 ** 28 + ts * 2 ** 22 + x * 2 ** 11 + y, mask];
}

/** EVT_TIME_HIGH: 59-32 = t bits 33-6; the low half means nothing. */
export const timeHigh = (value: number, lower = 0): Word => [0x8 * 2 ** 28 + value, lower];

/** EXT_TRIGGER: ts 59-54, id 44-40, value bit 32 */
export function trigger(ts: number, id: number, value: 0 | 1): Word {
  return [0xa * 2 ** 28 + ts * 2 ** 22 + id * 2 ** 8 + value, 0];
}

/** OTHERS: class 48, subtype 47-32, payload 31-0 */
export const others = (subtype: number, payload = 0): Word => [0xe * 2 ** 28 + subtype, payload];

/** CONTINUED */
export const continued = (payload: number): Word => [0xf * 2 ** 28 + payload, payload];

/** A word of any type. */
export const wordOf = (type: number, rest: number, lower = 1): Word => [
  type * 2 ** 28 + rest,
  lower,
];

/** Words as a file holds them: all of the word low byte first, or its high half in front. */
export function wordBytes(words: readonly Word[], order: ByteOrder): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(words.length * 8));
  words.forEach(([upper, lower], index) => {
    if (order === "little") {
      view.setBigUint64(index * 8, BigInt(upper) * 2n ** 32n + BigInt(lower), true);
    } else {
      view.setUint32(index * 8, upper, true);
      view.setUint32(index * 8 + 4, lower, true);
    }
  });
  return new Uint8Array(view.buffer);
}

/** A recording: header and words, with loose bytes behind them. */
export function recordingOf(
  words: readonly Word[],
  options: { order?: ByteOrder; header?: string; tail?: readonly number[] } = {},
): Uint8Array<ArrayBuffer> {
  const { order = "little", header = PLAIN_HEADERS[order], tail = [] } = options;
  return concatBytes(latin1Bytes(header), wordBytes(words, order), Uint8Array.from(tail));
}

/** How a random recording is made up: the weight of each kind of passage. */
export interface StreamMix {
  /** Greatest number of passages. */
  maxPassages?: number;
  /** Passages that only a damaged recording or one of another sensor has. */
  disorder?: boolean;
}

/** What the generator writes next; times are relative to the clock of the passage before. */
type Passage =
  | { kind: "events"; count: number; seed: number }
  | { kind: "step"; by: number }
  | { kind: "words"; words: Word[] };

/**
 * Streams of words as cameras send them: runs of events with rising time bits, mostly of one or two
 * pixels and now and then of many, a time word every few, often repeated, a trigger or a vendor
 * word; with `disorder` also steps back, wraps of the clock, unknown words, pixels off the sensor,
 * words without pixels, and data before the first time.
 */
export function wordStream(mix: StreamMix = {}): fc.Arbitrary<Word[]> {
  const { maxPassages = 40, disorder = true } = mix;
  const lower = fc.oneof(fc.constantFrom(0, 1, 0x80000000, 0xffffffff), fc.nat(0xffffffff));
  const word = (type: number): fc.Arbitrary<Passage> =>
    fc
      .tuple(fc.nat(0xfffffff), lower)
      .map(([rest, low]) => ({ kind: "words", words: [wordOf(type, rest, low)] }));
  const known = fc
    .constantFrom(0x14, 0x16, 0x19, 0xfe, 0xed6, 0xffff)
    .map((subtype): Passage => ({ kind: "words", words: [others(subtype)] }));
  const regular: fc.WeightedArbitrary<Passage>[] = [
    { weight: 40, arbitrary: events(60) },
    { weight: 20, arbitrary: events(3) },
    { weight: 20, arbitrary: step(fc.constantFrom(0, 0, 1, 1, 2, 16)) },
    { weight: 4, arbitrary: word(0xa) },
    { weight: 2, arbitrary: known },
    { weight: 3, arbitrary: fc.constantFrom(0xe, 0xf).chain(word) },
  ];
  const irregular: fc.WeightedArbitrary<Passage>[] = [
    { weight: 3, arbitrary: step(fc.integer({ min: -20, max: -1 })) },
    // Almost the whole range down, and half of it: the one is a wrap, the other is not.
    { weight: 2, arbitrary: step(fc.integer({ min: -0xfffffff, max: -0xff00000 })) },
    { weight: 1, arbitrary: step(fc.integer({ min: -0xfefffff, max: -0x1000000 })) },
    { weight: 2, arbitrary: step(fc.integer({ min: 0xff00000, max: 0xfffffff })) },
    { weight: 3, arbitrary: fc.constantFrom(2, 3, 4, 5, 6, 7, 9, 0xb, 0xc, 0xd).chain(word) },
    { weight: 4, arbitrary: fc.constantFrom(0, 1).chain(word) },
    { weight: 2, arbitrary: word(0x8) },
  ];
  const passages = fc.array(fc.oneof(...regular, ...(disorder ? irregular : [])), {
    maxLength: maxPassages,
    size: "max",
  });
  const clock = fc.oneof(
    fc.constantFrom(0, 1, 0x5070, 0xffffff0, 0xfffffff),
    fc.integer({ min: 0, max: 0xfffffff }),
  );
  const base = disorder ? fc.boolean() : fc.constant(true);
  return fc.tuple(passages, clock, base).map(([list, start, hasBase]) => {
    const words: Word[] = hasBase ? [timeHigh(start)] : [];
    const clock: Clock = { high: start, low: 0 };
    for (const passage of list) {
      if (passage.kind === "words") words.push(...passage.words);
      else if (passage.kind === "step") {
        // Beyond either end of the range the clock stops at it.
        const next = Math.min(Math.max(clock.high + passage.by, 0), 0xfffffff);
        if (next !== clock.high) clock.low = 0;
        clock.high = next;
        words.push(timeHigh(next));
      } else words.push(...eventRun(passage.count, passage.seed, clock, disorder));
    }
    return words;
  });
}

/** Where the clock of a stream stands. */
interface Clock {
  high: number;
  low: number;
}

function events(maxCount: number): fc.Arbitrary<Passage> {
  return fc.record({
    kind: fc.constant("events" as const),
    count: fc.integer({ min: 1, max: maxCount }),
    seed: fc.integer({ min: 0, max: 0x7fffffff }),
  });
}

function step(by: fc.Arbitrary<number>): fc.Arbitrary<Passage> {
  return fc.record({ kind: fc.constant("step" as const), by });
}

/** A mask as of a thin edge, a thick one, or of a flicker; never 0. */
function randomMask(random: (below: number) => number): number {
  const any = (): number => random(2 ** 16) * 2 ** 16 + random(2 ** 16);
  const kind = random(20);
  if (kind < 10) return 2 ** random(32);
  if (kind < 15) return ((2 ** random(32)) | (2 ** random(32))) >>> 0;
  if (kind < 17) return (any() & any() & any()) >>> 0 || 1;
  if (kind < 19) return any() || 1;
  return 0xffffffff;
}

/**
 * A run on a 640x480 sensor with rising time bits. With `disorder`, one in thirty-two falls back,
 * lies outside, crosses the right border, or has no pixels.
 */
function eventRun(count: number, seed: number, clock: Clock, disorder: boolean): Word[] {
  const random = randomNumbers(seed);
  const words: Word[] = [];
  for (let index = 0; index < count; index++) {
    clock.low = Math.min(clock.low + random(3), 63);
    const odd = disorder ? random(128) : 9;
    if (odd === 0) clock.low = random(64);
    // Mostly in steps of 32 pixels, though nothing says so.
    let x = random(4) === 0 ? random(609) : random(20) * 32;
    if (odd === 1) x = random(2048);
    if (odd === 2) x = 609 + random(40);
    const y = odd === 3 ? random(2048) : random(480);
    const mask = odd === 4 ? 0 : randomMask(random);
    words.push(cd(random(2) === 0 ? 0 : 1, clock.low, x, y, mask));
  }
  return words;
}

/**
 * Events, in their order, as words: those of one time, row, polarity and block of 32 pixels that
 * follow on one another from left to right are one word.
 */
export function wordsOf(
  list: readonly { t: bigint; x: number; y: number; p: 0 | 1 }[],
): readonly Word[] {
  const words: [number, number][] = [];
  let high = -1;
  let lastX = 0;
  for (const { t, x, y, p } of list) {
    const next = Number((t >> 6n) & 0xfffffffn);
    if (next !== high) words.push([...timeHigh(next)]);
    high = next;
    const [head] = cd(p, Number(t & 63n), x - (x % 32), y, 0);
    const bit = 2 ** (x % 32);
    const open = words.at(-1);
    if (open?.[0] === head && x > lastX) open[1] += bit;
    else words.push([head, bit]);
    lastX = x;
  }
  return words;
}
