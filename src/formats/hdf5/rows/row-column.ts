import type { Hdf5Dataset } from "../file.ts";
import { unsupported } from "../problems.ts";
import { type Datatype, describeType } from "../structure/datatype.ts";
import { numberOfHalf } from "../structure/half.ts";

/** What the values of a column are once they are read: little-endian, as typed arrays hold them. */
export type ColumnType =
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float16"
  | "float32"
  | "float64";

/** Which values of a dataset make a column. */
export interface ColumnChoice {
  readonly dataset: Hdf5Dataset;
  /** The member of records. */
  readonly member?: string | undefined;
  /** The column of a dataset of two dimensions, from 0; needed where it has several. */
  readonly index?: number | undefined;
  /**
   * The dimension along which rows follow each other. By default the first, or the second of
   * `1 x n`, as MATLAB writes a list.
   */
  readonly rowDimension?: 0 | 1 | undefined;
}

/** A column of values, of which every row has one. */
export interface RowColumn {
  readonly dataset: Hdf5Dataset;
  readonly type: ColumnType;
  /** Bytes of a value. */
  readonly size: number;
  readonly isBigEndian: boolean;
  /** Whether the values are FALSE and TRUE. */
  readonly isBoolean: boolean;
  /** Rows that the dataset says it has. */
  readonly rows: number;
  readonly rowDimension: 0 | 1;
  /** Place of the values along the other dimension. */
  readonly index: number;
  /** Bytes of an element in front of the value. */
  readonly memberOffset: number;
}

/**
 * Makes a column of the values that were chosen.
 *
 * @param path - what messages call the file
 * @throws EventError `unsupported-format` for values that are no numbers, or no column
 */
export function columnOf(choice: ColumnChoice, path: string | undefined): RowColumn {
  const { dataset, member, index = 0 } = choice;
  const { shape } = dataset;
  const refuse = (expected: string, found: string): Error =>
    unsupported(`the dataset ${dataset.path} is no column of events`, { path, expected, found });

  const isList = shape.length === 2 && shape[0] === 1 && shape[1] !== 1;
  const rowDimension = choice.rowDimension ?? (isList && choice.index === undefined ? 1 : 0);
  const rows = shape[rowDimension];
  const columns = shape.length === 2 ? (shape[1 - rowDimension] as number) : 1;
  if (rows === undefined || shape.length > 2 || !(index >= 0 && index < columns)) {
    const found = shape.length === 0 ? "a single value" : shape.join(" x ");
    throw refuse(`one or two dimensions, with a column ${index}`, found);
  }
  if (choice.index === undefined && columns !== 1) {
    throw refuse("a list, or the number of a column", shape.join(" x "));
  }
  const { type, offset } = memberOf(dataset.type, member, refuse);
  if (type.kind !== "integer" && type.kind !== "float") {
    throw refuse("numbers", describeType(type));
  }
  const name = `${type.kind === "float" ? "float" : type.isSigned ? "int" : "uint"}${type.size * 8}`;
  if (type.isOdd || !isColumnType(name)) {
    throw refuse("integers of 8, 16, 32 or 64 bits, or IEEE floats", describeType(type));
  }
  const { size, isBigEndian, isBoolean } = type;
  return {
    ...{ dataset, type: name, size, isBigEndian, isBoolean },
    ...{ rows, rowDimension, index, memberOffset: offset },
  };
}

function memberOf(
  type: Datatype,
  member: string | undefined,
  refuse: (expected: string, found: string) => Error,
): { type: Datatype; offset: number } {
  if (member === undefined) return { type, offset: 0 };
  const found =
    type.kind === "compound" ? type.members.find(({ name }) => name === member) : undefined;
  if (found !== undefined) return found;
  throw refuse(`a member ${member}`, describeType(type));
}

const ARRAYS = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Uint16Array, // as bits: not every platform has an array of them
  float32: Float32Array,
  float64: Float64Array,
} as const satisfies Record<ColumnType, unknown>;

/** A typed array of any type of column. */
export type ColumnArray = InstanceType<(typeof ARRAYS)[ColumnType]>;

/** A new typed array for so many values. */
export function columnArray(type: ColumnType, length: number): ColumnArray {
  return new ARRAYS[type](length);
}

/** The bits of halves as numbers. */
export function floatsOf(halves: ColumnArray): Float32Array<ArrayBuffer> {
  return Float32Array.from(halves as Uint16Array, numberOfHalf);
}

function isColumnType(name: string): name is ColumnType {
  return name in ARRAYS;
}
