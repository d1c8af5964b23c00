import type { ByteSource } from "../../source/byte-source.ts";
import {
  DATA_LAYOUT_MESSAGE,
  DATASPACE_MESSAGE,
  DATATYPE_MESSAGE,
  EXTERNAL_FILES_MESSAGE,
  FILL_VALUE_MESSAGE,
  FILTER_PIPELINE_MESSAGE,
  OLD_FILL_VALUE_MESSAGE,
} from "./layout.ts";
import { damaged } from "./problems.ts";
import { type Attributes, readAttributes } from "./structure/attributes.ts";
import { type DataLayout, readDataLayout } from "./structure/data-layout.ts";
import { type Dataspace, readDataspace } from "./structure/dataspace.ts";
import { type Datatype, readDatatype } from "./structure/datatype.ts";
import { readFillValue } from "./structure/fill-value.ts";
import { type Filter, readFilters } from "./structure/filter-pipeline.ts";
import { type Link, readLinks } from "./structure/links.ts";
import type { MetadataReader } from "./structure/metadata-reader.ts";
import { type HeaderMessage, readObjectHeader } from "./structure/object-header.ts";
import { bodyOf } from "./structure/shared-message.ts";
import { readSuperblock, type Superblock } from "./structure/superblock.ts";

/** A group or a dataset of a file. */
export type Hdf5Object = Hdf5Group | Hdf5Dataset;

/** A group: names of objects. */
export interface Hdf5Group {
  readonly kind: "group";
  /** From the root, which is `/`. */
  readonly path: string;
  readonly links: readonly Link[];
  /** Where its header is in the file; objects of two names share it. */
  readonly byteOffset: number;
  /** @throws EventError `invalid-header` */
  attributes(): Promise<Attributes>;
}

/** A dataset: elements of one type. */
export interface Hdf5Dataset extends Dataspace {
  readonly kind: "dataset";
  readonly path: string;
  readonly type: Datatype;
  readonly layout: DataLayout;
  readonly filters: readonly Filter[];
  /** The filters as the file has them; null without any. */
  readonly filterMessage: Uint8Array | null;
  /** Bytes of an element that was never written; null for zeros. */
  readonly fillValue: Uint8Array | null;
  /** Where its header is in the file. */
  readonly byteOffset: number;
  /** @throws EventError `invalid-header` */
  attributes(): Promise<Attributes>;
}

/** Links that lead to links that lead to links. */
const MAX_SOFT_LINKS = 16;
/** Names between the root and an object. */
const MAX_DEPTH = 64;
/** A file of this many objects is none. */
const MAX_OBJECTS = 1_000_000;

/** An HDF5 file, whose structures are read as they are asked for. */
export class Hdf5File {
  readonly source: ByteSource;
  readonly reader: MetadataReader;
  readonly superblock: Superblock;

  private constructor(source: ByteSource, superblock: Superblock) {
    this.source = source;
    this.reader = superblock.reader;
    this.superblock = superblock;
  }

  /**
   * Opens a file: reads its superblock.
   *
   * @param path - what messages call it
   * @throws EventError `invalid-header`, `unsupported-format`
   */
  static async open(source: ByteSource, path?: string): Promise<Hdf5File> {
    return new Hdf5File(source, await readSuperblock(source, path ?? source.name));
  }

  /** Bytes that the file had when it was closed and does not have now. */
  get missingBytes(): number {
    const { end } = this.superblock;
    return end === null ? 0 : Math.max(end - this.source.byteLength, 0);
  }

  /**
   * The object of a path, through soft links of the file; null when there is none.
   *
   * @throws EventError `invalid-header`, `unsupported-format`
   */
  async get(path: string): Promise<Hdf5Object | null> {
    return this.#resolve(namesOf(path), MAX_SOFT_LINKS);
  }

  /**
   * The object that a hard link leads to; null when it is neither group nor dataset.
   *
   * @param path - how the link is reached
   * @throws EventError `invalid-header`, `unsupported-format`
   */
  objectAt(offset: number, path: string): Promise<Hdf5Object | null> {
    return this.#object(offset, path);
  }

  /** The dataset of a path; null when there is none. */
  async dataset(path: string): Promise<Hdf5Dataset | null> {
    const object = await this.get(path);
    return object?.kind === "dataset" ? object : null;
  }

