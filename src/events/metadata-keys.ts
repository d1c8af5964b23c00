/** Keys of the schema metadata. */
export const METADATA_KEYS = {
  format: "evarrow.format",
  geometry: "evarrow.geometry",
  polarityEncoding: "evarrow.polarityEncoding",
  timeUnit: "evarrow.timeUnit",
  timeOffset: "evarrow.timeOffset",
  sourceName: "evarrow.sourceName",
  writerVersion: "evarrow.writerVersion",
} as const;
