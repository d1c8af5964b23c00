import type { ColumnName } from "../events/columns.ts";
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
  type QueryStep,
  type Region,
  refractoryStep,
  roiStep,
  selectStep,
  timeStep,
} from "./steps.ts";
import type { QueryTime } from "./time-bound.ts";

const COORDINATES: readonly ColumnName[] = ["x", "y"];

/** The steps of a query: each gives a new one, of the type `Query`. */
export abstract class QuerySteps<Query> {
  /**
   * The query with one more step.
   *
   * @param columns - those that the step looks at
   * @throws EventError `invalid-query` when one of them was left out
   */
  protected abstract with(step: QueryStep, columns: readonly ColumnName[]): Query;

  /**
   * Keeps times from `start` on and in front of `end`; `null` leaves a side open.
   *
   * @param start - a value of `t` as it is loaded, or a text with a unit, such as `"1.5s"`: an offset
   *   from the first event of the recording
   * @throws EventError `invalid-query`
   */
  time(start: QueryTime | null, end: QueryTime | null = null): Query {
    return this.with(timeStep(start, end), ["t"]);
  }

  /**
   * Keeps pixels in any of some regions; coordinates stay as they are.
   *
   * @throws EventError `invalid-query`; one that reaches beyond the sensor is told of by the last call;
   *   `invalid-option` for names that a region does not have
   */
  roi(...regions: readonly Region[]): Query {
    return this.with(roiStep(regions), COORDINATES);
  }

  /**
   * Keeps the pixels of a mask, which has the size of the sensor.
   *
   * @throws EventError `invalid-query`; `invalid-option` for names that a mask does not have
   */
  mask(mask: PixelMask): Query {
    return this.with(maskStep(mask), COORDINATES);
  }

  /**
   * Keeps one polarity.
   *
   * @throws EventError `invalid-query`
   */
  polarity(polarity: "on" | "off"): Query {
    return this.with(polarityStep(polarity), ["polarity"]);
  }

  /**
   * Keeps the first of every `step` events.
   *
   * @throws EventError `invalid-query`
   */
  every(step: number): Query {
    return this.with(everyStep(step), []);
  }

  /**
   * Keeps the first `most` events; what comes behind them is not read.
   *
   * @throws EventError `invalid-query`
   */
  head(most: number): Query {
    return this.with(headStep(most), []);
  }

  /**
   * Keeps columns. Later steps have these only.
   *
   * @throws EventError `invalid-option`
   */
  select(...columns: readonly ColumnName[]): Query {
    const step = selectStep(columns);
    return this.with(step, step.columns);
  }

  /**
   * Drops events of a pixel less than `periodUs` microseconds after the last one of it that was kept,
   * as the refractory period of a sensor does. Where time steps back, the event is kept.
   *
   * @throws EventError `invalid-query`, also for recordings without a geometry
   */
  refractory(periodUs: number): Query {
    return this.with(refractoryStep(periodUs), [...COORDINATES, "t"]);
  }

  /**
   * Drops hot pixels: given ones, or those with more events than the pixel at a percentile of all
   * pixels that have any, in what earlier steps leave. To find them the recording is read once more.
   *
   * @param choice - pixels, or `{ percentile }`, 99.9 by default
   * @throws EventError `invalid-query`; `invalid-option` for names that the choice does not have
   */
  hotPixels(choice: HotPixelChoice = {}): Query {
    return this.with(hotPixelsStep(choice), COORDINATES);
  }

  /**
   * Keeps an event only if one of the eight pixels around it had its latest event at most `periodUs`
   * microseconds from it (T. Delbruck, "Frame-free dynamic digital vision", 2008).
   *
   * @throws EventError `invalid-query`, also for recordings without a geometry
   */
  backgroundActivity(periodUs: number): Query {
    return this.with(backgroundActivityStep(periodUs), [...COORDINATES, "t"]);
  }

  /**
   * Turns the picture around: with `"x"` left becomes right, with `"y"` top becomes bottom.
   *
   * @throws EventError `invalid-query`, also for recordings without a geometry
   */
  flip(axis: "x" | "y"): Query {
    return this.with(flipStep(axis), COORDINATES);
  }

  /**
   * Keeps a region and makes its corner the origin; the geometry becomes that of the region.
   *
   * @throws EventError `invalid-query`; one that reaches beyond the sensor is told of by the last call;
   *   `invalid-option` for names that a region does not have
   */
  crop(region: Region): Query {
    return this.with(cropStep(region), COORDINATES);
  }

  /**
   * Divides coordinates and sensor by a whole number; remainders are left out. All events stay.
   *
   * @throws EventError `invalid-query`
   */
  downsample(factor: number): Query {
    return this.with(downsampleStep(factor), COORDINATES);
  }

  /**
   * Keeps events for which a Polars expression is true. It is evaluated batch by batch, so it may look
   * at one row at a time only: comparisons, arithmetic, `isIn` and the like; for all else there is
   * `(await query.lazy()).filter(...)`. Whether it is one of those the last call tells, before anything
   * is read, with `invalid-query`.
   *
   * @example
   * ```ts
   * const near = recording.query().filter(pl.col("x").plus(pl.col("y")).lt(100));
   * ```
   */
  filter(expr: unknown): Query {
    return this.with({ kind: "filter", expr }, []);
  }
}
