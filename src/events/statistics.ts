/** Counts and extremes of the events of a recording. */
export interface EventStatistics {
  /** True when only parts of the recording were read; counts and rates are then scaled up. */
  readonly estimated: boolean;
  readonly events: number;
  /** Events of polarity ON. */
  readonly on: number;
  /** Events of polarity OFF. */
  readonly off: number;
  /** Time of the first and the last event in file order, in microseconds; null without events. */
  readonly firstTime: number | null;
  readonly lastTime: number | null;
  /** Least and greatest time, which differ from these where time goes back. */
  readonly minTime: number | null;
  readonly maxTime: number | null;
  /** `maxTime - minTime`, in microseconds; 0 without events. */
  readonly durationUs: number;
  /** Mean rate over that time; null when it is 0. */
  readonly eventsPerSecond: number | null;
  /** Least and greatest coordinates; null without events. */
  readonly minX: number | null;
  readonly maxX: number | null;
  readonly minY: number | null;
  readonly maxY: number | null;
}
