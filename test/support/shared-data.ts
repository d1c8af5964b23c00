/**
 * The one way for tests to reach real recordings. They are not part of the project: where they are
 * absent, the tests that need them are skipped and say so.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { it } from "vitest";

/** What one recording must decode to, as `expected.json` beside the recordings states it. */
export interface SharedExpectation {
  /** Number of events. */
  events: number;
  /** Number of ON events. */
  on: number;
  /** What `referenceDigest` returns for the events in file order. */
  digest: string;
  layout: string;
  sum_x?: number;
  sum_y?: number;
  /** Sum of t minus the first t. */
  sum_t_rel?: number;
  /** t, x, y, p. */
  first?: [number, number, number, number];
  last?: [number, number, number, number];
  /** Width, height. */
  geometry?: [number, number];
  time_tolerance_us?: number;
}

/** Relative to the project root. */
const SHARED_DATA = "../shared/data";
const EXPECTED = "expected.json";

const projectRoot = new URL("../../", import.meta.url);
const warned = new Set<string>();

/** The path of a recording such as `evt2_sample.raw` or `hdf5/dsec.h5`; null where it is absent. */
export function sharedFile(name: string): string | null {
  const path = fileURLToPath(new URL(`${SHARED_DATA}/${name}`, projectRoot));
  return existsSync(path) ? path : null;
}

/** The expectations by recording name; null where they are absent. */
export function sharedExpected(): Record<string, SharedExpectation> | null {
  const path = sharedFile(EXPECTED);
  if (path === null) return null;
  const { _about, ...expected } = JSON.parse(readFileSync(path, "utf8"));
  return expected;
}

/** `it` for a test of one recording: skipped, with the reason in its name, where that is absent. */
export function itWithSharedData(
  name: string,
  file: string,
  fn: (path: string, expected: SharedExpectation) => void | Promise<void>,
): void {
  const path = sharedFile(file);
  const expected = sharedExpected();
  if (path === null || expected === null) {
    const reason = `skipped: ${absentPart(file)} is absent`;
    if (!warned.has(reason)) console.warn(reason);
    warned.add(reason);
    it.skip(`${name} (${reason})`);
    return;
  }
  it(name, () => {
    const expectation = expected[file];
    if (expectation === undefined) throw new Error(`${EXPECTED} has no entry for ${file}`);
    return fn(path, expectation);
  });
}

/** The folder where that is absent, so that its reason is printed once and not once per file. */
function absentPart(file: string): string {
  if (sharedFile("") === null) return SHARED_DATA;
  return sharedFile(file) === null ? `${SHARED_DATA}/${file}` : `${SHARED_DATA}/${EXPECTED}`;
}
