import {
  ATTRIBUTE_INFO_MESSAGE,
  ATTRIBUTE_MESSAGE,
  DATATYPE_MESSAGE,
  SHARED_FLAG,
} from "../layout.ts";
import type { Block } from "./block.ts";
import { Btree2 } from "./btree2.ts";
import { readDataspace } from "./dataspace.ts";
import { readDatatype } from "./datatype.ts";
import { FractalHeap } from "./fractal-heap.ts";
import type { MetadataReader } from "./metadata-reader.ts";
import type { HeaderMessage } from "./object-header.ts";
import { bodyOf } from "./shared-message.ts";
import { readValues, type Values } from "./values.ts";

/** What an object says of itself, by name. Attributes of types that are not read are left out. */
export type Attributes = ReadonlyMap<string, Values>;

/** Records of attributes in a B-tree: by name. */
const ATTRIBUTE_NAME_RECORDS = 8;

/**
 * Reads the attributes of an object.
 *
 * @throws EventError `invalid-header`, `unsupported-format`
 */
export async function readAttributes(
  reader: MetadataReader,
  messages: readonly HeaderMessage[],
): Promise<Attributes> {
  const attributes = new Map<string, Values>();
  const add = async (body: Block): Promise<void> => {
    const attribute = await readAttribute(reader, body);
    if (attribute.values !== null) attributes.set(attribute.name, attribute.values);
  };
  for (const message of messages) {
    if (message.type === ATTRIBUTE_MESSAGE && !message.isShared) await add(message.body.copy());
    if (message.type === ATTRIBUTE_INFO_MESSAGE) await readDense(reader, message.body.copy(), add);
  }
  return attributes;
}

/** Attributes of an object that has many: a B-tree of places in a heap of messages. */
async function readDense(
  reader: MetadataReader,
  body: Block,
  add: (body: Block) => Promise<void>,
): Promise<void> {
  body.version(0);
  const flags = body.u8();
  if (flags & 1) body.skip(2); // the greatest creation order
  const heapOffset = body.address();
  const treeOffset = body.address();
  if (heapOffset === null || treeOffset === null) return;
  const heap = await FractalHeap.open(reader, heapOffset);
  const tree = await Btree2.open(reader, treeOffset, ATTRIBUTE_NAME_RECORDS);
  const ids: Block[] = [];
  await tree.walk((record) => {
    const id = record.part(heap.idBytes);
    if ((record.u8() & SHARED_FLAG) === 0) ids.push(id);
  });
  for (const id of ids) await add(await heap.value(id));
}

async function readAttribute(
  reader: MetadataReader,
  block: Block,
): Promise<{ name: string; values: Values | null }> {
  const version = block.version(1, 2, 3);
  const flags = block.u8(); // reserved in version 1
  const [nameBytes, typeBytes, spaceBytes] = [block.u16(), block.u16(), block.u16()];
  const isUtf8 = version === 3 && block.u8() === 1;
  const padding = version === 1 ? 8 : 1;
  const padded = (length: number): number => Math.ceil(length / padding) * padding;
  const name = block.text(padded(nameBytes), isUtf8 ? "utf8" : "ascii");
  const isShared = version > 1 && (flags & 1) !== 0;
  const stored = block.part(padded(typeBytes));
  const body = await bodyOf(reader, { type: DATATYPE_MESSAGE, isShared, body: stored });
  const type = readDatatype(body);
  const { shape, elements } = readDataspace(block.part(padded(spaceBytes)));
  const bytes = block.take(Math.min(type.size * elements, block.remaining));
  return { name, values: await readValues(reader, type, shape, elements, bytes) };
}
