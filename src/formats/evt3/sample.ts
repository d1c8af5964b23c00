import { countBits } from "../../util/count-bits.ts";
import {
  EVT_ADDR_X,
  TYPE_SHIFT,
  VECT_8,
  VECT_8_MASK,
  VECT_12,
  VECT_12_MASK,
  WORD_BYTES,
} from "./layout.ts";

/** Counts the words that are one event, and the bits of the vectors. */
export function countEvt3Events(data: Uint8Array): number {
  const { byteLength } = data;
  const view = new DataView(data.buffer, data.byteOffset, byteLength);
  let events = 0;
  for (let at = 0; at + WORD_BYTES <= byteLength; at += WORD_BYTES) {
    const word = view.getUint16(at, true);
    const type = word >>> TYPE_SHIFT;
    if (type === EVT_ADDR_X) events++;
    else if (type === VECT_12) events += countBits(word & VECT_12_MASK);
    else if (type === VECT_8) events += countBits(word & VECT_8_MASK);
  }
  return events;
}
