import { isEventError } from "../errors.ts";
import { checkLoss, type MutableReport, restoreReport } from "../events/report.ts";
import type { RowReader, RowTable } from "../formats/decoder.ts";
import { RowAssembler } from "../formats/row-assembler.ts";
import { countRows, partsOf } from "../formats/row-ranges.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { CompressionDamage } from "../util/compression.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { reportDamage } from "./opened-source.ts";
import { ProgressMeter } from "./progress.ts";
import type { TileRange } from "./tile-sieve.ts";
import type { TileOptions } from "./tiles.ts";
import { TriggerFeed } from "./trigger-feed.ts";
import { Turns } from "./turns.ts";

/** A pass over rows: its options, and what `TilePass` made for it. */
interface RowPass extends TileOptions {
  readonly memory: EventMemory;
  readonly report: MutableReport;
  readonly byteLength: number | null;
  /** What reads the rows. */
  readonly reader: RowReader;
  /** What was wrong with the compressed bytes that the source came out of. */
  readonly damage: CompressionDamage | null;
}

/**
 * Reads the tiles of a table: the reader puts rows behind the events of the tile, the kernel `rows`
 * makes events of them. As for words, all tiles but the last are as full as `room` allows.
 */
export async function* tilesOfRows(
  table: RowTable,
  pass: RowPass,
  room: () => number,
): AsyncGenerator<EventMemory, void, void> {
  const { memory, report, byteLength, signal, strict, rebase = false, onProgress } = pass;
  const { reader, triggers: keeps = false } = pass;
  const { ranges = [{ start: 0, end: table.rows }], mark } = pass;
  const assembler = await RowAssembler.create(
    memory,
    table.rejectedAs,
    rebase && pass.timeOffset === undefined,
  );
  // A part of the rows does not tell which of the triggers belong to it: all are handed over.
  const feed =
    table.triggers !== undefined && (pass.ranges === undefined || keeps)
      ? new TriggerFeed(table.triggers, memory, report)
      : null;
  const meter = onProgress && new ProgressMeter(onProgress, byteLength);
  const turns = new Turns();
  let rowsRead = 0;
  // The share of the source that was gone through: a file may hold columns that are not read.
  const all = table.written === undefined ? table.rows : countRows(table.written);
  const bytesOf = (rows: number): number =>
    Math.round(((byteLength ?? 0) * rows) / Math.max(all, 1));
  for (const { start, end, carried, isMissing } of passParts(table, ranges, pass)) {
    if (carried !== undefined) memory.restoreCarried(carried);
    if (isMissing) {
      countMissing(report, start, end, strict);
      continue;
    }
    for (let row = start; row < end; ) {
      const most = Math.min(room(), memory.tileEvents);
      const count = Math.min(most - memory.eventCount, end - row);
      const first = row;
      const before = {
        tile: memory.eventCount,
        carried: memory.saveCarried(),
        report: structuredClone(report),
        rows: rowsRead,
      };
      try {
        memory.clearRejected();
        await untilAborted(reader.read(row, count, signal), signal);
        assembler.assemble(row, count, report, reader.areSound);
        row += count;
        rowsRead += count;
        report.bytesRead = bytesOf(rowsRead);
        checkLoss(report, strict);
      } catch (error) {
        // Of the rows that were read at once, those in front of the one that ends the pass are good.
        let failure = error;
        let bad = signal?.aborted ? first : rowOf(error, first);
        for (;;) {
          memory.setTile(before.tile, memory.triggerCount);
          memory.restoreCarried(before.carried);
          memory.clearRejected();
          memory.takeCounters(() => {});
          restoreReport(report, before.report);
          report.bytesRead = bytesOf(before.rows + Math.max(bad - first, 0));
          if (bad <= first) break;
          try {
            await reader.read(first, bad - first, signal);
            assembler.assemble(first, bad - first, report, reader.areSound);
            checkLoss(report, strict);
            break;
          } catch (another) {
            failure = another; // of another column, further in front
            bad = Math.min(rowOf(another, first), bad - 1);
          }
        }
        throw failure;
      }
      if (feed !== null && memory.eventCount > 0) {
        yield* tilesOfTriggers(
          feed,
          memory,
          memory.columns.t[memory.eventCount - 1] as bigint,
          keeps,
        );
      }
      if (memory.isFull(most)) {
        mark?.(row, memory.saveCarried());
        yield memory;
        memory.setTile();
      }
      meter?.update(report.bytesRead, report.events);
      await turns.give(signal);
    }
  }
  if (pass.ranges === undefined) report.bytesRead = byteLength ?? 0;
  // Of what is missing nobody knows whether it belonged to the ranges that are read.
  if (table.truncation !== null) {
    report.truncatedBytes = table.truncation.bytes;
    report.firstAt.truncated = table.truncation.byteOffset;
  }
  reportDamage(report, pass);
  checkLoss(report, strict);
  if (feed !== null) yield* tilesOfTriggers(feed, memory, null, keeps);
  mark?.(ranges.at(-1)?.end ?? 0, memory.saveCarried());
  if (memory.eventCount > 0 || memory.triggerCount > 0) yield memory;
  meter?.finish(report.bytesRead, report.events);
}

/** What a pass reads, and rows without values that it passes over; without `skip` they are read, too. */
function* passParts(
  { written }: RowTable,
  ranges: readonly TileRange[],
  { onMalformed }: RowPass,
): Generator<TileRange & { readonly isMissing: boolean }, void, void> {
  for (const { start, end, carried } of ranges) {
    if (written === undefined || onMalformed !== "skip") {
      yield { start, end, carried, isMissing: false };
      continue;
    }
    let isFirst = true;
    for (const part of partsOf(written, { start, end })) {
      yield { ...part, carried: isFirst ? carried : undefined };
      isFirst = false;
    }
  }
}

/** Tells the report of rows without values, however many. */
function countMissing(
  report: MutableReport,
  start: number,
  end: number,
  strict: TileOptions["strict"],
): void {
  const before = strict === false ? null : structuredClone(report);
  report.malformedLines += end - start;
  report.firstRow = { malformedLine: start, ...report.firstRow };
  try {
    checkLoss(report, strict);
  } catch (error) {
    if (before !== null) restoreReport(report, before);
    throw error;
  }
}

/** The row that an error names. */
function rowOf(error: unknown, otherwise: number): number {
  return isEventError(error) ? (error.row ?? otherwise) : otherwise;
}

/**
 * Adds the triggers up to a time to the tile. When they fill it, it is handed over, and a new one is
 * begun.
 *
 * @param keeps - hand them over; they are else counted only
 */
async function* tilesOfTriggers(
  feed: TriggerFeed,
  memory: EventMemory,
  until: bigint | null,
  keeps: boolean,
): AsyncGenerator<EventMemory, void, void> {
  while (!(await feed.append(until))) {
    if (keeps) {
      yield memory;
      memory.setTile();
    } else {
      memory.setTile(memory.eventCount);
    }
  }
  if (!keeps) memory.setTile(memory.eventCount);
}
