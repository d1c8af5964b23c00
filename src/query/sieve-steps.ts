/** What each step does to a tile: the parts that a sieve is put together from. */
import { EventError } from "../errors.ts";
import { type ColumnName, type EventColumns, viewColumns } from "../events/columns.ts";
import { formatGeometry, type SensorGeometry } from "../events/geometry.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { FilterKernel, NoiseKernel } from "./sieve-kernels.ts";
import type { PixelMap, QueryStep, Region } from "./steps.ts";
import { boundsOf, clampTime, FIRST_TIME, LAST_TIME } from "./time-bound.ts";

/** What a step works with. */
export interface SieveTools {
  readonly filter: FilterKernel;
  readonly noise: NoiseKernel;
  readonly memory: EventMemory;
  /** Address of a bit for each event. */
  readonly bits: number;
  /** `t` of the first event of the recording, as it is loaded. */
  readonly firstTime: () => bigint;
}

/** A filter of expressions, as the Polars side makes it. */
export interface RowFilter {
  readonly columns: readonly ColumnName[];
  /** A byte for each event, 1 to keep it. */
  keep(columns: EventColumns): Uint8Array;
}

/** What a step does to a tile. */
export interface SieveStep {
  /** Columns that it looks at or changes. */
  readonly columns: readonly ColumnName[];
  /** Bytes of memory that it keeps. */
  readonly bytes: number;
  /** Whether it looks at more than one event, so that the tile holds only those left for it. */
  readonly isAlone: boolean;
  /** The sensor behind it. */
  readonly geometry: SensorGeometry | null;
  /** Puts what it keeps at its address. */
  start?(tools: SieveTools, address: number): void;
  /** Clears the bits of those of `count` events that are dropped. */
  keep?(tools: SieveTools, count: number, address: number): void;
  /** Changes the `count` events of the tile. */
  change?(tools: SieveTools, count: number): void;
  /** Cuts the tile; returns how many of `count` events stay, and whether any more can. */
  cut?(count: number): { readonly left: number; readonly goesOn: boolean };
}

/** The most events of a tile that a sieve has room for. */
export const MOST_TILE_EVENTS = 1_048_576;
const TIME_BYTES = 8;
const REGION_BYTES = 8;

/** A step of a query, ready to work; those that Polars evaluates are made by `rowFilter`. */
export function sieveStep(
  step: QueryStep,
  geometry: SensorGeometry | null,
  rowFilter: (step: QueryStep) => RowFilter,
): SieveStep {
  const usual = { bytes: 0, isAlone: false, geometry };
  switch (step.kind) {
    case "time":
      return {
        ...usual,
        columns: ["t"],
        keep({ filter, memory, bits, firstTime }, count) {
          const { first, last } = boundsOf(step, firstTime());
          const [from, to] = [clampTime(first), clampTime(last)];
          if (first > last || last < FIRST_TIME || first > LAST_TIME)
            filter.keepEvery(count, bits, 1, count);
          else filter.keepTimes(count, bits, memory.columns.t.byteOffset, from, to);
        },
      };
    case "polarity":
      return {
        ...usual,
        columns: ["polarity"],
        keep: ({ filter, memory, bits }, count) =>
          filter.keepPolarity(count, bits, memory.columns.polarity.byteOffset, step.on ? 1 : 0),
      };
    case "roi":
      if (!step.mayReachOut) for (const region of step.regions) checkInside(region, geometry);
      return { ...usual, ...regionsStep(step.regions) };
    case "crop":
      checkInside(step.region, geometry);
      return { ...usual, ...cropStep(step.region) };
    case "mask":
      if (geometry !== null) checkMask(step.map, geometry);
      return { ...usual, ...mapStep(step.map, 1) };
    case "dropPixels":
      return { ...usual, ...mapStep(mapOf(onSensor(step.pixels, geometry)), 0) };
    case "filter": {
      const { columns, keep } = rowFilter(step);
      return {
        ...usual,
        columns,
        bytes: MOST_TILE_EVENTS,
        keep({ filter, memory, bits }, count, address) {
          const kept = keep(viewColumns(memory.columns, columns, count));
          memory.sieve.set(kept, address - memory.sieve.byteOffset);
          filter.keepBytes(count, bits, address);
        },
      };
    }
    case "every": {
      let seen = 0;
      return {
        ...usual,
        columns: [],
        isAlone: true,
        keep({ filter, bits }, count) {
          filter.keepEvery(count, bits, step.step, (step.step - seen) % step.step);
          seen = (seen + count) % step.step;
        },
      };
    }
    case "head": {
      let left = step.most;
      return {
        ...usual,
        columns: [],
        isAlone: true,
        cut(count) {
          const taken = Math.min(count, left);
          left -= taken;
          return { left: taken, goesOn: left > 0 };
        },
      };
    }
    case "refractory":
    case "backgroundActivity":
      return { ...usual, ...noiseStep(step, geometry) };
    case "flip": {
      const { width, height } = needGeometry(step.kind, geometry);
      const last = (step.axis === "x" ? width : height) - 1;
      return {
        ...usual,
        columns: [step.axis],
        change: ({ filter, memory }, count) =>
          filter.mirror(count, memory.columns[step.axis].byteOffset, last),
      };
    }
    case "downsample": {
      const { factor } = step;
      const after = (side: number): number => Math.ceil(side / factor);
      return {
        ...usual,
        columns: ["x", "y"],
        geometry: geometry && { width: after(geometry.width), height: after(geometry.height) },
        change({ filter, memory }, count) {
          filter.divide(count, memory.columns.x.byteOffset, factor);
          filter.divide(count, memory.columns.y.byteOffset, factor);
        },
      };
    }
    case "hotPixels":
    case "select":
      throw new Error(`${step.kind} is no step of a sieve`);
  }
}

