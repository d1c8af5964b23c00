/**
 * Bytes per event of recordings as compact containers, under each preset, beside Arrow IPC with zstd as
 * Polars writes it. What was written is read again and compared by its digest. Real recordings only:
 * the inputs of the other benchmarks repeat a seed, which compression could find.
 *
 * Usage: npm run bench:sizes -- RECORDING...
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { CONTAINER_PRESETS, digestEvents, loadEvents, scanEvents } from "evarrow";

const paths = process.argv.slice(2);
if (paths.length === 0) throw new RangeError("name the recordings whose sizes are wanted");
const folder = mkdtempSync(join(tmpdir(), "evarrow-bench-sizes-"));
try {
  const presets = Object.keys(CONTAINER_PRESETS);
  const rows = [["bytes per event", ...presets, "Arrow IPC, zstd", "balanced / Arrow"]];
  for (const path of paths) rows.push(await sizesOf(path, presets));
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  for (const row of rows) {
    console.log(row.map((cell, at) => cell.padStart(widths[at])).join("  "));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function sizesOf(path, presets) {
  const { digest, events } = await digestEvents(path);
  const out = join(folder, "size.evb");
  const each = {};
  for (const preset of presets) {
    const stats = await scanEvents(path).export(out, { preset, overwrite: true });
    const found = await digestEvents(out);
    if (found.digest !== digest) throw new Error(`${path}: ${preset} holds other events`);
    each[preset] = stats.bytes / events;
  }
  const ipc = join(folder, "size.ipc");
  (await loadEvents(path)).writeIPC(ipc, { compression: "zstd" });
  const arrow = statSync(ipc).size / events;
  const numbers = [...presets.map((preset) => each[preset]), arrow, each.balanced / arrow];
  return [basename(path), ...numbers.map((number) => number.toFixed(3))];
}
