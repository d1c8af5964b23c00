// Two things that ran in turn: their ratio, and what it says.

import { bootstrap, bootstrapOf, mean, median, middleOfPairs, quantileOf } from "./estimates.mjs";

/** Changes that are smaller are none: processes of the same code differ by as much. */
export const NOISE = 0.03;

/**
 * @typedef {"improved" | "regressed" | "no change"} Verdict
 * @typedef {import("./estimates.mjs").Estimate} Estimate
 * @typedef {[first: number, second: number][]} Pairs of times of the two things: in even places one of
 *   them ran before the other, in the odd place behind that after it
 * @typedef {object} Round
 * @property {Pairs} pairs a pair for neighbouring turns, each the median of its runs
 * @property {[first: number[], second: number[]]} runs the time of every single run
 */

/** Those of a quartet that one begins, and of one that the other begins. */
const PAIRS_TAKEN_AS_ONE = 4;
/** Of all runs, the part that is taken to have run undisturbed. */
const UNDISTURBED = 0.05;

/**
 * The ratio of a round, second over first, as a logarithm. Four neighbouring pairs, taken as first,
 * second, second, first and the other way round, are one: what grows steadily meanwhile cancels out, and so
 * does what a thing gains where it follows itself. Of those the median, so that in rounds of many pairs a
 * disturbance of some of them does not count.
 *
 * @param {Round} round at least one pair
 */
export function ratioOfRound(round) {
  const pairs = round.pairs.map(([first, second]) => Math.log(second / first));
  const means = [];
  for (let at = 0; at < pairs.length; at += PAIRS_TAKEN_AS_ONE) {
    means.push(mean(pairs.slice(at, at + PAIRS_TAKEN_AS_ONE)));
  }
  return median(means);
}

/**
 * The ratio of usual runs over all rounds, second over first. Rounds are what is resampled, since the
 * pairs of a round share their processes and with them what differs from one process to the next.
 *
 * @param {readonly Round[]} rounds
 * @returns {Estimate}
 */
export function usualRatio(rounds) {
  const { value, low, high } = bootstrap(rounds.map(ratioOfRound), middleOfPairs);
  return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) };
}

/**
 * The ratio of runs that nothing disturbed, second over first: of the fastest twentieth of either, all
 * rounds together. On a machine that others keep busy most runs mostly wait, and only the fastest tell
 * what the work takes.
 *
 * @param {readonly Round[]} rounds
 * @returns {Estimate}
 */
export function undisturbedRatio(rounds) {
  const fast = (chosen, which) => {
    const runs = Float64Array.from(chosen.flatMap((round) => round.runs[which])).sort();
    return quantileOf(runs, UNDISTURBED);
  };
  return bootstrapOf(rounds, (chosen) => fast(chosen, 1) / fast(chosen, 0), { resamples: 400 });
}

/**
 * Whether an interval reaches no further than the noise to either side, so that more rounds would not
 * change the verdict.
 *
 * @param {Estimate} ratio
 * @param {number} noise
 */
export function isNarrow({ low, high }, noise = NOISE) {
  return Math.log(high / low) <= 2 * Math.log1p(noise);
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
 * The verdict over both ratios. What is usual counts, where it changed. Where it did not, or the machine
 * was too busy to tell, the undisturbed runs decide, unless the usual ones point the other way: a few
 * of the fastest may all have come in the same lucky moment.
 *
 * @param {Estimate} usual
 * @param {Estimate} undisturbed
 * @param {number} noise
 * @returns {{ verdict: Verdict, by: "usual" | "undisturbed" }} which ratio the verdict rests on: of two
 *   that tell no change the narrower one
 */
export function judge(usual, undisturbed, noise = NOISE) {
  const verdict = verdictOf(usual, noise);
  if (verdict !== "no change") return { verdict, by: "usual" };
  const isSupported = usual.value > 1 === undisturbed.value > 1;
  const other = isSupported ? verdictOf(undisturbed, noise) : "no change";
  const isNarrower = usual.high / usual.low <= undisturbed.high / undisturbed.low;
  return { verdict: other, by: other === "no change" && isNarrower ? "usual" : "undisturbed" };
}
