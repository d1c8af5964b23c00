/** What an export into a compact container is told, and what it tells. */
import { platform } from "#platform";
import { STATED_NAMES, type StatedMetadata } from "../container/compose-metadata.ts";
import { TRIGGER_BYTES } from "../container/layout.ts";
import {
  CONTAINER_NAMES,
  type ContainerOptions,
  type ContainerSettings,
  resolveSettings,
} from "../container/settings.ts";
import type { WrittenContainer } from "../container/writer.ts";
import { bytesPerEvent, type ColumnName } from "../events/columns.ts";
import { GEOMETRY_NAMES, type SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import type { LoadReport } from "../events/report.ts";
import type { Progress } from "../recording/progress.ts";
import type { ByteSink } from "../source/byte-sink.ts";
import { namesOf } from "../util/option-names.ts";

/** Options of `exportEvents`. */
export interface ExportOptions extends ContainerOptions {
  /** What is said of the recording beside what it says itself. */
  metadata?: StatedMetadata | undefined;
  /** The sensor, in pixels. Default: what the events say, if they do. */
  geometry?: SensorGeometry | undefined;
  /**
   * What OFF is in the polarity column of a table or frame, and will be when the container is loaded.
   * Default: what the events say; of frames that say nothing, what the column holds.
   */
  polarityEncoding?: PolarityEncoding | undefined;
  /** Replace a file that is there. Default `false`: it is refused. */
  overwrite?: boolean | undefined;
  /** Ends the work early and removes what was written. */
  signal?: AbortSignal | undefined;
  /** Told how far the reading of a recording has come. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** The names of {@link ExportOptions}. */
export const EXPORT_NAMES = namesOf<ExportOptions>()({
  ...CONTAINER_NAMES,
  metadata: STATED_NAMES,
  geometry: GEOMETRY_NAMES,
  polarityEncoding: true,
  overwrite: true,
  signal: true,
  onProgress: true,
});

/** What `exportEvents` wrote, and what it took. */
export interface ExportStats {
  readonly events: number;
  readonly triggers: number;
  /** Triggers of the recording that a table, a frame or a stream of its events does not have. */
  readonly triggersLeftOut: number;
  readonly chunks: number;
  /** Bytes of the container. */
  readonly bytes: number;
  /** 0 when there are no events. */
  readonly bytesPerEvent: number;
  /** Bytes of the tables over bytes of the container. */
  readonly ratio: number;
  /** Bytes of the same events as lines of JSON, `{"x":5,"y":7,"t":640,"polarity":1}`. */
  readonly jsonBytes: number;
  /** `jsonBytes` over bytes of the container. */
  readonly jsonRatio: number;
  /** For each column: stored bytes, and bytes of the table over these; 0 for one that is left out. */
  readonly columns: Readonly<
    Record<"x" | "y" | "t" | "polarity", { readonly bytes: number; readonly ratio: number }>
  >;
  /** Milliseconds of each phase; compression works in other threads, and only waiting for it counts. */
  readonly ms: Readonly<
    Record<"total" | "read" | "transform" | "compress" | "hash" | "write", number>
  >;
  /**
   * The most bytes of memory that the process has had so far, of whatever it did: what an export adds
   * to it shows where nothing was done before. Null in browsers, which do not tell.
   */
  readonly peakMemoryBytes: number | null;
  /** What it was written with: the preset, filled up with what was asked for. */
  readonly settings: ContainerSettings;
  /** `direct` for events that were in memory, `chunked` for those that came piece by piece. */
  readonly path: "direct" | "chunked";
  /** Of the reading of a recording; null where nothing was read. */
  readonly report: LoadReport | null;
}

/** The same sink, with what writing takes. */
export function timed(sink: ByteSink, clock: { write: number }): ByteSink {
  const write = async (bytes: Uint8Array): Promise<void> => {
    const begun = performance.now();
    await sink.write(bytes);
    clock.write += performance.now() - begun;
  };
  return new Proxy(sink, {
    get(target, name) {
      if (name === "write") return write;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export function statsOf(
  written: WrittenContainer,
  options: ContainerOptions,
  total: number,
  write: number,
): Omit<ExportStats, "path" | "report" | "triggersLeftOut"> {
  const { bytes, statistics, columnBytes, transformMs, compressMs, hashMs, jsonBytes } = written;
  const { events, triggers, chunks } = statistics;
  const settings = resolveSettings(options);
  const uncompressedBytes = events * bytesPerEvent(settings.columns) + triggers * TRIGGER_BYTES;
  const ratio = (table: number, stored: number): number => (stored === 0 ? 0 : table / stored);
  const column = (name: ColumnName) => ({
    bytes: columnBytes[name],
    ratio: settings.columns.includes(name)
      ? ratio(events * bytesPerEvent([name]), columnBytes[name])
      : 0,
  });
  const spent = transformMs + compressMs + hashMs + write;
  return {
    events,
    triggers,
    chunks,
    bytes,
    bytesPerEvent: events === 0 ? 0 : bytes / events,
    ratio: ratio(uncompressedBytes, bytes),
    jsonBytes,
    jsonRatio: ratio(jsonBytes, bytes),
    peakMemoryBytes: platform.peakMemory(),
    settings,
    columns: { x: column("x"), y: column("y"), t: column("t"), polarity: column("polarity") },
    ms: {
      total,
      read: Math.max(total - spent, 0),
      transform: transformMs,
      compress: compressMs,
      hash: hashMs,
      write,
    },
  };
}
