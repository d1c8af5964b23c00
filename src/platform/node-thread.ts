import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { DecodeThread } from "./platform.ts";

/** Where the code of the thread is; the package says it, so that no bundler moves it unnoticed. */
const THREAD = "#thread";

/** A `worker_threads` worker. It keeps the process alive only while it is waited for. */
export function startNodeThread(): DecodeThread | null {
  let path: string;
  try {
    path = createRequire(import.meta.url).resolve(THREAD);
  } catch {
    return null; // the library was bundled without it
  }
  let worker: Worker;
  try {
    // Flags of the process are for its own script: `--input-type`, for one, would stop the thread.
    worker = new Worker(path, { name: "evarrow", execArgv: [] });
  } catch {
    return null; // the process has no permission
  }
  worker.unref();
  let failure: { readonly error: unknown } | undefined;
  let closing: Promise<void> | undefined;
  let tell: ((error: unknown) => void) | undefined;
  worker.on("error", (error) => {
    failure = { error };
    tell?.(error);
  });
  return {
    post: (message) => worker.postMessage(message),
    onMessage(listener) {
      worker.on("message", listener);
      worker.unref(); // who is listened to keeps the process alive again
    },
    onError(listener) {
      tell = listener;
      if (failure !== undefined) listener(failure.error);
    },
    setAwaited(isAwaited) {
      if (isAwaited) worker.ref();
      else worker.unref();
    },
    close() {
      closing ??= end(worker);
      return closing;
    },
  };
}

/** What a thread is sent when it is to end. */
export const END = "end";
/** A thread that does not end by itself by then, in milliseconds, is ended. */
const PATIENCE_MS = 5000;

/** A thread that is ended while it opens files leaves them open, so it is asked to end first. */
async function end(worker: Worker): Promise<void> {
  const exit = new Promise<void>((resolve) => void worker.once("exit", () => resolve()));
  if (worker.threadId === NOT_RUNNING) return;
  worker.postMessage(END);
  const timer = setTimeout(() => void worker.terminate(), PATIENCE_MS);
  await exit;
  clearTimeout(timer);
}

/** What `threadId` is once the thread has ended. */
const NOT_RUNNING = -1;
