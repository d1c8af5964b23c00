/**
 * EVT 2.0 words and whole recordings, built from the table of the format and not from the decoder.
 */
import fc from "fast-check";

/** A header of which nothing has to be assumed. Its length is no multiple of a word. */
export const PLAIN_HEADER = "% evt 2.0\n% geometry 640x480\n% end\n";

/** A CD_ON word. */
export const on = (ts: number, x: number, y: number): number => cd(1, ts, x, y);

/** A CD_OFF word. */
export const off = (ts: number, x: number, y: number): number => cd(0, ts, x, y);

/** type 31-28, ts 27-22, x 21-11, y 10-0 */
export function cd(type: 0 | 1, ts: number, x: number, y: number): number {
  return type * 2 ** 28 + ts * 2 ** 22 + x * 2 ** 11 + y;
}

/** EVT_TIME_HIGH: t bits 33-6 */
export function timeHigh(value: number): number {
  return 0x8 * 2 ** 28 + value;
}

/** EXT_TRIGGER: ts 27-22, id 12-8, value bit 0 */
export function trigger(ts: number, id: number, value: 0 | 1): number {
  return 0xa * 2 ** 28 + ts * 2 ** 22 + id * 2 ** 8 + value;
}

/** Words as a file holds them: 32 bits each, low byte first. */
export function wordBytes(words: readonly number[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
  return new Uint8Array(view.buffer);
}

/** One byte per character, so that "\x80" is the byte 80. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.byteLength;
  }
  return all;
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
  | { kind: "events"; count: number; seed: number }
  | { kind: "step"; by: number }
  | { kind: "words"; words: number[] };

/**
 * Streams of words as cameras send them: runs of events with rising time bits, a time word every
 * few events, often repeated, now and then a trigger or a vendor word; with `disorder` also steps
 * back, wraps of the clock, unknown words, pixels off the sensor, and data before the first time.
 */
export function wordStream(mix: StreamMix = {}): fc.Arbitrary<number[]> {
  const { maxPassages = 40, disorder = true } = mix;
  const word = (type: number): fc.Arbitrary<Passage> =>
    fc
      .integer({ min: 0, max: 0xfffffff })
      .map((rest) => ({ kind: "words", words: [type * 2 ** 28 + rest] }));
  const regular: fc.WeightedArbitrary<Passage>[] = [
    { weight: 40, arbitrary: events(40) },
    { weight: 20, arbitrary: events(3) },
    { weight: 20, arbitrary: step(fc.constantFrom(0, 0, 1, 1, 2, 16)) },
    { weight: 4, arbitrary: word(0xa) },
    { weight: 4, arbitrary: fc.constantFrom(0xd, 0xe, 0xf).chain(word) },
  ];
  const irregular: fc.WeightedArbitrary<Passage>[] = [
    { weight: 3, arbitrary: step(fc.integer({ min: -20, max: -1 })) },
    // Almost the whole range down, and half of it: the one is a wrap, the other is not.
    { weight: 2, arbitrary: step(fc.integer({ min: -0xfffffff, max: -0xff00000 })) },
    { weight: 1, arbitrary: step(fc.integer({ min: -0xfefffff, max: -0x1000000 })) },
    { weight: 2, arbitrary: step(fc.integer({ min: 0xff00000, max: 0xfffffff })) },
    { weight: 3, arbitrary: fc.constantFrom(2, 3, 4, 5, 6, 7, 9, 0xb, 0xc).chain(word) },
    { weight: 3, arbitrary: fc.constantFrom(0, 1).chain(word) },
    { weight: 2, arbitrary: word(0x8) },
    { weight: 1, arbitrary: fc.constant({ kind: "words", words: [0xffffffff, 0] }) },
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
    const words: number[] = hasBase ? [timeHigh(start)] : [];
    let now = start;
    for (const passage of list) {
      if (passage.kind === "words") words.push(...passage.words);
      else if (passage.kind === "events") words.push(...eventRun(passage.count, passage.seed));
      else {
        // Beyond either end of the range the clock stops at it.
        now = Math.min(Math.max(now + passage.by, 0), 0xfffffff);
        words.push(timeHigh(now));
      }
    }
    return words;
  });
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

/** A run on a 640x480 sensor with rising time bits; one in thirty-two falls back or lies outside. */
function eventRun(count: number, seed: number): number[] {
  const random = randomNumbers(seed);
  const words: number[] = [];
  let ts = random(20);
  for (let index = 0; index < count; index++) {
    ts = Math.min(ts + random(4), 63);
    const odd = random(64);
    if (odd === 0) ts = random(64);
    const x = odd === 1 ? random(2048) : random(640);
    const y = odd === 2 ? random(2048) : random(480);
    words.push(cd(random(2) === 0 ? 0 : 1, ts, x, y));
  }
  return words;
}

/** The same numbers for the same seed: `random(n)` is a whole number below `n`. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
