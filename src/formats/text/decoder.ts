import type { SensorGeometry } from "../../events/geometry.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import { textWasm } from "../../kernels/generated/text.ts";
import { instantiateKernel } from "../../kernels/kernel.ts";
import type { DecoderOptions, EventDecoder, EventFormat } from "../decoder.ts";
import type { FormatOptions } from "../options.ts";
import type { WordKernel } from "../word-decoder.ts";
import { readTextHeader, type TextHeader } from "./header.ts";
import { LEAST_LINE_BYTES } from "./layout.ts";
import { LineDecoder } from "./line-decoder.ts";
import { probeText } from "./probe.ts";

/** Text, an event a line: `layout.ts` draws the line, the kernel `text` reads it. */
export const text = {
  id: "text",
  name: "text",
  polarityEncoding: "zero-one",
  wordBytes: 1,
  bytesPerEvent: LEAST_LINE_BYTES,
  clockPeriodUs: Number.POSITIVE_INFINITY,
  probe: probeText,

  readHeader(
    head: Uint8Array,
    geometry: SensorGeometry | undefined,
    path?: string,
    options: FormatOptions = {},
  ): TextHeader {
    return readTextHeader(head, geometry, path, options.text ?? {});
  },

  async createDecoder(memory: EventMemory, options: DecoderOptions): Promise<EventDecoder> {
    const kernel = await instantiateKernel<WordKernel>(textWasm, memory.memory);
    return new LineDecoder(memory, kernel, options.header as TextHeader, options);
  },
} as const satisfies EventFormat;
