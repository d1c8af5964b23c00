import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { VERSION } from "../../src/node.ts";
import {
  CapturedStream,
  evarrow,
  evt2File,
  THREE_EVENTS,
  temporaryFile,
  temporaryPath,
} from "./support.ts";

const COMMANDS = ["info", "head", "digest", "stats"];

describe("help and version", () => {
  it("prints the version", async () => {
    const result = { exitCode: 0, stdout: `${VERSION}\n`, stderr: "" };
    expect(await evarrow(["--version"])).toEqual(result);
  });

  it("prints the help", async () => {
    const { exitCode, stdout, stderr } = await evarrow(["--help"]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} FILE`, "m"));
    expect(stdout).toContain("Examples:");
    expect(stdout).toContain("Exit codes: 0 fine, 1 the input is bad, 2 the call is wrong.");
  });

  it.each(COMMANDS)("prints the help of %s", async (command) => {
    const { exitCode, stdout } = await evarrow([command, "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Usage: evarrow ${command} [options] FILE`);
    expect(stdout).toContain("--strict[=assumptions]");
    expect(stdout).toMatch(new RegExp(`Examples:\n  evarrow ${command} `));
    expect(await evarrow(["help", command])).toEqual({ exitCode: 0, stdout, stderr: "" });
  });
});

describe("a wrong call", () => {
  const file = evt2File("three.raw", THREE_EVENTS);

  it.each<[string[], string]>([
    [["nonsense"], "unknown command 'nonsense'"],
    [["inf", file], "unknown command 'inf' (Did you mean info?)"],
    [["--nonsense"], "unknown option '--nonsense'"],
    [["info"], "missing required argument 'FILE'"],
    [["info", "--json"], "missing required argument 'FILE'"],
    [["info", file, file], "too many arguments for 'info'. Expected 1 argument but got 2."],
    [["info", "--nonsense", file], "unknown option '--nonsense'"],
    [["info", ""], "The name of the file is empty."],
    [["stats", file, "--window", "0"], "Expected a time of whole microseconds from 1"],
    [["stats", file, "--window", "1.5us"], "for example 1s, 100ms or 500us."],
    [["stats", file, "--window", "1 week"], "argument '1 week' is invalid."],
    [["stats", file, "--window", "-1s"], "argument '-1s' is invalid."],
    [["stats", file, "--hot-pixels", "few"], "Expected a whole number from 0."],
    [["head", file, "-n"], "option '-n, --count <number>' argument missing"],
    [["head", file, "-n", "-1"], "argument '-1' is invalid. Expected a whole number from 0."],
    [["head", file, "-n", "1.5"], "argument '1.5' is invalid."],
    [["head", file, "-n", "ten"], "argument 'ten' is invalid."],
    [["head", file, "-n", "1e3"], "argument '1e3' is invalid."],
    [["head", file, "-n", ""], "argument '' is invalid."],
    [["head", file, "-n", "99999999999999999999"], "is invalid. Expected a whole number from 0."],
    [["stats", file, "--geometry", "640"], "argument '640' is invalid. Expected WIDTHxHEIGHT"],
    [["stats", file, "--geometry", "0x480"], "argument '0x480' is invalid."],
    [["stats", file, "--geometry", "70000x1"], "in pixels from 1 to 65536"],
    [["stats", file, "--strict=all"], "Expected --strict or --strict=assumptions."],
    [["head", file, "--text-columns", "t,x,y"], "Expected t, x, y and p once each"],
    [["head", file, "--text-columns", "t,x,y,p,p"], "for example t,x,y,p or x,y,-,p,t."],
    [["head", file, "--text-columns", "t,x,y,p,z"], "argument 't,x,y,p,z' is invalid."],
    [["head", file, "--time-unit", "min"], "choices are s, ms, us, ns."],
    [["head", file, "--on-malformed", "drop"], "choices are error, skip."],
    [["head", file, "--polarity-encoding", "01"], "choices are minus-one-one, zero-one."],
  ])("%j exits with 2", async (argv, message) => {
    const { exitCode, stdout, stderr } = await evarrow(argv);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^evarrow: error: .*\nTry `evarrow (\w+ )?--help`\.\n$/);
    expect(stderr).toContain(message);
  });

  it("without a command prints the help on stderr", async () => {
    const { exitCode, stdout, stderr } = await evarrow([]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: evarrow COMMAND");
  });

  it("names the command when only a file was given", async () => {
    const { exitCode, stderr } = await evarrow([file]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`\nTo look into that file: evarrow info ${file}\n`);
  });

  it("does not repeat escape sequences", async () => {
    const { stderr } = await evarrow(["\u001b[31mred"]);
    expect(stderr).toContain("unknown command '\\x1b[31mred'");
  });
});

