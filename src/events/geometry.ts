import { EventError } from "../errors.ts";
import { namesOf } from "../util/option-names.ts";
import { show } from "../util/show.ts";

/** The pixel array of a sensor. */
export interface SensorGeometry {
  /** Pixels in a row; x runs from 0 to `width - 1`. */
  readonly width: number;
  /** Rows; y runs from 0 to `height - 1`. */
  readonly height: number;
}

/** The names of {@link SensorGeometry}. */
export const GEOMETRY_NAMES = namesOf<SensorGeometry>()({ width: true, height: true });

/** Coordinates are 16-bit numbers, so no sensor is larger than this on either side. */
const MAX_SIDE = 65536;

/** `640x480`, the spelling of headers and metadata. */
export function formatGeometry(geometry: SensorGeometry): string {
  return `${geometry.width}x${geometry.height}`;
}

/** Reads `640x480`; null when the text is anything else or a side is 0 or too large. */
export function parseGeometry(text: string): SensorGeometry | null {
  const match = /^\s*(\d{1,6})\s*[xX]\s*(\d{1,6})\s*$/.exec(text);
  if (match === null) return null;
  const geometry = { width: Number(match[1]), height: Number(match[2]) };
  return isGeometry(geometry) ? geometry : null;
}

/** Whether both sides are whole numbers a sensor can have. */
export function isGeometry(geometry: SensorGeometry): boolean {
  return isSide(geometry.width) && isSide(geometry.height);
}

/** Whether two geometries are the same. */
export function sameGeometry(a: SensorGeometry, b: SensorGeometry): boolean {
  return a.width === b.width && a.height === b.height;
}

/**
 * Checks a geometry that a caller gave.
 *
 * @throws EventError `invalid-option`
 */
export function checkGeometry(geometry: SensorGeometry): SensorGeometry {
  if (typeof geometry === "object" && geometry !== null && isGeometry(geometry)) {
    return { width: geometry.width, height: geometry.height };
  }
  throw new EventError("invalid-option", "geometry is not a sensor geometry", {
    expected: `{ width, height } in whole pixels from 1 to ${MAX_SIDE}`,
    found: show(geometry),
  });
}

function isSide(side: number): boolean {
  return Number.isInteger(side) && side >= 1 && side <= MAX_SIDE;
}
