import type { LoadReport } from "../../node.ts";
import { type HeadOptions, openOptions } from "../args.ts";
import { JsonRows, TableRows } from "../event-rows.ts";
import { queryOf } from "../filters.ts";
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
  let report: LoadReport | undefined;
  let left = count;
  try {
    const query = await queryOf(inputOf(file), options, openOptions(options, signal));
    const stream = query.stream({
      batchEvents: Math.max(1, Math.min(count, MAX_BATCH_EVENTS)),
      polarityEncoding,
      prefetch: 0,
      signal,
      onProgress: progress.update,
      onReport: (final) => {
        report = final;
      },
    });
    for await (const batch of stream) {
      progress.stop();
      const taken = Math.min(batch.numRows, left);
      await output.print(rows.add(batch, taken));
      left -= taken;
      if (left === 0) break;
    }
  } finally {
    progress.stop();
  }
  await output.print(rows.end());
  if (count > 0 && left === count) await output.message([noEvents(options)]);
  if (report !== undefined) await warn(output, report);
}

function noEvents({ from, to, roi, polarity }: HeadOptions): string {
  const isChosen = [from, to, roi, polarity].some((option) => option !== undefined);
  return `evarrow: the recording has no ${isChosen ? "such " : ""}events`;
}
