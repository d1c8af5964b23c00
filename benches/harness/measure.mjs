// One case of one build: checked, then measured.

import { CASES, suiteOf } from "../cases.mjs";
import { summarize } from "../stats/estimates.mjs";
import { withCase } from "./child.mjs";

/** Before samples are taken. */
const WARM_UP_MS = 500;
/** After so long, no more samples than these are taken. */
const MOST_MS = 5000;
const FEWEST_SAMPLES = 3;

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
 * Checks a case, runs it once for its memory, and takes samples: each in a new process.
 *
 * @param {object} context of {@link contextOf}
 * @param {number} samples
 * @returns {Promise<Result>}
 */
export async function measure(context, samples) {
  const checked = await withCase(context, (child) => child.ask("check"));
  const once = await peakOf(context);
  expectEvents(context, checked, once);
  const { seconds } = await withCase(context, async (child) => {
    await child.ask("warm", { milliseconds: WARM_UP_MS });
    return takeSamples(child, samples);
  });
  return resultOf(context, { seconds, peakBytes: once.peakBytes, facts: checked.facts });
}

/** As many samples as are asked for, or as the time allows. */
async function takeSamples(child, most) {
  const all = [];
  const startedAt = performance.now();
  while (all.length < most) {
    if (all.length >= FEWEST_SAMPLES && performance.now() - startedAt > MOST_MS) break;
    const { seconds } = await child.ask("sample", { samples: 1 });
    all.push(...seconds);
  }
  return { seconds: all };
}

/**
 * The same in a process that others had before, to see that all of it works: the figures mean little,
 * and peak memory is the most of all cases until then.
 *
 * @param {object} context
 * @param {number} samples
 * @param {import("./child.mjs").Child} child
 * @returns {Promise<Result>}
 */
export async function measureQuickly(context, samples, child) {
  await child.ask("open", context);
  const checked = await child.ask("check");
  const once = await child.ask("once");
  expectEvents(context, checked, once);
  const { seconds } = await child.ask("sample", { samples });
  return resultOf(context, { seconds, peakBytes: once.peakBytes, facts: checked.facts });
}

function expectEvents({ name }, { events: expected }, { events }) {
  if (typeof expected !== "number" || events === expected) return;
  throw new Error(`${name}: ${events} events, not ${expected}`);
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
  return withCase(context, (child) => child.ask("once", context));
}
