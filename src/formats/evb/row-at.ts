import { ChunkStage } from "../../container/chunk-stage.ts";
import type { ContainerReader } from "../../container/reader.ts";

/**
 * The first row at or after a time, the number of rows if there is none: the index tells the chunk,
 * and one chunk is read. It is right where times never go back.
 */
export async function rowAt(reader: ContainerReader, time: bigint): Promise<number> {
  const index = await reader.index();
  const chunk = index.chunkAt(time);
  if (chunk === index.chunks) return index.rows;
  const entry = index.entry(chunk);
  if (entry.firstTime >= time) return entry.firstRow;
  const stage = await ChunkStage.create(entry.count);
  const inflated = await reader.readChunk(entry, new Uint8Array(entry.bytes), undefined);
  stage.decode(inflated, chunk, true);
  const times = stage.memory.columns.t;
  let [low, high] = [0, entry.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as bigint) < time) low = middle + 1;
    else high = middle;
  }
  return entry.firstRow + low;
}
