/**
 * HDF5 files of every layout, all of the same events. Layouts are written as the programs that have
 * them write them, but for their chunks, which are smaller.
 */
import {
  DSEC_COLUMNS,
  memberValues,
  seconds,
  signed,
  t,
  valuesOf,
  writeColumns,
  x,
  y,
  zeroOne,
} from "./hdf5-columns.mjs";
import { addAttributes, FILTERS, testWriter, writtenByLibrary } from "./hdf5-files.mjs";
import { openeb, openebEcf } from "./hdf5-openeb.mjs";
import { noise, randomNumbers } from "./scenes.mjs";

const CHUNK_ROWS = 2048;
const DEFLATE = { ...FILTERS.deflate, chunks: [CHUNK_ROWS] };
const BLOSC = { ...FILTERS.blosc, chunks: [CHUNK_ROWS] };
const LZF = { ...FILTERS.lzf, chunks: [CHUNK_ROWS] };

/** What every report of HDF5 has: the polarity of its default, and rows. */
const HDF5_REPORT = { polarityEncoding: "zero-one", firstRow: {} };

/**
 * The samples by name.
 *
 * @param {object} scene its geometry is stated by those layouts only that have a place for it
 */
export async function hdf5Samples(scene) {
  const stated = { ...scene, triggers: [], format: "hdf5", report: HDF5_REPORT };
  const silent = { ...stated, geometry: null };
  const ofCamera = { ...stated, triggers: scene.triggers };
  const ofLeft = { ...stated, options: { stream: "left" } };
  const library = (write, version) => writtenByLibrary((file) => write(file, scene), version);
  return {
    "falling-bar.openeb.h5": { ...ofCamera, bytes: await library(openeb) },
    "falling-bar.ecf.hdf5": { ...ofCamera, bytes: await openebEcf(scene) },
    "falling-bar.dsec.h5": { ...silent, bytes: await library(dsec) },
    "falling-bar.tum-vie.h5": { ...silent, bytes: await library(tumVie) },
    "falling-bar.jaer.h5": { ...stated, bytes: await library(jaer) },
    "falling-bar.rvt.h5": { ...stated, bytes: await library(rvt) },
    "falling-bar.m3ed.h5": { ...ofLeft, bytes: await library(m3ed) },
    "falling-bar.mvsec.hdf5": { ...ofLeft, bytes: await library(mvsec) },
    "falling-bar.e2vid.h5": { ...stated, bytes: await e2vid(scene) },
    "falling-bar.e2vid-old.h5": { ...stated, bytes: await library(olderE2vid) },
    "falling-bar.v2e.h5": { ...silent, bytes: await library(v2e) },
    "falling-bar.ebssa.mat": { ...silent, bytes: await ebssa(scene) },
    "falling-bar.top-level.h5": { ...silent, bytes: await library(topLevel, "latest") },
    "falling-bar.spellings.h5": { ...silent, bytes: await library(spellings) },
    "falling-bar.compound.h5": { ...silent, bytes: await library(compound) },
    "falling-bar.deflate.h5": { ...silent, bytes: await library(plain(FILTERS.deflate)) },
    "falling-bar.fletcher32.h5": { ...silent, bytes: await library(plain(FILTERS.fletcher32)) },
    "falling-bar.lz4.h5": { ...silent, bytes: await library(plain(FILTERS.lz4)) },
    "falling-bar.zstd.h5": { ...silent, bytes: await library(plain(FILTERS.zstd)) },
  };
}

/** Times count from `t_offset`, and `ms_to_idx` has the first event of every millisecond of these. */
function dsec(file, { events }) {
  const offset = 7_000;
  const relative = events.map((event) => ({ ...event, t: event.t - offset }));
  tumVie(file, { events: relative });
  file.create_dataset({ name: "t_offset", data: [BigInt(offset)], shape: [], dtype: "<q" });
}

/** The names of DSEC without an offset. */
function tumVie(file, { events }) {
  writeColumns(file.create_group("events"), events, DSEC_COLUMNS, BLOSC);
  writeMilliseconds(file, "ms_to_idx", events, FILTERS.blosc);
}

