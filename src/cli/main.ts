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
  process.once(name, () => {
    interrupted = name;
    interruption.abort();
    setTimeout(() => process.kill(process.pid, name), GRACE_MS).unref();
  });
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
