// Beside others on the same files: C programs, programs in Python, and other ways to do it in Node.

import { CASES } from "../cases.mjs";
import { findPeers } from "../peers.mjs";
import { bootstrap, median, middleOfPairs } from "../stats/estimates.mjs";
import { ratioOfRound, usualRatio } from "../stats/ratios.mjs";
import { compileBaseline } from "./baseline.mjs";
import { withCase } from "./child.mjs";
import { unitOf } from "./compare-builds.mjs";
import { caseInTurn, runInTurn } from "./in-turn.mjs";
import { contextOf, peakOf } from "./measure.mjs";

/**
 * No further round begins after so long: a hundred million events take some programs half a minute, and there are
 * a hundred comparisons.
 */
const MOST_MS = 15_000;

/**
 * @typedef {object} SideBySide
 * @property {"c" | "python" | "way"} kind
 * @property {string} name of the case
 * @property {string} against
 * @property {import("../stats/estimates.mjs").Estimate} ratio how many times as fast evarrow is
 * @property {number[]} ratios pair by pair
 * @property {number | null} eventsPerSecond of evarrow in these pairs
 * @property {number | null} otherEventsPerSecond
 * @property {number} peakBytes
 * @property {number | null} otherPeakBytes
 * @property {number} [ofMemcpy] of C: bytes in and out per second over those of memcpy
 * @property {number} [bytesPerEvent] of the file that the other one wrote or read
 * @property {string} [wrong] what the other one answers that is not so
 */

/** Everything that a case is set beside. Programs are looked for, and compiled, once a format. */
export class Others {
  /**
   * @param {import("./inputs-of-run.mjs").InputsOfRun} inputs
   * @param {import("./builds.mjs").Build} build
   * @param {number} rounds
   */
  constructor(inputs, build, rounds) {
    this.inputs = inputs;
    this.build = build;
    this.rounds = rounds;
    /** What is absent, by name. @type {Set<string>} */
    this.missing = new Set();
    this.baselines = new Map();
    this.checked = new Map();
  }

