/**
 * Reference decoder for DAT, written from section 7 of the format fact sheet and the project's
 * rules for what that section leaves open. It exists to be checked by eye, not to be fast.
 */
import type { Evt2Reference, ReferenceLoss } from "./evt2.ts";
import { parseRawHeader, type ReferenceGeometry } from "./raw-header.ts";

/** As for EVT 2.0; there are no word types, and no record needs a time base. */
export interface DatReference extends Evt2Reference {
  /** Of the `Version` key; 2 where that is absent. */
  version: number;
  /** 0 and 12 hold events, 14 holds triggers. */
  type: number;
  recordBytes: number;
  /** Of the `Width` and `Height` keys; null unless both are there. */
  headerGeometry: ReferenceGeometry | null;
}

const EVENT_2D = 0;
const CD = 12;
const EXT_TRIGGER = 14;
const RECORD_BYTES = 8;

/** t has 32 bits: "wraps after 71.58 min" */
const CLOCK_PERIOD = 2n ** 32n;

/** A t that falls by more than this is a clock wrap. */
const HALF_PERIOD = 2 ** 31;

/** Decodes a whole file. A `geometry` counts instead of that of the header; null means unknown. */
export function decodeDatReference(
  bytes: Uint8Array,
  options: { geometry?: ReferenceGeometry | null } = {},
): DatReference {
  const { dataOffset, entries } = parseRawHeader(bytes);
  // Project rule: keys in any case; of a repeated one the last counts.
  const header = new Map(entries.map(([key, value]) => [key.toLowerCase(), value]));
  const version = wholeNumber(header.get("version")) ?? 2;
  const headerWidth = wholeNumber(header.get("width"));
  const headerHeight = wholeNumber(header.get("height"));
  const headerGeometry =
    headerWidth === null || headerHeight === null
      ? null
      : { width: headerWidth, height: headerHeight };
  const geometry = options.geometry === undefined ? headerGeometry : options.geometry;

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // "If there is no `% ` line at all": "type 0, size 8 and no two extra bytes"
  let type = EVENT_2D;
  let recordBytes = RECORD_BYTES;
  let start = 0;
  if (dataOffset > 0) {
    if (bytes.byteLength < dataOffset + 2) throw new Error("DAT: no event type and record size");
    type = view.getUint8(dataOffset);
    recordBytes = view.getUint8(dataOffset + 1);
    start = dataOffset + 2;
  }
  if (type !== EVENT_2D && type !== CD && type !== EXT_TRIGGER) {
    throw new Error(`DAT: event type ${type} is not 0, 12 or 14`);
  }
  if (recordBytes !== RECORD_BYTES) {
    throw new Error(`DAT: record size ${recordBytes} is not 8 (event type ${type})`);
  }

  const result: DatReference = {
    version,
    type,
    recordBytes,
    headerGeometry,
    events: [],
    triggers: [],
    skippedWords: {},
    unknownWords: {},
    eventsBeforeTimeBase: 0,
    triggersBeforeTimeBase: 0,
    eventsOutsideGeometry: 0,
    backwardSteps: 0,
    clockWraps: 0,
    truncatedBytes: (bytes.byteLength - start) % RECORD_BYTES,
    firstAt: {},
  };

  const end = bytes.byteLength - result.truncatedBytes;
  let epoch = 0n; // clock wraps so far
  let previousTime: number | null = null; // word 0 of the previous record, kept or not
  let previousT: bigint | null = null; // of the previous kept event

  for (let offset = start; offset < end; offset += RECORD_BYTES) {
    const time = view.getUint32(offset, true);
    const word = view.getUint32(offset + 4, true);

    // A smaller decrease is accepted: time runs backwards.
    if (previousTime !== null && previousTime - time > HALF_PERIOD) {
      epoch += 1n;
      result.clockWraps += 1;
    }
    previousTime = time;
    const t = epoch * CLOCK_PERIOD + BigInt(time);

    if (type === EXT_TRIGGER) {
      // value 3-0, id 31-26
      result.triggers.push({ t, id: bits(word, 31, 26), value: bits(word, 3, 0) > 0 ? 1 : 0 });
      continue;
    }

    // version 1: x 8-0, y 16-9, p bit 17; version 2: x 13-0, y 27-14, p 31-28
    const x = version === 1 ? bits(word, 8, 0) : bits(word, 13, 0);
    const y = version === 1 ? bits(word, 16, 9) : bits(word, 27, 14);
    const p = version === 1 ? bits(word, 17, 17) : bits(word, 31, 28);
    if (geometry !== null && (x >= geometry.width || y >= geometry.height)) {
      result.eventsOutsideGeometry += 1;
      noteFirst("outsideGeometry", offset);
      continue;
    }
    if (previousT !== null && t < previousT) {
      result.backwardSteps += 1;
      noteFirst("backwardStep", offset);
    }
    previousT = t;
    result.events.push({ t, x, y, p: p > 0 ? 1 : 0 });
  }

  if (result.truncatedBytes > 0) noteFirst("truncated", end);
  return result;

  function noteFirst(loss: ReferenceLoss, offset: number): void {
    result.firstAt[loss] ??= offset;
  }
}

/** Bits `high` to `low` of a 32-bit word, both inclusive, as the tables of the fact sheet write them. */
function bits(word: number, high: number, low: number): number {
  return Math.floor(word / 2 ** low) % 2 ** (high - low + 1);
}

/** The value of a header key in decimal digits; null for anything else. */
function wholeNumber(value: string | undefined): number | null {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : null;
}
