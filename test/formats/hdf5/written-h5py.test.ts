/** What h5py, the library that most people read HDF5 with, finds in the files that we write. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { POLARITY_ENCODINGS } from "../../../src/events/polarity.ts";
import { convertRecording } from "../../../src/node.ts";
import { VERSION } from "../../../src/version.ts";
import { crc32 } from "../../support/compressed.ts";
import { madeEvt2, mixedScene } from "../../support/conversions.ts";
import { bytesOf } from "./values.ts";
import { anyColumns, reportFor, written } from "./writing.ts";

/** A Python that has h5py; null when none is found. */
function findPython(): string | null {
  for (const python of [process.env.EVARROW_PYTHON, "python3"]) {
    if (python === undefined) continue;
    try {
      execFileSync(python, ["-c", "import h5py"], { stdio: "ignore" });
      return python;
    } catch {
      // The next one may have it.
    }
  }
  return null;
}

const python = findPython();
if (python === null) console.warn("skipped, the tests beside h5py: no python3 with h5py is there");

const READ = `
import json, sys, zlib
import h5py
def plain(value):
  return value if isinstance(value, str) else value.item()
with h5py.File(sys.argv[1], "r") as file:
  events = file["events"]
  columns = {name: events[name][:] for name in events}
  print(json.dumps({
    "root": {name: plain(value) for name, value in file.attrs.items()},
    "unit": events["t"].attrs["unit"],
    "events": {name: plain(value) for name, value in events.attrs.items()},
    "stored": {
      name: [str(one.dtype), one.shape, one.maxshape, one.chunks, one.compression, one.shuffle]
      for name, one in events.items()
    },
    "checksums": {name: zlib.crc32(values.tobytes()) for name, values in columns.items()},
    "sums": {name: int(values.astype(object).sum()) if len(values) else 0 for name, values in columns.items()},
  }))
`;

describe.skipIf(python === null)("h5py", () => {
  const folder = mkdtempSync(join(tmpdir(), "evarrow-h5py-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  const read = (path: string) =>
    JSON.parse(execFileSync(python ?? "", ["-c", READ, path], { encoding: "utf8" }));

  it.each(
    POLARITY_ENCODINGS.flatMap((encoding) =>
      [0, 1, 65_536, 150_000].map((length) => ({ encoding, length })),
    ),
  )("finds $length events, $encoding", async ({ encoding, length }) => {
    const columns = anyColumns(length, encoding, 7);
    const path = join(folder, "ours.h5");
    writeFileSync(path, await written(columns, reportFor(encoding)));
    const found = read(path);
    const storage = [[length], [null], [65_536], "gzip", false];
    expect(found.stored).toEqual({
      p: [encoding === "zero-one" ? "uint8" : "int8", ...storage],
      t: ["int64", ...storage],
      x: ["uint16", ...storage],
      y: ["uint16", ...storage],
    });
    for (const [name, values] of Object.entries(columns)) {
      expect(found.checksums[name], name).toBe(crc32(bytesOf(values)));
    }
  });

  it("finds the attributes", async () => {
    const path = join(folder, "converted.h5");
    await convertRecording(await madeEvt2(mixedScene()), path, { rebase: true });
    const { root, events, sums, unit } = read(path);
    expect(unit).toBe("us");
    expect(root).toEqual({
      width: 320,
      height: 240,
      geometry: "320x240",
      "evarrow.format": "evt2",
      "evarrow.geometry": "320x240",
      "evarrow.polarityEncoding": "zero-one",
      "evarrow.timeUnit": "us",
      "evarrow.timeOffset": "16770000",
      "evarrow.writerVersion": VERSION,
    });
    expect(events).toEqual({ width: 320, height: 240 });
    const scene = mixedScene().events;
    const sum = (of: (event: (typeof scene)[number]) => number) =>
      scene.reduce((total, event) => total + of(event), 0);
    expect(sums).toEqual({
      x: sum(({ x }) => x),
      y: sum(({ y }) => y),
      t: sum(({ t }) => t - 16_770_000),
      p: sum(({ p }) => p),
    });
  });
});
