import type { LoadReport, SensorGeometry } from "../../../src/index.ts";
import { readCsvReference } from "../../reference/csv.ts";
import {
  type ExpectedLoad,
  type ExpectedOptions,
  expectedLoad,
  type ReferenceFormat,
} from "../../support/expected-load.ts";

export const HEADER = "x,y,t,polarity\n";
export const SENSOR: SensorGeometry = { width: 640, height: 480 };
export const GREATEST_TIME = "9223372036854775807";
export const LEAST_TIME = "-9223372036854775808";

/** A file: the header row, then lines that bring their line ends themselves. */
export function csvOf(lines: string, header = HEADER): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(header + lines, "latin1"));
}

/** Everything a file must give. */
export function expectedCsv(
  bytes: Uint8Array,
  options: Omit<ExpectedOptions, "reference" | "geometry"> & {
    geometry?: SensorGeometry | null;
  } = {},
): ExpectedLoad {
  const { rebase = false } = options;
  const reference: ReferenceFormat = {
    format: "csv",
    decode: (recording, geometry) => {
      const { dataOffset: _, ...load } = readCsvReference(recording, { geometry, rebase });
      return {
        triggers: [],
        skippedWords: {},
        unknownWords: {},
        eventsBeforeTimeBase: 0,
        triggersBeforeTimeBase: 0,
        clockWraps: 0,
        truncatedBytes: 0,
        ...load,
      };
    },
  };
  return expectedLoad(bytes, {
    geometry: null,
    polarityEncoding: "zero-one",
    ...options,
    reference,
  });
}

/** How many lines of each kind a report counts. */
export function countsOf(report: LoadReport) {
  const { events, malformedLines, eventsOutsideGeometry, backwardSteps } = report;
  return { events, malformedLines, eventsOutsideGeometry, backwardSteps };
}
