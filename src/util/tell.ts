/**
 * Calls back with something. What the callback throws is thrown; a promise of it that is rejected
 * later, which nobody waits for, is a warning.
 */
export function tell<Value>(callback: ((value: Value) => unknown) | undefined, value: Value): void {
  warnIfRejected(callback?.(value));
}

/** Makes a warning of a promise that is rejected; any other value is none. */
export function warnIfRejected(result: unknown): void {
  if (result instanceof Promise) result.catch(warnOf);
}

/** Tells of an error as the platform tells of those that end nothing. */
export function warnOf(error: unknown): void {
  const { process, reportError } = globalThis as {
    process?: { emitWarning?: (warning: Error | string) => void };
    reportError?: (error: unknown) => void;
  };
  if (process?.emitWarning) process.emitWarning(error instanceof Error ? error : String(error));
  else reportError?.(error);
}
