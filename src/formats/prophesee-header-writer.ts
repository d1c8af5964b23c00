/** Writes the text headers of Prophesee RAW and DAT files. */
import { EventError } from "../errors.ts";
import { formatGeometry } from "../events/geometry.ts";
import type { HeaderFacts } from "./encoder.ts";

/** Lines that say what the data are; without a geometry, also those it would be taken from. */
const OWN_KEYS = [
  "evt",
  "format",
  "geometry",
  "endianness",
  "data",
  "version",
  "width",
  "height",
  "t0",
];
/** Metadata of a table that was converted: the facts of another file. */
const OWN_PREFIX = "evarrow.";
const SENSOR_KEYS = ["system_id", "plugin_name"];

/** What the header of a RAW encoding says of itself. */
export interface RawEncodingNames {
  /** Value of the line `evt`. */
  readonly evt: string;
  /** First part of the line `format`. */
  readonly format: string;
}

/**
 * The header of a RAW recording.
 *
 * @throws EventError `invalid-option` for a line that cannot be written, or that would change what
 *   the events mean
 */
export function rawHeader({ evt, format }: RawEncodingNames, facts: HeaderFacts): Uint8Array {
  const { geometry, header = {}, original = [], endianness } = facts;
  for (const key of Object.keys(header)) {
    if (!isOwnKey(key, facts)) continue;
    throw new EventError("invalid-option", `the header line \`${key}\` cannot be set`, {
      expected: "lines that do not change what the events mean",
      hint: "Use `geometry` to state the sensor.",
    });
  }
  const options = [
    ...(endianness ? [`endianness=${endianness}`] : []),
    ...(geometry ? [`height=${geometry.height}`, `width=${geometry.width}`] : []),
  ];
  const kept = original.filter(
    ([key, value]) => !isOwnKey(key, facts) && isPlainLine(key, `% ${key} ${value}`),
  );
  const lines = headerLines({
    ...Object.fromEntries(kept),
    ...header,
    evt,
    format: [format, ...options].join(";"),
    ...(endianness && { endianness }),
    ...(geometry && { geometry: formatGeometry(geometry) }),
  });
  return latin1Bytes(`${lines}% end\n`);
}

/** Whether a line of a header is the encoder's own to write. */
function isOwnKey(key: string, { geometry }: Pick<HeaderFacts, "geometry">): boolean {
  const name = key.toLowerCase();
  if (name.startsWith(OWN_PREFIX)) return true;
  return OWN_KEYS.includes(name) || (geometry === null && SENSOR_KEYS.includes(name));
}

/**
 * The lines of a header, one a key, sorted as the vendor's software does.
 *
 * @throws EventError `invalid-option` for a key or value that would not be read back the same
 */
export function headerLines(entries: Readonly<Record<string, string>>): string {
  let text = "";
  for (const key of Object.keys(entries).sort()) {
    const line = `% ${key} ${entries[key]}`;
    if (!isPlainLine(key, line)) {
      throw new EventError("invalid-option", "a header line cannot be written", {
        expected: "a key without blanks and a value of printable Latin-1 characters",
        found: JSON.stringify(line),
      });
    }
    text += `${line}\n`;
  }
  return text;
}

/** Whether a line is read back as it stands. */
function isPlainLine(key: string, line: string): boolean {
  const tokens = line.split(/[ \t]+/);
  const printable = /^[\x20-\x7e\xa0-\xff]*$/.test(line);
  return printable && tokens.join(" ") === line && tokens[1] === key && key.toLowerCase() !== "end";
}

/** Latin-1 bytes of a text. */
export function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
