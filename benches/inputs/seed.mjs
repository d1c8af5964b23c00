// Reads the recording that a benchmark input repeats: plain loops, independent of the package, so
// that what it must find in the input does not come from its own decoders.

/**
 * @typedef {{ width: number, height: number }} Geometry
 *
 * @typedef {object} Events columns, unwrapped times in µs
 * @property {Uint16Array} x
 * @property {Uint16Array} y
 * @property {Float64Array} t
 * @property {Uint8Array} on 1 for ON, 0 for OFF
 *
 * @typedef {object} Seed
 * @property {"evt2" | "evt3"} format
 * @property {Buffer} header the text header, byte for byte
 * @property {Geometry} geometry
 * @property {Uint32Array | Uint16Array} words the data words from the first TIME_HIGH on; words
 *   before it have no time
 * @property {Uint8Array} eventsIn how many events each word brings
 * @property {Events} events
 */

// EVT2 word, most significant bit first:
//   type:4 | time low:6 | x:11 | y:11   CD_OFF, CD_ON
//   type:4 | time high:28               EVT_TIME_HIGH
const EVT2 = { CD_ON: 1, EVT_TIME_HIGH: 8 };
const EVT2_CLOCK_STEPS = 2 ** 28;

// EVT3 word, most significant bit first:
//   type:4 | origin:1 | y:11            EVT_ADDR_Y
//   type:4 | polarity:1 | x:11          EVT_ADDR_X (an event), VECT_BASE_X
//   type:4 | mask:12                    VECT_12; VECT_8 has the mask in the low 8 bits
//   type:4 | time:12                    EVT_TIME_LOW, EVT_TIME_HIGH
const EVT3 = {
  EVT_ADDR_Y: 0,
  EVT_ADDR_X: 2,
  VECT_BASE_X: 3,
  VECT_12: 4,
  VECT_8: 5,
  EVT_TIME_LOW: 6,
  EVT_TIME_HIGH: 8,
};
const EVT3_CLOCK_STEPS = 2 ** 12;

/**
 * @param {Buffer} bytes the whole recording
 * @param {object} about
 * @param {"evt2" | "evt3"} about.format
 * @param {Geometry} about.geometry
 * @param {string} about.path for messages
 * @returns {Seed}
 */
export function parseSeed(bytes, { format, geometry, path }) {
  const headerEnd = endOfHeader(bytes);
  const header = bytes.subarray(0, headerEnd);
  const Words = format === "evt2" ? Uint32Array : Uint16Array;
  const count = Math.floor((bytes.length - headerEnd) / Words.BYTES_PER_ELEMENT);
  const aligned = Uint8Array.prototype.slice.call(bytes, headerEnd);
  const allWords = new Words(aligned.buffer, 0, count);

  const typeShift = Words.BYTES_PER_ELEMENT * 8 - 4;
  const first = allWords.findIndex((word) => word >>> typeShift === 8);
  if (first < 0) throw new Error(`${path}: no TIME_HIGH word`);
  const words = allWords.subarray(first);

  const collected = new EventCollector(words.length, geometry, (index, what) => {
    throw new Error(`${path}: data word ${first + index} ${what}; take another seed`);
  });
  if (format === "evt2") decodeEvt2(words, collected);
  else decodeEvt3(words, collected);
  const events = collected.finish();
  if (events.x.length === 0) throw new Error(`${path}: no CD event after the first TIME_HIGH`);
  return { format, header, geometry, words, eventsIn: collected.eventsIn, events };
}

/**
 * The header is every line that begins with "% ", up to and including `% end` where there is one.
 *
 * @param {Buffer} bytes
 */
function endOfHeader(bytes) {
  let at = 0;
  while (bytes[at] === 0x25 && bytes[at + 1] === 0x20) {
    const newline = bytes.indexOf(0x0a, at);
    if (newline < 0) throw new Error("the text header has no end");
    const line = bytes.toString("latin1", at, newline).trimEnd();
    at = newline + 1;
    if (line === "% end") break;
  }
  return at;
}

class EventCollector {
  constructor(words, geometry, reject) {
    this.eventsIn = new Uint8Array(words);
    this.geometry = geometry;
    this.reject = reject;
    this.x = [];
    this.y = [];
    this.t = [];
    this.on = [];
  }

  /** Some decoders drop an event off the sensor and some do not, so no count would be right. */
  add(word, x, y, t, on) {
    const { width, height } = this.geometry;
    if (x >= width || y >= height) this.reject(word, "lies outside the sensor");
    this.eventsIn[word]++;
    this.x.push(x);
    this.y.push(y);
    this.t.push(t);
    this.on.push(on);
  }

  /** @returns {Events} */
  finish() {
    return {
      x: Uint16Array.from(this.x),
      y: Uint16Array.from(this.y),
      t: Float64Array.from(this.t),
      on: Uint8Array.from(this.on),
    };
  }
}

/**
 * @param {Uint32Array} words
 * @param {EventCollector} out
 */
function decodeEvt2(words, out) {
  const clock = new StepClock(EVT2_CLOCK_STEPS);
  let base = 0;
  for (const [index, word] of words.entries()) {
    const type = word >>> 28;
    if (type === EVT2.EVT_TIME_HIGH) {
      base = clock.unwrap(word & 0x0fff_ffff) * 64;
    } else if (type <= EVT2.CD_ON) {
      out.add(index, (word >>> 11) & 0x7ff, word & 0x7ff, base + ((word >>> 22) & 0x3f), type);
    }
  }
}

/**
 * A repetition follows on the last row of the one before, so the words must not rely on what came
 * before their first.
 *
 * @param {Uint16Array} words
 * @param {EventCollector} out
 */
function decodeEvt3(words, out) {
  const clock = new StepClock(EVT3_CLOCK_STEPS);
  let high = -1;
  let base = 0;
  let low = 0;
  let y = -1;
  let vectorX = -1;
  let vectorOn = 0;
  for (const [index, word] of words.entries()) {
    const payload = word & 0xfff;
    const bit11 = payload >>> 11;
    switch (word >>> 12) {
      case EVT3.EVT_ADDR_Y:
        y = payload; // the origin bit makes it greater than any height
        break;
      case EVT3.EVT_ADDR_X:
        if (y < 0) out.reject(index, "is an event without a row");
        out.add(index, payload & 0x7ff, y, base + low, bit11);
        break;
      case EVT3.VECT_BASE_X:
        vectorX = payload & 0x7ff;
        vectorOn = bit11;
        break;
      case EVT3.VECT_12:
      case EVT3.VECT_8: {
        if (y < 0 || vectorX < 0) out.reject(index, "is a vector without a row or base");
        const pixels = word >>> 12 === EVT3.VECT_12 ? 12 : 8;
        for (let i = 0; i < pixels; i++) {
          if ((payload >>> i) & 1) out.add(index, vectorX + i, y, base + low, vectorOn);
        }
        vectorX += pixels;
        break;
      }
      case EVT3.EVT_TIME_LOW:
        low = payload;
        break;
      case EVT3.EVT_TIME_HIGH:
        if (payload !== high) low = 0;
        high = payload;
        base = clock.unwrap(payload) * 4096;
        break;
    }
  }
}

/** A counter that wraps: a fall by half its range or more is a wrap. */
class StepClock {
  constructor(range) {
    this.range = range;
    this.wraps = 0;
    this.last = 0;
  }

  unwrap(value) {
    if (this.last - value >= this.range / 2) this.wraps += this.range;
    this.last = value;
    return this.wraps + value;
  }
}
