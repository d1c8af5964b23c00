/** What the formats that Polars writes have in common. */
import type pl from "nodejs-polars";
import type { DataFrame } from "nodejs-polars";
import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES } from "../events/columns.ts";
import type { EventMemory } from "../kernels/event-memory.ts";

/**
 * Loads Polars to write a format.
 *
 * @throws EventError `polars-unavailable`
 */
export async function polarsFor(name: string): Promise<typeof pl> {
  try {
    return await platform.importPolars();
  } catch (cause) {
    throw new EventError("polars-unavailable", `${name} is written by Polars, which is not here`, {
      hint: "Write it with Node, or choose another format, as Arrow IPC or CSV.",
      cause,
    });
  }
}

/** The events of a tile as a frame, which has memory of its own. */
export function tileFrame(polars: typeof pl, { columns, eventCount }: EventMemory): DataFrame {
  const series = COLUMN_NAMES.map((name) =>
    polars.Series(name, columns[name].subarray(0, eventCount) as never),
  );
  return polars.DataFrame(series);
}
