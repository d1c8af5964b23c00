// The present build beside a kept one: a verdict for each case.

import { CASES } from "../cases.mjs";
import { judge, NOISE, ratioOfRound } from "../stats/ratios.mjs";
import { withCase } from "./child.mjs";
import { caseInTurn, runInTurn } from "./in-turn.mjs";
import { contextOf, peakOf, resultOf } from "./measure.mjs";

/** How many rounds of new processes there are: more while the interval is wide. */
export const ROUNDS = { fewest: 5, most: 30 };

/**
 * @typedef {object} BuildComparison
 * @property {"build"} kind
 * @property {string} name of the case
 * @property {string} against name of the kept build
 * @property {import("../stats/estimates.mjs").Estimate} ratio present over kept, above 1 is slower: of
 *   the runs that the verdict rests on
 * @property {number[]} ratios of the rounds
 * @property {import("../stats/ratios.mjs").Verdict} verdict
 * @property {"usual" | "undisturbed"} by which runs the verdict rests on
 * @property {import("../stats/estimates.mjs").Estimate} usual
 * @property {import("../stats/estimates.mjs").Estimate} undisturbed
 * @property {number} noise
 * @property {number} peakBytes of the present build
 * @property {number} otherPeakBytes
 */

/**
 * @param {string} name
 * @param {{ present: import("./builds.mjs").Build, kept: import("./builds.mjs").Build }} builds
 * @param {import("./inputs-of-run.mjs").InputsOfRun} inputs
 * @param {{ noise?: number, rounds?: { fewest: number, most: number } }} [options]
 * @returns {Promise<{ result: import("./measure.mjs").Result, comparison: BuildComparison }>} `result` is
 *   that of the present build, of the times taken in turn
 */
export async function compareBuilds(name, { present, kept }, inputs, options = {}) {
  const { noise = NOISE, rounds: limits = ROUNDS } = options;
  const contexts = [];
  for (const build of [kept, present]) {
    // What a case reads is made by the present build for both.
    contexts.push({ ...(await contextOf(name, present, inputs)), ...build, name });
  }
  const checks = [];
  for (const context of contexts) {
    checks.push(await withCase(context, (child) => child.ask("check")));
  }
  const [other, own] = [await peakOf(contexts[0]), await peakOf(contexts[1])];
  const unit = unitOf(name, contexts[1]);
  const [first, second] = contexts.map((context) => caseInTurn(context, unit));
  const found = await runInTurn(first, second, { ...limits, noise });
  const { verdict, by } = judge(found.usual, found.undisturbed, noise);
  const seconds = found.rounds.flatMap(({ runs }) => runs[1].map((second) => second * unit));
  return {
    result: resultOf(contexts[1], { seconds, peakBytes: own.peakBytes, facts: checks[1].facts }),
    comparison: {
      kind: "build",
      name,
      against: kept.name,
      ratio: found[by],
      ratios: found.rounds.map((round) => Math.exp(ratioOfRound(round))),
      verdict,
      by,
      usual: found.usual,
      undisturbed: found.undisturbed,
      noise,
      peakBytes: own.peakBytes,
      otherPeakBytes: other.peakBytes,
    },
  };
}

/** Seconds are divided by events where there are such. */
export function unitOf(name, { input }) {
  return input === undefined || CASES[name].isPerCall ? 1 : input.events;
}
