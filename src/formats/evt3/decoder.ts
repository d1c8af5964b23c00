import type { DecodingKernel } from "../../kernels/decoding-kernel.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import { evt3Wasm } from "../../kernels/generated/evt3.ts";
import type { DecoderOptions, EventDecoder, StreamFormat } from "../decoder.ts";
import { readRawHeader } from "../prophesee-header.ts";
import { WordDecoder, type WordFormat, wordParts } from "../word-decoder.ts";
import {
  CARRIED_CLOCK_EPOCH,
  CARRIED_LAST_TIME,
  CONTINUED_4,
  CONTINUED_12,
  IMU,
  OTHERS,
  VECT_12_STEP,
  WORD_BYTES,
  WRAP_US,
} from "./layout.ts";
import { countEvt3Events } from "./sample.ts";

const words: WordFormat = {
  wordBytes: WORD_BYTES,
  vendorWords: {
    [IMU]: "IMU",
    [OTHERS]: "OTHERS",
    [CONTINUED_4]: "CONTINUED_4",
    [CONTINUED_12]: "CONTINUED_12",
  },
  subtypedWord: OTHERS,
};

/** Prophesee EVT 3.0: `layout.ts` draws the word, the kernel `evt3` decodes it. */
export const evt3 = {
  id: "evt3",
  name: "Prophesee EVT 3.0",
  polarityEncoding: "minus-one-one",
  wordBytes: WORD_BYTES,
  bytesPerEvent: WORD_BYTES / VECT_12_STEP, // a vector word of twelve events
  clockPeriodUs: WRAP_US,
  readHeader: readRawHeader,
  countEvents: countEvt3Events,

  kernel: evt3Wasm,
  // The clock starts again every 16.8 s, which a part ahead does not see of those in front of it.
  parts: { ...wordParts(WORD_BYTES), carriedTimes: [CARRIED_CLOCK_EPOCH, CARRIED_LAST_TIME] },

  createDecoder(
    memory: EventMemory,
    kernel: DecodingKernel,
    options: DecoderOptions,
  ): EventDecoder {
    return new WordDecoder(memory, kernel, words, options);
  },
} as const satisfies StreamFormat;
