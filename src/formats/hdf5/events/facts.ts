import { METADATA_KEYS } from "../../../events/metadata-keys.ts";
import type { RecordingFacts, RowOptions } from "../../decoder.ts";
import type { Values } from "../structure/values.ts";
import { type Catalog, parentOf } from "./catalog.ts";
import { findGeometry } from "./geometry.ts";
import type { ChosenStream } from "./streams.ts";
import type { TimeRule } from "./times.ts";

/** Values of an attribute that are shown. */
const MAX_SHOWN = 64;

/** What the file says beside its events. */
export async function readFacts(
  catalog: Catalog,
  { stream, names }: ChosenStream,
  time: TimeRule,
  options: RowOptions,
): Promise<RecordingFacts> {
  const entries = await entriesOf(catalog, stream.path);
  const metadata = new Map(entries);
  const timeOffset = Number(metadata.get(METADATA_KEYS.timeOffset) ?? 0);
  const others = names.length > 1 ? `, stream ${stream.name} of ${names.join(", ")}` : "";
  if (time.offset !== 0n) entries.push(["microseconds added to every time", `${time.offset}`]);
  return {
    entries,
    geometry: options.geometry ?? (await findGeometry(catalog, stream.path, options.path)),
    assumptions: [stream.assumption, time.assumption].filter((one) => one != null),
    dialect: `${stream.layout.name}${others}`,
    timeOffset: Number.isSafeInteger(timeOffset) ? timeOffset : 0,
    originalFormat: metadata.get(METADATA_KEYS.format),
  };
}

/** The attributes of the stream and of the groups around it, the root's first. */
async function entriesOf(catalog: Catalog, path: string): Promise<[key: string, value: string][]> {
  const entries: [string, string][] = [];
  for (let at = path; ; at = parentOf(at)) {
    const own = [...(await catalog.attributes(at))].map(([name, values]): [string, string] => [
      at === "/" ? name : `${at} ${name}`,
      shown(values),
    ]);
    entries.unshift(...own);
    if (at === "/") return entries;
  }
}

function shown(values: Values): string {
  if (!Array.isArray(values)) return `${values}`;
  const list = values.slice(0, MAX_SHOWN).join(", ");
  return values.length > MAX_SHOWN ? `${list}, ...` : list;
}
