/**
 * The header of DAT files: lines as in RAW files, mostly without `% end`, then a byte that says what
 * the records are and a byte that says their size.
 */
import { EventError } from "../../errors.ts";
import { parseGeometry, type SensorGeometry } from "../../events/geometry.ts";
import type { Assumption } from "../../events/report.ts";
import type { FormatHeader } from "../decoder.ts";
import { headerValue, parseRawHeader, type RawHeader } from "../prophesee-header.ts";
import {
  EVENT_2D,
  EVENT_CD,
  EVENT_EXT_TRIGGER,
  EVENTS,
  EVENTS_VERSION_1,
  OPTICAL_FLOW,
  PREAMBLE_BYTES,
  RECORD_BYTES,
  TRIGGERS,
} from "./layout.ts";

/**
 * Reads the header of a DAT file and says what it leaves open.
 *
 * @param override - what the caller says the sensor is; the header's own is then not looked at
 * @throws EventError `invalid-header`, `unsupported-format`
 */
export function readDatHeader(
  head: Uint8Array,
  override: SensorGeometry | undefined,
  path?: string,
): FormatHeader {
  const header = parseRawHeader(head, path);
  if (header.dataOffset === 0) return withoutHeader(override);
  const type = readPreamble(head, header.dataOffset, path);
  const assumptions: Assumption[] = [];
  return {
    entries: header.entries,
    dataOffset: header.dataOffset + PREAMBLE_BYTES,
    geometry: override ?? sizesOf(header, path),
    variant: type === EVENT_EXT_TRIGGER ? TRIGGERS : eventVariant(header, assumptions),
    assumptions,
  };
}

/** The oldest files are records from the first byte on. */
function withoutHeader(override: SensorGeometry | undefined): FormatHeader {
  const assumption = {
    what: "layout",
    value: `type ${EVENT_2D}, version 2`,
    reason: "the file has no header, so its records begin at byte 0",
  };
  return {
    entries: [],
    dataOffset: 0,
    geometry: override ?? null,
    variant: EVENTS,
    assumptions: [assumption],
  };
}

/** The type of the records, if it is one that is read and their size is the one that goes with it. */
function readPreamble(head: Uint8Array, at: number, path: string | undefined): number {
  const [type, recordBytes] = head.subarray(at, at + PREAMBLE_BYTES);
  if (type === undefined || recordBytes === undefined) {
    throw new EventError("invalid-header", "the source ends before the type of its records", {
      path,
      format: "dat",
      byteOffset: at,
      expected: "event type and record size, two bytes",
      found: `the end of the source after ${head.byteLength - at} bytes`,
      hint: "The file was cut behind its header and holds no events.",
    });
  }
  if (type === OPTICAL_FLOW) {
    throw new EventError("unsupported-format", "the file holds optical flow, not events", {
      path,
      format: "dat",
      byteOffset: at,
      expected: READ_TYPES,
      found: `event type ${OPTICAL_FLOW}`,
      hint: "Load the recording that the flow was computed from.",
    });
  }
  if (type !== EVENT_2D && type !== EVENT_CD && type !== EVENT_EXT_TRIGGER) {
    throw new EventError("unsupported-format", "DAT records of this type are not read", {
      path,
      format: "dat",
      byteOffset: at,
      expected: READ_TYPES,
      found: `event type ${type}`,
      hint: "If the file does hold events, its header was cut or edited.",
    });
  }
  if (recordBytes !== RECORD_BYTES) {
    throw new EventError("invalid-header", "the record size does not go with the event type", {
      path,
      format: "dat",
      byteOffset: at + 1,
      expected: `${RECORD_BYTES} bytes a record of event type ${type}`,
      found: `${recordBytes}`,
      hint: "Was the header cut or edited?",
    });
  }
  return type;
}

const READ_TYPES = `event type ${EVENT_2D} or ${EVENT_CD} (events) or ${EVENT_EXT_TRIGGER} (triggers)`;

/** The sensor, where both of its sides are stated. */
function sizesOf(header: RawHeader, path: string | undefined): SensorGeometry | null {
  const width = headerValue(header, "Width");
  const height = headerValue(header, "Height");
  if (width === undefined || height === undefined) return null;
  const geometry = parseGeometry(`${width}x${height}`);
  if (geometry) return geometry;
  throw new EventError("invalid-header", "the header has no valid `Width` and `Height`", {
    path,
    format: "dat",
    expected: "whole numbers of pixels",
    found: `Width ${JSON.stringify(width)}, Height ${JSON.stringify(height)}`,
    hint: "Give `geometry` to state it yourself.",
  });
}

/** The layout of events by the version: other readers take every one for 2. */
function eventVariant(header: RawHeader, assumptions: Assumption[]): number {
  const version = headerValue(header, "Version") ?? "2";
  if (/^0*1$/.test(version)) return EVENTS_VERSION_1;
  if (!/^0*2$/.test(version)) {
    const reason = `the header says version ${JSON.stringify(version)}, which is not known`;
    assumptions.push({ what: "version", value: "2", reason });
  }
  return EVENTS;
}
