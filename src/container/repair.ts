import { type EventError, isEventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { ByteSource } from "../source/byte-source.ts";
import type { ChunkEntry, ChunkIndex, TriggerEntry } from "./chunk-index.ts";
import { ChunkSalvage, SpareChunks } from "./chunk-salvage.ts";
import { type ContainerFinding, Findings, findingOf } from "./findings.ts";
import type { ContainerHeader } from "./header.ts";
import { HEADER, HEADER_BYTES } from "./layout.ts";
import { damaged, type Place } from "./problems.ts";
import { orderRows } from "./row-order.ts";
import { type SalvagedHeader, salvageHeader } from "./salvage-header.ts";
import { wrongEnd } from "./segment-order.ts";
import { resolveSettings } from "./settings.ts";
import type { ContainerStatistics } from "./stats.ts";
import { decodeTriggers } from "./triggers.ts";
import { type Walk, walkSegments } from "./walk.ts";
import { ContainerWriter } from "./writer.ts";

/** How a container is repaired. */
export interface RepairContext {
  readonly signal: AbortSignal | undefined;
  /** Takes the bytes of the new file. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Told how many bytes of the old file were looked at, and the events that were kept. */
  readonly onBytes?: ((bytes: number, events: number) => void) | undefined;
}

/** What was kept of a container, and what was not. */
export interface RepairedContainer {
  /** Of the new file. */
  readonly events: number;
  readonly triggers: number;
  readonly chunks: number;
  readonly bytes: number;
  /**
   * Events that are known to be missing, by the rows of chunks and by `STAT` or `INDX`. Without these there
   * may be more, behind where the old file was cut.
   */
  readonly lostEvents: number;
  /** Bytes of the old file that belong to no sound segment. */
  readonly lostBytes: number;
  /** What was not sound, and where; what stood in another place, and what was there twice. */
  readonly lost: readonly ContainerFinding[];
  /** Whether what the container said of itself in words was kept. */
  readonly hasMetadata: boolean;
}

/**
 * Writes a container of all chunks and triggers of another one that are sound; they are copied as they
 * are compressed, in the order of their rows, and each row once.
 *
 * @throws EventError `invalid-header`, `unsupported-format`, `damaged-data` where nothing is sound, and what
 *   `write` throws
 */
export async function repairSource(
  source: ByteSource,
  { signal, write, onBytes }: RepairContext,
): Promise<RepairedContainer> {
  const salvaged = await salvageHeader(source, signal);
  const { header, error } = salvaged;
  const findings = new Findings();
  if (isEventError(error)) findings.add(findingOf(error, 0));
  const hasCrc = header.checksums !== "none";
  const context = { codec: header.codec, checkCrc: hasCrc, hasCrc, path: undefined, signal };
  const walk = await walkSegments(source, { ...context, recover: true });
  for (const gap of walk.gaps) {
    findings.add({
      ...gap,
      problem: "bytes belong to no sound segment",
      found: `${gap.bytes} bytes`,
    });
  }
  const fileEnd = walk.trailer === null ? null : walk.trailer.trailer.fileLength;
  if (fileEnd !== source.byteLength) findings.add(wrongEnd(fileEnd, source.byteLength));
  const settings = resolveSettings({
    codec: header.codec as "zstd",
    checksum: header.checksums,
    deterministic: header.isDeterministic,
    columns: columnsOf(salvaged, walk, findings),
  });
  const writer = new ContainerWriter(settings);
  const send = async (pieces: readonly Uint8Array[]): Promise<void> => {
    for (const piece of pieces) await write(piece);
  };
  const order = orderRows(walk.index, walk.said.index);
  const geometry = sensorOf(header, order.statistics, findings);
  const { polarityEncoding, createdAt } = header;
  const { firstTime } = order.statistics;
  await send(writer.start({ geometry, polarityEncoding, firstTime }, createdAt ?? 0));
  const chunks = new ChunkSalvage(source, header, findings, signal);
  const spares = new SpareChunks(order.spare, geometry);
  let [end, front] = [0, 0];
  for (const part of partsOf(order.index)) {
    signal?.throwIfAborted();
    const { offset, bytes, count } = part.entry;
    if (offset < front) findings.add(outOfOrder(part));
    front = Math.max(front, offset);
    if (part.kind === "chunk") {
      // Where it is damaged, some that were left out may have the same events.
      for (const entry of [part.entry, ...spares.between(end, part.nextRow)]) {
        if (entry.firstRow < end) continue;
        const copy = await chunks.read(entry);
        if (copy === null) continue;
        spares.use(entry);
        await send(writer.copyChunk(copy.segment, copy.head, copy.backwardSteps));
        end = entry.firstRow + entry.count;
      }
    } else {
      const segment = await source.read(offset, bytes, { signal });
      const place: Place = { path: undefined, byteOffset: offset };
      const isSound = await findings.take(offset, async () => {
        await decodeTriggers(segment, count, { codec: header.codec, checkCrc: hasCrc }, place);
        return true;
      });
      if (isSound === null) continue;
      await send(writer.copyTriggers(segment.slice(), count));
    }
    onBytes?.(front + bytes, writer.written.statistics.events);
  }
  for (const entry of spares.unused()) findings.add(leftOut("a chunk", "events", entry));
  for (const entry of order.spareTriggers) findings.add(leftOut("triggers", "others", entry));
  if (writer.written.statistics.uncompressedBytes === 0 && !isEmpty(walk, source)) {
    throw error ?? nothingSound(walk, source);
  }
  await send(await writer.finish(walk.metadata ?? {}));
  const { bytes, statistics } = writer.written;
  const said = Math.max(walk.said.statistics?.events ?? 0, walk.said.index?.rows ?? 0);
  return {
    events: statistics.events,
    triggers: statistics.triggers,
    chunks: statistics.chunks,
    bytes,
    lostEvents: Math.max(walk.rows, said) - statistics.events,
    lostBytes: walk.lostBytes,
    lost: findings.list,
    hasMetadata: walk.metadata !== null,
  };
}

/** The columns that a file has, also where its header is damaged. */
function columnsOf(
  { header, error, knowsColumns }: SalvagedHeader,
  { metadata }: Walk,
  findings: Findings,
): readonly ColumnName[] {
  const said = COLUMN_NAMES.filter((name) => metadata?.columns?.includes(name));
  if (error === null || (knowsColumns && said.length === 0)) return header.columns;
  if (said.length > 0) return said;
  findings.add({
    byteOffset: HEADER.leftOut,
    problem:
      "nothing says which columns there are; one that is 0 throughout may have been left out",
    expected: "the flag and the byte of columns that are left out, or metadata that name them",
  });
  return COLUMN_NAMES;
}

/** Whether a file without any event or trigger that is sound never had one. */
function isEmpty({ said: { statistics, index } }: Walk, { byteLength }: ByteSource): boolean {
  if (byteLength <= HEADER_BYTES) return true;
  if (statistics !== null) return statistics.events === 0 && statistics.triggers === 0;
  return index !== null && index.chunks === 0 && index.triggers.length === 0;
}

function nothingSound({ lostBytes }: Walk, { name, byteLength }: ByteSource): EventError {
  return damaged("nothing of this container is sound", {
    path: name,
    byteOffset: HEADER_BYTES,
    expected: "a chunk or triggers that are sound",
    found: `${lostBytes || byteLength - HEADER_BYTES} bytes that belong to none`,
    hint: "Nothing was written.",
  });
}

function outOfOrder({ kind, entry }: Part): ContainerFinding {
  const [what, those] = kind === "chunk" ? ["a chunk", "events"] : ["triggers", "triggers"];
  return {
    byteOffset: entry.offset,
    problem: `${what} stood behind what comes after it, and moved to where it belongs`,
    found: `${those} from row ${entry.firstRow} on`,
  };
}

function leftOut(what: string, those: string, entry: TriggerEntry): ContainerFinding {
  const { offset, firstRow, count } = entry;
  return {
    byteOffset: offset,
    problem: `${what} for rows that ${those} have already, left out`,
    found: `rows ${firstRow} to ${firstRow + count - 1}`,
  };
}

/** A sensor that events are outside of is none. */
function sensorOf(
  { geometry }: ContainerHeader,
  { greatestX: x, greatestY: y }: ContainerStatistics,
  findings: Findings,
): SensorGeometry | null {
  if (geometry === null || (x < geometry.width && y < geometry.height)) return geometry;
  const { width, height } = geometry;
  findings.add({
    byteOffset: 0,
    problem: "events are outside the sensor, which is left out",
    expected: `x and y inside ${width}x${height}`,
    found: `up to ${x}, ${y}`,
  });
  return null;
}

type Part =
  | { readonly kind: "chunk"; readonly entry: ChunkEntry; readonly nextRow: number }
  | { readonly kind: "triggers"; readonly entry: TriggerEntry };

/** Chunks and triggers in the order of their rows, and among each other in that of the file. */
function* partsOf(index: ChunkIndex): Generator<Part> {
  let next = 0;
  for (let chunk = 0; chunk < index.chunks; chunk++) {
    const entry = index.entry(chunk);
    for (; (index.triggers[next]?.offset ?? Number.POSITIVE_INFINITY) < entry.offset; next++) {
      yield { kind: "triggers", entry: index.triggers[next] as TriggerEntry };
    }
    const nextRow = chunk + 1 < index.chunks ? index.firstRow(chunk + 1) : Number.POSITIVE_INFINITY;
    yield { kind: "chunk", entry, nextRow };
  }
  for (const entry of index.triggers.slice(next)) yield { kind: "triggers", entry };
}
