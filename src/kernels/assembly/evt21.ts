// EVT 2.1 words to columns. The word is drawn in formats/evt21/layout.ts, whose constants the parts
// use; test/reference/evt21.ts is the same decoder as a plain loop.
import { buildMoves } from "./parts/evt21-run-buffer";
import { decodeRuns } from "./parts/evt21-runs";
import { HAS_TIME_BASE } from "./parts/evt21-state";
import { decodeWord } from "./parts/evt21-words";

/**
 * Appends the events of the words from `input` to the columns, until no word is left before `end`,
 * the columns hold `capacity` events or the trigger columns are full. Returns the address of the
 * first unread byte.
 */
export function decode(input: usize, end: usize, capacity: i32): usize {
  if (load<i32>(HAS_TIME_BASE) === 0) buildMoves();
  let next = input;
  do {
    input = decodeRuns(next, end, capacity);
    next = decodeWord(input, end, capacity);
  } while (next !== input);
  return input;
}
