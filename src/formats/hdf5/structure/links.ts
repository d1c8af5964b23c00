import { LINK_INFO_MESSAGE, LINK_MESSAGE, SYMBOL_TABLE_MESSAGE } from "../layout.ts";
import { damaged } from "../problems.ts";
import type { Block } from "./block.ts";
import { Btree1Walk, GROUP_NODES } from "./btree1.ts";
import { Btree2 } from "./btree2.ts";
import { FractalHeap } from "./fractal-heap.ts";
import { LocalHeap } from "./local-heap.ts";
import type { MetadataReader } from "./metadata-reader.ts";
import type { HeaderMessage } from "./object-header.ts";

/** A name in a group, and what it leads to. */
export type Link =
  /** An object, whose header is at `offset` of the file. */
  | { readonly kind: "hard"; readonly name: string; readonly offset: number }
  /** Another path of the file. */
  | { readonly kind: "soft"; readonly name: string; readonly target: string }
  /** Something in another file, which is not opened: its name, and the path there. */
  | { readonly kind: "external"; readonly name: string; readonly target: string };
/** Links of other types than these are the users' own. */
const EXTERNAL_LINK = 64;

/** A group of this many links is none. */
const MAX_LINKS = 1_000_000;
/** Records of links in a B-tree: by name. */
const LINK_NAME_RECORDS = 5;

/**
 * Reads the links of a group.
 *
 * @throws EventError `invalid-header`, `unsupported-format`
 */
export async function readLinks(
  reader: MetadataReader,
  messages: readonly HeaderMessage[],
): Promise<Link[]> {
  const links: Link[] = [];
  const add = (link: Link): void => {
    if (links.length < MAX_LINKS) links.push(link);
    else throw damaged("a group has too many links", { path: reader.facts.path });
  };
  for (const { type, body } of messages) {
    if (type === LINK_MESSAGE) add(readLink(body));
    else if (type === LINK_INFO_MESSAGE) await readDenseLinks(reader, body, add);
    else if (type === SYMBOL_TABLE_MESSAGE) await readSymbolTable(reader, body, add);
  }
  return links;
}

type Add = (link: Link) => void;

/** Links of the older kind: a B-tree of nodes of symbols, whose names stand in a heap. */
async function readSymbolTable(reader: MetadataReader, body: Block, add: Add): Promise<void> {
  const tree = body.definedAddress();
  const heap = await LocalHeap.read(reader, body.definedAddress());
  const walk = new Btree1Walk(reader, GROUP_NODES, reader.facts.lengthBytes);
  const seen = new Set<number>();
  const visit = async (offset: number, level?: number): Promise<void> => {
    const node = await walk.node(offset, level);
    for (const child of node.children) {
      if (node.level > 0) await visit(child, node.level - 1);
      else if (seen.has(child)) throw body.damaged("nodes of symbols", "the same one twice");
      else await readSymbols(reader, child, heap, add);
      seen.add(child);
    }
  };
  await visit(tree);
}

async function readSymbols(
  reader: MetadataReader,
  offset: number,
  heap: LocalHeap,
  add: Add,
): Promise<void> {
  const what = "a node of symbols";
  const { addressBytes } = reader.facts;
  const head = await reader.block(offset, 8, what);
  head.signature("SNOD");
  head.version(1);
  head.skip(1);
  const count = head.u16();
  const entryBytes = 2 * addressBytes + 24;
  const block = await reader.block(offset + 8, count * entryBytes, what);
  for (let index = 0; index < count; index++) {
    const entry = block.part(entryBytes);
    const name = heap.text(entry.uint(addressBytes));
    const address = entry.address();
    const kind = entry.u32();
    entry.skip(4);
    if (kind === 2) add({ kind: "soft", name, target: heap.text(entry.u32()) });
    else if (address !== null) add({ kind: "hard", name, offset: address });
  }
}

/** Links of a large group of the newer kind: a B-tree of places in a heap of link messages. */
async function readDenseLinks(reader: MetadataReader, body: Block, add: Add): Promise<void> {
  body.version(0);
  const flags = body.u8();
  if (flags & 1) body.skip(8); // the greatest creation order
  const heapOffset = body.address();
  const treeOffset = body.address();
  if (heapOffset === null || treeOffset === null) return;
  const heap = await FractalHeap.open(reader, heapOffset);
  const tree = await Btree2.open(reader, treeOffset, LINK_NAME_RECORDS);
  const ids: Block[] = [];
  await tree.walk((record) => {
    record.skip(4); // hash of the name
    if (ids.length < MAX_LINKS) ids.push(record.part(heap.idBytes));
  });
  for (const id of ids) add(readLink(await heap.value(id)));
}

/** `other.h5:/events/x`: what an external link leads to. */
function readTarget(block: Block): string {
  const value = block.part(block.u16());
  value.skip(1); // version and flags
  const file = value.textToZero();
  return `${file}:${value.textToZero()}`;
}

/** Reads a link message. */
function readLink(block: Block): Link {
  block.version(1);
  const flags = block.u8();
  const type = flags & 8 ? block.u8() : 0;
  if (flags & 4) block.skip(8); // creation order
  if (flags & 16) block.skip(1); // character set: ASCII is UTF-8, too
  const name = block.text(block.uint(1 << (flags & 3)));
  if (type === 0) return { kind: "hard", name, offset: block.definedAddress() };
  if (type === 1) return { kind: "soft", name, target: block.text(block.u16()) };
  return { kind: "external", name, target: type === EXTERNAL_LINK ? readTarget(block) : "" };
}
