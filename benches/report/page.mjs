// The report as one page that needs nothing but itself.

import { bar, distribution, ratioPlot } from "./plots.mjs";
import { duration, mega, millions, outlierText, range, roundsText } from "./text.mjs";

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5c6b7a; --line: #d8dee5; --back: #fff;
  --fill: #9cc3e6; --deep: #1f6fb2; --good: #1a7f4b; --bad: #b3261e; --band: #e8edf2; --card: #f7f9fb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e9ef; --soft: #9aa8b5; --line: #35414d;
  --back: #151b22; --fill: #2e5b83; --deep: #7db8ea; --good: #5fcf96; --bad: #ff8a80; --band: #27313b;
  --card: #1b232c; } }
body { margin: 0 auto; padding: 24px; max-width: 1120px; background: var(--back); color: var(--ink);
  font: 14px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 36px 0 8px; }
h3 { font-size: 14px; margin: 0; } p { margin: 4px 0; } .soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; } .number { text-align: right; white-space: nowrap; }
section.case { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 12px 16px;
  margin: 10px 0; display: grid; grid-template-columns: minmax(0, 1fr) 470px; gap: 4px 20px; break-inside: avoid; }
section.case h3, section.case .wide { grid-column: 1 / -1; }
@media (max-width: 860px) { section.case { grid-template-columns: minmax(0, 1fr); } }
svg { display: block; max-width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 11px; }
.density { fill: var(--fill); opacity: .55; } .interval { fill: var(--deep); opacity: .25; }
.median { stroke: var(--deep); stroke-width: 2; } .tick { stroke: var(--deep); opacity: .5; }
.axis { stroke: var(--line); } .one { stroke: var(--soft); stroke-dasharray: 3 3; } .band { fill: var(--band); }
.point { fill: var(--soft); opacity: .45; } .estimate line { stroke: var(--deep); stroke-width: 3; }
.estimate circle { fill: var(--deep); } .regressed line { stroke: var(--bad); } .regressed circle { fill: var(--bad); }
.improved line { stroke: var(--good); } .improved circle { fill: var(--good); } .bar { fill: var(--fill); } td svg { margin-top: 5px; }
.state { font-weight: 600; white-space: nowrap; } .state.missed, .state.regressed, .state.failed { color: var(--bad); }
.state.reached, .state.improved { color: var(--good); }`;

/**
 * @param {object} figures what `bench.mjs` collects
 * @returns {string} HTML
 */
export function reportPage(figures) {
  const {
    machine,
    started,
    events,
    results,
    comparisons,
    skipped,
    targets,
    missing = [],
  } = figures;
  const builds = comparisons.filter(({ kind }) => kind === "build");
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>evarrow benchmarks</title><style>${STYLE}</style></head><body>`,
    `<h1>evarrow benchmarks</h1><p class="soft">${escapeHtml(machine.text)}</p>`,
    `<p class="soft">${escapeHtml(started)}; inputs of up to ${events.toLocaleString("en")} events.`,
    " Every output was checked before it was timed. Intervals are those of 95 %, by bootstrap.</p>",
    builds.length > 0 ? buildTable(builds) : "",
    targets.length > 0 ? targetTable(targets) : "",
    results.length > 0 ? figureTable(results) : "",
    results.length > 0 ? "<h2>Cases</h2>" : "",
    ...results.map((result) =>
      caseSection(
        result,
        comparisons.filter(({ name }) => name === result.name),
      ),
    ),
    skippedList(skipped, missing),
    "</body></html>",
  ].join("\n");
}

function buildTable(builds) {
  const rows = builds.map(({ name, verdict, ratio, noise, by, peakBytes, otherPeakBytes }) => [
    escapeHtml(name),
    stateOf(verdict),
    number(range(ratio, percent)),
    number(`${(noise * 100).toFixed(0)} %`),
    by,
    number(`${mega(peakBytes)} / ${mega(otherPeakBytes)} MB`),
  ]);
  const head = [
    "case",
    "verdict",
    "change of time",
    "noise",
    "by runs that are",
    "peak, present / kept",
  ];
  return `<h2>Beside the build ${escapeHtml(builds[0].against)}</h2>${table(head, rows, [2, 3, 5])}`;
}

