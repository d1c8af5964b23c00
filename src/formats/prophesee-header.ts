/**
 * The text header of Prophesee RAW and DAT files: lines `% key value`, ended by `% end` or by the
 * first position that does not start with `% `. Text is Latin-1; the order of keys has no meaning.
 */
import { EventError } from "../errors.ts";
import {
  formatGeometry,
  parseGeometry,
  type SensorGeometry,
  sameGeometry,
} from "../events/geometry.ts";
import type { Assumption } from "../events/report.ts";
import type { FormatHeader } from "./decoder.ts";

/** What a RAW header says. */
export interface RawHeader {
  /** Every line as written, `end` left out. */
  readonly entries: readonly (readonly [key: string, value: string])[];
  /** Where the data begins. */
  readonly dataOffset: number;
  /** Whether a line `% end` closes the header; recordings from before 2021 have none. */
  readonly hasEnd: boolean;
  /** The encoding of the data, and what says so; null when nothing does. */
  readonly encoding: RawEncoding | null;
}

/** The encoding that a header names. */
export interface RawEncoding {
  /** Format id, for example `evt2`. */
  readonly format: string;
  /** The header line it was taken from. */
  readonly source: string;
  /** True when it follows only from the system id. */
  readonly assumed: boolean;
}

/** A sensor geometry and, when the header does not state it, the assumption behind it. */
export interface RawGeometry {
  readonly geometry: SensorGeometry | null;
  readonly assumption: Assumption | null;
}

const PERCENT = 0x25;
const SPACE = 0x20;
const LINE_FEED = 0x0a;
/** As many as it takes to see that no other line follows, and where DAT files say what they hold. */
const BYTES_BEHIND = 2;

/** Whether a header line starts at `offset`. */
export function rawHeaderStarts(bytes: Uint8Array, offset = 0): boolean {
  return bytes[offset] === PERCENT && bytes[offset + 1] === SPACE;
}

/**
 * Whether `bytes`, the start of a longer source, end before the header does or less than two bytes
 * behind it, which tell what follows; the header is then to be parsed again with more bytes.
 *
 * @param trustText - read lines whatever they hold, as long as a line `% end` may still come
 */
export function rawHeaderIsCut(bytes: Uint8Array, trustText = true): boolean {
  const { stop, offset } = readLines(bytes, trustText);
  if (stop === "end") return bytes.byteLength < offset + BYTES_BEHIND;
  return stop === "cut" || readLines(bytes, false).stop === "cut";
}

/**
 * Parses the header at the start of `bytes`, which hold all of it.
 *
 * @throws EventError `invalid-header` when the source ends inside a header line
 */
export function parseRawHeader(bytes: Uint8Array, path?: string): RawHeader {
  // A line `% end` vouches for every line in front of it. Without one, data may begin with the
  // bytes of `% ` by chance, and control characters tell it from text.
  const trusted = readLines(bytes, true);
  const { lines, offset, stop } = trusted.stop === "end" ? trusted : readLines(bytes, false);
  if (stop === "cut" && rawHeaderStarts(bytes, offset)) {
    throw new EventError("invalid-header", "the source ends inside a header line", {
      path,
      byteOffset: offset,
      expected: "a line feed",
      found: `the end of the source after ${bytes.byteLength - offset} bytes`,
      hint: "The file was cut inside its header and holds no events.",
    });
  }
  const entries: [string, string][] = [];
  for (const line of lines) {
    const [key, ...value] = line.split(/[ \t]+/).filter((token) => token !== "");
    if (key !== undefined) entries.push([key, value.join(" ")]);
  }
  return { entries, dataOffset: offset, hasEnd: stop === "end", encoding: encodingOf(entries) };
}

/**
 * Reads the header of a RAW recording and says what it leaves open.
 *
 * @param override - what the caller says the sensor is; the header's own is then not looked at
 * @throws EventError `invalid-header`, `geometry-conflict`
 */
