import { platform } from "#platform";
import type { ContainerMetadata } from "../../container/metadata.ts";
import { resolveSettings } from "../../container/settings.ts";
import { ContainerWriter } from "../../container/writer.ts";
import { COLUMN_NAMES, type TriggerColumns } from "../../events/columns.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import { VERSION } from "../../version.ts";
import type { EventWriter, WriterFacts } from "../writer.ts";
import { metadataIn } from "./entries.ts";
import type { EvbTargetOptions } from "./format.ts";

/** Triggers of a segment: they are rare, and a segment is read whole. */
const SEGMENT_TRIGGERS = 65_536;

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
  const settings = resolveSettings(options);
  const writer = new ContainerWriter(settings);
  const triggers = new TriggerBuffer();
  const { report } = facts;
  const { columns } = memory;
  return {
    leftOut: { events: 0, triggers: 0 },
    start() {
      const firstTime = memory.eventCount > 0 ? (columns.t[0] as bigint) : 0n;
      const { geometry, polarityEncoding } = report;
      return writer.start({ geometry, polarityEncoding, firstTime }, Date.now());
    },
    async write() {
      const pieces = await writer.add(columns, 0, memory.eventCount);
      for (let at = 0; at < memory.triggerCount; ) {
        at += triggers.add(memory.triggers, at, memory.triggerCount);
        if (triggers.length === SEGMENT_TRIGGERS) {
          pieces.push(...(await writer.addTriggers(triggers.take())));
        }
      }
      return pieces;
    },
    async finish() {
      const pieces: Uint8Array[] = [];
      if (triggers.length > 0) pieces.push(...(await writer.addTriggers(triggers.take())));
      const metadata = metadataOf(facts, options, settings.deterministic);
      pieces.push(...(await writer.finish(metadata)));
      options.onWritten?.(writer.written);
      return pieces;
    },
    close: () => writer.close(),
  };
}

function metadataOf(
  { report, original }: WriterFacts,
  { metadata }: EvbTargetOptions,
  isDeterministic: boolean,
): ContainerMetadata {
  const { header, ...kept } = metadataIn(original ?? []);
  const { geometry, polarityEncoding, format, originalFormat, sourceName, ...counts } = report;
  const { mode, modeReason, threads, timeOffset, ...happened } = counts;
  return {
    createdBy: `evarrow ${VERSION}`,
    ...(!isDeterministic && { createdAt: new Date().toISOString(), platform: platform.name }),
    ...kept,
    ...metadata,
    columns: COLUMN_NAMES,
    source: {
      format: originalFormat ?? format,
      ...(sourceName !== null && { name: sourceName }),
      header,
    },
    timeOffset,
    report: happened,
  };
}

/** Triggers that wait for their segment to be full. */
class TriggerBuffer {
  length = 0;
  #t = new BigInt64Array(0);
  #id = new Int16Array(0);
  #value = new Uint8Array(0);

  /** Takes triggers, as many as fit; returns how many. */
  add(from: TriggerColumns, start: number, end: number): number {
    if (this.#t.length === 0) {
      this.#t = new BigInt64Array(SEGMENT_TRIGGERS);
      this.#id = new Int16Array(SEGMENT_TRIGGERS);
      this.#value = new Uint8Array(SEGMENT_TRIGGERS);
    }
    const count = Math.min(end - start, SEGMENT_TRIGGERS - this.length);
    this.#t.set(from.t.subarray(start, start + count), this.length);
    this.#id.set(from.id.subarray(start, start + count), this.length);
    this.#value.set(from.value.subarray(start, start + count), this.length);
    this.length += count;
    return count;
  }

  /** Hands over what it holds, until the next are added. */
  take(): TriggerColumns {
    const taken = { length: this.length, t: this.#t, id: this.#id, value: this.#value };
    this.length = 0;
    return taken;
  }
}
