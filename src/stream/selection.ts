import type { SensorGeometry } from "../events/geometry.ts";
import type { TileOptions } from "../recording/tiles.ts";

/** Which events of a recording a pass is about. */
export interface Selection {
  /** What reading them takes. */
  readonly tiles: Pick<TileOptions, "ranges" | "columns" | "foundBy" | "timeOffset" | "sieve">;
  /** The sensor that their coordinates lie on; that of the recording when left out. */
  readonly geometry?: SensorGeometry | null | undefined;
  /** Bytes that its sieve holds. Default 0. */
  readonly sieveBytes?: number | undefined;
  /** The most events that a frame may have; more are refused. Default: no limit. */
  readonly mostEvents?: number | undefined;
}

/** All events. */
export const EVERYTHING: Selection = { tiles: {} };
