/** Counts and extremes of the events of a recording. */
export interface EventStatistics {
  /** True when only parts of the recording were read; counts and rates are then scaled up. */
  readonly estimated: boolean;
  readonly events: number;
  /** Events of polarity ON. */
  readonly on: number;
  /** Events of polarity OFF. */
  readonly off: number;
  /**
   * Time of the first and the last event in file order, in microseconds; null without events, and where
   * only `exact` can tell it.
   */
  readonly firstTime: number | null;
  readonly lastTime: number | null;
  /** Least and greatest time, which differ from these where time goes back; null where they are. */
  readonly minTime: number | null;
  readonly maxTime: number | null;
  /** `maxTime - minTime`, in microseconds; 0 without events; rounded where only `exact` can tell it. */
  readonly durationUs: number;
  /** Mean rate over that time; null when it is 0. */
  readonly eventsPerSecond: number | null;
  /**
   * All times as they are; there when `exactTimes` was given and one of them, or the duration, is too large
   * for a number: from 2^53 us (285 years) on.
   */
  readonly exact?: ExactTimes | undefined;
  /** Least and greatest coordinates; null without events. */
  readonly minX: number | null;
  readonly maxX: number | null;
  readonly minY: number | null;
  readonly maxY: number | null;
  /** Events per window of time; there when `windowUs` was given. */
  readonly rate?: EventRate | undefined;
  /** Active and hot pixels; there when `hotPixels` was given. */
  readonly pixels?: PixelStatistics | undefined;
  /** Events of every pixel; there when `histogram` was asked for. */
  readonly histogram?: PixelHistogram | undefined;
}

/** Times of events in microseconds, which any 64-bit time is told by. */
export interface ExactTimes {
  /** Of the first and the last event in file order. */
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  /** Least and greatest time. */
  readonly minTime: bigint;
  readonly maxTime: bigint;
  /** `maxTime - minTime`. */
  readonly durationUs: bigint;
}

/**
 * How many events each window of time has. Window n is `[n * windowUs, (n + 1) * windowUs)` of the
 * time as it is loaded; which of them come first in the file does not matter.
 */
export interface EventRate {
  /** Length of a window in microseconds, as it was asked for. */
  readonly windowUs: number;
  /** Windows from that of the least time to that of the greatest, empty ones included; rounded from 2^53 on. */
  readonly windows: number;
  /** Where the first of them starts, in microseconds; null without events, and where only `exact` can tell it. */
  readonly start: number | null;
  /** Events of each window, in order of time; null where there are more than 131 072 windows. */
  readonly counts: readonly number[] | null;
  /** Why `counts` is null, in words; null where it is not. */
  readonly reason: string | null;
  /** Mean number of events in a window; null without events. */
  readonly meanEvents: number | null;
  /**
   * The window with most events, the first of several; null without events or `counts`, and where only
   * `exact` can tell where it starts.
   */
  readonly busiest: BusiestWindow | null;
  /**
   * Where windows start as it is; there when `exactTimes` was given and one of these is too large for a
   * number: from 2^53 us (285 years) on.
   */
  readonly exact?: ExactRate | undefined;
}

/** Windows of time by where they start in microseconds, which any 64-bit time is told by. */
export interface ExactRate {
  /** Where the first window starts, which may be below every 64-bit time. */
  readonly start: bigint;
  /** The window with most events, the first of several; null without `counts`. */
  readonly busiest: ExactBusiestWindow | null;
}

/** The window of time with most events, wherever it starts. */
export interface ExactBusiestWindow extends Omit<BusiestWindow, "start"> {
  /** Where it starts, in microseconds. */
  readonly start: bigint;
}

/** The window of time with most events. */
export interface BusiestWindow {
  /** Where it starts, in microseconds. */
  readonly start: number;
  readonly events: number;
  readonly eventsPerSecond: number;
}

/**
 * What the pixels did. A pixel is **active** when it has an event. It is **hot** when it has more
 * than ten times as many events as the median active pixel (the lower one of two), and more than ten
 * times as many as at least five of its eight neighbours; what is not on the sensor has none.
 */
export interface PixelStatistics {
  readonly active: number;
  /** Pixels of the sensor, active or not; null where its geometry is not known. */
  readonly sensor: number | null;
  /** Events of the median active pixel; null without events. */
  readonly medianEvents: number | null;
  /** How many pixels are hot. */
  readonly hot: number;
  /** Events of all hot pixels. */
  readonly hotEvents: number;
  /** The hot pixels with most events, most first; at most as many as were asked for. */
  readonly hotPixels: readonly HotPixel[];
  /**
   * Events on pixels that there was no room to count: 0 unless events fall into more than 4096
   * different blocks of 64 x 64 pixels, which no camera has.
   */
  readonly eventsNotCounted: number;
}

/** A pixel that fires far more often than those around it. */
export interface HotPixel {
  readonly x: number;
  readonly y: number;
  /** At most 4 294 967 295, where counting stops. */
  readonly events: number;
  /** Events of polarity ON. */
  readonly on: number;
  /** Part of all events of the recording, 0 to 1. */
  readonly share: number;
}

/** Events of every pixel, row by row: pixel (x, y) at `y * width + x`. */
export type PixelHistogram = PixelCounts | NoPixelCounts;

/** The size of a histogram: the sensor, or up to the greatest coordinates where that is not known. */
interface HistogramSize {
  readonly width: number;
  readonly height: number;
}

/** A histogram. Counts stop at 4 294 967 295. */
export interface PixelCounts extends HistogramSize {
  readonly events: Uint32Array<ArrayBuffer>;
  /** Events of polarity ON. */
  readonly on: Uint32Array<ArrayBuffer>;
  readonly reason: null;
}

/** A histogram of more than 16 777 216 pixels, which is not made. */
export interface NoPixelCounts extends HistogramSize {
  readonly events: null;
  readonly on: null;
  /** Why, in words. */
  readonly reason: string;
}
