/**
 * Whether the comparison of builds tells a change from none: a kernel that is made a tenth slower has
 * to be reported as regressed, unchanged code as no change, in at least nine of ten tries each.
 *
 * The kernel is made slower in its source: it goes over its input in pieces of 16 KiB, and of every ten
 * pieces it decodes one twice, from the same state into the same place. That is a tenth more of the
 * kernel's own work; reading and handing out are as before, so the case as a whole slows by less.
 *
 * Usage: npm run bench:selftest -- [--tries 10] [--case decode-evt3-stream] [--events 10e6] [--seed FILE]
 */
import { join } from "node:path";
import { Command } from "commander";
import { CASES } from "./cases.mjs";
import { copyBuild } from "./harness/builds.mjs";
import { compareBuilds } from "./harness/compare-builds.mjs";
import { InputsOfRun } from "./harness/inputs-of-run.mjs";
import { makeScratch } from "./harness/scratch.mjs";
import { slowDown } from "./harness/slow-kernel.mjs";

/** Of ten. */
const WANTED = 0.9;

const collect = (value, all) => [...all, value];
const options = new Command("bench:selftest")
  .option("--tries <n>", "comparisons of each sort", "10")
  .option(
    "--case <name>",
    "what is compared: it has to use the kernel of its format",
    "decode-evt3-stream",
  )
  .option("--events <n>", "events of the input", "10e6")
  .option("--seed <file>", "a recording that the input repeats; may be repeated", collect, [])
  .parse()
  .opts();

const tries = Number(options.tries);
const name = options.case;
if (!(Number.isSafeInteger(tries) && tries > 0)) throw new RangeError("--tries takes a number");
if (CASES[name]?.format === undefined) throw new RangeError(`no case ${name} with a format`);

const folder = makeScratch("evarrow-selftest");
const inputs = new InputsOfRun({ events: Number(options.events), seeds: options.seed });
const show = ({ value, low, high }) =>
  `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
const kept = copyBuild(join(folder, "kept"), "kept");
const same = copyBuild(join(folder, "same"), "same");
const slower = copyBuild(join(folder, "slower"), "slower");
await slowDown(join(folder, "slower"), CASES[name].format, folder);

const right = { regressed: 0, "no change": 0 };
for (let at = 1; at <= tries; at++) {
  for (const [present, expected] of [
    [slower, "regressed"],
    [same, "no change"],
  ]) {
    const startedAt = performance.now();
    const { comparison } = await compareBuilds(name, { present, kept }, inputs);
    const { ratio, ratios, verdict, by, usual } = comparison;
    if (verdict === expected) right[expected]++;
    console.log(
      `${at} ${present.name.padEnd(6)} ${verdict === expected ? "" : "WRONG: "}${verdict},` +
        ` ${by} ${show(ratio)}, ${by === "usual" ? "" : `usual ${show(usual)}, `}` +
        ` ${ratios.length} rounds, ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
    );
  }
}
console.log(`a kernel a tenth slower: regressed in ${right.regressed} of ${tries}`);
console.log(`unchanged code: no change in ${right["no change"]} of ${tries}`);
if (Math.min(...Object.values(right)) < WANTED * tries) process.exitCode = 1;
