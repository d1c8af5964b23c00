import { Block, decodeText } from "./block.ts";
import type { Datatype, NumberType } from "./datatype.ts";
import { GlobalHeaps } from "./global-heap.ts";
import { numberOfHalf } from "./half.ts";
import type { MetadataReader } from "./metadata-reader.ts";

/** A value of an attribute or a small dataset. Integers beyond 2^53 are a bigint. */
export type Value = number | bigint | boolean | string;

/** All values of an attribute: one, or a list in the order of the file, whatever its shape. */
export type Values = Value | readonly Value[];

/** Attributes tell facts; long lists are something else. */
export const MAX_VALUES = 4096;
/** The same for texts. */
const MAX_TEXT_BYTES = 1024 * 1024;

/**
 * Makes values of the bytes of an attribute or a small dataset.
 *
 * @param shape - empty for a single value
 * @returns null for types that are no numbers and no text, and for long lists
 * @throws EventError `invalid-header`
 */
export async function readValues(
  reader: MetadataReader,
  type: Datatype,
  shape: readonly number[],
  elements: number,
  bytes: Uint8Array,
): Promise<Values | null> {
  if (elements > MAX_VALUES || bytes.byteLength < elements * type.size) return null;
  const values: Value[] = [];
  for (let index = 0; index < elements; index++) {
    const element = bytes.subarray(index * type.size, (index + 1) * type.size);
    const value = await readValue(reader, type, element);
    if (value === null) return null;
    values.push(value);
  }
  return shape.length === 0 ? (values[0] ?? null) : values;
}

async function readValue(
  reader: MetadataReader,
  type: Datatype,
  bytes: Uint8Array,
): Promise<Value | null> {
  if (type.kind === "integer" || type.kind === "float") {
    return type.isOdd ? null : readNumber(type, bytes);
  }
  if (type.kind !== "string") return null;
  if (!type.isVariable) return decodeText(bytes, type.encoding);
  const place = new Block(reader.facts, bytes, 0, "text of any length");
  const length = place.u32();
  const heap = place.address();
  const index = place.u32();
  if (length === 0 || heap === null || index === 0 || heap === reader.facts.base) return "";
  const text = await new GlobalHeaps(reader).value(heap, index);
  return decodeText(text.subarray(0, Math.min(length, MAX_TEXT_BYTES)), type.encoding);
}

function readNumber(type: NumberType, bytes: Uint8Array): Value | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type.kind === "float") {
    if (type.size === 2) return numberOfHalf(view.getUint16(0, !type.isBigEndian));
    return type.size === 4
      ? view.getFloat32(0, !type.isBigEndian)
      : view.getFloat64(0, !type.isBigEndian);
  }
  let value = 0n;
  for (let index = 0; index < type.size; index++) {
    const at = type.isBigEndian ? index : type.size - 1 - index;
    value = (value << 8n) | BigInt(view.getUint8(at));
  }
  if (type.isSigned) value = BigInt.asIntN(type.size * 8, value);
  if (type.isBoolean) return value !== 0n;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
