import { EventError } from "../errors.ts";
import { type ColumnName, checkColumns } from "../events/columns.ts";
import { checkGeometry } from "../events/geometry.ts";
import { checkPolarityEncoding, type PolarityEncoding } from "../events/polarity.ts";
import type { LoadReport } from "../events/report.ts";
import { checkOnMalformed } from "../formats/options.ts";
import type { Progress } from "../recording/progress.ts";
import {
  checkSignal,
  checkStrict,
  OPEN_NAMES,
  type OpenedRecording,
  type OpenOptions,
} from "../recording/recording.ts";
import type { TileOptions } from "../recording/tiles.ts";
import { namesOf } from "../util/option-names.ts";
import { show } from "../util/show.ts";
import { checkPlanOptions, PLAN_NAMES, type PlanOptions } from "./plan-options.ts";

/** Options for reading the events of a recording. */
export interface LoadOptions extends OpenOptions, PlanOptions {
  /**
   * What the polarity column holds: `minus-one-one` or `zero-one`. Default: that of the format,
   * `minus-one-one` for the binary formats of cameras.
   */
  polarityEncoding?: PolarityEncoding | undefined;
  /**
   * The columns to build, in this order. One that the recording was written without is the error
   * `missing-column`. Default: those that there are, mostly `x`, `y`, `t`, `polarity`.
   */
  columns?: readonly ColumnName[] | undefined;
  /** Put the first event on time 0; the offset is kept in the metadata. Default `false`. */
  rebase?: boolean | undefined;
  /**
   * The most threads that decode; 1 decodes in the calling one. Whatever their number, events,
   * order, report and errors are the same, but where reading the source fails: as several threads
   * read in pieces of another size, more or fewer events may then come before the error, and the
   * byte offset in it is that of another read. `readBufferBytes` has the same effect. Several decode EVT
   * 2.0, 2.1 and 3.0, DAT and text, also out of gzip and zstd, and HDF5 files by path, in Node; other
   * recordings are decoded by one. They pay for long recordings whose decoding takes longer than making
   * columns: text, and borrowed batches of EVT 3.0, on machines with idle cores. Under a memory limit
   * that has no room for them one decodes, as the report says. Default 1.
   */
  threads?: number | undefined;
  /**
   * Told how far the load has come, at most ten times a second and once at the end. What it throws ends
   * the load; nobody waits for a promise, which is a warning when it is rejected.
   */
  onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Given the report when the load is over: done, left early, or failed. It tells what was read until
   * then; its `events` are those that a stream handed out. A promise is treated as that of `onProgress`.
   */
  onReport?: ((report: LoadReport) => void) | undefined;
}

/** The names of {@link LoadOptions}. */
export const LOAD_NAMES = namesOf<LoadOptions>()({
  ...OPEN_NAMES,
  ...PLAN_NAMES,
  polarityEncoding: true,
  columns: true,
  rebase: true,
  threads: true,
  onProgress: true,
  onReport: true,
});

/** The options of one pass, checked, with every default filled in. @internal */
export interface ResolvedLoad {
  readonly columns: readonly ColumnName[];
  /** Threads for passes that take tiles from several memories. */
  readonly threads: number;
  readonly tiles: TileOptions;
}

/**
 * Checks the options of a load against the recording they are for.
 *
 * @throws EventError `invalid-option`
 * @internal
 */
export function resolveLoad(recording: OpenedRecording, options: LoadOptions): ResolvedLoad {
  checkCallback("onProgress", options.onProgress);
  checkCallback("onReport", options.onReport);
  checkSignal(options.signal);
  checkPlanOptions(options);
  return {
    columns: checkColumns(options.columns === undefined ? recording.columns : options.columns),
    threads: checkThreads(options.threads),
    tiles: {
      polarityEncoding: checkPolarityEncoding(
        options.polarityEncoding,
        recording.report.polarityEncoding,
      ),
      geometry: options.geometry === undefined ? undefined : checkGeometry(options.geometry),
      strict: options.strict === undefined ? recording.strict : checkStrict(options.strict),
      onMalformed:
        options.onMalformed === undefined
          ? recording.onMalformed
          : checkOnMalformed(options.onMalformed),
      rebase: checkFlag("rebase", options.rebase),
      signal: options.signal,
      onProgress: options.onProgress,
    },
  };
}

/** More would wait for memory, not decode. */
const MAX_THREADS = 64;

function checkThreads(threads = 1): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return threads;
  throw new EventError("invalid-option", "threads is no number of threads", {
    expected: `a whole number from 1 to ${MAX_THREADS}`,
    found: show(threads),
  });
}

export function checkCallback(name: string, callback: unknown): void {
  if (callback === undefined || typeof callback === "function") return;
  throw new EventError("invalid-option", `${name} is not known`, {
    expected: "a function",
    found: show(callback),
  });
}

/** Checks an option that is on or off; `undefined` means off. @internal */
export function checkFlag(name: string, flag: boolean | undefined): boolean {
  if (flag === undefined || typeof flag === "boolean") return flag ?? false;
  throw new EventError("invalid-option", `${name} is not known`, {
    expected: "true or false",
    found: show(flag),
  });
}
