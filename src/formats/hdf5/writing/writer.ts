import { platform } from "#platform";
import { formatGeometry } from "../../../events/geometry.ts";
import { metadataOf } from "../../../events/metadata.ts";
import type { LoadReport } from "../../../events/report.ts";
import type { EventMemory } from "../../../kernels/event-memory.ts";
import type { ScratchSpace } from "../../../source/scratch-space.ts";
import type { EventWriter, WriterFacts } from "../../writer.ts";
import {
  CHUNK_EVENTS,
  EVENTS_GROUP,
  type WrittenAttributes,
  type WrittenColumn,
  writtenColumns,
} from "./layout.ts";
import { LibraryFile } from "./library-file.ts";
import { removeTimes } from "./undated.ts";

/** Bytes of the complete file that are handed over at once. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Makes a writer of HDF5 files. Such a file is complete in one go only, its first bytes last: it is
 * put together in scratch space, chunk by chunk, and handed over at the end.
 *
 * @throws EventError `sink-unwritable`
 */
export async function createHdf5Writer(
  memory: EventMemory,
  { report, createScratch }: WriterFacts,
): Promise<EventWriter> {
  const space = await createScratch();
  const file = await LibraryFile.create(space);
  try {
    return new Hdf5Writer(memory, file, space, report);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** A dataset, where its chunk is collected, and where its values come from. */
interface Column {
  readonly dataset: string;
  /** Bytes of a value. */
  readonly bytes: number;
  readonly address: number;
  readonly source: Uint8Array;
}

class Hdf5Writer implements EventWriter {
  readonly leftOut = { events: 0, triggers: 0 };
  readonly #memory: EventMemory;
  readonly #file: LibraryFile;
  readonly #space: ScratchSpace;
  readonly #columns: readonly Column[];
  /** Rows that are written. */
  #rows = 0;
  /** Rows behind them that wait for their chunk to be full. */
  #waiting = 0;

  constructor(memory: EventMemory, file: LibraryFile, space: ScratchSpace, report: LoadReport) {
    this.#memory = memory;
    this.#file = file;
    this.#space = space;
    const { geometry, polarityEncoding } = report;
    const sides: WrittenAttributes =
      geometry === null ? {} : { width: geometry.width, height: geometry.height };
    const text = geometry === null ? {} : { geometry: formatGeometry(geometry) };
    file.describe({ ...sides, ...text, ...Object.fromEntries(metadataOf(report)) });
    const columns = writtenColumns(polarityEncoding);
    file.addGroup(EVENTS_GROUP, columns, sides);
    const { x, y, t, polarity } = memory.columns;
    this.#columns = [x, y, t, polarity].map(({ buffer, byteOffset, byteLength }, index) => {
      const { name, Values } = columns[index] as WrittenColumn;
      return {
        dataset: `/${EVENTS_GROUP}/${name}`,
        bytes: Values.BYTES_PER_ELEMENT,
        address: file.reserve(CHUNK_EVENTS * Values.BYTES_PER_ELEMENT),
        source: new Uint8Array(buffer, byteOffset, byteLength),
      };
    });
  }

  start(): Iterable<Uint8Array> {
    return [];
  }

  /** Whole chunks only are written: what is in one already would be decompressed again. */
  async write(): Promise<Iterable<Uint8Array>> {
    const events = this.#memory.eventCount;
    for (let at = 0; at < events; ) {
      const count = Math.min(CHUNK_EVENTS - this.#waiting, events - at);
      for (const { source, bytes, address } of this.#columns) {
        const part = source.subarray(at * bytes, (at + count) * bytes);
        this.#file.put(part, address + this.#waiting * bytes);
      }
      at += count;
      this.#waiting += count;
      if (this.#waiting < CHUNK_EVENTS) break;
      this.#writeChunk();
      await platform.yieldToEventLoop();
    }
    return [];
  }

  async finish(): Promise<Iterable<Uint8Array>> {
    this.#writeChunk();
    this.#file.complete();
    await removeTimes(this.#space);
    return piecesOf(this.#space);
  }

  close(): void {
    this.#file.close();
  }

  #writeChunk(): void {
    if (this.#waiting === 0) return;
    for (const { dataset, address } of this.#columns) {
      this.#file.append(dataset, this.#rows, this.#waiting, address);
    }
    this.#rows += this.#waiting;
    this.#waiting = 0;
  }
}

/** All bytes, in pieces that overwrite each other. */
function* piecesOf(space: ScratchSpace): Generator<Uint8Array> {
  const piece = new Uint8Array(Math.min(PIECE_BYTES, space.byteLength));
  for (let at = 0; at < space.byteLength; ) {
    const count = space.read(piece, at);
    yield piece.subarray(0, count);
    at += count;
  }
}
