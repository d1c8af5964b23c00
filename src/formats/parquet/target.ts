import type { WritableFormat } from "../writer.ts";

/**
 * Parquet files as a target: columns `x`, `y`, `t`, `polarity`, compressed with zstd. Polars writes
 * them, in Node; what does is loaded with the first of them.
 */
export const parquetTarget: WritableFormat = {
  id: "parquet",
  name: "Parquet",
  ending: ".parquet",
  keepsTriggers: false,
  keepsGeometry: false, // Polars writes no metadata
  isRead: false,
  tileEvents: 500_000, // of a part: smaller ones take longer, larger ones more memory
  async createWriter(memory, facts) {
    const { createParquetWriter } = await import("./writer.ts");
    return createParquetWriter(memory, facts);
  },
};
