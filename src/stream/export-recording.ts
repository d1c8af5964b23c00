import { checkStatedMetadata } from "../container/compose-metadata.ts";
import { resolveSettings } from "../container/settings.ts";
import type { WrittenContainer } from "../container/writer.ts";
import { containerTarget } from "../formats/registry.ts";
import { checkSignal, type OpenedRecording } from "../recording/recording.ts";
import { convertTo, type WriteOptions } from "./convert.ts";
import { checkTarget, type EventSink, refuseExisting, untilOpen } from "./event-sink.ts";
import { type ExportOptions, type ExportStats, statsOf, timed } from "./export-stats.ts";
import { checkCallback } from "./load-options.ts";
import { reportOf } from "./report-of.ts";
import type { Selection } from "./selection.ts";

/**
 * Checks what an export is told, before anything is read or written.
 *
 * @returns when it began
 * @throws EventError `invalid-option`, `sink-unwritable`
 */
export async function beginExport(target: EventSink, options: ExportOptions): Promise<number> {
  checkTarget(target);
  resolveSettings(options);
  checkStatedMetadata(options.metadata);
  checkSignal(options.signal);
  checkCallback("onProgress", options.onProgress);
  options.signal?.throwIfAborted();
  const begun = performance.now();
  if (options.overwrite !== true) await refuseExisting(target);
  return begun;
}

/**
 * Writes events of a recording into a compact container, after {@link beginExport}.
 *
 * @param begun - when the export began
 * @param selection - which events; all when left out
 */
export async function exportRecording(
  recording: OpenedRecording,
  target: EventSink,
  options: ExportOptions & WriteOptions,
  begun: number,
  selection?: Selection,
): Promise<ExportStats> {
  let written: WrittenContainer | undefined;
  const onWritten = (what: WrittenContainer): void => {
    written = what;
  };
  const { columns = recording.columns } = options;
  const format = containerTarget({ ...options, onWritten });
  const clock = { write: 0 };
  const sink = timed(await untilOpen(target, options.signal), clock);
  const conversion = await convertTo(recording, format, sink, options, selection);
  const total = performance.now() - begun;
  const stats = statsOf(
    written as unknown as WrittenContainer,
    { ...options, columns },
    total,
    clock.write,
  );
  return { ...stats, path: "chunked", triggersLeftOut: 0, report: reportOf(conversion) };
}
