import { type EventSource, type PassOptions, reportOf } from "../node.ts";
import { openOptions, type RecordingOptions } from "./args.ts";
import { inputOf } from "./input.ts";
import type { CommandContext } from "./program.ts";
import { withProgress } from "./progress-bar.ts";
import { warn } from "./warnings.ts";

/** How a command reads a whole recording and shows what it found. */
export interface WholeRead<Result> {
  readonly read: (source: EventSource, options: PassOptions) => Promise<Result>;
  /** The lines for people; `--json` prints the result as it is. */
  readonly lines: (result: Result) => string[];
}

/** Reads with a progress bar, prints the result, then tells what was lost. */
export async function readAndPrint<Result extends object>(
  { read, lines }: WholeRead<Result>,
  file: string,
  options: RecordingOptions,
  { output, signal }: CommandContext,
): Promise<void> {
  const result = await withProgress(output.stderr, (onProgress) =>
    read(inputOf(file), { ...openOptions(options, signal), onProgress }),
  );
  if (options.json) await output.printJson(result);
  else await output.print(lines(result));
  await warn(output, reportOf(result));
}
