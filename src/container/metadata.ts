import { EventError } from "../errors.ts";
import { show } from "../util/show.ts";
import { viewOf } from "./fields.ts";
import {
  type Checksums,
  MAX_METADATA_BYTES,
  MAX_METADATA_DEPTH,
  METADATA,
  SEGMENT_HEAD_BYTES,
} from "./layout.ts";
import { damaged, type Place } from "./problems.ts";
import { createSegment, openSegment, sealed } from "./segment.ts";

/** What a container says about itself in words. Every field may be absent. */
export interface ContainerMetadata {
  /** Program and version that wrote it. */
  createdBy?: string | undefined;
  /** When, in ISO 8601. */
  createdAt?: string | undefined;
  /** What it ran on. */
  platform?: string | undefined;
  description?: string | undefined;
  tags?: readonly string[] | undefined;
  /** The user's own; any key is data. */
  custom?: Readonly<Record<string, string>> | undefined;
  /** Names of the columns of the tables. */
  columns?: readonly string[] | undefined;
  /** What the events were converted from. */
  source?: ContainerSource | undefined;
  /** Microseconds that were subtracted from every time. */
  timeOffset?: number | undefined;
  /**
   * What the reading of the source reported. Its part `earlier`, where there is one, is a list of such
   * reports, the first one first: those of the readings that the events went through before that. A
   * container that was joined of several or appended to has nothing but that part.
   */
  report?: Readonly<Record<string, unknown>> | undefined;
}

/** A recording that was converted into a container. */
export interface ContainerSource {
  /** Format id. */
  format?: string | undefined;
  name?: string | undefined;
  /** Lines of its header. */
  header?: readonly (readonly [key: string, value: string])[] | undefined;
}

/**
 * Writes the segment `META`. Where all of it is too much, the header of the source and its report are
 * left out.
 *
 * @throws EventError `not-encodable` for more than a MiB of text even so
 */
export function encodeMetadata(metadata: ContainerMetadata, checksums: Checksums): Uint8Array {
  const { source = {}, report, ...rest } = metadata;
  let text = toText(metadata);
  if (text.byteLength > MAX_METADATA_BYTES) {
    const { header, ...named } = source;
    text = toText({ ...rest, source: named });
  }
  if (text.byteLength > MAX_METADATA_BYTES) {
    throw new EventError("not-encodable", "the metadata are too long for a container", {
      format: "evb",
      expected: `at most ${MAX_METADATA_BYTES} bytes of JSON`,
      found: `${text.byteLength}`,
    });
  }
  const segment = createSegment("META", METADATA.text + text.byteLength);
  const view = viewOf(segment);
  view.setUint32(SEGMENT_HEAD_BYTES + METADATA.length, text.byteLength, true);
  segment.set(text, SEGMENT_HEAD_BYTES + METADATA.text);
  return sealed(segment, checksums);
}

function toText(metadata: ContainerMetadata): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(metadata));
}

/**
 * Reads the segment `META`.
 *
 * @throws EventError `damaged-data`
 */
export function decodeMetadata(
  segment: Uint8Array,
  checkCrc: boolean,
  place: Place,
): ContainerMetadata {
  const view = openSegment(segment, "META", checkCrc, place);
  const room = view.byteLength - METADATA.text;
  const length = room >= 0 ? view.getUint32(METADATA.length, true) : 0;
  const wrong = (expected: string, found: string, cause?: unknown) =>
    damaged("the metadata are damaged", { ...place, expected, found, cause });
  if (room < 0 || length > room || length > MAX_METADATA_BYTES) {
    throw wrong(
      `a text of at most ${Math.min(Math.max(room, 0), MAX_METADATA_BYTES)} bytes`,
      `${length}`,
    );
  }
  const start = SEGMENT_HEAD_BYTES + METADATA.text;
  let value: unknown;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const text = decoder.decode(segment.subarray(start, start + length));
    if (depthOf(text) > MAX_METADATA_DEPTH) throw new RangeError("it is nested too deep");
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong("a JSON object in UTF-8", (cause as Error).message, cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong("a JSON object", show(value));
  }
  return checkFields(value as Record<string, unknown>, (name, expected, found) =>
    wrong(`${name}: ${expected}`, show(found)),
  );
}

type Complain = (name: string, expected: string, found: unknown) => Error;

/** The fields that are known, each of which has its type. */
export function checkFields(value: Record<string, unknown>, wrong: Complain): ContainerMetadata {
  const own = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
  const take = <Value>(
    name: keyof ContainerMetadata,
    is: (found: unknown) => found is Value,
    expected: string,
  ): Value | undefined => {
    const found = own(name);
    if (found === undefined || is(found)) return found;
    throw wrong(name, expected, found);
  };
  const text = (name: keyof ContainerMetadata) => take(name, isText, "a string");
  const source = take("source", isSource, "{ format, name, header }");
  const metadata: ContainerMetadata = {
    createdBy: text("createdBy"),
    createdAt: text("createdAt"),
    platform: text("platform"),
    description: text("description"),
    tags: take("tags", isTexts, "strings"),
    custom: take("custom", isTextMap, "an object of strings"),
    columns: take("columns", isTexts, "strings"),
    source: source && { format: source.format, name: source.name, header: source.header },
    timeOffset: take("timeOffset", isSafe, "a whole number of microseconds below 2^53"),
    report: take("report", isObject, "an object"),
  };
  const known = Object.entries(metadata).filter(([, field]) => field !== undefined);
  return Object.fromEntries(known) as ContainerMetadata;
}

const isText = (value: unknown): value is string => typeof value === "string";
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isSafe = (value: unknown): value is number => Number.isSafeInteger(value);

/** Whether a value is an object of JSON. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextMap(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every(isText);
}

function isSource(value: unknown): value is ContainerSource {
  if (!isObject(value)) return false;
  const { format, name, header } = value as Record<string, unknown>;
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every(isText);
  return (
    (format === undefined || isText(format)) &&
    (name === undefined || isText(name)) &&
    (header === undefined || (Array.isArray(header) && header.every(isPair)))
  );
}

/** How deep brackets are nested outside of strings. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/gs)) {
    if (part === "{" || part === "[") deepest = Math.max(deepest, ++depth);
    else if (part === "}" || part === "]") depth--;
  }
  return deepest;
}
