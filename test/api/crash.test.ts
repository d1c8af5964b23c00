import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import {
  appendEvents,
  exportEvents,
  loadTable,
  reportOf,
  verifyContainer,
} from "../../src/node.ts";
import { madeEvt2, mixedScene } from "../support/conversions.ts";
import { ENTRY } from "../support/programs.ts";
import { SOAK } from "../support/soak.ts";
import { hasPermissions, unprivileged } from "../support/unprivileged.ts";

const root = mkdtempSync(join(tmpdir(), "evarrow-crash-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = root;
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
});

const isBuilt = existsSync(fileURLToPath(ENTRY));
const MOMENTS = SOAK > 1 ? 100 : 3;
/** The longest that a program works before it is killed. */
const MOST_MS = 120;
const EVENTS = 600;
/** A file that was appended to so often is begun anew. */
const MOST_ROUNDS = 60;
const RAW = await madeEvt2({ ...mixedScene(), events: mixedScene().events.slice(0, EVENTS) });

/**
 * Runs a program until it is killed at a random moment after it said that it begins, or that something
 * is done for the first time; returns how often it said that something is done.
 */
async function runAndKill(code: string, after: "begins" | "done" = "begins"): Promise<number> {
  const program = `
    import { appendEvents, exportEvents, loadTable } from ${JSON.stringify(ENTRY)};
    const table = await loadTable(Buffer.from(${JSON.stringify(Buffer.from(RAW).toString("base64"))}, "base64"));
    console.log("begins");
    ${code}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.on("close", (_, signal) => resolve(signal));
  });
  let done = 0;
  let willEnd = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "done") done++;
    if (line !== after || willEnd) continue;
    willEnd = true;
    void setTimeout(Math.random() * MOST_MS).then(() => child.kill("SIGKILL"));
  }
  expect(await ended).toBe("SIGKILL");
  return done;
}

describe.skipIf(!isBuilt)("a process that is killed", () => {
  it("while it exports leaves no file that is not whole", async () => {
    let found = 0;
    for (let moment = 0; moment < MOMENTS; moment++) {
      // However slow the machine is, every other process has written a file before it is killed.
      const after = moment % 2 === 0 ? "done" : "begins";
      const program = `
        for (let at = 0; ; at++) {
          const path = ${JSON.stringify(join(folder, "out-"))} + (at % 4) + ".evb";
          const options = { overwrite: true, chunkEvents: 50, bufferBytes: 0 };
          await exportEvents(table, path, options);
          console.log("done");
        }`;
      await runAndKill(program, after);
      for (const name of readdirSync(folder)) {
        if (name.endsWith(".tmp")) continue; // what was being written has another name
        const { ok, events } = await verifyContainer(join(folder, name), { deep: true });
        expect([name, ok, events]).toEqual([name, true, EVENTS]);
        found++;
      }
    }
    expect(found).toBeGreaterThan(0);
  }, 600_000);

  it("while it appends leaves the old events, and all that it said to be done", async () => {
    const path = join(folder, "grows.evb");
    const table = await loadTable(RAW);
    await exportEvents(table, path);
    let rounds = 1;
    for (let moment = 0; moment < MOMENTS; moment++) {
      if (rounds > MOST_ROUNDS) {
        await exportEvents(table, path, { overwrite: true });
        rounds = 1;
      }
      const done = await runAndKill(`
        for (;;) {
          await appendEvents(${JSON.stringify(path)}, table, { chunkEvents: 50, bufferBytes: 0 });
          console.log("done");
        }`);
      const loaded = await loadTable(path, { evb: { verifyChecksum: true } });
      const added = loaded.numRows / EVENTS - rounds;
      // The last one may have been completed, and nobody was told.
      expect([done, done + 1]).toContain(added);
      const times = loaded.getChild("t")?.toArray() as BigInt64Array;
      const once = table.getChild("t")?.toArray() as BigInt64Array;
      expect(times.every((t, at) => t === once[at % EVENTS])).toBe(true);
      const { truncatedBytes } = reportOf(loaded);
      const { cutBytes } = await appendEvents(path, table);
      expect(cutBytes).toBe(truncatedBytes);
      rounds += added + 1;
      expect(await verifyContainer(path)).toMatchObject({ findings: [], events: rounds * EVENTS });
    }
  }, 600_000);
});

describe("a target without room or permission", () => {
  it.skipIf(!existsSync("/dev/full"))("is an error: no space", async () => {
    const table = await loadTable(RAW);
    const error = await exportEvents(table, "/dev/full").catch((caught) => caught);
    expect(error).toMatchObject({ code: "sink-unwritable", path: "/dev/full" });
    expect(error.cause.code).toBe("ENOSPC");
  });

  it.skipIf(!hasPermissions)("is an error: a folder that may not be written", async () => {
    const table = await loadTable(RAW);
    const { chmodSync } = await import("node:fs");
    chmodSync(root, 0o755);
    chmodSync(folder, 0o555);
    const path = join(folder, "a.evb");
    const error = await unprivileged(() => exportEvents(table, path)).catch((caught) => caught);
    chmodSync(folder, 0o755);
    expect(error).toMatchObject({ code: "sink-unwritable", path });
    expect(readdirSync(folder)).toEqual([]);
  });
});
