// All that is measured, by name. A case is a job as a user of the package writes it; `suites/` has them.

import { cases as container, fixtures } from "./suites/container.mjs";
import { cases as decode } from "./suites/decode.mjs";
import { cases as query } from "./suites/query.mjs";
import { cases as startup } from "./suites/startup.mjs";
import { cases as stream } from "./suites/stream.mjs";
import { cases as threads } from "./suites/threads.mjs";

/**
 * @typedef {object} Context
 * @property {typeof import("evarrow")} evarrow the build that is measured
 * @property {string} build address of its folder
 * @property {import("./inputs.mjs").BenchInput & { seedEvents: number }} input
 * @property {string} folder for what the case writes
 * @property {string} [fixture] path of the file that it asked for
 *
 * @typedef {object} Work
 * @property {() => Promise<number>} run the timed job; returns the number of events it gave
 * @property {() => Promise<Record<string, unknown>>} check the same job, and what it delivered: sums that
 *   must be those of the input, `found` where it gives other than all events, `facts` to be printed
 * @property {() => number} [peakBytes] where the work is done by another process
 * @property {() => void} [close]
 *
 * @typedef {object} Case
 * @property {string} title
 * @property {import("./inputs.mjs").InputFormat} [format] of its input; none where it has none
 * @property {number} [most] events, where more would take too long; said in the output
 * @property {string} [fixture] a file of `suites/container.mjs` that it reads
 * @property {boolean} [isRival] another way to do what evarrow does: measured, but never a target
 * @property {boolean} [isPerCall] takes as long however many events there are: no rate
 * @property {"stream" | "fresh"} [baseline] the mode of the C program that does the same
 * @property {readonly string[]} [peers] what programs in Python do that is the same or near it
 * @property {readonly string[]} [arrowPeers] the same of programs that are given an Arrow file
 * @property {readonly string[]} [beside] cases that it is set beside, pair by pair
 * @property {(context: Context) => Promise<Work>} prepare what is not timed
 *
 * @typedef {Record<string, Case>} Suite
 */

/** @type {Record<string, Suite>} */
export const SUITES = { decode, stream, threads, query, container, startup };

/** @type {Suite} */
export const CASES = Object.assign({}, ...Object.values(SUITES));

export { fixtures as FIXTURES };

/**
 * The names of the cases that are meant.
 *
 * @param {{ suites?: readonly string[], cases?: readonly string[] }} asked names of suites; names of
 *   cases or parts of them. Without either: all
 * @returns {string[]}
 * @throws {RangeError} for a name that there is not, with those that there are
 */
export function chooseCases({ suites = [], cases = [] }) {
  for (const name of suites) {
    if (SUITES[name] === undefined) {
      throw new RangeError(`no suite ${name}; there are ${Object.keys(SUITES).join(", ")}`);
    }
  }
  const within = Object.keys(suites.length === 0 ? CASES : pick(suites));
  if (cases.length === 0) return within;
  const chosen = new Set();
  for (const asked of cases) {
    const found = within.includes(asked) ? [asked] : within.filter((name) => name.includes(asked));
    if (found.length === 0) {
      throw new RangeError(`no case ${asked}; there are\n  ${within.join("\n  ")}`);
    }
    for (const name of found) chosen.add(name);
  }
  return within.filter((name) => chosen.has(name));
}

/** @param {string} name of a case */
export function suiteOf(name) {
  return Object.keys(SUITES).find((suite) => SUITES[suite][name] !== undefined);
}

function pick(suites) {
  return Object.assign({}, ...suites.map((suite) => SUITES[suite]));
}
