import { platform } from "#platform";
import type { DecodeThread } from "../platform/platform.ts";
import type { OpenedRecording } from "./recording.ts";
import type { TileOptions } from "./tiles.ts";

/**
 * Threads that decode a recording beside the calling one; none where that would not pay, or cannot
 * be: for a part of a recording, or one that may still grow.
 */
export function startThreads(recording: OpenedRecording, options: TileOptions): DecodeThread[] {
  const { threads = 1, range, promptly } = options;
  if (range !== undefined || promptly || recording.byteLength === null) return [];
  const started: DecodeThread[] = [];
  while (started.length < threads - 1) {
    const thread = platform.startThread();
    if (thread === null) break;
    started.push(thread);
  }
  return started;
}
