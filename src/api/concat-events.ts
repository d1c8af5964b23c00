import { checkStatedMetadata, composeMetadata, leftUnsaid } from "../container/compose-metadata.ts";
import { joinMetadata } from "../container/join-metadata.ts";
import { recordReport, reportsIn } from "../container/recorded-report.ts";
import { resolveSettings } from "../container/settings.ts";
import { shiftTimes } from "../container/times.ts";
import { ContainerWriter } from "../container/writer.ts";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES } from "../events/columns.ts";
import type { LoadReport } from "../events/report.ts";
import { checkOptions } from "../formats/options.ts";
import { containerPartTarget } from "../formats/registry.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { EventSource } from "../recording/opened-source.ts";
import type { ByteSink } from "../source/byte-sink.ts";
import { CheckedSink } from "../source/checked-sink.ts";
import { convertTo } from "../stream/convert.ts";
import { checkTarget, type EventSink, refuseExisting, untilOpen } from "../stream/event-sink.ts";
import { EXPORT_NAMES, type ExportOptions } from "../stream/export-stats.ts";
import { reportOf } from "../stream/report-of.ts";
import { namesOf } from "../util/option-names.ts";
import { show } from "../util/show.ts";
import { byFirstTime, openPart, type Part, type SharedFacts, sharedFacts } from "./concat-parts.ts";
import { openRecording, Recording } from "./recording.ts";

/** Options of {@link concatEvents}. */
export interface ConcatOptions extends ExportOptions {
  /**
   * `given`: one recording after the other as they are listed. `time`: by the time of their first events;
   * those that share it, and those without events, which come last, as they are listed. Default `given`.
   */
  order?: "time" | "given" | undefined;
  /**
   * Moves the times of each recording but the first so that its first event comes a microsecond after the
   * last event of those in front of it. Default `false`: times stay as they are.
   */
  rebase?: boolean | undefined;
}

const CONCAT_NAMES = namesOf<ConcatOptions>()({ ...EXPORT_NAMES, order: true, rebase: true });

/** A recording that was joined with others. */
export interface ConcatPart {
  /** Number in the list that was given, from 0. */
  readonly source: number;
  readonly events: number;
  readonly triggers: number;
  /** Microseconds that were added to its times; 0 unless `rebase`. */
  readonly shift: bigint;
  /** Of its reading. */
  readonly report: LoadReport;
}

/** What {@link concatEvents} wrote. */
export interface ConcatStats {
  readonly events: number;
  readonly triggers: number;
  readonly chunks: number;
  /** Bytes of the container. */
  readonly bytes: number;
  /** 0 when there are no events. */
  readonly bytesPerEvent: number;
  /** Events that are before the one in front of them. */
  readonly backwardSteps: number;
  /** The recordings, in the order in which they were joined. */
  readonly parts: readonly ConcatPart[];
  /**
   * What the recordings say of themselves, but not the same, so that the container does not say it:
   * `description`, and keys of the custom map as in `custom.operator`. Without what `metadata` says in its
   * place or excludes.
   */
  readonly metadataLeftOut: readonly string[];
}

/**
 * Joins recordings of any format that is read into one compact container (`.evb`), in memory that follows
 * none of them. What is to have another format is converted from there.
 *
 * Recordings come one behind the other, never interleaved, and times are not changed unless `rebase`
 * says so. Where a recording begins before the one in front of it has ended, there is a step back in
 * time, which loads of the result count; `order: "time"` avoids those that can be avoided without mixing
 * events of two recordings. Reading the times of first events, it needs sources that can be read twice.
 *
 * A description, tags and a custom map are kept: what all recordings that state it agree on, and the tags of
 * all of them, in the order in which they first appear. A description, or keys of the map, on which they do
 * not agree are left out, unless `metadata` states them; `metadataLeftOut` names these.
 *
 * A file appears under its name when it is complete, and may be one of those that are joined, with
 * `overwrite`. Streams and pipes are opened once and held until it is their turn.
 *
 * @param sources - recordings, open or not, all of one geometry, as far as they know it
 * @param target - where the container goes
 * @returns what was written
 * @throws EventError `not-encodable` for recordings of several geometries, unless `geometry` says which
 *   one holds, or of several time zeros, unless `rebase`, and for events outside the sensor;
 *   `unsafe-time` for times that `rebase` would move beyond 64 bits; `invalid-option`;
 *   `sink-unwritable`, also for a file that exists unless `overwrite`; and whatever reading the
 *   recordings throws
 * @example
 * ```ts
 * const { events } = await concatEvents(["1.raw", "2.raw"], "all.evb", { order: "time" });
 * ```
 */
