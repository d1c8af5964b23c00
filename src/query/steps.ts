/** The steps of a query as they are described, checked when they are added. */
import { EventError } from "../errors.ts";
import { type ColumnName, checkColumns } from "../events/columns.ts";
import { checkNames } from "../formats/options.ts";
import { namesOf } from "../util/option-names.ts";
import { show } from "../util/show.ts";
import { checkTime, type QueryTime, type TimeBound } from "./time-bound.ts";

/** A rectangle of pixels. */
export interface Region {
  /** The first column. */
  readonly x: number;
  /** The first row. */
  readonly y: number;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** Which pixels to keep: a value for each, row by row, that is not 0 where events stay. */
export interface PixelMask {
  readonly width: number;
  readonly height: number;
  /** `width * height` values. */
  readonly data: Uint8Array | readonly (number | boolean)[];
}

/** How hot pixels are found. */
interface HotPixelSearch {
  /**
   * Drop the pixels with more events than this share of all active pixels has, in percent, above
   * 0 and up to 100. Default 99.9.
   */
  readonly percentile?: number | undefined;
}

/** Pixels that are dropped: these, or those that are found. */
export type HotPixelChoice = readonly { readonly x: number; readonly y: number }[] | HotPixelSearch;

/** A map of pixels: a bit for each, row by row, the first one's lowest. */
export interface PixelMap {
  readonly width: number;
  readonly height: number;
  readonly bits: Uint8Array;
}

/** One step of a query. */
export type QueryStep =
  | { readonly kind: "time"; readonly start: TimeBound | null; readonly end: TimeBound | null }
  | { readonly kind: "polarity"; readonly on: boolean }
  | {
      readonly kind: "roi";
      readonly regions: readonly Region[];
      /** Whether they may reach beyond the sensor. */
      readonly mayReachOut?: boolean;
    }
  | { readonly kind: "mask"; readonly map: PixelMap }
  | { readonly kind: "dropPixels"; readonly pixels: readonly { x: number; y: number }[] }
  | { readonly kind: "hotPixels"; readonly percentile: number }
  | { readonly kind: "filter"; readonly expr: unknown }
  | { readonly kind: "every"; readonly step: number }
  | { readonly kind: "head"; readonly most: number }
  | { readonly kind: "refractory"; readonly periodUs: number }
  | { readonly kind: "backgroundActivity"; readonly periodUs: number }
  | { readonly kind: "flip"; readonly axis: "x" | "y" }
  | { readonly kind: "crop"; readonly region: Region }
  | { readonly kind: "downsample"; readonly factor: number }
  | { readonly kind: "select"; readonly columns: readonly ColumnName[] };

/** Coordinates are 16-bit numbers. */
const SIDE = 65536;
const MOST_STEP = 2 ** 31 - 1;
/** Regions that are looked at one after the other for every event; more are a mask. */
const MOST_REGIONS = 64;
const MOST_PIXELS = 2 ** 26;
const DEFAULT_PERCENTILE = 99.9;

/** @throws EventError `invalid-query` */
export function timeStep(
  start: QueryTime | null | undefined,
  end: QueryTime | null | undefined,
): QueryStep {
  const from = start === null || start === undefined ? null : checkTime("start", start);
  const to = end === null || end === undefined ? null : checkTime("end", end);
  if (from === null && to === null) {
    throw new EventError("invalid-query", "a time window needs a start or an end", {
      expected: "one of them, or both",
      found: show([start, end]),
    });
  }
  if (from !== null && to !== null && from.isOffset === to.isOffset && from.us > to.us) {
    throw new EventError("invalid-query", "the time window ends before it starts", {
      expected: "start <= end",
      found: `start ${from.us}, end ${to.us} us`,
    });
  }
  return { kind: "time", start: from, end: to };
}

/** @throws EventError `invalid-query`; `invalid-option` for names that a region does not have */
export function roiStep(regions: readonly Region[]): QueryStep {
  if (regions.length === 0 || regions.length > MOST_REGIONS) {
    throw new EventError("invalid-query", "these are no regions of interest", {
      expected: `1 to ${MOST_REGIONS} regions { x, y, width, height }`,
      found: `${regions.length}`,
      ...(regions.length > 0 && { hint: "`mask` takes any set of pixels." }),
    });
  }
  return { kind: "roi", regions: regions.map(checkRegion) };
}

const REGION_NAMES = namesOf<Region>()({ x: true, y: true, width: true, height: true });

function checkRegion(region: Region): Region {
  checkNames(region, REGION_NAMES, {}, "region.");
  const { x, y, width, height } = (region ?? {}) as Region;
  const isSpan = (start: number, length: number): boolean =>
    Number.isInteger(start) &&
    Number.isInteger(length) &&
    start >= 0 &&
    length >= 1 &&
    start + length <= SIDE;
  if (isSpan(x, width) && isSpan(y, height)) return { x, y, width, height };
  throw new EventError("invalid-query", "this is no region of pixels", {
    expected: "{ x, y, width, height } in whole pixels, x and y from 0, width and height from 1",
    found: show(region),
  });
}

const MASK_NAMES = namesOf<PixelMask>()({ width: true, height: true, data: true });

/** @throws EventError `invalid-query`; `invalid-option` for names that a mask does not have */
export function maskStep(mask: PixelMask): QueryStep {
  checkNames(mask, MASK_NAMES, {}, "mask.");
  const { width, height, data } = (mask ?? {}) as PixelMask;
  const pixels = width * height;
  const isMask =
    Number.isInteger(width) &&
    Number.isInteger(height) &&
    width >= 1 &&
    height >= 1 &&
    pixels <= MOST_PIXELS &&
    (data instanceof Uint8Array || Array.isArray(data)) &&
    data.length === pixels;
  if (!isMask) {
    throw new EventError("invalid-query", "this is no mask of pixels", {
      expected: "{ width, height, data } with width * height values, not 0 where events stay",
      found: show({ width, height, "data.length": data?.length }),
    });
  }
  const bits = new Uint8Array(Math.ceil(pixels / 8));
  for (let pixel = 0; pixel < pixels; pixel++) {
    if (data[pixel]) bits[pixel >> 3] = (bits[pixel >> 3] as number) | (1 << (pixel & 7));
  }
  return { kind: "mask", map: { width, height, bits } };
}

/** @throws EventError `invalid-query` */
export function polarityStep(polarity: "on" | "off"): QueryStep {
  if (polarity === "on" || polarity === "off") return { kind: "polarity", on: polarity === "on" };
  throw new EventError("invalid-query", "polarity is not known", {
    expected: '"on" or "off"',
    found: show(polarity),
  });
}

const HOT_PIXEL_NAMES = namesOf<HotPixelSearch>()({ percentile: true });

/** @throws EventError `invalid-query`; `invalid-option` for options that there are not */
export function hotPixelsStep(choice: HotPixelChoice): QueryStep {
  if (Array.isArray(choice)) {
    // Pixels may say more than where they are, as those that statistics list do.
    for (const pixel of choice) {
      const isPixel = [pixel?.x, pixel?.y].every(
        (side) => Number.isInteger(side) && side >= 0 && side < SIDE,
      );
      if (isPixel) continue;
      throw new EventError("invalid-query", "this is no pixel", {
        expected: "{ x, y } in whole pixels from 0",
        found: show(pixel),
      });
    }
    return { kind: "dropPixels", pixels: choice.map(({ x, y }) => ({ x, y })) };
  }
  checkNames(choice, HOT_PIXEL_NAMES, {}, "hotPixels.");
  const { percentile = DEFAULT_PERCENTILE } = (choice ?? {}) as HotPixelSearch;
  if (typeof percentile === "number" && percentile > 0 && percentile <= 100) {
    return { kind: "hotPixels", percentile };
  }
  throw new EventError("invalid-query", "percentile is not known", {
    expected: "a number above 0 and up to 100",
    found: show(percentile),
  });
}

/** @throws EventError `invalid-query` */
export function everyStep(step: number): QueryStep {
  return { kind: "every", step: checkNumber("step", step, 1, MOST_STEP) };
}

/** @throws EventError `invalid-query` */
export function headStep(most: number): QueryStep {
  return { kind: "head", most: checkNumber("most", most, 0) };
}

/** @throws EventError `invalid-query` */
export function refractoryStep(periodUs: number): QueryStep {
  return { kind: "refractory", periodUs: checkNumber("periodUs", periodUs, 1) };
}

/** @throws EventError `invalid-query` */
export function backgroundActivityStep(periodUs: number): QueryStep {
  return { kind: "backgroundActivity", periodUs: checkNumber("periodUs", periodUs, 1) };
}

/** @throws EventError `invalid-query`; `invalid-option` for names that a region does not have */
export function cropStep(region: Region): QueryStep {
  return { kind: "crop", region: checkRegion(region) };
}

/** @throws EventError `invalid-query` */
export function downsampleStep(factor: number): QueryStep {
  return { kind: "downsample", factor: checkNumber("factor", factor, 1, SIDE) };
}

/** A whole number of something. @throws EventError `invalid-query` */
export function checkNumber(
  name: string,
  value: number,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new EventError("invalid-query", `${name} is no such number`, {
    expected: `a whole number from ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ""}`,
    found: show(value),
  });
}

/** @throws EventError `invalid-query` */
export function flipStep(axis: "x" | "y"): QueryStep {
  if (axis === "x" || axis === "y") return { kind: "flip", axis };
  throw new EventError("invalid-query", "axis is not known", {
    expected: '"x" (left becomes right) or "y" (top becomes bottom)',
    found: show(axis),
  });
}

/** @throws EventError `invalid-option` */
export function selectStep(
  columns: readonly ColumnName[],
): Extract<QueryStep, { readonly kind: "select" }> {
  return { kind: "select", columns: checkColumns(columns) };
}

/** The step as a call, for people. */
export function describeStep(step: QueryStep, describeBound: (bound: TimeBound) => string): string {
  switch (step.kind) {
    case "time": {
      const bound = (at: TimeBound | null): string => (at === null ? "null" : describeBound(at));
      return `time(${bound(step.start)}, ${bound(step.end)})`;
    }
    case "polarity":
      return `polarity("${step.on ? "on" : "off"}")`;
    case "roi":
      return `roi(${step.regions.map(describeRegion).join(", ")})`;
    case "mask":
      return `mask(${step.map.width}x${step.map.height})`;
    case "dropPixels":
      return `hotPixels(${step.pixels.length} given)`;
    case "hotPixels":
      return `hotPixels({ percentile: ${step.percentile} })`;
    case "filter":
      return `filter(${String(step.expr)})`;
    case "every":
      return `every(${step.step})`;
    case "head":
      return `head(${step.most})`;
    case "refractory":
    case "backgroundActivity":
      return `${step.kind}(${step.periodUs})`;
    case "flip":
      return `flip("${step.axis}")`;
    case "crop":
      return `crop(${describeRegion(step.region)})`;
    case "downsample":
      return `downsample(${step.factor})`;
    case "select":
      return `select(${step.columns.map((name) => `"${name}"`).join(", ")})`;
  }
}

function describeRegion({ x, y, width, height }: Region): string {
  return `{ x: ${x}, y: ${y}, width: ${width}, height: ${height} }`;
}
