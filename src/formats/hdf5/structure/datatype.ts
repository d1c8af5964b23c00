import {
  ARRAY_CLASS,
  COMPOUND_CLASS,
  ENUM_CLASS,
  FIXED_POINT_CLASS,
  FLOATING_POINT_CLASS,
  STRING_CLASS,
  VARIABLE_LENGTH_CLASS,
} from "../layout.ts";
import type { Block } from "./block.ts";

/** What the elements of a dataset or an attribute are. */
export type Datatype = NumberType | StringType | CompoundType | OtherType;

/** An integer or a floating-point number. */
export interface NumberType {
  readonly kind: "integer" | "float";
  /** Bytes of a value. */
  readonly size: number;
  readonly isSigned: boolean;
  readonly isBigEndian: boolean;
  /** Whether it is the integer of an enumeration of FALSE and TRUE. */
  readonly isBoolean: boolean;
  /** Whether bits of it have another meaning: integers of odd widths, floats that are not IEEE. */
  readonly isOdd: boolean;
}

/** Text of a fixed number of bytes, or of any number, which then stands in a global heap. */
export interface StringType {
  readonly kind: "string";
  readonly size: number;
  readonly isVariable: boolean;
  readonly encoding: "ascii" | "utf8";
}

/** A record. */
export interface CompoundType {
  readonly kind: "compound";
  readonly size: number;
  readonly members: readonly CompoundMember[];
}

/** A field of a record. */
export interface CompoundMember {
  readonly name: string;
  /** Bytes of the record in front of it. */
  readonly offset: number;
  readonly type: Datatype;
}

/** What no events are made of. */
export interface OtherType {
  readonly kind: "other";
  readonly size: number;
  /** For people. */
  readonly name: string;
}

/** Records in records in records. */
const MAX_DEPTH = 16;
const CLASS_NAMES = [
  ...["integer", "float", "time", "string", "bit field", "opaque", "compound", "reference"],
  ...["enumeration", "variable-length list", "array", "complex"],
];

/**
 * Reads a datatype.
 *
 * @throws EventError `invalid-header`
 */
export function readDatatype(block: Block, depth = 0): Datatype {
  const start = block.at;
  const classAndVersion = block.u8();
  const typeClass = classAndVersion & 0xf;
  const version = classAndVersion >> 4;
  const bits = block.uint(3);
  const size = block.u32();
  if (version < 1 || version > 5 || depth > MAX_DEPTH || size === 0) {
    block.at = start;
    throw block.damaged("a datatype", `class ${typeClass}, version ${version}, ${size} bytes`);
  }
  if (typeClass === FIXED_POINT_CLASS) return readInteger(block, bits, size);
  if (typeClass === FLOATING_POINT_CLASS) return readFloat(block, bits, size);
  if (typeClass === STRING_CLASS) {
    return { kind: "string", size, isVariable: false, encoding: encodingOf(bits >> 4) };
  }
  if (typeClass === COMPOUND_CLASS) return readCompound(block, version, bits, size, depth);
  if (typeClass === ENUM_CLASS) return readEnumeration(block, version, bits, depth);
  if (typeClass === VARIABLE_LENGTH_CLASS && (bits & 0xf) === 1) {
    readDatatype(block, depth + 1); // what the text is made of
    return { kind: "string", size, isVariable: true, encoding: encodingOf(bits >> 8) };
  }
  if (typeClass === ARRAY_CLASS) skipArray(block, version, depth);
  else if (typeClass === VARIABLE_LENGTH_CLASS) readDatatype(block, depth + 1);
  else block.skip(Math.min(propertyBytes(typeClass, bits), block.remaining));
  return { kind: "other", size, name: CLASS_NAMES[typeClass] ?? `class ${typeClass}` };
}

/** What a type is called in messages. */
export function describeType(type: Datatype): string {
  if (type.kind === "other") return type.name;
  if (type.kind === "compound") {
    return `compound {${type.members.map(({ name }) => name).join(", ")}}`;
  }
  if (type.kind === "string") return "text";
  if (type.isBoolean) return "boolean";
  const order = type.isBigEndian && type.size > 1 ? ", big-endian" : "";
  const unsigned = type.kind === "integer" && !type.isSigned ? "unsigned " : "";
  return `${unsigned}${type.kind} of ${type.size * 8} bits${order}`;
}

