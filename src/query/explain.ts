import { bytesPerEvent, type ColumnName } from "../events/columns.ts";
import { formatGeometry, type SensorGeometry } from "../events/geometry.ts";
import type { FoundBy } from "../events/report.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import type { QuerySelection } from "./selection.ts";
import { describeStep, type QueryStep } from "./steps.ts";
import { formatBound } from "./time-bound.ts";

/** A part of the recording that is read. */
export interface PlannedRange {
  /** The first byte, or row of a table. */
  readonly start: number;
  /** The one behind the last. */
  readonly end: number;
}

/** What a query comes down to. As a text it says the same for people. */
export interface QueryPlan {
  /** Format id of the recording. */
  readonly format: string;
  /** The steps as they were described. */
  readonly steps: readonly string[];
  /** Those that kernels do while decoding, in the order in which they are done. */
  readonly pushedDown: readonly string[];
  /** Those that Polars evaluates batch by batch. */
  readonly left: readonly string[];
  readonly columns: readonly ColumnName[];
  /** Bytes of an event in these columns. */
  readonly bytesPerEvent: number;
  /** The sensor of the result; null when nothing says it. */
  readonly geometry: SensorGeometry | null;
  /** Whether ranges are of bytes or of rows. */
  readonly unit: "bytes" | "rows";
  /** The parts that are read; null when all of the recording is. */
  readonly ranges: readonly PlannedRange[] | null;
  /**
   * How they were found: by an index of all times, by times that ascend, or by what a compact
   * container says of its chunks. Null without any.
   */
  readonly foundBy: FoundBy | null;
  /** Bytes that are read, about as many where they are rows; null when nobody knows. */
  readonly bytesToRead: number | null;
  /** Bytes of the recording; null when nobody knows. */
  readonly bytesTotal: number | null;
  toString(): string;
}

/** Describes a query that was worked out for a recording. @internal */
export function explainQuery(
  { format, extent, byteLength, content }: OpenedRecording,
  given: readonly QueryStep[],
  columns: readonly ColumnName[],
  { steps, tiles, geometry, bytesToRead: stored }: QuerySelection,
): QueryPlan {
  const describe = (step: QueryStep): string => describeStep(step, formatBound);
  const isLeft = ({ kind }: QueryStep): boolean => kind === "filter";
  const ranges = tiles.ranges?.map(({ start, end }) => ({ start, end })) ?? null;
  const bytesEach = extent?.bytes ?? 1;
  const bytesToRead =
    ranges === null
      ? byteLength
      : (stored ??
        Math.round(ranges.reduce((sum, { start, end }) => sum + end - start, 0) * bytesEach));
  const plan = {
    format,
    steps: given.map(describe),
    pushedDown: steps.filter((step) => !isLeft(step)).map(describe),
    left: steps.filter(isLeft).map(describe),
    columns,
    bytesPerEvent: bytesPerEvent(columns),
    geometry,
    unit: content.kind === "rows" ? "rows" : "bytes",
    ranges,
    foundBy: tiles.foundBy ?? null,
    bytesToRead,
    bytesTotal: byteLength,
  } as const;
  return { ...plan, toString: () => textOf(plan) };
}

const WAYS: Readonly<Record<FoundBy, string>> = {
  index: "the index of times",
  order: "the order of the times",
  chunks: "the index of chunks",
};
/** Ranges that are named one by one. */
const MOST_NAMED = 8;

function textOf(plan: Omit<QueryPlan, "toString">): string {
  const count = (value: number): string => value.toLocaleString("en-US");
  const { ranges, bytesToRead, bytesTotal, unit } = plan;
  const share =
    bytesToRead === null || !bytesTotal
      ? ""
      : ` (${((100 * bytesToRead) / bytesTotal).toFixed(1)} %)`;
  const lines = [
    ranges === null
      ? `read      all of it${bytesTotal === null ? "" : `, ${count(bytesTotal)} bytes`}`
      : `read      ${count(bytesToRead ?? 0)} of ${count(bytesTotal ?? 0)} bytes${share}, found by ${WAYS[plan.foundBy ?? "index"]}`,
  ];
  for (const { start, end } of (ranges ?? []).slice(0, MOST_NAMED)) {
    lines.push(`          ${unit} ${count(start)} to ${count(end)}`);
  }
  if (ranges !== null && ranges.length > MOST_NAMED) {
    lines.push(`          and ${ranges.length - MOST_NAMED} more parts`);
  }
  const list = (name: string, steps: readonly string[]): void => {
    for (const [at, step] of steps.entries()) {
      lines.push(`${at === 0 ? name.padEnd(10) : " ".repeat(10)}${step}`);
    }
  };
  list("decoder", plan.pushedDown);
  list("polars", plan.left);
  const sensor = plan.geometry === null ? "" : `, sensor ${formatGeometry(plan.geometry)}`;
  lines.push(`columns   ${plan.columns.join(", ")}${sensor}`);
  return lines.join("\n");
}
