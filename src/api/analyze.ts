import type { SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import { checkOptions } from "../formats/options.ts";
import type { EventSource } from "../recording/opened-source.ts";
import { resolveLoad } from "../stream/load-options.ts";
import { type LoadPlan, planLoad } from "../stream/plan.ts";
import { resolveStream, STREAM_NAMES, type StreamOptions } from "../stream/stream-options.ts";
import type { Compression } from "../util/compression.ts";
import { type Recording, withRecording } from "./recording.ts";

/** What {@link analyze} tells: the plan, and what it was made from. */
export interface RecordingAnalysis extends LoadPlan {
  /** Format id, for example `evt2`. */
  readonly format: string;
  /** What the recording is compressed with as a whole; null when it is not. */
  readonly compression: Compression | null;
  /** Bytes of the source, compressed if it is; null when the source does not say. */
  readonly byteLength: number | null;
  /** Pixels of the sensor; null when nothing says it. */
  readonly geometry: SensorGeometry | null;
  /** What the polarity column will hold. */
  readonly polarityEncoding: PolarityEncoding;
}

/**
 * Plans the load of a recording without decoding it: about how many events there are, how large
 * their columns become, and whether `loadTable` would make one batch of them or several.
 *
 * @param source - where the recording is, or a recording that is open
 * @param options - those of the load, or of a stream, whose `batchEvents` or `batchBytes` are then the
 *   size of a chunk; a `memoryLimitBytes` that cannot be kept is refused here, too
 * @throws EventError `memory-limit`, whose `expected` names the limit that works; `invalid-option`;
 *   and whatever opening the source throws
 * @example
 * ```ts
 * const { events, columnBytes, mode, reason } = await analyze("recording.raw");
 * ```
 */
export async function analyze(
  source: EventSource | Recording,
  options: StreamOptions = {},
): Promise<RecordingAnalysis> {
  checkOptions(options, STREAM_NAMES);
  return withRecording(source, options, async (recording) => {
    const { tiles, columns } = resolveLoad(recording, options);
    const { batchEvents } = resolveStream(options, columns);
    const { format, byteLength, geometry, report } = recording;
    return {
      format,
      compression: report.compression,
      byteLength,
      geometry: tiles.geometry ?? geometry,
      polarityEncoding: tiles.polarityEncoding,
      ...planLoad(recording, { ...options, batchEvents }),
    };
  });
}
