import type pl from "nodejs-polars";
import type { DataFrame } from "nodejs-polars";
import { platform } from "#platform";
import { EventError } from "../../errors.ts";
import { COLUMN_NAMES } from "../../events/columns.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import type { ScratchFolder } from "../../source/scratch-folder.ts";
import { hurryCollector } from "../../util/allocate.ts";
import { polarsFor, tileFrame } from "../polars-writer.ts";
import type { EventWriter, WriterFacts } from "../writer.ts";

/** Names in the scratch folder. */
const PARTS = "parts";
const WHOLE = "whole.parquet";
/** Digits in the names of parts, which are read in the order of their names. */
const PART_DIGITS = 9;

/**
 * Makes a writer of Parquet files. Polars cannot add to one, so every tile becomes a file of its
 * own first, and Polars streams them into one: it holds some parts at a time, where a single file
 * would be mapped into memory as a whole.
 *
 * @throws EventError `polars-unavailable`, `sink-unwritable`
 */
export async function createParquetWriter(
  memory: EventMemory,
  { createScratchFolder }: Pick<WriterFacts, "createScratchFolder">,
): Promise<EventWriter> {
  const polars = await polarsFor("Parquet");
  const folder = await createScratchFolder();
  try {
    folder.addFolder(PARTS);
  } catch (error) {
    folder.close();
    throw error;
  }
  return new ParquetWriter(polars, memory, folder);
}

class ParquetWriter implements EventWriter {
  readonly leftOut = { events: 0, triggers: 0 };
  readonly #polars: typeof pl;
  readonly #memory: EventMemory;
  readonly #folder: ScratchFolder;
  #parts = 0;
  /** Whether Polars makes one file of the parts. */
  #isJoining = false;

  constructor(polars: typeof pl, memory: EventMemory, folder: ScratchFolder) {
    this.#polars = polars;
    this.#memory = memory;
    this.#folder = folder;
  }

  start(): Iterable<Uint8Array> {
    return [];
  }

  write(): Iterable<Uint8Array> {
    if (this.#memory.eventCount > 0) this.#addPart(tileFrame(this.#polars, this.#memory));
    return [];
  }

  async finish(): Promise<Iterable<Uint8Array>> {
    if (this.#parts === 0) this.#addPart(tileFrame(this.#polars, this.#memory).head(0));
    this.#isJoining = true;
    try {
      await this.#polars
        .scanIPC(this.#folder.pathOf(PARTS))
        .select(...COLUMN_NAMES)
        .sinkParquet(this.#folder.pathOf(WHOLE), {
          compression: "zstd",
          statistics: true,
          sinkOptions: { syncOnClose: "none", maintainOrder: true, mkdir: false },
        })
        .collect();
    } catch (cause) {
      throw unwritable(cause);
    } finally {
      this.#isJoining = false;
    }
    this.#folder.remove(PARTS);
    return this.#folder.piecesOf(WHOLE);
  }

  async close(): Promise<void> {
    // Polars makes the folder anew where that is gone before its file is open, which does not take long.
    while (this.#isJoining && !this.#folder.has(WHOLE)) await platform.yieldToEventLoop();
    this.#folder.close();
  }

  #addPart(frame: DataFrame): void {
    const name = `${String(this.#parts++).padStart(PART_DIGITS, "0")}.arrow`;
    try {
      frame.writeIPC(this.#folder.pathOf(`${PARTS}/${name}`), { compression: "lz4" });
      hurryCollector(); // which does not know what a frame holds
    } catch (cause) {
      throw unwritable(cause);
    }
  }
}

function unwritable(cause: unknown): EventError {
  const [reason = ""] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
  return new EventError("sink-unwritable", `Polars, which writes Parquet, failed (${reason})`, {
    format: "parquet",
    hint: "It puts the file together in temporary ones beside it, which take room as well.",
    cause,
  });
}
