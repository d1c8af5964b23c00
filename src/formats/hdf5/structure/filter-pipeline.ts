import {
  DEFLATE_FILTER,
  ECF_FILTER,
  FLETCHER32_FILTER,
  LZF_FILTER,
  SHUFFLE_FILTER,
} from "../layout.ts";
import type { Block } from "./block.ts";

/** A filter of a dataset, in the order in which they were applied. */
export interface Filter {
  readonly id: number;
  /** As the file or HDF5's register has it. */
  readonly name: string;
  /** Whether chunks may be stored without it. */
  readonly isOptional: boolean;
  /** What the filter was told. */
  readonly clientData: readonly number[];
}

/** Filters that files often do not name. */
const NAMES: Readonly<Record<number, string>> = {
  [DEFLATE_FILTER]: "deflate",
  [SHUFFLE_FILTER]: "shuffle",
  [FLETCHER32_FILTER]: "Fletcher-32",
  4: "szip",
  5: "n-bit",
  6: "scale-offset",
  305: "LZO",
  307: "bzip2",
  [LZF_FILTER]: "LZF",
  32001: "Blosc",
  32004: "LZ4",
  32008: "bitshuffle",
  32013: "ZFP",
  32015: "Zstandard",
  32026: "Blosc 2",
  [ECF_FILTER]: "ECF",
};

/** HDF5 has no more filters for a dataset, since the mask of a chunk has no more bits. */
const MAX_FILTERS = 32;

/**
 * Reads the filters of a dataset.
 *
 * @throws EventError `invalid-header`
 */
export function readFilters(block: Block): Filter[] {
  const version = block.version(1, 2);
  const count = block.u8();
  if (count > MAX_FILTERS) throw block.damaged(`at most ${MAX_FILTERS} filters`, `${count}`);
  if (version === 1) block.skip(6);
  return Array.from({ length: count }, () => readFilter(block, version));
}

function readFilter(block: Block, version: number): Filter {
  const id = block.u16();
  const hasName = version === 1 || id >= 256;
  const nameLength = hasName ? block.u16() : 0;
  const flags = block.u16();
  const values = block.u16();
  const padding = version === 1 ? 8 : 1;
  const name = block.text(Math.ceil(nameLength / padding) * padding);
  const clientData = block.part(values * 4).words();
  if (version === 1 && values % 2 === 1) block.skip(4);
  return { id, name: NAMES[id] ?? (name || "unnamed"), isOptional: (flags & 1) !== 0, clientData };
}

/** What a filter is called in messages. */
export function describeFilter({ id, name }: Filter): string {
  return `${name} (${id})`;
}
