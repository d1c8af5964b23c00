#!/usr/bin/env node
/** Argv to exit code; everything else is in `run.ts`, which tests call without a process. */
import { describeFailure, EXIT } from "./failures.ts";
import { run } from "./run.ts";

/** Time to end in order after Ctrl-C and the like; a read from a pipe that nobody writes to would never end. */
const GRACE_MS = 500;

/** What ends a process from outside; commands end in order first, and leave no half file behind. */
const SIGNALS = { SIGHUP: 129, SIGINT: EXIT.interrupted, SIGTERM: 143 };

const interruption = new AbortController();
let interrupted: keyof typeof SIGNALS | undefined;
for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
  process.on(name, () => {
    if (interrupted !== undefined) end(name); // asked twice
    interrupted = name;
    interruption.abort();
    setTimeout(end, GRACE_MS, name).unref();
  });
}

/**
 * Ends the process by a signal, as if nobody had listened for it. What is to be gone when it exits goes
 * first: what runs in other threads, such as compression, may take longer than anybody waits.
 */
function end(name: keyof typeof SIGNALS): void {
  process.removeAllListeners(name);
  process.once("exit", () => process.kill(process.pid, name));
  process.exit(SIGNALS[name]);
}

process.on("uncaughtException", (error) => {
  const { message, exitCode } = describeFailure(error);
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
});

const exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
});
process.exitCode = exitCode === EXIT.interrupted && interrupted ? SIGNALS[interrupted] : exitCode;
