/** File name or id to the format that is written. */
import { EventError } from "../errors.ts";
import { nearest } from "../util/nearest.ts";
import { show } from "../util/show.ts";
import { WRITABLE_FORMATS } from "./registry.ts";
import type { WritableFormat } from "./writer.ts";

const COMPRESSED = /\.(?:gz|zst)$/;

/**
 * The format that a target is written in.
 *
 * @param name - of the target; undefined for one without a name
 * @param id - what the caller asks for; the name decides when it is left out
 * @throws EventError `invalid-option` when neither says it, or both and not the same
 */
export function targetFormat(name: string | undefined, id: string | undefined): WritableFormat {
  const lower = name?.toLowerCase() ?? "";
  if (COMPRESSED.test(lower)) {
    throw new EventError("invalid-option", "compressed targets are not written", {
      path: name,
      expected: "a name without .gz or .zst",
      hint: "Compress the file when it is complete: it loads as it is.",
    });
  }
  const named = WRITABLE_FORMATS.find((format) => {
    return endingsOf(format).some((ending) => lower.endsWith(ending));
  });
  const asked = WRITABLE_FORMATS.find((format) => format.id === String(id).toLowerCase());
  const ids = WRITABLE_FORMATS.map((format) => format.id).join(", ");
  if (id !== undefined && asked === undefined) {
    throw new EventError("invalid-option", "this format cannot be written", {
      expected: `one of ${ids}`,
      found: show(id),
      hint: hintFor(String(id).toLowerCase()),
    });
  }
  if (asked && named && asked !== named) {
    throw new EventError("invalid-option", "name and format of the target contradict each other", {
      path: name,
      expected: `a name that ends in ${asked.ending}`,
      found: named.ending,
      hint: "Or leave `format` out.",
    });
  }
  const format = asked ?? named;
  if (format !== undefined) return format;
  const endings = WRITABLE_FORMATS.map(({ ending }) => ending).join(", ");
  throw new EventError("invalid-option", "the name of the target does not say its format", {
    path: name,
    expected: `a name that ends in ${endings}`,
    hint: `Or give \`format\`: ${ids}.`,
  });
}

function endingsOf({ ending, otherEndings = [] }: WritableFormat): readonly string[] {
  return [ending, ...otherEndings];
}

/** Files may be called otherwise than their format: `h5`, `txt`, `raw`. */
function hintFor(id: string): string | undefined {
  const ending = `.${id.replace(/^\./, "")}`;
  const called = WRITABLE_FORMATS.filter((format) =>
    endingsOf(format).some((one) => one.endsWith(ending)),
  ).map((format) => format.id);
  const ids = WRITABLE_FORMATS.map((format) => format.id);
  const meant = called.length > 0 ? called : [nearest(id, ids) ?? []].flat();
  if (meant.length === 0) return undefined;
  return `Did you mean ${meant.map((one) => `\`${one}\``).join(" or ")}?`;
}
