import { csvEncoderWasm } from "../../kernels/generated/csv-encoder.ts";
import type { EventEncoding } from "../encoder.ts";
import { CSV_HEADER } from "./header.ts";

/** CSV with a header row as a target: the kernel `csv-encoder` writes the lines. */
export const csvEncoding: EventEncoding = {
  id: "csv",
  name: "CSV",
  ending: ".csv",
  wasm: csvEncoderWasm,
  keepsTriggers: false,
  keepsGeometry: false,
  polarityEncoding: "zero-one",
  side: 65_536,
  maxTriggerId: 0,
  reach: "any time",
  encodeHeader: () => new TextEncoder().encode(`${CSV_HEADER}\n`),
};
