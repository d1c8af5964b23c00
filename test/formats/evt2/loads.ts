import type { SensorGeometry } from "../../../src/index.ts";

export const SENSOR: SensorGeometry = { width: 640, height: 480 };
export const OPEN_HEADER = "% evt 2.0\n% end\n";
