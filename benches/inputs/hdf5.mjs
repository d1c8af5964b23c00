// Events as HDF5 files, with chunks and values as they are given: h5wasm applies one filter only, and
// knows no ECF. The structures are written by what the tests write theirs with.

import { deflateSync } from "node:zlib";
import { testWriter } from "../../scripts/samples/hdf5-files.mjs";

/** @typedef {import("./seed.mjs").Seed} Seed */
/** @typedef {"h5-plain" | "h5-gzip" | "h5-shuffle" | "h5-ecf"} Hdf5Format */

/** Rows of a chunk; that of ECF is the one of the cameras' own software. */
const CHUNK_ROWS = 65536;
const ECF_CHUNK_ROWS = 16384;
/** What h5py takes unless told otherwise. */
const DEFLATE_LEVEL = 4;
const DEFLATE = { id: 1, name: "deflate", values: [DEFLATE_LEVEL] };
const ECF = { id: 36559, name: "ECF", optional: true };
/** Values are written in pieces of so many rows. */
const PIECE_ROWS = 1 << 20;
/** Place in the superblock of the address behind the last byte. */
const END_ADDRESS_AT = 40;
const ALIGNMENT = 4096;

/** The columns, and how an event's number becomes their value. */
const COLUMNS = [
  { name: "x", Array: Uint16Array, isSigned: false, value: ({ x }, i) => x[i] },
  { name: "y", Array: Uint16Array, isSigned: false, value: ({ y }, i) => y[i] },
  {
    name: "t",
    Array: BigInt64Array,
    isSigned: true,
    value: ({ t }, i, offset) => BigInt(t[i] + offset),
  },
  { name: "p", Array: Uint8Array, isSigned: false, value: ({ on }, i) => on[i] },
];

/**
 * A file of `count` events: those of the seed over and over, each repetition beginning 1 µs after the
 * last event of the one before. A chunk of ECF is a chunk of the seed with another first time, so
 * that layout has whole chunks only.
 *
 * @param {Seed} seed
 * @param {number} count
 * @param {Hdf5Format} format
 * @param {(bytes: Uint8Array) => Promise<void>} write
 * @returns {Promise<{ bytes: number, events: number, sumT: number, used: Seed["events"] }>} `used`
 *   are the events that are repeated, `sumT` the sum of all times, each since the first event
 */
export async function writeHdf5Events({ events }, count, format, write) {
  if (format === "h5-ecf") return writeEcf(events, count, write);
  const bytes =
    format === "h5-plain"
      ? await writePlain(events, count, write)
      : await writeChunked(events, count, format === "h5-shuffle", write);
  return { bytes, events: count, sumT: sumOfTimes(events, count), used: events };
}

/** Values one behind the other, a column behind the other. */
async function writePlain(events, count, write) {
  const { types, writeHdf5 } = await testWriter();
  const layout = (start) => {
    let end = start;
    const columns = COLUMNS.map(({ name, Array: { BYTES_PER_ELEMENT: size }, isSigned }) => {
      const claims = { offset: end, byteLength: count * size };
      end += Math.ceil(claims.byteLength / ALIGNMENT) * ALIGNMENT;
      return [name, { type: types.integer(size, isSigned), shape: [count], claims }];
    });
    return { end, head: writeHdf5({ events: Object.fromEntries(columns) }) };
  };
  const start = Math.ceil(layout(0).head.byteLength / ALIGNMENT) * ALIGNMENT;
  const { end, head } = layout(start);
  new DataView(head.buffer).setBigUint64(END_ADDRESS_AT, BigInt(end), true);
  await writePadded(head, write);
  for (const column of COLUMNS) {
    for (let row = 0; row < count; row += PIECE_ROWS) {
      const piece = bytesOf(valuesOf(column, events, row, Math.min(PIECE_ROWS, count - row)));
      if (row + PIECE_ROWS < count) await write(piece);
      else await writePadded(piece, write);
    }
  }
  return end;
}