export function readRawHeader(
  head: Uint8Array,
  override: SensorGeometry | undefined,
  path?: string,
): FormatHeader {
  const header = parseRawHeader(head, path);
  const { encoding, entries, dataOffset } = header;
  const assumptions: Assumption[] = [];
  if (encoding?.assumed) {
    assumptions.push({
      what: "format",
      value: encoding.format,
      reason: `the header has neither \`format\` nor \`evt\`, but \`${encoding.source}\``,
    });
  }
  if (!header.hasEnd && rawHeaderStarts(head, dataOffset)) {
    assumptions.push({
      what: "data offset",
      value: String(dataOffset),
      reason: "the bytes there start like a header line, but hold control characters",
    });
  }
  if (override) return { entries, dataOffset, geometry: override, assumptions };
  const { geometry, assumption } = geometryOf(header, path);
  if (assumption) assumptions.push(assumption);
  return { entries, dataOffset, geometry, assumptions };
}

/** The value of a key; keys are compared without regard to case, the last of several counts. */
export function headerValue(header: Pick<RawHeader, "entries">, key: string): string | undefined {
  return header.entries.findLast(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

/**
 * The sensor geometry, by precedence: the `geometry` line or the options of `format`, which must
 * agree; else the system id; else the driver's name. The last two are assumptions.
 *
 * @throws EventError `geometry-conflict`, `invalid-header`
 */
export function geometryOf(header: RawHeader, path?: string): RawGeometry {
  const stated = statedGeometry(header, path);
  const optional = formatOptionGeometry(header, path);
  if (stated && optional && !sameGeometry(stated, optional)) {
    throw new EventError("geometry-conflict", "the header names two sensor geometries", {
      path,
      expected: `${formatGeometry(stated)} as in the \`geometry\` line`,
      found: `${formatGeometry(optional)} in the \`format\` line`,
      hint: "Give `geometry` to say which is right.",
    });
  }
  const certain = stated ?? optional;
  if (certain) return { geometry: certain, assumption: null };
  return assumedGeometry(header) ?? { geometry: null, assumption: null };
}

function statedGeometry(header: RawHeader, path: string | undefined): SensorGeometry | null {
  const text = headerValue(header, "geometry");
  if (text === undefined) return null;
  const geometry = parseGeometry(text);
  if (geometry) return geometry;
  throw new EventError("invalid-header", "the `geometry` line of the header is no geometry", {
    path,
    expected: "WIDTHxHEIGHT, for example 1280x720",
    found: JSON.stringify(text),
    hint: "Give `geometry` to state it yourself.",
  });
}

function formatOptionGeometry(header: RawHeader, path: string | undefined): SensorGeometry | null {
  const options = formatOptions(header);
  const width = options.get("width");
  const height = options.get("height");
  if (width === undefined && height === undefined) return null;
  const geometry = parseGeometry(`${width}x${height}`);
  if (geometry) return geometry;
  throw new EventError("invalid-header", "the `format` line of the header has no valid geometry", {
    path,
    expected: "width and height in pixels",
    found: `width=${width ?? "nothing"}, height=${height ?? "nothing"}`,
    hint: "Give `geometry` to state it yourself.",
  });
}

/** Options of the `format` line, `EVT2;height=480;width=640`, by lower-case name. */
export function formatOptions(header: Pick<RawHeader, "entries">): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const part of (headerValue(header, "format") ?? "").split(";").slice(1)) {
    const [name = "", value = ""] = part.split("=");
    options.set(name.trim().toLowerCase(), value.trim());
  }
  return options;
}

/** Sensors by system id: ids, geometry, and the encoding they send by default. */
const SYSTEMS: readonly (readonly [ids: readonly number[], size: string, format: string])[] = [
  [[21, 23, 25, 29, 33, 151, 153, 161], "640x480", "evt2"], // Gen 3.0
  [[28, 34, 35, 41, 162], "640x480", "evt2"], // Gen 3.1
  [[40], "640x480", "evt3"], // Gen 3.1 EVK3
  [[26, 31, 39], "1280x720", "evt2"], // Gen 4.0, Gen 4.1 EVK2
  [[30, 46, 48, 49, 50], "1280x720", "evt3"], // Gen 4.0, Gen 4.1 EVK3, IMX636
];

const INTEGRATOR_KEYS = ["integrator_name", "camera_integrator_name", "plugin_integrator_name"];

/** Driver names that give the sensor away, the longer first. */
const DRIVERS: readonly (readonly [name: string, size: string])[] = [
  ["gen31", "640x480"],
  ["gen3", "640x480"],
  ["gen41", "1280x720"],
];

