import type { LoadReport, SensorGeometry, TextOptions } from "../../../src/index.ts";
import { CSV_DIALECT, readTextReference, type TextReferenceDialect } from "../../reference/text.ts";
import { latin1Bytes } from "../../support/evt2-words.ts";
import {
  type ExpectedLoad,
  type ExpectedOptions,
  expectedLoad,
  type ReferenceFormat,
} from "../../support/expected-load.ts";

/** The header row of our own CSV. */
export const HEADER = "x,y,t,polarity\n";
export const SENSOR: SensorGeometry = { width: 640, height: 480 };
export const GREATEST_TIME = "9223372036854775807";
export const LEAST_TIME = "-9223372036854775808";

/** A file: the header row, then lines that bring their line ends themselves. */
export function csvOf(lines: string, header = HEADER): Uint8Array<ArrayBuffer> {
  return latin1Bytes(header + lines);
}

/** Everything a file must give. */
export function expectedText(
  bytes: Uint8Array,
  dialect: TextReferenceDialect,
  options: Omit<ExpectedOptions, "reference" | "geometry"> & {
    geometry?: SensorGeometry | null;
  } = {},
): ExpectedLoad {
  const { rebase = false } = options;
  const reference: ReferenceFormat = {
    format: "text",
    decode: (recording, geometry) => {
      const { firstLine, ...load } = readTextReference(recording, dialect, { geometry, rebase });
      return {
        triggers: [],
        skippedWords: {},
        unknownWords: {},
        eventsBeforeTimeBase: 0,
        triggersBeforeTimeBase: 0,
        clockWraps: 0,
        ...load,
        ...(Object.keys(firstLine).length > 0 && { firstLine }),
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

/** Everything that a file of our own CSV must give. */
export function expectedCsv(
  bytes: Uint8Array,
  options: Parameters<typeof expectedText>[2] = {},
): ExpectedLoad {
  return expectedText(bytes, CSV_DIALECT, options);
}

/** What a caller says for a file to be read in a dialect. */
export function optionsOf(dialect: TextReferenceDialect): TextOptions {
  const { separator, columns, timeUnit, skip = 0, comments = [] } = dialect;
  const [comment] = comments.length === 1 ? comments : [];
  return { separator, columns, timeUnit, header: skip > 0, comment };
}

/** How many lines of each kind a report counts. */
export function countsOf(report: LoadReport) {
  const { events, malformedLines, eventsOutsideGeometry, backwardSteps } = report;
  return { events, malformedLines, eventsOutsideGeometry, backwardSteps };
}
