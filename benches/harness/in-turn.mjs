// Two things in turn, until their ratio is known or enough was tried.
//
// Machines change their speed by a third for tens of seconds, so figures of two runs say nothing: what
// is compared is taken in neighbouring moments, first, second, second, first (the next time the other
// way round), from two processes that wait for their turn. Processes of the same code differ, too (where code and memory came to lie),
// so there are new ones every round, and rounds are what the interval is made of.

import { median } from "../stats/estimates.mjs";
import { isNarrow, NOISE, undisturbedRatio, usualRatio } from "../stats/ratios.mjs";
import { startCase } from "./child.mjs";

/** A turn: as many runs as fit, at least one. */
const TURN_MS = 40;
/** Of turns in a round; long runs have fewer. */
const ROUND_MS = 3000;
const MOST_QUARTETS = 16;
const WARM_UP_MS = 300;

/**
 * @typedef {object} Contestant
 * @property {() => Promise<Started>} start
 *
 * @typedef {object} Started
 * @property {() => Promise<number[]>} turn seconds of each run, or seconds per event
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Limits
 * @property {number} fewest rounds
 * @property {number} most rounds
 * @property {number} [noise]
 * @property {number} [seconds] after which no further round begins, once the fewest are done
 */

/**
 * A case, whose process stays for a round.
 *
 * @param {object} context
 * @param {number} unit what the seconds are divided by: events, or 1
 * @returns {Contestant}
 */
export function caseInTurn(context, unit) {
  return {
    async start() {
      const child = await startCase(context);
      await child.ask("warm", { milliseconds: WARM_UP_MS });
      return {
        async turn() {
          const asked = { samples: 1, milliseconds: TURN_MS };
          const { seconds } = await child.ask("sample", asked);
          return seconds.map((second) => second / unit);
        },
        close: child.close,
      };
    },
  };
}

/**
 * @typedef {object} Outcome ratios are second over first
 * @property {import("../stats/ratios.mjs").Round[]} rounds
 * @property {import("../stats/estimates.mjs").Estimate} usual
 * @property {import("../stats/estimates.mjs").Estimate} undisturbed
 */

/**
 * @param {Contestant} first
 * @param {Contestant} second
 * @param {Limits} limits
 * @returns {Promise<Outcome>}
 */
export async function runInTurn(first, second, { fewest, most, noise = NOISE, seconds = 150 }) {
  const rounds = [];
  const startedAt = performance.now();
  for (;;) {
    rounds.push(await runRound(first, second, rounds.length % 2 === 1));
    if (rounds.length < fewest) continue;
    const [usual, undisturbed] = [usualRatio(rounds), undisturbedRatio(rounds)];
    const isDone = isNarrow(usual, noise) || isNarrow(undisturbed, noise);
    const isLate = performance.now() - startedAt > seconds * 1000;
    if (isDone || isLate || rounds.length >= most) return { rounds, usual, undisturbed };
  }
}

/** New processes, the one started first in turn as well. */
async function runRound(first, second, isSwapped) {
  const [early, late] = isSwapped ? [second, first] : [first, second];
  const started = [];
  try {
    started.push(await early.start());
    started.push(await late.start());
    const [a, b] = isSwapped ? started.toReversed() : started;
    return await takeTurns(a, b, isSwapped);
  } finally {
    for (const { close } of started) await close();
  }
}

/** @returns {Promise<import("../stats/ratios.mjs").Round>} */
async function takeTurns(a, b, isSwapped) {
  const pairs = [];
  const runs = [[], []];
  const turn = async (of) => {
    const seconds = await [a, b][of].turn();
    runs[of].push(...seconds);
    return median(seconds);
  };
  const startedAt = performance.now();
  let quartets = 1;
  for (let done = 0; done < quartets; done++) {
    // Which one begins changes, too: of four turns the third follows one of the same, and is the fastest.
    const begins = (done % 2 === 0) === isSwapped ? 1 : 0;
    const [early, late] = [await turn(begins), await turn(1 - begins)];
    const [late2, early2] = [await turn(1 - begins), await turn(begins)];
    if (begins === 0) pairs.push([early, late], [early2, late2]);
    else pairs.push([late, early], [late2, early2]);
    if (done > 0) continue;
    const milliseconds = performance.now() - startedAt;
    const fitting = Math.round(ROUND_MS / milliseconds);
    // Of each sort as many.
    quartets = fitting < 2 ? 1 : Math.min(MOST_QUARTETS, 2 * Math.floor(fitting / 2));
  }
  return { pairs, runs };
}
