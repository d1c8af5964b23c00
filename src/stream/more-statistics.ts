import { EventError } from "../errors.ts";
import type { SensorGeometry } from "../events/geometry.ts";
import type { EventStatistics } from "../events/statistics.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { namesOf } from "../util/option-names.ts";
import { show } from "../util/show.ts";
import { pixelStatistics } from "./hot-pixels.ts";
import { checkFlag } from "./load-options.ts";
import { TilePixels } from "./tile-pixels.ts";
import { TileRate } from "./tile-rate.ts";

/** What statistics are asked for beyond counts and extremes. */
export interface MoreOptions {
  /**
   * Count the events of windows of so many whole microseconds, from 1 on: `rate`. Default: not
   * counted.
   */
  windowUs?: number | undefined;
  /**
   * Count active and hot pixels, and list so many of the hottest, from 0 on: `pixels`. Default: not
   * counted.
   */
  hotPixels?: number | undefined;
  /** Keep the events of every pixel: `histogram`. Default `false`. */
  histogram?: boolean | undefined;
  /**
   * Tell times from 2^53 us (285 years) on, which no number holds, in `exact`, instead of throwing
   * `unsafe-time`; the fields that are numbers are then null. So does `rate` of where windows start.
   * Default `false`.
   */
  exactTimes?: boolean | undefined;
}

/** The names of {@link MoreOptions}. */
export const MORE_NAMES = namesOf<MoreOptions>()({
  windowUs: true,
  hotPixels: true,
  histogram: true,
  exactTimes: true,
});

/** What is found out of tiles only where it was asked for. All tiles are in the same memory. */
export class MoreStatistics {
  /** Room in the output of the memory that it takes. */
  readonly bytes: number;
  /** Whether times that are too large for a number are told. */
  readonly exactTimes: boolean;
  readonly #geometry: SensorGeometry | null;
  readonly #hotPixels: number | undefined;
  readonly #histogram: boolean;
  readonly #rate: TileRate | null;
  readonly #pixels: TilePixels | null;

  /** @throws EventError `invalid-option` */
  constructor(
    { windowUs, hotPixels, histogram, exactTimes }: MoreOptions,
    geometry: SensorGeometry | null,
    recording: OpenedRecording,
  ) {
    checkWhole("windowUs", windowUs, 1, "a whole number of microseconds from 1");
    checkWhole("hotPixels", hotPixels, 0, "a whole number from 0");
    this.#geometry = geometry;
    this.#hotPixels = hotPixels;
    this.#histogram = checkFlag("histogram", histogram);
    this.exactTimes = checkFlag("exactTimes", exactTimes);
    this.#rate = windowUs === undefined ? null : new TileRate(windowUs);
    const needsPixels = this.#histogram || hotPixels !== undefined;
    this.#pixels = needsPixels ? new TilePixels(geometry, recording.mostEvents()) : null;
    this.bytes = (this.#rate?.bytes ?? 0) + (this.#pixels?.bytes ?? 0);
  }

  /** Adds the tile in `memory`. */
  async add(memory: EventMemory): Promise<void> {
    await this.#rate?.add(memory, 0);
    await this.#pixels?.add(memory, this.#rate?.bytes ?? 0);
  }

  /** The statistics of the same tiles, with what was found out. */
  addTo(statistics: EventStatistics): EventStatistics {
    const pixels = this.#pixels;
    const geometry = this.#geometry;
    pixels?.settle();
    return {
      ...statistics,
      ...(this.#rate && { rate: this.#rate.get(statistics, this.exactTimes) }),
      ...(pixels &&
        this.#hotPixels !== undefined && {
          pixels: pixelStatistics(pixels, geometry, statistics.events, this.#hotPixels),
        }),
      ...(pixels && this.#histogram && { histogram: pixels.histogram(geometry, statistics) }),
    };
  }
}

function checkWhole(name: string, value: unknown, least: number, expected: string): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)) return;
  throw new EventError("invalid-option", `${name} is not known`, { expected, found: show(value) });
}
