// Two things in turn, until their ratio is known or enough was tried.
//
// Machines change their speed by a third for tens of seconds, so figures of two runs say nothing: what
// is compared is taken in neighbouring moments, first, second, second, first, from two processes
// that wait for their turn. Processes of the same code differ, too (where code and memory came to lie),
// so there are new ones every round, and rounds are what the interval is made of.
//
// Each turn gives the time that passed and the CPU time of all threads of the process. On a machine
// that others use, the first says mostly how long a process waited for a core; the second does not.

import { median } from "../stats/estimates.mjs";
import { isNarrow, NOISE, ratioOf } from "../stats/ratios.mjs";
import { startCase } from "./child.mjs";

/** A turn: as many runs as fit, at least one. */
const TURN_MS = 40;
/** Of turns in a round; long runs have fewer. */
const ROUND_MS = 1200;
const MOST_QUARTETS = 8;
const WARM_UP_MS = 300;

/**
 * @typedef {object} Contestant
 * @property {() => Promise<Started>} start
 *
 * @typedef {object} Started
 * @property {() => Promise<Turn>} turn
 
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Turn seconds, or seconds per event
 * @property {number} wall that passed
 * @property {number | null} cpu of all threads; null where the work is that of another process
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
          const { seconds, cpuSeconds } = await child.ask("sample", asked);
          return {
            wall: median(seconds) / unit,
            cpu: cpuSeconds === null ? null : cpuSeconds / unit,
          };
        },
        close: child.close,
      };
    },
  };
}

/**
 * @typedef {object} Outcome ratios are second over first
 * @property {{ wall: Round, cpu: Round | null }[]} rounds
 * @property {import("../stats/estimates.mjs").Estimate} wall
 * @property {import("../stats/estimates.mjs").Estimate | null} cpu
 * @typedef {import("../stats/ratios.mjs").Round} Round
 */

/**
 * @param {Contestant} first
 * @param {Contestant} second
 * @param {Limits} limits
 * @returns {Promise<Outcome>}
 */
export async function runInTurn(first, second, { fewest, most, noise = NOISE, seconds = 60 }) {
  const rounds = [];
  const startedAt = performance.now();
  for (;;) {
    rounds.push(await runRound(first, second, rounds.length % 2 === 1));
    if (rounds.length < fewest) continue;
    const wall = ratioOf(rounds.map((round) => round.wall));
    const cpu = rounds[0].cpu === null ? null : ratioOf(rounds.map((round) => round.cpu));
    const isDone = isNarrow(cpu ?? wall, noise);
    const isLate = performance.now() - startedAt > seconds * 1000;
    if (isDone || isLate || rounds.length >= most) return { rounds, wall, cpu };
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
    return await takeTurns(a, b);
  } finally {
    for (const { close } of started) await close();
  }
}

/** @returns {Promise<{ wall: Round, cpu: Round | null }>} */
async function takeTurns(a, b) {
  const turns = [];
  const startedAt = performance.now();
  let quartets = 1;
  for (let done = 0; done < quartets; done++) {
    const [a1, b1] = [await a.turn(), await b.turn()];
    const [b2, a2] = [await b.turn(), await a.turn()];
    turns.push([a1, b1], [a2, b2]);
    if (done > 0) continue;
    const milliseconds = performance.now() - startedAt;
    quartets = Math.min(MOST_QUARTETS, Math.max(1, Math.round(ROUND_MS / milliseconds)));
  }
  const pairsOf = (key) => turns.map((pair) => pair.map((turn) => turn[key]));
  const hasCpu = turns.flat().every(({ cpu }) => cpu !== null && cpu > 0);
  return { wall: pairsOf("wall"), cpu: hasCpu ? pairsOf("cpu") : null };
}
