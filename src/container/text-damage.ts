import { readText, writeText } from "./fields.ts";
import { HEADER_BYTES, MAGIC } from "./layout.ts";

/** The first byte of the magic, and what becomes of one that is no ASCII when bytes pass for text. */
const FIRST = ["\x89", "\t", "\xc2\x89", "\xef\xbf\xbd", "\xe2\x80\xb0", "?"];
const NAME = "EVB";
/** The line ends of the magic, and what becomes of them when others are put in their place. */
const ENDS = [
  "\r\n\x1a\n",
  "\r\r\n\x1a\r\n",
  "\r\n\x1a\r\n",
  "\n\x1a\n",
  "\r\r\x1a\r",
  "\n\n\x1a\n",
];

/** What to do about a container that was changed as text. */
export const TEXT_DAMAGE_HINT =
  "Transfer or copy it anew as binary: no FTP in ASCII mode, no line ends that git changes, no editor.";

/** What to say of it. */
export const TEXT_DAMAGE =
  "this looks like a compact container whose bytes were changed as text (line ends or characters)";

/** Whether bytes begin with the magic of a container as it is after they were moved as text. */
export function isTextDamaged(head: Uint8Array): boolean {
  return changedMagic(head) !== null;
}

/**
 * The headers that bytes may have begun with before they were moved as text; which one is right, if any,
 * its checksum tells.
 *
 * @param head - more than the header: there may be more of it now
 */
export function headersBefore(head: Uint8Array): Uint8Array[] {
  const magic = changedMagic(head);
  if (magic === null) return [];
  const text = Array.from(head.subarray(magic.length), (byte) => String.fromCharCode(byte)).join(
    "",
  );
  return [text, text.replaceAll("\r\n", "\n")].map((rest) => {
    const header = new Uint8Array(HEADER_BYTES);
    writeText(header, 0, (MAGIC + rest).slice(0, HEADER_BYTES));
    return header;
  });
}

/** What stands in place of the magic; null where that is right, or something else. */
function changedMagic(head: Uint8Array): string | null {
  const text = readText(head, 0, 16);
  if (text.startsWith(MAGIC)) return null;
  const all = FIRST.flatMap((first) => ENDS.map((end) => first + NAME + end));
  return all.find((magic) => text.startsWith(magic)) ?? null;
}

/** How many bytes of the magic are there. */
export function magicBytes(head: Uint8Array): number {
  const isThere = (at: number): boolean => head[at] === MAGIC.charCodeAt(at);
  return Array.from(MAGIC, (_, at) => isThere(at)).filter(Boolean).length;
}
