/**
 * What queries promise of bytes and memory. Slow, so it runs with `npm run soak` only; it needs the
 * built package.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { longRecording } from "../support/long-recording.ts";
import { GENERATED, IS_SOAK, runProgram } from "../support/programs.ts";

const MINUTES = 60_000;

describe.skipIf(!IS_SOAK)("queries (soak only)", () => {
  it(
    "a billion events become a frame of 1 % of them within 200 MB and that",
    () => {
      const found = runProgram<{ events: number; peak: number }>(`
        ${GENERATED}
        const recording = await openRecording(generated(1_000_000_000));
        // Of the 255 events of a step these are three.
        const frame = await recording.query().roi({ x: 0, y: 0, width: 7, height: 4 }).collect();
        console.log(JSON.stringify({ events: frame.height, peak: peak() }));`);
      console.info(`${found.events} of a billion: peak ${Math.round(found.peak / 1e6)} MB`);
      expect(found.events).toBeGreaterThan(9_000_000);
      expect(found.events).toBeLessThan(16_000_000);
      expect(found.peak).toBeLessThan(200_000_000 + found.events * 13);
    },
    20 * MINUTES,
  );

  describe("of 100 M events", () => {
    let folder = "";
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "evarrow-queries-"));
      writeFileSync(join(folder, "in.raw"), longRecording(405_000_000));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it.each([".evt2.raw", ".evt3.raw", ".dat", ".h5"])(
      "a hundredth of the time takes less than three of the bytes: %s",
      (ending) => {
        const path = join(folder, `copy${ending}`);
        const found = runProgram<{ events: number; all: number; read: number; bytes: number }>(`
          import { openFile } from ${JSON.stringify(new URL("../../dist/node.js", import.meta.url).href)};
          const from = ${JSON.stringify(join(folder, "in.raw"))};
          const to = ${JSON.stringify(path)};
          await convertRecording(from, to);
          const file = await openFile(to);
          let read = 0;
          const counted = {
            byteLength: file.byteLength,
            read(offset, length, options) {
              read += length;
              return file.read(offset, length, options);
            },
          };
          const recording = await openRecording(counted);
          const { minTime, maxTime, events: all } = await recording.query().statistics();
          const middle = Math.round((minTime + maxTime) / 2);
          const window = recording.query().time(middle, middle + Math.round((maxTime - minTime) / 100));
          await window.explain();
          read = 0;
          const events = await window.count();
          console.log(JSON.stringify({ events, all, read, bytes: file.byteLength }));`);
        rmSync(path);
        console.info(`${ending}: ${((100 * found.read) / found.bytes).toFixed(2)} % of the bytes`);
        expect(found.all).toBeGreaterThan(100_000_000);
        expect(Math.abs(found.events / found.all - 0.01)).toBeLessThan(0.001);
        expect(found.read / found.bytes).toBeLessThan(0.03);
      },
      20 * MINUTES,
    );
  });
});
