import { composeMetadata } from "../../container/compose-metadata.ts";
import type { ContainerMetadata } from "../../container/metadata.ts";
import { recordReport } from "../../container/recorded-report.ts";
import { type ContainerSettings, resolveSettings } from "../../container/settings.ts";
import { ContainerWriter } from "../../container/writer.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import type { EventWriter, WriterFacts } from "../writer.ts";
import { metadataIn } from "./entries.ts";
import type { EvbTargetOptions } from "./format.ts";
import { addTile, TriggerBuffer } from "./tiles.ts";

/**
 * Makes a writer of compact containers.
 *
 * @throws EventError `invalid-option`
 */
export async function createEvbWriter(
  memory: EventMemory,
  facts: WriterFacts,
  options: EvbTargetOptions,
): Promise<EventWriter> {
  const settings = resolveSettings({ ...options, columns: facts.columns });
  const writer = new ContainerWriter(settings);
  const triggers = new TriggerBuffer();
  const { report } = facts;
  return {
    leftOut: { events: 0, triggers: 0 },
    start() {
      const firstTime = memory.eventCount > 0 ? (memory.columns.t[0] as bigint) : 0n;
      const { geometry, polarityEncoding } = report;
      return writer.start({ geometry, polarityEncoding, firstTime }, Date.now());
    },
    write: () => addTile(writer, memory, triggers),
    async finish() {
      const pieces = await triggers.flush(writer);
      const metadata = metadataOf(facts, options, settings);
      pieces.push(...(await writer.finish(metadata)));
      options.onWritten?.(writer.written);
      return pieces;
    },
    close: () => writer.close(),
  };
}

function metadataOf(
  { report, container, original }: WriterFacts,
  { metadata }: EvbTargetOptions,
  { columns, deterministic }: ContainerSettings,
): ContainerMetadata {
  const { header, ...kept } = metadataIn(original ?? []);
  const { format, originalFormat, sourceName, timeOffset } = report;
  const source = {
    format: originalFormat ?? format,
    ...(sourceName !== null && { name: sourceName }),
    header,
  };
  const recorded = recordReport(report, container);
  const known = { ...kept, columns, source, timeOffset, report: recorded };
  return composeMetadata(known, metadata, deterministic);
}
