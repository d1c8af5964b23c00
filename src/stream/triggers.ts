import type { TriggerColumns } from "../events/columns.ts";
import { timeAsNumber } from "../events/safe-time.ts";
import type { TriggerTable } from "../events/table.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { TilePass } from "../recording/tiles.ts";
import { type LoadOptions, resolveLoad } from "./load-options.ts";

/** Options for reading the triggers of a recording. */
export type TriggerOptions = Pick<LoadOptions, "rebase" | "strict" | "signal" | "onReport">;

/** Reads a whole recording for its triggers. */
export async function collectTriggers(
  recording: OpenedRecording,
  options: TriggerOptions = {},
): Promise<TriggerTable> {
  const { triggerSchema } = await import("../events/schema.ts");
  const { toTriggerTable } = await import("../events/table.ts");
  const { tiles } = resolveLoad(recording, options);
  // Triggers can come before the first event, so they are moved at the end and not on the way.
  const pass = new TilePass(recording, { ...tiles, rebase: false, triggers: true });
  pass.report.mode = "chunked";
  const parts: TriggerColumns[] = [];
  let firstTime: bigint | undefined;
  for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) {
    if (tile.eventCount > 0) firstTime ??= tile.columns.t[0];
    const length = tile.triggerCount;
    if (length === 0) continue;
    parts.push({
      length,
      t: tile.triggers.t.slice(0, length),
      id: tile.triggers.id.slice(0, length),
      value: tile.triggers.value.slice(0, length),
    });
  }
  if (tiles.rebase && firstTime !== undefined) {
    pass.report.timeOffset = timeAsNumber(BigInt(pass.report.timeOffset) + firstTime);
    for (const { t } of parts)
      for (let at = 0; at < t.length; at++) t[at] = (t[at] ?? 0n) - firstTime;
  }
  options.onReport?.(pass.report);
  return toTriggerTable(parts, triggerSchema(pass.report));
}