describe("options", () => {
  const file = evt2File("options.raw", [...THREE_EVENTS, 0x30000000]);

  it.each(COMMANDS)("%s takes all the common ones", async (command) => {
    const argv = [command, "--json", "--geometry", "640x480", "--polarity-encoding", "zero-one"];
    const { exitCode, stdout } = await evarrow([...argv, file]);
    expect(exitCode).toBe(0);
    JSON.parse(stdout);
  });

  it("--strict does not take the file for its value", async () => {
    const { exitCode, stderr } = await evarrow(["stats", "--strict", file]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^evarrow: error: .*a word of a type that the format does not define \(at byte \d+\)\. Without --strict the rest is read and the loss is reported\.\n$/,
    );
  });

  it("--strict=assumptions fails on an assumption", async () => {
    const assumed = evt2File("assumed.raw", THREE_EVENTS, ["evt 2.0", "system_ID 21"]);
    const { exitCode, stderr } = await evarrow(["info", "--strict=assumptions", assumed]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Give --geometry WIDTHxHEIGHT to state it yourself.");
    const stated = ["info", "--strict=assumptions", "--geometry", "640x480", assumed];
    expect((await evarrow(stated)).exitCode).toBe(0);
  });

  it("`--` ends the options", async () => {
    const { exitCode, stderr } = await evarrow(["info", "--", "--strict"]);
    expect(exitCode).toBe(1);
    expect(stderr).toBe("evarrow: error: --strict: no such file.\n");
  });
});

describe("a bad input", () => {
  const noise = Uint8Array.from({ length: 1000 }, (_, index) => (index * 197 + 131) & 0xff);
  const inputs: [what: string, path: string, message: RegExp][] = [
    ["a missing file", temporaryPath("missing.raw"), /missing\.raw: no such file\.$/],
    ["a directory", temporaryPath("."), /this is a directory/],
    ["an empty file", temporaryFile("empty.raw", ""), /the source is empty/],
    ["noise", temporaryFile("noise.raw", noise), /this is no format that evarrow knows/],
    ["a format not read yet", evt2File("evt4.raw", [], ["evt 4.0"]), /Prophesee EVT 4\.0/],
    ["HDF5", temporaryFile("a.h5", "\x89HDF\r\n\x1a\n"), /./],
    ["a web address", "http://127.0.0.1:1/a.raw", /the address cannot be reached \(bad port\)\.$/],
  ];

  for (const command of COMMANDS) {
    it.each(inputs)(`${command}: %s is told in one line`, async (_, path, message) => {
      const { exitCode, stdout, stderr } = await evarrow([command, path]);
      expect([exitCode, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^evarrow: error: .+\n$/);
      expect(stderr.trimEnd()).toMatch(message);
    });
  }
});

describe("the output", () => {
  const file = evt2File("output.raw", THREE_EVENTS);

  async function runInto(write: (done: (error?: Error) => void) => void, argv = ["stats", file]) {
    const stdout = new Writable({ write: (_chunk, _encoding, done) => write(done) });
    const stderr = new CapturedStream();
    const exitCode = await run(argv, { stdout, stderr });
    return { exitCode, stderr: stderr.text };
  }

  it("may be closed by its reader", async () => {
    const error = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    expect(await runInto((done) => done(error))).toEqual({ exitCode: 0, stderr: "" });
    for (const [format, exitCode] of [
      ["table", 0],
      ["csv", 0],
      ["json", 0],
      ["arrow", 141],
      ["parquet", 141],
    ] as const) {
      const argv = ["query", "--output", format, file, "SELECT x FROM events"];
      expect(await runInto((done) => done(error), argv)).toEqual({ exitCode, stderr: "" });
    }
  });

  it("may fail", async () => {
    const error = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
    expect(await runInto((done) => done(error))).toEqual({
      exitCode: 1,
      stderr: "evarrow: error: the output cannot be written (ENOSPC: no space left)\n",
    });
  });

  it("never has a stack trace", async () => {
    const result = await runInto(() => {
      throw new TypeError("this is\na defect");
    });
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(
      /^evarrow: unexpected error: this is\\na defect \(.*please report it.*\)\n$/,
    );
  });

  it("is nothing when the call was interrupted before", async () => {
    const result = { exitCode: 130, stdout: "", stderr: "" };
    expect(await evarrow(["info", file], AbortSignal.abort())).toEqual(result);
  });
});
