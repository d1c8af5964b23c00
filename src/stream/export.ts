/** Writes events that are columns already into a compact container. */
import { composeMetadata } from "../container/compose-metadata.ts";
import type { ContainerMetadata } from "../container/metadata.ts";
import { type ContainerSettings, resolveSettings } from "../container/settings.ts";
import { ContainerWriter, type WrittenContainer } from "../container/writer.ts";
import type { WholeEventColumns } from "../events/from-table.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import type { EvbTargetOptions } from "../formats/registry.ts";
import type { CheckedSink } from "../source/checked-sink.ts";

/** What columns do not say of themselves. */
export interface ColumnFacts {
  readonly geometry: SensorGeometry | null;
  /** Null where nothing says it. */
  readonly polarityEncoding: PolarityEncoding | null;
  /** What all of the events hold, where nothing says it. */
  readonly heldEncoding: () => PolarityEncoding;
  /** Format id of what the events came from. */
  readonly sourceFormat?: string | undefined;
  readonly sourceName?: string | undefined;
  readonly timeOffset?: number | undefined;
}

/** Pieces of events, one after the other; each is used up before the next is asked for. */
export type ColumnPieces = AsyncIterable<WholeEventColumns> | Iterable<WholeEventColumns>;

/**
 * Writes events to a sink, piece by piece.
 *
 * @throws EventError `invalid-option`, `sink-unwritable`, and whatever getting the pieces throws
 */
export async function exportColumns(
  pieces: ColumnPieces,
  facts: ColumnFacts,
  sink: CheckedSink,
  options: EvbTargetOptions & { readonly signal?: AbortSignal | undefined },
): Promise<WrittenContainer> {
  const settings = resolveSettings(options);
  const writer = new ContainerWriter(settings);
  const send = async (parts: readonly Uint8Array[]): Promise<void> => {
    for (const part of parts) await sink.write(part);
  };
  let isStarted = false;
  const start = async (firstTime: bigint): Promise<void> => {
    isStarted = true;
    const { geometry } = facts;
    const polarityEncoding = facts.polarityEncoding ?? facts.heldEncoding();
    await send(writer.start({ geometry, polarityEncoding, firstTime }, Date.now()));
  };
  try {
    for await (const columns of pieces) {
      options.signal?.throwIfAborted();
      if (columns.length === 0) continue;
      if (!isStarted) await start(columns.t[0] as bigint);
      await send(await writer.add(columns, 0, columns.length));
    }
    if (!isStarted) await start(0n);
    await send(await writer.finish(metadataOf(facts, options, settings)));
    return writer.written;
  } finally {
    writer.close();
  }
}

function metadataOf(
  { sourceFormat, sourceName, timeOffset }: ColumnFacts,
  { metadata }: EvbTargetOptions,
  { columns, deterministic }: ContainerSettings,
): ContainerMetadata {
  const source = {
    ...(sourceFormat && { format: sourceFormat }),
    ...(sourceName && { name: sourceName }),
  };
  const known = { columns, ...(Object.keys(source).length > 0 && { source }), timeOffset };
  return composeMetadata(known, metadata, deterministic);
}
