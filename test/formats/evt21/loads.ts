import type { LoadReport, SensorGeometry } from "../../../src/index.ts";
import { decodeEvt21Reference } from "../../reference/evt21.ts";
import { parseRawHeader } from "../../reference/raw-header.ts";
import type { ByteOrder } from "../../support/evt21-words.ts";
import {
  type ExpectedLoad,
  type ExpectedOptions,
  expectedLoad,
  type ReferenceFormat,
  rawReference,
} from "../../support/expected-load.ts";

export const SENSOR: SensorGeometry = { width: 640, height: 480 };
export const OPEN_HEADERS: Readonly<Record<ByteOrder, string>> = {
  little: "% format EVT21;endianness=little\n% end\n",
  legacy: "% format EVT21;endianness=legacy\n% end\n",
};

const REFERENCES: Readonly<Record<ByteOrder, ReferenceFormat>> = {
  little: rawReference("evt21", (data, { geometry }) =>
    decodeEvt21Reference(data, { endianness: "little", geometry }),
  ),
  legacy: rawReference("evt21", (data, { geometry }) =>
    decodeEvt21Reference(data, { endianness: "legacy", geometry }),
  ),
};

/** What a recording must give; its byte order is `little` unless said otherwise. */
export function expectedEvt21(
  recording: Uint8Array,
  options: Omit<ExpectedOptions, "reference"> & { order?: ByteOrder },
): ExpectedLoad {
  const { order = "little", ...rest } = options;
  return expectedLoad(recording, { ...rest, reference: REFERENCES[order] });
}

/** The byte order that a report assumes, else the one that the header states. */
export function orderOf(recording: Uint8Array, { assumptions }: LoadReport): ByteOrder {
  const assumed = assumptions.find(({ what }) => what === "byte order")?.value;
  const { entries } = parseRawHeader(recording);
  const stated = entries
    .map(([key, value]) => `${key} ${value}`.toLowerCase())
    .filter((line) => /^endianness |^format .*;\s*endianness\s*=/.test(line))
    .join("\n");
  return (assumed ?? stated).includes("legacy") ? "legacy" : "little";
}
