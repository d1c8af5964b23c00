import type { DecodingKernel } from "../../kernels/decoding-kernel.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import { datWasm } from "../../kernels/generated/dat.ts";
import type { DecoderOptions, EventDecoder, EventFormat } from "../decoder.ts";
import { WordDecoder, type WordFormat, wordParts } from "../word-decoder.ts";
import { readDatHeader } from "./header.ts";
import { RECORD_BYTES, WRAP_US } from "./layout.ts";

const records: WordFormat = { wordBytes: RECORD_BYTES, vendorWords: {} };

/** Prophesee DAT: `layout.ts` draws the record, the kernel `dat` decodes it. */
export const dat = {
  id: "dat",
  name: "Prophesee DAT",
  polarityEncoding: "minus-one-one",
  wordBytes: RECORD_BYTES,
  bytesPerEvent: RECORD_BYTES,
  clockPeriodUs: WRAP_US,
  readHeader: readDatHeader,

  kernel: datWasm,
  parts: wordParts(RECORD_BYTES),

  createDecoder(
    memory: EventMemory,
    kernel: DecodingKernel,
    options: DecoderOptions,
  ): EventDecoder {
    return new WordDecoder(memory, kernel, records, options);
  },
} as const satisfies EventFormat;
