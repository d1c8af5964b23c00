import type { Block } from "./block.ts";

/** How many elements there are. */
export interface Dataspace {
  /** Length along each dimension, the one that changes slowest first; empty for a single element. */
  readonly shape: readonly number[];
  /** What they may grow to; null without limit. */
  readonly maxShape: readonly (number | null)[];
  /** Elements in all: the product of the shape, or 0 where there is no value. */
  readonly elements: number;
}

const MAX_DIMENSIONS = 32;

/**
 * Reads a dataspace.
 *
 * @throws EventError `invalid-header`; for more elements than a JavaScript number counts with a row
 */
export function readDataspace(block: Block): Dataspace {
  const version = block.version(1, 2);
  const dimensions = block.u8();
  const flags = block.u8();
  const type = version === 1 ? 1 : block.u8();
  if (version === 1) block.skip(5);
  if (dimensions > MAX_DIMENSIONS) {
    throw block.damaged(`at most ${MAX_DIMENSIONS} dimensions`, `${dimensions}`);
  }
  const start = block.at;
  const shape = Array.from({ length: dimensions }, () => block.rows());
  const hasLimits = (flags & 1) !== 0;
  const maxShape = hasLimits
    ? Array.from({ length: dimensions }, () => block.lengthOrNull())
    : [...shape];
  const elements = type === 2 ? 0 : shape.reduce((product, length) => product * length, 1);
  if (!Number.isSafeInteger(elements)) {
    block.at = start;
    // The dimension with the most is that of the rows: the first row whose elements nobody can count.
    const width = elements / Math.max(...shape);
    const row = Math.floor(Number.MAX_SAFE_INTEGER / width);
    throw block.damaged("fewer than 2^53 elements", shape.join(" x "), row);
  }
  return { shape, maxShape, elements };
}
