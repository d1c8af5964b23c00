/** Runs the command line in this process, and makes small recordings for it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { run } from "../../src/cli/run.ts";

/** A stream that keeps what is written to it, and can claim to be a terminal. */
export class CapturedStream extends Writable {
  readonly isTTY: boolean;
  readonly columns = 80;
  text = "";

  constructor(isTTY = false) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export interface CliResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs `evarrow` with the given arguments. */
export async function evarrow(argv: string[], signal?: AbortSignal): Promise<CliResult> {
  const stdout = new CapturedStream();
  const stderr = new CapturedStream();
  const exitCode = await run(argv, { stdout, stderr, signal });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

let folder: string | undefined;

/** A path in a folder that goes with the process, which runs the tests of several files. */
export function temporaryPath(name: string): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "evarrow-cli-"));
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return join(folder, name);
}

/** Writes a file of the given bytes or text and gives its path. */
export function temporaryFile(name: string, content: Uint8Array | string): string {
  const path = temporaryPath(name);
  writeFileSync(path, content);
  return path;
}

/** Header lines that leave nothing to assume. */
export const FULL_HEADER = ["evt 2.0", "geometry 640x480", "serial_number 00042"];

/** Writes an EVT2 recording of the given header lines (Latin-1) and words. */
export function evt2File(name: string, words: number[], header: string[] = FULL_HEADER): string {
  const text = [...header, "end"].map((line) => `% ${line}\n`).join("");
  const data = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) data.writeUInt32LE(word, index * 4);
  return temporaryFile(name, Buffer.concat([Buffer.from(text, "latin1"), data]));
}

/** EVT_TIME_HIGH: the time is `value` * 64 us from here on. */
export const timeHigh = (value: number): number => ((0x8 << 28) | value) >>> 0;

/** CD_OFF or CD_ON, `low` us after the last EVT_TIME_HIGH. */
export const cd = (polarity: 0 | 1, low: number, x: number, y: number): number =>
  ((polarity << 28) | (low << 22) | (x << 11) | y) >>> 0;

/** EXT_TRIGGER. */
export const trigger = (low: number, id: number, value: 0 | 1): number =>
  ((0xa << 28) | (low << 22) | (id << 8) | value) >>> 0;

/** Three events at 640, 641 and 703 us, and a trigger. */
export const THREE_EVENTS = [
  timeHigh(10),
  cd(1, 0, 5, 7),
  cd(0, 1, 639, 479),
  trigger(2, 3, 1),
  cd(1, 63, 100, 0),
];
