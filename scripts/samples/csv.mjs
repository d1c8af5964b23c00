import { DamagedRecording } from "./damaged-recording.mjs";
import { noise, randomNumbers } from "./scenes.mjs";

/** What every report of CSV has: the polarity as it is written. */
export const CSV_REPORT = { polarityEncoding: "zero-one" };

const line = ({ x, y, t, on }, end = "\n") => Buffer.from(`${x},${y},${t},${on ? 1 : 0}${end}`);

/** Lines that are no events among lines that are. CSV states no geometry. */
export function damagedCsv() {
  const events = noise({
    width: 64,
    height: 48,
    startUs: 3_000_000,
    durationUs: 20_000,
    count: 200,
    random: randomNumbers(8),
  });
  const recording = new DamagedRecording(Buffer.from("x,y,t,polarity\n"), CSV_REPORT);
  const add = (from, to, end) => {
    for (const event of events.slice(from, to))
      recording.add(line(event, end), { events: [event] });
  };
  const malformed = (text) => recording.lose("malformedLine", Buffer.from(`${text}\n`));

  add(0, 40);
  // Too few fields, too many, none, no number, no whole number, another separator, no polarity.
  for (const text of ["1,2,3", "1,2,3,1,", ",,,", "x,y,t,polarity", "1,2,3.5,1", "1;2;3;1"]) {
    malformed(text);
  }
  malformed("1,2,3,2");
  malformed("1,2,99999999999999999999,1");
  malformed(`# ${"a line that is too long to be an event ".repeat(3)}`);
  add(40, 80, "\r\n");
  recording.add(Buffer.from("\n\r\n"));
  const late = { ...events[79], on: false };
  recording.add(Buffer.from(`${late.x},${late.y},${late.t},-1\n`), { events: [late] });
  add(80, 120);

  // Beyond what columns hold.
  recording.lose("outsideGeometry", Buffer.from(`65536,0,${events[119].t},1\n`));
  recording.lose("outsideGeometry", Buffer.from(`0,-1,${events[119].t},0\n`));
  add(120, 160);
  const early = { t: events[159].t - 500, x: 7, y: 8, on: true };
  recording.lose("backwardStep", line(early), { events: [early] });
  add(160, 200);
  recording.lose("malformedLine", Buffer.from("12,3"));
  return recording.finish({ format: "csv", geometry: null });
}
