// One case of one build: checked, then measured.

import { CASES, suiteOf } from "../cases.mjs";
import { summarize } from "../stats/estimates.mjs";
import { withCase } from "./child.mjs";

/** Before samples are taken. */
const WARM_UP_MS = 500;

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {string} suite
 * @property {string} title
 * @property {number | null} events of the input; null where the time does not depend on them
 * @property {number | null} bytes
 * @property {number[]} seconds of every sample
 * @property {import("../stats/estimates.mjs").Summary} summary of the seconds
 * @property {import("../stats/estimates.mjs").Estimate | null} eventsPerSecond by the median
 * @property {import("../stats/estimates.mjs").Estimate | null} bytesPerSecond
 * @property {number} peakBytes of a process that does it once
 * @property {Record<string, number>} facts
 * @property {string} [capped]
 * @property {boolean} isRival
 */

/**
 * What a process gets to run a case.
 *
 * @param {string} name
 * @param {import("./builds.mjs").Build} build
 * @param {import("./inputs-of-run.mjs").InputsOfRun} inputs
 */
export async function contextOf(name, build, inputs) {
  const found = await inputs.of(CASES[name], build);
  return { ...build, name, folder: inputs.folder, ...found };
}

/**
 * Checks a case, and runs it once for its memory: each in a new process, for `quick` both in one, which
 * is then asked for samples, too.
 *
 * @param {object} context of {@link contextOf}
 * @param {{ samples: number, isQuick: boolean }} options
 * @returns {Promise<Result>}
 */
export async function measure(context, { samples, isQuick }) {
  const taken = { checked: undefined, once: undefined, seconds: [] };
  const check = async (child) => {
    taken.checked = await child.ask("check");
  };
  const once = async (child) => {
    taken.once = await child.ask("once", isQuick ? {} : { warmUp: context.warmUp });
    const { events } = taken.once;
    const expected = taken.checked.events;
    if (expected !== undefined && expected !== null && events !== expected) {
      throw new Error(`${context.name}: ${events} events, not ${expected}`);
    }
  };
  const sample = async (child) => {
    if (!isQuick) await child.ask("warm", { milliseconds: WARM_UP_MS });
    taken.seconds = (await child.ask("sample", { samples })).seconds;
  };
  const steps = isQuick
    ? [async (child) => [await check(child), await once(child), await sample(child)]]
    : [check, once, sample];
  for (const step of steps) await withCase(context, step);
  return resultOf(context, {
    seconds: taken.seconds,
    peakBytes: taken.once.peakBytes,
    facts: taken.checked.facts,
  });
}

/** @returns {Result} */
export function resultOf({ name, input, capped }, { seconds, peakBytes, facts }) {
  const { title, isPerCall = false, isRival = false } = CASES[name];
  const summary = summarize(seconds);
  const hasRate = input !== undefined && !isPerCall;
  const rate = (amount) => ({
    value: amount / summary.median.value,
    low: amount / summary.median.high,
    high: amount / summary.median.low,
  });
  return {
    name,
    suite: suiteOf(name),
    title,
    events: hasRate ? input.events : null,
    bytes: hasRate ? input.bytes : null,
    seconds,
    summary,
    eventsPerSecond: hasRate ? rate(input.events) : null,
    bytesPerSecond: hasRate ? rate(input.bytes) : null,
    peakBytes,
    facts,
    capped,
    isRival,
  };
}

/** The peak of a process that runs a case once. */
export async function peakOf(context) {
  return withCase(context, (child) => child.ask("once", { warmUp: context.warmUp }));
}
