import type { RowTriggers } from "../../decoder.ts";
import { RowReader } from "../rows/row-reader.ts";
import { type Catalog, isColumn } from "./catalog.ts";

/** Members of the records of triggers: time, input, edge. */
const MEMBERS = ["t", "id", "p"] as const;

/** The triggers that stand beside the events; undefined when there are none. */
export async function findTriggers(
  catalog: Catalog,
  place: string | undefined,
): Promise<RowTriggers | undefined> {
  const dataset = place === undefined ? null : await catalog.dataset(place);
  if (dataset === null || dataset.elements === 0) return undefined;
  const choices = MEMBERS.map((member) => ({ dataset, member }));
  if (!choices.every(isColumn)) return undefined;
  const open = (): Promise<RowReader> => RowReader.open(catalog.file, choices);
  const { rows, columns } = await open();
  if (columns.some(({ type }) => type.startsWith("float"))) return undefined;
  await (await open()).checkStored();
  return {
    rows,
    async read(start, count) {
      const [t, id, p] = await (await open()).read(start, count); // passes do not share a reader
      return {
        t: BigInt64Array.from(t as ArrayLike<number | bigint>, BigInt),
        id: Int16Array.from(id as ArrayLike<number | bigint>, Number),
        value: Uint8Array.from(p as ArrayLike<number | bigint>, (edge) => (edge > 0 ? 1 : 0)),
      };
    },
  };
}
