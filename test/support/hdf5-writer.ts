/**
 * Writes HDF5 files of the older kind (superblock 0, groups with symbol tables, chunks in a B-tree
 * of version 1), as h5py and openeb do, and as h5wasm does not: with chunks as they are given, any
 * filters, filter masks, big-endian types, a block of the user's own. Written from the format's
 * description; tests let h5wasm read what it writes.
 */

/** A filter as its message has it. */
export interface TestFilter {
  id: number;
  name?: string;
  optional?: boolean;
  values?: number[];
}

/** A chunk: its bytes in the file, and which filters were left out. */
export interface TestChunk {
  /** Offset of its first element along each dimension. */
  at: number[];
  bytes: Uint8Array;
  mask?: number;
}

/** A dataset. */
export interface TestDataset {
  /** Of {@link types}, or bytes of a datatype message of one's own. */
  type: Uint8Array;
  shape: number[];
  maxShape?: (number | null)[];
  /** Where the values are: as they are, in the header, or in chunks. */
  data?: Uint8Array;
  compact?: Uint8Array;
  chunks?: { shape: number[]; list: TestChunk[]; elementBytes: number };
  filters?: TestFilter[];
  fill?: Uint8Array;
  /** What the file says of the data instead of the truth. */
  claims?: { byteLength?: number; offset?: number };
  attributes?: Record<string, AttributeValue>;
  /** More messages of the header. */
  messages?: [type: number, body: Uint8Array][];
}

/** A group: names of groups and datasets. */
export interface TestGroup {
  [name: string]: TestMember;
}

type TestMember = TestGroup | TestDataset | TestLink;

const isLink = (member: TestMember): member is TestLink =>
  "link" in member && typeof member.link === "string";
const isDataset = (member: TestMember): member is TestDataset =>
  "type" in member && member.type instanceof Uint8Array;

/** A name that leads to another path. */
export interface TestLink {
  link: string;
}

const UNDEFINED = 0xffffffffffffffffn;
/** Entries of a node of symbols and of a node of chunks, as HDF5 has them by default. */
const SYMBOLS = 8;
const CHUNKS = 64;

/** Datatype messages. */
export const types = {
  integer: (size: number, signed: boolean, bigEndian = false): Uint8Array =>
    bytes()
      .u8(0x10)
      .u8((bigEndian ? 1 : 0) + (signed ? 8 : 0))
      .u16(0)
      .u32(size)
      .u16(0)
      .u16(size * 8)
      .end(),
  float: (size: 2 | 4 | 8, bigEndian = false): Uint8Array =>
    bytes()
      .u8(0x11)
      .u8(0x20 + (bigEndian ? 1 : 0))
      .u8(size * 8 - 1)
      .u8(0)
      .u32(size)
      .u16(0)
      .u16(size * 8)
      .raw(size === 2 ? [10, 5, 0, 10] : size === 4 ? [23, 8, 0, 23] : [52, 11, 0, 52])
      .u32(size === 2 ? 15 : size === 4 ? 127 : 1023)
      .end(),
  text: (size: number): Uint8Array => bytes().u8(0x13).u8(0).u16(0).u32(size).end(),
  /** An enumeration FALSE, TRUE of 8 bits, as h5py writes booleans. */
  boolean: (): Uint8Array =>
    bytes()
      .u8(0x18)
      .u16(2)
      .u8(0)
      .u32(1)
      .raw(types.integer(1, true))
      .raw(named("FALSE"))
      .raw(named("TRUE"))
      .raw([0, 1])
      .end(),
  compound: (
    size: number,
    members: [name: string, offset: number, type: Uint8Array][],
  ): Uint8Array => {
    const out = bytes().u8(0x16).u16(members.length).u8(0).u32(size);
    for (const [name, offset, type] of members) {
      out.raw(named(name)).u32(offset).u8(0).raw(new Array(27).fill(0)).raw(type);
    }
    return out.end();
  },
};

