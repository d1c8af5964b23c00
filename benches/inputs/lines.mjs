// Events as text, written by a plain loop that is independent of the package.

/** @typedef {import("./seed.mjs").Seed} Seed */

/** Lines are written in pieces of about so many bytes. */
const PIECE_BYTES = 4 * 2 ** 20;
/** A piece is passed on when less room than for a line is left; none is longer. */
const MOST_LINE_BYTES = 64;

const NEWLINE = 10;
const BLANK = 32;
const COMMA = 44;
const POINT = 46;
const ZERO = 48;

/**
 * How an event becomes a line. `text-us` is openeb's file-to-CSV: `x,y,p,t` in whole microseconds.
 * `text-s` is the text of the event-camera data sets: `t x y p` in seconds with six decimals.
 *
 * @type {Record<"text-us" | "text-s", (out: Line, x: number, y: number, on: number, t: number) => void>}
 */
export const LINES = {
  "text-us": (out, x, y, on, t) => {
    out.put(x).byte(COMMA).put(y).byte(COMMA).put(on).byte(COMMA).put(t).byte(NEWLINE);
  },
  "text-s": (out, x, y, on, t) => {
    const seconds = Math.floor(t / 1e6);
    out
      .put(seconds)
      .byte(POINT)
      .put(t - seconds * 1e6, 6);
    out.byte(BLANK).put(x).byte(BLANK).put(y).byte(BLANK).put(on).byte(NEWLINE);
  },
};

/**
 * Lines of `count` events: those of the seed over and over, each repetition beginning 1 µs after the
 * last event of the one before. Times start where the seed's do.
 *
 * @param {Seed} seed
 * @param {number} count
 * @param {"text-us" | "text-s"} format
 * @param {(bytes: Uint8Array) => Promise<void>} write
 * @returns {Promise<{ bytes: number, sumT: number }>} `sumT` is the sum of all times, each since the
 *   first event
 */
export async function writeLines({ events: { x, y, t, on } }, count, format, write) {
  const line = LINES[format];
  const period = t.at(-1) - t[0] + 1;
  const out = new Line(new Uint8Array(PIECE_BYTES));
  let [bytes, sumT, offset] = [0, 0, 0];
  for (let n = 0, i = 0; n < count; n++, i++) {
    if (i === x.length) {
      i = 0;
      offset += period;
    }
    line(out, x[i], y[i], on[i], t[i] + offset);
    sumT += t[i] + offset - t[0];
    if (out.length < PIECE_BYTES - MOST_LINE_BYTES && n < count - 1) continue;
    await write(out.bytes.subarray(0, out.length));
    bytes += out.length;
    out.length = 0;
  }
  return { bytes, sumT };
}

/** Characters that are put one behind the other. */
class Line {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.length = 0;
  }

  /** @param {number} code */
  byte(code) {
    this.bytes[this.length++] = code;
    return this;
  }

  /**
   * @param {number} number whole, not negative
   * @param {number} digits at least so many
   */
  put(number, digits = 1) {
    let rest = number;
    let end = this.length;
    for (let most = 10 ** digits; most <= rest; most *= 10) end++;
    end += digits;
    this.length = end;
    for (let left = end - 1; left >= end - digits || rest > 0; left--) {
      this.bytes[left] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    return this;
  }
}
