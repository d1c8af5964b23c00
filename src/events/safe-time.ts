import { EventError } from "../errors.ts";

/**
 * A time in microseconds as a JavaScript number, for reports and JSON.
 *
 * @param named - the time that it was made from, which an error then names
 * @throws EventError `unsafe-time` from 2^53 us (285 years) on, where a number would be rounded
 */
export function timeAsNumber(time: bigint, named: bigint = time): number {
  if (isSafeTime(time)) return Number(time);
  throw new EventError("unsafe-time", "a time is too large for a JavaScript number", {
    expected: "at most 9007199254740991 us before or after 0",
    found: `${named} us`,
    hint: "Read the column `t` itself, which holds any 64-bit time.",
  });
}

/** The same, but null where a number would be rounded and `exactTimes` has it told elsewhere. */
export function timeOrNull(time: bigint, exactTimes: boolean): number | null {
  return exactTimes && !isSafeTime(time) ? null : timeAsNumber(time);
}

/** Whether a number holds a time. */
export function isSafeTime(time: bigint): boolean {
  return Number.isSafeInteger(Number(time));
}
