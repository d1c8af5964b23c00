import type { DataFrame } from "nodejs-polars";
import type { EventTable } from "../events/table.ts";
import { checkOptions } from "../formats/options.ts";
import type { EventSource } from "../recording/opened-source.ts";
import { EventStreamer } from "../stream/event-streamer.ts";
import { LOAD_NAMES, type LoadOptions } from "../stream/load-options.ts";
import { STREAM_NAMES } from "../stream/stream-options.ts";
import { type Recording, withRecording } from "./recording.ts";

/**
 * Loads a whole recording into a Polars DataFrame with the columns `x`, `y` (UInt16), `t` (Int64,
 * microseconds) and `polarity` (Int8).
 *
 * @param source - where the recording is, or a recording that is open
 * @returns the frame; {@link reportOf} gives its report
 * @throws EventError `polars-unavailable` where Polars cannot be loaded (`loadTable` works there),
 *   `data-loss` under `strict`, and whatever opening the source throws
 * @example
 * ```ts
 * const frame = await loadEvents("recording.raw");
 * const on = frame.filter(pl.col("polarity").gt(0));
 * ```
 */
export async function loadEvents(
  source: EventSource | Recording,
  options: LoadOptions = {},
): Promise<DataFrame> {
  checkOptions(options, LOAD_NAMES, STREAM_NAMES);
  return withRecording(source, options, (recording) =>
    new EventStreamer(recording, options).toDataFrame(),
  );
}

/**
 * Loads a whole recording into an Arrow table: the same events as {@link loadEvents}, and the facts
 * of the recording in the metadata of its schema.
 *
 * @param source - where the recording is, or a recording that is open
 * @returns the table; {@link reportOf} gives its report
 * @throws EventError `data-loss` under `strict`, and whatever opening the source throws
 * @example
 * ```ts
 * const table = await loadTable(blob, { columns: ["x", "y"] });
 * const xs = table.getChild("x")?.toArray(); // Uint16Array
 * ```
 */
export async function loadTable(
  source: EventSource | Recording,
  options: LoadOptions = {},
): Promise<EventTable> {
  checkOptions(options, LOAD_NAMES, STREAM_NAMES);
  return withRecording(source, options, (recording) =>
    new EventStreamer(recording, options).toTable(),
  );
}
