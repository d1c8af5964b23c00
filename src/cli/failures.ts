/** What went wrong, in words for the terminal, and the exit code that says so. */
import type { EventError } from "../node.ts";
import { OutputFailed, visible } from "./output.ts";

/**
 * The exit codes: those that the help names, and those of a process that SIGINT and SIGPIPE end, as every
 * shell counts them.
 */
export const EXIT = { fine: 0, badInput: 1, wrongCall: 2, interrupted: 130, cut: 141 } as const;

/** One line for stderr and the exit code. */
export function describeFailure(error: unknown): { message: string; exitCode: number } {
  if (isEventError(error)) {
    const exitCode = isWrongCall(error) ? EXIT.wrongCall : EXIT.badInput;
    return { message: `evarrow: error: ${visible(inTermsOfOptions(error))}`, exitCode };
  }
  const text = visible(error instanceof Error ? error.message : String(error));
  if (error instanceof OutputFailed) {
    return { message: `evarrow: error: ${text}`, exitCode: EXIT.badInput };
  }
  return {
    message: `evarrow: unexpected error: ${text} (this is a bug in evarrow: please report it, with the command)`,
    exitCode: EXIT.badInput,
  };
}

/** What the caller said cannot be, whatever the recording. */
function isWrongCall({ code }: EventError): boolean {
  return code === "invalid-option" || code === "invalid-query";
}

/** By name: where no recording was opened, the library and its guard are not loaded. */
function isEventError(error: unknown): error is EventError {
  return error instanceof Error && error.name === "EventError";
}

/** The message with a hint that names options of the command line, not of the library. */
function inTermsOfOptions(error: EventError): string {
  const { message, hint = "" } = error;
  const problem = message.endsWith(hint) ? message.slice(0, message.length - hint.length) : message;
  return `${inOptions(problem).trimEnd()} ${hintFor(error)}`.trimEnd();
}

/** Options by the names that they have on the command line. */
function inOptions(problem: string): string {
  return problem.replace("text.columns has more columns", "--text-columns has more columns");
}

function hintFor({ code, hint = "" }: EventError): string {
  if (code === "data-loss") return "Without --strict the rest is read and the loss is reported.";
  if (hint.startsWith("Read the column `t`"))
    return "evarrow info, stats and head print such times.";
  if (code === "missing-column" && hint.includes("`columns`")) {
    return "It was written without: leave out what looks at it. info, head, query and export then take the rest.";
  }
  if (hint.includes("`ReadableStream`")) return "Download it first.";
  if (code === "sink-unwritable" && hint.includes("`WritableStream`")) {
    return "Write a file, and upload that.";
  }
  if (code === "assumption" && !hint.startsWith("Give")) {
    return "Without --strict=assumptions it is accepted and reported.";
  }
  if (code === "not-encodable") {
    const rebase = hint === "" ? "" : "--rebase puts the first event on time 0; ";
    return `${rebase}--force leaves out what does not fit.`;
  }
  return hint
    .replaceAll("`geometry`", "--geometry WIDTHxHEIGHT")
    .replaceAll("`byteOrder`", "--byte-order")
    .replaceAll("`text: { columns }`", "--text-columns, for example t,x,y,p,")
    .replaceAll("`hdf5: { x, y, t, polarity }`", "--hdf5-columns x=/a,y=/b,t=/c,p=/d")
    .replaceAll(/`(?:text|hdf5): { timeUnit }`/g, "--time-unit")
    .replaceAll(/`stream: "(.*?)"`/g, "--stream $1")
    .replace(
      /Load with `onMalformed: "skip"` to count such (lines|rows) and read the rest/,
      (_, what) => {
        return `--on-malformed skip counts such ${what} and reads the rest`;
      },
    )
    .replaceAll('Load with `onMalformed: "skip"`', "Give --on-malformed skip")
    .replaceAll("`lossy`", "--force")
    .replaceAll("`overwrite: true`", "--overwrite")
    .replaceAll("`format`", "--format")
    .replaceAll(/`memoryLimitBytes: (\d+)`/g, "--memory-limit $1")
    .replaceAll(/, or leave `mode: "direct"` out/g, "");
}
