import { COLUMN_NAMES, viewColumns } from "../../events/columns.ts";
import type { RowFormat } from "../decoder.ts";
import type { WritableFormat } from "../writer.ts";
import { CONTINUATION, HEADER_TYPE_FIELD, SCHEMA } from "./layout.ts";

/**
 * Arrow IPC: the file format, whose signature `detect.ts` knows, and the stream format, which
 * begins with its schema. What reads them is loaded with the first of them.
 */
export const arrow = {
  id: "arrow",
  name: "Arrow IPC",

  probe(head) {
    if (!startsWithSchema(head)) return null;
    return { confidence: "certain", reason: "it starts with the schema of an Arrow IPC stream" };
  },

  async open(source, options) {
    const { openArrow } = await import("./open.ts");
    return openArrow(source, options);
  },
} as const satisfies RowFormat;

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

/** Whether the first message is a schema: just enough of a flatbuffer is read to tell. */
function startsWithSchema(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.byteLength < 16 || view.getInt32(0, true) !== CONTINUATION) return false;
  const length = view.getUint32(4, true);
  const table = 8 + view.getUint32(8, true);
  if (length % 8 !== 0 || table + 4 > view.byteLength) return false;
  const fields = table - view.getInt32(table, true);
  if (fields < 12 || fields + HEADER_TYPE_FIELD + 2 > view.byteLength) return false;
  if (view.getUint16(fields, true) < HEADER_TYPE_FIELD + 2) return false;
  const type = table + view.getUint16(fields + HEADER_TYPE_FIELD, true);
  return type > table && type < view.byteLength && view.getUint8(type) === SCHEMA;
}
