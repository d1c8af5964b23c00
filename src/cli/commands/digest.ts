import type { EventDigest } from "../../node.ts";
import type { DigestOptions } from "../args.ts";
import { queryOf } from "../filters.ts";
import { formatCount, labelled, withShare } from "../format.ts";
import type { CommandContext } from "../program.ts";
import { readAndPrint, type WholeRead } from "../read-and-print.ts";

/** `evarrow digest FILE`: what identifies the events of a recording. */
export function digest(
  file: string,
  options: DigestOptions,
  context: CommandContext,
): Promise<void> {
  const read: WholeRead<EventDigest>["read"] = async (source, pass) =>
    (await queryOf(source, options, pass)).digest();
  return readAndPrint({ read, lines }, file, options, context);
}

function lines({ events, on, digest }: EventDigest): string[] {
  return labelled([
    ["Events", formatCount(events)],
    ["ON", withShare(on, events)],
    ["Digest", digest],
  ]);
}