function readInteger(block: Block, bits: number, size: number): NumberType {
  const bitOffset = block.u16();
  const precision = block.u16();
  return {
    kind: "integer",
    size,
    isSigned: (bits & 8) !== 0,
    isBigEndian: (bits & 1) !== 0,
    isBoolean: false,
    isOdd: bitOffset !== 0 || precision !== size * 8,
  };
}

function readFloat(block: Block, bits: number, size: number): NumberType {
  const found = [block.u16(), block.u16(), block.u8(), block.u8(), block.u8(), block.u8()];
  found.push(block.u32());
  // Bit offset and precision; place and size of exponent and mantissa; bias of the exponent.
  const half = [0, 16, 10, 5, 0, 10, 15];
  const single = [0, 32, 23, 8, 0, 23, 127];
  const double = [0, 64, 52, 11, 0, 52, 1023];
  const ieee = size === 2 ? half : size === 4 ? single : double;
  const isVax = (bits & 0x40) !== 0;
  const isOdd = isVax || ![2, 4, 8].includes(size) || found.join() !== ieee.join();
  const isBigEndian = (bits & 1) !== 0;
  return { kind: "float", size, isSigned: true, isBigEndian, isBoolean: false, isOdd };
}

function readCompound(
  block: Block,
  version: number,
  bits: number,
  size: number,
  depth: number,
): CompoundType {
  const count = bits & 0xffff;
  const members: CompoundMember[] = [];
  const offsetBytes = size > 0xffffff ? 4 : size > 0xffff ? 3 : size > 0xff ? 2 : 1;
  for (let index = 0; index < count; index++) {
    const name = block.textToZero(version < 3 ? 8 : 1);
    const offset = block.uint(version < 3 ? 4 : offsetBytes);
    let elements = 1;
    if (version === 1) {
      const dimensions = block.u8();
      block.skip(3 + 4 + 4);
      const sizes = [block.u32(), block.u32(), block.u32(), block.u32()];
      elements = sizes.slice(0, dimensions).reduce((product, length) => product * length, 1);
    }
    const element = readDatatype(block, depth + 1);
    const bytes = element.size * elements;
    if (offset + bytes > size) {
      throw block.damaged(`a member within ${size} bytes`, `${bytes} bytes at ${offset}`);
    }
    const type: Datatype = elements === 1 ? element : { kind: "other", size: bytes, name: "array" };
    members.push({ name, offset, type });
  }
  return { kind: "compound", size, members };
}

/** An enumeration is read as the integers that it is stored as. */
function readEnumeration(block: Block, version: number, bits: number, depth: number): Datatype {
  const base = readDatatype(block, depth + 1);
  const count = bits & 0xffff;
  const names: string[] = [];
  for (let index = 0; index < count; index++) names.push(block.textToZero(version < 3 ? 8 : 1));
  const values: number[] = [];
  for (let index = 0; index < count; index++) values.push(block.take(base.size)[0] ?? 0);
  if (base.kind !== "integer") return { kind: "other", size: base.size, name: "enumeration" };
  const isBoolean =
    base.size === 1 &&
    count === 2 &&
    values[names.indexOf("FALSE")] === 0 &&
    values[names.indexOf("TRUE")] === 1;
  return { ...base, isBoolean };
}

function skipArray(block: Block, version: number, depth: number): void {
  const dimensions = block.u8();
  if (version < 3) block.skip(3);
  block.skip(dimensions * (version < 3 ? 8 : 4));
  readDatatype(block, depth + 1);
}

/** Bytes behind a datatype of a class that is not read. */
function propertyBytes(typeClass: number, bits: number): number {
  if (typeClass === 2) return 2; // time
  if (typeClass === 4) return 4; // bit field
  return typeClass === 5 ? bits & 0xff : 0; // the tag of an opaque type
}

function encodingOf(characterSet: number): StringType["encoding"] {
  return (characterSet & 0xf) === 1 ? "utf8" : "ascii";
}
