import { EventError } from "../errors.ts";
import { show } from "../util/show.ts";

/**
 * How ON and OFF stand in the polarity column: `minus-one-one` writes OFF as -1, `zero-one` as 0;
 * ON is 1 in both.
 */
export const POLARITY_ENCODINGS = ["minus-one-one", "zero-one"] as const;

/** One of {@link POLARITY_ENCODINGS}. */
export type PolarityEncoding = (typeof POLARITY_ENCODINGS)[number];

/**
 * Checks an encoding that a caller gave; `undefined` means the default of the format.
 *
 * @throws EventError `invalid-option`
 */
export function checkPolarityEncoding(
  encoding: PolarityEncoding | undefined,
  formatDefault: PolarityEncoding,
): PolarityEncoding {
  if (encoding === undefined) return formatDefault;
  if (POLARITY_ENCODINGS.includes(encoding)) return encoding;
  throw new EventError("invalid-option", "polarityEncoding is not known", {
    expected: POLARITY_ENCODINGS.join(" or "),
    found: show(encoding),
  });
}
