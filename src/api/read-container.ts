import type { ContainerDescription } from "../container/reader.ts";
import { EventError } from "../errors.ts";
import type { EventTable } from "../events/table.ts";
import { checkOptions } from "../formats/options.ts";
import type { EventSource } from "../recording/opened-source.ts";
import { LOAD_NAMES, type LoadOptions } from "../stream/load-options.ts";
import { STREAM_NAMES } from "../stream/stream-options.ts";
import { loadTable } from "./load-events.ts";
import { type Recording, withRecording } from "./recording.ts";

/** A compact container: its events, and what it says of itself. */
export interface ContainerContent extends ContainerDescription {
  readonly table: EventTable;
}

/**
 * Reads a compact container (`.evb`): its events as {@link loadTable} does, and beside them its header,
 * statistics and metadata. Without events, `openRecording(source)` has these as its `container`.
 *
 * @param source - where the container is, or a recording that is open
 * @throws EventError `unsupported-format` for another format or a newer version; `invalid-header`;
 *   `damaged-data`; and what {@link loadTable} throws
 * @example
 * ```ts
 * const { table, metadata, statistics } = await readContainer("recording.evb");
 * console.log(table.numRows, statistics.on, metadata.custom?.lens);
 * ```
 */
export async function readContainer(
  source: EventSource | Recording,
  options: LoadOptions = {},
): Promise<ContainerContent> {
  checkOptions(options, LOAD_NAMES, STREAM_NAMES);
  return withRecording(source, options, async (recording) => {
    const { container, format, source: opened } = recording;
    if (container === null) {
      throw new EventError("unsupported-format", "this is no compact container", {
        path: opened.name,
        expected: "evb",
        found: format,
        hint: "`loadTable` reads every format.",
      });
    }
    return { ...container, table: await loadTable(recording, options) };
  });
}
