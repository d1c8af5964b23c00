/** Recordings that are to be joined: what they say of themselves, and what all of them share. */
import type { SaidMetadata } from "../container/join-metadata.ts";
import { EventError } from "../errors.ts";
import { checkGeometry, formatGeometry, type SensorGeometry } from "../events/geometry.ts";
import { checkPolarityEncoding, type PolarityEncoding } from "../events/polarity.ts";
import type { EventSource } from "../recording/opened-source.ts";
import type { ExportOptions } from "../stream/export-stats.ts";
import { openRecording, Recording } from "./recording.ts";

/** A recording that waits for its turn. */
export interface Part {
  readonly source: EventSource | Recording;
  readonly number: number;
  /** Open until all is done: what could not be opened a second time. */
  readonly held: Recording | null;
  readonly geometry: SensorGeometry | null;
  readonly polarityEncoding: PolarityEncoding;
  readonly timeOffset: number;
  readonly format: string;
  /** What a container says in words. */
  readonly said: SaidMetadata;
  /** Null without events, or when nobody asks. */
  readonly firstTime: bigint | null;
}

/** Looks at what a recording says of itself; files are closed again, of which there may be many. */
export async function openPart(
  source: EventSource | Recording,
  number: number,
  wantsTime: boolean,
  signal: AbortSignal | undefined,
): Promise<Part> {
  const isOpen = source instanceof Recording;
  const recording = isOpen ? source : await openRecording(source, { signal });
  let isHeld = false;
  try {
    const firstTime = wantsTime ? await firstTimeOf(recording, signal) : null;
    const { polarityEncoding, timeOffset, originalFormat, format } = recording.report;
    const { description, tags, custom } = recording.container?.metadata ?? {};
    isHeld = !isOpen && recording.source.isSequential;
    return {
      ...{ source, number, polarityEncoding, timeOffset, firstTime },
      said: { description, tags, custom },
      geometry: recording.geometry,
      format: originalFormat ?? format,
      held: isHeld ? recording : null,
    };
  } finally {
    if (!isOpen && !isHeld) await recording.close();
  }
}

async function firstTimeOf(
  recording: Recording,
  signal: AbortSignal | undefined,
): Promise<bigint | null> {
  for await (const batch of recording.stream({ columns: ["t"], batchEvents: 1024, signal })) {
    return (batch.getChild("t")?.get(0) as bigint | undefined) ?? null;
  }
  return null;
}

/** Those without events come last. */
export function byFirstTime({ firstTime: one }: Part, { firstTime: other }: Part): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return one < other ? -1 : Number(one > other);
}

/** What all recordings share. */
export interface SharedFacts {
  readonly geometry: SensorGeometry | null;
  readonly polarityEncoding: PolarityEncoding;
  readonly timeOffset: number;
  /** Null for several. */
  readonly format: string | null;
}

/**
 * What the recordings agree on.
 *
 * @throws EventError `invalid-option`, `not-encodable`
 */
export function sharedFacts(
  parts: readonly Part[],
  options: ExportOptions,
  rebase: boolean,
): SharedFacts {
  const [first] = parts as [Part, ...Part[]];
  const stated = options.geometry && checkGeometry(options.geometry);
  const known = parts.flatMap(({ geometry }) => geometry ?? []);
  const geometry = stated ?? known[0] ?? null;
  const differing = known.find(
    (one) => geometry && formatGeometry(one) !== formatGeometry(geometry),
  );
  if (stated === undefined && differing !== undefined && geometry !== null) {
    throw new EventError("not-encodable", "the recordings have several geometries", {
      format: "evb",
      expected: formatGeometry(geometry),
      found: formatGeometry(differing),
      hint: "Give `geometry` to say which one holds; events outside of it are then dropped.",
    });
  }
  const other = parts.find(({ timeOffset }) => timeOffset !== first.timeOffset);
  if (!rebase && other !== undefined) {
    const said = (offset: number): string => `times from which ${offset} µs were subtracted`;
    throw new EventError("not-encodable", "the recordings have several time zeros", {
      format: "evb",
      expected: said(first.timeOffset),
      found: said(other.timeOffset),
      hint: "Give `rebase: true` to put each behind the one in front of it.",
    });
  }
  const { polarityEncoding } = options;
  return {
    geometry,
    polarityEncoding: checkPolarityEncoding(polarityEncoding, first.polarityEncoding),
    timeOffset: first.timeOffset,
    format: parts.every(({ format }) => format === first.format) ? first.format : null,
  };
}
