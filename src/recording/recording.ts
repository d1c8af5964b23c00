import { EventError } from "../errors.ts";
import { checkGeometry, type SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import {
  checkAssumptions,
  createReport,
  type LoadReport,
  type MutableReport,
  type Strictness,
} from "../events/report.ts";
import type { EventFormat, FormatHeader } from "../formats/decoder.ts";
import { type FormatDetection, formatOf } from "../formats/detect.ts";
import { show } from "../util/show.ts";
import { type EventSource, OpenedSource } from "./opened-source.ts";

/** Options for opening a recording. */
export interface OpenOptions {
  /** The sensor, in pixels; replaces what the header says. Default: the header's. */
  geometry?: SensorGeometry | undefined;
  /**
   * Throw instead of reporting: `true` on any loss (unknown words, events without a time, outside
   * the sensor or out of order, a cut end), `"assumptions"` also on anything assumed.
   * Default `false`.
   */
  strict?: Strictness | undefined;
  /** Ends the work early; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** What a recording is made of. @internal */
export interface RecordingParts {
  source: OpenedSource;
  format: EventFormat;
  header: FormatHeader;
  strict: Strictness;
}

/** What opening a recording found out: everything but the events. */
export class OpenedRecording {
  /** How the format was recognised. */
  readonly detection: FormatDetection;
  /** Lines of the header, as written. */
  readonly header: readonly (readonly [key: string, value: string])[];
  /** Bytes in all; null when the source does not say. */
  readonly byteLength: number | null;
  /** What the header told; the report of a load belongs to its result. */
  readonly report: LoadReport;
  /** How losses are treated unless a load says otherwise. */
  readonly strict: Strictness;
  /** @internal */
  readonly source: OpenedSource;
  /** @internal */
  readonly eventFormat: EventFormat;
  /** @internal */
  readonly dataOffset: number;
  /** @internal */
  readonly variant: number;

  /** @internal */
  constructor({ source, format, header, strict }: RecordingParts) {
    this.source = source;
    this.eventFormat = format;
    this.dataOffset = header.dataOffset;
    this.variant = header.variant ?? 0;
    this.detection = source.detection;
    this.header = header.entries;
    this.byteLength = source.byteLength;
    this.strict = strict;
    this.report = createReport({
      format: format.id,
      sourceName: source.name ?? null,
      geometry: header.geometry,
      polarityEncoding: format.polarityEncoding,
      assumptions: header.assumptions,
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

  /** The most events the recording can hold, without decoding; null when it has no length. */
  mostEvents(): number | null {
    if (this.byteLength === null) return null;
    return Math.floor((this.byteLength - this.dataOffset) / this.eventFormat.bytesPerEvent);
  }

  /** Closes the file, if a path was opened. Calling it again does nothing. */
  async close(): Promise<void> {
    await this.source.close();
  }

  /** A fresh report for one pass over the events. @internal */
  startReport(polarityEncoding: PolarityEncoding, geometry?: SensorGeometry): MutableReport {
    const { format, sourceName, assumptions } = this.report;
    return createReport({
      format,
      sourceName,
      polarityEncoding,
      geometry: geometry ?? this.geometry,
      assumptions: geometry ? assumptions.filter(({ what }) => what !== "geometry") : assumptions,
    });
  }
}

/**
 * Opens a source, judges its format and reads its header.
 *
 * @throws EventError for a source that cannot be read, a format that is not, a header that is wrong
 */
export async function openParts(
  given: EventSource,
  options: OpenOptions = {},
): Promise<RecordingParts> {
  const strict = checkStrict(options.strict);
  const geometry = options.geometry === undefined ? undefined : checkGeometry(options.geometry);
  const source = await OpenedSource.open(given, options.signal);
  try {
    const format = formatOf(source.detection, source.name);
    const header = format.readHeader(source.head, geometry, source.name);
    const parts = { source, format, header, strict };
    checkAssumptions(new OpenedRecording(parts).report, strict);
    return parts;
  } catch (error) {
    await source.close();
    throw error;
  }
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
