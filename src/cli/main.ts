#!/usr/bin/env node
/** Argv to exit code; everything else is in `run.ts`, which tests call without a process. */
import { describeFailure } from "./failures.ts";
import { run } from "./run.ts";

/** Time to end in order after Ctrl-C; a read from a pipe that nobody writes to would never end. */
const GRACE_MS = 500;

const interruption = new AbortController();
process.once("SIGINT", () => {
  interruption.abort();
  setTimeout(() => process.kill(process.pid, "SIGINT"), GRACE_MS).unref();
});
process.on("uncaughtException", (error) => {
  const { message, exitCode } = describeFailure(error);
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
});

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
});
