import type { Progress } from "../recording/progress.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import type { TileOptions } from "../recording/tiles.ts";
import { untilAborted } from "../util/until-aborted.ts";
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

/** An index that is made, or was, and those who wait for it. */
interface SharedIndex {
  readonly index: Promise<TimeIndex>;
  readonly controller: AbortController;
  readonly listeners: Set<(progress: Progress) => void>;
  waiting: number;
}

/** Indexes of recordings that are open, by what else they depend on. */
const indexes = new WeakMap<OpenedRecording, Map<string, SharedIndex>>();

/**
 * The index of a recording: known, kept elsewhere, or made by reading its times. Queries that need it
 * at the same time share the pass, which ends early only when none of them waits for it any more.
 */
export async function timeIndexOf(
  recording: OpenedRecording,
  tiles: TileOptions,
  options: QueryOptions,
): Promise<TimeIndex> {
  const { signal, onProgress } = tiles;
  const key = keyOf(recording, tiles, options);
  const known = indexes.get(recording) ?? new Map<string, SharedIndex>();
  indexes.set(recording, known);
  const shared = known.get(key) ?? share(recording, key, tiles, options);
  known.set(key, shared);
  const forget = (): void => {
    if (known.get(key) === shared) known.delete(key);
  };
  // A pass that failed says nothing about the next one.
  shared.index.catch(forget);
  shared.waiting++;
  if (onProgress !== undefined) shared.listeners.add(onProgress);
  try {
    return await untilAborted(shared.index, signal);
  } finally {
    shared.waiting--;
    if (onProgress !== undefined) shared.listeners.delete(onProgress);
    if (shared.waiting === 0 && signal?.aborted) {
      forget();
      shared.controller.abort(signal.reason); // nothing happens where the index is complete
    }
  }
}

/** All that decides which events there are, and when. */
function keyOf(
  { geometry: own, stated }: OpenedRecording,
  { geometry, onMalformed, rebase }: TileOptions,
  { indexPartBytes: partBytes }: QueryOptions,
): string {
  return JSON.stringify({ stated, geometry: geometry ?? own, onMalformed, rebase, partBytes });
}

function share(
  recording: OpenedRecording,
  key: string,
  { geometry, onMalformed, rebase }: TileOptions,
  { indexCache: cache, indexPartBytes: partBytes }: QueryOptions,
): SharedIndex {
  const controller = new AbortController();
  const listeners: SharedIndex["listeners"] = new Set();
  const find = async (): Promise<TimeIndex> => {
    const kept = await cache?.load(key);
    if (kept && spans(kept, recording)) return kept;
    const { signal } = controller;
    const onProgress = (progress: Progress): void => {
      for (const listener of listeners) listener(progress);
    };
    const rules = { geometry, onMalformed, rebase, partBytes };
    const made = await buildTimeIndex(recording, { ...rules, signal, onProgress });
    await cache?.save(key, made);
    return made;
  };
  return { index: find(), controller, listeners, waiting: 0 };
}

/** Whether an index that was kept is one of a recording of this length. */
function spans({ entries }: TimeIndex, { extent }: OpenedRecording): boolean {
  const [start, end] = [entries[0]?.start, entries.at(-1)?.end];
  if (start === undefined) return extent?.start === extent?.end;
  return start === extent?.start && end === extent?.end;
}
