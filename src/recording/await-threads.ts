import type { DecodeThread } from "../platform/platform.ts";

/** Waits for what threads do; meanwhile they keep the process alive. */
export async function awaitThreads<T>(
  threads: readonly DecodeThread[],
  promise: Promise<T>,
): Promise<T> {
  for (const thread of threads) thread.setAwaited(true);
  try {
    return await promise;
  } finally {
    for (const thread of threads) thread.setAwaited(false);
  }
}
