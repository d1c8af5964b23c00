/**
 * Makes the recordings of `data-samples/` and the JSON beside each. What the JSON says is computed
 * from the generated list of events before it is encoded, never by a decoder.
 *
 * Usage: npm run samples [FOLDER]
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeEvt2 } from "evarrow";
import { movingBar, noise, randomNumbers, regularTriggers } from "./sample-scenes.mjs";

const folder = process.argv[2] ?? fileURLToPath(new URL("../data-samples/", import.meta.url));
mkdirSync(folder, { recursive: true });

/** A bar that crosses the view from left to right over a little noise. */
const bar = {
  geometry: { width: 320, height: 240 },
  events: movingBar({ width: 320, height: 240, durationUs: 200_000, random: randomNumbers(1) }),
  triggers: regularTriggers({ startUs: 5_000, periodUs: 20_000, count: 10 }),
};
writeSample("moving-bar.evt2.raw", await encode(bar), bar);

/** Noise on both sides of a wrap of the 34-bit clock. */
const wrap = {
  geometry: { width: 64, height: 48 },
  events: noise({
    width: 64,
    height: 48,
    startUs: 2 ** 34 - 50_000,
    durationUs: 100_000,
    count: 2_000,
    random: randomNumbers(2),
  }),
  triggers: regularTriggers({ startUs: 2 ** 34 - 40_000, periodUs: 16_384, count: 5 }),
};
writeSample("clock-wrap.evt2.raw", await encode(wrap), wrap, { clockWraps: 1 });

const empty = { geometry: { width: 640, height: 480 }, events: [], triggers: [] };
writeSample("header-only.evt2.raw", await encode(empty), empty);

await writeDamaged();

/** A sound recording with every kind of damage put between its words. */
async function writeDamaged() {
  const sound = {
    geometry: { width: 64, height: 48 },
    events: noise({
      width: 64,
      height: 48,
      startUs: 1_000_000,
      durationUs: 20_000,
      count: 400,
      random: randomNumbers(3),
    }),
    triggers: regularTriggers({ startUs: 1_001_000, periodUs: 5_000, count: 4 }),
  };
  const bytes = await encode(sound);
  const dataOffset = bytes.indexOf("% end\n", 0, "latin1") + 6;
  const words = [];
  for (let at = dataOffset; at < bytes.length; at += 4) words.push(bytes.readUInt32LE(at));

  const cd = (x, y, time = 0) => (0x10000000 | ((time & 63) << 22) | (x << 11) | y) >>> 0;
  const firstAt = {};
  const insert = (index, kind, ...added) => {
    words.splice(index, 0, ...added);
    if (kind) firstAt[kind] ??= dataOffset + index * 4;
  };
  // In order from the front, so that the offsets stay true.
  insert(0, "eventBeforeTimeBase", cd(1, 1), cd(2, 2), cd(3, 3));
  insert(3, "triggerBeforeTimeBase", 0xa0000101);
  insert(10, "unknownWord", 0x30000000, 0x7fffffff);
  insert(20, "outsideGeometry", cd(64, 0), cd(0, 48), cd(2047, 2047));
  insert(30, undefined, 0xd0000000, 0xe0010014, 0xf0000005, 0xf0000006);
  // A time word 128 us back and an event there; the next time word of the recording goes on.
  const at = words.findIndex((word, index) => index > 100 && word >>> 28 === 8);
  const timeHigh = (words[at] & 0xfffffff) - 2;
  insert(at, undefined, (0x80000000 | timeHigh) >>> 0);
  insert(at + 1, "backwardStep", cd(7, 8, 9));
  const position = words.slice(0, at).filter((word) => word >>> 28 <= 1).length - 3 - 3;
  const events = sound.events.toSpliced(position, 0, {
    t: timeHigh * 64 + 9,
    x: 7,
    y: 8,
    on: true,
  });

  const damaged = Buffer.concat([
    bytes.subarray(0, dataOffset),
    Buffer.from(Uint32Array.from(words).buffer),
    Buffer.from([1, 2, 3]),
  ]);
  firstAt.truncated = damaged.length - 3;
  writeSample(
    "damaged.evt2.raw",
    damaged,
    { ...sound, events },
    {
      skippedWords: { IMU: 1, OTHERS: 1, CONTINUED: 2 },
      unknownWords: { "0x3": 1, "0x7": 1 },
      eventsBeforeTimeBase: 3,
      triggersBeforeTimeBase: 1,
      eventsOutsideGeometry: 3,
      backwardSteps: 1,
      truncatedBytes: 3,
      firstAt,
    },
  );
}

async function encode({ geometry, events, triggers }) {
  const columns = {
    length: events.length,
    x: Uint16Array.from(events, ({ x }) => x),
    y: Uint16Array.from(events, ({ y }) => y),
    t: BigInt64Array.from(events, ({ t }) => BigInt(t)),
    polarity: Int8Array.from(events, ({ on }) => (on ? 1 : -1)),
  };
  const triggerColumns = {
    length: triggers.length,
    t: BigInt64Array.from(triggers, ({ t }) => BigInt(t)),
    id: Int16Array.from(triggers, ({ id }) => id),
    value: Uint8Array.from(triggers, ({ value }) => value),
  };
  const header = { integrator_name: "evarrow", serial_number: "00000000" };
  return Buffer.from(await encodeEvt2(columns, { geometry, triggers: triggerColumns, header }));
}

/** Writes the recording and what it must decode to. */
function writeSample(name, bytes, { geometry, events, triggers }, report = {}) {
  const hash = createHash("sha256");
  const record = Buffer.alloc(13);
  for (const { t, x, y, on } of events) {
    record.writeBigInt64LE(BigInt(t), 0);
    record.writeUInt16LE(x, 8);
    record.writeUInt16LE(y, 10);
    record.writeUInt8(on ? 1 : 0, 12);
    hash.update(record);
  }
  const tuple = ({ t, x, y, on }) => [t, x, y, on ? 1 : 0];
  const sum = (pick) => events.reduce((total, event) => total + pick(event), 0);
  const expected = {
    format: "evt2",
    geometry,
    events: events.length,
    on: events.filter(({ on }) => on).length,
    digest: hash.digest("hex").slice(0, 16),
    sumX: sum(({ x }) => x),
    sumY: sum(({ y }) => y),
    sumTRelative: sum(({ t }) => t - events[0].t),
    first: events.slice(0, 3).map(tuple),
    last: events.slice(-3).map(tuple),
    triggers: triggers.map(({ t, id, value }) => [t, id, value]),
    report,
  };
  writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(expected, null, 2)}\n`);
  console.log(`${name}: ${events.length} events, ${bytes.length} bytes`);
}
