import type { SensorGeometry } from "../../events/geometry.ts";
import type { DecodingKernel } from "../../kernels/decoding-kernel.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import { textWasm } from "../../kernels/generated/text.ts";
import type { DecoderOptions, EventDecoder, EventFormat, PartRules } from "../decoder.ts";
import type { FormatOptions } from "../options.ts";
import { readTextHeader, type TextHeader } from "./header.ts";
import { LEAST_LINE_BYTES, LINE_FEED, LINES, MOST_LINE_BYTES } from "./layout.ts";
import { LineDecoder } from "./line-decoder.ts";
import { probeText } from "./probe.ts";
import { countLines } from "./sample.ts";

/** Lines are cut behind line feeds; the last time stands in the line in front. */
const parts: PartRules = {
  leadBytes: 8 * MOST_LINE_BYTES,
  partBytes: 2 ** 21,
  firstStart: (bytes) => bytes.indexOf(LINE_FEED) + 1,
  lastStart: (bytes) => bytes.lastIndexOf(LINE_FEED) + 1,
  carriedSum: LINES,
};

/** Text, an event a line: `layout.ts` draws the line, the kernel `text` reads it. */
export const text = {
  id: "text",
  name: "text",
  polarityEncoding: "zero-one",
  wordBytes: 1,
  bytesPerEvent: LEAST_LINE_BYTES,
  clockPeriodUs: Number.POSITIVE_INFINITY,
  probe: probeText,
  countEvents: countLines,

  readHeader(
    head: Uint8Array,
    geometry: SensorGeometry | undefined,
    path?: string,
    options: FormatOptions = {},
  ): TextHeader {
    return readTextHeader(head, geometry, path, options.text ?? {});
  },

  kernel: textWasm,
  parts,

  createDecoder(
    memory: EventMemory,
    kernel: DecodingKernel,
    options: DecoderOptions,
  ): EventDecoder {
    return new LineDecoder(memory, kernel, options.header as TextHeader, options);
  },
} as const satisfies EventFormat;