export async function concatEvents(
  sources: readonly (EventSource | Recording)[],
  target: EventSink,
  options: ConcatOptions = {},
): Promise<ConcatStats> {
  checkOptions(options, CONCAT_NAMES);
  checkTarget(target);
  const { order = "given", rebase = false, signal, overwrite = false } = options;
  if (!Array.isArray(sources) || sources.length === 0) {
    throw wrong("there are no recordings to join", "a list of sources", sources);
  }
  if (order !== "given" && order !== "time") {
    throw wrong("order is not known", '"given" or "time"', order);
  }
  if (typeof rebase !== "boolean") throw wrong("rebase is not known", "true or false", rebase);
  const settings = resolveSettings(options);
  checkStatedMetadata(options.metadata);
  signal?.throwIfAborted();
  if (!overwrite) await refuseExisting(target);
  const parts: Part[] = [];
  let sink: CheckedSink | undefined;
  const writer = new ContainerWriter(settings);
  try {
    for (const [number, source] of sources.entries()) {
      parts.push(await openPart(source, number, order === "time", signal));
    }
    if (order === "time") parts.sort(byFirstTime);
    const facts = sharedFacts(parts, options, rebase);
    sink = new CheckedSink(await untilOpen(target, signal), signal);
    const bytes = sink;
    const send = async (pieces: readonly Uint8Array[]): Promise<void> => {
      for (const piece of pieces) await bytes.write(piece);
    };
    const join = new Join(writer, facts, options);
    const done: ConcatPart[] = [];
    for (const part of parts) done.push(await join.add(part, bytes));
    const { metadata } = options;
    const { format, timeOffset } = facts;
    const { said, differing } = joinMetadata(parts.map((part) => part.said));
    const known = {
      ...said,
      columns: settings.columns,
      ...(format !== null && { source: { format } }),
      timeOffset,
      report: { earlier: join.reports },
    };
    await send(await writer.finish(composeMetadata(known, metadata, settings.deterministic)));
    await bytes.close();
    const { bytes: length, statistics } = writer.written;
    const { events, triggers, chunks, backwardSteps } = statistics;
    const bytesPerEvent = events === 0 ? 0 : length / events;
    return {
      ...{ events, triggers, chunks, bytes: length, bytesPerEvent, backwardSteps, parts: done },
      metadataLeftOut: leftUnsaid(differing, metadata),
    };
  } catch (error) {
    await sink?.abort(error);
    throw error;
  } finally {
    writer.close();
    await Promise.all(parts.map(({ held }) => held?.close()));
  }
}

/** Recordings on their way into one container. */
class Join {
  /** Of all readings that the events went through, as a container records them. */
  readonly reports: Readonly<Record<string, unknown>>[] = [];
  readonly #writer: ContainerWriter;
  readonly #facts: SharedFacts;
  readonly #options: ConcatOptions;
  #isStarted = false;
  /** Of the last event so far. */
  #lastTime: bigint | null = null;

  constructor(writer: ContainerWriter, facts: SharedFacts, options: ConcatOptions) {
    this.#writer = writer;
    this.#facts = facts;
    this.#options = options;
  }

  async add({ source, number, held }: Part, sink: CheckedSink): Promise<ConcatPart> {
    const { signal, onProgress, geometry } = this.#options;
    const recording =
      held ?? (source instanceof Recording ? source : await openRecording(source, { signal }));
    const { polarityEncoding } = this.#facts;
    const shift = { by: null as bigint | null };
    const target = containerPartTarget({
      writer: this.#writer,
      start: (_, memory) => this.#start(memory),
      onTile: (memory) => this.#shift(memory, shift),
    });
    // The container is begun and ended here: one recording of it ends nothing.
    const part: ByteSink = { write: (bytes) => sink.write(bytes) };
    try {
      const { columns = COLUMN_NAMES } = this.#options;
      const read = { geometry, polarityEncoding, columns, signal, onProgress };
      const conversion = await convertTo(recording, target, part, read);
      const { events, triggers } = conversion;
      const report = reportOf(conversion);
      const recorded = recordReport(report, recording.container?.metadata);
      this.reports.push(...reportsIn({ source: { format: report.format }, report: recorded }));
      return { source: number, events, triggers, shift: shift.by ?? 0n, report };
    } finally {
      if (recording !== source && recording !== held) await recording.close();
    }
  }

  #start(memory: EventMemory): Uint8Array[] {
    if (this.#isStarted) return [];
    this.#isStarted = true;
    const { geometry, polarityEncoding } = this.#facts;
    const firstTime = memory.eventCount > 0 ? (memory.columns.t[0] as bigint) : 0n;
    return this.#writer.start({ geometry, polarityEncoding, firstTime }, Date.now());
  }

  /** Moves the times of a tile, when they are to be moved. */
  #shift(memory: EventMemory, shift: { by: bigint | null }): void {
    const { eventCount, triggerCount, columns, triggers } = memory;
    const first = eventCount > 0 ? columns.t[0] : triggerCount > 0 ? triggers.t[0] : undefined;
    if (first === undefined) return;
    const isMoved = this.#options.rebase === true && this.#lastTime !== null;
    shift.by ??= isMoved ? (this.#lastTime as bigint) + 1n - first : 0n;
    if (shift.by !== 0n) {
      const movedEvents = shiftTimes(columns.t, eventCount, shift.by);
      const movedTriggers = shiftTimes(triggers.t, triggerCount, shift.by);
      if (movedEvents || movedTriggers) {
        throw new EventError("unsafe-time", "a time would be too large for 64 bits", {
          expected: `times that can be moved by ${shift.by} µs`,
          found: "one that leaves 64 bits",
          hint: "Join the recordings without `rebase`.",
        });
      }
    }
    if (eventCount > 0) this.#lastTime = columns.t[eventCount - 1] as bigint;
  }
}

function wrong(problem: string, expected: string, found: unknown): EventError {
  return new EventError("invalid-option", problem, { expected, found: show(found) });
}
