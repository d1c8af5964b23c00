import { COLUMN_NAMES, type ColumnName } from "../../events/columns.ts";
import type { ByteSource } from "../../source/byte-source.ts";
import type { AheadRules } from "../ahead.ts";
import type { RowOptions, RowRange, RowTable } from "../decoder.ts";
import { countRows, firstMissing } from "../row-ranges.ts";
import { Catalog } from "./events/catalog.ts";
import { Hdf5EventReader, scratchBytesPerEvent } from "./events/event-reader.ts";
import { readFacts } from "./events/facts.ts";
import { findStream } from "./events/streams.ts";
import { TimeIndex } from "./events/time-index.ts";
import { timeRule } from "./events/times.ts";
import { findTriggers } from "./events/triggers.ts";
import { Hdf5File } from "./file.ts";
import type { RowColumn } from "./rows/row-column.ts";
import { RowReader } from "./rows/row-reader.ts";

/**
 * Opens the event stream of a file: finds its columns, and reads the first times.
 *
 * @throws EventError `invalid-header`, `damaged-data`, `unsupported-format`, `stream-ambiguous`,
 *   `geometry-conflict`, `invalid-option`
 */
export async function openHdf5(source: ByteSource, options: RowOptions): Promise<RowTable> {
  const file = await Hdf5File.open(source, options.path);
  const catalog = new Catalog(file);
  const chosen = await findStream(catalog, options);
  const { columns, layout } = chosen.stream;
  const reader = await RowReader.open(
    file,
    COLUMN_NAMES.map((name) => columns[name]),
  );
  const written = await reader.written();
  const { isComplete, ranges } = written;
  const column = reader.columns[2] as RowColumn;
  const time = await timeRule(catalog, chosen.stream, column, options, ranges);
  const rules = { time, firstPixel: options.hdf5?.firstPixel ?? layout.firstPixel ?? 0 };
  const byName = Object.fromEntries(
    COLUMN_NAMES.map((name, index) => [name, reader.columns[index]]),
  ) as Record<ColumnName, RowColumn>;
  const { byteLength } = source;
  const facts = await readFacts(catalog, chosen, time, options);
  const { triggers, written: writtenTriggers, assumption } = await findTriggers(catalog, layout);
  return {
    header: {
      ...facts,
      entries: isComplete ? facts.entries : [...facts.entries, missingEntry(reader.rows, ranges)],
      assumptions: [...facts.assumptions, ...assumption],
    },
    polarityEncoding: "zero-one",
    rows: reader.rows,
    written: isComplete ? undefined : ranges,
    truncation: file.missingBytes > 0 ? { byteOffset: byteLength, bytes: 0 } : null,
    rejectedAs: "malformed",
    blockRows: isComplete ? blockRowsOf(reader.columns) : undefined,
    aheadRules: aheadRulesOf(reader, isComplete),
    scratchBytesPerEvent: scratchBytesPerEvent(byName, rules),
    tileEvents: isPlain(reader.columns) ? PLAIN_TILE_EVENTS : undefined,
    triggers,
    // Fill values are no times.
    ...(isComplete && {
      isSorted: await TimeIndex.isIn(catalog, chosen.stream),
      findRow: async (at: bigint) =>
        (await TimeIndex.open(catalog, chosen.stream, time)).firstRowAt(at),
    }),
    workingBytes: reader.workingBytes,
    async createReader(memory, onMalformed, workingBytes, wish) {
      if (onMalformed !== "skip") writtenTriggers?.check();
      const parts = { file, columns, rules, written, memory, onMalformed };
      const given = { workingBytes, inflating: wish?.inflating };
      return Hdf5EventReader.create({ ...parts, ...given });
    },
  };
}

/** What is said of a file some of whose rows were never written. */
function missingEntry(rows: number, ranges: readonly RowRange[]): [key: string, value: string] {
  const first = firstMissing(ranges, 0, rows) ?? rows;
  const value = `${rows - countRows(ranges)} of ${rows}, the first is row ${first}`;
  return ["rows that were never written", value];
}

/**
 * Each column of a tile is a read of the file where nothing is compressed, and each read wakes a thread:
 * with tiles of 262 144 events, a file was streamed at two thirds of the rate.
 */
const PLAIN_TILE_EVENTS = 1_000_000;

function isPlain(columns: readonly RowColumn[]): boolean {
  return columns.every(({ dataset }) => dataset.filters.length === 0);
}

/** Rows of a block: enough that what is done for each of them does not count. */
const BLOCK_ROWS = 131_072;
/** What the chunks take that other threads decompress ahead. */
const DESK_BYTES = 16 * 1024 * 1024;
/** More would be too much memory for what waits to be handed over. */
const MAX_BLOCK_ROWS = 1_048_576;

function aheadRulesOf(reader: RowReader, isComplete: boolean): AheadRules | undefined {
  const { inflatedBytes: roomBytes } = reader;
  if (!isComplete || roomBytes === undefined) return undefined;
  const content = { kind: "zlib" } as const;
  return {
    content,
    roomBytes,
    deskBytes: DESK_BYTES,
    rowsPerThread: BLOCK_ROWS,
    forSomeColumns: true,
  };
}

/** Whole chunks, as far as that can be, or else two threads would decode the same ones. */
function blockRowsOf(columns: readonly RowColumn[]): number | undefined {
  let together = 1;
  for (const { dataset, rowDimension } of columns) {
    const { layout } = dataset;
    if (layout.kind === "chunked") {
      together = Math.max(together, layout.chunkShape[rowDimension] as number);
    }
  }
  const rows = together * Math.ceil(BLOCK_ROWS / together);
  return rows <= MAX_BLOCK_ROWS ? rows : undefined;
}
