import { isEventError } from "../errors.ts";
import { checkLoss, type MutableReport, type Strictness } from "../events/report.ts";
import type { EventDecoder } from "../formats/decoder.ts";

/**
 * Decodes what a decoder was fed, as far as the tile has room. Where a loss ends the pass, the tile
 * holds what stands in front of it.
 *
 * @returns whether the bytes fed are used up
 * @throws EventError `data-loss` under `strict`, and what decoding throws
 */
export function decodeStrictly(
  decoder: EventDecoder,
  room: number,
  report: MutableReport,
  strict: Strictness,
): boolean {
  const usedUp = decoder.decode(room, report);
  try {
    checkLoss(report, strict);
  } catch (error) {
    if (isEventError(error)) decoder.takeBack(error.byteOffset ?? 0, report);
    throw error;
  }
  return usedUp;
}
