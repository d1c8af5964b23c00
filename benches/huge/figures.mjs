/** The figures of `npm run bench:huge`: what disk it takes, its tables, and the targets. */

/** An event in a frame. */
const EVENT_BYTES = 13;
/** An event in a container, at most; in the recordings tried it is 2 to 5. */
const EXPORTED_BYTES = 8;
/** What a window of time may take of memory, its result not counted. */
const QUERY_TARGET = 200e6;
/** Memory that does not follow the size may still differ by so much between two runs. */
const SLACK = 32e6;

/**
 * @typedef {{ events: number, seconds: number, peakBytes: number, baseBytes: number, indexSeconds?: number }} Figures of one job
 * @typedef {{ events: number, bytes: number, figures: Record<string, Figures> }} Size
 */

/**
 * The disk that a run takes: the recording, a tenth of it, and the export of the whole.
 *
 * @param {number} events
 * @param {{ events: number, bytes: number }} small a recording of the same kind
 */
export function room(events, small) {
  return Math.ceil(events * (1.1 * (small.bytes / small.events) + EXPORTED_BYTES));
}

/** What of the peak is neither the process before the job nor the frame that a window gives. */
export function overBase(job, { peakBytes, baseBytes, events }) {
  return peakBytes - baseBytes - resultBytes(job, events);
}

/**
 * A table of one size.
 *
 * @param {{ events: number, bytes: number }} input
 * @param {Record<string, Figures>} figures
 * @param {Record<string, { title: string }>} jobs
 */
export function tableOf(input, figures, jobs) {
  const head = ["", "peak over base", "peak", "M events/s", "s"];
  const rows = Object.entries(figures).map(([job, figure]) => [
    jobs[job].title,
    megabytes(figure.peakBytes - figure.baseBytes),
    megabytes(figure.peakBytes),
    // Of a window all events count: it is what would have to be gone through without an index.
    rate((job === "window" ? input.events : figure.events) / figure.seconds),
    `${figure.seconds.toFixed(2)}${noteOf(figure)}`,
  ]);
  const title = `${input.events / 1e6} M events, ${megabytes(input.bytes)}`;
  return `${title}\n${aligned([head, ...rows])}`;
}

/**
 * Memory of each job beside that at the smaller size.
 *
 * @param {Size} tenth
 * @param {Size} whole
 * @param {Record<string, { title: string }>} jobs
 */
export function overSize(tenth, whole, jobs) {
  const sizes = [tenth, whole];
  const head = [
    "peak over base, without the result",
    ...sizes.map(({ events }) => `${events / 1e6} M`),
  ];
  const rows = Object.keys(whole.figures).map((job) => [
    jobs[job].title,
    ...sizes.map(({ figures }) => megabytes(overBase(job, figures[job]))),
  ]);
  return aligned([head, ...rows]);
}

/**
 * A line for each target: kept, or missed with the figure.
 *
 * @param {Size} tenth
 * @param {Size} whole
 * @returns {string[]}
 */
export function verdicts(tenth, whole) {
  const { peakBytes, events } = whole.figures.window;
  const query = peakBytes - resultBytes("window", events);
  const lines = [
    `${query <= QUERY_TARGET ? "kept" : "MISSED"}: 1 % of the time within ${megabytes(QUERY_TARGET)} plus` +
      ` its result of ${megabytes(resultBytes("window", events))} (peak ${megabytes(peakBytes)})`,
  ];
  for (const [job, figure] of Object.entries(whole.figures)) {
    const more = overBase(job, figure) - overBase(job, tenth.figures[job]);
    const verdict = more <= SLACK ? "kept" : "MISSED";
    const sign = more < 0 ? "-" : "+";
    lines.push(
      `${verdict}: memory of ${job} does not follow the size (${sign}${megabytes(Math.abs(more))} for` +
        ` ${(whole.events / tenth.events).toFixed(0)} times the events)`,
    );
  }
  return lines;
}

function resultBytes(job, events) {
  return job === "window" ? events * EVENT_BYTES : 0;
}

function noteOf({ events, indexSeconds }) {
  if (indexSeconds === undefined) return "";
  const found = `${(events / 1e6).toFixed(1)} M`;
  return `, gives ${found}; ${indexSeconds.toFixed(2)} for the index of times before`;
}

function rate(perSecond) {
  const millions = perSecond / 1e6;
  return millions.toFixed(millions < 10 ? 1 : 0);
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** Columns under each other: the first and the last to the left, figures to the right. */
function aligned(rows) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  const isText = (at) => at === 0 || (rows[0].length > 3 && at === rows[0].length - 1);
  return rows
    .map((row) =>
      row
        .map((cell, at) => (isText(at) ? cell.padEnd(widths[at]) : cell.padStart(widths[at])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
