/** Numbers for people, and tables. */

/** What stands where there is no value. */
export const NOTHING = "-";

/** `1234567` as `1,234,567`. */
export function formatCount(count: number | bigint): string {
  return String(count).replace(/(?<!\.\d*)\B(?=(\d{3})+(?!\d))/g, ",");
}

/** A part with its share of the whole: `512 (51.2 %)`; only the part where the whole is empty. */
export function withShare(
  part: number,
  whole: number,
  format: (value: number) => string = formatCount,
): string {
  return whole === 0 ? format(part) : `${format(part)} (${((part / whole) * 100).toFixed(1)} %)`;
}

/** `2170592` as `2.17 MB`. */
export function formatBytes(bytes: number): string {
  return scaled(bytes, ["bytes", "kB", "MB", "GB", "TB"]);
}

/** `107234` as `107 k`. */
export function formatMagnitude(value: number): string {
  return scaled(value, ["", "k", "M", "G", "T"]).trimEnd();
}

/** A rate as `107 k events/s`. */
export function formatRate(eventsPerSecond: number): string {
  return `${formatMagnitude(eventsPerSecond)} events/s`;
}

/** Three significant digits and the largest unit that leaves a number from 1. */
function scaled(value: number, units: readonly string[]): string {
  let rest = roundTo(value, 3);
  let unit = 0;
  while (Math.abs(rest) >= 1000 && unit < units.length - 1) {
    rest = roundTo(rest / 1000, 3);
    unit++;
  }
  return `${formatCount(rest)} ${units[unit]}`;
}

const US_PER_MS = 1000;
const US_PER_S = 1_000_000;
const US_PER_MIN = 60 * US_PER_S;
const US_PER_H = 60 * US_PER_MIN;

/** Microseconds in the unit that suits them: µs, ms, s, min or h. */
export function formatDuration(us: number): string {
  if (us < 0) return `-${formatDuration(-us)}`;
  if (us < US_PER_MS) return `${us} µs`;
  const rounded = roundTo(us, 4);
  if (rounded < US_PER_S) return `${rounded / US_PER_MS} ms`;
  if (rounded < US_PER_MIN) return `${rounded / US_PER_S} s`;
  const seconds = Math.round(us / US_PER_S);
  const minutes = Math.floor(seconds / 60);
  if (seconds * US_PER_S < US_PER_H) return `${minutes} min ${seconds % 60} s`;
  return `${formatCount(Math.floor(minutes / 60))} h ${minutes % 60} min ${seconds % 60} s`;
}

/** A time or duration, exact and in a unit that suits it: `11,718,661 µs (11.72 s)`. */
export function formatTime(us: number | bigint): string {
  const exact = `${formatCount(us)} µs`;
  const about = Number(us);
  return Math.abs(about) < US_PER_MS ? exact : `${exact} (${formatDuration(about)})`;
}

/** A number rounded to so many significant digits. */
export function roundTo(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

/** Rows of texts as columns that are aligned to the right. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, text] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, text.length);
    }
  }
  return rows.map((row) => row.map((text, at) => text.padStart(widths[at] ?? 0)).join("  "));
}

/** A label and its value. */
export type Row = readonly [label: string, value: string];

/** Rows as two columns. */
export function labelled(rows: readonly Row[]): string[] {
  const width = Math.max(0, ...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`.trimEnd());
}
