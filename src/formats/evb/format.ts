import type { StatedMetadata } from "../../container/compose-metadata.ts";
import type { ContainerOptions } from "../../container/settings.ts";
import type { ContainerWriter, WrittenContainer } from "../../container/writer.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import type { RowFormat } from "../decoder.ts";
import type { WritableFormat, WriterFacts } from "../writer.ts";

/** The compact container, whose signature `detect.ts` knows; `docs/container.md` describes it. */
export const evb = {
  id: "evb",
  name: "compact container",

  async open(source, options) {
    const { openEvb } = await import("./open.ts");
    return openEvb(source, options);
  },
} as const satisfies RowFormat;

/** What a container says beside what the recording says of itself. */
export interface EvbTargetOptions extends ContainerOptions {
  /** What the user says of the recording; the rest of the metadata is filled in. */
  readonly metadata?: StatedMetadata | undefined;
  /** Told what was written, when it is complete. */
  readonly onWritten?: ((written: WrittenContainer) => void) | undefined;
}

const TARGET = {
  id: "evb",
  name: "compact container",
  ending: ".evb",
  keepsTriggers: true,
  keepsGeometry: true,
  takesColumns: true,
  keepsPoolBusy: true,
} as const;

/**
 * Compact containers as a target.
 *
 * @throws EventError `invalid-option` from `createWriter`
 */
export function evbTargetWith(options: EvbTargetOptions = {}): WritableFormat {
  return {
    ...TARGET,
    async createWriter(memory, facts) {
      const { createEvbWriter } = await import("./writing.ts");
      return createEvbWriter(memory, facts, options);
    },
  };
}

/** The same with the preset `balanced`; like any conversion, it gives the same bytes every time. */
export const evbTarget: WritableFormat = evbTargetWith({ deterministic: true });

/** A container that somebody begins and ends, and recordings are added to. */
export interface EvbPart {
  readonly writer: ContainerWriter;
  /** Told the facts of a recording when it is about to be added; gives the bytes in front of it. */
  start?(facts: WriterFacts, memory: EventMemory): Uint8Array[];
  /** Told of a tile before it is added, whose times it may change. */
  onTile?(memory: EventMemory): void;
  /** Gives the bytes behind a recording, all of whose events and triggers were added. */
  finish?(): Promise<Uint8Array[]>;
}

/** A target whose bytes are some of a container's. */
export function evbPartTarget(part: EvbPart): WritableFormat {
  return {
    ...TARGET,
    async createWriter(memory, facts) {
      const { createPartWriter } = await import("./part-writing.ts");
      return createPartWriter(memory, facts, part);
    },
  };
}
