/**
 * EVT 3.0 words and whole recordings, built from the table of the format and not from the decoder.
 */
import fc from "fast-check";
import { concatBytes, latin1Bytes, randomNumbers } from "./evt2-words.ts";

/** A header of which nothing has to be assumed. Its length is odd. */
export const PLAIN_HEADER = "% evt 3.0\n% geometry 640x480\n% end\n";

/** EVT_ADDR_Y: origin bit 11, y 10-0. With the origin bit it is a row of the slave camera. */
export const row = (y: number, origin: 0 | 1 = 0): number => wordOf(0x0, origin * 2 ** 11 + y);

/** EVT_ADDR_X of an ON event: polarity bit 11, x 10-0 */
export const on = (x: number): number => wordOf(0x2, 2 ** 11 + x);

/** EVT_ADDR_X of an OFF event. */
export const off = (x: number): number => wordOf(0x2, x);

/** VECT_BASE_X: polarity bit 11, x 10-0 */
export const base = (x: number, polarity: 0 | 1 = 1): number => wordOf(0x3, polarity * 2 ** 11 + x);

/** VECT_12: mask 11-0 */
export const vect12 = (mask: number): number => wordOf(0x4, mask);

/** VECT_8: mask 7-0; the bits 11-8 mean nothing. */
export const vect8 = (mask: number): number => wordOf(0x5, mask);

/** The three words in which a camera sends 32 pixels, given as three masks. */
export const triple = (a: number, b: number, c: number): number[] => [
  vect12(a),
  vect12(b),
  vect8(c),
];

/** EVT_TIME_LOW: t bits 11-0 */
export const timeLow = (value: number): number => wordOf(0x6, value);

/** EVT_TIME_HIGH: t bits 23-12 */
export const timeHigh = (value: number): number => wordOf(0x8, value);

/** EXT_TRIGGER: id 11-8, value bit 0 */
export const trigger = (id: number, value: 0 | 1): number => wordOf(0xa, id * 2 ** 8 + value);

/** OTHERS: subtype 11-0 */
export const others = (subtype: number): number => wordOf(0xe, subtype);

export const continued4 = (payload: number): number => wordOf(0x7, payload);
export const continued12 = (payload: number): number => wordOf(0xf, payload);
export const imu = (payload: number): number => wordOf(0xd, payload);

/** Cameras fill up with words of this value; its type is none of the format's. */
export const FILLER = 0x9999;

function wordOf(type: number, payload: number): number {
  return type * 2 ** 12 + payload;
}

/** Words as a file holds them: 16 bits each, low byte first. */
export function wordBytes(words: readonly number[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(words.length * 2));
  words.forEach((word, index) => {
    view.setUint16(index * 2, word, true);
  });
  return new Uint8Array(view.buffer);
}

