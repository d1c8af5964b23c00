import { textEncoderWasm } from "../../kernels/generated/text-encoder.ts";
import type { EventEncoding } from "../encoder.ts";
import { CSV_COLUMNS } from "./header.ts";
import { WRITTEN_CSV, WRITTEN_SECONDS } from "./layout.ts";

const lines = {
  wasm: textEncoderWasm,
  keepsTriggers: false,
  keepsGeometry: false,
  polarityEncoding: "zero-one",
  side: 65_536,
  maxTriggerId: 0,
  reach: "any time",
} as const satisfies Partial<EventEncoding>;

/** CSV with a header row as a target: the kernel `text-encoder` writes the lines. */
export const csvEncoding: EventEncoding = {
  ...lines,
  id: "csv",
  name: "CSV",
  ending: ".csv",
  variantOf: () => WRITTEN_CSV,
  encodeHeader: () => new TextEncoder().encode(`${CSV_COLUMNS}\n`),
};

/** `t x y p` in seconds as a target, the text of the event-camera data sets. */
export const textEncoding: EventEncoding = {
  ...lines,
  id: "text",
  name: "text",
  ending: ".txt",
  variantOf: () => WRITTEN_SECONDS,
  encodeHeader: () => new Uint8Array(0),
  encodeEmpty: () => new TextEncoder().encode("# t x y p\n"),
};
