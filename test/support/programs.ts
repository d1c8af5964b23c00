/** What tests of promised memory share: processes of their own, and a source without end on no disk. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { SOAK } from "./soak.ts";

const entry = new URL("../../dist/node.js", import.meta.url);
/** Where the built package is, for programs. */
export const ENTRY: string = entry.href;
/** Whether slow tests run: `npm run soak`. */
export const IS_SOAK: boolean = SOAK > 1 && existsSync(fileURLToPath(entry));

/** Runs a program in a process of its own; gives what it prints as JSON. */
export function runProgram<Result>(code: string): Result {
  const all = `
    import { EventStreamer, openRecording, convertRecording } from ${JSON.stringify(ENTRY)};
    import { readFileSync, readdirSync } from "node:fs";
    const resident = () => process.memoryUsage.rss();
    // The most since it was last forgotten, which the system keeps.
    const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
    ${code}`;
  const argv = ["--input-type=module", "-e", all];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Result;
}

/** A source that makes its words as they are read: one time word for every 255 events. */
export const GENERATED: string = `
  const STEP = 256;
  const header = new TextEncoder().encode("% evt 2.0\\n% geometry 640x480\\n% fill xxxxx\\n% end\\n");
  const block = Uint32Array.from({ length: STEP * 4096 }, (_, at) => {
    const place = at % STEP;
    return (((place & 1) << 28) | ((place >> 2) << 22) | ((place * 2) << 11) | place) >>> 0;
  });
  const bytesOfBlock = new Uint8Array(block.buffer);
  const generated = (events) => ({
    name: "generated.raw",
    byteLength: header.byteLength + Math.ceil((events * STEP) / (STEP - 1)) * 4,
    async read(offset, length, { into = new Uint8Array(length) } = {}) {
      for (let at = 0; at < length; ) {
        const place = offset + at - header.byteLength;
        if (place < 0) {
          const part = header.subarray(header.byteLength + place, header.byteLength + place + length - at);
          into.set(part, at);
          at += part.byteLength;
          continue;
        }
        const start = place - (place % bytesOfBlock.byteLength);
        for (let step = 0; step < 4096; step++) {
          block[step * STEP] = ((8 << 28) | (start / 4 / STEP + step)) >>> 0;
        }
        const part = bytesOfBlock.subarray(place - start, place - start + length - at);
        into.set(part, at);
        at += part.byteLength;
      }
      return into.subarray(0, length);
    },
  });`;
