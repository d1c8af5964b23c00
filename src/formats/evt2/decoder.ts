import type { DecodingKernel } from "../../kernels/decoding-kernel.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import { evt2Wasm } from "../../kernels/generated/evt2.ts";
import type { DecoderOptions, EventDecoder, StreamFormat } from "../decoder.ts";
import { readRawHeader } from "../prophesee-header.ts";
import { WordDecoder, type WordFormat, wordParts } from "../word-decoder.ts";
import { CONTINUED, IMU, OTHERS, WORD_BYTES, WRAP_US } from "./layout.ts";
import { countEvt2Events } from "./sample.ts";

const words: WordFormat = {
  wordBytes: WORD_BYTES,
  vendorWords: { [IMU]: "IMU", [OTHERS]: "OTHERS", [CONTINUED]: "CONTINUED" },
};

/** Prophesee EVT 2.0: `layout.ts` draws the word, the kernel `evt2` decodes it. */
export const evt2 = {
  id: "evt2",
  name: "Prophesee EVT 2.0",
  polarityEncoding: "minus-one-one",
  wordBytes: WORD_BYTES,
  bytesPerEvent: WORD_BYTES,
  clockPeriodUs: WRAP_US,
  readHeader: readRawHeader,
  countEvents: countEvt2Events,

  kernel: evt2Wasm,
  parts: wordParts(WORD_BYTES),

  createDecoder(
    memory: EventMemory,
    kernel: DecodingKernel,
    options: DecoderOptions,
  ): EventDecoder {
    return new WordDecoder(memory, kernel, words, options);
  },
} as const satisfies StreamFormat;
