/** What the files of `zstd/` were made of. */
import { latin1Bytes, randomNumbers } from "../support/evt2-words.ts";
import { longRecording } from "../support/long-recording.ts";

/** Prose of few words. */
function prose(words: number): Uint8Array<ArrayBuffer> {
  const random = randomNumbers(7);
  const some = "the event camera sees a bar moving over its sensor and sends time and row".split(
    " ",
  );
  const text = Array.from({ length: words }, () => {
    const word = some[Math.min(random(some.length), random(some.length))];
    return random(12) === 0 ? `${word}.\n` : `${word}${random(40)}`;
  });
  return latin1Bytes(text.join(" "));
}

/** Words whose low bytes are noise, with some earlier ones among them. */
function noisyWords(count: number): Uint8Array<ArrayBuffer> {
  const random = randomNumbers(3);
  const words = new Uint32Array(count);
  for (let at = 0; at < count; at++) {
    const isCopy = at > 100 && random(3) === 0;
    words[at] = isCopy
      ? (words[at - 1 - random(100)] ?? 0)
      : 0x10000000 + random(640) * 2048 + random(64);
  }
  return new Uint8Array(words.buffer);
}

/** By the first part of their files' names. */
export const CONTENTS: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  prose: prose(3000),
  recording: longRecording(20_000),
  words: noisyWords(2500),
  zeros: new Uint8Array(300_000),
  nothing: new Uint8Array(0),
  byte: Uint8Array.of(65),
};
