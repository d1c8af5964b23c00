/** A named pipe as the output: it is written as it is, and its reader may leave. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { longRecording } from "../support/long-recording.ts";
import { evarrow, temporaryFile, temporaryPath } from "./support.ts";

describe.skipIf(process.platform === "win32")("a named pipe as the output", () => {
  const long = temporaryFile("named-pipe.raw", longRecording(2 ** 21)); // more than a pipe holds
  const container = temporaryPath("named-pipe.evb");
  let count = 0;

  /** Makes a pipe in a folder of its own, and runs what reads from it. */
  function read(name: string, reader: string, args: string[]) {
    const folder = temporaryPath(`named-pipe-${count++}`);
    mkdirSync(folder);
    const pipe = join(folder, name);
    execFileSync("mkfifo", [pipe]);
    const child = spawn(reader, [...args, pipe], { stdio: ["ignore", "pipe", "ignore"] });
    return { folder, pipe, child, exit: once(child, "exit") };
  }

  async function exportLong(): Promise<void> {
    await evarrow(["export", "--overwrite", "--preset", "store", long, container]);
  }

  it.each<[name: string, command: string[], exitCode: number]>([
    ["out.csv", ["convert", long], 0],
    ["OUT.TXT", ["convert", long], 0],
    ["out.jsonl", ["convert", long], 0],
    ["out", ["convert", "--format", "csv", long], 0],
    ["out.evt3.raw", ["convert", long], 141],
    ["out.arrow", ["convert", long], 141],
    ["out.evb", ["export", "--preset", "store", long], 141],
    ["out.evb", ["repair", container], 141],
  ])("whose reader leaves is no error: %s of %j", async (name, command, exitCode) => {
    if (command.includes(container)) await exportLong();
    const { folder, pipe, exit } = read(name, "head", ["-c", "10"]);
    expect(await evarrow([...command, pipe])).toEqual({ exitCode, stdout: "", stderr: "" });
    await exit;
    expect(readdirSync(folder)).toEqual([name]);
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });

  it("gets all of it, and stays a pipe", async () => {
    const { folder, pipe, child, exit } = read("out.evb", "cat", []);
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    const made = await evarrow(["export", long, pipe]);
    expect([made.exitCode, made.stderr]).toEqual([0, ""]);
    await exit;
    const copy = temporaryFile("named-pipe-copy.evb", Buffer.concat(chunks));
    const [found, expected] = await Promise.all(
      [copy, long].map((path) => evarrow(["digest", "--json", path])),
    );
    expect(found).toEqual(expected);
    expect(readdirSync(folder)).toEqual(["out.evb"]);
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });
});
