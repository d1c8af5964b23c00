import { existsSync } from "node:fs";
import { type Command, CommanderError } from "commander";
import { explicitStrict } from "./args.ts";
import { describeFailure, EXIT } from "./failures.ts";
import { Output, OutputClosed, OutputCut, type OutputStream } from "./output.ts";
import { createProgram, type ProgramTexts } from "./program.ts";

/** What a run talks to. */
export interface RunIo {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Aborted by Ctrl-C. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs one command line.
 *
 * @param argv - the arguments behind `evarrow`
 * @returns the exit code: 0 fine, 1 the input is bad, 2 the call is wrong, 130 interrupted, 141 the reader of
 *   a file left before it was whole
 */
export async function run(argv: readonly string[], io: RunIo): Promise<number> {
  const output = new Output(io.stdout, io.stderr);
  const texts: ProgramTexts = { out: "", error: "" };
  const program = createProgram({ output, signal: io.signal }, texts, {
    out: io.stdout.columns,
    error: io.stderr.columns,
  });
  try {
    const exitCode = await parse(program, argv, texts);
    if (texts.error !== "") await output.message(texts.error.trimEnd().split("\n"));
    if (texts.out !== "") await output.print(texts.out.trimEnd().split("\n"));
    return exitCode;
  } catch (error) {
    if (io.signal?.aborted) return EXIT.interrupted;
    if (error instanceof OutputClosed) return EXIT.fine;
    if (error instanceof OutputCut) return EXIT.cut;
    const { message, exitCode } = describeFailure(error);
    await output.message([message]);
    return exitCode;
  }
}

async function parse(
  program: Command,
  argv: readonly string[],
  texts: ProgramTexts,
): Promise<number> {
  try {
    await program.parseAsync(explicitStrict(argv), { from: "user" });
    return EXIT.fine;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const [word = ""] = argv;
    if (error.code === "commander.unknownCommand" && existsSync(word)) {
      texts.error += `To look into that file: evarrow info ${word}\n`;
    }
    return error.exitCode === 0 ? EXIT.fine : EXIT.wrongCall;
  }
}
