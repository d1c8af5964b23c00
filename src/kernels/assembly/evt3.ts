// EVT 3.0 words to columns. The word is drawn in formats/evt3/layout.ts, whose constants the parts
// use; test/reference/evt3.ts is the same decoder as a plain loop.
import { HAS_TIME_HIGH } from "./parts/evt3-state";
import { decodeRegular } from "./parts/evt3-steps";
import { decodeStraight, skipToTimeHigh } from "./parts/evt3-words";
import { buildLaneTables } from "./parts/lanes";

export { moveTimes } from "./parts/move-times";

/**
 * Appends the events of the words from `input` to the columns, until no word is left before `end`,
 * the columns hold `capacity` events or the trigger columns are full. Returns the address of the
 * first unread byte.
 */
export function decode(input: usize, end: usize, capacity: i32): usize {
  if (load<i32>(HAS_TIME_HIGH) === 0) {
    buildLaneTables();
    input = skipToTimeHigh(input, end);
  }
  let next = input;
  do {
    input = decodeRegular(next, end, capacity);
    next = decodeStraight(input, end, capacity);
  } while (next !== input);
  return input;
}
