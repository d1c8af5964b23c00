import type { SensorGeometry } from "../../events/geometry.ts";
import type { Assumption } from "../../events/report.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import { evt2Wasm } from "../../kernels/generated/evt2.ts";
import { instantiateKernel } from "../../kernels/kernel.ts";
import type { DecoderOptions, EventDecoder, EventFormat, FormatHeader } from "../decoder.ts";
import { geometryOf, parseRawHeader, rawHeaderStarts } from "../prophesee-header.ts";
import { WordDecoder, type WordFormat, type WordKernel } from "../word-decoder.ts";
import { CONTINUED, IMU, OTHERS, WORD_BYTES, WRAP_US } from "./layout.ts";

const words: WordFormat = {
  wordBytes: WORD_BYTES,
  vendorWords: { [IMU]: "IMU", [OTHERS]: "OTHERS", [CONTINUED]: "CONTINUED" },
};

/** Prophesee EVT 2.0: `layout.ts` draws the word, the kernel `evt2` decodes it. */
export const evt2: EventFormat = {
  id: "evt2",
  polarityEncoding: "minus-one-one",
  bytesPerEvent: WORD_BYTES,
  clockPeriodUs: WRAP_US,

  readHeader(head: Uint8Array, override: SensorGeometry | undefined, path?: string): FormatHeader {
    const header = parseRawHeader(head, path);
    const assumptions: Assumption[] = [];
    if (header.encoding?.assumed) {
      assumptions.push({
        what: "format",
        value: header.encoding.format,
        reason: `the header has neither \`format\` nor \`evt\`, but \`${header.encoding.source}\``,
      });
    }
    if (!header.hasEnd && rawHeaderStarts(head, header.dataOffset)) {
      assumptions.push({
        what: "data offset",
        value: String(header.dataOffset),
        reason: "the bytes there start like a header line, but hold control characters",
      });
    }
    if (override) {
      return { ...header, geometry: override, assumptions };
    }
    const { geometry, assumption } = geometryOf(header, path);
    if (assumption) assumptions.push(assumption);
    return { ...header, geometry, assumptions };
  },

  async createDecoder(memory: EventMemory, options: DecoderOptions): Promise<EventDecoder> {
    const kernel = await instantiateKernel<WordKernel>(evt2Wasm, memory.memory);
    return new WordDecoder(memory, kernel, words, options);
  },
};
