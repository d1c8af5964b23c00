/** Scenes to the bytes of recordings, through the encoders of the library. */
import { constants, gzipSync } from "node:zlib";
import { convertRecording, encodeDat, encodeEvt2, encodeEvt3, encodeEvt21 } from "evarrow";

/** Further lines of the header of RAW recordings. */
const HEADER = { integrator_name: "evarrow", serial_number: "00000000" };

/** The line behind which the words of a RAW recording start. */
const END_OF_HEADER = "% end\n";

const RAW_ENCODERS = { evt2: encodeEvt2, evt21: encodeEvt21, evt3: encodeEvt3 };

/**
 * A recording of words, with events and triggers.
 *
 * @param {"evt2" | "evt21" | "evt3"} format
 * @param {object} scene
 * @param {"little" | "legacy"} [endianness] of EVT 2.1
 */
export async function encodeRaw(format, { geometry, events, triggers }, endianness) {
  const options = { geometry, triggers: triggerColumns(triggers), header: HEADER, endianness };
  return Buffer.from(await RAW_ENCODERS[format](eventColumns(events), options));
}

/** The header of a RAW recording, and what stands behind it. */
export async function encodeRawParts(format, scene) {
  const bytes = await encodeRaw(format, scene);
  const dataOffset = bytes.indexOf(END_OF_HEADER, 0, "latin1") + END_OF_HEADER.length;
  return { header: bytes.subarray(0, dataOffset), words: bytes.subarray(dataOffset) };
}

/** DAT of version 2, which has no place for triggers. */
export async function encodeDatScene({ geometry, events }) {
  return Buffer.from(await encodeDat(eventColumns(events), { geometry }));
}

/** A recording in a format that has no encoder of its own to call: by conversion. */
export async function convertBytes(bytes, format) {
  const chunks = [];
  const target = new WritableStream({ write: (chunk) => void chunks.push(chunk.slice()) });
  await convertRecording(bytes, target, { format });
  return Buffer.concat(chunks);
}

/** Where the header of gzip names the operating system, and what stands there for none. */
const GZIP_SYSTEM = 9;
const NO_SYSTEM = 255;

/** Gzip, the same bytes on every system: with run lengths alone no search for matches counts. */
export function gzipBytes(bytes) {
  const compressed = gzipSync(bytes, { level: 9, strategy: constants.Z_RLE });
  compressed[GZIP_SYSTEM] = NO_SYSTEM;
  return compressed;
}

function eventColumns(events) {
  return {
    length: events.length,
    x: Uint16Array.from(events, ({ x }) => x),
    y: Uint16Array.from(events, ({ y }) => y),
    t: BigInt64Array.from(events, ({ t }) => BigInt(t)),
    polarity: Int8Array.from(events, ({ on }) => (on ? 1 : -1)),
  };
}

function triggerColumns(triggers) {
  return {
    length: triggers.length,
    t: BigInt64Array.from(triggers, ({ t }) => BigInt(t)),
    id: Int16Array.from(triggers, ({ id }) => id),
    value: Uint8Array.from(triggers, ({ value }) => value),
  };
}
