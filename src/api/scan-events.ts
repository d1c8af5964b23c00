import { EventQuery } from "../query/event-query.ts";
import { checkQueryOptions, QUERY_NAMES, type QueryOptions } from "../query/query-options.ts";
import type { EventSource } from "../recording/opened-source.ts";
import { openParts } from "../recording/recording.ts";
import { STREAM_NAMES } from "../stream/stream-options.ts";
import { Recording } from "./recording.ts";

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
  checkQueryOptions(options, QUERY_NAMES, STREAM_NAMES);
  if (source instanceof Recording) return source.query(options);
  return new EventQuery(async () => {
    const recording = new Recording(await openParts(source, options));
    return { recording, close: () => recording.close() };
  }, options);
}
