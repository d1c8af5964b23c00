import type { OpenedRecording } from "../recording/recording.ts";
import type { TileOptions } from "../recording/tiles.ts";
import type { QueryOptions } from "./query-options.ts";
import { buildTimeIndex, type TimeIndex } from "./time-index.ts";

/**
 * Keeps the indexes of one recording from one process to the next. Neither call may fail: an index can
 * be made anew.
 */
export interface TimeIndexCache {
  /**
   * What was kept of the recording; null when that is nothing, or of other bytes.
   *
   * @param key - what the index depends on beside the bytes
   */
  load(key: string): Promise<TimeIndex | null>;
  save(key: string, index: TimeIndex): Promise<void>;
}

/** Indexes of recordings that are open, by what else they depend on. */
const indexes = new WeakMap<OpenedRecording, Map<string, Promise<TimeIndex>>>();

/** The index of a recording: known, kept elsewhere, or made by reading its times. */
export async function timeIndexOf(
  recording: OpenedRecording,
  { geometry, onMalformed, signal, onProgress }: TileOptions,
  { indexCache: cache, indexPartBytes: partBytes }: QueryOptions,
): Promise<TimeIndex> {
  const { width, height } = geometry ?? recording.geometry ?? {};
  const key = JSON.stringify({ width, height, onMalformed, partBytes });
  const known = indexes.get(recording) ?? new Map<string, Promise<TimeIndex>>();
  indexes.set(recording, known);
  let index = known.get(key);
  if (index === undefined) {
    index = (async () => {
      const kept = await cache?.load(key);
      if (kept) return kept;
      const made = await buildTimeIndex(recording, {
        geometry,
        onMalformed,
        signal,
        onProgress,
        partBytes,
      });
      await cache?.save(key, made);
      return made;
    })();
    known.set(key, index);
    // A pass that was stopped or failed says nothing about the next one.
    index.catch(() => known.delete(key));
  }
  return index;
}
