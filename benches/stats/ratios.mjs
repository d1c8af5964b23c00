// Two things that ran in turn: their ratio, and what it says.

import { bootstrap, median, middleOfPairs } from "./estimates.mjs";

/** Changes that are smaller are none: processes of the same code differ by as much. */
export const NOISE = 0.03;

/**
 * @typedef {"improved" | "regressed" | "no change"} Verdict
 * @typedef {import("./estimates.mjs").Estimate} Estimate
 * @typedef {[first: number, second: number][]} Round pairs of times in the order in which they were
 *   taken: in even places the first thing ran before the second, in odd ones after it
 */

/**
 * The ratio of a round, second over first, as a logarithm. Two neighbouring pairs, taken as first,
 * second, second, first, are one: what grows steadily meanwhile cancels out. Of those the median, so
 * that a disturbance of some of them does not count.
 *
 * @param {Round} round at least one pair
 */
export function ratioOfRound(round) {
  const pairs = round.map(([first, second]) => Math.log(second / first));
  const quartets = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) quartets.push((pairs[at] + pairs[at + 1]) / 2);
  return median(quartets.length > 0 ? quartets : pairs);
}

/**
 * The ratio over all rounds, second over first. Rounds are what is resampled, since the pairs of a
 * round share their processes and with them what differs from one process to the next.
 *
 * @param {readonly Round[]} rounds
 * @returns {Estimate}
 */
export function ratioOf(rounds) {
  const { value, low, high } = bootstrap(rounds.map(ratioOfRound), middleOfPairs);
  return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) };
}

/**
 * Whether an interval is as narrow as the noise, so that more rounds would not tell more.
 *
 * @param {Estimate} ratio
 * @param {number} noise
 */
export function isNarrow({ low, high }, noise = NOISE) {
  return Math.log(high / low) <= Math.log1p(noise);
}

/** An interval so many times as wide as the noise gives no verdict. */
const WIDE = 4;

/**
 * What a ratio of times, new over old, says. A change is one beyond the noise whose interval does not
 * hold 1, and is not so wide that it comes from a few disturbed rounds.
 *
 * @param {Estimate} ratio
 * @param {number} noise
 * @returns {Verdict}
 */
export function verdictOf({ value, low, high }, noise = NOISE) {
  if (Math.log(high / low) > WIDE * Math.log1p(noise)) return "no change";
  if (low > 1 && value >= 1 + noise) return "regressed";
  if (high < 1 && value <= 1 / (1 + noise)) return "improved";
  return "no change";
}

/**
 * The verdict over both times. The time that passed is what people feel, so where it changed, that
 * counts. Where it did not, or the machine was too busy to tell, CPU time decides.
 *
 * @param {Estimate} wall
 * @param {Estimate | null} cpu
 * @param {number} noise
 * @returns {{ verdict: Verdict, by: "time" | "CPU time" }} `by`: which of the two `verdict` rests on
 */
export function judge(wall, cpu, noise = NOISE) {
  const verdict = verdictOf(wall, noise);
  if (verdict !== "no change" || cpu === null) return { verdict, by: "time" };
  return { verdict: verdictOf(cpu, noise), by: "CPU time" };
}
