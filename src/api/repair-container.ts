import { type RepairedContainer, repairSource } from "../container/repair.ts";
import { checkOptions } from "../formats/options.ts";
import { type Progress, ProgressMeter } from "../recording/progress.ts";
import type { EventSource } from "../recording/resolve-source.ts";
import { CheckedSink } from "../source/checked-sink.ts";
import { checkTarget, type EventSink, refuseExisting, untilOpen } from "../stream/event-sink.ts";
import { namesOf } from "../util/option-names.ts";
import { withBytes } from "./verify-container.ts";

/** Options of {@link repairContainer}. */
export interface RepairOptions {
  /** Replace a file that is there, for example the damaged one. Default `false`: it is refused. */
  overwrite?: boolean | undefined;
  /** Ends the work early and removes what was written. */
  signal?: AbortSignal | undefined;
  /** Told at most ten times a second how far it has come, and at the end. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

const REPAIR_NAMES = namesOf<RepairOptions>()({ overwrite: true, signal: true, onProgress: true });

/** What {@link repairContainer} kept, and what was lost. */
export interface ContainerRepair extends RepairedContainer {
  /** Whether all there was is kept. */
  readonly isComplete: boolean;
}

/**
 * Writes a sound compact container of what is sound in a damaged one. All of it is looked through for
 * chunks and triggers whose checksums are right, behind damage, too, and behind the last trailer, where
 * an append was torn off, at any byte. Those that decode to what they say of themselves are copied as they
 * are compressed, in the order of their rows: those that changed places are put back, and of those for the
 * same rows, as of a chunk that is there twice or comes from another file, one is kept; `lost` tells of both.
 * Metadata are the last that are sound. Of a damaged header what is possible is believed.
 *
 * Memory follows a chunk, and about 300 bytes for each. A file appears under its name when it is complete;
 * where nothing is sound, and the old one was not empty, nothing is written.
 *
 * @param source - the damaged container; of a stream or pipe a copy is put aside
 * @param target - where the sound one goes; may be the same file with `overwrite`
 * @returns what was kept and what was not
 * @throws EventError `invalid-header` for what is no container; `damaged-data` for one without any chunk or
 *   trigger that is sound; `unsupported-format` for a later version; `sink-unwritable`, also for a file that exists unless `overwrite`; `invalid-option`;
 *   and what getting at the source throws
 * @example
 * ```ts
 * const { events, lostEvents } = await repairContainer("broken.evb", "sound.evb");
 * ```
 */
export async function repairContainer(
  source: EventSource,
  target: EventSink,
  options: RepairOptions = {},
): Promise<ContainerRepair> {
  checkOptions(options, REPAIR_NAMES);
  checkTarget(target);
  const { overwrite = false, signal, onProgress } = options;
  if (!overwrite) await refuseExisting(target);
  return withBytes(source, signal, async (bytes) => {
    const meter = onProgress && new ProgressMeter(onProgress, bytes.byteLength);
    const onBytes = meter && ((done: number, events: number) => meter.update(done, events));
    let sink: CheckedSink | undefined;
    const write = async (piece: Uint8Array): Promise<void> => {
      sink ??= new CheckedSink(await untilOpen(target, signal), signal);
      await sink.write(piece);
    };
    try {
      const repaired = await repairSource(bytes, { signal, write, onBytes });
      await sink?.close();
      meter?.finish(bytes.byteLength, repaired.events);
      const { lost, lostEvents, lostBytes } = repaired;
      const isComplete = lost.length === 0 && lostEvents === 0 && lostBytes === 0;
      return { isComplete, ...repaired };
    } catch (error) {
      await sink?.abort(error);
      throw error;
    }
  });
}
