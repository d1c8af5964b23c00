/**
 * Conversions take the memory of a tile, not of a file. Slow, so it runs with `npm run soak` only;
 * it needs the built package.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONVERTED } from "../support/conversions.ts";
import { longRecording } from "../support/long-recording.ts";

const entry = new URL("../../dist/node.js", import.meta.url);
const isSoak = Number(process.env.EVARROW_SOAK ?? 1) > 1 && existsSync(fileURLToPath(entry));

const INPUT_BYTES = 100_000_000;
/** Node itself, Arrow where it is the target, and the tile; the files have 100 MB to 500 MB. */
const MOST_BYTES = 170_000_000;
/** What the HDF5 library takes, which writes such files. */
const LIBRARY_BYTES = 45_000_000;

describe.skipIf(!isSoak)("the memory of a conversion of 100 MB (soak only)", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "evarrow-memory-"));
    writeFileSync(join(folder, "in.raw"), longRecording(INPUT_BYTES));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(CONVERTED)(
    "does not follow the file: $id and back",
    ({ id, ending }) => {
      const [path, copy, back] = ["in.raw", `copy${ending}`, "back.evt2.raw"].map((name) =>
        join(folder, name),
      );
      for (const [from, to] of [
        [path, copy],
        [copy, back],
      ]) {
        const code = `
        import { convertRecording } from ${JSON.stringify(entry.href)};
        const { events } = await convertRecording(${JSON.stringify(from)}, ${JSON.stringify(to)}, { verify: true });
        console.log(JSON.stringify({ events, bytes: process.resourceUsage().maxRSS * 1024 }));`;
        const argv = ["--input-type=module", "-e", code];
        const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
        expect(stderr).toBe("");
        const { events, bytes } = JSON.parse(stdout);
        expect(events).toBeGreaterThan(24_000_000);
        expect(bytes).toBeLessThan(MOST_BYTES + (id === "hdf5" ? LIBRARY_BYTES : 0));
        console.info(`${from} to ${to}: ${Math.round(bytes / 1e6)} MB`);
      }
      rmSync(copy ?? "");
    },
    600_000,
  );
});
