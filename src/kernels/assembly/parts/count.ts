import { COUNTERS, FIRST_SEEN, SUBTYPES, SUBTYPES_END } from "../../layout";

/** Adds to a counter and remembers the word that raised it first. */
export function count(slot: i32, word: usize, by: i32 = 1): void {
  if (by === 0) return;
  const counter = COUNTERS + (slot << 2);
  const seen = load<u32>(counter);
  if (seen === 0) store<u32>(FIRST_SEEN + (slot << 2), <u32>word);
  store<u32>(counter, seen + by);
}

/** Counts a vendor word OTHERS by its subtype. */
export function countSubtype(subtype: u32): void {
  const counter = SUBTYPES + (subtype << 2);
  store<u32>(counter, load<u32>(counter) + 1);
  if (subtype >= load<u32>(SUBTYPES_END)) store<u32>(SUBTYPES_END, subtype + 1);
}