type Part = Pick<SieveStep, "columns"> & Partial<SieveStep>;

function regionsStep(regions: readonly Region[]): Part {
  return {
    columns: ["x", "y"],
    bytes: regions.length * REGION_BYTES,
    start({ memory }, address) {
      const values = regions.flatMap(({ x, y, width, height }) => [x, y, width - 1, height - 1]);
      new Uint16Array(memory.sieve.buffer, address, values.length).set(values);
    },
    keep: ({ filter, memory: { columns }, bits }, count, address) =>
      filter.keepRegions(
        count,
        bits,
        columns.x.byteOffset,
        columns.y.byteOffset,
        address,
        regions.length,
      ),
  };
}

function cropStep(region: Region): Part {
  const { x, y, width, height } = region;
  return {
    ...regionsStep([region]),
    geometry: { width, height },
    change({ filter, memory: { columns } }, count) {
      filter.shift(count, columns.x.byteOffset, x);
      filter.shift(count, columns.y.byteOffset, y);
    },
  };
}

function mapStep({ width, height, bits: map }: PixelMap, wanted: 0 | 1): Part {
  return {
    columns: ["x", "y"],
    bytes: map.byteLength,
    start: ({ memory }, address) => memory.sieve.set(map, address - memory.sieve.byteOffset),
    keep: ({ filter, memory: { columns }, bits }, count, address) =>
      filter.keepPixels(
        count,
        bits,
        columns.x.byteOffset,
        columns.y.byteOffset,
        address,
        width,
        height,
        wanted,
      ),
  };
}

function noiseStep(
  { kind, periodUs }: Extract<QueryStep, { readonly periodUs: number }>,
  geometry: SensorGeometry | null,
): Part {
  const { width, height } = needGeometry(kind, geometry);
  const period = BigInt(periodUs);
  return {
    columns: ["x", "y", "t"],
    bytes: width * height * TIME_BYTES,
    isAlone: true,
    start: ({ noise }, address) => noise.forget(address, width * height),
    keep({ noise, memory: { columns }, bits }, count, address) {
      const [x, y, t] = [columns.x.byteOffset, columns.y.byteOffset, columns.t.byteOffset];
      if (kind === "refractory") {
        noise.keepRested(count, bits, x, y, t, address, width, period);
      } else {
        noise.keepSupported(count, bits, x, y, t, address, width, height, period);
      }
    },
  };
}

type Pixels = readonly { readonly x: number; readonly y: number }[];

/** No event is on other pixels. */
function onSensor(pixels: Pixels, geometry: SensorGeometry | null): Pixels {
  if (geometry === null) return pixels;
  return pixels.filter(({ x, y }) => x < geometry.width && y < geometry.height);
}

/** A map of given pixels, no larger than it has to be. */
export function mapOf(pixels: readonly { readonly x: number; readonly y: number }[]): PixelMap {
  let [width, height] = [0, 0];
  for (const { x, y } of pixels) {
    width = Math.max(width, x + 1);
    height = Math.max(height, y + 1);
  }
  const bits = new Uint8Array(Math.ceil((width * height) / 8));
  for (const { x, y } of pixels) {
    const pixel = y * width + x;
    bits[pixel >> 3] = (bits[pixel >> 3] as number) | (1 << (pixel & 7));
  }
  return { width, height, bits };
}

function needGeometry(kind: string, geometry: SensorGeometry | null): SensorGeometry {
  if (geometry !== null) return geometry;
  throw new EventError("invalid-query", `${kind} needs to know the sensor`, {
    expected: "a recording that says its geometry",
    hint: "Give `geometry: { width, height }`.",
  });
}

function checkInside(region: Region, geometry: SensorGeometry | null): void {
  if (geometry === null) return;
  const { x, y, width, height } = region;
  if (x + width <= geometry.width && y + height <= geometry.height) return;
  throw new EventError("invalid-query", "the region reaches beyond the sensor", {
    expected: `pixels inside ${formatGeometry(geometry)}`,
    found: `x ${x} to ${x + width - 1}, y ${y} to ${y + height - 1}`,
  });
}

function checkMask({ width, height }: PixelMap, geometry: SensorGeometry): void {
  if (width === geometry.width && height === geometry.height) return;
  throw new EventError("invalid-query", "the mask has not the size of the sensor", {
    expected: formatGeometry(geometry),
    found: `${width}x${height}`,
  });
}
