import type { EncodeKernel } from "./encode-kernel.ts";
import type { ChunkFacts } from "./stats.ts";

/** A line of JSON for an event, but for its numbers. */
const LINE_BYTES = '{"x":,"y":,"t":,"polarity":}\n'.length;
/** 10, 100, ... up to what a coordinate can be, and a time. */
const POWERS = Array.from({ length: 18 }, (_, digits) => 10n ** BigInt(digits + 1));

/**
 * Bytes of the events of a chunk as lines `{"x":5,"y":7,"t":640,"polarity":1}`, as `JSON.stringify`
 * writes them, with `polarity` 0 or 1.
 *
 * @param at - addresses of the columns
 */
export function jsonBytesOf(
  encode: EncodeKernel,
  facts: ChunkFacts,
  at: { readonly xs: number; readonly ys: number; readonly ts: number },
): number {
  const { count, leastX, greatestX, leastY, greatestY, leastTime, greatestTime } = facts;
  const axis = (values: number, least: number, greatest: number): number =>
    digitsOf(count, BigInt(least), BigInt(greatest), (bound) =>
      encode.countAtLeast16(values, count, Number(bound)),
    );
  const times = digitsOf(count, leastTime, greatestTime, (bound) =>
    encode.countAtLeast64(at.ts, count, bound),
  );
  const x = axis(at.xs, leastX, greatestX);
  return count * (LINE_BYTES + 1) + x + axis(at.ys, leastY, greatestY) + times;
}

/** Characters of whole numbers between two extremes, of which some are counted where it matters. */
function digitsOf(
  count: number,
  least: bigint,
  greatest: bigint,
  countAtLeast: (bound: bigint) => number,
): number {
  const atLeast = (bound: bigint): number =>
    least >= bound ? count : greatest < bound ? 0 : countAtLeast(bound);
  let characters = count + (count - atLeast(0n)); // a digit, and the sign
  for (const power of POWERS) {
    characters += atLeast(power);
    characters += count - atLeast(1n - power);
  }
  return characters;
}
