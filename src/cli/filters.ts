/** The filters that commands take as options, and the cache of indexes that windows of time use. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { EventQuery, EventSource, QueryOptions, QueryTime, Region } from "../node.ts";

/** Options of commands that read part of a recording, parsed. */
export interface FilterOptions {
  from?: QueryTime;
  to?: QueryTime;
  roi?: Region[];
  polarity?: "on" | "off";
  /** Commander's way to say `--no-index`. */
  index?: boolean;
  assumeSorted?: boolean;
}

/** Gives a command the options that choose events. */
export function addFilterOptions(command: Command): Command {
  return command
    .option(
      "--from <time>",
      "from this time on: 1.5s, 200ms or 350us behind the first event, or a value of t in us",
      parseTime,
    )
    .option("--to <time>", "in front of this time", parseTime)
    .option(
      "--roi <x,y,width,height>",
      "only pixels of this region; may be given several times",
      addRegion,
    )
    .addOption(new Option("--polarity <which>", "only these events").choices(["on", "off"]))
    .option(
      "--no-index",
      "read all of the file for --from and --to, and keep no index of its times in the cache folder",
    )
    .option(
      "--assume-sorted",
      "take the times of an HDF5 file for ascending, instead of reading all of them",
    );
}

/** The events of a file that the options choose, in a query that reads them when it is asked. */
export async function queryOf(
  source: EventSource,
  { from, to, roi, polarity, index = true, assumeSorted }: FilterOptions,
  options: QueryOptions,
): Promise<EventQuery> {
  const { scanEvents } = await import("../node.ts");
  const { indexCacheFor } = await import("./index-cache.ts");
  const needsIndex = from !== undefined || to !== undefined;
  const indexCache = index && needsIndex ? indexCacheFor(source) : undefined;
  let query = scanEvents(source, { ...options, index, assumeSorted, indexCache });
  if (needsIndex) query = query.time(from ?? null, to ?? null);
  if (roi !== undefined) query = query.roi(...roi);
  if (polarity !== undefined) query = query.polarity(polarity);
  return query;
}

function parseTime(text: string): QueryTime {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  if (/^-?\d+(?:\.\d+)?\s*(?:us|µs|ms|s|min)$/.test(text)) return text;
  throw new InvalidArgumentError(
    "Expected a time such as 1.5s, 200ms or 350us behind the first event, or a value of t.",
  );
}

function addRegion(text: string, before: Region[] | undefined): Region[] {
  const match = /^(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})$/.exec(text);
  if (match === null) {
    throw new InvalidArgumentError(
      "Expected x,y,width,height in pixels, for example 100,50,64,64.",
    );
  }
  const [x = 0, y = 0, width = 0, height = 0] = match.slice(1).map(Number);
  return [...(before ?? []), { x, y, width, height }];
}
