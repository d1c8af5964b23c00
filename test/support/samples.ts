/** The recordings of `data-samples`, and how each is to be loaded. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LoadOptions } from "../../src/index.ts";

const folder = fileURLToPath(new URL("../../data-samples/", import.meta.url));

/** Names of all samples. */
export const SAMPLES: readonly string[] = readdirSync(folder).filter(
  (name) => !/\.(?:json|md)$/.test(name),
);

/** The path of a sample, and the options it is to be loaded with. */
export function sample(name: string): { path: string; options: LoadOptions } {
  const path = join(folder, name);
  const { options } = JSON.parse(readFileSync(`${path}.json`, "utf8"));
  return { path, options: { ...options, onMalformed: "skip" } };
}
