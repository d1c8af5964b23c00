import { EventError } from "../../errors.ts";
import type { SensorGeometry } from "../../events/geometry.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import { csvWasm } from "../../kernels/generated/csv.ts";
import { instantiateKernel } from "../../kernels/kernel.ts";
import type { DecoderOptions, EventDecoder, EventFormat, FormatHeader } from "../decoder.ts";
import { WordDecoder, type WordFormat, type WordKernel } from "../word-decoder.ts";
import { CSV_HEADER, csvHeaderLength } from "./header.ts";
import { LEAST_LINE_BYTES, LINE_FEED, MOST_LINE_BYTES } from "./layout.ts";

const lines: WordFormat = {
  wordBytes: MOST_LINE_BYTES, // with so many at hand there is a whole line, or one too long
  vendorWords: {},
  endOfLast: LINE_FEED,
};

/** CSV with this library's own header row: `layout.ts` draws the line, the kernel `csv` reads it. */
export const csv = {
  id: "csv",
  name: "CSV",
  polarityEncoding: "zero-one",
  wordBytes: 1,
  bytesPerEvent: LEAST_LINE_BYTES,
  clockPeriodUs: Number.POSITIVE_INFINITY,

  readHeader(head: Uint8Array, geometry: SensorGeometry | undefined, path?: string): FormatHeader {
    const dataOffset = csvHeaderLength(head);
    if (dataOffset === 0) {
      throw new EventError("invalid-header", "the header row is not that of this CSV", {
        path,
        line: 1,
        expected: CSV_HEADER,
      });
    }
    return { entries: [], dataOffset, geometry: geometry ?? null, assumptions: [] };
  },

  async createDecoder(memory: EventMemory, options: DecoderOptions): Promise<EventDecoder> {
    const kernel = await instantiateKernel<WordKernel>(csvWasm, memory.memory);
    return new WordDecoder(memory, kernel, lines, options);
  },
} as const satisfies EventFormat;