/** The records of `/CD/events`. */
export const cdType = (): Uint8Array =>
  types.compound(16, [
    ["x", 0, types.integer(2, false)],
    ["y", 2, types.integer(2, false)],
    ["p", 4, types.integer(2, true)],
    ["t", 8, types.integer(8, true)],
  ]);

/** What a file has besides the members of its root group. */
export interface TestFile {
  /** Bytes in front of the file. Default 0. */
  userBlock?: number;
  /** Attributes of the root group. */
  attributes?: Record<string, AttributeValue>;
}

/** Text, or 64-bit integers. */
export type AttributeValue = string | number | number[];

/** Makes a file. */
export function writeHdf5(root: TestGroup, options: TestFile = {}): Uint8Array<ArrayBuffer> {
  const { userBlock = 0, attributes } = options;
  const file = new FileWriter();
  file.append(new Uint8Array(96)); // room for the superblock
  const { header, tree, heap } = file.group(root, attributes);
  const superblock = bytes()
    .raw([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a])
    .raw([0, 0, 0, 0, 0, 8, 8, 0])
    .u16(SYMBOLS / 2)
    .u16(16)
    .u32(0)
    .u64(userBlock)
    .u64(UNDEFINED)
    .u64(file.length + userBlock)
    .u64(UNDEFINED)
    .u64(0)
    .u64(header)
    .u32(1)
    .u32(0)
    .u64(tree)
    .u64(heap)
    .end();
  const result = new Uint8Array(userBlock + file.length);
  result.set(file.take(), userBlock);
  result.set(superblock, userBlock);
  return result;
}

class FileWriter {
  #parts: Uint8Array[] = [];
  length = 0;

  /** Puts bytes at the end, at a multiple of 8; returns where. */
  append(part: Uint8Array): number {
    const at = this.length;
    const padded = new Uint8Array(Math.ceil(part.byteLength / 8) * 8);
    padded.set(part);
    this.#parts.push(padded);
    this.length += padded.byteLength;
    return at;
  }

