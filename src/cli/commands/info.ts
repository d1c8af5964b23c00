import {
  analyze,
  COLUMN_NAMES,
  type EventStatistics,
  formatReport,
  type LoadPlan,
  type LoadReport,
  loadStatistics,
  openRecording,
  type Recording,
  type RecordingAnalysis,
  reportOf,
  sampleStatistics,
} from "../../node.ts";
import { type InfoOptions, openOptions } from "../args.ts";
import {
  formatBytes,
  formatCount,
  formatMagnitude,
  labelled,
  NOTHING,
  type Row,
} from "../format.ts";
import { inputOf } from "../input.ts";
import type { CommandContext } from "../program.ts";
import { withProgress } from "../progress-bar.ts";
import { countRows, timeRows } from "../statistics-rows.ts";

/** Longest key and value that are printed in full; embedded camera settings reach 300 KB. */
const MAX_KEY_LENGTH = 40;
const MAX_VALUE_LENGTH = 100;
/** Most header lines that are printed. */
const MAX_HEADER_LINES = 50;

/** `evarrow info FILE`: what a recording is and what is in it. */
export async function info(
  file: string,
  options: InfoOptions,
  { output, signal }: CommandContext,
): Promise<void> {
  const recording = await openRecording(inputOf(file), openOptions(options, signal));
  try {
    // A sample cannot tell what was lost, so `--strict` needs the whole recording.
    const read = options.full || options.strict ? loadStatistics : sampleStatistics;
    // Of events without some columns nothing is told but their number.
    const isWhole = recording.columns.length === COLUMN_NAMES.length;
    const statistics = isWhole
      ? await withProgress(output.stderr, (onProgress) =>
          read(recording, { signal, onProgress, exactTimes: true }),
        )
      : null;
    // An address may have a password in it.
    const name = recording.report.sourceName ?? file;
    const plan = planOf(await analyze(recording));
    const isRead = options.full || options.strict || recording.container?.truncation;
    const report =
      statistics !== null
        ? reportOf(statistics)
        : await (isRead ? countedIn(recording, signal) : statedIn(recording));
    const facts = { file: name, recording, plan, statistics, report };
    if (options.json) await output.printJson(asJson(facts));
    else await output.print(asLines(facts));
  } finally {
    await recording.close();
  }
}

/** What a container says of itself: of its events only how many there are. */
function statedIn({ report, container }: Recording): LoadReport {
  const { events = 0, triggers = 0 } = container?.statistics ?? {};
  return { ...report, events, triggers };
}

/** The report of reading all events, of which nothing is decoded. */
async function countedIn(recording: Recording, signal?: AbortSignal): Promise<LoadReport> {
  let report: LoadReport = recording.report;
  const onReport = (final: LoadReport): void => {
    report = final;
  };
  await recording.query().count({ signal, onReport });
  return report;
}

interface Facts {
  file: string;
  recording: Recording;
  plan: LoadPlan;
  /** Null where columns are missing. */
  statistics: EventStatistics | null;
  report: LoadReport;
}

/** The plan without what is told elsewhere. */
function planOf(analysis: RecordingAnalysis): LoadPlan {
  const { format, compression, byteLength, geometry, polarityEncoding, ...plan } = analysis;
  return plan;
}

function asJson({ file, recording, plan, statistics, report }: Facts): object {
  return {
    file,
    bytes: recording.byteLength,
    detection: recording.detection,
    dialect: recording.dialect,
    geometry: recording.geometry,
    columns: recording.columns,
    header: recording.header.map(([key, value]) => ({ key, value })),
    plan,
    estimated: statistics?.estimated ?? false,
    statistics,
    triggers: statistics?.estimated ? null : report.triggers,
    report,
  };
}

function asLines({ file, recording, plan, statistics, report }: Facts): string[] {
  const { estimated = false } = statistics ?? {};
  const triggers = estimated ? "not counted" : formatCount(report.triggers);
  const events = formatCount(report.events);
  const lines = labelled([
    ...recordingRows(file, recording),
    ...(statistics === null ? [["Events", events] as const] : countRows(statistics)),
    ["Triggers", triggers],
    ...(statistics === null ? [] : timeRows(statistics)),
    ["Plan", describePlan(plan)],
  ]);
  if (estimated) lines.push("", "~ estimated from a sample; --full reads everything");
  if (recording.header.length > 0) lines.push("", "Header", ...headerLines(recording));
  const remarks = formatReport(report);
  if (!estimated && remarks.length === 0) remarks.push("nothing lost, nothing assumed");
  if (remarks.length > 0) lines.push("", "Report", ...remarks.map((line) => `  ${line}`));
  return lines;
}

function recordingRows(file: string, recording: Recording): Row[] {
  const { detection, dialect, geometry, byteLength, columns, report } = recording;
  const { name, format, confidence, reason, compression } = detection;
  const assumed = report.assumptions.some(({ what }) => what === "geometry") ? ", assumed" : "";
  const likely = confidence === "certain" ? "" : "likely: ";
  return [
    ["File", file],
    ["Size", byteLength === null ? "unknown" : formatSize(byteLength)],
    ...(compression === null ? [] : [["Compressed", compression] as const]),
    ["Format", `${name} (${format})`],
    ["Detected", `${likely}${reason}`],
    ...(dialect === null ? [] : [["Dialect", dialect] as const]),
    ...(columns.length < COLUMN_NAMES.length ? [["Columns", columns.join(", ")] as const] : []),
    [
      "Sensor",
      geometry === null ? "unknown" : `${geometry.width}x${geometry.height} pixels${assumed}`,
    ],
  ];
}

/** For example `chunked: about 12,000,000 events, 156 MB of columns, ...`. */
function describePlan(plan: LoadPlan): string {
  const { mode, reason, events, eventsKind, columnBytes, chunkEvents } = plan;
  const { streamBytes, peakBytes } = plan;
  const parts: string[] = [];
  if (events === null || columnBytes === null) parts.push(reason);
  else {
    const about = { exact: "", estimate: "about ", atMost: "at most ", unknown: "" }[eventsKind];
    const number = eventsKind === "exact" ? formatCount(events) : formatMagnitude(events);
    parts.push(
      `${about}${number} ${events === 1 ? "event" : "events"}`,
      `${formatBytes(columnBytes)} of columns`,
    );
  }
  if (mode === "chunked") {
    parts.push(`chunks of ${formatMagnitude(chunkEvents)} events`);
    const beside = peakBytes === null ? streamBytes : peakBytes - (columnBytes ?? 0);
    parts.push(`${formatBytes(beside)} beside the table`);
  } else parts.push(`peak ${formatBytes(streamBytes)}`);
  return `${mode}: ${parts.join(", ")}`;
}

function formatSize(bytes: number): string {
  const exact = `${formatCount(bytes)} bytes`;
  return bytes < 1000 ? exact : `${formatBytes(bytes)} (${exact})`;
}

function headerLines({ header }: Recording): string[] {
  const rows = header
    .slice(0, MAX_HEADER_LINES)
    .map(
      ([key, value]): Row => [
        shortened(key, MAX_KEY_LENGTH),
        shortened(value, MAX_VALUE_LENGTH) || NOTHING,
      ],
    );
  const lines = labelled(rows).map((line) => `  ${line}`);
  const more = header.length - MAX_HEADER_LINES;
  if (more > 0) lines.push(`  ... and ${formatCount(more)} more lines; --json gives all`);
  return lines;
}

function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length)}... (${formatCount(text.length)} characters)`;
}