  /** @param {string} name @returns {Promise<SideBySide[]>} */
  async beside(name) {
    const context = await contextOf(name, this.build, this.inputs);
    const { format, baseline, peers = [], arrowPeers = [], beside = [] } = CASES[name];
    const found = [];
    if (baseline && format) found.push(...(await this.#besideC(context, baseline)));
    if (peers.length > 0) found.push(...(await this.#besidePython(context, peers, context)));
    if (arrowPeers.length > 0) found.push(...(await this.#besideArrow(context, arrowPeers)));
    for (const other of beside) found.push(await this.#besideWay(context, other));
    return found;
  }

  remove() {
    for (const baseline of this.baselines.values()) baseline?.remove();
  }

  async #besideC(context, mode) {
    const { input } = context;
    const baseline = this.#baseline(input);
    if (!baseline) return [];
    const run = (loop) => runBaseline(baseline, mode, input, loop);
    const found = [];
    for (const loop of baseline.loops) {
      const pairs = [];
      for (const round of roundsInTime(this.rounds)) {
        const copied = throughput(baseline.run("memcpy"));
        const [ours, theirs] = await inTurn(
          round,
          () => peakOf(context),
          () => run(loop),
        );
        pairs.push({ ours, theirs, ofMemcpy: throughput(theirs) / copied });
      }
      const against = `C "${loop}"`;
      if (pairs[0].theirs.events !== input.events) {
        throw new Error(`${against} finds ${pairs[0].theirs.events} events, not ${input.events}`);
      }
      const sums = sideOf(context, "c", against, pairs);
      const otherPeakBytes = Math.max(...pairs.map(({ theirs }) => theirs.peakRssBytes));
      const ofMemcpy = median(pairs.map((pair) => pair.ofMemcpy));
      found.push({ ...sums, otherPeakBytes, ofMemcpy });
    }
    return found;
  }

  /** What reads or writes other containers is given the events as an Arrow file. */
  async #besideArrow(context, jobs) {
    const { input } = context;
    const arrow = { format: input.format, most: input.events, fixture: "events.arrow" };
    const { fixture, warmUp, warmUpFixture } = await this.inputs.of(arrow, this.build);
    const file = (made, path) => ({ ...made, path, format: "arrow", rowGroup: made.seedEvents });
    const given = { input: file(input, fixture), warmUp: file(warmUp, warmUpFixture) };
    return this.#besidePython(context, jobs, given);
  }

  /** @param {{ input: object, warmUp: object }} given what the peers read */
  async #besidePython(context, jobs, { input, warmUp }) {
    const { peers, missing } = findPeers(input.format, jobs);
    for (const line of missing?.split("\n") ?? []) this.missing.add(line);
    const found = [];
    for (const peer of peers) {
      const { wrong } = this.#check(peer, input, warmUp);
      const pairs = [];
      for (const round of roundsInTime(this.rounds)) {
        const theirsOf = () => peer.run("once", input, warmUp);
        const [ours, theirs] = await inTurn(round, () => peakOf(context), theirsOf);
        if (theirs.seconds !== undefined) pairs.push({ ours, theirs });
        else this.missing.add(`${peer.name}, ${input.format}: ${theirs.wrong}`);
      }
      if (pairs.length === 0) continue;
      const { fileBytes } = pairs[0].theirs;
      const side = { ...sideOf(context, "python", peer.name, pairs), wrong };
      found.push(fileBytes ? { ...side, bytesPerEvent: fileBytes / input.events } : side);
    }
    return found;
  }

  /** Another case, its process kept for a round. */
  async #besideWay(context, other) {
    const theirs = await contextOf(other, this.build, this.inputs);
    await withCase(theirs, (child) => child.ask("check"));
    const [unit, otherUnit] = [unitOf(context.name, context), unitOf(other, theirs)];
    const limits = { fewest: 1, most: this.rounds, seconds: MOST_MS / 1000 };
    const contestants = [caseInTurn(context, unit), caseInTurn(theirs, otherUnit)];
    const { rounds } = await runInTurn(...contestants, limits);
    const rateOf = (which, per) =>
      per === 1 ? null : 1 / median(rounds.flatMap(({ runs }) => runs[which]));
    return {
      kind: "way",
      name: context.name,
      against: CASES[other].title,
      ratio: usualRatio(rounds),
      ratios: rounds.map((round) => Math.exp(ratioOfRound(round))),
      eventsPerSecond: rateOf(0, unit),
      otherEventsPerSecond: rateOf(1, otherUnit),
      peakBytes: (await peakOf(context)).peakBytes,
      otherPeakBytes: (await peakOf(theirs)).peakBytes,
    };
  }

  /** Compiled and checked when it is first asked for. */
  #baseline(input) {
    const { format } = input;
    if (this.baselines.has(format)) return this.baselines.get(format);
    const baseline = compileBaseline(format);
    this.baselines.set(format, baseline);
    if (baseline === undefined) this.missing.add("no C compiler: the comparison with C is skipped");
    for (const loop of baseline?.loops ?? []) {
      const found = runBaseline(baseline, "stream", input, loop, "--check");
      for (const key of ["events", "on", "sumX", "sumY"]) {
        if (found[key] === input[key]) continue;
        throw new Error(`C "${loop}": ${key} is ${found[key]}, not ${input[key]}`);
      }
    }
    return baseline;
  }

  /** What a program in Python answers; where that is wrong it is told, and timed all the same. */
  #check(peer, input, warmUp) {
    const key = `${peer.name} ${input.path}`;
    if (!this.checked.has(key)) this.checked.set(key, peer.run("check", input, warmUp));
    return this.checked.get(key);
  }
}

/** Numbers of rounds, until there are so many or time is up. */
function* roundsInTime(most) {
  const startedAt = performance.now();
  for (let round = 0; round < most; round++) {
    if (round > 0 && performance.now() - startedAt > MOST_MS) return;
    yield round;
  }
}

/** Every other time the second one first. */
async function inTurn(round, ours, theirs) {
  if (round % 2 === 0) return [await ours(), await theirs()];
  const second = await theirs();
  return [await ours(), second];
}

/** @returns {SideBySide} */
function sideOf({ name, input }, kind, against, pairs) {
  const logs = pairs.map(({ ours, theirs }) => Math.log(theirs.seconds / ours.seconds));
  const { value, low, high } = bootstrap(logs, middleOfPairs);
  const rateOf = (key) => input.events / median(pairs.map((pair) => pair[key].seconds));
  const peakOfSide = (key) => Math.max(...pairs.map((pair) => pair[key].peakBytes ?? Number.NaN));
  return {
    kind,
    name,
    against,
    ratio: { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) },
    ratios: logs.map(Math.exp),
    eventsPerSecond: rateOf("ours"),
    otherEventsPerSecond: rateOf("theirs"),
    peakBytes: peakOfSide("ours"),
    otherPeakBytes: peakOfSide("theirs"),
  };
}

/** Bytes in and out per second. */
function throughput({ bytesIn, bytesOut, seconds }) {
  return (bytesIn + bytesOut) / seconds;
}

function runBaseline(baseline, mode, { path, geometry }, loop, ...more) {
  const { width, height } = geometry;
  return baseline.run(mode, path, String(width), String(height), "--loop", loop, ...more);
}
