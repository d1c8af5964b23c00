import type { SensorGeometry } from "../../events/geometry.ts";
import type { DecodingKernel } from "../../kernels/decoding-kernel.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import { evt21Wasm } from "../../kernels/generated/evt21.ts";
import type { DecoderOptions, EventDecoder, EventFormat, FormatHeader } from "../decoder.ts";
import type { FormatOptions } from "../options.ts";
import { readRawHeader } from "../prophesee-header.ts";
import { WordDecoder, type WordFormat, wordParts } from "../word-decoder.ts";
import { readByteOrder } from "./byte-order.ts";
import { CONTINUED, LEGACY, LITTLE, MASK_BITS, OTHERS, WORD_BYTES, WRAP_US } from "./layout.ts";
import { countEvt21Events } from "./sample.ts";

const words: WordFormat = {
  wordBytes: WORD_BYTES,
  vendorWords: { [OTHERS]: "OTHERS", [CONTINUED]: "CONTINUED" },
  subtypedWord: OTHERS,
};

/** The RAW header, and the byte order as the variant. */
function readHeader(
  head: Uint8Array,
  geometry: SensorGeometry | undefined,
  path?: string,
  { byteOrder }: FormatOptions = {},
): FormatHeader {
  const header = readRawHeader(head, geometry, path);
  const data = head.subarray(header.dataOffset);
  const { order, assumption } =
    byteOrder === undefined
      ? readByteOrder(header, data, path)
      : { order: byteOrder, assumption: null };
  return {
    ...header,
    assumptions: assumption ? [...header.assumptions, assumption] : header.assumptions,
    variant: order === "legacy" ? LEGACY : LITTLE,
  };
}

/** Prophesee EVT 2.1: `layout.ts` draws the word, the kernel `evt21` decodes it. */
export const evt21 = {
  id: "evt21",
  name: "Prophesee EVT 2.1",
  polarityEncoding: "minus-one-one",
  wordBytes: WORD_BYTES,
  bytesPerEvent: WORD_BYTES / MASK_BITS,
  clockPeriodUs: WRAP_US,
  readHeader,
  countEvents: countEvt21Events,

  kernel: evt21Wasm,
  parts: wordParts(WORD_BYTES),

  createDecoder(
    memory: EventMemory,
    kernel: DecodingKernel,
    options: DecoderOptions,
  ): EventDecoder {
    return new WordDecoder(memory, kernel, words, options);
  },
} as const satisfies EventFormat;
