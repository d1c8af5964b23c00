// What a command takes from nothing to its answer: a process each.

import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const SAMPLE = fileURLToPath(new URL("../../data-samples/moving-bar.evt2.raw", import.meta.url));
const PEAK = new URL("../harness/print-peak.mjs", import.meta.url).href;

const COMMANDS = {
  "startup-version": {
    title: "evarrow --version",
    argv: ({ cli }) => [cli, "--version"],
    expected: /^\d+\.\d+\.\d+/,
  },
  "startup-info": {
    title: "evarrow info of a sample of 130 kB",
    argv: ({ cli }) => [cli, "info", SAMPLE],
    expected: /32.?256/,
  },
  "startup-node": {
    title: "Node alone, a program that does nothing",
    argv: () => ["-e", ""],
    expected: /^$/,
    isRival: true,
  },
};

/** @type {import("../cases.mjs").Suite} */
export const cases = Object.fromEntries(
  Object.entries(COMMANDS).map(([name, { title, argv, expected, isRival }]) => [
    name,
    {
      title,
      isRival,
      beside: isRival ? [] : ["startup-node"],
      prepare: async ({ build }) => {
        const args = argv({ cli: fileURLToPath(new URL("dist/cli/main.js", build)) });
        const run = (before = []) =>
          execFileSync(process.execPath, [...before, ...args], { encoding: "utf8", stdio: "pipe" });
        return {
          run: async () => run().length && 0,
          check: async () => {
            const text = run();
            if (!expected.test(text)) throw new Error(`${title} printed ${text}`);
            return {};
          },
          /** Of the command; this process only waits for it. */
          peakBytes: () => peakOf(args),
        };
      },
    },
  ]),
);

function peakOf(args) {
  const argv = ["--import", PEAK, ...args];
  const { stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  return Number(/peak bytes (\d+)/.exec(stderr)?.[1] ?? Number.NaN);
}
