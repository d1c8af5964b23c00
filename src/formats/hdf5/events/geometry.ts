import { EventError } from "../../../errors.ts";
import {
  formatGeometry,
  isGeometry,
  parseGeometry,
  type SensorGeometry,
  sameGeometry,
} from "../../../events/geometry.ts";
import { METADATA_KEYS } from "../../../events/metadata-keys.ts";
import { readDataset } from "../dataset-values.ts";
import type { Attributes } from "../structure/attributes.ts";
import type { Values } from "../structure/values.ts";
import { type Catalog, childOf, parentOf } from "./catalog.ts";

/** A size of the sensor, and what says it. */
interface FoundGeometry {
  readonly geometry: SensorGeometry;
  readonly place: string;
}

/** Attributes of text such as `1280x720`. */
const TEXT_ATTRIBUTES = [METADATA_KEYS.geometry, "geometry"];
/** Attributes of two numbers, height first. */
const SIZE_ATTRIBUTES = ["sensor_resolution"];
/** Attributes or datasets of one number each. */
const SIDES = [
  ["width", "height"],
  ["sizeX", "sizeY"],
] as const;

/**
 * The size of the sensor of the stream in `path`, where that or any group around it says it.
 *
 * | Where | Who |
 * |---|---|
 * | attribute `geometry`, `WIDTHxHEIGHT` | Metavision, evarrow |
 * | attribute `sensor_resolution`, height and width | E2VID |
 * | attributes `width` and `height`, or `sizeX` and `sizeY` | jAER |
 * | datasets `width` and `height` | RVT |
 * | dataset `calib/resolution`, width and height | M3ED |
 * | dataset `image_raw` of images x height x width | MVSEC |
 *
 * @returns null when nothing says it
 * @throws EventError `geometry-conflict` when two places name different sizes
 */
export async function findGeometry(
  catalog: Catalog,
  path: string,
  file: string | undefined,
): Promise<SensorGeometry | null> {
  const found: FoundGeometry[] = [];
  for (let at = path; ; at = parentOf(at)) {
    found.push(...attributeGeometries(await catalog.attributes(at), at));
    found.push(...(await datasetGeometries(catalog, at)));
    if (at === "/") break;
  }
  const [first] = found;
  if (first === undefined) return null;
  const other = found.find(({ geometry }) => !sameGeometry(geometry, first.geometry));
  if (other === undefined) return first.geometry;
  throw new EventError("geometry-conflict", "the file names two sensor geometries", {
    path: file,
    format: "hdf5",
    expected: `${formatGeometry(first.geometry)}, as ${first.place} says`,
    found: `${formatGeometry(other.geometry)} in ${other.place}`,
    hint: "Give `geometry` to state it yourself.",
  });
}

function attributeGeometries(attributes: Attributes, path: string): FoundGeometry[] {
  const found: (FoundGeometry | null)[] = [];
  for (const name of TEXT_ATTRIBUTES) {
    const text = attributes.get(name);
    const geometry = typeof text === "string" ? parseGeometry(text) : null;
    if (geometry !== null) found.push({ geometry, place: `the attribute ${name} of ${path}` });
  }
  for (const name of SIZE_ATTRIBUTES) {
    const [height, width] = numbersOf(attributes.get(name));
    found.push(sized(width, height, `the attribute ${name} of ${path}`));
  }
  for (const [x, y] of SIDES) {
    const [[width], [height]] = [numbersOf(attributes.get(x)), numbersOf(attributes.get(y))];
    found.push(sized(width, height, `the attributes ${x} and ${y} of ${path}`));
  }
  return found.filter((one) => one !== null);
}

async function datasetGeometries(catalog: Catalog, path: string): Promise<FoundGeometry[]> {
  const names = await catalog.names(path);
  const numbers = async (name: string): Promise<number[]> => {
    const dataset = await catalog.dataset(childOf(path, name));
    return dataset === null ? [] : numbersOf(await readDataset(catalog.file, dataset));
  };
  const found: (FoundGeometry | null)[] = [];
  if (names.includes("width") && names.includes("height")) {
    // As columns they would say something of every event.
    const [[width, ...widths], [height, ...heights]] = [
      await numbers("width"),
      await numbers("height"),
    ];
    const isOne = widths.length === 0 && heights.length === 0;
    if (isOne) found.push(sized(width, height, childOf(path, "width and height")));
  }
  if (names.includes("calib")) {
    const [width, height] = await numbers("calib/resolution");
    found.push(sized(width, height, childOf(path, "calib/resolution")));
  }
  if (names.includes("image_raw")) {
    const images = childOf(path, "image_raw");
    const [, height, width] = (await catalog.dataset(images))?.shape ?? [];
    found.push(sized(width, height, `the shape of ${images}`));
  }
  return found.filter((one) => one !== null);
}

function sized(
  width: number | undefined,
  height: number | undefined,
  place: string,
): FoundGeometry | null {
  if (width === undefined || height === undefined) return null;
  const geometry = { width, height };
  return isGeometry(geometry) ? { geometry, place } : null;
}

/** The numbers among values. */
export function numbersOf(values: Values | null | undefined): number[] {
  const list = Array.isArray(values) ? values : [values];
  return list.filter((value) => typeof value === "number");
}
