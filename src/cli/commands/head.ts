import { type LoadReport, openRecording } from "../../node.ts";
import { type HeadOptions, openOptions } from "../args.ts";
import { JsonRows, TableRows } from "../event-rows.ts";
import { inputOf } from "../input.ts";
import type { CommandContext } from "../program.ts";
import { ProgressBar } from "../progress-bar.ts";
import { warn } from "../warnings.ts";

/** Few enough that a long list starts at once and never stands in memory. */
const MAX_BATCH_EVENTS = 10_000;

/** `evarrow head FILE`: the first events, row by row. Reads no further than it must. */
export async function head(
  file: string,
  options: HeadOptions,
  { output, signal }: CommandContext,
): Promise<void> {
  const { count, json, polarityEncoding } = options;
  const rows = json ? new JsonRows() : new TableRows();
  const progress = new ProgressBar(output.stderr); // much may have to be skipped
  const recording = await openRecording(inputOf(file), openOptions(options, signal));
  let report: LoadReport = recording.report;
  let left = count;
  try {
    const stream = recording.stream({
      batchEvents: Math.max(1, Math.min(count, MAX_BATCH_EVENTS)),
      polarityEncoding,
      prefetch: 0,
      signal,
      onProgress: progress.update,
      onReport: (final) => {
        report = final;
      },
    });
    if (left > 0) {
      for await (const batch of stream) {
        progress.stop();
        const taken = Math.min(batch.numRows, left);
        await output.print(rows.add(batch, taken));
        left -= taken;
        if (left === 0) break;
      }
    }
  } finally {
    progress.stop();
    await recording.close();
  }
  await output.print(rows.end());
  if (count > 0 && left === count) await output.message(["evarrow: the recording has no events"]);
  await warn(output, report);
}
