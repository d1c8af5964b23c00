import { LINE_FEED } from "./layout.ts";

/** Counts the lines; one that the end cuts counts, too. */
export function countLines(data: Uint8Array): number {
  let lines = 0;
  for (let at = data.indexOf(LINE_FEED); at >= 0; at = data.indexOf(LINE_FEED, at + 1)) lines++;
  const isCut = data.byteLength > 0 && data[data.byteLength - 1] !== LINE_FEED;
  return isCut ? lines + 1 : lines;
}