/** Chunks with deflate, and shuffle in front of it. */
async function writeChunked(events, count, isShuffled, write) {
  const { types, writeHdf5 } = await testWriter();
  const columns = COLUMNS.map((column) => {
    const size = column.Array.BYTES_PER_ELEMENT;
    const list = [];
    for (let row = 0; row < count; row += CHUNK_ROWS) {
      const values = new column.Array(CHUNK_ROWS);
      values.set(valuesOf(column, events, row, Math.min(CHUNK_ROWS, count - row)));
      const plain = isShuffled ? shuffled(bytesOf(values), size) : bytesOf(values);
      list.push({ at: [row], bytes: deflateSync(plain, { level: DEFLATE_LEVEL }) });
    }
    const shuffle = { id: 2, name: "shuffle", values: [size] };
    return [
      column.name,
      {
        type: types.integer(size, column.isSigned),
        shape: [count],
        filters: isShuffled ? [shuffle, DEFLATE] : [DEFLATE],
        chunks: { shape: [CHUNK_ROWS], list, elementBytes: size },
      },
    ];
  });
  return writeWhole(writeHdf5({ events: Object.fromEntries(columns) }), write);
}

async function writeEcf({ x, y, t, on }, count, write) {
  const { cdType, encodeEcfReference, writeHdf5 } = await testWriter();
  const seedChunks = Math.floor(x.length / ECF_CHUNK_ROWS);
  if (seedChunks === 0) throw new Error(`ECF takes a seed of ${ECF_CHUNK_ROWS} events`);
  const length = seedChunks * ECF_CHUNK_ROWS;
  const used = { x, y, t: t.subarray(0, length), on };
  const payloads = Array.from({ length: seedChunks }, (_, index) => {
    const events = Array.from({ length: ECF_CHUNK_ROWS }, (_, row) => {
      const at = index * ECF_CHUNK_ROWS + row;
      return { x: x[at], y: y[at], t: BigInt(t[at]), p: on[at] };
    });
    // Of its three ways the one that makes the least of it, as the filter itself does.
    return ["runs", "xp", "yxp"]
      .map((mode) => encodeEcfReference(events, mode))
      .reduce((least, other) => (other.byteLength < least.byteLength ? other : least));
  });
  const chunks = Math.max(Math.floor(count / ECF_CHUNK_ROWS), 1);
  const period = BigInt(used.t.at(-1) - used.t[0] + 1);
  const list = Array.from({ length: chunks }, (_, index) => {
    const bytes = payloads[index % seedChunks].slice();
    const view = new DataView(bytes.buffer);
    const offset = period * BigInt(Math.floor(index / seedChunks));
    view.setBigUint64(4, view.getBigUint64(4, true) + offset, true); // the first time
    return { at: [index * ECF_CHUNK_ROWS], bytes };
  });
  const rows = chunks * ECF_CHUNK_ROWS;
  const layout = { shape: [ECF_CHUNK_ROWS], list, elementBytes: 16 };
  const dataset = { type: cdType(), shape: [rows], filters: [ECF], chunks: layout };
  const bytes = await writeWhole(writeHdf5({ CD: { events: dataset } }), write);
  const repeated = { x: x.subarray(0, length), y: y.subarray(0, length), t: used.t, on };
  return { bytes, events: rows, sumT: sumOfTimes(used, rows), used: repeated };
}

/** Values of a column for rows from `start` on. */
function valuesOf({ Array: Values, value }, events, start, count) {
  const { length } = events.t;
  const period = events.t.at(-1) - events.t[0] + 1;
  const values = new Values(count);
  for (let row = 0; row < count; row++) {
    const repetition = Math.floor((start + row) / length);
    values[row] = value(events, (start + row) % length, repetition * period);
  }
  return values;
}

function sumOfTimes({ t }, count) {
  const period = t.at(-1) - t[0] + 1;
  let sum = 0;
  for (let row = 0; row < count; row++) {
    sum += t[row % t.length] - t[0] + Math.floor(row / t.length) * period;
  }
  return sum;
}

/** Byte 0 of every value, then byte 1 of every value, and so on. */
function shuffled(bytes, size) {
  const count = bytes.byteLength / size;
  const result = new Uint8Array(bytes.byteLength);
  for (let at = 0; at < bytes.byteLength; at++) {
    result[(at % size) * count + Math.floor(at / size)] = bytes[at];
  }
  return result;
}

const bytesOf = (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

async function writePadded(bytes, write) {
  await write(bytes);
  const missing = -bytes.byteLength & (ALIGNMENT - 1);
  if (missing > 0) await write(new Uint8Array(missing));
}

async function writeWhole(bytes, write) {
  await write(bytes);
  return bytes.byteLength;
}
