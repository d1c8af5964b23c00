import { EventError } from "../../errors.ts";
import type { EventColumns, TriggerColumns } from "../../events/columns.ts";
import { toColumnBatches, toTriggerBatches } from "../../events/from-table.ts";
import { checkGeometry, formatGeometry, type SensorGeometry } from "../../events/geometry.ts";
import type { EventTable, TriggerTable } from "../../events/table.ts";
import { encodeRawHeader } from "../prophesee-header.ts";
import {
  CD_OFF,
  CD_ON,
  EVT_TIME_HIGH,
  EXT_TRIGGER,
  TIME_HIGH_MASK,
  TRIGGER_ID_MASK,
  TRIGGER_ID_SHIFT,
  TS_BITS,
  TS_MASK,
  TS_SHIFT,
  TYPE_SHIFT,
  WORD_BYTES,
  WRAP_STEP,
  WRAP_US,
  X_SHIFT,
  XY_MASK,
} from "./layout.ts";

/** Options of {@link encodeEvt2}. */
export interface EncodeEvt2Options {
  /** The sensor, in pixels; written to the header. Default: none, and the header then has none. */
  geometry?: SensorGeometry | undefined;
  /** External triggers, in order of time, merged between the events. Default: none. */
  triggers?: TriggerColumns | TriggerTable | undefined;
  /** Further header lines, by key, for example `{ serial_number: "42" }`. Default: none. */
  header?: Readonly<Record<string, string>> | undefined;
}

/**
 * Encodes events as an EVT 2.0 RAW recording, header included. Decoding it gives the same events.
 *
 * @param events - a table, or columns, with `x`, `y`, `t` in microseconds and `polarity`, where ON
 *   is any value above 0
 * @throws EventError `not-encodable`, with the row, for what EVT 2.0 cannot hold: coordinates above
 *   2047 or outside the geometry, times below 0, a first time from 2^34 us (4 h 46 min) on, a step
 *   back across a wrap of the clock; `invalid-option` for columns that are missing or mistyped
 * @example
 * ```ts
 * await writeFile("copy.raw", encodeEvt2(table, { geometry: { width: 640, height: 480 } }));
 * ```
 */
export function encodeEvt2(
  events: EventColumns | EventTable,
  options: EncodeEvt2Options = {},
): Uint8Array {
  const geometry = options.geometry === undefined ? undefined : checkGeometry(options.geometry);
  const words = new WordWriter(geometry);
  const triggers = new TriggerCursor(options.triggers ? toTriggerBatches(options.triggers) : []);
  for (const { x, y, t, polarity, length } of toColumnBatches(events)) {
    // Times as two halves: a bigint per event would cost more than all the rest.
    const halves = new Int32Array(t.buffer, t.byteOffset, length * 2);
    for (let row = 0; row < length; row++) {
      const time = timeOf(halves, row);
      triggers.writeUntil(time, words);
      words.event(time, x[row] as number, y[row] as number, (polarity[row] as number) > 0);
    }
  }
  triggers.writeUntil(Number.POSITIVE_INFINITY, words);
  for (const key of Object.keys(options.header ?? {})) checkHeaderKey(key, geometry);
  const header = encodeRawHeader({
    ...options.header,
    evt: "2.0",
    format: geometry ? `EVT2;height=${geometry.height};width=${geometry.width}` : "EVT2",
    ...(geometry && { geometry: formatGeometry(geometry) }),
  });
  return words.finish(header);
}

/** Lines that say what the data are; without a geometry, also those it would be taken from. */
const OWN_KEYS = ["evt", "format", "geometry"];
const SENSOR_KEYS = ["system_id", "plugin_name"];

function checkHeaderKey(key: string, geometry: SensorGeometry | undefined): void {
  const refused = geometry ? OWN_KEYS : [...OWN_KEYS, ...SENSOR_KEYS];
  if (!refused.includes(key.toLowerCase())) return;
  throw new EventError("invalid-option", `the header line \`${key}\` cannot be set`, {
    expected: "lines that do not change what the events mean",
    hint: "Use `geometry` to state the sensor.",
  });
}

const LOW_HALVES = 4294967296;

/** The time of a row; exact up to 2^53, and what is larger is refused as too large. */
function timeOf(halves: Int32Array, row: number): number {
  const low = (halves[row * 2] as number) >>> 0;
  return (halves[row * 2 + 1] as number) * LOW_HALVES + low;
}

