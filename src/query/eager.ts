/** The steps of queries for those who hold events already, in a table or a frame. */
import type { DataFrame } from "nodejs-polars";
import { platform } from "#platform";
import { checkGeometry, GEOMETRY_NAMES, type SensorGeometry } from "../events/geometry.ts";
import { checkOptions } from "../formats/options.ts";
import { namesOf } from "../util/option-names.ts";
import { noRowFilter, sieveHeld } from "./eager-sieve.ts";
import {
  checkPresent,
  geometryOf,
  type HeldEvents,
  holdFrame,
  holdTable,
  isFrame,
  passReportOn,
  selectTableColumns,
} from "./held-events.ts";
import { sieveStep } from "./sieve-steps.ts";
import type { QueryStep } from "./steps.ts";

/** Options of filters of tables and frames. */
export interface FilterOptions {
  /**
   * The sensor. Default: that in the metadata of a table, or in the report of a frame that evarrow
   * returned; frames that Polars made have none.
   */
  readonly geometry?: SensorGeometry | undefined;
}

const FILTER_NAMES = namesOf<FilterOptions>()({ geometry: GEOMETRY_NAMES });

/**
 * Does one step to a table or frame, and gives back the same kind.
 *
 * @throws EventError `invalid-query`; `invalid-option` for a geometry that is none
 */
export async function applyStep<Events extends HeldEvents>(
  events: Events,
  step: QueryStep,
  options: FilterOptions = {},
): Promise<Events> {
  checkOptions(options, FILTER_NAMES);
  // Its kind is one of the two, and the result's is the same.
  return (await apply(events, step, options)) as Events;
}

async function apply(
  events: HeldEvents,
  step: QueryStep,
  options: FilterOptions,
): Promise<HeldEvents> {
  const inFrame = isFrame(events);
  const stated = options.geometry;
  const geometry = stated === undefined ? geometryOf(events) : checkGeometry(stated);
  let behind = geometry;
  if (step.kind !== "select") {
    // Whatever does not fit the sensor is told before any event is looked at.
    const known: QueryStep = step.kind === "hotPixels" ? { kind: "dropPixels", pixels: [] } : step;
    const part = sieveStep(known, geometry, noRowFilter);
    checkPresent(part.columns, inFrame ? events.columns : events.schema.fields.map((f) => f.name));
    behind = part.geometry;
  }
  const result = inFrame
    ? await applyToFrame(events, step, geometry)
    : step.kind === "select"
      ? selectTableColumns(events, step.columns)
      : await sieveHeld(await holdTable(events), step, geometry);
  passReportOn(events, result, behind);
  return result;
}

/** Steps that look at single events are expressions of Polars; these keep other columns, too. */
async function applyToFrame(
  frame: DataFrame,
  step: QueryStep,
  geometry: SensorGeometry | null,
): Promise<HeldEvents> {
  const filters = await import("../dataframe/filters.ts");
  const polars = await platform.importPolars();
  switch (step.kind) {
    case "time":
      return filters.filterFrameTime(polars, frame, step.start, step.end);
    case "roi":
      return filters.filterFrameRoi(polars, frame, step.regions);
    case "polarity":
      return filters.filterFramePolarity(polars, frame, step.on ? "on" : "off");
    case "every":
      return filters.filterFrameEvery(polars, frame, step.step);
    case "head":
      return filters.filterFrameHead(frame, step.most);
    case "select":
      return filters.selectFrameColumns(frame, step.columns);
    case "flip":
      return filters.flipFrame(polars, frame, step.axis, geometry as SensorGeometry);
    case "crop":
      return filters.cropFrame(polars, frame, step.region);
    case "downsample":
      return filters.downsampleFrame(polars, frame, step.factor);
    default:
      return sieveHeld(await holdFrame(frame), step, geometry);
  }
}
