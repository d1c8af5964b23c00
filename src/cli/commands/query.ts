import type { DataFrame } from "nodejs-polars";
import type { LoadReport } from "../../node.ts";
import { openOptions, type QueryCommandOptions } from "../args.ts";
import { queryOf } from "../filters.ts";
import { aligned } from "../format.ts";
import { inputOf } from "../input.ts";
import type { CommandContext } from "../program.ts";
import { withProgress } from "../progress-bar.ts";
import { warn } from "../warnings.ts";

/** `evarrow query FILE SQL`: what an SQL statement makes of the events. */
export async function query(
  file: string,
  statement: string,
  options: QueryCommandOptions,
  { output, signal }: CommandContext,
): Promise<void> {
  const {
    polarityEncoding,
    memoryLimit,
    output: format = options.json ? "json" : "table",
  } = options;
  let report: LoadReport | undefined;
  const frame = await withProgress(output.stderr, async (onProgress) => {
    const events = await queryOf(inputOf(file), options, {
      ...openOptions(options, signal),
      polarityEncoding,
    });
    return events.sql(statement, {
      memoryLimitBytes: memoryLimit,
      signal,
      onProgress,
      onReport: (final) => {
        report = final;
      },
    });
  });
  if (format === "table") await output.print(tableLines(frame));
  else await output.printBytes(bytesOf(frame, format), format === "csv" || format === "json");
  if (report !== undefined) await warn(output, report);
}

type FileFormat = Exclude<NonNullable<QueryCommandOptions["output"]>, "table">;

function bytesOf(frame: DataFrame, format: FileFormat): Uint8Array {
  switch (format) {
    case "csv":
      return frame.writeCSV();
    case "json":
      return frame.writeJSON({ format: "json" });
    case "arrow":
      return frame.writeIPC();
    case "parquet":
      return frame.writeParquet({ compression: "zstd" });
  }
}

/** A separator that no number, and hardly a text, holds. */
const SEPARATOR = "\t";

function tableLines(frame: DataFrame): string[] {
  const text = new TextDecoder().decode(frame.writeCSV({ separator: SEPARATOR }));
  const rows = text.trimEnd().split("\n");
  return aligned(rows.map((row) => row.split(SEPARATOR)));
}
