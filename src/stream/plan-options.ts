import { EventError } from "../errors.ts";
import { namesOf } from "../util/option-names.ts";
import { show } from "../util/show.ts";

/** Options that say how much memory a load may take, and whether it is made in one piece. */
export interface PlanOptions {
  /**
   * Recordings of at most so many events, by the estimate made before decoding, become a table of
   * one batch. Default 5 000 000.
   */
  streamingThreshold?: number | undefined;
  /**
   * `"direct"`: one batch, whatever the size. `"chunked"`: batches, whatever the size. `"auto"`:
   * direct up to `streamingThreshold`, chunked above it, where the columns would not fit the memory,
   * and where nothing tells the number of events. A stream, which hands over batches, is chunked
   * unless this says `"direct"`. Default `"auto"`.
   */
  mode?: "auto" | "direct" | "chunked" | undefined;
  /**
   * The most bytes that the stream may hold: input buffers, the memory of its kernels, windows of
   * decompressors, chunks of HDF5, batches in flight. The table or frame that a load gives is the
   * caller's, and is counted only where it is made in one piece. A limit that is too small is
   * refused with `memory-limit`, which names the one that works, but for `mode: "direct"` where nothing
   * tells the number of events. Default: none; sizes then follow the memory that is available.
   */
  memoryLimitBytes?: number | undefined;
  /**
   * Bytes of each of the two buffers that the source is read into. Default 2 MiB, 256 KiB for
   * formats of rows, fewer where the memory asks for it.
   */
  readBufferBytes?: number | undefined;
}

/** The names of {@link PlanOptions}. */
export const PLAN_NAMES = namesOf<PlanOptions>()({
  streamingThreshold: true,
  mode: true,
  memoryLimitBytes: true,
  readBufferBytes: true,
});

/** {@link PlanOptions}, checked. @internal */
export interface CheckedPlanOptions {
  readonly streamingThreshold: number;
  readonly mode: "auto" | "direct" | "chunked";
  readonly memoryLimitBytes: number | null;
  readonly readBufferBytes: number | undefined;
}

const STREAMING_THRESHOLD = 5_000_000;
/** Less than this is no buffer; more than 256 MiB, twice, does not go into a kernel's memory. */
const LEAST_READ_BYTES = 4096;
const MOST_READ_BYTES = 256 * 1024 * 1024;

/**
 * Checks the options and fills in what they leave out.
 *
 * @throws EventError `invalid-option`
 * @internal
 */
export function checkPlanOptions({
  streamingThreshold = STREAMING_THRESHOLD,
  mode = "auto",
  memoryLimitBytes,
  readBufferBytes,
}: PlanOptions): CheckedPlanOptions {
  if (mode !== "auto" && mode !== "direct" && mode !== "chunked") {
    throw new EventError("invalid-option", "mode is not known", {
      expected: '"auto", "direct" or "chunked"',
      found: show(mode),
    });
  }
  checkWhole("streamingThreshold", "a number of events", streamingThreshold, 0);
  if (memoryLimitBytes !== undefined) {
    checkWhole("memoryLimitBytes", "a number of bytes", memoryLimitBytes, 1);
  }
  if (readBufferBytes !== undefined) {
    const what = "a number of bytes";
    checkWhole("readBufferBytes", what, readBufferBytes, LEAST_READ_BYTES, MOST_READ_BYTES);
  }
  const limit = memoryLimitBytes ?? null;
  return { streamingThreshold, mode, memoryLimitBytes: limit, readBufferBytes };
}

function checkWhole(
  name: string,
  what: string,
  value: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  const isEndless = value === Number.POSITIVE_INFINITY && name === "streamingThreshold";
  if (isEndless || (Number.isSafeInteger(value) && value >= least && value <= most)) return;
  const isBounded = most < Number.MAX_SAFE_INTEGER;
  throw new EventError("invalid-option", `${name} is no ${what.replace(/^a /, "")}`, {
    expected: isBounded
      ? `a whole number from ${least} to ${most}`
      : `a whole number, ${least} or more`,
    found: show(value),
  });
}
