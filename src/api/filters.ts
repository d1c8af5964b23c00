/**
 * The steps of queries for tables and frames that are there already. Each gives back what it was
 * given, a new table or frame with the rows that the step of the same name leaves in a query; what it
 * was given stays as it is.
 */
import type { DataFrame } from "nodejs-polars";
import type { ColumnName } from "../events/columns.ts";
import type { EventTable } from "../events/table.ts";
import { applyStep, type FilterOptions } from "../query/eager.ts";
import {
  backgroundActivityStep,
  cropStep,
  downsampleStep,
  everyStep,
  flipStep,
  type HotPixelChoice,
  headStep,
  hotPixelsStep,
  maskStep,
  type PixelMask,
  polarityStep,
  type Region,
  refractoryStep,
  roiStep,
  selectStep,
  timeStep,
} from "../query/steps.ts";
import type { QueryTime } from "../query/time-bound.ts";

/**
 * Keeps times from `start` on and in front of `end`; `null` leaves a side open. As
 * {@link EventQuery.time}, but a text counts from the first event that was given.
 *
 * @param events - a table or a frame with the column `t`
 * @param start - a value of `t`, or a text with a unit, such as `"1.5s"`: an offset from the first row
 * @returns a table of a table, a frame of a frame
 * @throws EventError `invalid-query`
 * @example
 * ```ts
 * const frame = await loadEvents("recording.raw");
 * const halfSecond = await filterTime(frame, "1s", "1.5s");
 * ```
 */
export async function filterTime<Events extends EventTable | DataFrame>(
  events: Events,
  start: QueryTime | null,
  end: QueryTime | null = null,
): Promise<Events> {
  return applyStep(events, timeStep(start, end));
}

/**
 * Keeps pixels in any of some regions; coordinates stay as they are. As {@link EventQuery.roi}.
 *
 * @param events - a table or a frame with the columns `x` and `y`
 * @param regions - one, or up to 64 of them
 * @throws EventError `invalid-query`, also for regions that reach beyond the sensor, where it is known;
 *   `invalid-option` for names that a region does not have
 * @example
 * ```ts
 * const corner = await filterRoi(table, { x: 0, y: 0, width: 64, height: 64 });
 * ```
 */
export async function filterRoi<Events extends EventTable | DataFrame>(
  events: Events,
  regions: Region | readonly Region[],
  options: FilterOptions = {},
): Promise<Events> {
  const list = Array.isArray(regions) ? (regions as readonly Region[]) : [regions as Region];
  return applyStep(events, roiStep(list), options);
}

/**
 * Keeps the pixels of a mask, which has the size of the sensor. As {@link EventQuery.mask}.
 *
 * @param events - a table or a frame with the columns `x` and `y`
 * @throws EventError `invalid-query`; `invalid-option` for names that a mask does not have
 * @example
 * ```ts
 * const data = new Uint8Array(width * height).fill(1, 0, width); // the first row
 * const row = await filterMask(table, { width, height, data });
 * ```
 */
export async function filterMask<Events extends EventTable | DataFrame>(
  events: Events,
  mask: PixelMask,
  options: FilterOptions = {},
): Promise<Events> {
  return applyStep(events, maskStep(mask), options);
}

/**
 * Keeps one polarity, in either encoding. As {@link EventQuery.polarity}.
 *
 * @param events - a table or a frame with the column `polarity`
 * @throws EventError `invalid-query`
 * @example
 * ```ts
 * const on = await filterPolarity(frame, "on");
 * ```
 */
export async function filterPolarity<Events extends EventTable | DataFrame>(
  events: Events,
  polarity: "on" | "off",
): Promise<Events> {
  return applyStep(events, polarityStep(polarity));
}

/**
 * Keeps the first of every `step` events. As {@link EventQuery.every}.
 *
 * @throws EventError `invalid-query`
 * @example
 * ```ts
 * const tenth = await filterEvery(frame, 10);
 * ```
 */
export async function filterEvery<Events extends EventTable | DataFrame>(
  events: Events,
  step: number,
): Promise<Events> {
  return applyStep(events, everyStep(step));
}

/**
 * Keeps the first `most` events. As {@link EventQuery.head}.
 *
 * @throws EventError `invalid-query`
 * @example
 * ```ts
 * const first = await filterHead(table, 1000);
 * ```
 */
export async function filterHead<Events extends EventTable | DataFrame>(
  events: Events,
  most: number,
): Promise<Events> {
  return applyStep(events, headStep(most));
}

/**
 * Drops events of a pixel less than `periodUs` microseconds after the last one of it that was kept. As
 * {@link EventQuery.refractory}.
 *
 * @param events - a table or a frame with the columns `x`, `y` and `t`, and none but those of events
 * @throws EventError `invalid-query`, also where the sensor is not known or an event lies outside it;
 *   `memory-limit`
 * @example
 * ```ts
 * const rested = await filterRefractory(frame, 1000, { geometry: { width: 640, height: 480 } });
 * ```
 */
