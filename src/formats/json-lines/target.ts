import type { WritableFormat } from "../writer.ts";

/**
 * JSON lines as a target: `{"x":1,"y":2,"t":3,"polarity":1}` for each event. Polars writes them, in
 * Node; what does is loaded with the first of them.
 */
export const jsonLinesTarget: WritableFormat = {
  id: "jsonl",
  name: "JSON lines",
  ending: ".jsonl",
  otherEndings: [".ndjson"],
  keepsTriggers: false,
  keepsGeometry: false,
  isRead: false,
  async createWriter(memory, facts) {
    const { createJsonLinesWriter } = await import("./writer.ts");
    return createJsonLinesWriter(memory, facts);
  },
};