  /**
   * All groups and datasets that names lead to, each group once.
   *
   * @throws EventError `invalid-header`, `unsupported-format`
   */
  async list(): Promise<Hdf5Object[]> {
    const objects: Hdf5Object[] = [];
    const groups = new Set<number>();
    const visit = async (offset: number, path: string, depth: number): Promise<void> => {
      if (objects.length >= MAX_OBJECTS) throw this.#damaged(offset, "fewer objects");
      const object = await this.#object(offset, path);
      if (object === null) return;
      objects.push(object);
      if (object.kind !== "group" || groups.has(offset)) return;
      groups.add(offset);
      if (depth > MAX_DEPTH) throw this.#damaged(offset, `at most ${MAX_DEPTH} groups in groups`);
      for (const link of object.links) {
        if (link.kind !== "hard" || groups.has(link.offset)) continue;
        await visit(
          link.offset,
          path === "/" ? `/${link.name}` : `${path}/${link.name}`,
          depth + 1,
        );
      }
    };
    await visit(this.superblock.root, "/", 0);
    return objects;
  }

  async #resolve(names: readonly string[], softLinks: number): Promise<Hdf5Object | null> {
    let [offset, path] = [this.superblock.root, "/"];
    for (const [index, name] of names.entries()) {
      const group = await this.#object(offset, path);
      const link =
        group?.kind === "group" ? group.links.find((one) => one.name === name) : undefined;
      if (link === undefined || link.kind === "external") return null;
      if (link.kind === "soft") {
        if (softLinks === 0) return null;
        const from = link.target.startsWith("/") ? [] : names.slice(0, index);
        const target = [...from, ...namesOf(link.target), ...names.slice(index + 1)];
        return this.#resolve(target, softLinks - 1);
      }
      offset = link.offset;
      path = path === "/" ? `/${name}` : `${path}/${name}`;
    }
    return this.#object(offset, path);
  }

  /** The object whose header is at `offset`; null when it is neither group nor dataset. */
  async #object(offset: number, path: string): Promise<Hdf5Object | null> {
    const { reader } = this;
    const messages = await readObjectHeader(reader, offset, path);
    const attributes = (): Promise<Attributes> => readAttributes(reader, messages);
    const layout = messages.find(({ type }) => type === DATA_LAYOUT_MESSAGE);
    if (layout !== undefined) {
      return { ...(await readDataset(reader, messages)), path, byteOffset: offset, attributes };
    }
    const isType = messages.some(({ type }) => type === DATATYPE_MESSAGE);
    if (isType) return null;
    const links = await readLinks(reader, messages);
    return { kind: "group", path, links, byteOffset: offset, attributes };
  }

  #damaged(byteOffset: number, expected: string): Error {
    const path = this.reader.facts.path;
    return damaged("the groups of the file are damaged", { path, byteOffset, expected });
  }
}

/** The names between the root and an object. */
export function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

async function readDataset(
  reader: MetadataReader,
  messages: readonly HeaderMessage[],
): Promise<Omit<Hdf5Dataset, "path" | "byteOffset" | "attributes">> {
  const body = async (...types: number[]) => {
    const message = messages.find(({ type }) => types.includes(type));
    return message === undefined
      ? null
      : { type: message.type, block: await bodyOf(reader, message) };
  };
  const [typeBody, spaceBody] = [await body(DATATYPE_MESSAGE), await body(DATASPACE_MESSAGE)];
  const layoutBody = await body(DATA_LAYOUT_MESSAGE);
  if (typeBody === null || spaceBody === null || layoutBody === null) {
    const [first] = messages;
    throw damaged("a dataset is damaged", {
      path: reader.facts.path,
      byteOffset: first?.body.offset,
      expected: "a datatype and a dataspace",
      found: "no such message",
    });
  }
  const isExternal = messages.some(({ type }) => type === EXTERNAL_FILES_MESSAGE);
  const layout: DataLayout = isExternal
    ? { kind: "unread", reason: "values in other files" }
    : readDataLayout(layoutBody.block);
  const fill = (await body(FILL_VALUE_MESSAGE)) ?? (await body(OLD_FILL_VALUE_MESSAGE));
  const pipeline = await body(FILTER_PIPELINE_MESSAGE);
  return {
    kind: "dataset",
    type: readDatatype(typeBody.block),
    ...readDataspace(spaceBody.block),
    layout,
    filters: pipeline === null ? [] : readFilters(pipeline.block),
    filterMessage: pipeline === null ? null : pipeline.block.bytes.slice(),
    fillValue: fill === null ? null : readFillValue(fill.block, fill.type),
  };
}
