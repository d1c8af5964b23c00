import { type EventStatistics, loadStatistics } from "../../node.ts";
import type { RecordingOptions } from "../args.ts";
import { labelled } from "../format.ts";
import type { CommandContext } from "../program.ts";
import { readAndPrint } from "../read-and-print.ts";
import { countRows, extremeRows, timeRows } from "../statistics-rows.ts";

/** `evarrow stats FILE`: every number about the events of a recording. */
export function stats(
  file: string,
  options: RecordingOptions,
  context: CommandContext,
): Promise<void> {
  return readAndPrint({ read: loadStatistics, lines }, file, options, context);
}

function lines(statistics: EventStatistics): string[] {
  return labelled([...countRows(statistics), ...timeRows(statistics), ...extremeRows(statistics)]);
}
