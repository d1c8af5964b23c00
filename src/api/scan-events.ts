import { checkOptions } from "../formats/options.ts";
import { EventQuery } from "../query/event-query.ts";
import type { QueryOptions } from "../query/query-options.ts";
import type { EventSource } from "../recording/opened-source.ts";
import { openRecording, Recording } from "./recording.ts";

/**
 * Describes events to be read: which, and what of them. Nothing is opened before one of the last calls
 * of the query, which closes what it opened; `recording.query()` is for several queries of one
 * recording, which then keeps what it learned of its times.
 *
 * @param source - where the recording is, or a recording that is open
 * @example
 * ```ts
 * const on = await scanEvents("recording.raw").time("1s", "1.5s").polarity("on").collect();
 * const busy = await scanEvents("recording.raw").roi({ x: 0, y: 0, width: 64, height: 64 }).count();
 * ```
 */
export function scanEvents(
  source: EventSource | Recording,
  options: QueryOptions = {},
): EventQuery {
  checkOptions(options);
  if (source instanceof Recording) return source.query(options);
  return new EventQuery(async () => {
    const recording = await openRecording(source, options);
    return { recording, close: () => recording.close() };
  }, options);
}
