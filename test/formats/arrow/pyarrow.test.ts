/** What pyarrow, the implementation that most people use, thinks of our files, and we of its. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createArrowWriter } from "../../../src/formats/arrow/writer.ts";
import { isEventError, loadTable } from "../../../src/node.ts";
import { concatBytes } from "../../support/evt2-words.ts";
import { expectSameColumns } from "../../support/expected-load.ts";
import { cut, loaded, plainBatch, someEvents, tableOf } from "./tables.ts";

/** Why pyarrow cannot be asked; null when it can. */
function reasonToSkip(): string | null {
  try {
    execFileSync("python3", ["-c", "import pyarrow"], { stdio: "ignore" });
    return null;
  } catch {
    return "python3 with pyarrow is not there";
  }
}

const reason = reasonToSkip();
if (reason !== null) console.warn(`skipped, the tests beside pyarrow: ${reason}`);

const READ = `
import json, sys
import pyarrow as pa
table = pa.ipc.open_file(sys.argv[1]).read_all()
table.validate(full=True)
print(json.dumps({
  "types": [str(field.type) for field in table.schema],
  "metadata": {key.decode(): value.decode() for key, value in table.schema.metadata.items()},
  "columns": {name: table.column(name).to_pylist() for name in table.column_names},
}))
`;

const WRITE = `
import sys
import pyarrow as pa
from pyarrow import feather
folder = sys.argv[1]
rows = range(1000)
columns = {
  "label": pa.array(["a", "b"] * 500).dictionary_encode(),
  "x": pa.array([row * 7 % 640 for row in rows], pa.int32()),
  "note": pa.array([f"note {row}" for row in rows]),
  "y": pa.array([row * 11 % 480 for row in rows], pa.uint16()),
  "timestamp": pa.array([1000 + (row >> 1) for row in rows], pa.timestamp("us")),
  "on": pa.array([row % 3 != 0 for row in rows]),
}
table = pa.table(columns)
with pa.ipc.new_file(f"{folder}/file.arrow", table.schema) as writer:
  writer.write_table(table, max_chunksize=129)
with pa.ipc.new_stream(f"{folder}/stream.arrows", table.schema) as writer:
  writer.write_table(table, max_chunksize=77)
feather.write_feather(table, f"{folder}/plain.feather", compression="uncompressed")
feather.write_feather(table, f"{folder}/lz4.feather")
with pa.ipc.new_file(f"{folder}/legacy.arrow", table.schema, options=pa.ipc.IpcWriteOptions(
    metadata_version=pa.ipc.MetadataVersion.V4, use_legacy_format=True)) as writer:
  writer.write_table(table)
`;

describe.skipIf(reason !== null)("pyarrow", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "evarrow-pyarrow-"));
    execFileSync("python3", ["-c", WRITE, folder]);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it("finds the columns that we wrote", () => {
    const events = someEvents(1000);
    const metadata = { "evarrow.format": "evt2", "evarrow.geometry": "640x480" };
    const table = tableOf(cut(events, [300]).map(plainBatch), metadata);
    const writer = createArrowWriter(table.schema as never);
    const chunks = table.batches.flatMap((batch) => writer.write(batch as never));
    const path = join(folder, "ours.arrow");
    writeFileSync(path, concatBytes(...chunks, ...writer.finish()));
    const found = JSON.parse(execFileSync("python3", ["-c", READ, path], { encoding: "utf8" }));
    expect(found).toEqual({
      types: ["uint16", "uint16", "int64", "int8"],
      metadata,
      columns: {
        x: [...events.x],
        y: [...events.y],
        t: [...events.t].map(Number),
        polarity: [...events.polarity],
      },
    });
  });

  it.each(["file.arrow", "stream.arrows", "plain.feather", "legacy.arrow"])(
    "wrote %s, which we read",
    async (name) => {
      const { columns, report } = await loaded(join(folder, name));
      expectSameColumns(columns, someEvents(1000));
      expect(report).toMatchObject({ firstAt: {}, firstRow: {}, assumptions: [] });
    },
  );

  it("wrote a compressed file, whose error says how to write another", async () => {
    const error = await loadTable(join(folder, "lz4.feather")).catch((caught) => caught);
    expect(isEventError(error, "unsupported-format"), String(error)).toBe(true);
    expect(error.hint).toContain("write_feather");
  });
});
