import { EventError } from "../errors.ts";
import { show } from "../util/show.ts";

/**
 * A point in time: a number or bigint is a value of `t` as it is loaded, in whole microseconds; a
 * string with a unit (`"1.5s"`, `"200ms"`, `"350us"`, `"2min"`) is an offset from the first event of
 * the recording, in the order of the file.
 */
export type QueryTime = number | bigint | string;

/** A point in time, checked. */
export interface TimeBound {
  readonly us: bigint;
  /** Whether it counts from the first event. */
  readonly isOffset: boolean;
}

const UNITS: Readonly<Record<string, number>> = {
  us: 0,
  µs: 0,
  μs: 0,
  ms: 3,
  s: 6,
};
const MINUTE_US = 60_000_000n;
const TEXT = /^\s*(-)?(\d+)(?:\.(\d+))?\s*(us|µs|μs|ms|s|min)\s*$/;
/** The least and the greatest time that a column holds. */
export const FIRST_TIME = -(2n ** 63n);
export const LAST_TIME = 2n ** 63n - 1n;
const EXPECTED =
  'whole microseconds as a number or bigint, or an offset from the first event such as "1.5s", "200ms" or "350us"';

/**
 * Reads a point in time that a caller gave.
 *
 * @throws EventError `invalid-query`
 */
export function checkTime(name: string, time: QueryTime): TimeBound {
  if (typeof time === "bigint" && time >= FIRST_TIME && time <= LAST_TIME) {
    return { us: time, isOffset: false };
  }
  if (typeof time === "number" && Number.isSafeInteger(time)) {
    return { us: BigInt(time), isOffset: false };
  }
  const us = typeof time === "string" ? parseOffset(time) : null;
  if (us !== null && us >= FIRST_TIME && us <= LAST_TIME) return { us, isOffset: true };
  throw new EventError("invalid-query", `${name} is no point in time`, {
    expected: EXPECTED,
    found: show(time),
  });
}

/** Microseconds of a text with a unit, exactly; null when it is none or has parts of microseconds. */
function parseOffset(text: string): bigint | null {
  const match = TEXT.exec(text);
  if (match === null) return null;
  const [, minus, whole = "", decimals = "", unit = ""] = match;
  const digits = decimals.replace(/0+$/, "");
  let us: bigint;
  if (unit === "min") {
    const scaled = BigInt(whole + digits) * MINUTE_US;
    const factor = 10n ** BigInt(digits.length);
    if (scaled % factor !== 0n) return null;
    us = scaled / factor;
  } else {
    const power = UNITS[unit] as number;
    if (digits.length > power) return null;
    us = BigInt(whole + digits.padEnd(power, "0"));
  }
  return minus === undefined ? us : -us;
}

/** The first and the last time of a window, which may be beyond 64 bits; last < first for none. */
export function boundsOf(
  { start, end }: { readonly start: TimeBound | null; readonly end: TimeBound | null },
  firstTime: bigint,
): { readonly first: bigint; readonly last: bigint } {
  const at = ({ us, isOffset }: TimeBound): bigint => us + (isOffset ? firstTime : 0n);
  return {
    first: start === null ? FIRST_TIME : at(start),
    // Half-open: the last microsecond is the one in front of the end.
    last: end === null ? LAST_TIME : at(end) - 1n,
  };
}

/** A sum that stays within 64 bits: what lies beyond is as good as their end. */
export function clampTime(us: bigint): bigint {
  if (us < FIRST_TIME) return FIRST_TIME;
  return us > LAST_TIME ? LAST_TIME : us;
}

/** The point as text, as {@link checkTime} reads it. */
export function formatBound({ us, isOffset }: TimeBound): string {
  return isOffset ? `"${us}us"` : `${us}`;
}
