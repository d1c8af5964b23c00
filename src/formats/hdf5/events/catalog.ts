import { type EventError, isEventError } from "../../../errors.ts";
import { COLUMN_NAMES, type ColumnName } from "../../../events/columns.ts";
import {
  type Hdf5Dataset,
  type Hdf5File,
  type Hdf5Group,
  type Hdf5Object,
  namesOf,
} from "../file.ts";
import { type ColumnChoice, columnOf } from "../rows/row-column.ts";
import type { Attributes } from "../structure/attributes.ts";
import { describeType } from "../structure/datatype.ts";
import type { Link } from "../structure/links.ts";

/** Objects that are looked at in search of events; recordings may hold thousands of images. */
export const MAX_OBJECTS = 4096;
/** A group of more objects than this holds images or the like. */
const LARGE_GROUP = 256;
/** Datasets that a message lists. */
const MAX_LISTED = 24;

/** The objects of a file by their path, each of which is read once. */
export class Catalog {
  readonly file: Hdf5File;
  /** Whether the file has more objects than were looked at. */
  isCut = false;
  /** Links into other files that were come across: their path, and what they lead to. */
  readonly external = new Map<string, string>();
  readonly #objects = new Map<string, Promise<Hdf5Object | null>>();
  readonly #links = new WeakMap<Hdf5Group, ReadonlyMap<string, Link>>();

  constructor(file: Hdf5File) {
    this.file = file;
  }

  /** The object of a path; null when there is none. */
  object(path: string): Promise<Hdf5Object | null> {
    const whole = `/${namesOf(path).join("/")}`;
    let object = this.#objects.get(whole);
    if (object === undefined) {
      object = this.#find(whole);
      this.#objects.set(whole, object);
    }
    return object;
  }

  /** Through the group that holds it, whose links are read once. */
  async #find(path: string): Promise<Hdf5Object | null> {
    if (path === "/") return this.file.get(path);
    const group = await this.object(parentOf(path));
    if (group?.kind !== "group") return null;
    let links = this.#links.get(group);
    if (links === undefined) {
      links = new Map(group.links.map((link) => [link.name, link]));
      this.#links.set(group, links);
    }
    const link = links.get(path.slice(path.lastIndexOf("/") + 1));
    if (link?.kind === "external") this.external.set(path, link.target);
    if (link === undefined || link.kind === "external") return null;
    if (link.kind === "soft") return this.file.get(path);
    return this.file.objectAt(link.offset, childOf(group.path, link.name));
  }

  /** The dataset of a path; null when there is none. */
  async dataset(path: string): Promise<Hdf5Dataset | null> {
    const object = await this.object(path);
    return object?.kind === "dataset" ? object : null;
  }

  /** What a group holds, in the order of the file; nothing when it is none. */
  async names(path: string): Promise<string[]> {
    const object = await this.object(path);
    return object?.kind === "group" ? object.links.map(({ name }) => name) : [];
  }

  /** What an object says of itself; nothing when there is none. */
  async attributes(path: string): Promise<Attributes> {
    return (await this.object(path))?.attributes() ?? new Map();
  }

  /**
   * The values that a text names: those of a dataset (`/events/x`), of a member of its records
   * (`/CD/events.x`), or of a column of two dimensions (`/events[0]`).
   *
   * @returns null when there are none
   */
  async column(text: string): Promise<ColumnChoice | null> {
    const dataset = await this.dataset(text);
    if (dataset !== null) return { dataset };
    const [, matrix, index] = /^(.+)\[(\d+)\]$/.exec(text) ?? [];
    if (matrix !== undefined) return this.#choice(matrix, { index: Number(index) });
    const [, records, member] = /^(.+)\.([^./]+)$/.exec(text) ?? [];
    return records === undefined ? null : this.#choice(records, { member });
  }

  async #choice(
    path: string,
    place: Pick<ColumnChoice, "index" | "member">,
  ): Promise<ColumnChoice | null> {
    const dataset = await this.dataset(path);
    return dataset === null ? null : { dataset, ...place };
  }

  /** Groups and datasets from the root on, a group in front of what it holds, each once. */
  async *walk(): AsyncGenerator<Hdf5Object, void, void> {
    const waiting = ["/"];
    const images: string[] = []; // most likely: what stands in large groups comes last
    let [nextWaiting, nextImage] = [0, 0];
    const seen = new Set<number>();
    for (let looked = 0; ; looked++) {
      const path = waiting[nextWaiting++] ?? images[nextImage++];
      if (path === undefined) return;
      if (looked === MAX_OBJECTS) {
        this.isCut = true;
        return;
      }
      const object = await this.object(path);
      if (object === null || seen.has(object.byteOffset)) continue;
      seen.add(object.byteOffset);
      yield object;
      if (object.kind !== "group") continue;
      const behind = object.links.length > LARGE_GROUP ? images : waiting;
      for (const { name } of object.links) behind.push(childOf(object.path, name));
    }
  }

  /** The link into another file that a path goes through, with what it leads to; null without any. */
  linkOn(path: string): string | null {
    for (const [link, target] of this.external) {
      const isOn = path.startsWith(link) && /^(?:$|[/.[])/.test(path.slice(link.length));
      if (isOn) return described(link, target);
    }
    return null;
  }

  /** The datasets of the file, and links into other files, for messages. */
  async describe(): Promise<string> {
    const listed: string[] = [];
    for await (const object of this.walk()) {
      if (object.kind !== "dataset") continue;
      if (listed.length === MAX_LISTED) return `${listed.join(", ")}, ...`;
      const isSingle = object.shape.length === 0;
      const single = object.elements === 0 ? "no value" : "one value";
      const shape = isSingle ? single : object.shape.join(" x ");
      listed.push(`${object.path} (${describeType(object.type)}, ${shape})`);
    }
    const links = [...this.external].slice(0, MAX_LISTED);
    listed.push(...links.map(([path, target]) => described(path, target)));
    return listed.length === 0 ? "no datasets" : listed.join(", ");
  }
}

const described = (link: string, target: string): string =>
  `${link} (a link to ${target || "elsewhere"})`;

/** The path of what a group holds. */
export function childOf(path: string, name: string): string {
  return path === "/" ? `/${name}` : `${path}/${name}`;
}

/** The path of the group that holds an object; the root's own for the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1));
}

/** The columns of an event stream. */
export type EventColumns = Readonly<Record<ColumnName, ColumnChoice>>;

/** The columns that `choose` gives; null when it gives none for one of them, or what is no column. */
export async function chooseColumns(
  choose: (name: ColumnName) => Promise<ColumnChoice | null>,
): Promise<EventColumns | null> {
  const columns: Partial<Record<ColumnName, ColumnChoice>> = {};
  for (const name of COLUMN_NAMES) {
    const choice = await choose(name);
    if (choice === null || !isColumn(choice)) return null;
    columns[name] = choice;
  }
  return columns as EventColumns;
}

/** Whether the values of a choice can be read as a column of numbers. */
export function isColumn(choice: ColumnChoice): boolean {
  return refusalOf(choice) === null;
}

/** Why the values of a choice cannot be read as a column of numbers; null when they can. */
export function refusalOf(choice: ColumnChoice): EventError | null {
  try {
    columnOf(choice, undefined);
    return null;
  } catch (error) {
    if (isEventError(error)) return error;
    throw error;
  }
}