  take(): Uint8Array {
    return bytes()
      .raw(...this.#parts)
      .end();
  }

  group(
    group: TestGroup,
    attributes: Record<string, AttributeValue> = {},
  ): { header: number; tree: number; heap: number } {
    const names = Object.keys(group).sort();
    const heapData = bytes().raw(new Uint8Array(8));
    const symbols = names.map((name) => {
      const at = heapData.length;
      heapData.raw(named(name));
      const member = group[name] as TestMember;
      if (isLink(member)) {
        const target = heapData.length;
        heapData.raw(named(member.link));
        return bytes().u64(at).u64(UNDEFINED).u32(2).u32(0).u32(target).u32(0).u64(0).end();
      }
      const offset = isDataset(member) ? this.dataset(member) : this.group(member).header;
      return bytes().u64(at).u64(offset).u32(0).u32(0).u64(0).u64(0).end();
    });
    const heapSize = heapData.length;
    const dataAt = this.append(heapData.end());
    const heap = this.append(bytes().text("HEAP").u32(0).u64(heapSize).u64(1).u64(dataAt).end());
    const tree = bytes()
      .text("TREE")
      .u8(0)
      .u8(0)
      .u16(Math.ceil(symbols.length / SYMBOLS));
    tree.u64(UNDEFINED).u64(UNDEFINED).u64(0);
    for (let first = 0; first < symbols.length; first += SYMBOLS) {
      const part = symbols.slice(first, first + SYMBOLS);
      const node = bytes()
        .text("SNOD")
        .u8(1)
        .u8(0)
        .u16(part.length)
        .raw(...part);
      node.raw(new Uint8Array((SYMBOLS - part.length) * 40));
      // A key is the place of the last name in front of it.
      const lastName = (part.at(-1) as Uint8Array).subarray(0, 8);
      tree.u64(this.append(node.end())).raw(lastName);
    }
    const treeAt = this.append(padded(tree.end(), 24 + 32 * 8 + 33 * 8));
    const header = this.header([
      [0x11, bytes().u64(treeAt).u64(heap).end()],
      ...attributeMessages(attributes),
    ]);
    return { header, tree: treeAt, heap };
  }

  dataset(dataset: TestDataset): number {
    const { type, shape, maxShape, filters, fill, attributes = {} } = dataset;
    const space = bytes()
      .u8(1)
      .u8(shape.length)
      .u8(maxShape === undefined ? 0 : 1)
      .u8(0)
      .u32(0);
    for (const length of shape) space.u64(length);
    for (const length of maxShape ?? []) space.u64(length ?? UNDEFINED);
    const fillMessage = bytes()
      .u8(2)
      .u8(2)
      .u8(2)
      .u8(fill === undefined ? 0 : 1);
    if (fill !== undefined) fillMessage.u32(fill.byteLength).raw(fill);
    const messages: [number, Uint8Array][] = [
      [0x01, space.end()],
      [0x03, type],
      [0x05, fillMessage.end()],
      [0x08, this.#layout(dataset)],
    ];
    if (filters !== undefined) messages.push([0x0b, pipelineMessage(filters)]);
    return this.header([
      ...messages,
      ...attributeMessages(attributes),
      ...(dataset.messages ?? []),
    ]);
  }

  /** An object header of version 1; its second half stands in a continuation. */
  header(messages: [type: number, body: Uint8Array][]): number {
    const parts = messages.map(([type, body]) => {
      const length = Math.ceil(body.byteLength / 8) * 8;
      return bytes().u16(type).u16(length).u32(0).raw(padded(body, length)).end();
    });
    const half = Math.ceil(parts.length / 2);
    const rest = bytes()
      .raw(...parts.slice(half))
      .end();
    const first = parts.slice(0, half);
    if (rest.byteLength > 0) {
      const at = this.append(rest);
      first.push(bytes().u16(0x10).u16(16).u32(0).u64(at).u64(rest.byteLength).end());
    }
    const body = bytes()
      .raw(...first)
      .end();
    const count = parts.length + (rest.byteLength > 0 ? 1 : 0);
    const prefix = bytes().u8(1).u8(0).u16(count).u32(1).u32(body.byteLength).u32(0);
    return this.append(prefix.raw(body).end());
  }

  #layout({ data, compact, chunks, shape, claims = {} }: TestDataset): Uint8Array {
    if (compact !== undefined) {
      return bytes().u8(3).u8(0).u16(compact.byteLength).raw(compact).end();
    }
    if (chunks === undefined) {
      const at = claims.offset ?? (data === undefined ? UNDEFINED : this.append(data));
      return bytes()
        .u8(3)
        .u8(1)
        .u64(at)
        .u64(claims.byteLength ?? data?.byteLength ?? 0)
        .end();
    }
    const message = bytes()
      .u8(3)
      .u8(2)
      .u8(shape.length + 1);
    message.u64(chunks.list.length === 0 ? UNDEFINED : this.#chunkTree(chunks, shape.length));
    for (const length of chunks.shape) message.u32(length);
    return message.u32(chunks.elementBytes).end();
  }

  /** A B-tree of as many levels as it takes. */
  #chunkTree({ list, shape }: NonNullable<TestDataset["chunks"]>, rank: number): number {
    const keyBytes = 8 + 8 * (rank + 1);
    const keyOf = ({ at, bytes: stored, mask = 0 }: TestChunk, past = false): Uint8Array => {
      const key = bytes().u32(stored.byteLength).u32(mask);
      for (const [index, offset] of at.entries())
        key.u64(offset + (past ? (shape[index] ?? 0) : 0));
      return key.u64(0).end();
    };
    let entries = list.map((chunk) => ({ chunk, key: keyOf(chunk), at: this.append(chunk.bytes) }));
    const end = keyOf(list.at(-1) as TestChunk, true);
    for (let level = 0; ; level++) {
      const nodes: typeof entries = [];
      for (let first = 0; first < entries.length; first += CHUNKS) {
        const part = entries.slice(first, first + CHUNKS);
        const node = bytes().text("TREE").u8(1).u8(level).u16(part.length);
        node.u64(UNDEFINED).u64(UNDEFINED);
        for (const { key, at } of part) node.raw(key).u64(at);
        node.raw(entries[first + CHUNKS]?.key ?? end);
        const nodeBytes = 24 + CHUNKS * (keyBytes + 8) + keyBytes;
        const { chunk, key } = part[0] as (typeof part)[number];
        nodes.push({ chunk, key, at: this.append(padded(node.end(), nodeBytes)) });
      }
      if (nodes.length === 1) return nodes[0]?.at as number;
      entries = nodes;
    }
  }
}

/** The message of a filter pipeline, of version 1. */
export function pipelineMessage(filters: readonly TestFilter[]): Uint8Array {
  const out = bytes().u8(1).u8(filters.length).u16(0).u32(0);
  for (const { id, name, optional = true, values = [] } of filters) {
    const label = name === undefined ? new Uint8Array() : named(name);
    out
      .u16(id)
      .u16(label.byteLength)
      .u16(optional ? 1 : 0)
      .u16(values.length)
      .raw(label);
    for (const value of values) out.u32(value);
    if (values.length % 2 === 1) out.u32(0);
  }
  return out.end();
}

function attributeMessages(attributes: Record<string, AttributeValue>): [number, Uint8Array][] {
  return Object.entries(attributes).map(([name, value]) => [0x0c, attributeMessage(name, value)]);
}

function attributeMessage(name: string, value: AttributeValue): Uint8Array {
  const label = named(name);
  const type = typeof value === "string" ? types.text(value.length) : types.integer(8, true);
  // A dataspace of no dimension, or of one.
  const space = bytes()
    .u8(1)
    .u8(Array.isArray(value) ? 1 : 0)
    .raw(new Uint8Array(6));
  if (Array.isArray(value)) space.u64(value.length);
  const out = bytes()
    .u8(1)
    .u8(0)
    .u16(name.length + 1)
    .u16(type.byteLength)
    .u16(space.length)
    .raw(label)
    .raw(padded(type, Math.ceil(type.byteLength / 8) * 8))
    .raw(space.end());
  if (typeof value === "string") return out.text(value).end();
  for (const number of [value].flat()) out.u64(number);
  return out.end();
}

/** Text and zeros up to a multiple of 8. */
function named(text: string): Uint8Array {
  return padded(new TextEncoder().encode(text), Math.ceil((text.length + 1) / 8) * 8);
}

function padded(part: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  result.set(part);
  return result;
}

/** Puts little-endian numbers together. */
export class Bytes {
  #parts: Uint8Array[] = [];
  length = 0;

  raw(...parts: (Uint8Array | number[])[]): this {
    for (const part of parts) {
      this.#parts.push(Uint8Array.from(part));
      this.length += part.length;
    }
    return this;
  }

  u8(value: number): this {
    return this.raw([value]);
  }

  u16(value: number): this {
    return this.raw([value & 0xff, value >> 8]);
  }

  u32(value: number): this {
    return this.u16(value & 0xffff).u16(value >>> 16);
  }

  u64(value: number | bigint): this {
    const wide = BigInt(value);
    return this.u32(Number(wide & 0xffffffffn)).u32(Number(wide >> 32n));
  }

  text(value: string): this {
    return this.raw(new TextEncoder().encode(value));
  }

  end(): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      result.set(part, at);
      at += part.byteLength;
    }
    return result;
  }
}

export const bytes = (): Bytes => new Bytes();
