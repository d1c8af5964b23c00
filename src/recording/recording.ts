import type { ContainerDescription } from "../container/reader.ts";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import { checkGeometry, GEOMETRY_NAMES, type SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import {
  checkAssumptions,
  createReport,
  type LoadReport,
  type MutableReport,
  type Strictness,
} from "../events/report.ts";
import {
  type FormatHeader,
  isRowFormat,
  type RowFormat,
  type RowTable,
  type StreamFormat,
} from "../formats/decoder.ts";
import { type FormatDetection, formatOf } from "../formats/detect.ts";
import {
  checkFormatOptions,
  checkOnMalformed,
  FORMAT_NAMES,
  type FormatOptions,
  type OnMalformed,
} from "../formats/options.ts";
import { countRows } from "../formats/row-ranges.ts";
import type { DecodeThread } from "../platform/platform.ts";
import { namesOf } from "../util/option-names.ts";
import { show } from "../util/show.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { type EventSource, OpenedSource } from "./opened-source.ts";

/** Options for opening a recording. */
export interface OpenOptions extends FormatOptions {
  /** The sensor, in pixels; replaces what the header says. Default: the header's. */
  geometry?: SensorGeometry | undefined;
  /**
   * Throw instead of reporting: `true` on any loss (unknown words, events without a time, outside
   * the sensor or out of order, a cut end), `"assumptions"` also on anything assumed.
   * Default `false`.
   */
  strict?: Strictness | undefined;
  /**
   * What to do with a line of text, or a row of HDF5, that holds no event: `"error"` throws, `"skip"`
   * counts it in the report. Default `"error"`.
   */
  onMalformed?: OnMalformed | undefined;
  /** Ends the work early; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The names of {@link OpenOptions}. */
export const OPEN_NAMES = namesOf<OpenOptions>()({
  ...FORMAT_NAMES,
  geometry: GEOMETRY_NAMES,
  strict: true,
  onMalformed: true,
  signal: true,
});

/** What a recording is made of. @internal */
export interface RecordingParts {
  source: OpenedSource;
  content: RecordingContent;
  strict: Strictness;
  onMalformed?: OnMalformed | undefined;
  /** What the caller said of the format and the sensor. */
  stated: FormatOptions & Pick<OpenOptions, "geometry">;
}

/** Where the events are: in a stream of words behind a header, or in rows. @internal */
export type RecordingContent =
  | { readonly kind: "stream"; readonly format: StreamFormat; readonly header: FormatHeader }
  | { readonly kind: "rows"; readonly format: RowFormat; readonly table: RowTable };

/** What a pass can be limited to a part of. @internal */
export interface Extent {
  /** Byte or row where the events begin. */
  readonly start: number;
  readonly end: number;
  /** A part starts a whole number of these behind `start`. */
  readonly step: number;
  /** Bytes of one, on average: 1 for bytes. */
  readonly bytes: number;
}

/** What opening a recording found out: everything but the events. */
export class OpenedRecording {
  /** The columns that its events have: all, but for compact containers that were written with fewer. */
  readonly columns: readonly ColumnName[];
  /** How the format was recognised. */
  readonly detection: FormatDetection;
  /** Lines of the header, as written. */
  readonly header: readonly (readonly [key: string, value: string])[];
  /** Bytes of the source in all, compressed if it is; null when the source does not say. */
  readonly byteLength: number | null;
  /** What the header told; the report of a load belongs to its result. */
  readonly report: LoadReport;
  /** How losses are treated unless a load says otherwise. */
  readonly strict: Strictness;
  /** How lines of text that hold no event are treated unless a load says otherwise. */
  readonly onMalformed: OnMalformed;
  /** In words: which of many ways to write its format this is; null for formats that have but one. */
  readonly dialect: string | null;
  /** What a compact container says of itself; null for other formats. */
  readonly container: ContainerDescription | null;
  /** @internal */
  readonly source: OpenedSource;
  /** @internal */
  readonly content: RecordingContent;
  /** What the caller said of the format and the sensor. @internal */
  readonly stated: RecordingParts["stated"];
  /** Those that decode beside the calling one, to be closed with the recording. @internal */
  readonly threads = new Set<DecodeThread>();
  readonly #closing = new AbortController();

  /** @internal */
  constructor({ source, content, strict, onMalformed = "error", stated }: RecordingParts) {
    this.source = source;
    this.stated = stated;
    this.content = content;
    this.detection = source.detection;
    this.byteLength = source.byteLength;
    this.strict = strict;
    this.onMalformed = onMalformed;
    const isStream = content.kind === "stream";
    this.columns = (isStream ? undefined : content.table.columns) ?? COLUMN_NAMES;
    const facts = isStream ? content.header : content.table.header;
    const { entries, geometry, assumptions, dialect, timeOffset, originalFormat } = facts;
    this.header = entries;
    this.container = facts.container ?? null;
    this.dialect = dialect ?? null;
    this.report = createReport({
      format: content.format.id,
      sourceName: source.name ?? null,
      compression: source.compression,
      geometry,
      polarityEncoding: (isStream ? content.format : content.table).polarityEncoding,
      assumptions,
      timeOffset: timeOffset ?? 0,
      ...(originalFormat !== undefined && { originalFormat }),
      ...(!isStream && { firstRow: {} }),
    });
  }

  /** Format id, for example `evt2`. */
  get format(): string {
    return this.report.format;
  }

  /** Pixels of the sensor; null when nothing says it. */
  get geometry(): SensorGeometry | null {
    return this.report.geometry;
  }

  /** The most events the recording can hold; null when only reading it can tell. */
  mostEvents(): number | null {
    const { content, extent } = this;
    if (extent === null) return null;
    if (content.kind === "rows" && content.table.written !== undefined) {
      return countRows(content.table.written);
    }
    const bytesPerEvent = content.kind === "stream" ? content.format.bytesPerEvent : 1;
    return Math.floor((extent.end - extent.start) / bytesPerEvent);
  }

  /** The bytes of the words, or the rows; null when there is no length. @internal */
  get extent(): Extent | null {
    const { content, recordingBytes } = this;
    if (content.kind === "rows") {
      const { rows } = content.table;
      return { start: 0, end: rows, step: 1, bytes: (this.byteLength ?? 0) / Math.max(rows, 1) };
    }
    if (recordingBytes === null) return null;
    const { header, format } = content;
    return { start: header.dataOffset, end: recordingBytes, step: format.wordBytes, bytes: 1 };
  }

  /** Bytes of the recording itself: not known while it is compressed. @internal */
  get recordingBytes(): number | null {
    return this.source.compression === null ? this.byteLength : null;
  }

  /** Aborted when the recording is closed: passes that are under way end. @internal */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Closes the file, if a path was opened, and ends the passes that are under way: the next thing that
   * is asked of them throws `source-unreadable`. Calling it again does nothing.
   */
  async close(): Promise<void> {
    if (!this.closing.aborted) {
      this.#closing.abort(
        new EventError("source-unreadable", "the recording is closed", {
          path: this.source.name,
          hint: "Read before the recording is closed.",
        }),
      );
    }
    await Promise.all([...this.threads].map((thread) => thread.close()));
    await closeContent(this.content);
    await this.source.close();
  }

  /** A fresh report for one pass over the events. @internal */
  startReport(polarityEncoding: PolarityEncoding, geometry?: SensorGeometry): MutableReport {
    const { assumptions, firstRow, ...facts } = this.report;
    return createReport({
      ...facts,
      polarityEncoding,
      geometry: geometry ?? this.geometry,
      assumptions: geometry ? assumptions.filter(({ what }) => what !== "geometry") : assumptions,
      ...(firstRow !== undefined && { firstRow: {} }),
    });
  }
}

/**
 * Opens a source, judges its format and reads its header.
 *
 * @throws EventError for a source that cannot be read, a format that is not, a header that is wrong
 * @internal
 */
export async function openParts(
  given: EventSource,
  options: OpenOptions = {},
): Promise<RecordingParts> {
  checkSignal(options.signal);
  const strict = checkStrict(options.strict);
  const onMalformed = checkOnMalformed(options.onMalformed);
  const geometry = options.geometry === undefined ? undefined : checkGeometry(options.geometry);
  const formatOptions = checkFormatOptions(options);
  const source = await OpenedSource.open(given, options.signal, formatOptions);
  let content: RecordingContent | undefined;
  try {
    content = await openContent(source, geometry, formatOptions, options.signal);
    const stated = { ...formatOptions, geometry };
    const parts = { source, content, strict, onMalformed, stated };
    checkAssumptions(new OpenedRecording(parts).report, strict);
    return parts;
  } catch (error) {
    await closeContent(content);
    const told = await source.explain(error, options.signal);
    await source.close();
    throw told;
  }
}

async function openContent(
  source: OpenedSource,
  geometry: SensorGeometry | undefined,
  options: FormatOptions,
  signal: AbortSignal | undefined,
): Promise<RecordingContent> {
  const path = source.name;
  const format = formatOf(source.detection, path);
  if (!isRowFormat(format)) {
    const header = format.readHeader(source.head, geometry, path, options);
    return { kind: "stream", format, header };
  }
  const bytes = await source.anywhere(signal);
  const opening = format.open(bytes, { ...options, geometry, path, signal });
  // What is opened after all, when nobody waits for it any more, is closed again.
  opening.then(
    (table) => {
      if (signal?.aborted) void table.close?.();
    },
    () => {},
  );
  return { kind: "rows", format, table: await untilAborted(opening, signal) };
}

async function closeContent(content: RecordingContent | undefined): Promise<void> {
  if (content?.kind === "rows") await content.table.close?.();
}

/** Checks the option `strict`; `undefined` means `false`. */
export function checkStrict(strict: Strictness | undefined): Strictness {
  if (strict === undefined || strict === "assumptions" || typeof strict === "boolean") {
    return strict ?? false;
  }
  throw new EventError("invalid-option", "strict is not known", {
    expected: 'true, false or "assumptions"',
    found: show(strict),
  });
}

/** Checks the option `signal`. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new EventError("invalid-option", "signal is not known", {
    expected: "an AbortSignal",
    found: show(signal),
  });
}
