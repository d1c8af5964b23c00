/**
 * Reference reader for CSV with the header row `x,y,t,polarity`, written from the description in
 * `src/formats/csv/layout.ts` and the rules in `docs/formats.md`. It exists to be checked by eye,
 * not to be fast.
 */
import type { ReferenceEvent } from "./evt2.ts";

export type CsvReferenceLoss = "malformedLine" | "outsideGeometry" | "backwardStep";

export interface CsvReference {
  /** Length of the header row, byte order mark and line end included. */
  dataOffset: number;
  events: ReferenceEvent[];
  malformedLines: number;
  eventsOutsideGeometry: number;
  backwardSteps: number;
  /** Byte offset in the file of the line of the first loss of each kind. */
  firstAt: Partial<Record<CsvReferenceLoss, number>>;
}

/** "A line that is longer holds no event", its line end included. */
const MOST_LINE_BYTES = 64;

/** Without a geometry a pixel is what its columns can hold. */
const LARGEST = { width: 65_536, height: 65_536 };

const HEADER = /^(?:\u00ef\u00bb\u00bf)?x,y,t,polarity\r?(?:\n|$)/;
const LINE = /^(-?\d{1,19}),(-?\d{1,19}),(-?\d{1,19}),(-?\d{1,19})$/;

/**
 * Reads a whole file.
 *
 * @param rebase - put the first event on time 0; an event whose time has no place in 64 bits then
 *   is no event
 * @throws Error when the header row is another one
 */
export function readCsvReference(
  bytes: Uint8Array,
  options: { geometry?: { width: number; height: number } | null; rebase?: boolean } = {},
): CsvReference {
  const { width, height } = options.geometry ?? LARGEST;
  const text = Buffer.from(bytes).toString("latin1"); // one character a byte
  const header = HEADER.exec(text);
  if (header === null) throw new Error("no such header row");
  const dataOffset = header[0].length;

  const result: CsvReference = {
    dataOffset,
    events: [],
    malformedLines: 0,
    eventsOutsideGeometry: 0,
    backwardSteps: 0,
    firstAt: {},
  };
  let previous: bigint | null = null; // time of the last event kept
  let offset: bigint | null = options.rebase ? null : 0n;

  let at = dataOffset;
  for (const line of text.slice(dataOffset).split("\n")) {
    const event = line.replace(/\r$/, "") === "" ? "blank" : judge(line);
    if (event === "malformed") {
      result.malformedLines += 1;
      result.firstAt.malformedLine ??= at;
    } else if (event === "outside") {
      result.eventsOutsideGeometry += 1;
      result.firstAt.outsideGeometry ??= at;
    } else if (event !== "blank") {
      if (previous !== null && event.t < previous) {
        result.backwardSteps += 1;
        result.firstAt.backwardStep ??= at;
      }
      previous = event.t;
      offset ??= event.t;
      result.events.push(event);
    }
    at += line.length + 1;
  }
  return result;

  function judge(line: string): ReferenceEvent | "malformed" | "outside" {
    const fields = LINE.exec(line.replace(/\r$/, ""))?.slice(1).map(BigInt);
    if (fields === undefined || !fields.every(isInt64)) return "malformed";
    if (line.length + 1 > MOST_LINE_BYTES) return "malformed"; // a line feed that is missing counts
    const [x = 0n, y = 0n, t = 0n, polarity = 0n] = fields;
    if (polarity < -1n || polarity > 1n) return "malformed";
    if (x < 0n || x >= width || y < 0n || y >= height) return "outside";
    if (!isInt64(t - (offset ?? t))) return "malformed";
    return { t, x: Number(x), y: Number(y), p: polarity > 0n ? 1 : 0 };
  }
}

const isInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value;
