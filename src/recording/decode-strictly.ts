import { isEventError } from "../errors.ts";
import { checkLoss, type MutableReport, restoreReport, type Strictness } from "../events/report.ts";
import type { EventDecoder } from "../formats/decoder.ts";

/**
 * Decodes what a decoder was fed, as far as the tile has room. Where a loss ends the pass, the tile
 * holds what stands in front of it, and the report counts that, too.
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
  const before = strict === false ? null : structuredClone(report);
  let isDecoded = false;
  try {
    const usedUp = decoder.decode(room, report);
    isDecoded = true;
    checkLoss(report, strict);
    return usedUp;
  } catch (error) {
    if (!isEventError(error) || error.byteOffset === undefined) throw error;
    if (isDecoded && before !== null) {
      const { timeOffset } = report;
      restoreReport(report, before);
      decoder.takeBack(error.byteOffset, report);
      if (report.events > 0) report.timeOffset = timeOffset; // it is that of the first event
    }
    report.bytesRead = error.byteOffset;
    throw error;
  }
}
