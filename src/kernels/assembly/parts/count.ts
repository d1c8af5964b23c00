import { COUNTERS, FIRST_SEEN } from "../../layout";

/** Adds to a counter and remembers the word that raised it first. */
export function count(slot: i32, word: usize, by: i32 = 1): void {
  if (by === 0) return;
  const counter = COUNTERS + (slot << 2);
  const seen = load<u32>(counter);
  if (seen === 0) store<u32>(FIRST_SEEN + (slot << 2), <u32>word);
  store<u32>(counter, seen + by);
}
