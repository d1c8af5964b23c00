import { EventError } from "../errors.ts";
import { bytesPerEvent, type ColumnName } from "../events/columns.ts";
import { namesOf } from "../util/option-names.ts";
import { show } from "../util/show.ts";
import { isDevelopment } from "./borrowed.ts";
import { checkFlag, LOAD_NAMES, type LoadOptions } from "./load-options.ts";
import type { WindowGrid } from "./windows.ts";

/** Options of an `EventStreamer`. */
export interface StreamOptions extends LoadOptions {
  /**
   * Who owns a batch. `"owned"`: the consumer, for good. `"borrowed"`: the decoder; its columns
   * are overwritten when the next batch is asked for, which saves the copy for consumers that only
   * aggregate. Default `"owned"`.
   */
  batches?: "owned" | "borrowed" | undefined;
  /**
   * Events of an owned batch; the last one may have fewer. Borrowed batches are as large as the
   * decoder's tiles, at most this. Default 500 000, or what a quarter of the available memory (of
   * `memoryLimitBytes`, where it is given) holds, if that is fewer, but no fewer than 100 000 unless
   * the limit asks for it. With `windowUs` a window of more events is split; the default is then
   * 100 000 000, or what `memoryLimitBytes` allows. Not together with `mode: "direct"`.
   */
  batchEvents?: number | undefined;
  /**
   * The same in bytes of the columns asked for, 13 an event for all of them; a batch has at least one
   * event. Not together with `batchEvents` or `mode: "direct"`. Default: `batchEvents` decides.
   */
  batchBytes?: number | undefined;
  /**
   * Cuts batches by time: microseconds of a window. Windows start at `windowStart` and every multiple
   * of `windowUs` before and behind it, in the times as they are loaded. A batch has the consecutive
   * events of one window, all of them: where time steps back into an earlier window, another batch of
   * that window begins, and nothing is put into order. `windows()` tells the window of each batch.
   * Default: batches are cut by number.
   */
  windowUs?: number | undefined;
  /** Where a window starts, in microseconds, may be negative. Needs `windowUs`. Default 0. */
  windowStart?: number | undefined;
  /**
   * Also hand out a batch without events for every window that lies between two events, once; at
   * most 1 000 000 in a row. Needs `windowUs`. Default `false`.
   */
  emptyWindows?: boolean | undefined;
  /**
   * Batches that are decoded ahead while the consumer waits for something else, at most 64. Default 1
   * for owned batches; borrowed ones allow none.
   */
  prefetch?: number | undefined;
  /**
   * Catch the use of borrowed batches after their time: they are copies then, which throw
   * `batch-expired`. Default: whether `NODE_ENV` is `development` or `test`.
   */
  checkBorrowed?: boolean | undefined;
}

/**
 * The names of {@link StreamOptions}: all that is said of reading a recording. An object that has them
 * may serve to open it, to load it, to stream it, and passes that give numbers.
 */
export const STREAM_NAMES = namesOf<StreamOptions>()({
  ...LOAD_NAMES,
  batches: true,
  batchEvents: true,
  batchBytes: true,
  windowUs: true,
  windowStart: true,
  emptyWindows: true,
  prefetch: true,
  checkBorrowed: true,
});

/** What the options of a stream say, checked, with every default filled in. */
export interface ResolvedStream {
  readonly borrowed: boolean;
  /** Whether borrowed batches are watched. */
  readonly lends: boolean;
  /** The most events of a batch that the caller asked for. */
  readonly batchEvents: number | undefined;
  readonly grid: WindowGrid | undefined;
  readonly prefetch: number;
}

/** 1.3 GB of columns; more in one piece is beyond what typed arrays are sure to hold. */
export const MAX_BATCH_EVENTS = 100_000_000;
const MAX_PREFETCH = 64;

/**
 * Checks the options that say how a stream is cut and handed out.
 *
 * @throws EventError `invalid-option`
 */
