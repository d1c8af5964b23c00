import { countBits } from "../../util/count-bits.ts";
import type { FormatHeader } from "../decoder.ts";
import { EVT_POS, HALF_BYTES, LEGACY, TYPE_SHIFT, WORD_BYTES } from "./layout.ts";

/** Counts the bits of the masks. */
export function countEvt21Events(data: Uint8Array, { variant }: FormatHeader): number {
  const { byteLength } = data;
  const view = new DataView(data.buffer, data.byteOffset, byteLength);
  const upper = variant === LEGACY ? 0 : HALF_BYTES;
  const lower = HALF_BYTES - upper;
  let events = 0;
  for (let at = 0; at + WORD_BYTES <= byteLength; at += WORD_BYTES) {
    if (view.getUint32(at + upper, true) >>> TYPE_SHIFT > EVT_POS) continue;
    events += countBits(view.getUint32(at + lower, true));
  }
  return events;
}
