import type { SensorGeometry } from "../../../src/index.ts";
import { decodeEvt3Reference } from "../../reference/evt3.ts";
import {
  type ExpectedLoad,
  type ExpectedOptions,
  expectedLoad,
  rawReference,
} from "../../support/expected-load.ts";

export const SENSOR: SensorGeometry = { width: 640, height: 480 };
export const OPEN_HEADER = "% evt 3.0\n% end\n";

/** The pixels that words can name: every x that the column can hold, and all rows of 11 bits. */
const LARGEST: SensorGeometry = { width: 65536, height: 2048 };

/**
 * Two things the reference decoder leaves open: without a geometry an x beyond the column's range
 * is off the sensor, and so are the rows of the slave camera, however high the sensor is said to be.
 */
const reference = rawReference("evt3", (data, { geometry }) => {
  const { width, height } = geometry ?? LARGEST;
  const sensor = { width, height: Math.min(height, LARGEST.height) };
  return decodeEvt3Reference(data, { geometry: sensor });
});

export function expectedEvt3(
  recording: Uint8Array,
  options: Omit<ExpectedOptions, "reference">,
): ExpectedLoad {
  return expectedLoad(recording, { ...options, reference });
}
