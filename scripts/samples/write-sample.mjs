import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes a recording and, beside it, what it must decode to.
 *
 * @param {string} folder
 * @param {string} name
 * @param {object} sample
 * @param {string} sample.format id of the format
 * @param {Buffer} sample.bytes
 * @param {{ width: number, height: number } | null} sample.geometry as the recording states it
 * @param {{ t: number, x: number, y: number, on: boolean }[]} sample.events
 * @param {{ t: number, id: number, value: number }[]} sample.triggers
 * @param {object} [sample.options] what a load has to be told, for recordings that need it
 * @param {object} [sample.report] the fields of the report that are not at their defaults
 */
export function writeSample(folder, name, { bytes, ...sample }) {
  writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(expectedOf(sample), null, 2)}\n`);
  console.log(`${name}: ${sample.events.length} events, ${bytes.length} bytes`);
}

function expectedOf({ format, options, geometry, events, triggers, report = {} }) {
  const tuple = ({ t, x, y, on }) => [t, x, y, on ? 1 : 0];
  const sum = (pick) => events.reduce((total, event) => total + pick(event), 0);
  return {
    format,
    ...(options !== undefined && { options }),
    geometry,
    events: events.length,
    on: events.filter(({ on }) => on).length,
    digest: digestOf(events),
    sumX: sum(({ x }) => x),
    sumY: sum(({ y }) => y),
    sumTRelative: sum(({ t }) => t - events[0].t),
    first: events.slice(0, 3).map(tuple),
    last: events.slice(-3).map(tuple),
    triggers: triggers.map(({ t, id, value }) => [t, id, value]),
    report,
  };
}

/** The canonical digest: of 13 bytes an event, its time, pixel and polarity. */
function digestOf(events) {
  const hash = createHash("sha256");
  const record = Buffer.alloc(13);
  for (const { t, x, y, on } of events) {
    record.writeBigInt64LE(BigInt(t), 0);
    record.writeUInt16LE(x, 8);
    record.writeUInt16LE(y, 10);
    record.writeUInt8(on ? 1 : 0, 12);
    hash.update(record);
  }
  return hash.digest("hex").slice(0, 16);
}