/** Whether the camera is Prophesee's own: other integrators number their systems themselves. */
export function isOfProphesee(header: Pick<RawHeader, "entries">): boolean {
  const integrator = INTEGRATOR_KEYS.map((key) => headerValue(header, key)).find(Boolean);
  return integrator === undefined || /prophesee/i.test(integrator);
}

/** The number of the `system_ID` line; undefined when there is none. */
export function systemId(header: Pick<RawHeader, "entries">): number | undefined {
  const text = headerValue(header, "system_ID");
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

function systemOf(entries: RawHeader["entries"]): (typeof SYSTEMS)[number] | undefined {
  const id = systemId({ entries });
  if (id === undefined || !isOfProphesee({ entries })) return undefined;
  return SYSTEMS.find(([ids]) => ids.includes(id));
}

function assumedGeometry(header: RawHeader): RawGeometry | null {
  const assume = (size: string, reason: string): RawGeometry => ({
    geometry: parseGeometry(size),
    assumption: { what: "geometry", value: size, reason },
  });
  const system = systemOf(header.entries);
  if (system) {
    const id = headerValue(header, "system_ID");
    return assume(
      system[1],
      `the header has no geometry, but the system id ${id} of such a sensor`,
    );
  }
  const driver = (headerValue(header, "plugin_name") ?? "").toLowerCase();
  const hint = DRIVERS.find(([name]) => driver.includes(name));
  if (hint === undefined) return null;
  return assume(hint[1], `the header has no geometry, but the driver ${driver} of such a sensor`);
}

function encodingOf(entries: RawHeader["entries"]): RawEncoding | null {
  const format = headerValue({ entries }, "format");
  if (format) {
    const name = (format.split(";")[0] ?? "").trim();
    return { format: encodingId(name), source: `format ${format.slice(0, 100)}`, assumed: false };
  }
  const evt = headerValue({ entries }, "evt");
  if (evt) return { format: encodingId(`EVT${evt}`), source: `evt ${evt}`, assumed: false };
  const system = systemOf(entries);
  if (system === undefined) return null;
  const id = headerValue({ entries }, "system_ID");
  return { format: system[2], source: `system_ID ${id}`, assumed: true };
}

/** `EVT21` and `EVT2.1`, `EVT3` and `EVT3.0`: spellings of the same encoding, in any case. */
function encodingId(name: string): string {
  const match = /^evt\s*(\d)(?:\.?(\d))?$/i.exec(name);
  if (match === null) return name.toLowerCase();
  const [, major, minor] = match;
  return minor === undefined || minor === "0" ? `evt${major}` : `evt${major}${minor}`;
}

/** Where reading header lines stopped, and why. */
interface HeaderLines {
  /** The lines without `% ` and line end; `% end` itself is left out. */
  readonly lines: readonly string[];
  /** Behind the last line. */
  readonly offset: number;
  /** `end`: at `% end`; `cut`: the bytes ended; `data`: what follows is no header line. */
  readonly stop: "end" | "cut" | "data";
}

function readLines(bytes: Uint8Array, trustText: boolean): HeaderLines {
  const lines: string[] = [];
  let offset = 0;
  for (;;) {
    if (bytes.byteLength < offset + BYTES_BEHIND) return { lines, offset, stop: "cut" };
    if (!rawHeaderStarts(bytes, offset)) return { lines, offset, stop: "data" };
    const lineFeed = bytes.indexOf(LINE_FEED, offset);
    const content = bytes.subarray(offset + 2, lineFeed < 0 ? bytes.byteLength : lineFeed);
    if (!trustText && holdsControl(content)) return { lines, offset, stop: "data" };
    if (lineFeed < 0) return { lines, offset, stop: "cut" };
    const text = latin1(content).replace(/\r$/, "");
    offset = lineFeed + 1;
    if (isEnd(text)) return { lines, offset, stop: "end" };
    lines.push(text);
  }
}

/** Whether bytes hold what no text does: controls other than tabs and a carriage return at the end. */
function holdsControl(bytes: Uint8Array): boolean {
  return bytes.some((byte, at) => {
    const isLineEnd = byte === 0x0d && at === bytes.byteLength - 1;
    return byte < 0x20 && byte !== 0x09 && !isLineEnd;
  });
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function isEnd(text: string): boolean {
  return /^[ \t]*end[ \t]*$/.test(text);
}
