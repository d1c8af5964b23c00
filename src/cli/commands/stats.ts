import type { EventStatistics } from "../../node.ts";
import type { StatsOptions } from "../args.ts";
import { queryOf } from "../filters.ts";
import { labelled } from "../format.ts";
import type { CommandContext } from "../program.ts";
import { readAndPrint, type WholeRead } from "../read-and-print.ts";
import {
  countRows,
  extremeRows,
  hotPixelLines,
  pixelRows,
  rateRows,
  timeRows,
} from "../statistics-rows.ts";

/** `evarrow stats FILE`: every number about the events of a recording. */
export function stats(file: string, options: StatsOptions, context: CommandContext): Promise<void> {
  const { window: windowUs, hotPixels } = options;
  const read: WholeRead<EventStatistics>["read"] = async (source, pass) =>
    (await queryOf(source, options, pass)).statistics({ windowUs, hotPixels, exactTimes: true });
  return readAndPrint({ read, lines }, file, options, context);
}

function lines(statistics: EventStatistics): string[] {
  const rows = labelled([
    ...countRows(statistics),
    ...timeRows(statistics),
    ...extremeRows(statistics),
    ...rateRows(statistics),
    ...pixelRows(statistics),
  ]);
  const hotPixels = hotPixelLines(statistics);
  return hotPixels.length === 0 ? rows : [...rows, "", ...hotPixels];
}
