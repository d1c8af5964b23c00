import type { EventFormat } from "../formats/decoder.ts";
import type { FormatDetection } from "../formats/detect.ts";
import { unsupportedFormat } from "../formats/detect.ts";
import { evt2 } from "../formats/evt2/decoder.ts";
import { evt3 } from "../formats/evt3/decoder.ts";

/** Every format that is read; a new one is named here. */
const FORMATS: readonly EventFormat[] = [evt2, evt3];

/**
 * The format that was detected.
 *
 * @throws EventError `unsupported-format`
 */
export function formatOf(detection: FormatDetection, path?: string): EventFormat {
  const format = FORMATS.find(({ id }) => id === detection.format);
  if (format === undefined) throw unsupportedFormat(detection, path);
  return format;
}
