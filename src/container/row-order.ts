import {
  type ChunkEntry,
  type ChunkIndex,
  IndexBuilder,
  type TriggerEntry,
} from "./chunk-index.ts";
import { addChunk, addTriggers, type ContainerStatistics, emptyStatistics } from "./stats.ts";

/** Chunks and triggers of a damaged file in the order of their rows, each row once. */
export interface RowOrder {
  /** Each at the row that it is for; rows may be missing between them. */
  readonly index: ChunkIndex;
  readonly statistics: ContainerStatistics;
  /** Chunks whose rows, or some of them, others have; in the order of rows, too. */
  readonly spare: ChunkIndex;
  readonly spareTriggers: readonly TriggerEntry[];
}

/** What a chunk and its entry of an index have in common, wherever it stands. */
const FACTS = [
  ...["count", "on", "bytes", "firstTime", "lastTime", "leastTime", "greatestTime"],
  ...["leastX", "greatestX", "leastY", "greatestY"],
] as readonly (keyof ChunkEntry)[];

/** How much speaks for a chunk: its neighbours in the file, or the file's own index. */
const FITS = 1;
const IS_NAMED = 2;

/**
 * Puts chunks in the order of the rows that they say to be for. Of several for the same rows one that an
 * index names counts, then one that goes on where the chunk in front of it ends, or that the next one goes on
 * behind; then the first in the file.
 *
 * @param found - what is in the file, in its order, with the rows that each says
 * @param said - what an index of the file says; null without one
 */
export function orderRows(found: ChunkIndex, said: ChunkIndex | null): RowOrder {
  const rows = new Float64Array(found.chunks);
  const counts = new Uint32Array(found.chunks);
  const ranks = new Uint8Array(found.chunks);
  for (let chunk = 0; chunk < found.chunks; chunk++) {
    const entry = found.entry(chunk);
    const row = said === null ? null : namedRow(entry, said);
    rows[chunk] = row ?? entry.firstRow;
    counts[chunk] = entry.count;
    ranks[chunk] = row === null ? 0 : IS_NAMED;
  }
  const endOf = (chunk: number): number => (rows[chunk] as number) + (counts[chunk] as number);
  for (let chunk = 0; chunk < found.chunks; chunk++) {
    const isBehind = chunk > 0 && rows[chunk] === endOf(chunk - 1);
    if (ranks[chunk] === 0 && (isBehind || rows[chunk + 1] === endOf(chunk))) ranks[chunk] = FITS;
  }
  const byRow = (one: number, other: number): number =>
    (rows[one] as number) - (rows[other] as number) || one - other;
  const order = Uint32Array.from(rows, (_, chunk) => chunk).sort(byRow);
  let kept: number[] = [];
  const spare: number[] = [];
  for (const rank of [IS_NAMED, FITS, 0]) {
    const merged: number[] = [];
    let [next, end] = [0, 0];
    const keepUpTo = (row: number): void => {
      for (; next < kept.length && (rows[kept[next] as number] as number) < row; next++) {
        merged.push(kept[next] as number);
        end = Math.max(end, endOf(kept[next] as number));
      }
    };
    for (const chunk of order) {
      if (ranks[chunk] !== rank) continue;
      keepUpTo(rows[chunk] as number);
      const limit = next < kept.length ? (rows[kept[next] as number] as number) : Infinity;
      if ((rows[chunk] as number) < end || endOf(chunk) > limit) {
        spare.push(chunk);
        continue;
      }
      merged.push(chunk);
      end = endOf(chunk);
    }
    keepUpTo(Infinity);
    kept = merged;
  }
  const statistics = emptyStatistics();
  const take = (chunks: readonly number[]): IndexBuilder => {
    const builder = new IndexBuilder();
    for (const chunk of chunks) {
      builder.addChunk({ ...found.entry(chunk), firstRow: rows[chunk] as number });
    }
    return builder;
  };
  const index = take(kept);
  for (const chunk of kept) {
    const entry = found.entry(chunk);
    addChunk(statistics, entry, entry.bytes);
  }
  const { triggers, spareTriggers } = orderTriggers(found.triggers);
  for (const entry of triggers) {
    index.addTriggers(entry);
    addTriggers(statistics, entry.count);
  }
  return {
    index: index.finish(),
    statistics,
    spare: take(spare.sort(byRow)).finish(),
    spareTriggers,
  };
}

/** The same chunks and triggers without rows that are missing between them. */
export function closeUp(index: ChunkIndex): ChunkIndex {
  const builder = new IndexBuilder();
  let row = 0;
  for (let chunk = 0; chunk < index.chunks; chunk++) {
    const entry = index.entry(chunk);
    builder.addChunk({ ...entry, firstRow: row });
    row += entry.count;
  }
  row = 0;
  for (const entry of index.triggers) {
    builder.addTriggers({ ...entry, firstRow: row });
    row += entry.count;
  }
  return builder.finish();
}

/** The row that an index has a chunk at, by its place or by the row that it says; null for neither. */
function namedRow(entry: ChunkEntry, said: ChunkIndex): number | null {
  if (said.chunks === 0) return null;
  for (const number of [chunkAtOffset(said, entry.offset), said.chunkOf(entry.firstRow)]) {
    const named = said.entry(number);
    const isThere = named.offset === entry.offset || named.firstRow === entry.firstRow;
    if (isThere && FACTS.every((name) => named[name] === entry[name])) return named.firstRow;
  }
  return null;
}

/** Number of the last chunk that begins at an offset or in front of it; 0 when none does. */
function chunkAtOffset(index: ChunkIndex, offset: number): number {
  let [low, high] = [0, index.chunks - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (index.offset(middle) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function orderTriggers(found: readonly TriggerEntry[]) {
  const triggers: TriggerEntry[] = [];
  const spareTriggers: TriggerEntry[] = [];
  let end = 0;
  for (const entry of [...found].sort((one, other) => one.firstRow - other.firstRow)) {
    if (entry.firstRow < end) spareTriggers.push(entry);
    else {
      triggers.push(entry);
      end = entry.firstRow + entry.count;
    }
  }
  return { triggers, spareTriggers };
}
