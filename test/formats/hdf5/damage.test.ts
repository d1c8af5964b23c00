/**
 * Damaged files: whatever the bytes are, everything in them is listed and read, or our error says
 * why not. `EVARROW_SOAK=n` makes n times as many runs.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type EventErrorCode, isEventError } from "../../../src/errors.ts";
import { readDataset } from "../../../src/formats/hdf5/dataset-values.ts";
import { Hdf5File } from "../../../src/formats/hdf5/file.ts";
import { RowReader } from "../../../src/formats/hdf5/rows/row-reader.ts";
import { MemorySource } from "../../../src/source/memory.ts";
import { encodeEcfReference } from "../../reference/ecf.ts";
import { damagedBytes } from "../../support/damage.ts";
import { cdType, types, writeHdf5 } from "../../support/hdf5-writer.ts";
import { choicesOf, madeByLibrary } from "./files.ts";
import { bytesOf, chunksOf, filtered, someColumns } from "./values.ts";

const SOAK = Math.max(Number(process.env.EVARROW_SOAK ?? 1) || 1, 1);
const DAMAGES: readonly EventErrorCode[] = ["invalid-header", "unsupported-format", "damaged-data"];
/** More rows than any of the files has are not read, as no caller would. */
const MAX_ROWS = 5000;

const ROWS = 300;
const { x, y, p, t } = someColumns(ROWS);

/** Files with a bit of everything, small, so that most changes hit something. */
async function someFiles(): Promise<Uint8Array<ArrayBuffer>[]> {
  const filters = [{ id: 2, values: [8] }, { id: 1 }, { id: 3 }];
  const ecf = [{ id: 36559, name: "ECF" }];
  const events = Array.from(x, (value, row) => {
    return { t: t[row] as bigint, x: value, y: y[row] as number, p: row % 2 };
  });
  const list = [0, 100, 200].map((at, index) => {
    const mode = (["runs", "xp", "yxp"] as const)[index] ?? "runs";
    return { at: [at], bytes: encodeEcfReference(events.slice(at, at + 100), mode) };
  });
  const old = writeHdf5({
    CD: {
      events: {
        type: cdType(),
        shape: [ROWS],
        filters: ecf,
        chunks: { shape: [100], list, elementBytes: 16 },
      },
    },
    events: {
      t: {
        type: types.integer(8, true),
        shape: [ROWS],
        filters,
        chunks: {
          shape: [30],
          list: chunksOf(bytesOf(t), 8, 30, (chunk) => ({ bytes: filtered(chunk, filters, 8) })),
          elementBytes: 8,
        },
      },
      x: { type: types.integer(2, false), shape: [ROWS], data: bytesOf(x) },
      y: { type: types.integer(2, false), shape: [ROWS], compact: bytesOf(y) },
      p: {
        type: types.integer(1, true),
        shape: [ROWS],
        filters: [{ id: 32000, values: [4, 261, 64] }],
        chunks: {
          shape: [64],
          list: chunksOf(bytesOf(p), 1, 64, (chunk) => ({
            bytes: filtered(chunk, [{ id: 32000 }], 1),
          })),
          elementBytes: 1,
        },
      },
    },
    link: { link: "/events/x" },
  });
  const made = await Promise.all(
    (["v108", "v110", "latest"] as const).map((libver) =>
      madeByLibrary((file) => {
        const group = file.create_group("events");
        group.create_attribute("geometry", "640x480");
        const gzip = { compression: "gzip" as const };
        group.create_dataset({ name: "x", data: x, chunks: [40], ...gzip });
        group.create_dataset({ name: "t", data: t, chunks: [20], maxshape: [null], ...gzip });
        group.create_dataset({ name: "y", data: y, chunks: [9], maxshape: [null] });
        const shape = [ROWS / 4, 4];
        const matrix = { data: x, shape, chunks: [10, 3], maxshape: [null, null] };
        group.create_dataset({ name: "m", ...matrix });
        for (let index = 0; index < 12; index++) group.create_attribute(`a${index}`, index);
        for (let index = 0; index < 12; index++) file.create_soft_link("/events/x", `link${index}`);
      }, libver),
    ),
  );
  return [old, ...made];
}

let reads = 0;

/** Counts reads, which bound the work; refuses what is outside, as sources do. */
class CountingSource extends MemorySource {
  override read(...args: Parameters<MemorySource["read"]>): Promise<Uint8Array> {
    reads++;
    const [offset, length] = args;
    if (!(offset >= 0 && length >= 0 && offset + length <= this.byteLength)) {
      throw new Error(`${length} bytes at ${offset} of ${this.byteLength} were asked for`);
    }
    return super.read(...args);
  }
}

/** Reads all that a file has; every error is ours. */
async function readAll(bytes: Uint8Array): Promise<"whole" | "damaged"> {
  let outcome: "whole" | "damaged" = "whole";
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!isEventError(error)) throw error;
      expect(DAMAGES).toContain(error.code);
      outcome = "damaged";
      return undefined;
    }
  };
  reads = 0;
  const file = await attempt(() => Hdf5File.open(new CountingSource(bytes)));
  if (file === undefined) return outcome;
  await attempt(() => file.get("/events/t"));
  for (const object of (await attempt(() => file.list())) ?? []) {
    await attempt(() => object.attributes());
    if (object.kind !== "dataset") continue;
    await attempt(() => readDataset(file, object));
    for (const choice of choicesOf(object).slice(0, 8)) {
      const reader = await attempt(() => RowReader.open(file, [{ dataset: object, ...choice }]));
      if (reader === undefined) continue;
      await attempt(() => reader.checkStored());
      const rows = Math.min(reader.rows, MAX_ROWS);
      await attempt(() => reader.read(0, rows));
      await attempt(() => reader.read(Math.max(reader.rows - 10, 0), Math.min(reader.rows, 10)));
    }
  }
  expect(reads).toBeLessThan(20_000);
  return outcome;
}

describe("a file with damage", () => {
  let files: Uint8Array<ArrayBuffer>[];

  beforeAll(async () => {
    files = await someFiles();
  });

  it("is whole without any", async () => {
    for (const file of files) expect(await readAll(file)).toBe("whole");
  });

  it(
    "cut at any place",
    async () => {
      for (const file of files) {
        for (let length = 0; length < file.byteLength; length += SOAK > 1 ? 1 : 401) {
          await readAll(file.slice(0, length));
        }
      }
    },
    120_000 * SOAK,
  );

  it(
    "with any byte changed",
    async () => {
      for (const [index, file] of files.entries()) {
        for (let at = index; at < file.byteLength; at += SOAK > 1 ? 1 : 1999) {
          for (const value of [0, 0xff, (file[at] ?? 0) ^ (1 << (at % 8))]) {
            const changed = file.slice();
            changed[at] = value;
            await readAll(changed);
          }
        }
      }
    },
    120_000 * SOAK,
  );

  it(
    "with several changes",
    async () => {
      const choices = fc.constantFrom(...files);
      await fc.assert(
        fc.asyncProperty(damagedBytes(choices), async (bytes) => {
          await readAll(bytes);
        }),
        { numRuns: 50 * SOAK },
      );
    },
    120_000 * SOAK,
  );
});
