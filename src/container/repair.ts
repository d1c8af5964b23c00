import { isEventError } from "../errors.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { ByteSource } from "../source/byte-source.ts";
import { decodeChunkHead } from "./chunk.ts";
import type { ChunkEntry, TriggerEntry } from "./chunk-index.ts";
import { ChunkStage } from "./chunk-stage.ts";
import { type ContainerFinding, Findings, findingOf } from "./findings.ts";
import type { ContainerHeader } from "./header.ts";
import { inflateChunk } from "./inflate-chunk.ts";
import type { Place } from "./problems.ts";
import { ContainerReader } from "./reader.ts";
import { salvageHeader } from "./salvage-header.ts";
import { wrongEnd } from "./segment-order.ts";
import { resolveSettings } from "./settings.ts";
import { countBackward } from "./times.ts";
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
  /** Events that are known to be missing. There may be more, behind where the old file was cut. */
  readonly lostEvents: number;
  /** Bytes of the old file that belong to no sound segment. */
  readonly lostBytes: number;
  /** What was not sound, and where. */
  readonly lost: readonly ContainerFinding[];
  /** Whether what the container said of itself in words was kept. */
  readonly hasMetadata: boolean;
}

/**
 * Writes a container of all chunks and triggers of another one that are sound; they are copied as they
 * are compressed.
 *
 * @throws EventError `invalid-header`, `unsupported-format`, and what `write` throws
 */
export async function repairSource(
  source: ByteSource,
  { signal, write, onBytes }: RepairContext,
): Promise<RepairedContainer> {
  const { header, error } = await salvageHeader(source, signal);
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
  const end = walk.trailer === null ? null : walk.trailer.trailer.fileLength;
  if (end !== source.byteLength) findings.add(wrongEnd(end, source.byteLength));
  const settings = resolveSettings({
    codec: header.codec as "zstd",
    checksum: header.checksums,
    deterministic: header.isDeterministic,
  });
  const writer = new ContainerWriter(settings);
  const send = async (pieces: readonly Uint8Array[]): Promise<void> => {
    for (const piece of pieces) await write(piece);
  };
  const geometry = sensorOf(header, walk, findings);
  const { polarityEncoding, createdAt } = header;
  const { firstTime } = walk.statistics;
  await send(writer.start({ geometry, polarityEncoding, firstTime }, createdAt ?? 0));
  const chunks = new ChunkSalvage(source, header, findings, signal);
  let rows = 0;
  for (const part of partsOf(walk)) {
    signal?.throwIfAborted();
    if (part.kind === "chunk") {
      const chunk = await chunks.read(part.entry);
      rows = Math.max(rows, chunk.firstRow + part.entry.count);
      if (chunk.copied === null) continue;
      const { segment, head, backwardSteps } = chunk.copied;
      await send(writer.copyChunk(segment, head, backwardSteps));
    } else {
      const { offset, bytes, count } = part.entry;
      const segment = await source.read(offset, bytes, { signal });
      const place: Place = { path: undefined, byteOffset: offset };
      const isSound = await findings.take(offset, async () => {
        await decodeTriggers(segment, count, { codec: header.codec, checkCrc: hasCrc }, place);
        return true;
      });
      if (isSound === null) continue;
      await send(writer.copyTriggers(segment.slice(), count));
    }
    onBytes?.(part.entry.offset + part.entry.bytes, writer.written.statistics.events);
  }
  await send(await writer.finish(walk.metadata ?? {}));
  const { bytes, statistics } = writer.written;
  const said = Math.max(rows, await eventsSaid(source, signal));
  return {
    events: statistics.events,
    triggers: statistics.triggers,
    chunks: statistics.chunks,
    bytes,
    lostEvents: Math.max(said - statistics.events, 0),
    lostBytes: walk.lostBytes,
    lost: findings.list,
    hasMetadata: walk.metadata !== null,
  };
}

/** A sensor that events are outside of is none. */
function sensorOf(
  { geometry }: ContainerHeader,
  { statistics: { greatestX: x, greatestY: y } }: Walk,
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
  | { readonly kind: "chunk"; readonly entry: ChunkEntry }
  | { readonly kind: "triggers"; readonly entry: TriggerEntry };

/** Chunks and triggers in the order of the file. */
function* partsOf({ index }: Walk): Generator<Part> {
  let next = 0;
  for (let chunk = 0; chunk < index.chunks; chunk++) {
    const entry = index.entry(chunk);
    for (; (index.triggers[next]?.offset ?? Number.POSITIVE_INFINITY) < entry.offset; next++) {
      yield { kind: "triggers", entry: index.triggers[next] as TriggerEntry };
    }
    yield { kind: "chunk", entry };
  }
  for (const entry of index.triggers.slice(next)) yield { kind: "triggers", entry };
}

/** Events that a file says to have where its end is sound; else 0. */
async function eventsSaid(source: ByteSource, signal: AbortSignal | undefined): Promise<number> {
  try {
    return (await ContainerReader.open(source, { signal })).statistics.events;
  } catch (error) {
    if (isEventError(error)) return 0;
    throw error;
  }
}

/** Reads chunks whose heads are sound, and decodes them to see whether the rest is, too. */
class ChunkSalvage {
  readonly #source: ByteSource;
  readonly #header: ContainerHeader;
  readonly #findings: Findings;
  readonly #signal: AbortSignal | undefined;
  #stage: ChunkStage | null = null;

  constructor(
    source: ByteSource,
    header: ContainerHeader,
    findings: Findings,
    signal: AbortSignal | undefined,
  ) {
    this.#source = source;
    this.#header = header;
    this.#findings = findings;
    this.#signal = signal;
  }

  async read({ offset, bytes }: ChunkEntry) {
    const place: Place = { path: undefined, byteOffset: offset };
    const segment = await this.#source.read(offset, bytes, { signal: this.#signal });
    const { codec, checksums } = this.#header;
    const checkCrc = checksums !== "none";
    const head = decodeChunkHead(segment, bytes, { codec, checkCrc }, place);
    const copied = await this.#findings.take(offset, async () => {
      const inflated = await inflateChunk(segment, head, checkCrc, place);
      if (this.#stage === null || this.#stage.memory.columns.t.length < head.count) {
        this.#stage = await ChunkStage.create(head.count);
      }
      this.#stage.decode(inflated, 0, true);
      const backwardSteps = countBackward(this.#stage.memory.columns.t, head.count);
      return { segment: segment.slice(), head, backwardSteps };
    });
    return { copied, firstRow: Number.isFinite(head.firstRow) ? head.firstRow : 0 };
  }
}