/** A recording: header and words, with loose bytes behind them. */
export function recordingOf(
  words: readonly number[],
  options: { header?: string; tail?: readonly number[] } = {},
): Uint8Array<ArrayBuffer> {
  const { header = PLAIN_HEADER, tail = [] } = options;
  return concatBytes(latin1Bytes(header), wordBytes(words), Uint8Array.from(tail));
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
  | { kind: "scene"; count: number; seed: number }
  | { kind: "step"; by: number }
  | { kind: "words"; words: number[] };

/** Where the clock of a stream stands. */
interface Clock {
  high: number;
  low: number;
}

/**
 * Streams of words as cameras send them: mostly events of a row, one by one or as triples of
 * vectors, with rising times, time words that are repeated, now and then a trigger or vendor words;
 * with `disorder` also steps back, wraps of the clock, unknown words, vectors in pieces, pixels off
 * the sensor, and data before the first time, row or base.
 */
export function wordStream(mix: StreamMix = {}): fc.Arbitrary<number[]> {
  const { maxPassages = 30, disorder = true } = mix;
  const payload = fc.integer({ min: 0, max: 0xfff });
  const word = (type: number): fc.Arbitrary<Passage> =>
    payload.map((rest) => ({ kind: "words", words: [type * 2 ** 12 + rest] }));
  const vendor = fc
    .tuple(
      fc.oneof(fc.constantFrom(0x14, 0x16, 0x19, 0xfe, 0xed6), payload),
      fc.array(fc.tuple(fc.boolean(), payload), { maxLength: 4 }),
    )
    .map(([subtype, parts]): Passage => {
      const words = parts.map(([short, rest]) => (short ? continued4(rest) : continued12(rest)));
      return { kind: "words", words: [others(subtype), ...words] };
    });
  const regular: fc.WeightedArbitrary<Passage>[] = [
    { weight: 30, arbitrary: scene(200) },
    { weight: 20, arbitrary: scene(12) },
    { weight: 16, arbitrary: step(fc.constantFrom(0, 0, 1, 1, 2, 16)) },
    { weight: 5, arbitrary: word(0xa) },
    { weight: 4, arbitrary: vendor },
    { weight: 1, arbitrary: word(0xd) },
  ];
  const irregular: fc.WeightedArbitrary<Passage>[] = [
    { weight: 3, arbitrary: step(fc.integer({ min: -20, max: -1 })) },
    // Half of the range down or more is a wrap, less is not.
    { weight: 2, arbitrary: step(fc.constantFrom(-4095, -2049, -2048, -2047, 2047, 2048, 4095)) },
    { weight: 2, arbitrary: step(fc.integer({ min: -4095, max: 4095 })) },
    { weight: 3, arbitrary: fc.constantFrom(1, 9, 0xb, 0xc).chain(word) },
    { weight: 4, arbitrary: fc.constantFrom(0, 2, 3, 4, 5, 6, 7, 0xf).chain(word) },
    { weight: 2, arbitrary: word(0x8) },
    {
      weight: 2,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom(4, 5), payload), { maxLength: 6 })
        .map((list): Passage => {
          return { kind: "words", words: list.map(([type, rest]) => wordOf(type, rest)) };
        }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: "words", words: [FILLER, 0xffff, 0] }) },
  ];
  const passages = fc.array(fc.oneof(...regular, ...(disorder ? irregular : [])), {
    maxLength: maxPassages,
    size: "max",
  });
  const start = fc.oneof(
    fc.constantFrom(0, 1, 0xb2d, 0xffe, 0xfff),
    fc.integer({ min: 0, max: 0xfff }),
  );
  // Which of the words that all others build upon come first.
  const prelude = disorder ? fc.integer({ min: 0, max: 7 }) : fc.constant(7);
  return fc.tuple(passages, start, prelude).map(([list, high, first]) => {
    const clock: Clock = { high, low: 0 };
    const words: number[] = [];
    if ((first & 1) !== 0) words.push(timeHigh(high));
    if ((first & 2) !== 0) words.push(row(high % 480));
    if ((first & 4) !== 0) words.push(base(0));
    for (const passage of list) {
      if (passage.kind === "words") words.push(...passage.words);
      else if (passage.kind === "step") words.push(stepped(clock, passage.by));
      else words.push(...sceneWords(passage.count, passage.seed, clock, disorder));
    }
    return words;
  });
}

function scene(maxCount: number): fc.Arbitrary<Passage> {
  return fc.record({
    kind: fc.constant("scene" as const),
    count: fc.integer({ min: 1, max: maxCount }),
    seed: fc.integer({ min: 0, max: 0x7fffffff }),
  });
}

function step(by: fc.Arbitrary<number>): fc.Arbitrary<Passage> {
  return fc.record({ kind: fc.constant("step" as const), by });
}

/** A time word, and the clock set as that does. */
function stepped(clock: Clock, by: number): number {
  clock.high = (clock.high + by + 4096) % 4096;
  if (by !== 0) clock.low = 0;
  return timeHigh(clock.high);
}

/**
 * Words of a 640x480 sensor in about the shares of a real recording: 64 % ADDR_X, 19 % ADDR_Y, the
 * rest vectors and times. With `disorder`, one in 128 is out of order or off the sensor.
 */
function sceneWords(count: number, seed: number, clock: Clock, disorder: boolean): number[] {
  const random = randomNumbers(seed);
  const bit = (): 0 | 1 => (random(2) === 0 ? 0 : 1);
  // Sparse masks, as of a thin edge, and dense ones.
  const mask = (bits: number): number =>
    random(8) === 0 ? 2 ** bits - 1 : random(2 ** bits) & random(2 ** bits);
  const words: number[] = [];
  while (words.length < count) {
    const odd = disorder && random(128) === 0;
    const kind = random(100);
    if (kind < 68) {
      words.push((bit() === 0 ? off : on)(random(odd ? 2048 : 640)));
    } else if (kind < 88) {
      words.push(odd ? row(random(2048), bit()) : row(random(480)));
    } else if (kind < 91) {
      const triples = 1 + random(4);
      const x = odd ? random(2048) : random(640 - 32 * triples + 1);
      words.push(base(x, bit()));
      for (let index = 0; index < triples; index++) {
        words.push(...triple(mask(12), mask(12), random(16) * 2 ** 8 + mask(8)));
      }
    } else if (kind < 98) {
      // Cameras step ahead and back again with no event in between.
      if (random(16) === 0) words.push(timeLow(Math.min(clock.low + 11, 4095)));
      clock.low = odd ? random(4096) : Math.min(clock.low + random(12), 4095);
      words.push(timeLow(clock.low));
    } else {
      words.push(stepped(clock, random(4) === 0 ? 1 : 0));
    }
  }
  return words;
}
