/**
 * Who waits for which signal. One listener a signal serves them all: Node warns of a leak from the
 * eleventh on, and a program may well load a hundred recordings under one signal.
 */
const waiting = new WeakMap<AbortSignal, Set<(reason: unknown) => void>>();

function waitersOf(signal: AbortSignal): Set<(reason: unknown) => void> {
  let waiters = waiting.get(signal);
  if (waiters === undefined) {
    const added = new Set<(reason: unknown) => void>();
    waiters = added;
    waiting.set(signal, added);
    const tellAll = (): void => {
      for (const reject of added) reject(signal.reason);
    };
    signal.addEventListener("abort", tellAll, { once: true });
  }
  return waiters;
}

/**
 * Calls back as soon as the signal is aborted: at once where it is already.
 *
 * @returns ends the waiting
 */
export function onAbort(
  signal: AbortSignal | undefined,
  abort: (reason: unknown) => void,
): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    abort(signal.reason);
    return () => {};
  }
  const waiters = waitersOf(signal);
  waiters.add(abort);
  return () => void waiters.delete(abort);
}

/**
 * Aborts a controller as soon as any of some signals is aborted.
 *
 * @returns ends that
 */
export function abortWith(
  controller: AbortController,
  signals: readonly (AbortSignal | undefined)[],
): () => void {
  const ends = signals.map((signal) => onAbort(signal, (reason) => controller.abort(reason)));
  return () => {
    for (const end of ends) end();
  };
}

/**
 * The promise, or a rejection with the signal's reason as soon as that is aborted: what is waited
 * for may never come.
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  promise.catch(() => {}); // nobody hears it after an abort
  if (signal.aborted) return Promise.reject(signal.reason);
  const waiters = waitersOf(signal);
  return new Promise((resolve, reject) => {
    waiters.add(reject);
    promise.then(resolve, reject).finally(() => waiters.delete(reject));
  });
}
