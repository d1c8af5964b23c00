/**
 * Benchmarks of the built package: every case checked, then measured in a process of its own.
 *
 * Usage: npm run bench -- --help
 *
 * A seed is a small EVT2 or EVT3 recording that the input repeats: each format takes the first one
 * it can use, a bundled sample when there is no other. EVT 2.1, DAT, text and HDF5 encode the events of
 * an EVT2 or EVT3 seed, so for those the order of the seeds counts.
 */
import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { CASES, chooseCases, SUITES } from "./cases.mjs";
import { CURRENT, freezeBuild, saveBuild, savedBuild } from "./harness/builds.mjs";
import { startCase } from "./harness/child.mjs";
import { compareBuilds, ROUNDS } from "./harness/compare-builds.mjs";
import { InputsOfRun, Unable } from "./harness/inputs-of-run.mjs";
import { describeMachine } from "./harness/machine.mjs";
import { contextOf, measure, measureQuickly } from "./harness/measure.mjs";
import { Others } from "./harness/side-by-side.mjs";
import { reportPage } from "./report/page.mjs";
import { buildLines, resultLines, sideBySideLines, targetLines } from "./report/text.mjs";
import { NOISE } from "./stats/ratios.mjs";
import { targetsReached } from "./targets.mjs";

const SIZES = { small: 1e6, medium: 10e6, large: 100e6 };
/** Samples where `--samples` does not say: long runs are taken fewer times. */
const SAMPLES = { small: 30, medium: 20, large: 10 };
/** What `--quick` takes: enough to see that all of it works. */
const QUICK = { events: 20_000, samples: 2 };

const options = readOptions();
const names = chooseCases({ suites: options.suite, cases: options.case });
const saved = typeof options.compare === "string" ? savedBuild(options.compare) : undefined;

const figures = {
  machine: describeMachine(),
  started: new Date().toISOString(),
  events: options.events,
  noise: options.noise,
  results: [],
  comparisons: [],
  skipped: [],
  targets: [],
};
const inputs = new InputsOfRun(options);
const present = saved ? freezeBuild() : CURRENT;
const others = options.compare === true ? new Others(inputs, present, options.rounds) : undefined;
let failures = 0;
/** @type {{ child?: import("./harness/child.mjs").Child, failures: number }} */
let shared = { failures };
try {
  say(figures.machine.text);
  for (const name of names) await runCase(name);
  finish();
} finally {
  await shared.child?.close();
  others?.remove();
}

async function runCase(name) {
  try {
    if (saved) await besideSaved(name);
    else await alone(name);
  } catch (error) {
    const isUnable = error instanceof Unable;
    if (!isUnable) failures++;
    figures.skipped.push({ name, reason: error.message, isFailure: !isUnable });
    say(`${name}: ${isUnable ? "skipped" : "FAILED"}, ${error.message}\n`);
  }
}

async function alone(name) {
  const context = await contextOf(name, present, inputs);
  const result = await (options.quick
    ? measureQuickly(context, options.samples, await sharedProcess(context))
    : measure(context, options.samples));
  figures.results.push(result);
  say(resultLines(result).join("\n"));
  if (others && !CASES[name].isRival) {
    for (const comparison of await others.beside(name)) {
      figures.comparisons.push(comparison);
      say(sideBySideLines(comparison).join("\n"));
    }
  }
  say("");
}

/** Of `--quick`; after a failure a new one, since nobody knows what the old one is left with. */
async function sharedProcess(context) {
  if (shared.failures !== failures) await shared.child?.close();
  if (shared.child === undefined || shared.failures !== failures) {
    shared = { child: await startCase(context), failures };
  }
  return shared.child;
}

async function besideSaved(name) {
  const builds = { present, kept: saved };
  const { noise, rounds } = options;
  const limits = { fewest: Math.min(ROUNDS.fewest, rounds), most: rounds };
  const found = await compareBuilds(name, builds, inputs, { noise, rounds: limits });
  figures.results.push(found.result);
  figures.comparisons.push(found.comparison);
  say([...resultLines(found.result), ...buildLines(found.comparison), ""].join("\n"));
}

function finish() {
  if (others) {
    figures.missing = [...others.missing];
    for (const line of figures.missing) say(line);
    figures.targets = targetsReached(figures.results, figures.comparisons);
    say(`\nTargets\n${targetLines(figures.targets).join("\n")}`);
  }
  const regressed = figures.comparisons.filter(({ verdict }) => verdict === "regressed");
  if (saved) {
    const count = (verdict) =>
      figures.comparisons.filter((found) => found.verdict === verdict).length;
    say(
      `beside ${saved.name}: ${count("improved")} improved, ${regressed.length} regressed,` +
        ` ${count("no change")} no change`,
    );
  }
  if (options.save) say(`kept as ${options.save}: ${saveBuild(options.save, figures)}`);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`);
  if (options.html) writeFileSync(options.html, reportPage(figures));
  if (failures > 0) say(`${failures} of ${names.length} cases failed`);
  if (failures > 0 || (options.failOnRegression && regressed.length > 0)) process.exitCode = 1;
}

function readOptions() {
  const collect = (value, all) => [...all, value];
  const given = new Command("bench")
    .description("Benchmarks of the built package.")
    .addOption(
      new Option("--size <size>", "1 M, 10 M or 100 M events")
        .choices(Object.keys(SIZES))
        .default("medium"),
    )
    .option("--events <n>", "so many events instead", positive)
    .option("--suite <name>", `${Object.keys(SUITES).join(", ")}; may be repeated`, collect, [])
    .option("--case <name>", "a case, or part of its name; may be repeated", collect, [])
    .option("--samples <n>", "timed runs of each case", positive)
    .option("--seed <file>", "a recording that inputs repeat; may be repeated", collect, [])
    .option("--geometry <WxH>", "of a seed whose header does not tell", geometry)
    .option("--save <name>", "keep this build and its figures to be compared with")
    .option(
      "--compare [name]",
      "alternate with a kept build; without a name: with C, Python and others",
    )
    .option("--rounds <n>", "most rounds of a comparison: 30 with a build, 5 with others", positive)
    .option("--noise <percent>", "changes that are smaller are none", positive, NOISE * 100)
    .option("--fail-on-regression", "exit with 1 where a case regressed")
    .option("--quick", "few events, one process for all: to see that all of it works")
    .option("--json <file>", "write all figures")
    .option("--html <file>", "write a report with plots, one file that needs no network")
    .parse()
    .opts();
  const isQuick = given.quick === true;
  return {
    ...given,
    quick: isQuick,
    noise: given.noise / 100,
    seeds: given.seed,
    events: given.events ?? (isQuick ? QUICK.events : SIZES[given.size]),
    samples: given.samples ?? (isQuick ? QUICK.samples : SAMPLES[given.size]),
    rounds: given.rounds ?? (typeof given.compare === "string" ? ROUNDS.most : 5),
  };
}

function positive(text) {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError("a number above 0");
}

function geometry(text) {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (width === undefined) throw new InvalidArgumentError("WIDTHxHEIGHT, for example 1280x720");
  return { width: Number(width), height: Number(height) };
}

function say(text) {
  console.log(text);
}
