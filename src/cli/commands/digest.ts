import { digestEvents, type EventDigest } from "../../node.ts";
import type { RecordingOptions } from "../args.ts";
import { formatCount, labelled, withShare } from "../format.ts";
import type { CommandContext } from "../program.ts";
import { readAndPrint } from "../read-and-print.ts";

/** `evarrow digest FILE`: what identifies the events of a recording. */
export function digest(
  file: string,
  options: RecordingOptions,
  context: CommandContext,
): Promise<void> {
  return readAndPrint({ read: digestEvents, lines }, file, options, context);
}

function lines({ events, on, digest }: EventDigest): string[] {
  return labelled([
    ["Events", formatCount(events)],
    ["ON", withShare(on, events)],
    ["Digest", digest],
  ]);
}
