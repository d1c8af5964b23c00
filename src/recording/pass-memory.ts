import { EventError } from "../errors.ts";
import type { LoadReport } from "../events/report.ts";
import { EventMemory, type EventMemorySize, eventMemoryBytes } from "../kernels/event-memory.ts";
import type { OpenedRecording } from "./recording.ts";

/**
 * Bytes of an input slot, unless `readBufferBytes` says otherwise. One slot is read while the other
 * is decoded, so a larger one only saves calls: streaming 100 M events of EVT 2.0 took 270 ms with
 * 256 KiB, 190 ms with 2 MiB. On a busier machine it ran at 100 M events/s with 64 KiB, 185 with
 * 256 KiB, 195 with 1 MiB, 205 with 2, 220 with 4 and 190 with 8 MiB: more is within the noise.
 */
export const WORD_INPUT_BYTES = 2 * 1024 * 1024;
/** Bytes of an input slot for rows, most of which go straight into the columns. */
export const ROW_INPUT_BYTES = 256 * 1024;
/**
 * The most events of a tile. Kernels are as fast with any size that stays in the cache; a larger
 * one saves what is done per tile: 240 ms with 64 K, 180 ms with 256 K.
 */
export const TILE_EVENTS = 262_144;
/** The same for a recording, whose format may have another size. */
export function usualTileEvents({ content }: OpenedRecording): number {
  return (content.kind === "rows" ? content.table.tileEvents : undefined) ?? TILE_EVENTS;
}

/** The least that a slot has, in bytes, or a tile in events. */
const LEAST = 64;

/** What a pass asks for; what it leaves out is as large as is usual. */
export interface PassMemoryOptions {
  readonly inputBytes?: number | undefined;
  readonly tileEvents?: number | undefined;
  readonly scratchBytesPerEvent?: number | undefined;
  readonly outputBytes?: number | undefined;
  readonly sieveBytes?: number | undefined;
}

/**
 * The memory for a pass over a recording. Small recordings get a small one, so that loading
 * thousands of them stays cheap.
 */
export function passMemorySize(
  recording: OpenedRecording,
  options: PassMemoryOptions,
): EventMemorySize {
  const { content, recordingBytes } = recording;
  const isRows = content.kind === "rows";
  const { inputBytes = isRows ? ROW_INPUT_BYTES : WORD_INPUT_BYTES } = options;
  const { tileEvents = usualTileEvents(recording), outputBytes, sieveBytes } = options;
  const { scratchBytesPerEvent = 0 } = options;
  const events = recording.mostEvents() ?? Number.POSITIVE_INFINITY;
  // Who works with the tile does so when its rows are there, so both may use the same space.
  const readerBytes = isRows ? (content.table.scratchBytesPerEvent ?? 0) : 0;
  return {
    inputBytes: Math.min(inputBytes, Math.max(recordingBytes ?? inputBytes, LEAST)),
    tileEvents: Math.min(tileEvents, Math.max(events, LEAST)),
    scratchBytesPerEvent: Math.max(scratchBytesPerEvent, readerBytes),
    outputBytes,
    sieveBytes,
  };
}

/**
 * Makes the memory of a pass, or of one of its lanes.
 *
 * @param hint - what takes less
 * @throws EventError `memory-limit` where there is no memory of that size
 */
export function createPassMemory(
  size: EventMemorySize,
  report: LoadReport,
  hint: string,
): EventMemory {
  return orMemoryLimit(() => new EventMemory(size), eventMemoryBytes(size), report, hint);
}

/**
 * Makes what takes so many bytes.
 *
 * @param hint - what takes less
 * @throws EventError `memory-limit` where there is no memory for it
 */
export function orMemoryLimit<T>(
  make: () => T,
  bytes: number,
  { sourceName, format }: LoadReport,
  hint: string,
): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new EventError("memory-limit", "there is no memory for this pass", {
      path: sourceName ?? undefined,
      format,
      found: `${bytes} bytes`,
      hint,
      cause,
    });
  }
}
