/** What every format that is written fulfils: the contract between tiles and the bytes of a file. */
import type { ContainerMetadata } from "../container/metadata.ts";
import type { ColumnName } from "../events/columns.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import type { LoadReport } from "../events/report.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { ScratchFolder } from "../source/scratch-folder.ts";
import type { ScratchSpace } from "../source/scratch-space.ts";
import { EventEncoder, type EventEncoding, type HeaderFacts, type LeftOut } from "./encoder.ts";

/** A format that this version writes. */
export interface WritableFormat {
  /** As the option `format` spells it; mostly what reading the result gives, too. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** How names of such files end. */
  readonly ending: string;
  /** Other endings that say the same. */
  readonly otherEndings?: readonly string[] | undefined;
  /** Whether triggers have a place in it. */
  readonly keepsTriggers: boolean;
  /** Whether the geometry has a place in it. */
  readonly keepsGeometry: boolean;
  /** Whether its events may have fewer columns. Default `false`. */
  readonly takesColumns?: boolean | undefined;
  /** Whether writing it keeps Node's threads busy. Default `false`. */
  readonly keepsPoolBusy?: boolean | undefined;
  /** Whether the order of the bytes of a word can be chosen. */
  readonly takesEndianness?: boolean | undefined;
  /** False where this version does not read it, so that nothing can be verified. Default `true`. */
  readonly isRead?: boolean | undefined;
  /** What its polarity column holds unless the caller asks otherwise; as loaded when left out. */
  readonly polarityEncoding?: PolarityEncoding | undefined;
  /** The most events of a tile, where the result depends on it; that of other passes if left out. */
  readonly tileEvents?: number | undefined;
  /** Makes a writer of the tiles in `memory`, the first of which is there. */
  createWriter(memory: EventMemory, facts: WriterFacts): Promise<EventWriter>;
}

/** What a writer is told once. */
export interface WriterFacts extends HeaderFacts {
  /** Report of the load whose tiles are written. */
  readonly report: LoadReport;
  /** The columns that are written. */
  readonly columns: readonly ColumnName[];
  /** What the source says of itself, where it is a compact container. */
  readonly container?: ContainerMetadata | undefined;
  /** Leave out what the format cannot hold, and count it, instead of throwing. */
  readonly leaveOut: boolean;
  /**
   * Makes room for a format whose first bytes are known last.
   *
   * @throws EventError `sink-unwritable`
   */
  createScratch(): Promise<ScratchSpace>;
  /**
   * Makes a folder for a format that a library writes by path.
   *
   * @throws EventError `sink-unwritable`
   */
  createScratchFolder(): Promise<ScratchFolder>;
}

/** Some bytes after the other, each to be used before the next are asked for. */
type Bytes = Iterable<Uint8Array>;

/** Turns one tile after the other into bytes, which are overwritten by the next ones. */
export interface EventWriter {
  /** The bytes in front of the first tile. */
  start(): Bytes;
  /**
   * The bytes of the tile in memory.
   *
   * @throws EventError `not-encodable`
   */
  write(): Bytes | Promise<Bytes>;
  /** The bytes behind the last tile. */
  finish(): Bytes | Promise<Bytes>;
  /** Gives back what the writer holds, be it done or not. Never fails. */
  close?(): void | Promise<void>;
  /** What was left out so far. */
  readonly leftOut: LeftOut;
}

/** A format that is written by an encoding kernel. */
export function writtenByKernel(encoding: EventEncoding): WritableFormat {
  const { id, name, ending, keepsTriggers, keepsGeometry, polarityEncoding } = encoding;
  return {
    polarityEncoding,
    takesEndianness: encoding.variantOf !== undefined,
    id,
    name,
    ending,
    keepsTriggers,
    keepsGeometry,
    async createWriter(memory, facts) {
      const encoder = await EventEncoder.create(encoding, memory, facts, facts.leaveOut);
      return {
        start: () => [encoding.encodeHeader(facts)],
        write: () => encoder.encode(keepsTriggers ? memory.triggerCount : 0),
        finish: () =>
          encoder.written === 0 && encoding.encodeEmpty ? [encoding.encodeEmpty()] : [],
        get leftOut() {
          return encoder.leftOut;
        },
      };
    },
  };
}
