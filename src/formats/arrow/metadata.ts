import { parseGeometry } from "../../events/geometry.ts";
import { METADATA_KEYS } from "../../events/metadata-keys.ts";
import { POLARITY_ENCODINGS, type PolarityEncoding } from "../../events/polarity.ts";
import type { Assumption } from "../../events/report.ts";
import type { RecordingFacts, RowOptions } from "../decoder.ts";
import type { ArrowColumns } from "./columns.ts";
import type { Schema } from "./flatbuffers.ts";
import { damaged } from "./problems.ts";

/** What the schema says beside its columns. */
export interface ArrowFacts {
  readonly header: RecordingFacts;
  readonly polarityEncoding: PolarityEncoding;
}

/**
 * Reads the metadata that evarrow writes; a file of anybody else has none of it.
 *
 * @throws EventError `invalid-header` for a value that evarrow does not write
 */
export function readFacts(
  schema: Schema,
  columns: ArrowColumns,
  { path, geometry }: RowOptions,
): ArrowFacts {
  const entries = entriesOf(schema, path);
  const metadata = new Map(entries);
  const read = <Value>(key: string, parse: (text: string) => Value | null, expected: string) => {
    const text = metadata.get(key);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value !== null) return value;
    throw damaged(`the metadata have no valid ${key}`, { path, expected, found: text });
  };
  const encoding = read(
    METADATA_KEYS.polarityEncoding,
    parseEncoding,
    POLARITY_ENCODINGS.join(" or "),
  );
  const timeOffset = read(METADATA_KEYS.timeOffset, parseOffset, "a whole number of microseconds");
  const timeUnit = read(METADATA_KEYS.timeUnit, (unit) => (unit === "us" ? unit : null), "us");
  const ownGeometry =
    geometry ?? read(METADATA_KEYS.geometry, parseGeometry, "WIDTHxHEIGHT in pixels");
  const assumptions: Assumption[] = [];
  if (!columns.t.type.hasUnit && timeUnit === undefined) {
    assumptions.push({
      what: "unit of time",
      value: "us",
      reason: `neither the type of the column ${columns.t.label} nor the metadata say it`,
    });
  }
  return {
    header: {
      entries,
      geometry: ownGeometry ?? null,
      assumptions,
      timeOffset: timeOffset ?? 0,
      originalFormat: metadata.get(METADATA_KEYS.format),
    },
    polarityEncoding: encoding ?? "zero-one",
  };
}

/** Keys and values of the schema, as written. */
function entriesOf(schema: Schema, path: string | undefined): [key: string, value: string][] {
  const entries: [string, string][] = [];
  const most = schema.bb?.capacity() ?? 0;
  let length = 0;
  for (let index = 0; index < schema.customMetadataLength(); index++) {
    const pair = schema.customMetadata(index);
    const [key, value] = [pair?.key() ?? "", pair?.value() ?? ""];
    length += key.length + value.length;
    if (length > most) {
      throw damaged("the texts of the metadata overlap", {
        path,
        expected: `at most ${most} characters`,
      });
    }
    entries.push([key, value]);
  }
  return entries;
}

function parseEncoding(text: string): PolarityEncoding | null {
  return POLARITY_ENCODINGS.find((encoding) => encoding === text) ?? null;
}

function parseOffset(text: string): number | null {
  const offset = Number(text);
  return /^-?\d+$/.test(text) && Number.isSafeInteger(offset) ? offset : null;
}
