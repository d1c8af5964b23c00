// The transforms of the compact container: columns into raw streams. What every mode means is said in
// docs/container.md. A stream has 64 bytes of room behind it that may be written.

export { splitBytes, takeBytes, takeNibbles, transformAxis } from "./parts/container-coordinates";
export { costOfBytes, costOfSplit, countValues, isConstant } from "./parts/container-costs";
export { otherPolarity, takeBits, takeCellBits, takeRowBits } from "./parts/container-polarities";
export { countBackward, splitLarge, takeGroups, takeSteps } from "./parts/container-times";

/** How many u16 are at least `bound`. */
export function countAtLeast16(values: usize, count: i32, bound: i32): i32 {
  const bounds = i16x8.splat(<i16>bound);
  let found = 0;
  let index = 0;
  for (; index + 8 <= count; index += 8) {
    found += popcnt(i16x8.bitmask(i16x8.ge_u(v128.load(values + (index << 1)), bounds)));
  }
  for (; index < count; index++) found += <i32>load<u16>(values + (index << 1)) >= bound ? 1 : 0;
  return found;
}

/** How many i64 are at least `bound`. */
export function countAtLeast64(values: usize, count: i32, bound: i64): i32 {
  let found = 0;
  for (let index = 0; index < count; index++) {
    found += load<i64>(values + (index << 3)) >= bound ? 1 : 0;
  }
  return found;
}
