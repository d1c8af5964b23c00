// The inputs of one run: of each format and size one, made when the first case asks for it.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { detectFormat, loadStatistics } from "evarrow";
import { benchInput, findSeed } from "../inputs.mjs";
import { withCase } from "./child.mjs";
import { makeScratch } from "./scratch.mjs";

/** The seeds of last resort. */
const SAMPLES = ["moving-bar.evt2.raw", "falling-bar.evt3.raw"].map((name) =>
  fileURLToPath(new URL(`../../data-samples/${name}`, import.meta.url)),
);
/** Events of the small input with which a process warms up. */
const WARM_UP_EVENTS = 200_000;

/** Why a case cannot run; told by name, and no failure. */
export class Unable extends Error {}

/**
 * @typedef {import("../inputs.mjs").BenchInput & { seedEvents: number }} Input
 * @typedef {object} CaseInputs
 * @property {Input} [input]
 * @property {Input} [warmUp]
 * @property {string} [fixture] path
 * @property {string} [warmUpFixture] the same of the warm-up
 * @property {string} [capped] why there are fewer events than asked for
 */

export class InputsOfRun {
  /**
   * @param {object} options
   * @param {number} options.events
   * @param {readonly string[]} options.seeds paths
   * @param {{ width: number, height: number }} [options.geometry] of a seed whose header does not tell
   */
  constructor({ events, seeds, geometry }) {
    this.events = events;
    this.seeds = [...seeds, ...SAMPLES];
    this.geometry = geometry;
    /** For what cases write, and the files that they read. */
    this.folder = makeScratch("evarrow-bench-run");
    /** @type {Map<string, Promise<any>>} */
    this.made = new Map();
  }

  /**
   * @param {import("../cases.mjs").Case} found
   * @param {import("./builds.mjs").Build} build makes what the case reads
   * @returns {Promise<CaseInputs>}
   * @throws {Unable}
   */
  async of({ format, most = Number.POSITIVE_INFINITY, fixture }, build) {
    if (format === undefined) return {};
    const events = Math.min(this.events, most);
    const input = await this.#input(format, events);
    const warmUp = await this.#input(format, Math.min(WARM_UP_EVENTS, events));
    const capped =
      events < this.events
        ? `${events.toLocaleString("en")} events, since more take long`
        : undefined;
    if (fixture === undefined) return { input, warmUp, capped };
    const [path, warmUpFixture] = [
      await this.#fixture(fixture, input, build),
      await this.#fixture(fixture, warmUp, build),
    ];
    return { input, warmUp, capped, fixture: path, warmUpFixture };
  }

  #input(format, events) {
    return this.#once(`${format} ${events}`, async () => {
      const seed = await findSeed(format, this.seeds);
      if (!seed) throw new Unable(`none of the seeds can be used for ${format}`);
      const input = await benchInput({ format, seed, events, geometry: this.geometry });
      const { supported, name } = await detectFormat(input.path);
      if (!supported) throw new Unable(`${name} is not read`);
      const { events: seedEvents } = await this.#once(seed, () => loadStatistics(seed));
      return { ...input, seedEvents };
    });
  }

  #fixture(fixture, input, build) {
    const path = join(this.folder, `${input.events}-${fixture}`);
    return this.#once(path, async () => {
      const context = { ...build, name: fixture, input, folder: this.folder };
      await withCase(context, (child) => child.ask("fixture", { fixture, path }));
      return path;
    });
  }

  /** @template T @param {string} key @param {() => Promise<T>} make @returns {Promise<T>} */
  #once(key, make) {
    let made = this.made.get(key);
    if (made === undefined) {
      made = make();
      this.made.set(key, made);
    }
    return made;
  }
}
