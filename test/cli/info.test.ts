import { appendFileSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { columnsOf, containerOf } from "../support/containers.ts";
import {
  cd,
  evarrow,
  evt2File,
  FULL_HEADER,
  THREE_EVENTS,
  temporaryFile,
  timeHigh,
} from "./support.ts";

describe("evarrow info", () => {
  const file = evt2File("three.raw", THREE_EVENTS);

  it("prints what the recording is and what is in it", async () => {
    const { exitCode, stdout, stderr } = await evarrow(["info", file]);
    expect(stdout.split("\n")).toEqual([
      `File         ${file}`,
      "Size         77 bytes",
      "Format       Prophesee EVT 2.0 (evt2)",
      "Detected     the header says `evt 2.0`",
      "Sensor       640x480 pixels",
      "Events       3",
      "ON           2 (66.7 %)",
      "OFF          1 (33.3 %)",
      "Triggers     1",
      "First event  640 µs",
      "Last event   703 µs",
      "Duration     63 µs",
      "Rate         47.6 k events/s",
      expect.stringMatching(/^Plan {9}direct: about 3 events, 39 bytes of columns, peak \d+ kB$/),
      "",
      "Header",
      "  evt            2.0",
      "  geometry       640x480",
      "  serial_number  00042",
      "",
      "Report",
      "  nothing lost, nothing assumed",
      "",
    ]);
    expect([exitCode, stderr]).toEqual([0, ""]);
  });

  it("prints one JSON object", async () => {
    const facts = JSON.parse((await evarrow(["info", "--json", file])).stdout);
    expect(facts).toMatchObject({
      file,
      bytes: 77,
      detection: { format: "evt2", confidence: "certain", supported: true },
      geometry: { width: 640, height: 480 },
      estimated: false,
      statistics: { events: 3, on: 2, firstTime: 640, lastTime: 703 },
      triggers: 1,
      report: { events: 3, triggers: 1, sourceName: file },
    });
    expect(facts.header).toEqual([
      { key: "evt", value: "2.0" },
      { key: "geometry", value: "640x480" },
      { key: "serial_number", value: "00042" },
    ]);
  });

  it("says how the recording is compressed, and what came out of it", async () => {
    const compressed = gzipSync(readFileSync(file));
    const path = temporaryFile("three.raw.gz", compressed);
    const { exitCode, stdout, stderr } = await evarrow(["info", path]);
    expect(stdout.split("\n").slice(0, 7)).toEqual([
      `File         ${path}`,
      `Size         ${compressed.byteLength} bytes`,
      "Compressed   gzip",
      "Format       Prophesee EVT 2.0 (evt2)",
      "Detected     inside gzip, the header says `evt 2.0`",
      "Sensor       640x480 pixels",
      "Events       3",
    ]);
    expect(stdout).toContain("nothing lost, nothing assumed");
    expect([exitCode, stderr]).toEqual([0, ""]);
    const facts = JSON.parse((await evarrow(["info", "--json", path])).stdout);
    expect(facts).toMatchObject({
      bytes: compressed.byteLength,
      detection: { format: "evt2", compression: "gzip" },
      report: { compression: "gzip", compressionDamage: null, bytesRead: 77 },
    });
  });

  it("reports damaged compression, which --strict makes an error", async () => {
    const path = temporaryFile("cut.raw.gz", gzipSync(readFileSync(file)).subarray(0, -3));
    const { exitCode, stdout } = await evarrow(["info", path]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /\nReport\n {2}the gzip data are cut at byte \d+: they end in the frame of gzip\n/,
    );
    const strict = await evarrow(["info", "--strict", path]);
    expect(strict.exitCode).toBe(1);
    expect(strict.stderr).toMatch(/the gzip data are cut \(at byte \d+\).*Without --strict/);
  });

  it("lists everything that the report has, and warns of nothing", async () => {
    const words = [0xd0000000, ...THREE_EVENTS];
    const path = evt2File("assumed.raw", words, ["evt 2.0", "system_ID 21"]);
    const { stdout, stderr } = await evarrow(["info", path]);
    expect(stdout).toContain("Sensor       640x480 pixels, assumed\n");
    expect(stdout).toMatch(/\nReport\n {2}1 IMU word .*\n {2}assumed geometry 640x480: .*\n$/);
    expect(stderr).toBe("");
  });

  it("says what is unknown", async () => {
    const { stdout } = await evarrow(["info", evt2File("bare.raw", [], ["evt 2.0"])]);
    expect(stdout).toContain("Sensor       unknown\nEvents       0\nON           0\n");
    expect(stdout).toContain("First event  -\nLast event   -\nDuration     -\nRate         -\n");
  });

  it("cuts long header values and long headers", async () => {
    const settings = `settings ${"x".repeat(2000)}`;
    const many = Array.from({ length: 60 }, (_, line) => `key${line} value`);
    const path = evt2File("long.raw", [], [...FULL_HEADER, settings, ...many]);
    const { stdout } = await evarrow(["info", path]);
    expect(stdout).toContain(`  settings       ${"x".repeat(100)}... (2,000 characters)\n`);
    expect(stdout).toContain("  ... and 14 more lines; --json gives all\n");
    const { header } = JSON.parse((await evarrow(["info", "--json", path])).stdout);
    expect(header).toHaveLength(64);
    expect(header[3].value).toHaveLength(2000);
  });

  it("cuts long keys", async () => {
    const { stdout } = await evarrow([
      "info",
      evt2File("key.raw", [], [...FULL_HEADER, "k".repeat(5000)]),
    ]);
    expect(stdout).toContain(`  ${"k".repeat(40)}... (5,000 characters)  -\n`);
  });

  it("shows nothing of a header or name that acts on a terminal", async () => {
    const path = evt2File("bad\u001b[31m\nname.raw", THREE_EVENTS, [
      ...FULL_HEADER,
      "note soft\u00adhyphen \u00e9",
    ]);
    const { stdout } = await evarrow(["info", path]);
    expect(stdout).toContain("bad\\x1b[31m\\nname.raw\n");
    expect(stdout).toContain("  note           soft\\xadhyphen é\n");
    const json = (await evarrow(["info", "--json", path])).stdout;
    expect(json.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(JSON.parse(json).file).toBe(path);
  });

  describe("of times that no number holds", () => {
    const times = [2n ** 63n - 1n, 5n, -(2n ** 63n), 2n ** 53n];
    const lines = times.map((t) => `1,2,${t},1\n`).join("");

    async function files(): Promise<string[]> {
      const columns = columnsOf(times.map((t) => [1, 2, t, 1]));
      return [
        temporaryFile("far.evb", await containerOf(columns)),
        temporaryFile("far.csv", `x,y,t,polarity\n${lines}`),
      ];
    }

    it.each([[[]], [["--full"]]])("prints them exactly: %j", async (options) => {
      for (const path of await files()) {
        const { exitCode, stdout, stderr } = await evarrow(["info", ...options, path]);
        expect([exitCode, stderr]).toEqual([0, ""]);
        expect(stdout).toContain(
          [
            "First event  9,223,372,036,854,775,807 µs (2,562,047,788 h 0 min 55 s)",
            "Last event   9,007,199,254,740,992 µs (2,501,999 h 47 min 35 s)",
            "Duration     18,446,744,073,709,551,615 µs (5,124,095,576 h 1 min 50 s)",
            "Rate         2.17e-13 events/s",
            "",
          ].join("\n"),
        );
      }
    });

    it("gives them as text in JSON", async () => {
      for (const path of await files()) {
        const { exitCode, stdout } = await evarrow(["info", "--json", path]);
        expect(exitCode).toBe(0);
        expect(JSON.parse(stdout).statistics).toMatchObject({
          ...{ firstTime: null, lastTime: null, minTime: null, maxTime: null, events: 4 },
          exact: {
            firstTime: "9223372036854775807",
            lastTime: "9007199254740992",
            minTime: "-9223372036854775808",
            durationUs: "18446744073709551615",
          },
        });
      }
      const near = JSON.parse((await evarrow(["info", "--json", file])).stdout);
      expect(Object.keys(near.statistics)).not.toContain("exact");
    });
  });

  describe("of a large recording", () => {
    const large = largeRecording("large.raw");

    it("estimates and says so", async () => {
      const { stdout } = await evarrow(["info", large.path]);
      expect(stdout).toMatch(/\nEvents {7}~16,8\d0,000\nON {11}~16,8\d0,000 \(100.0 %\)\n/);
      expect(stdout).toMatch(/\nTriggers {5}not counted\n/);
      expect(stdout).toMatch(
        /\nDuration {5}~[\d,]+ µs \([\d.]+ s\)\nRate {9}~[\d.]+ M events\/s\n/,
      );
      expect(stdout).toContain("\n~ estimated from a sample; --full reads everything\n");
      expect(stdout).not.toContain("nothing lost");
    });

    it("marks the estimate in JSON", async () => {
      const facts = JSON.parse((await evarrow(["info", "--json", large.path])).stdout);
      expect(facts).toMatchObject({ estimated: true, triggers: null });
      expect(facts.statistics.estimated).toBe(true);
    });

    it.each([["--full"], ["--strict"]])("reads everything with %s", async (option) => {
      const { stdout } = await evarrow(["info", option, "--json", large.path]);
      expect(JSON.parse(stdout)).toMatchObject({
        estimated: false,
        statistics: { events: large.events },
        triggers: 0,
      });
    });

    it("ends when it is interrupted", async () => {
      const interruption = new AbortController();
      setTimeout(() => interruption.abort(), 5);
      expect(await evarrow(["stats", large.path], interruption.signal)).toEqual({
        exitCode: 130,
        stdout: "",
        stderr: "",
      });
    });
  });
});

/** 64 MiB of events, so that it is sampled; 64 us pass every 1023 events. */
function largeRecording(name: string): { path: string; events: number } {
  const words = new Uint32Array(2 ** 24).fill(cd(1, 0, 3, 4));
  const timeWords = words.length / 1024;
  for (let index = 0; index < timeWords; index++) words[index * 1024] = timeHigh(index);
  const path = evt2File(name, [], FULL_HEADER);
  appendFileSync(path, new Uint8Array(words.buffer)); // little-endian, as every platform of Node
  return { path, events: words.length - timeWords };
}
