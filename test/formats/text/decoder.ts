/** Drives the decoder of text by hand, to cut its input and its tiles where no source would. */
import { createReport } from "../../../src/events/report.ts";
import { text } from "../../../src/formats/text/decoder.ts";
import type { LoadReport, OnMalformed, SensorGeometry, TextOptions } from "../../../src/index.ts";
import type { DecodingKernel } from "../../../src/kernels/decoding-kernel.ts";
import { EventMemory } from "../../../src/kernels/event-memory.ts";
import { instantiateKernel } from "../../../src/kernels/kernel.ts";
import { joinColumns, type PlainColumns } from "../../support/expected-load.ts";

export interface PieceOptions {
  text?: TextOptions | undefined;
  /** Places where pieces end. */
  cuts?: readonly number[];
  /** Events of a tile. */
  room?: number;
  rebase?: boolean;
  geometry?: SensorGeometry | null;
  onMalformed?: OnMalformed;
  /** What the kernel is told that most lines look like, whether they do or not. */
  shape?: number | undefined;
}

/** Decodes a file in pieces. */
export async function decodePieces(
  bytes: Uint8Array,
  options: PieceOptions = {},
): Promise<{ columns: PlainColumns; report: LoadReport }> {
  const { cuts = [], room = 100, rebase = false, geometry = null, onMalformed = "skip" } = options;
  const found = text.readHeader(bytes, undefined, undefined, { text: options.text });
  const { dialect } = found.text;
  const shaped = { ...dialect, shape: options.shape ?? dialect.shape };
  const header = { ...found, text: { ...found.text, dialect: shaped } };
  const { dataOffset } = header;
  const inputBytes = Math.max(bytes.byteLength, 1);
  const memory = new EventMemory({ inputBytes, tileEvents: room, tileTriggers: 0 });
  memory.configure(geometry, "zero-one");
  const settings = { dataOffset, rebase, variant: 0, header, onMalformed };
  const kernel = await instantiateKernel<DecodingKernel>(text.kernel, memory.memory);
  const decoder = text.createDecoder(memory, kernel, settings);
  const report = createReport({
    format: "text",
    sourceName: null,
    geometry,
    polarityEncoding: "zero-one",
    assumptions: [],
  });
  const parts: PlainColumns[] = [];
  const drain = (): void => {
    for (let usedUp = false; !usedUp; ) {
      usedUp = decoder.decode(room, report);
      const { eventCount, columns } = memory;
      parts.push({
        x: columns.x.slice(0, eventCount),
        y: columns.y.slice(0, eventCount),
        t: columns.t.slice(0, eventCount),
        polarity: columns.polarity.slice(0, eventCount),
      });
      memory.setTile();
    }
  };
  let slot: 0 | 1 = 0;
  let start = dataOffset;
  for (const end of [...cuts, bytes.byteLength].filter((cut) => cut > dataOffset)) {
    // What stood in the slot before is no part of the piece.
    memory.inputs[slot].fill(0x0a);
    memory.inputs[slot].set(bytes.subarray(start, end));
    decoder.feed(slot, end - start);
    drain();
    start = end;
    slot = slot === 0 ? 1 : 0;
  }
  decoder.end(slot);
  drain();
  decoder.finish(report);
  return { columns: joinColumns(parts), report };
}
