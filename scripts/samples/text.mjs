import { DamagedRecording } from "./damaged-recording.mjs";
import { noise, randomNumbers } from "./scenes.mjs";

/** What every report of text has: the polarity as it is written. */
export const TEXT_REPORT = { polarityEncoding: "zero-one" };

/** What `t x y p` in seconds does not say. */
export const SECONDS_ASSUMPTIONS = [
  {
    what: "columns",
    value: "t,x,y,polarity",
    reason:
      "nothing names the columns; t and polarity follow from their values, x in front of y is what is usual",
  },
  {
    what: "timeUnit",
    value: "s",
    reason: "nothing says the unit; times with decimals are taken for seconds",
  },
];

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
  const recording = new DamagedRecording(Buffer.from("x,y,t,polarity\n"), TEXT_REPORT);
  const add = (from, to, end) => {
    for (const event of events.slice(from, to))
      recording.add(line(event, end), { events: [event] });
  };
  const malformed = (text) => recording.lose("malformedLine", Buffer.from(`${text}\n`));

  add(0, 40);
  // Too few columns, too many, none, no number, no whole number, another separator, no polarity.
  for (const text of ["1,2,3", "1,2,3,1,", ",,,", "x,y,t,polarity", "1.5,2,3,1", "1;2;3;1"]) {
    malformed(text);
  }
  malformed("1,2,3,2");
  malformed("1,2,99999999999999999999,1");
  malformed(`1,2,${"0".repeat(600)},1`);
  add(40, 80, "\r\n");
  recording.add(Buffer.from(`\n\r\n# a comment, ${"which may have any length, ".repeat(30)}\n`));
  const spelled = { ...events[79], on: true };
  recording.add(Buffer.from(` +${spelled.x}.0, ${spelled.y} ,${spelled.t}e0,True\n`), {
    events: [spelled],
  });
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
  recording.cut(Buffer.from("12,3"));
  return withLines(recording.finish({ format: "text", geometry: null }));
}

/** Text also reports the line of the first loss of each kind. */
function withLines(sample) {
  const { bytes, report } = sample;
  const lineAt = (offset) => bytes.subarray(0, offset).toString("latin1").split("\n").length;
  const lines = Object.entries(report.firstAt).map(([kind, offset]) => [kind, lineAt(offset)]);
  return { ...sample, report: { ...report, firstLine: Object.fromEntries(lines) } };
}