/** The export of jAER: DSEC, and the size of the sensor as attributes. */
function jaer(file, { geometry, events }) {
  tumVie(file, { events });
  const { width, height } = geometry;
  addAttributes(file, { width, height, sizeX: width, sizeY: height });
}

/** RVT, Gen1, 1Mpx: height and width beside the events. */
function rvt(file, { geometry, events }) {
  const group = file.create_group("events");
  const columns = { ...DSEC_COLUMNS, t: [BigInt64Array, t], p: [Int8Array, signed] };
  writeColumns(group, events, columns, BLOSC);
  for (const name of ["height", "width"]) {
    group.create_dataset({ name, data: [BigInt(geometry[name])], shape: [], dtype: "<q" });
  }
}

/** Two cameras, the right one of which saw something else. */
function m3ed(file, { geometry, events }) {
  const prophesee = file.create_group("prophesee");
  const columns = { ...DSEC_COLUMNS, t: [BigInt64Array, t], p: [Int8Array, zeroOne] };
  for (const [name, seen] of inStereo(geometry, events)) {
    const group = prophesee.create_group(name);
    writeColumns(group, seen, columns, LZF);
    writeMilliseconds(group, "ms_map_idx", seen, FILTERS.lzf);
    const resolution = Int32Array.of(geometry.width, geometry.height);
    group.create_group("calib").create_dataset({ name: "resolution", data: resolution });
  }
}

/** Two cameras with their images; an event is a row of four float64, its time in seconds. */
function mvsec(file, { geometry, events }) {
  const davis = file.create_group("davis");
  for (const [name, seen] of inStereo(geometry, events)) {
    const group = davis.create_group(name);
    writeRows(group, seen, [
      Float64Array,
      (event) => [x, y, seconds, signed].map((of) => of(event)),
    ]);
    writeImages(group, "image_raw", 2, geometry);
    group.create_dataset({ name: "image_raw_ts", data: Float64Array.of(0.01, 0.05) });
    group.create_dataset({ name: "image_raw_event_inds", data: BigInt64Array.of(0n, 1900n) });
  }
}

/** The events of the left camera, and noise of the right one. */
function inStereo(geometry, events) {
  const random = randomNumbers(15);
  const span = { startUs: 10_000, durationUs: 80_000 };
  return [
    ["left", events],
    ["right", noise({ ...geometry, ...span, count: 1000, random })],
  ];
}

/** events_contrast_maximization and E2VID, as h5py writes it: booleans are an enumeration. */
async function e2vid({ geometry, events }) {
  const { types, writeHdf5 } = await testWriter();
  const dataset = (type, column) => {
    const { buffer, length } = valuesOf(events, column);
    return { type, shape: [length], data: new Uint8Array(buffer) };
  };
  const columns = {
    xs: dataset(types.integer(2, true), [Int16Array, x]),
    ys: dataset(types.integer(2, true), [Int16Array, y]),
    ts: dataset(types.float(8), [Float64Array, seconds]),
    ps: dataset(types.boolean(), [Uint8Array, zeroOne]),
  };
  const attributes = e2vidAttributes(geometry, events);
  return Buffer.from(writeHdf5({ events: columns, images: {} }, { attributes }));
}

/** The same as it was before: other names. */
function olderE2vid(file, { geometry, events }) {
  const columns = {
    x: [Int16Array, x],
    y: [Int16Array, y],
    ts: [Float64Array, seconds],
    p: [Int8Array, zeroOne],
  };
  writeColumns(file.create_group("events"), events, columns, DEFLATE);
  addAttributes(file, e2vidAttributes(geometry, events));
}

const e2vidAttributes = ({ width, height }, events) => ({
  sensor_resolution: [height, width],
  num_events: events.length,
  num_pos: events.filter(({ on }) => on).length,
  num_neg: events.filter(({ on }) => !on).length,
});

