import { platform } from "#platform";
import { type VerifiedContainer, verifySource } from "../container/verify.ts";
import { checkOptions } from "../formats/options.ts";
import { type Progress, ProgressMeter } from "../recording/progress.ts";
import { type EventSource, resolveSource } from "../recording/resolve-source.ts";
import { type ByteSource, isByteSource } from "../source/byte-source.ts";
import { namesOf } from "../util/option-names.ts";

/** Options of {@link verifyContainer}. */
export interface VerifyOptions {
  /**
   * Decode every chunk, too, and compare its events with what it says of them: times, extremes of x and
   * y, events that are ON. Default `false`: checksums, digests, counts, places.
   */
  deep?: boolean | undefined;
  /** Ends the work early; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Told at most ten times a second how far it has come, and at the end. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

const VERIFY_NAMES = namesOf<VerifyOptions>()({ deep: true, signal: true, onProgress: true });

/** What {@link verifyContainer} found. */
export interface ContainerVerification extends VerifiedContainer {
  /** Whether nothing was found. */
  readonly ok: boolean;
  /** Bytes of the file. */
  readonly bytes: number;
}

/**
 * Checks a compact container against everything that it says of itself: header and version, lengths and
 * order of its segments, every CRC-32, the chain of digests, index and statistics against the chunks,
 * places in the trailers, coordinates against the sensor. It goes through the file once, from front to
 * back, in memory that follows a chunk and 72 bytes for each of them.
 *
 * Damage is never an error but a finding, with its place; behind it the work goes on. What is no
 * container at all has one finding. A container that is compressed again counts as such.
 *
 * @param source - where the container is; of a stream or pipe a copy is put aside
 * @throws EventError only when the source cannot be read: `source-not-found`, `source-unreadable`,
 *   `source-unsupported`, `source-too-short`; `invalid-option`
 * @example
 * ```ts
 * const { ok, findings } = await verifyContainer("recording.evb", { deep: true });
 * for (const { byteOffset, problem } of findings) console.warn(byteOffset, problem);
 * ```
 */
export async function verifyContainer(
  source: EventSource,
  options: VerifyOptions = {},
): Promise<ContainerVerification> {
  checkOptions(options, VERIFY_NAMES);
  const { deep = false, signal, onProgress } = options;
  return withBytes(source, signal, async (bytes) => {
    const meter = onProgress && new ProgressMeter(onProgress, bytes.byteLength);
    const onBytes = meter && ((done: number, events: number) => meter.update(done, events));
    const verified = await verifySource(bytes, { deep, signal, onBytes });
    meter?.finish(bytes.byteLength, verified.events);
    return { ok: verified.findings.length === 0, bytes: bytes.byteLength, ...verified };
  });
}

/** Opens a source whose bytes are wanted in any order, and closes what was opened. @internal */
export async function withBytes<Result>(
  given: EventSource,
  signal: AbortSignal | undefined,
  use: (bytes: ByteSource) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const { source, owned } = await resolveSource(given, signal);
  let spooled: ByteSource | undefined;
  try {
    if (!isByteSource(source)) spooled = await platform.spool(source, source.name, signal);
    return await use(spooled ?? (source as ByteSource));
  } finally {
    await spooled?.close?.();
    if (owned) await source.close?.();
  }
}
