// What a benchmark input repeats, for each format: the bytes of one repetition, and where in them
// the clock is.

/**
 * @typedef {import("./seed.mjs").Seed} Seed
 * @typedef {import("./seed.mjs").Events} Events
 *
 * @typedef {object} Repetition
 * @property {Uint8Array} header
 * @property {import("./seed.mjs").Geometry} geometry
 * @property {Uint16Array | Uint32Array} cells the words, as numbers of the size of the clock field
 * @property {number} cellsPerWord
 * @property {Uint32Array} clockAt which cells hold the clock
 * @property {number} clockMask the bits of such a cell that count, the lowest one first
 * @property {number} period how far the clock moves on from one repetition to the next
 * @property {Uint8Array} eventsIn how many events each word brings
 * @property {Pick<Events, "x" | "y" | "on">} events in the order of the words
 */

/** @type {Record<"evt2" | "evt3" | "evt21" | "dat", (seed: Seed) => Repetition>} */
export const REPETITIONS = {
  evt2: (seed) => repeatWords(seed, { typeShift: 28, clockMask: 0x0fff_ffff }),
  evt3: (seed) => repeatWords(seed, { typeShift: 12, clockMask: 0x0fff }),
  evt21: encodeEvt21,
  dat: encodeDat,
};

const EVT_TIME_HIGH = 8;

/**
 * The words of the seed itself. A repetition begins one TIME_HIGH step after the last TIME_HIGH of
 * the one before; the seed may wrap within.
 *
 * @param {Seed} seed
 * @param {{ typeShift: number, clockMask: number }} word
 * @returns {Repetition}
 */
function repeatWords({ header, geometry, words, eventsIn, events }, { typeShift, clockMask }) {
  const clockAt = [];
  for (const [index, word] of words.entries()) {
    if (word >>> typeShift === EVT_TIME_HIGH) clockAt.push(index);
  }
  const period = ((words[clockAt.at(-1)] - words[clockAt[0]]) & clockMask) + 1;
  return {
    header,
    geometry,
    cells: words,
    cellsPerWord: 1,
    clockAt: Uint32Array.from(clockAt),
    clockMask,
    period,
    eventsIn,
    events,
  };
}

/**
 * EVT 2.1 words in `little` order, so as two 32-bit cells the low half comes first:
 *
 *   type:4 | time low:6 | x base:11 | y:11 || mask:32   EVT_NEG, EVT_POS
 *   type:4 | time high:28 || unused:32                  EVT_TIME_HIGH
 *
 * Like the sensor it puts events of one time, row and polarity into one word for each 32 pixels,
 * and repeats TIME_HIGH every 16 µs (in which there are events).
 *
 * @param {Seed} seed
 * @returns {Repetition}
 */
function encodeEvt21({ geometry, events }) {
  const { width, height } = geometry;
  const { x, y, t, on } = events;
  const cells = [];
  const clockAt = [];
  for (let from = 0, until = 0, slot = -1; from < x.length; from = until) {
    if (Math.floor(t[from] / 16) !== slot) {
      slot = Math.floor(t[from] / 16);
      cells.push(0, ((EVT_TIME_HIGH << 28) | (Math.floor(t[from] / 64) & 0x0fff_ffff)) >>> 0);
      clockAt.push(cells.length - 1);
    }
    const wordOf = new Map();
    for (until = from; t[until] === t[from]; until++) {
      const low = t[until] % 64;
      const head = ((on[until] << 28) | (low << 22) | ((x[until] & ~31) << 11) | y[until]) >>> 0;
      const bit = 1 << (x[until] & 31);
      const open = wordOf.get(head);
      if (open !== undefined && !(cells[open] & bit)) {
        cells[open] = (cells[open] | bit) >>> 0;
      } else {
        wordOf.set(head, cells.length);
        cells.push(bit >>> 0, head);
      }
    }
  }
  return {
    header: Buffer.from(
      `% evt 2.1\n% format EVT21;endianness=little;height=${height};width=${width}\n` +
        `% geometry ${width}x${height}\n% end\n`,
    ),
    geometry,
    cells: Uint32Array.from(cells),
    cellsPerWord: 2,
    clockAt: Uint32Array.from(clockAt),
    clockMask: 0x0fff_ffff,
    period: Math.floor(t.at(-1) / 64) - Math.floor(t[0] / 64) + 1,
    ...eventsOfEvt21(cells, x.length),
  };
}

/**
 * The events in the order of the words.
 *
 * @param {number[]} cells
 * @param {number} count
 * @returns {Pick<Repetition, "eventsIn" | "events">}
 */
function eventsOfEvt21(cells, count) {
  const eventsIn = new Uint8Array(cells.length / 2);
  const x = new Uint16Array(count);
  const y = new Uint16Array(count);
  const on = new Uint8Array(count);
  let n = 0;
  for (let word = 0; word < eventsIn.length; word++) {
    const [mask, head] = [cells[2 * word], cells[2 * word + 1]];
    if (head >>> 28 === EVT_TIME_HIGH) continue;
    for (let i = 0; i < 32; i++) {
      if (!((mask >>> i) & 1)) continue;
      x[n] = ((head >>> 11) & 0x7ff) + i;
      y[n] = head & 0x7ff;
      on[n] = head >>> 28;
      n++;
      eventsIn[word]++;
    }
  }
  return { eventsIn, events: { x, y, on } };
}

/**
 * DAT version 2, type 12 (CD), records of 8 bytes:
 *
 *   t:32
 *   polarity:4 | y:14 | x:14
 *
 * A repetition begins 1 µs after the last event of the one before.
 *
 * @param {Seed} seed
 * @returns {Repetition}
 */
function encodeDat({ geometry, events }) {
  const { width, height } = geometry;
  const { x, y, t, on } = events;
  const cells = new Uint32Array(2 * x.length);
  for (let i = 0; i < x.length; i++) {
    cells[2 * i] = t[i] % 2 ** 32;
    cells[2 * i + 1] = (on[i] << 28) | (y[i] << 14) | x[i];
  }
  const text =
    "% Data file containing CD events.\n" +
    `% Version 2\n% Width ${width}\n% Height ${height}\n% end\n`;
  return {
    header: Buffer.concat([Buffer.from(text), Buffer.from([12, 8])]),
    geometry,
    cells,
    cellsPerWord: 2,
    clockAt: Uint32Array.from(x, (_, i) => 2 * i),
    clockMask: 0xffff_ffff,
    period: t.at(-1) - t[0] + 1,
    eventsIn: new Uint8Array(x.length).fill(1),
    events,
  };
}