/** Writes words, with a time word wherever the time needs one. */
class WordWriter {
  readonly #geometry: SensorGeometry | undefined;
  #words = new Uint32Array(4096);
  #length = 0;
  #row = -1;
  /** Time in units of 64 us, wraps included; -1 before the first time word. */
  #timeHigh = -1;

  constructor(geometry: SensorGeometry | undefined) {
    this.#geometry = geometry;
  }

  event(time: number, x: number, y: number, on: boolean): void {
    this.#row++;
    const { width, height } = this.#geometry ?? { width: XY_MASK + 1, height: XY_MASK + 1 };
    if (x >= width || y >= height || x > XY_MASK || y > XY_MASK) {
      throw this.#refuse(
        `a pixel below ${Math.min(width, XY_MASK + 1)}, ${Math.min(height, XY_MASK + 1)}`,
        `${x}, ${y}`,
      );
    }
    this.#setTime(time);
    this.#push((on ? CD_ON : CD_OFF) << TYPE_SHIFT, time, (x << X_SHIFT) | y);
  }

  trigger(time: number, id: number, value: number): void {
    if (id < 0 || id > TRIGGER_ID_MASK) {
      throw this.#refuse(`a trigger id from 0 to ${TRIGGER_ID_MASK}`, String(id));
    }
    this.#setTime(time);
    this.#push(EXT_TRIGGER << TYPE_SHIFT, time, (id << TRIGGER_ID_SHIFT) | (value > 0 ? 1 : 0));
  }

  /** The recording: header and words. */
  finish(header: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(header.byteLength + this.#length * WORD_BYTES);
    bytes.set(header);
    bytes.set(new Uint8Array(this.#words.buffer, 0, this.#length * WORD_BYTES), header.byteLength);
    return bytes;
  }

  #setTime(time: number): void {
    if (!(time >= 0 && Number.isSafeInteger(time))) {
      throw this.#refuse("a time from 0 us on", `${time} us`, "Load with `rebase: true`.");
    }
    const timeHigh = Math.floor(time / (1 << TS_BITS));
    if (timeHigh === this.#timeHigh) return;
    const range = WRAP_US / (1 << TS_BITS);
    const epoch = Math.floor(timeHigh / range);
    let written = Math.floor(this.#timeHigh / range);
    if (this.#timeHigh < 0) {
      if (epoch > 0) {
        throw this.#refuse(
          `a first time below ${WRAP_US} us`,
          `${time} us`,
          "Load with `rebase: true`.",
        );
      }
    } else if (epoch < written || (epoch === written && this.#timeHigh - timeHigh >= WRAP_STEP)) {
      throw this.#refuse("no step back across a wrap of the clock", `${time} us`);
    } else {
      // A wrap is seen where the time word falls from the end of the range to its start.
      for (; written < epoch; written++) {
        this.#push(EVT_TIME_HIGH << TYPE_SHIFT, 0, TIME_HIGH_MASK);
        this.#push(EVT_TIME_HIGH << TYPE_SHIFT, 0, 0);
      }
    }
    this.#push(EVT_TIME_HIGH << TYPE_SHIFT, 0, timeHigh % range);
    this.#timeHigh = timeHigh;
  }

  #push(type: number, time: number, rest: number): void {
    if (this.#length === this.#words.length) {
      const grown = new Uint32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words[this.#length++] = type | ((time & TS_MASK) << TS_SHIFT) | rest;
  }

  #refuse(expected: string, found: string, hint?: string): EventError {
    return new EventError("not-encodable", "EVT 2.0 cannot hold this event", {
      format: "evt2",
      row: Math.max(this.#row, 0),
      expected,
      found,
      hint,
    });
  }
}

/** Hands out triggers up to a time. */
class TriggerCursor {
  readonly #batches: TriggerColumns[];
  #batch = 0;
  #row = 0;

  constructor(batches: TriggerColumns[]) {
    this.#batches = batches;
  }

  writeUntil(time: number, words: WordWriter): void {
    for (;;) {
      const batch = this.#batches[this.#batch];
      if (batch === undefined) return;
      if (this.#row === batch.length) {
        this.#batch++;
        this.#row = 0;
        continue;
      }
      const triggerTime = Number(batch.t[this.#row]);
      if (triggerTime > time) return;
      words.trigger(triggerTime, batch.id[this.#row] as number, batch.value[this.#row] as number);
      this.#row++;
    }
  }
}
