/** A whole recording in memory, from a table or columns. */
import { EventError } from "../errors.ts";
import type { EventColumns, TriggerColumns } from "../events/columns.ts";
import { toColumnBatches, toTriggerBatches } from "../events/from-table.ts";
import { checkGeometry, GEOMETRY_NAMES, type SensorGeometry } from "../events/geometry.ts";
import type { EventTable, TriggerTable } from "../events/table.ts";
import { EventMemory } from "../kernels/event-memory.ts";
import { namesOf, type OptionNames } from "../util/option-names.ts";
import { EventEncoder, type EventEncoding, OUTPUT_BYTES } from "./encoder.ts";
import { checkOptions } from "./options.ts";

/** Options of every function that encodes events. */
export interface EncodeOptions {
  /** The sensor, in pixels; written to the header. Default: none, and the header then has none. */
  geometry?: SensorGeometry | undefined;
  /**
   * Further header lines, by key, for example `{ serial_number: "42" }`. Default: none.
   */
  header?: Readonly<Record<string, string>> | undefined;
}

/** The names of {@link EncodeOptions}. */
const ENCODE_NAMES = namesOf<EncodeOptions>()({ geometry: GEOMETRY_NAMES, header: true });

/** Options of encoders whose format holds external triggers. */
export interface EncodeWithTriggersOptions extends EncodeOptions {
  /** External triggers, in order of time, merged between the events. Default: none. */
  triggers?: TriggerColumns | TriggerTable | undefined;
}

/** The names of {@link EncodeWithTriggersOptions}. */
export const ENCODE_WITH_TRIGGERS_NAMES = namesOf<EncodeWithTriggersOptions>()({
  ...ENCODE_NAMES,
  triggers: true,
});

/** What one encoder or another takes: one object may serve all, where the rest is undefined. */
const ALL_NAMES = { ...ENCODE_WITH_TRIGGERS_NAMES, endianness: true } as const;

/** Events that are encoded at once; the columns of so many stay in the cache. */
const TILE_EVENTS = 16_384;

/**
 * Encodes events as a recording of the given format, header included.
 *
 * @param names - those of the options
 */
export async function encodeEvents(
  encoding: EventEncoding,
  events: EventColumns | EventTable,
  options: EncodeWithTriggersOptions & { endianness?: "little" | "legacy" | undefined },
  names: OptionNames,
): Promise<Uint8Array<ArrayBuffer>> {
  checkOptions(options, names, ALL_NAMES);
  for (const name of Object.keys(ALL_NAMES) as (keyof typeof ALL_NAMES)[]) {
    if (Object.hasOwn(names, name) || options[name] === undefined) continue;
    throw new EventError("invalid-option", `${encoding.name} has no place for ${name}`, {
      expected: `no \`${name}\``,
    });
  }
  const geometry = options.geometry === undefined ? null : checkGeometry(options.geometry);
  const batches = toColumnBatches(events);
  const triggers = joinTriggers(options.triggers ? toTriggerBatches(options.triggers) : []);
  const total = batches.reduce((sum, { length }) => sum + length, 0);
  const memory = new EventMemory({
    inputBytes: 0,
    tileEvents: Math.min(Math.max(total, 1), TILE_EVENTS),
    tileTriggers: triggers.length,
    outputBytes: OUTPUT_BYTES,
  });
  memory.configure(geometry, "zero-one");
  memory.triggers.t.set(triggers.t);
  memory.triggers.id.set(triggers.id);
  memory.triggers.value.set(triggers.value);
  const facts = { geometry, header: options.header, endianness: options.endianness };
  const chunks = [encoding.encodeHeader(facts)];
  const encoder = await EventEncoder.create(encoding, memory, facts, false);
  for (const batch of batches) {
    for (let start = 0; start < batch.length; start += memory.tileEvents) {
      const end = Math.min(start + memory.tileEvents, batch.length);
      memory.columns.x.set(batch.x.subarray(start, end));
      memory.columns.y.set(batch.y.subarray(start, end));
      memory.columns.t.set(batch.t.subarray(start, end));
      memory.columns.polarity.set(batch.polarity.subarray(start, end));
      memory.setTile(end - start);
      for (const chunk of encoder.encode(triggers.length, true)) chunks.push(chunk.slice());
    }
  }
  memory.setTile();
  for (const chunk of encoder.encode(triggers.length)) chunks.push(chunk.slice());
  return concat(chunks);
}

function joinTriggers(batches: readonly TriggerColumns[]): TriggerColumns {
  const length = batches.reduce((sum, batch) => sum + batch.length, 0);
  const all = {
    length,
    t: new BigInt64Array(length),
    id: new Int16Array(length),
    value: new Uint8Array(length),
  };
  let at = 0;
  for (const { t, id, value, length: count } of batches) {
    all.t.set(t, at);
    all.id.set(id, at);
    all.value.set(value, at);
    at += count;
  }
  return all;
}

function concat(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
