import { checkOptions } from "../formats/options.ts";
import type { EventSource } from "../recording/opened-source.ts";
import type { Conversion } from "../stream/convert.ts";
import {
  CONVERT_NAMES,
  type ConvertOptions,
  convertInto,
  type EventSink,
  formatOfTarget,
} from "../stream/event-sink.ts";
import { type Recording, withRecording } from "./recording.ts";

/**
 * Writes the events of a recording in another format, tile by tile: memory follows neither file. A
 * file appears under its name when it is complete, and not at all when anything fails; external
 * triggers and the geometry are kept where the format has a place for them.
 *
 * @param source - where the recording is, or a recording that is open
 * @param target - where it goes; names ending in `.evt2.raw`, `.evt3.raw` and so on say the format
 * @returns what was written; {@link reportOf} gives the report of the reading
 * @throws EventError `not-encodable`, with the row, at the first event that the format cannot hold,
 *   unless `lossy`; `verification-failed` under `verify`; `sink-unwritable`; `invalid-option`; and
 *   whatever reading the source throws
 * @example
 * ```ts
 * const { events, bytes } = await convertRecording("in.raw", "out.evt3.raw", { verify: true });
 * ```
 */
export async function convertRecording(
  source: EventSource | Recording,
  target: EventSink,
  options: ConvertOptions = {},
): Promise<Conversion> {
  checkOptions(options, CONVERT_NAMES);
  formatOfTarget(target, options); // before the source is looked at
  return withRecording(source, options, (recording) => convertInto(recording, target, options));
}
