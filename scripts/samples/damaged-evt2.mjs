import { encodeRawParts } from "./encode.mjs";
import { noise, randomNumbers, regularTriggers } from "./scenes.mjs";

/** A sound EVT 2.0 recording with every kind of damage put between its words. */
export async function damagedEvt2() {
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
  const { header, words: data } = await encodeRawParts("evt2", sound);
  const words = [];
  for (let at = 0; at < data.length; at += 4) words.push(data.readUInt32LE(at));

  const cd = (x, y, time = 0) => (0x10000000 | ((time & 63) << 22) | (x << 11) | y) >>> 0;
  const firstAt = {};
  const insert = (index, kind, ...added) => {
    words.splice(index, 0, ...added);
    if (kind) firstAt[kind] ??= header.length + index * 4;
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

  const bytes = Buffer.concat([
    header,
    Buffer.from(Uint32Array.from(words).buffer),
    Buffer.from([1, 2, 3]),
  ]);
  firstAt.truncated = bytes.length - 3;
  return {
    ...sound,
    format: "evt2",
    bytes,
    events,
    report: {
      skippedWords: { IMU: 1, OTHERS: 1, CONTINUED: 2 },
      unknownWords: { "0x3": 1, "0x7": 1 },
      eventsBeforeTimeBase: 3,
      triggersBeforeTimeBase: 1,
      eventsOutsideGeometry: 3,
      backwardSteps: 1,
      truncatedBytes: 3,
      firstAt,
    },
  };
}
