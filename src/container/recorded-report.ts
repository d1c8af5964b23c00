/** What a container keeps of the readings that its events went through. */
import type { LoadReport } from "../events/report.ts";
import { MAX_METADATA_DEPTH } from "./layout.ts";
import { type ContainerMetadata, depthOf, isObject } from "./metadata.ts";

/** The field `report` of the metadata, or one of those that are `earlier` in it. */
type Recorded = Readonly<Record<string, unknown>>;

/** Levels of the metadata that are around a report in `earlier`. */
const LEVELS_AROUND = 3;

/**
 * What is recorded of a reading: what happened, without what the container says elsewhere. Its own report
 * says nothing of losses that a container had when it was made, so the reports of that go with it.
 *
 * @param source - what was read says of itself, where it is a container
 */
export function recordReport(report: LoadReport, source: ContainerMetadata | undefined): Recorded {
  const { geometry, polarityEncoding, format, originalFormat, sourceName, ...counts } = report;
  const { mode, modeReason, threads, timeOffset, ...happened } = counts;
  const earlier = reportsIn(source);
  return {
    ...(originalFormat !== undefined && { format }), // `source.format` is that one
    ...happened,
    ...(earlier.length > 0 && { earlier }),
  };
}

/**
 * The reports of all readings that the events of a container went through, the first one first, without
 * what is 0 or empty: a container that is made of many others has as many.
 *
 * @param metadata - of the container, which may hold anything there
 */
export function reportsIn({ report, source }: ContainerMetadata = {}): Recorded[] {
  if (report === undefined) return [];
  const { earlier, ...last } = report;
  const all: unknown[] = Array.isArray(earlier) ? [...earlier] : [];
  if (Object.keys(last).length > 0) all.push({ format: source?.format, ...last });
  return all.filter(isObject).map(shortened).filter(isFlat);
}

function shortened(report: Recorded): Recorded {
  return Object.fromEntries(Object.entries(report).filter(([, value]) => !isNothing(value)));
}

function isNothing(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === 0;
}

/** What is nested deeper than a reader takes would make the new container unreadable. */
function isFlat(report: Recorded): boolean {
  return depthOf(JSON.stringify(report)) <= MAX_METADATA_DEPTH - LEVELS_AROUND;
}
