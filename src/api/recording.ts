import type { TriggerBatch, TriggerTable } from "../events/table.ts";
import { checkOptions } from "../formats/options.ts";
import { EventQuery } from "../query/event-query.ts";
import { checkQueryOptions, QUERY_NAMES, type QueryOptions } from "../query/query-options.ts";
import type { EventSource } from "../recording/opened-source.ts";
import {
  OPEN_NAMES,
  OpenedRecording,
  type OpenOptions,
  openParts,
} from "../recording/recording.ts";
import { EventStreamer } from "../stream/event-streamer.ts";
import { STREAM_NAMES, type StreamOptions } from "../stream/stream-options.ts";
import { collectTriggers, streamTriggers, type TriggerOptions } from "../stream/triggers.ts";

/**
 * An opened recording: what its header says, and ways to its events. Made by {@link openRecording};
 * to be closed after use.
 */
export class Recording extends OpenedRecording {
  /**
   * The events, batch by batch.
   *
   * @throws EventError `invalid-option`
   */
  stream(options: StreamOptions = {}): EventStreamer {
    return new EventStreamer(this, options);
  }

  /**
   * Describes events to be read: a window of time, a region, a polarity and more.
   *
   * @example
   * ```ts
   * const events = await recording.query().roi({ x: 10, y: 20, width: 64, height: 64 }).count();
   * ```
   */
  query(options: QueryOptions = {}): EventQuery {
    checkQueryOptions(options, QUERY_NAMES, STREAM_NAMES);
    return new EventQuery(async () => ({ recording: this, close: async () => {} }), options);
  }

  /**
   * Reads the external triggers: a table of `t` (Int64, microseconds, on the clock of the events),
   * `id` (Int16, the input) and `value` (Uint8, 1 for a rising edge). It takes a pass over the
   * whole recording.
   *
   * @throws EventError `data-loss` under `strict`, and whatever reading the source throws
   */
  triggers(options: TriggerOptions = {}): Promise<TriggerTable> {
    return collectTriggers(this, options);
  }

  /**
   * The same triggers batch by batch, at most 65 536 in each, in memory that does not follow the
   * recording. A pipe hands them out as they come.
   *
   * With `rebase`, triggers are held back until the first event tells what time 0 is, at most
   * 1 048 576 of them.
   *
   * @throws EventError `invalid-option`, also in the loop where more triggers stand in front of the
   *   first event than can be held back; else as {@link triggers}
   * @example
   * ```ts
   * for await (const batch of recording.streamTriggers()) console.log(batch.numRows);
   * ```
   */
  streamTriggers(options: TriggerOptions = {}): AsyncGenerator<TriggerBatch, void, void> {
    return streamTriggers(this, options);
  }
}

/**
 * Opens a recording and reads its header, nothing more.
 *
 * @param source - where the recording is: a path, a URL (`file:`, `http:`, `https:`), bytes, a `Blob`,
 *   a `ReadableStream`
 * @returns the recording, to be closed after use
 * @throws EventError when the source cannot be read, its format is unknown or not supported, or its
 *   header contradicts itself
 * @example
 * ```ts
 * const recording = await openRecording("recording.raw");
 * console.log(recording.format, recording.geometry); // evt2 { width: 640, height: 480 }
 * const triggers = await recording.triggers();
 * await recording.close();
 * ```
 */
export async function openRecording(
  source: EventSource,
  options: OpenOptions = {},
): Promise<Recording> {
  checkOptions(options, OPEN_NAMES, STREAM_NAMES);
  return new Recording(await openParts(source, options));
}

/** Opens what is not open yet, and closes just that when `use` is done. The names of options are known. */
export async function withRecording<Result>(
  source: EventSource | Recording,
  options: OpenOptions,
  use: (recording: Recording) => Promise<Result>,
): Promise<Result> {
  if (source instanceof Recording) return use(source);
  const recording = new Recording(await openParts(source, options));
  try {
    return await use(recording);
  } finally {
    await recording.close();
  }
}
