import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { digestEvents, openRecording } from "../../src/node.ts";
import { itWithSharedData } from "../support/shared-data.ts";
import {
  cd,
  evarrow,
  evt2File,
  THREE_EVENTS,
  temporaryFile,
  temporaryPath,
  timeHigh,
  trigger,
} from "./support.ts";

const file = evt2File("three.raw", THREE_EVENTS);
const { digest } = await digestEvents(file);

let folder: string;
let count = 0;
beforeEach(() => {
  folder = temporaryPath(`out-${count++}`);
  mkdirSync(folder);
});
const out = (name: string): string => join(folder, name);

/** A file of CSV. */
const csvFile = (name: string, ...lines: string[]): string =>
  temporaryFile(name, `x,y,t,polarity\n${lines.map((line) => `${line}\n`).join("")}`);

describe("evarrow convert", () => {
  it("writes and says what it wrote", async () => {
    expect(await evarrow(["convert", file, out("a.evt3.raw")])).toEqual({
      exitCode: 0,
      stdout: [
        `File      ${out("a.evt3.raw")}`,
        "Format    evt3",
        "Events    3",
        "Triggers  1",
        "Size      116 bytes, 38.67 bytes per event",
        "",
      ].join("\n"),
      stderr: "",
    });
    expect(await digestEvents(out("a.evt3.raw"))).toMatchObject({ digest });
    expect(readdirSync(folder)).toEqual(["a.evt3.raw"]);
  });

  it("prints exactly this as JSON", async () => {
    const { stdout, exitCode, stderr } = await evarrow([
      "convert",
      "--json",
      "--verify",
      file,
      out("a.evt2.raw"),
    ]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const bytes = readFileSync(out("a.evt2.raw")).byteLength;
    expect(stdout).toBe(
      `{"file":${JSON.stringify(out("a.evt2.raw"))},"format":"evt2","events":3,"triggers":1,"bytes":${bytes},"leftOut":0,"triggersLeftOut":0,"geometryLeftOut":false,"digest":"${digest}"}\n`,
    );
  });

  it("says what the format has no place for", async () => {
    const { stdout, stderr, exitCode } = await evarrow(["convert", file, out("a.csv")]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Triggers  0\n");
    expect(stderr).toBe(
      [
        "evarrow: warning: 1 trigger is left out: the format has no place for it",
        "evarrow: warning: the size of the sensor is left out: the format has no place for it",
        "",
      ].join("\n"),
    );
    expect(readFileSync(out("a.csv"), "utf8")).toBe(
      "x,y,t,polarity\n5,7,640,1\n639,479,641,0\n100,0,703,1\n",
    );
    const two = evt2File("two-triggers.raw", [timeHigh(1), trigger(0, 1, 1), trigger(1, 1, 0)]);
    expect((await evarrow(["convert", two, out("b.csv")])).stderr).toContain(
      "2 triggers are left out: the format has no place for them\n",
    );
  });

  it("says what was lost on the way in", async () => {
    const cut = evt2File("cut.raw", [...THREE_EVENTS, 0x30000000, cd(1, 0, 700, 1)]);
    const { stderr, exitCode, stdout } = await evarrow(["convert", cut, out("a.evt3.raw")]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Events    3\n");
    expect(stderr).toMatch(/^evarrow: warning: 1 word of unknown type \(0x3\) skipped, first at/);
    expect(stderr).toMatch(/\nevarrow: warning: 1 event dropped: outside the sensor \(640x480\)/);
  });

  it("takes an empty recording", async () => {
    const { stdout } = await evarrow(["convert", evt2File("none.raw", []), out("a.evt3.raw")]);
    expect(stdout).toMatch(/Events {4}0\nTriggers {2}0\nSize {6}\d+ bytes\n$/);
  });

  it("converts into the recording itself", async () => {
    const path = temporaryFile("same.evt2.raw", readFileSync(file));
    const { exitCode } = await evarrow(["convert", path, path, "--format", "evt2"]);
    expect(exitCode).toBe(0);
    expect(await digestEvents(path)).toMatchObject({ digest });
  });

  it("does not let names act on a terminal", async () => {
    const { stdout } = await evarrow(["convert", file, out("\u001b[31m.csv")]);
    expect(stdout).toContain("\\x1b[31m.csv\n");
    expect(stdout).not.toContain("\u001b");
  });

  itWithSharedData("converts a real recording", "evt3_sample.raw", async (path, expected) => {
    const argv = ["convert", "--json", "--verify", path, out("a.evt2.raw")];
    const { stdout } = await evarrow(argv);
    expect(JSON.parse(stdout)).toMatchObject({
      events: expected.events,
      digest: expected.digest,
    });
  });
});

describe("options", () => {
  it("--verify reads again", async () => {
    const { stdout, exitCode } = await evarrow(["convert", "--verify", file, out("a.evt3.raw")]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`\nVerified {2}digest ${digest}\n$`));
  });

  it("--rebase puts the first event on time 0", async () => {
    await evarrow(["convert", "--rebase", file, out("a.csv")]);
    expect(readFileSync(out("a.csv"), "utf8")).toContain("\n5,7,0,1\n639,479,1,0\n100,0,63,1\n");
  });

  it("--geometry states the sensor", async () => {
    const argv = ["convert", "--geometry", "101x480", file, out("a.evt3.raw")];
    const { stdout, stderr } = await evarrow(argv);
    expect(stdout).toContain("Events    2\n");
    expect(stderr).toContain("1 event dropped: outside the sensor (101x480)");
    const recording = await openRecording(out("a.evt3.raw"));
    expect(recording.geometry).toEqual({ width: 101, height: 480 });
    await recording.close();
  });

  it("--polarity-encoding is that of a CSV", async () => {
    const argv = ["convert", "--polarity-encoding", "minus-one-one", file, out("a.csv")];
    await evarrow(argv);
    expect(readFileSync(out("a.csv"), "utf8")).toContain("\n639,479,641,-1\n");
  });

  it("--format is that of OUT", async () => {
    for (const format of ["evt2", "evt21", "evt3", "dat", "csv", "text", "arrow"]) {
      const path = out(`${format}.raw`);
      const { exitCode } = await evarrow(["convert", "--format", format, "--verify", file, path]);
      expect(exitCode).toBe(0);
      const recording = await openRecording(path);
      expect(recording.format).toBe(format === "csv" ? "text" : format);
      await recording.close();
    }
  });

  it("--format is told apart from an ending", async () => {
    const argv = ["convert", "--format", "h5", file, out("a.raw")];
    const { exitCode, stderr } = await evarrow(argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Did you mean `hdf5`?");
  });

  it("--endianness is the byte order of EVT 2.1", async () => {
    for (const order of ["little", "legacy"]) {
      const path = out("a.evt21.raw");
      const argv = ["convert", "--endianness", order, "--verify", file, path];
      expect((await evarrow(argv)).exitCode).toBe(0);
      const recording = await openRecording(path);
      expect(new Map(recording.header).get("endianness")).toBe(order);
      await recording.close();
    }
  });

  it("--strict fails on a loss, and leaves no file", async () => {
    const cut = evt2File("strict.raw", [...THREE_EVENTS, 0x30000000]);
    const { exitCode, stdout, stderr } = await evarrow(["convert", "--strict", cut, out("a.csv")]);
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^evarrow: error: .*a word of a type that the format does not define \(at byte \d+\)\. Without --strict the rest is read and the loss is reported\.\n$/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it("--force leaves out what does not fit, and says how much", async () => {
    const wide = csvFile("wide.csv", "5000,1,1,1", "1,1,2,1", "1,1,-7,1", "1,1,3,0");
    const argv = ["convert", "--force", "--verify", wide, out("a.evt2.raw")];
    const { exitCode, stdout, stderr } = await evarrow(argv);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Events    2\n");
    expect(stdout).not.toContain("Verified");
    expect(stderr).toBe(
      [
        "evarrow: warning: 1 step back in time (event kept), first at line 4",
        "evarrow: warning: 2 events are left out: the format cannot hold them",
        "evarrow: warning: not verified: the output differs from the input",
        "",
      ].join("\n"),
    );
    const json = JSON.parse((await evarrow(["convert", "--json", ...argv.slice(1)])).stdout);
    expect(json).toMatchObject({ events: 2, leftOut: 2, digest: null });
  });

  it("--force names triggers as such", async () => {
    const ids = evt2File("ids.raw", [timeHigh(1), trigger(0, 31, 1), trigger(1, 1, 0)]);
    const { stderr, stdout } = await evarrow(["convert", "--force", ids, out("a.evt3.raw")]);
    expect(stdout).toContain("Triggers  1\n");
    expect(stderr).toBe("evarrow: warning: 1 trigger is left out: the format cannot hold it\n");
  });

  it("--force without need is no loss", async () => {
    const argv = ["convert", "--force", "--verify", file, out("a.evt3.raw")];
    const { stdout, stderr } = await evarrow(argv);
    expect(stderr).toBe("");
    expect(stdout).toContain("Verified");
  });
});

describe("a failure", () => {
  /** Runs with a file that is there already: nothing may happen to it. */
  async function failure(argv: string[], name: string): Promise<[number, string]> {
    writeFileSync(out(name), "old");
    const { exitCode, stdout, stderr } = await evarrow(["convert", ...argv, out(name)]);
    expect(stdout).toBe("");
    expect(readdirSync(folder)).toEqual([name]);
    expect(readFileSync(out(name), "utf8")).toBe("old");
    rmSync(out(name));
    expect(stderr).toMatch(/^evarrow: error: .*\n$/);
    expect(stderr).not.toMatch(/`|lossy|rebase: true|geometry:|ByteSink|WritableStream/);
    return [exitCode, stderr.slice("evarrow: error: ".length, -1)];
  }

  const wide = csvFile("f-wide.csv", "1,1,1,1", "5000,1,2,1");
  const early = csvFile("f-early.csv", "1,1,-5,1", "1,1,1,1");
  const late = csvFile("f-late.csv", "1,1,5000000000,1", "1,1,5000000001,1");
  const far = csvFile("f-far.csv", "1,1,5,1", "1,1,5000000001,1");
  const back = csvFile("f-back.csv", "1,1,90000000,1", "1,1,5,1");
  const ids = evt2File("f-ids.raw", [timeHigh(1), trigger(0, 31, 1)]);
  const FORCE = "--force leaves out what does not fit.";
  const REBASE = "--rebase puts the first event on time 0;";

  it.each<[string, string[], string, string]>([
    [
      "a pixel",
      [wide],
      "a.evt2.raw",
      `EVT 2.0 cannot hold this event (row 1): expected a pixel inside 2048x2048, found 5000, 1. ${FORCE}`,
    ],
    [
      "a time below 0",
      [early],
      "a.evt3.raw",
      `EVT 3.0 cannot hold this event (row 0): expected a time from 0 us on, found -5 us. ${REBASE} ${FORCE}`,
    ],
    [
      "a first time",
      [late],
      "a.dat",
      `DAT cannot hold this event (row 0): expected a first time below 4294967296 us, and steps of less than half of that, found 5000000000 us. ${REBASE} ${FORCE}`,
    ],
    [
      "a step, which rebasing does not mend",
      [far],
      "a.dat",
      `DAT cannot hold this event (row 1): expected a first time below 4294967296 us, and steps of less than half of that, found 5000000001 us. ${FORCE}`,
    ],
    [
      "a step back",
      [back],
      "a.evt3.raw",
      `EVT 3.0 cannot hold this event (row 1): expected no step back that reads as a wrap of the clock, found 5 us. ${FORCE}`,
    ],
    [
      "a time below 0 though it is rebased",
      [csvFile("f-rebased.csv", "1,1,100,1", "1,1,5,1"), "--rebase"],
      "a.evt2.raw",
      `EVT 2.0 cannot hold this event (row 1): expected a time from 0 us on, found -95 us. ${FORCE}`,
    ],
    [
      "a trigger",
      [ids],
      "a.evt3.raw",
      `EVT 3.0 cannot hold this trigger (row 0): expected a trigger id from 0 to 15, found 31. ${FORCE}`,
    ],
  ])("tells what cannot be held: %s", async (_, argv, name, message) => {
    expect(await failure(argv, name)).toEqual([1, message]);
  });

  it("tells that the name does not say the format, and what would", async () => {
    const [exitCode, message] = await failure([file], "a.raw");
    expect(exitCode).toBe(2);
    expect(message).toMatch(
      /a\.raw: the name of the target does not say its format: expected a name that ends in \.evt2\.raw, .*\. Or give --format: evt2, evt21, evt3, .*\.$/,
    );
  });

  it("tells that name and format do not agree", async () => {
    const [exitCode, message] = await failure([file, "--format", "evt3"], "a.csv");
    expect(exitCode).toBe(2);
    expect(message).toBe(
      `${out("a.csv")}: name and format of the target contradict each other: expected a name that ends in .evt3.raw, found .csv. Or leave --format out.`,
    );
  });

  it("tells of times that are no numbers of JSON lines", async () => {
    const late = temporaryPath("late.csv");
    writeFileSync(late, "x,y,t,polarity\n1,2,3,1\n1,2,9007199254740992,1\n");
    const [exitCode, message] = await failure([late], "a.jsonl");
    expect(exitCode).toBe(1);
    expect(message).toMatch(/as numbers \(row 1\).*found 9007199254740992 us\. .*--force/);
  });

  it("tells that a format cannot be verified", async () => {
    const [exitCode, message] = await failure([file, "--verify"], "a.parquet");
    expect(exitCode).toBe(2);
    expect(message).toMatch(/Parquet is not read, so it cannot be verified/);
  });

  it("tells that a format is not written", async () => {
    const [exitCode, message] = await failure([file, "--format", "avro"], "a.avro");
    expect(exitCode).toBe(2);
    expect(message).toMatch(
      /^this format cannot be written: expected one of evt2, .*found "avro"\.$/,
    );
  });

  it("tells what is wrong with IN", async () => {
    expect(await failure([temporaryPath("missing.raw")], "a.csv")).toEqual([
      1,
      `${temporaryPath("missing.raw")}: no such file.`,
    ]);
    const noise = temporaryFile(
      "noise.raw",
      Uint8Array.from({ length: 99 }, (_, at) => at * 77),
    );
    expect((await failure([noise], "a.csv"))[1]).toContain("this is no format that evarrow knows");
    expect((await failure(["http://127.0.0.1:1/a.raw"], "a.csv"))[1]).toBe(
      "http://127.0.0.1:1/a.raw: the address cannot be reached (bad port).",
    );
  });

  it.each<[string, string, string]>([
    ["a folder", "", "this names a directory: expected the name of a file."],
    ["a folder that is not there", "no/a.csv", "there is no such folder."],
    ["a folder with a slash", "no/", "this names a directory: expected the name of a file."],
  ])("tells what is wrong with OUT: %s", async (_, name, message) => {
    const path = name === "" ? folder : `${folder}/${name}`;
    const argv = ["convert", "--format", "csv", file, path];
    expect(await evarrow(argv)).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `evarrow: error: ${path}: ${message}\n`,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("tells that OUT is a web address", async () => {
    const { exitCode, stderr } = await evarrow([
      ...["convert", file, "https://me:secret@example.org/a.csv?key=secret"],
    ]);
    expect([exitCode, stderr]).toEqual([
      1,
      "evarrow: error: https://example.org/a.csv: web addresses cannot be written: expected a path or a file: URL, found https:. Write a file, and upload that.\n",
    ]);
  });

  it("tells that OUT cannot be verified", async () => {
    const { exitCode, stderr } = await evarrow([
      ...["convert", "--verify", "--format", "csv", file],
      "/dev/null",
    ]);
    expect([exitCode, stderr]).toEqual([
      2,
      "evarrow: error: /dev/null: this target cannot be read again to verify it: expected a regular file.\n",
    ]);
  });

  it("that is an interruption leaves no file", async () => {
    const signal = AbortSignal.abort();
    const { exitCode, stdout, stderr } = await evarrow(["convert", file, out("a.csv")], signal);
    expect([exitCode, stdout, stderr]).toEqual([130, "", ""]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a wrong call", () => {
  it.each<[string[], string]>([
    [["convert"], "missing required argument 'IN'"],
    [["convert", file], "missing required argument 'OUT'"],
    [["convert", file, "a.csv", "b.csv"], "too many arguments for 'convert'."],
    [["convert", file, ""], "The name of the output is empty."],
    [["convert", "", "a.csv"], "The name of the file is empty."],
    [["convert", file, "-"], "To write standard output, name /dev/stdout; a file, ./-."],
    [["convert", "-", "a.csv"], "To read standard input, name /dev/stdin; a file, ./-."],
    [["convert", file, "a.csv", "--endianness", "big"], "Allowed choices are little, legacy."],
    [["convert", file, "a.csv", "--format"], "argument missing"],
    [["convert", file, "a.csv", "--geometry", "640"], "Expected WIDTHxHEIGHT"],
    [["convert", file, "a.csv", "--nonsense"], "unknown option '--nonsense'"],
  ])("%j exits with 2", async (argv, message) => {
    const { exitCode, stdout, stderr } = await evarrow(argv);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^evarrow: error: .*\nTry `evarrow convert --help`\.\n$/);
    expect(stderr).toContain(message);
  });

  it("has help", async () => {
    const { exitCode, stdout } = await evarrow(["convert", "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Usage: evarrow convert [options] IN OUT");
    const options = ["--format", "--verify", "--force", "--rebase", "--endianness", "--strict"];
    for (const option of options) expect(stdout).toContain(`  ${option}`);
    expect((await evarrow(["--help"])).stdout).toMatch(/^ {2}convert IN OUT/m);
  });
});
