import { CARRIED_BYTES } from "../kernels/layout.ts";
import type { TimeIndex, TimeIndexEntry } from "./time-index.ts";

/** Anything else was written by another version. */
const VERSION = 1;
const TEXT_ENTRY_NUMBERS = 6;

/** An index as text, to be kept for {@link decodeTimeIndex}. */
export function encodeTimeIndex({ entries, firstTime, timeOffset }: TimeIndex): string {
  return JSON.stringify({
    version: VERSION,
    firstTime: firstTime === null ? null : String(firstTime),
    timeOffset: String(timeOffset),
    entries: entries.map(({ start, end, events, minTime, maxTime, carried }) => [
      start,
      end,
      events,
      String(minTime),
      String(maxTime),
      carried === undefined ? "" : Array.from(carried, hexByte).join(""),
    ]),
  });
}

/**
 * Reads an index. Whatever was not written by {@link encodeTimeIndex} gives null; a text that was
 * made to deceive can make a query miss events, but not read beyond the recording.
 */
export function decodeTimeIndex(text: string): TimeIndex | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { version, firstTime, timeOffset, entries } = (value ?? {}) as Record<string, unknown>;
  if (version !== VERSION || !Array.isArray(entries)) return null;
  const first = firstTime === null ? null : timeOf(firstTime);
  const offset = timeOf(timeOffset);
  if (first === undefined || offset === undefined) return null;
  const decoded: TimeIndexEntry[] = [];
  for (const item of entries) {
    const entry = entryOf(item);
    const previous = decoded.at(-1);
    if (entry === null || (previous !== undefined && entry.start !== previous.end)) return null;
    decoded.push(entry);
  }
  return { entries: decoded, firstTime: first, timeOffset: offset };
}

function entryOf(item: unknown): TimeIndexEntry | null {
  if (!Array.isArray(item) || item.length !== TEXT_ENTRY_NUMBERS) return null;
  const [start, end, events, least, greatest, state] = item as unknown[];
  const [minTime, maxTime] = [timeOf(least), timeOf(greatest)];
  const carried = stateOf(state);
  if (minTime === undefined || maxTime === undefined || carried === null) return null;
  if (!isCount(start) || !isCount(end) || !isCount(events) || start > end) return null;
  return { start, end, events, minTime, maxTime, carried };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function timeOf(value: unknown): bigint | undefined {
  return typeof value === "string" && /^-?\d{1,19}$/.test(value) ? BigInt(value) : undefined;
}

/** Null for what is no state; undefined for that at the start of the data. */
function stateOf(value: unknown): Uint8Array | undefined | null {
  if (value === "") return undefined;
  if (typeof value !== "string" || value.length !== 2 * CARRIED_BYTES) return null;
  if (!/^[0-9a-f]*$/.test(value)) return null;
  return Uint8Array.from({ length: CARRIED_BYTES }, (_, at) =>
    Number.parseInt(value.slice(2 * at, 2 * at + 2), 16),
  );
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
