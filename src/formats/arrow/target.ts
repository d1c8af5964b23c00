import { COLUMN_NAMES, viewColumns } from "../../events/columns.ts";
import type { WritableFormat } from "../writer.ts";

/** Arrow IPC files as a target: a batch of the file for every tile. */
export const arrowTarget: WritableFormat = {
  id: "arrow",
  name: "Arrow IPC",
  ending: ".arrow",
  keepsTriggers: false,
  keepsGeometry: true, // in the metadata of the schema
  tileEvents: 1_000_000, // what readers hold at once; smaller batches make them slower
  async createWriter(memory, { report }) {
    const { eventSchema } = await import("../../events/schema.ts");
    const { toEventBatch } = await import("../../events/table.ts");
    const { createArrowWriter } = await import("./writer.ts");
    const schema = eventSchema(report);
    const writer = createArrowWriter(schema);
    return {
      start: () => [],
      write() {
        const columns = viewColumns(memory.columns, COLUMN_NAMES, memory.eventCount);
        return writer.write(toEventBatch(columns, schema));
      },
      finish: () => writer.finish(),
      leftOut: { events: 0, triggers: 0 },
    };
  },
};
