/** The HDF5 of openeb: with its own filter ECF, and as another program exports it again. */
import { DSEC_COLUMNS, memberValues, t, zeroOne } from "./hdf5-columns.mjs";
import { addAttributes, compoundType, FILTERS, testWriter } from "./hdf5-files.mjs";

const CHUNK_ROWS = 1024;
/** An entry of an index stands for so many microseconds. */
const BUCKET_US = 2000;

/** What openeb notes about a camera. */
const rootAttributes = ({ width, height }) => ({
  format: "EVT3",
  geometry: `${width}x${height}`,
  integrator_name: "evarrow",
  serial_number: "00000000",
  version: "1.0",
});

/** Exported again, with deflate where ECF was. */
export function openeb(file, { geometry, events, triggers }) {
  addAttributes(file, rootAttributes(geometry));
  const write = (group, name, rows, members, columns) =>
    group.create_dataset({
      name,
      shape: [rows.length],
      dtype: compoundType(members),
      data: memberValues(rows, columns),
      chunks: [CHUNK_ROWS],
      maxshape: [null],
      ...FILTERS.deflate,
    });
  const cd = file.create_group("CD");
  write(
    cd,
    "events",
    events,
    [
      ["x", 0, 2, false],
      ["y", 2, 2, false],
      ["p", 4, 2, true],
      ["t", 8, 8, true],
    ],
    { ...DSEC_COLUMNS, p: [Int16Array, zeroOne], t: [BigInt64Array, t] },
  );
  const external = file.create_group("EXT_TRIGGER");
  write(
    external,
    "events",
    triggers,
    [
      ["p", 0, 2, true],
      ["t", 8, 8, true],
      ["id", 16, 2, true],
    ],
    {
      p: [Int16Array, ({ value }) => value],
      t: [BigInt64Array, t],
      id: [Int16Array, ({ id }) => id],
    },
  );
  for (const [group, rows] of [
    [cd, events],
    [external, triggers],
  ]) {
    const { entries, offset } = indexOf(rows);
    const members = [
      ["id", 0, 8, false],
      ["ts", 8, 8, true],
    ];
    const columns = { id: [BigUint64Array, ({ id }) => id], ts: [BigInt64Array, ({ ts }) => ts] };
    addAttributes(write(group, "indexes", entries, members, columns), { offset });
  }
}

/** As a camera writes it: chunks in all modes of ECF, the others without a filter. */
export async function openebEcf({ geometry, events, triggers }) {
  const { bytes, cdType, encodeEcfReference, types, writeHdf5 } = await testWriter();
  const modes = ["runs", "xp", "yxp"];
  const list = [];
  for (let at = 0; at < events.length; at += CHUNK_ROWS) {
    const chunk = events.slice(at, at + CHUNK_ROWS).map((event) => ({
      t: BigInt(event.t),
      x: event.x,
      y: event.y,
      p: zeroOne(event),
    }));
    list.push({ at: [at], bytes: encodeEcfReference(chunk, modes[list.length % modes.length]) });
  }
  const cd = {
    type: cdType(),
    shape: [events.length],
    maxShape: [null],
    filters: [{ id: 36559, name: "ECF", optional: true }],
    chunks: { shape: [CHUNK_ROWS], list, elementBytes: 16 },
  };
  const inOneChunk = (elementBytes, members, records, attributes) => ({
    type: types.compound(
      elementBytes,
      members.map(([name, at, size, isSigned]) => [name, at, types.integer(size, isSigned)]),
    ),
    shape: [records.length],
    maxShape: [null],
    chunks: {
      shape: [64],
      elementBytes,
      list: [{ at: [0], bytes: Buffer.concat(records, 64 * elementBytes) }],
    },
    attributes,
  });
  const index = (rows) => {
    const { entries, offset } = indexOf(rows);
    const members = [
      ["id", 0, 8, false],
      ["ts", 8, 8, true],
    ];
    const records = entries.map(({ id, ts }) => bytes().u64(id).u64(ts).end());
    return inOneChunk(16, members, records, { offset });
  };
  const triggerMembers = [
    ["p", 0, 2, true],
    ["t", 8, 8, true],
    ["id", 16, 2, true],
  ];
  const triggerRecords = triggers.map(({ t: time, id, value }) =>
    bytes().u16(value).u16(0).u32(0).u64(time).u16(id).u16(0).u32(0).end(),
  );
  const root = {
    CD: { events: cd, indexes: index(events) },
    EXT_TRIGGER: {
      events: inOneChunk(24, triggerMembers, triggerRecords),
      indexes: index(triggers),
    },
  };
  return Buffer.from(writeHdf5(root, { attributes: rootAttributes(geometry) }));
}

/** Entry k: number and relative time of the first event of the last bucket before k that has any. */
function indexOf(events) {
  const first = events[0].t;
  const bucketOf = (event) => Math.floor((event.t - first) / BUCKET_US);
  const entries = [{ id: 0, ts: -1 }];
  for (let bucket = 0; bucket < bucketOf(events.at(-1)); bucket++) {
    const row = events.findIndex((event) => bucketOf(event) === bucket);
    entries.push(row < 0 ? entries.at(-1) : { id: row, ts: events[row].t - first });
  }
  return { entries, offset: String(-first) };
}
