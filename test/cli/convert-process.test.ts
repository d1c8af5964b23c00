/**
 * `evarrow convert` as a process of its own: what it writes to standard output, and what ends it.
 * It needs `npm run build` and is skipped, with a word, where that has not been done.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { digestEvents } from "../../src/node.ts";
import { longRecording } from "../support/long-recording.ts";
import { evarrow, evt2File, THREE_EVENTS, temporaryFile, temporaryPath } from "./support.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const isBuilt = existsSync(main);
if (!isBuilt) console.warn("skipped: dist/cli/main.js is absent; `npm run build` makes it");

const CSV = "x,y,t,polarity\n5,7,640,1\n639,479,641,0\n100,0,703,1\n";

describe.skipIf(!isBuilt || process.platform === "win32")("the built command", () => {
  const file = evt2File("three.raw", THREE_EVENTS);

  /** Runs a shell command in which `evarrow` is the built one; gives its status and stderr. */
  function shell(command: string) {
    const evarrow = `evarrow() { '${process.execPath}' '${main}' "$@"; }`;
    return spawnSync("sh", ["-c", `${evarrow}\n${command}`], { encoding: "utf8" });
  }

  it.each(["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])(
    "writes nothing but the recording to %s",
    (name) => {
      if (!existsSync(name)) return;
      // The other names are of the same file: there is no more to what is printed.
      for (const json of name === "/dev/stdout" ? ["", "--json"] : ["--json"]) {
        const { status, stdout, stderr } = shell(
          `evarrow convert ${json} --format csv '${file}' ${name}`,
        );
        expect([status, stdout]).toEqual([0, CSV]);
        expect(stderr).toContain(json === "" ? "Events    3\n" : `{"file":"${name}",`);
      }
    },
  );

  it.each([">", ">>"])("goes on in the file that stdout was sent to with %s", (redirection) => {
    const path = temporaryFile(`redirected${redirection.length}.txt`, "");
    const convert = `evarrow convert --format csv '${file}' /dev/stdout`;
    const { status } = shell(
      `{ echo before; ${convert}; echo between; ${convert}; echo behind; } ${redirection} '${path}'`,
    );
    expect(status).toBe(0);
    expect(readFileSync(path, "utf8")).toBe(`before\n${CSV}between\n${CSV}behind\n`);
  });

  it("waits for a reader that is slow", async () => {
    const recording = longRecording(2 ** 20);
    const long = temporaryFile("slow.raw", recording);
    const argv = [main, "convert", "--format", "csv", long, "/dev/stdout"];
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "ignore"] });
    const exit = once(child, "exit");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) {
      chunks.push(chunk);
      if (chunks.length < 5) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await exit).toEqual([0, null]);
    const bytes = Uint8Array.from(Buffer.concat(chunks));
    expect(await digestEvents(bytes)).toEqual(await digestEvents(recording));
  });

  it("writes what other commands read", async () => {
    const convert = `evarrow convert --format evt3 '${file}' /dev/stdout`;
    const { status, stdout } = shell(`${convert} | evarrow digest --json /dev/stdin`);
    const expected = await evarrow(["digest", "--json", file]);
    expect([status, stdout]).toEqual([0, expected.stdout]);
  });

  /** What `head -c 10` leaves of a command: its exit code and what it says. */
  function cut(command: string): { stdout: Buffer; stderr: string; code: string } {
    const status = temporaryPath("status");
    const { stdout, stderr } = shell(`{ ${command}; echo $? > '${status}'; } | head -c 10`);
    return { stdout: Buffer.from(stdout, "latin1"), stderr, code: readFileSync(status, "utf8") };
  }

  it.each(["csv", "text", "jsonl"])("is content when its reader has enough lines of %s", (id) => {
    const long = temporaryFile("long.raw", longRecording(2 ** 21));
    const { stdout, stderr, code } = cut(`evarrow convert --format ${id} '${long}' /dev/stdout`);
    expect([stdout.length, stderr, code]).toEqual([10, "", "0\n"]);
  });

  it.each([
    "convert --format evt3 cut.raw /dev/stdout",
    "convert --format dat cut.raw /dev/stdout",
    "convert --format arrow cut.raw /dev/stdout",
    "export --preset store cut.raw /dev/stdout",
    "repair cut.evb /dev/stdout",
    'query --output arrow cut.raw "SELECT * FROM events"',
  ])("ends as SIGPIPE ends others when the reader of a file leaves it cut: %s", async (call) => {
    const long = temporaryFile("cut.raw", longRecording(2 ** 21));
    const container = temporaryPath("cut.evb");
    await evarrow(["export", "--overwrite", "--preset", "store", long, container]);
    const { stdout, stderr, code } = cut(`cd '${dirname(long)}' && evarrow ${call}`);
    expect([stdout.length > 0, stderr, code]).toEqual([true, "", "141\n"]);
  });

  it("names the file it cannot write, whoever reads", () => {
    if (!existsSync("/dev/full")) return;
    const { status, stderr } = shell(
      `evarrow convert --format csv '${file}' /dev/stdout > /dev/full`,
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^evarrow: error: \/dev\/stdout: the file cannot be written \(ENOSPC/);
  });

  it("says where HDF5 for a pipe finds no room", () => {
    const folder = temporaryPath("no-such-folder");
    const { status, stdout, stderr } = shell(
      `TMPDIR='${folder}' evarrow convert --format hdf5 '${file}' /dev/stdout | cat`,
    );
    expect([status, stdout]).toEqual([0, ""]); // of cat
    expect(stderr).toContain("the output cannot be put together in a temporary file (ENOENT");
    expect(stderr).toContain(`It takes room in ${folder} until it is complete.`);
  });

  it.each([
    ["SIGINT", 130, "4"],
    ["SIGTERM", 143, "4"],
    ["SIGHUP", 129, "4"],
    // Nothing can be done about files in order while the only thread waits for the pipe, or compresses.
    ["SIGINT", 130, "1"],
    ["SIGTERM", 143, "1"],
  ] as const)("leaves no half file behind when %s ends it", async (signal, code, threads) => {
    const folder = temporaryPath(`${signal}-${threads}`);
    mkdirSync(folder);
    const pipe = temporaryPath(`${signal}-${threads}-pipe`);
    execFileSync("mkfifo", [pipe]);
    const argv = [main, "convert", pipe, join(folder, "out.csv")];
    const env = { ...process.env, UV_THREADPOOL_SIZE: threads };
    const child = spawn(process.execPath, argv, { stdio: "ignore", env });
    const exit = once(child, "exit");
    const writer = await open(pipe, "w");
    await writer.write(longRecording(2 ** 20)); // and no end
    await vi.waitUntil(() => readdirSync(folder).length > 0, { timeout: 20_000 });
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.out\.csv\..*\.tmp$/)]);
    child.kill(signal);
    const [exitCode, endedBy] = await exit;
    // A read from a pipe that nobody writes to does not end: then the signal does it.
    expect(endedBy === signal || exitCode === code).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
    await writer.close();
  });
});
