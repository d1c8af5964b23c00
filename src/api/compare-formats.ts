import type pl from "nodejs-polars";
import type { DataFrame } from "nodejs-polars";
import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { checkOptions } from "../formats/options.ts";
import { checkSignal } from "../recording/recording.ts";
import type { ScratchFolder } from "../source/scratch-folder.ts";
import { namesOf } from "../util/option-names.ts";
import { convertRecording } from "./convert.ts";
import { loadEvents } from "./load-events.ts";
import { openRecording } from "./recording.ts";

/** The events of a recording in one format. */
export interface FormatComparison {
  /** For people, for example `Arrow IPC, zstd`. */
  readonly name: string;
  readonly bytes: number;
  /** 0 when there are no events. */
  readonly bytesPerEvent: number;
  /** Milliseconds that reading all of it into a DataFrame takes, at best; 0 where nothing is. */
  readonly readMs: number;
  /** Who reads it. */
  readonly reader: "evarrow" | "Polars";
}

/** Options of {@link compareFormats}. */
interface CompareOptions {
  /** Ends the work early; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const COMPARE_NAMES = namesOf<CompareOptions>()({ signal: true });

/** Another format: how it is written into a file, and read. */
interface Rival {
  readonly name: string;
  readonly file: string;
  write(path: string, events: Events): Promise<unknown>;
  read(polars: typeof pl, path: string): DataFrame;
}

/** What is written. */
interface Events {
  readonly path: string | URL;
  readonly signal: AbortSignal | undefined;
}

const convert = (to: string, { path, signal }: Events): Promise<unknown> =>
  convertRecording(path, to, { signal, lossy: true });

const RIVALS: readonly Rival[] = [
  {
    name: "CSV",
    file: "events.csv",
    write: convert,
    read: (polars, path) => polars.readCSV(path),
  },
  {
    name: "JSON lines",
    file: "events.jsonl",
    write: convert,
    read: (polars, path) => polars.scanJson(path).collectSync(),
  },
  {
    name: "Arrow IPC, zstd",
    file: "events.ipc", // the ending by which Polars tells a path from bytes
    async write(to, { path, signal }) {
      (await loadEvents(path, { signal })).writeIPC(to, { compression: "zstd" });
    },
    read: (polars, path) => polars.readIPC(path),
  },
  {
    name: "Parquet, zstd",
    file: "events.parquet",
    write: convert,
    read: (polars, path) => polars.readParquet(path),
  },
];

/** Reading is timed so often, unless it takes too long. */
const MOST_READS = 10;
const READING_MS = 500;

/**
 * Writes the events of a file in other formats, into a temporary folder that is gone afterwards, and
 * tells what each of them takes: CSV, JSON lines, Arrow IPC and Parquet, both with zstd. A table of all
 * events is in memory meanwhile. Reading is timed in this process, from files that were just written:
 * times of a machine that does something else, too, vary.
 *
 * @param path - a compact container, or any recording on disk
 * @returns first the file itself, then the others
 * @throws EventError `polars-unavailable`, `sink-unwritable`, and whatever reading the file throws
 * @example
 * ```ts
 * for (const { name, bytesPerEvent, readMs } of await compareFormats("out.evb")) {
 *   console.log(name, bytesPerEvent, readMs);
 * }
 * ```
 */
export async function compareFormats(
  path: string | URL,
  options: CompareOptions = {},
): Promise<FormatComparison[]> {
  checkOptions(options, COMPARE_NAMES);
  checkSignal(options.signal);
  const { signal } = options;
  const polars = await platform.importPolars();
  const recording = await openRecording(path, { signal });
  const { detection, byteLength } = recording;
  await recording.close();
  let events = 0;
  const readMs = await bestOf(signal, async () => {
    events = (await loadEvents(path, { signal })).height;
  });
  const of = (name: string, bytes: number, ms: number): Omit<FormatComparison, "reader"> => {
    return { name, bytes, bytesPerEvent: events === 0 ? 0 : bytes / events, readMs: ms };
  };
  const found: FormatComparison[] = [
    { ...of(detection.name, byteLength ?? 0, readMs), reader: "evarrow" },
  ];
  const folder = await platform.createScratchFolder(String(path));
  try {
    for (const { name, file, write, read } of RIVALS) {
      const there = folder.pathOf(file);
      await write(there, { path, signal });
      const once = async (): Promise<void> => {
        const { height } = read(polars, there);
        if (height !== events) throw different(name, events, height);
      };
      // Polars refuses lines of JSON without any.
      const ms = events === 0 ? 0 : await bestOf(signal, once);
      found.push({ ...of(name, sizeOf(folder, file), ms), reader: "Polars" });
      folder.remove(file);
    }
    return found;
  } finally {
    folder.close();
  }
}

/** Milliseconds of the fastest run. */
async function bestOf(signal: AbortSignal | undefined, run: () => Promise<void>): Promise<number> {
  let [best, spent] = [Number.POSITIVE_INFINITY, 0];
  for (let reads = 0; reads < MOST_READS && spent < READING_MS; reads++) {
    signal?.throwIfAborted();
    const begun = performance.now();
    await run();
    const ms = performance.now() - begun;
    spent += ms;
    best = Math.min(best, ms);
  }
  return best;
}

function sizeOf(folder: ScratchFolder, file: string): number {
  let bytes = 0;
  for (const piece of folder.piecesOf(file)) bytes += piece.byteLength;
  return bytes;
}

function different(name: string, expected: number, found: number): EventError {
  return new EventError("verification-failed", `${name} has not the same events`, {
    expected: `${expected} events`,
    found: `${found}`,
  });
}