export function resolveStream(
  options: StreamOptions,
  columns: readonly ColumnName[],
): ResolvedStream {
  const { batches = "owned", prefetch } = options;
  if (batches !== "owned" && batches !== "borrowed") {
    throw new EventError("invalid-option", "batches is not known", {
      expected: '"owned" or "borrowed"',
      found: show(batches),
    });
  }
  const borrowed = batches === "borrowed";
  const check =
    options.checkBorrowed === undefined
      ? isDevelopment()
      : checkFlag("checkBorrowed", options.checkBorrowed);
  if (borrowed) checkPrefetch(options);
  if (borrowed && options.mode === "direct") {
    throw new EventError("invalid-option", "borrowed batches do not go together with one batch", {
      expected: '`batches: "owned"` with `mode: "direct"`',
      found: '`batches: "borrowed"`',
    });
  }
  checkOneBatch(options);
  const grid = checkGrid(options);
  return {
    borrowed,
    lends: borrowed && check,
    batchEvents: checkLimit(options, columns),
    grid,
    prefetch: checkWhole("prefetch", "batches", prefetch, 0, MAX_PREFETCH) ?? (borrowed ? 0 : 1),
  };
}

/** One batch of all events has no size. */
function checkOneBatch({ mode, batchEvents, batchBytes }: StreamOptions): void {
  if (mode !== "direct" || (batchEvents === undefined && batchBytes === undefined)) return;
  const option = batchEvents === undefined ? "batchBytes" : "batchEvents";
  throw new EventError("invalid-option", `${option} and one batch exclude each other`, {
    expected: `\`mode: "direct"\` without ${option}`,
    found: show({ mode, batchEvents, batchBytes }),
  });
}

/** The most events of a batch that the caller asked for. */
function checkLimit(
  { batchEvents, batchBytes }: StreamOptions,
  columns: readonly ColumnName[],
): number | undefined {
  if (batchEvents !== undefined && batchBytes !== undefined) {
    throw new EventError("invalid-option", "batchEvents and batchBytes exclude each other", {
      expected: "one of them",
      found: show({ batchEvents, batchBytes }),
    });
  }
  if (batchBytes === undefined) {
    return checkWhole("batchEvents", "events", batchEvents, 1, MAX_BATCH_EVENTS);
  }
  const bytes = bytesPerEvent(columns);
  const most = checkWhole("batchBytes", "bytes", batchBytes, 1, MAX_BATCH_EVENTS * bytes) ?? 0;
  return Math.max(Math.floor(most / bytes), 1);
}

function checkGrid({ windowUs, windowStart, emptyWindows }: StreamOptions): WindowGrid | undefined {
  const { MAX_SAFE_INTEGER } = Number;
  const start = checkWhole(
    "windowStart",
    "microseconds",
    windowStart,
    -MAX_SAFE_INTEGER,
    MAX_SAFE_INTEGER,
  );
  const empty = checkFlag("emptyWindows", emptyWindows);
  const length = checkWhole("windowUs", "microseconds", windowUs, 1, MAX_SAFE_INTEGER);
  if (length !== undefined) return { length: BigInt(length), origin: BigInt(start ?? 0), empty };
  if (start === undefined && !empty) return undefined;
  const option = start === undefined ? "emptyWindows" : "windowStart";
  throw new EventError("invalid-option", `${option} says nothing without windowUs`, {
    expected: "windowUs, the length of a window in microseconds",
  });
}

/** A borrowed batch is overwritten when the one behind it is asked for. */
function checkPrefetch({ prefetch = 0 }: StreamOptions): void {
  if (prefetch === 0) return;
  throw new EventError("invalid-option", "prefetch and borrowed batches exclude each other", {
    expected: "prefetch 0, or owned batches",
    found: show(prefetch),
    hint: "A borrowed batch is overwritten by the one behind it.",
  });
}

function checkWhole(
  name: string,
  unit: string,
  value: number | undefined,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined) return undefined;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new EventError("invalid-option", `${name} is no number of ${unit}`, {
    expected: `a whole number from ${least} to ${most}`,
    found: show(value),
  });
}
