/**
 * A case in a process of its own, so that its memory is its own. Started by `harness/child.mjs`, which
 * sends what to do: a message a step, an answer each.
 */
import { Bench } from "tinybench";
import { CASES, FIXTURES } from "./cases.mjs";
import { peakBytes } from "./harness/peak.mjs";
import { expectSame } from "./suites/sums.mjs";

/** @type {import("./cases.mjs").Context} */
let context;
/** @type {string} */
let name;
/** @type {import("./cases.mjs").Work | undefined} */
let work;

const STEPS = {
  /** Which case of which build; in place of the one before, if any. */
  async open(asked) {
    work?.close?.();
    work = undefined;
    const evarrow = await import(new URL(asked.library, asked.build).href);
    name = asked.name;
    context = { ...asked, evarrow };
  },

  /** Makes a file that other cases read. */
  async fixture({ fixture, path }) {
    await FIXTURES[fixture](context, path);
  },

  /** Checks what the case delivers; what it finds of the sums of the input must be the same. */
  async check() {
    const { facts = {}, found, firstT, ...sums } = await (await prepared()).check();
    for (const [key, value] of Object.entries(sums)) {
      expectSame({ [key]: value }, { [key]: context.input[key] }, name);
    }
    return { facts, events: found ?? sums.events };
  },

  /** One run, after one over a small file that has the code compiled; peak memory is that of both. */
  async once({ warmUp, warmUpFixture }) {
    if (warmUp) {
      const other = { ...context, input: warmUp, fixture: warmUpFixture };
      const small = await CASES[name].prepare(other);
      await small.run();
      small.close?.();
    }
    const { run, peakBytes: peakOfOther } = await prepared();
    const startedAt = performance.now();
    const events = await run();
    const seconds = (performance.now() - startedAt) / 1000;
    return { events, seconds, peakBytes: peakOfOther?.() ?? peakBytes() };
  },

  /** Runs without taking times, until code is compiled and memory is there. */
  async warm({ milliseconds }) {
    const { run } = await prepared();
    const until = performance.now() + milliseconds;
    do await run();
    while (performance.now() < until);
  },

  /** Seconds of each of `samples` runs, or of as many as fit into the time. */
  async sample({ samples, milliseconds = 0 }) {
    const { run } = await prepared();
    const bench = new Bench({
      iterations: samples,
      time: milliseconds,
      warmup: false,
      retainSamples: true,
      throws: true,
    });
    bench.add(name, async () => void (await run()));
    const [{ result }] = await bench.run();
    return { seconds: result.latency.samples.map((milliseconds) => milliseconds / 1000) };
  },

  async close() {
    work?.close?.();
    // A channel that is open would keep the process.
    setImmediate(() => process.disconnect());
  },
};

async function prepared() {
  work ??= await CASES[name].prepare(context);
  return work;
}

process.on("message", async ({ step, ...asked }) => {
  try {
    process.send({ answer: (await STEPS[step](asked)) ?? {} });
  } catch (error) {
    process.send({ failure: error?.message ?? String(error) });
  }
});
