/** Columns of events for HDF5 files: the type that a value is written in, and which value it is. */

export const x = (event) => event.x;
export const y = (event) => event.y;
export const t = (event) => event.t;
export const seconds = (event) => event.t / 1e6;
export const zeroOne = ({ on }) => (on ? 1 : 0);
export const signed = ({ on }) => (on ? 1 : -1);

/** The types of DSEC, which most others share. */
export const DSEC_COLUMNS = {
  x: [Uint16Array, x],
  y: [Uint16Array, y],
  t: [Uint32Array, t],
  p: [Uint8Array, zeroOne],
};

/** The values of a column. */
export function valuesOf(rows, [ArrayType, pick]) {
  const isWide = ArrayType === BigInt64Array || ArrayType === BigUint64Array;
  return ArrayType.from(rows, isWide ? (row) => BigInt(pick(row)) : pick);
}

/** Columns by name, as h5wasm takes the members of records. */
export function memberValues(rows, columns) {
  return new Map(Object.entries(columns).map(([name, column]) => [name, valuesOf(rows, column)]));
}

/** Writes every column as a dataset of its own. */
export function writeColumns(group, rows, columns, options) {
  for (const [name, column] of Object.entries(columns)) {
    const data = valuesOf(rows, column);
    group.create_dataset({ name, data, maxshape: [null], ...options });
  }
}