export async function filterRefractory<Events extends EventTable | DataFrame>(
  events: Events,
  periodUs: number,
  options: FilterOptions = {},
): Promise<Events> {
  return applyStep(events, refractoryStep(periodUs), options);
}

/**
 * Keeps an event only if one of the eight pixels around it had its latest event at most `periodUs`
 * microseconds from it. As {@link EventQuery.backgroundActivity}.
 *
 * @param events - a table or a frame with the columns `x`, `y` and `t`, and none but those of events
 * @throws EventError `invalid-query`, also where the sensor is not known or an event lies outside it;
 *   `memory-limit`
 * @example
 * ```ts
 * const table = await loadTable("recording.raw");
 * const clean = await filterBackgroundActivity(table, 5000);
 * ```
 */
export async function filterBackgroundActivity<Events extends EventTable | DataFrame>(
  events: Events,
  periodUs: number,
  options: FilterOptions = {},
): Promise<Events> {
  return applyStep(events, backgroundActivityStep(periodUs), options);
}

/**
 * Drops hot pixels: given ones, or those with more events than the pixel at a percentile of all pixels
 * that have any. As {@link EventQuery.hotPixels}.
 *
 * @param events - a table or a frame with the columns `x` and `y`, and none but those of events
 * @param choice - pixels, or `{ percentile }`, 99.9 by default
 * @throws EventError `invalid-query`, also where hot pixels are looked for and an event lies outside
 *   the sensor; `invalid-option` for names that the choice does not have; `memory-limit`
 * @example
 * ```ts
 * const frame = await filterHotPixels(await loadEvents("recording.raw"), { percentile: 99.5 });
 * ```
 */
export async function filterHotPixels<Events extends EventTable | DataFrame>(
  events: Events,
  choice: HotPixelChoice = {},
  options: FilterOptions = {},
): Promise<Events> {
  return applyStep(events, hotPixelsStep(choice), options);
}

/**
 * Turns the picture around: with `"x"` left becomes right, with `"y"` top becomes bottom. As
 * {@link EventQuery.flip}.
 *
 * @param events - a table or a frame with the column of the axis
 * @throws EventError `invalid-query`, also where the sensor is not known or an event lies outside it
 * @example
 * ```ts
 * const mirrored = await flipEvents(table, "x");
 * ```
 */
export async function flipEvents<Events extends EventTable | DataFrame>(
  events: Events,
  axis: "x" | "y",
  options: FilterOptions = {},
): Promise<Events> {
  return applyStep(events, flipStep(axis), options);
}

/**
 * Keeps a region and makes its corner the origin; the geometry becomes that of the region. As
 * {@link EventQuery.crop}.
 *
 * @param events - a table or a frame with the columns `x` and `y`
 * @throws EventError `invalid-query`, also for a region that reaches beyond the sensor, where it is
 *   known; `invalid-option` for names that a region does not have
 * @example
 * ```ts
 * const corner = await cropEvents(table, { x: 100, y: 50, width: 64, height: 64 });
 * corner.schema.metadata.get("evarrow.geometry"); // "64x64"
 * ```
 */
export async function cropEvents<Events extends EventTable | DataFrame>(
  events: Events,
  region: Region,
  options: FilterOptions = {},
): Promise<Events> {
  return applyStep(events, cropStep(region), options);
}

/**
 * Divides coordinates and sensor by a whole number; remainders are left out. All events stay. As
 * {@link EventQuery.downsample}.
 *
 * @param events - a table or a frame with the columns `x` and `y`
 * @throws EventError `invalid-query`
 * @example
 * ```ts
 * const quarter = await downsampleEvents(frame, 2);
 * ```
 */
export async function downsampleEvents<Events extends EventTable | DataFrame>(
  events: Events,
  factor: number,
  options: FilterOptions = {},
): Promise<Events> {
  return applyStep(events, downsampleStep(factor), options);
}

/**
 * Keeps columns, in the order of their names. As {@link EventQuery.select}. A table shares their
 * values with the one that was given.
 *
 * @param columns - one or more of `x`, `y`, `t`, `polarity`
 * @throws EventError `invalid-option` for other names; `invalid-query` for one that is not there
 * @example
 * ```ts
 * const pixels = await selectColumns(table, ["x", "y"]);
 * ```
 */
export async function selectColumns<Events extends EventTable | DataFrame>(
  events: Events,
  columns: readonly ColumnName[],
): Promise<Events> {
  // All columns is not what leaving them out means here.
  return applyStep(events, selectStep(columns ?? []));
}
