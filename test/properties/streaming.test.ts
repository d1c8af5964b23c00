/**
 * What streaming promises of memory, threads and open files. Slow, so it runs with `npm run soak`
 * only; it needs the built package.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONVERTED } from "../support/conversions.ts";
import { longRecording } from "../support/long-recording.ts";
import { ENTRY, GENERATED, IS_SOAK, runProgram } from "../support/programs.ts";

const MINUTES = 60_000;

describe.skipIf(!IS_SOAK)("streaming (soak only)", () => {
  // Eight times as many tell more surely of growth, as a tenth of them holds more collections.
  it.each([
    ["owned", 1],
    ["owned", 8],
    ["borrowed", 1],
    ["borrowed", 8],
  ] as const)(
    "take no more memory at the end than at the start: %s batches, %d billion events",
    (batches, billions) => {
      const found = runProgram<{ events: number; peak: number; first: number; last: number }>(`
        ${GENERATED}
        const EVENTS = ${billions}_000_000_000;
        const recording = await openRecording(generated(EVENTS));
        let events = 0;
        let first = 0;
        let last = 0;
        for await (const { numRows } of recording.stream({ batches: ${JSON.stringify(batches)} })) {
          events += numRows;
          if (events <= EVENTS / 10) first = Math.max(first, resident());
          if (events >= (EVENTS / 10) * 9) last = Math.max(last, resident());
        }
        await recording.close();
        console.log(JSON.stringify({ events, peak: peak(), first, last }));`);
      console.info(`${batches}, ${billions} billion: peak ${Math.round(found.peak / 1e6)} MB`);
      expect(found.events).toBeGreaterThanOrEqual(billions * 1e9);
      expect(found.peak).toBeLessThan(200_000_000);
      expect(found.last - found.first).toBeLessThan(10_000_000);
    },
    20 * MINUTES,
  );

  describe("of 100 MB", () => {
    let folder = "";
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "evarrow-streaming-"));
      writeFileSync(join(folder, "in.raw"), longRecording(100_000_000));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    const LIMIT = 64_000_000;
    it.each([
      ...CONVERTED.map(({ id, ending }) => [id, ending] as const),
      ["gzip", ".gz"] as const,
    ])(
      "keeps a limit of 64 MB: %s",
      (id, ending) => {
        const path = join(folder, `copy${ending}`);
        const found = runProgram<{ events: number; held: number; ledger: number }>(`
          import { createReadStream, createWriteStream } from "node:fs";
          import { pipeline } from "node:stream/promises";
          import { createGzip } from "node:zlib";
          import { spawnSync } from "node:child_process";
          const from = ${JSON.stringify(join(folder, "in.raw"))};
          const to = ${JSON.stringify(path)};
          if (${id === "gzip"}) await pipeline(createReadStream(from), createGzip({ level: 1 }), createWriteStream(to));
          else {
            const code = 'import { convertRecording } from ${JSON.stringify(ENTRY)}; await convertRecording(process.argv[1], process.argv[2]);';
            spawnSync(process.execPath, ["--input-type=module", "-e", code, from, to], { stdio: "inherit" });
          }
          await import("apache-arrow");
          const recording = await openRecording(to);
          globalThis.gc?.();
          const before = resident();
          const stream = recording.stream({ memoryLimitBytes: ${LIMIT} });
          let events = 0;
          let most = 0;
          let ledger = 0;
          for await (const { numRows } of stream) {
            events += numRows;
            most = Math.max(most, resident());
            ledger = Math.max(ledger, stream.stats().memoryBytes);
          }
          await recording.close();
          console.log(JSON.stringify({ events, held: most - before, ledger }));`);
        rmSync(path);
        console.info(
          `${id}: ${Math.round(found.held / 1e6)} MB, ledger ${Math.round(found.ledger / 1e6)} MB`,
        );
        expect(found.events).toBeGreaterThan(24_000_000);
        expect(found.ledger).toBeLessThanOrEqual(LIMIT);
        expect(found.held).toBeLessThanOrEqual(LIMIT);
      },
      10 * MINUTES,
    );

    it(
      "a thousand streams that are stopped leave nothing behind",
      () => {
        const found = runProgram<{ files: number[]; threads: number[]; memory: number[] }>(`
        const path = ${JSON.stringify(join(folder, "in.raw"))};
        const files = [];
        const threads = [];
        const memory = [];
        for (let round = 0; round < 1000; round++) {
          const recording = await openRecording(path);
          const stop = new AbortController();
          const stream = recording.stream({ signal: stop.signal, threads: round % 4 === 0 ? 2 : 1 });
          try {
            for await (const _ of stream) {
              if (round % 2 === 0) break;
              stop.abort(new Error("stopped"));
            }
          } catch (error) {
            if (error.message !== "stopped") throw error;
          }
          await recording.close();
          if (round % 100 !== 99) continue;
          globalThis.gc?.();
          files.push(readdirSync("/proc/self/fd").length);
          threads.push(readdirSync("/proc/self/task").length);
          memory.push(resident());
        }
        console.log(JSON.stringify({ files, threads, memory }));`);
        console.info(
          `memory after each hundred: ${found.memory.map((bytes) => Math.round(bytes / 1e6)).join(" ")} MB`,
        );
        expect(new Set(found.files).size).toBe(1);
        expect(new Set(found.threads).size).toBe(1);
        // What is not collected yet comes and goes: the least of each half tells what stays.
        const [early, late] = [found.memory.slice(0, 5), found.memory.slice(5)];
        expect(Math.min(...late)).toBeLessThan(Math.min(...early) + 15_000_000);
      },
      10 * MINUTES,
    );
  });
});
