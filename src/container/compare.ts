/** What a container says of its chunks, and what these say themselves. */
import type { ChunkEntry, ChunkIndex, TriggerEntry } from "./chunk-index.ts";
import type { Findings } from "./findings.ts";
import type { Place } from "./problems.ts";
import type { ContainerStatistics } from "./stats.ts";

/** Finds where statistics differ from what was counted. */
export function compareStatistics(
  said: ContainerStatistics,
  counted: ContainerStatistics,
  knowsSteps: boolean,
  { byteOffset }: Place,
  findings: Findings,
): void {
  for (const name of Object.keys(counted) as (keyof ContainerStatistics)[]) {
    const isRight =
      name === "backwardSteps" && !knowsSteps
        ? said[name] >= counted[name]
        : said[name] === counted[name];
    if (isRight) continue;
    const problem = `the statistics are not those of the chunks: ${name}`;
    findings.add({ byteOffset, problem, expected: `${counted[name]}`, found: `${said[name]}` });
  }
}

/**
 * Finds where an index differs from the segments that were met.
 *
 * @param isWhole - whether all segments were sound; else those that are missing are known to be damaged
 */
export function compareIndex(
  said: ChunkIndex,
  met: ChunkIndex,
  isWhole: boolean,
  { byteOffset }: Place,
  findings: Findings,
): void {
  const chunkAt = (index: ChunkIndex) => (number: number) => index.entry(number);
  const sides = { isWhole, byteOffset, findings };
  compareEntries<ChunkEntry>(
    { count: said.chunks, at: chunkAt(said) },
    { count: met.chunks, at: chunkAt(met) },
    { ...sides, what: "a chunk" },
  );
  const triggersAt = (index: ChunkIndex) => (number: number) =>
    index.triggers[number] as TriggerEntry;
  compareEntries<TriggerEntry>(
    { count: said.triggers.length, at: triggersAt(said) },
    { count: met.triggers.length, at: triggersAt(met) },
    { ...sides, what: "triggers" },
  );
}

interface Entries<Entry> {
  readonly count: number;
  at(number: number): Entry;
}

/** Both are in the order of the file. */
function compareEntries<Entry extends TriggerEntry>(
  said: Entries<Entry>,
  met: Entries<Entry>,
  context: { isWhole: boolean; byteOffset: number; findings: Findings; what: string },
): void {
  const { isWhole, byteOffset, findings, what } = context;
  const unlisted = (entry: Entry): void => {
    const problem = `the index does not name ${what}`;
    findings.add({ byteOffset, problem, expected: `an entry for byte ${entry.offset}` });
  };
  let next = 0;
  for (let number = 0; number < said.count; number++) {
    const entry = said.at(number);
    while (next < met.count && met.at(next).offset < entry.offset) unlisted(met.at(next++));
    if (next < met.count && met.at(next).offset === entry.offset) {
      const found = met.at(next++);
      const name = (Object.keys(entry) as (keyof Entry)[]).find((key) => entry[key] !== found[key]);
      if (name === undefined) continue;
      findings.add({
        byteOffset: entry.offset,
        problem: `the index does not say of ${what} what it says itself: ${String(name)}`,
        expected: `${found[name]}`,
        found: `${entry[name]}`,
      });
    } else if (isWhole) {
      const problem = `the index names ${what} where there is none`;
      findings.add({ byteOffset, problem, found: `byte ${entry.offset}` });
    }
  }
  while (next < met.count) unlisted(met.at(next++));
}
