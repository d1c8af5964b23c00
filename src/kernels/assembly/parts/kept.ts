import { KEPT } from "../../layout";

/**
 * A vector that a loop uses, taken from memory. One that the compiler can see through, V8 makes anew in
 * every turn: three instructions for a constant, two of them on the one port that moves lanes.
 */
export function kept(value: v128): v128 {
  v128.store(KEPT, value);
  return v128.load(KEPT);
}
