import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { COLUMN_NAMES, type ColumnName, checkColumns } from "../events/columns.ts";
import { namesOf } from "../util/option-names.ts";
import { show } from "../util/show.ts";
import { CODEC_LEVELS, CONTAINER_CODECS, type ContainerCodec } from "./codec.ts";
import { CHECKSUMS, type Checksums, MAX_CHUNK_EVENTS } from "./layout.ts";

/** How a container is written. Every field of it can be set beside a preset. */
export interface ContainerSettings {
  /** What streams are compressed with; those that hardly shrink are stored. */
  readonly codec: ContainerCodec;
  /** As the codec counts: zstd 1 to 19, deflate 1 to 9, brotli 0 to 11. */
  readonly level: number;
  /** Events of a chunk, 1 to 1 048 576: the unit of seeking, skipping and recovery. */
  readonly chunkEvents: number;
  /** `crc32`: of every segment and stream; `sha256`: of the whole file beside them. */
  readonly checksum: Checksums;
  /** Whether polarities may be written by cells of 4 x 4 pixels: smaller, and slower to read. */
  readonly cells: boolean;
  /** Chunks that are compressed at the same time. */
  readonly chunksInFlight: number;
  /** Pieces smaller than this are written together. */
  readonly bufferBytes: number;
  /** Leave out what differs from run to run: when and on what it was written. */
  readonly deterministic: boolean;
  /** The columns that are kept, in any order: others take no room, and no load has them. */
  readonly columns: readonly ColumnName[];
}

/** Names of {@link CONTAINER_PRESETS}. */
export type ContainerPreset = "speed" | "balanced" | "size" | "store" | "lowMemory";

const BALANCED: ContainerSettings = {
  codec: "zstd",
  level: 1,
  chunkEvents: 131_072,
  checksum: "sha256",
  cells: true,
  chunksInFlight: 3,
  bufferBytes: 262_144,
  deterministic: false,
  columns: COLUMN_NAMES,
};

/**
 * Sets of settings with a name, to be read, spread and changed.
 *
 * @example
 * ```ts
 * const mine = { ...CONTAINER_PRESETS.speed, chunkEvents: 65_536 };
 * ```
 */
export const CONTAINER_PRESETS: Readonly<Record<ContainerPreset, ContainerSettings>> = {
  /** Read and written as fast as compression allows. */
  speed: { ...BALANCED, cells: false, checksum: "crc32" },
  /** What is taken when nothing is said. */
  balanced: BALANCED,
  /** As small as it gets, for 50 times the time of writing. */
  size: { ...BALANCED, level: 19, chunkEvents: 262_144 },
  /** No compression: read faster than any disk delivers it. */
  store: { ...BALANCED, codec: "none", level: 0, cells: false, checksum: "crc32" },
  /** A tenth of the memory, for writing and for reading. */
  lowMemory: { ...BALANCED, chunkEvents: 16_384, chunksInFlight: 1, bufferBytes: 65_536 },
};

/** What a caller may say of how a container is written; the rest is as the preset has it. */
export interface ContainerOptions
  extends Partial<{
    [Key in keyof Omit<ContainerSettings, "codec">]: ContainerSettings[Key] | undefined;
  }> {
  /** Default: `balanced`. */
  preset?: ContainerPreset | undefined;
  /** What streams are compressed with; `auto` takes zstd. Default: `auto`, but none for `store`. */
  codec?: ContainerCodec | "auto" | undefined;
}

/** The names of {@link ContainerOptions}. */
export const CONTAINER_NAMES = namesOf<ContainerOptions>()({
  preset: true,
  codec: true,
  level: true,
  chunkEvents: true,
  checksum: true,
  cells: true,
  chunksInFlight: true,
  bufferBytes: true,
  deterministic: true,
  columns: true,
});

/**
 * Checks options and fills them up.
 *
 * @throws EventError `invalid-option`
 */
export function resolveSettings(options: ContainerOptions = {}): ContainerSettings {
  const { preset = "balanced" } = options;
  if (!Object.hasOwn(CONTAINER_PRESETS, preset)) {
    throw wrong("preset", Object.keys(CONTAINER_PRESETS).map(show).join(", "), preset);
  }
  const base = CONTAINER_PRESETS[preset];
  const given = Object.entries(options).filter(
    ([name, value]) => Object.hasOwn(BALANCED, name) && value !== undefined,
  );
  const merged = { ...base, ...Object.fromEntries(given) } as ContainerOptions & ContainerSettings;
  // What is not stated is up to the platform.
  const isOpen = options.codec === "auto" || options.codec === undefined;
  const own = base.codec === "none" ? base.codec : platform.bestCodec;
  const codec = isOpen ? own : merged.codec;
  if (!CONTAINER_CODECS.includes(codec)) {
    throw wrong("codec", [...CONTAINER_CODECS, "auto"].map(show).join(", "), codec);
  }
  const { least, most, usual } = CODEC_LEVELS[codec];
  const level = options.level ?? (codec === base.codec ? base.level : usual);
  if (!isWhole(level, least, most)) throw wrong("level", `${least} to ${most} for ${codec}`, level);
  const { chunkEvents, checksum, chunksInFlight, bufferBytes } = merged;
  if (!isWhole(chunkEvents, 1, MAX_CHUNK_EVENTS)) {
    throw wrong("chunkEvents", `1 to ${MAX_CHUNK_EVENTS}`, chunkEvents);
  }
  if (!CHECKSUMS.includes(checksum)) {
    throw wrong("checksum", CHECKSUMS.map(show).join(", "), checksum);
  }
  if (!isWhole(chunksInFlight, 1, 64)) throw wrong("chunksInFlight", "1 to 64", chunksInFlight);
  if (!isWhole(bufferBytes, 0, 2 ** 30)) throw wrong("bufferBytes", "0 to 2^30", bufferBytes);
  for (const name of ["cells", "deterministic"] as const) {
    if (typeof merged[name] !== "boolean") throw wrong(name, "true or false", merged[name]);
  }
  const { cells, deterministic } = merged;
  const chosen = checkColumns(merged.columns);
  const columns = COLUMN_NAMES.filter((name) => chosen.includes(name));
  return {
    ...{ codec, level, chunkEvents, checksum, cells, chunksInFlight, bufferBytes },
    ...{ deterministic, columns },
  };
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function wrong(name: string, expected: string, found: unknown): EventError {
  const problem = `${name} is not known`;
  return new EventError("invalid-option", problem, { expected, found: show(found) });
}
