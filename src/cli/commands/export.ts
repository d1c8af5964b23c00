import {
  COLUMN_NAMES,
  compareFormats,
  EventError,
  type ExportStats,
  type FormatComparison,
  type LoadReport,
  openRecording,
} from "../../node.ts";
import { type ExportCommandOptions, openOptions, STDOUT } from "../args.ts";
import { queryOf } from "../filters.ts";
import {
  aligned,
  formatBytes,
  formatCount,
  formatDuration,
  labelled,
  withShare,
} from "../format.ts";
import { outputFailure, toJson } from "../output.ts";
import type { CommandContext } from "../program.ts";
import { withProgress } from "../progress-bar.ts";
import { missingColumnsWarning, warn } from "../warnings.ts";

/** `evarrow export IN OUT`: the same events as a compact container. */
export async function exportContainer(
  file: string,
  out: string,
  options: ExportCommandOptions,
  { output, signal }: CommandContext,
): Promise<void> {
  const { preset, codec, level, chunkEvents, checksum, columns, rebase } = options;
  const { polarityEncoding } = options;
  const isStdout = STDOUT.test(out);
  if (isStdout && options.compare) {
    throw new EventError("invalid-option", "standard output cannot be compared", {
      expected: "a file as OUT of --compare",
    });
  }
  if (columns !== undefined && options.compare) {
    throw new EventError("invalid-option", "other formats have all columns to be compared with", {
      expected: "--compare without --columns",
    });
  }
  if (options.compare) await refuseFewer(file, options, signal);
  const { describe: description, includeMetadata: include, excludeMetadata: exclude } = options;
  const metadata = { ...(description !== undefined && { description }), include, exclude };
  const how = { preset, codec, level, chunkEvents, checksum, columns };
  const settings = { ...how, polarityEncoding, metadata };
  // What standard output is was said by whoever opened it.
  const overwrite = isStdout || options.overwrite;
  const stats = await withProgress(output.stderr, async (onProgress) => {
    const query = await queryOf(file, options, { ...openOptions(options, signal), rebase });
    return query.export(out, { ...settings, overwrite, onProgress });
  }).catch((error) => {
    throw outputFailure(error, false);
  });
  const compared = options.compare ? await compareFormats(out, { signal }) : null;
  const result = options.json
    ? [toJson({ file: out, ...stats, ...(compared !== null && { compared }) })]
    : [...lines(out, stats), ...(compared === null ? [] : ["", ...comparison(compared)])];
  if (isStdout) await output.message(result);
  else await output.print(result);
  await warn(output, stats.report as LoadReport);
  const missing = COLUMN_NAMES.filter((name) => !stats.settings.columns.includes(name));
  if (columns === undefined) await output.message(missingColumnsWarning(missing));
}

/** Other formats hold all columns, so there is nothing to compare with where some are missing. */
async function refuseFewer(
  file: string,
  options: ExportCommandOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const recording = await openRecording(file, openOptions(options, signal));
  const { columns } = recording;
  await recording.close();
  if (columns.length === COLUMN_NAMES.length) return;
  throw new EventError("missing-column", "a recording of fewer columns cannot be compared", {
    path: file,
    expected: COLUMN_NAMES.join(", "),
    found: columns.join(", "),
  });
}

function lines(out: string, stats: ExportStats): string[] {
  const { events, triggers, chunks, bytes, bytesPerEvent, ratio, jsonRatio, settings } = stats;
  const { codec, level, checksum, chunkEvents, columns } = settings;
  const inMemory = columns.reduce((bytes, name) => bytes + COLUMN_BYTES[name], 0);
  const compressed = codec === "none" ? "no compression" : `${codec} level ${level}`;
  const sums = checksum === "none" ? "no checksums" : `checksums ${checksum}`;
  return [
    ...labelled([
      ["File", out],
      ["Method", `${compressed}, chunks of ${formatCount(chunkEvents)} events, ${sums}`],
      ["Events", formatCount(events)],
      ["Triggers", formatCount(triggers)],
      ["Chunks", formatCount(chunks)],
      ["Size", `${formatBytes(bytes)}, ${bytesPerEvent.toFixed(2)} bytes per event`],
      [
        "Ratio",
        `${ratio.toFixed(2)} (${inMemory} bytes per event in memory), ${jsonRatio.toFixed(1)} (JSON)`,
      ],
      [
        "Memory",
        stats.peakMemoryBytes === null ? "" : `${formatBytes(stats.peakMemoryBytes)} at most`,
      ],
    ]),
    "",
    ...columnLines(stats),
    "",
    ...timeLines(stats),
  ];
}

/** Of an event in memory. */
const COLUMN_BYTES = { x: 2, y: 2, t: 8, polarity: 1 } as const;

function columnLines({ columns, events, settings }: ExportStats): string[] {
  const rows = settings.columns.map((name) => {
    const { bytes, ratio } = columns[name];
    const each = events === 0 ? 0 : bytes / events;
    return [name, formatCount(bytes), each.toFixed(3), ratio.toFixed(2)];
  });
  return aligned([["column", "bytes", "per event", "ratio"], ...rows]);
}

/** Phases in the order in which events go through them. */
function timeLines({ ms, path, events }: ExportStats): string[] {
  const { total, ...phases } = ms;
  const inUs = (value: number): string => formatDuration(Math.round(value * 1000));
  const speed = total === 0 ? "" : `, ${(events / total / 1000).toFixed(1)} M events/s`;
  return labelled([
    ["Time", `${inUs(total)}${speed}, ${path}`],
    ...Object.entries(phases).map(
      ([name, value]) => [`  ${name}`, withShare(value, total, inUs)] as const,
    ),
  ]);
}

/** The file, and what it is compared with. */
function comparison(compared: readonly FormatComparison[]): string[] {
  const own = compared[0]?.bytes ?? 0;
  const rows = compared.map(({ name, bytes, bytesPerEvent, readMs, reader }) => [
    name,
    formatBytes(bytes),
    bytesPerEvent.toFixed(2),
    `${(bytes / Math.max(own, 1)).toFixed(2)} x`,
    formatDuration(Math.round(readMs * 1000)),
    reader,
  ]);
  return aligned([["format", "size", "per event", "size ratio", "read in", "by"], ...rows]);
}