function targetTable(targets) {
  const rows = targets.map(({ job, target, reached, state, reason }) => [
    escapeHtml(job),
    escapeHtml(target),
    escapeHtml(reached),
    stateOf(state),
    escapeHtml(reason),
  ]);
  return `<h2>Targets</h2>${table(["job", "target", "found", "state", "why"], rows)}`;
}

function figureTable(results) {
  const most = Math.max(...results.map(({ peakBytes }) => peakBytes || 0));
  const rows = results.map(({ name, eventsPerSecond, bytesPerSecond, summary, peakBytes }) => [
    escapeHtml(name),
    number(eventsPerSecond ? `${millions(eventsPerSecond.value)} M` : ""),
    number(bytesPerSecond ? millions(bytesPerSecond.value) : ""),
    number(duration(summary.median.value)),
    number(mega(peakBytes)),
    bar(peakBytes || 0, most, `peak ${mega(peakBytes)} MB`),
  ]);
  const head = ["case", "events/s", "MB/s", "median", "peak MB", ""];
  return `<h2>Throughput and memory</h2>${table(head, rows, [1, 2, 3, 4])}`;
}

function caseSection(
  { name, title, capped, seconds, summary, eventsPerSecond, peakBytes, facts },
  beside,
) {
  const told = Object.entries(facts).map(
    ([what, value]) =>
      `${what} ${Number.isInteger(value) ? value.toLocaleString("en") : value.toPrecision(3)}`,
  );
  const lines = [
    eventsPerSecond ? `${range(eventsPerSecond, millions)} M events/s` : "",
    `median ${range(summary.median, duration)}, mean ${range(summary.mean, duration)}`,
    `${seconds.length} samples${outlierText(summary.outliers)}; peak ${mega(peakBytes)} MB`,
    told.join(", "),
    capped ?? "",
  ].filter(Boolean);
  return [
    `<section class="case"><h3>${escapeHtml(name)} <span class="soft">${escapeHtml(title)}</span></h3>`,
    `<div>${lines.map((line) => `<p>${escapeHtml(line)}</p>`).join("")}</div>`,
    `<div>${distribution(seconds, summary.median, duration)}</div>`,
    ...beside.map(besideRow),
    "</section>",
  ].join("\n");
}

function besideRow({ kind, against, ratio, ratios, verdict, noise, wrong, ...found }) {
  const memory = `peak ${mega(found.peakBytes)} beside ${mega(found.otherPeakBytes)} MB`;
  const text =
    kind === "build"
      ? `${stateOf(verdict)}: time ${range(ratio, percent)} beside ${escapeHtml(against)}, ${memory}`
      : `${range(ratio, (value) => value.toFixed(2))} times ${escapeHtml(against)},` +
        ` ${roundsText(ratios)}, ${memory}` +
        (wrong ? `; <span class="state failed">it ${escapeHtml(wrong)}</span>` : "");
  return `<div>${text}</div><div>${ratioPlot(ratios, ratio, { noise, verdict })}</div>`;
}

function skippedList(skipped, missing) {
  const items = [
    ...skipped.map(({ name, reason, isFailure }) =>
      isFailure
        ? `<span class="state failed">failed</span> ${escapeHtml(`${name}: ${reason}`)}`
        : escapeHtml(`${name}: ${reason}`),
    ),
    ...missing.map(escapeHtml),
  ];
  if (items.length === 0) return "";
  return `<h2>Not run</h2><ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
}

/** @param {readonly string[]} head @param {readonly string[][]} rows @param {readonly number[]} numbers columns */
function table(head, rows, numbers = []) {
  const headCells = head.map((text, at) =>
    numbers.includes(at) ? `<th class="number">${text}</th>` : `<th>${text}</th>`,
  );
  const body = rows.map(
    (row) =>
      `<tr>${row.map((cell) => (cell.startsWith("<td") ? cell : `<td>${cell}</td>`)).join("")}</tr>`,
  );
  return `<table><thead><tr>${headCells.join("")}</tr></thead><tbody>${body.join("\n")}</tbody></table>`;
}

const number = (text) => `<td class="number">${escapeHtml(text)}</td>`;
const stateOf = (state) => `<span class="state ${state.replace(" ", "-")}">${state}</span>`;
const percent = (value) => `${value >= 1 ? "+" : ""}${((value - 1) * 100).toFixed(1)} %`;

function escapeHtml(text) {
  const codes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => codes[character]);
}
