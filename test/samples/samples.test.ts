import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { digestEvents, loadEvents, loadTable, openRecording, reportOf } from "../../src/node.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "data-samples");
const recordings = readdirSync(folder).filter((name) => !/\.(?:json|md)$/.test(name));

function expectedOf(name: string) {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
}

/** The recording itself, where the file is a compressed one. */
function bytesOf(path: string): Uint8Array {
  const bytes = readFileSync(path);
  return path.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}

describe.each(recordings)("%s", (name) => {
  const path = join(folder, name);
  const expected = expectedOf(name);
  /** Lines and rows that hold no event are counted as any other loss is. */
  const options = { ...expected.options, onMalformed: "skip" } as const;

  it("has the events it was made of", async () => {
    const table = await loadTable(path, options);
    const rows = [...table].map((row) => [Number(row.t), row.x, row.y, row.polarity > 0 ? 1 : 0]);
    expect(rows).toHaveLength(expected.events);
    expect(rows.slice(0, 3)).toEqual(expected.first);
    expect(rows.slice(-3)).toEqual(expected.last);
    const sum = (column: number) => rows.reduce((total, row) => total + (row[column] ?? 0), 0);
    expect(sum(1)).toBe(expected.sumX);
    expect(sum(2)).toBe(expected.sumY);
    expect(sum(3)).toBe(expected.on);
    expect(sum(0) - rows.length * (rows[0]?.[0] ?? 0)).toBe(expected.sumTRelative);
  });

  it("has its digest in every polarity encoding", async () => {
    const { events, on, digest } = expected;
    expect(await digestEvents(path, options)).toEqual({ events, on, digest });
    const frame = await loadEvents(path, { ...options, polarityEncoding: "zero-one" });
    expect(frame.height).toBe(events);
  });

  it("has its triggers", async () => {
    const recording = await openRecording(path, options);
    const triggers = [...(await recording.triggers())];
    await recording.close();
    expect(triggers.map(({ t, id, value }) => [Number(t), id, value])).toEqual(expected.triggers);
  });

  it("is reported as it was damaged, and no more", async () => {
    const report = reportOf(await loadTable(path, options));
    expect(report).toEqual({
      format: expected.format,
      sourceName: path,
      compression: null,
      geometry: expected.geometry,
      polarityEncoding: "minus-one-one",
      timeOffset: 0,
      events: expected.events,
      triggers: expected.triggers.length,
      bytesRead: bytesOf(path).byteLength,
      skippedWords: {},
      otherSubtypes: {},
      unknownWords: {},
      eventsBeforeTimeBase: 0,
      triggersBeforeTimeBase: 0,
      eventsWithoutAddress: 0,
      eventsOutsideGeometry: 0,
      backwardSteps: 0,
      clockWraps: 0,
      malformedLines: 0,
      truncatedBytes: 0,
      compressionDamage: null,
      firstAt: {},
      assumptions: [],
      mode: "direct",
      modeReason: expect.any(String),
      threads: 1,
      ...expected.report,
    });
  });
});

describe("the folder", () => {
  it("has JSON beside every recording, and a line about it", () => {
    const names = readdirSync(folder).filter((name) => name !== "README.md");
    expect(names).toEqual(recordings.flatMap((name) => [name, `${name}.json`]).sort());
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    for (const name of recordings) expect(readme).toContain(`\`${name}\``);
  });

  it("has the falling bar in several formats, always the same events", () => {
    const bars = recordings.filter((name) => name.startsWith("falling-bar."));
    const digests = bars.map((name) => expectedOf(name).digest);
    expect(bars.length).toBeGreaterThan(4);
    expect(new Set(digests).size).toBe(1);
    expect(readFileSync(join(folder, "README.md"), "utf8")).toContain(`\`${digests[0]}\``);
  });
});

describe("the script that makes them", () => {
  it.skipIf(!existsSync(join(root, "dist/node.js")))(
    "makes the same bytes again (needs dist)",
    () => {
      const copies = mkdtempSync(join(tmpdir(), "evarrow-samples-"));
      try {
        const script = join(root, "scripts/make-samples.mjs");
        execFileSync(process.execPath, [script, copies], { cwd: root });
        const names = readdirSync(copies);
        expect(names.sort()).toEqual(
          readdirSync(folder)
            .filter((name) => name !== "README.md")
            .sort(),
        );
        for (const name of names) {
          expect(readFileSync(join(copies, name)).equals(readFileSync(join(folder, name)))).toBe(
            true,
          );
        }
      } finally {
        rmSync(copies, { recursive: true, force: true });
      }
    },
  );
});