/** One matrix of rows `t x y p`, and the frames that the events were made of. */
function v2e(file, { geometry, events }) {
  writeRows(file, events, [Uint32Array, (event) => [t, x, y, zeroOne].map((of) => of(event))]);
  writeImages(file, "frame", 1, geometry);
  file.create_dataset({ name: "frame_ts", data: Float64Array.of(0.01) });
  file.create_dataset({ name: "frame_idx", data: Uint32Array.of(0) });
}

/**
 * What MATLAB saves: HDF5 behind 512 bytes of its own, all numbers float64, every column a matrix of
 * one row. Pixels count from 1.
 */
async function ebssa({ events }) {
  const columns = {
    x: [Float64Array, (event) => event.x + 1],
    y: [Float64Array, (event) => event.y + 1],
    ts: [Float64Array, t],
    p: [Float64Array, signed],
  };
  const file = await writtenByLibrary((made) => {
    const [shape, chunks] = [
      [1, events.length],
      [1, CHUNK_ROWS],
    ];
    const options = { ...DEFLATE, shape, chunks, maxshape: undefined };
    writeColumns(made.create_group("TD"), events, columns, options);
  });
  const text = "MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Thu Jan  1 00:00:00 1970";
  const block = Buffer.alloc(512);
  block.write(text.padEnd(116), "latin1");
  block.write("\x00\x02IM", 124, "latin1");
  // Where the file begins, and where it ends.
  file.writeBigUInt64LE(BigInt(block.length), 24);
  file.writeBigUInt64LE(file.readBigUInt64LE(40) + BigInt(block.length), 40);
  return Buffer.concat([block, file]);
}

/** Nothing but four datasets, in the latest version of the format. */
function topLevel(file, { events }) {
  writeColumns(file, events, { ...DSEC_COLUMNS, p: [Int8Array, signed] }, DEFLATE);
}

/** Other words for the same. */
function spellings(file, { events }) {
  const columns = {
    x: [Int32Array, x],
    y: [Int32Array, y],
    timestamp: [BigUint64Array, t],
    polarity: [Float64Array, signed],
  };
  writeColumns(file.create_group("events"), events, columns, DEFLATE);
}

/** Records in an order of their own. */
function compound(file, { events }) {
  const columns = { ...DSEC_COLUMNS, t: [BigInt64Array, t], p: [Int8Array, signed] };
  file.create_dataset({
    name: "events",
    dtype: [
      ["t", "<q"],
      ["p", "<b"],
      ["y", "<H"],
      ["x", "<H"],
    ],
    shape: [events.length],
    maxshape: [null],
    ...DEFLATE,
    data: memberValues(events, columns),
  });
}

/** `/events/{x,y,t,p}`, with a filter. */
function plain(filter) {
  return (file, { events }) => {
    const columns = { ...DSEC_COLUMNS, t: [BigInt64Array, t] };
    const options = { ...filter, chunks: [CHUNK_ROWS] };
    writeColumns(file.create_group("events"), events, columns, options);
  };
}

/** A matrix `events` of four columns. */
function writeRows(group, events, [ArrayType, pick]) {
  group.create_dataset({
    name: "events",
    data: ArrayType.from(events.flatMap(pick)),
    shape: [events.length, 4],
    maxshape: [null, 4],
    ...FILTERS.deflate,
    chunks: [CHUNK_ROWS / 4, 4],
  });
}

/** Black images. */
function writeImages(group, name, count, { width, height }) {
  const data = new Uint8Array(count * width * height);
  const shape = [count, height, width];
  group.create_dataset({ name, data, shape, ...FILTERS.deflate, chunks: [1, height, width] });
}

/** The number of the first event at or behind every whole millisecond. */
function writeMilliseconds(group, name, events, filter) {
  const count = Math.floor(events.at(-1).t / 1000) + 1;
  const data = BigUint64Array.from({ length: count }, (_, millisecond) =>
    BigInt(events.findIndex(({ t: time }) => time >= millisecond * 1000)),
  );
  group.create_dataset({ name, data, ...filter, chunks: [count] });
}
