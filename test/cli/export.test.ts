import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { digestEvents, type ExportStats, openRecording } from "../../src/node.ts";
import { readReferenceContainer } from "../reference/evb.ts";
import { madeEvt2, mixedScene } from "../support/conversions.ts";
import { evarrow, evt2File, THREE_EVENTS, temporaryFile, temporaryPath } from "./support.ts";

const SCENE = mixedScene();
const file = temporaryFile("scene.raw", await madeEvt2(SCENE));
const { digest, events } = await digestEvents(file);

let folder: string;
let count = 0;
beforeEach(() => {
  folder = temporaryPath(`export-${count++}`);
  mkdirSync(folder);
});
const out = (name: string): string => join(folder, name);

describe("evarrow export", () => {
  it("writes a container and says what it took", async () => {
    const target = out("a.evb");
    const { exitCode, stdout, stderr } = await evarrow(["export", file, target]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const { size } = statSync(target);
    const times = String.raw`[\d.]+ (µs|ms|s)`;
    const shares = String.raw`[\d,.]+ (µs|ms|s) \([\d.]+ %\)`;
    const rows = [
      `File +${target}`,
      "Method +zstd level 1, chunks of 131,072 events, checksums sha256",
      "Events +5,000",
      "Triggers +20",
      "Chunks +1",
      `Size +.*, ${(size / events).toFixed(2)} bytes per event`,
      String.raw`Ratio +${((events * 13 + 20 * 11) / size).toFixed(2)} \(13 bytes per event in memory\), [\d.]+ \(JSON\)`,
      "Memory +[\\d.,]+ [MG]B at most",
      "",
      " +column +bytes +per event +ratio",
      ...["x", "y", "t", "polarity"].map(
        (name) => String.raw` *${name}  +[\d,]+  +[\d.]+  +[\d.]+`,
      ),
      "",
      String.raw`Time +${times}, [\d.]+ M events/s, chunked`,
      ...["read", "transform", "compress", "hash", "write"].map((name) => `  ${name} +${shares}`),
    ];
    expect(stdout).toMatch(new RegExp(`^${rows.join("\n")}\n$`));
    expect(await digestEvents(target)).toMatchObject({ digest });
    expect(readdirSync(folder)).toEqual(["a.evb"]);
  });

  it("prints the same as JSON", async () => {
    const target = out("a.evb");
    const argv = ["export", "--json", "--preset", "store", "--chunk-events", "1000", file, target];
    const { exitCode, stdout } = await evarrow(argv);
    expect(exitCode).toBe(0);
    const result = JSON.parse(stdout) as ExportStats & { file: string };
    expect(result).toMatchObject({
      file: target,
      events,
      triggers: 20,
      chunks: 5,
      bytes: statSync(target).size,
      settings: { codec: "none", chunkEvents: 1000, checksum: "crc32" },
      path: "chunked",
      report: { format: "evt2", events },
    });
    expect(Object.keys(result)).not.toContain("compared");
    expect(Object.keys(result.ms)).toContain("transform");
  });

  it("writes of the metadata what is wanted", async () => {
    const target = out("a.evb");
    const wanted = ["--describe", "a bar", "--exclude-metadata", "source.name, platform"];
    expect((await evarrow(["export", ...wanted, file, target])).exitCode).toBe(0);
    const { metadata } = readReferenceContainer(readFileSync(target));
    expect(metadata).toMatchObject({ description: "a bar", source: { format: "evt2" } });
    expect(Object.keys(metadata.source as object)).toEqual(["format", "header"]);
    expect(Object.keys(metadata)).not.toContain("platform");
    const few = ["--include-metadata", "source.f*", "--overwrite"];
    expect((await evarrow(["export", ...few, file, target])).exitCode).toBe(0);
    const left = readReferenceContainer(readFileSync(target)).metadata;
    expect(left).toEqual({
      columns: ["x", "y", "t", "polarity"],
      source: { format: "evt2" },
      timeOffset: 0,
    });
    const slip = ["--exclude-metadata", "sorce.name", "--overwrite"];
    const { exitCode, stderr } = await evarrow(["export", ...slip, file, target]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('"sorce.name"')]);
  });

  it("keeps some columns, which all that reads them goes by", async () => {
    const target = out("a.evb");
    const made = await evarrow(["export", "--columns", "t,x", file, target]);
    expect(made.exitCode).toBe(0);
    expect(made.stdout).toMatch(/\(10 bytes per event in memory\)/);
    expect(made.stdout).toMatch(/ratio\n *x .*\n *t .*\n\nTime/);
    const told = await evarrow(["info", target]);
    expect(told.stdout).toMatch(/^Columns +x, t$/m);
    expect(told.stdout).toMatch(/^Events +5,000$/m);
    expect(told.stdout).toMatch(/^Triggers +20$/m);
    const cut = out("cut.evb");
    writeFileSync(cut, readFileSync(target).subarray(0, -200));
    expect((await evarrow(["info", cut])).stdout).toMatch(/Report\n.*(cut|end)/);
    expect(JSON.parse((await evarrow(["info", "--json", target])).stdout)).toMatchObject({
      ...{ columns: ["x", "t"], statistics: null, estimated: false, triggers: 20 },
      report: { events },
    });
    expect((await evarrow(["head", "-n", "1", target])).stdout).toMatch(/^ *x +t\n *\d+ +\d+\n$/);
    const [row] = JSON.parse((await evarrow(["head", "-n", "1", "--json", target])).stdout);
    expect(Object.keys(row)).toEqual(["x", "t"]);
    expect(made.stderr).toBe("");
    const again = out("again.evb");
    for (const argv of [
      ["export", target, again],
      ["export", "--json", target, again],
      ["convert", target, again],
    ]) {
      const { exitCode, stderr } = await evarrow(argv);
      expect(exitCode).toBe(0);
      expect(stderr).toBe(
        "evarrow: warning: the output has no columns y, polarity: the recording was written without\n",
      );
      rmSync(again);
    }
    for (const argv of [
      ["stats", target],
      ["digest", target],
      ["convert", target, out("a.csv")],
    ]) {
      const { exitCode, stderr } = await evarrow(argv);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining("has no column")]);
      expect(stderr).toContain("info, head, query and export then take the rest.\n");
    }
    for (const wrong of [
      ["--columns", "q"],
      ["--columns", "x", "--compare"],
    ]) {
      const { exitCode, stderr } = await evarrow(["export", ...wrong, file, out("c.evb")]);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining("columns")]);
    }
    expect(readdirSync(folder).sort()).toEqual(["a.evb", "cut.evb"]);
  });

  it("takes how, and which events", async () => {
    const target = out("a.evb");
    const filters = ["--from", "1ms", "--to", "9ms", "--roi", "0,0,200,200", "--polarity", "on"];
    const how = ["--codec", "deflate", "--level", "3", "--checksum", "none", "--rebase"];
    const { exitCode } = await evarrow(["export", ...filters, ...how, file, target]);
    expect(exitCode).toBe(0);
    const recording = await openRecording(file);
    const query = recording.query({ rebase: true }).time("1ms", "9ms");
    const expected = query.roi({ x: 0, y: 0, width: 200, height: 200 }).polarity("on");
    expect(await digestEvents(target)).toEqual(await expected.digest());
    await recording.close();
    const opened = await openRecording(target);
    expect(opened.header).toContainEqual(["evarrow.codec", "deflate"]);
    expect(opened.header).toContainEqual(["evarrow.checksums", "none"]);
    await opened.close();
    // A part of a container, by its chunks.
    const part = out("b.evb");
    await evarrow(["export", "--from", "2ms", "--to", "3ms", target, part]);
    const found = await openRecording(target);
    expect(await digestEvents(part)).toEqual(await found.query().time("2ms", "3ms").digest());
    await found.close();
  });

  it("compares with other formats", async () => {
    const target = out("a.evb");
    const { exitCode, stdout } = await evarrow(["export", "--compare", file, target]);
    expect(exitCode).toBe(0);
    const table = stdout.slice(stdout.indexOf("           format") - 10);
    const names = ["compact container", "CSV", "JSON lines", "Arrow IPC, zstd", "Parquet, zstd"];
    for (const name of names) expect(table).toMatch(new RegExp(`^ *${name}  .* x  .*s  `, "m"));
    const argv = ["export", "--compare", "--overwrite", "--json", file, target];
    const { compared } = JSON.parse((await evarrow(argv)).stdout);
    expect(compared.map(({ name }: { name: string }) => name)).toEqual(names);
    const [own, csv] = compared;
    expect(own).toMatchObject({ bytes: statSync(target).size, reader: "evarrow" });
    expect(csv.bytesPerEvent).toBeGreaterThan(own.bytesPerEvent);
    for (const { readMs } of compared) expect(readMs).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual(["a.evb"]);
    // Nothing in it.
    const none = ["export", "--compare", "--overwrite", "--to", "-5us", file, target];
    expect((await evarrow(none)).exitCode).toBe(0);
  });

  it("refuses what is there, and wrong calls", async () => {
    const there = out("there.evb");
    writeFileSync(there, "mine");
    const refused = await evarrow(["export", file, there]);
    expect([refused.exitCode, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain("Give --overwrite to replace it.");
    expect(readFileSync(there, "latin1")).toBe("mine");
    expect((await evarrow(["export", "--overwrite", file, there])).exitCode).toBe(0);
    expect(readReferenceContainer(readFileSync(there)).x).toHaveLength(events);
    for (const [argv, message] of [
      [[file, out("a.raw")], "The name of a compact container ends in .evb."],
      [["--level", "40", file, out("a.evb")], "expected 1 to 19 for zstd, found 40"],
      [["--chunk-events", "0", file, out("a.evb")], "chunkEvents is not known"],
      [["--preset", "best", file, out("a.evb")], "choices are speed, balanced, size"],
      [["--codec", "lz4", file, out("a.evb")], "choices are auto, none, zstd"],
      [["--compare", file, "/dev/stdout"], "standard output cannot be compared"],
      [["--roi", "0,0,900,1", file, out("a.evb")], "beyond the sensor"],
      [[file], "missing required argument 'OUT'"],
    ] as [string[], string][]) {
      const { exitCode, stderr, stdout } = await evarrow(["export", ...argv]);
      expect([exitCode, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(message);
    }
    const nowhere = await evarrow(["export", out("no-such.raw"), out("a.evb")]);
    expect(nowhere.exitCode).toBe(1);
    expect(readdirSync(folder)).toEqual(["there.evb"]);
  });

  it("tells what was lost and assumed", async () => {
    const bare = evt2File("bare.raw", THREE_EVENTS, ["evt 2.0", "system_ID 49"]);
    const { exitCode, stderr } = await evarrow(["export", bare, out("a.evb")]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("evarrow: warning: assumed geometry");
  });
});

describe("other commands", () => {
  it("read containers and convert from and to them", async () => {
    const target = out("a.evb");
    const converted = await evarrow(["convert", "--verify", file, target]);
    expect(converted.exitCode).toBe(0);
    expect(converted.stdout).toContain("Format    evb");
    expect(converted.stdout).toContain(`digest ${digest}`);
    expect((await evarrow(["convert", "--verify", target, out("b.evt3.raw")])).exitCode).toBe(0);
    expect(await digestEvents(out("b.evt3.raw"))).toMatchObject({ digest });
    const { stdout } = await evarrow(["info", target]);
    expect(stdout).toContain("Format       compact container (evb)");
    expect(stdout).toContain("Events       5,000\n");
    expect(stdout).toContain("Triggers     20\n");
    expect(stdout).toMatch(/evarrow.format +evt2/);
  });
});
