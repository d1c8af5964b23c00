/** The header row of CSV as this library writes it. */

/** Names of the columns, in their order. */
export const CSV_HEADER = "x,y,t,polarity";

const ROW = /^(?:\u00ef\u00bb\u00bf)?x,y,t,polarity\r?(?:\n|$)/;
/** Bytes of the row with a byte order mark and its line end. */
const MOST_BYTES = CSV_HEADER.length + 5;

/** Bytes of the header row at the start of `head`; 0 when it is another one. */
export function csvHeaderLength(head: Uint8Array): number {
  const text = String.fromCharCode(...head.subarray(0, MOST_BYTES));
  return ROW.exec(text)?.[0].length ?? 0;
}
