import { CD_ON, TYPE_SHIFT, WORD_BYTES } from "./layout.ts";

/** Where the type is in the last byte of a word. */
const SHIFT_IN_BYTE = TYPE_SHIFT - 24;

/** Counts the words that are events. */
export function countEvt2Events(data: Uint8Array): number {
  const { byteLength } = data;
  let events = 0;
  for (let at = WORD_BYTES - 1; at < byteLength; at += WORD_BYTES) {
    if ((data[at] as number) >>> SHIFT_IN_BYTE <= CD_ON) events++;
  }
  return events;
}
