import type { Assumption } from "../../../events/report.ts";
import type { RowRange, RowTriggers } from "../../decoder.ts";
import { countRows } from "../../row-ranges.ts";
import { RowReader } from "../rows/row-reader.ts";
import type { WrittenRows } from "../rows/written-rows.ts";
import { type Catalog, isColumn } from "./catalog.ts";
import type { Layout } from "./dialects.ts";

/** Members of the records of triggers: time, input, edge. */
const MEMBERS = ["t", "id", "p"] as const;

/** What stands beside the events. */
export interface FoundTriggers {
  /** Those that were written; undefined when there are none. */
  readonly triggers?: RowTriggers | undefined;
  /** Which rows these are. */
  readonly written?: WrittenRows | undefined;
  /** What to say of the others. */
  readonly assumption: readonly Assumption[];
}

/** The triggers that stand beside the events of a layout. */
export async function findTriggers(
  catalog: Catalog,
  { triggers: place }: Layout,
): Promise<FoundTriggers> {
  const dataset = place === undefined ? null : await catalog.dataset(place);
  if (dataset === null || dataset.elements === 0) return NONE;
  const choices = MEMBERS.map((member) => ({ dataset, member }));
  if (!choices.every(isColumn)) return NONE;
  const open = (): Promise<RowReader> => RowReader.open(catalog.file, choices);
  const reader = await open();
  const { rows: claimed, columns } = reader;
  if (columns.some(({ type }) => type.startsWith("float"))) return NONE;
  const written = await reader.written();
  const { ranges, isComplete } = written;
  const rows = countRows(ranges);
  const reason = `no other rows of ${dataset.path} were ever written`;
  return {
    triggers: {
      rows,
      async read(start, count) {
        const own = await open(); // passes do not share a reader
        const t = new BigInt64Array(count);
        const id = new Int16Array(count);
        const value = new Uint8Array(count);
        let at = 0;
        for (const { start: from, end } of taken(ranges, start, count)) {
          const [times = [], ids = [], edges = []] = await own.read(from, end - from);
          for (const [row, time] of times.entries()) {
            t[at] = BigInt(time);
            id[at] = Number(ids[row]);
            value[at++] = (edges[row] ?? 0) > 0 ? 1 : 0;
          }
        }
        return { t, id, value };
      },
    },
    written,
    assumption: isComplete ? [] : [{ what: "triggers", value: `${rows} of ${claimed}`, reason }],
  };
}

const NONE: FoundTriggers = { assumption: [] };

/** Rows `start` to `start + count` of those in ranges, as ranges. */
function* taken(ranges: readonly RowRange[], start: number, count: number): Generator<RowRange> {
  let toSkip = start;
  let left = count;
  for (const range of ranges) {
    const length = range.end - range.start;
    const from = range.start + Math.min(toSkip, length);
    const end = Math.min(from + left, range.end);
    toSkip -= from - range.start;
    if (end > from) yield { start: from, end };
    left -= end - from;
    if (left === 0) return;
  }
}
