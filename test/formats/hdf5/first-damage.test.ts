/** Files with several damaged chunks: the error is that of the first row, however they are read. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EventError, openRecording, type StreamOptions } from "../../../src/node.ts";
import { types, writeHdf5 } from "../../support/hdf5-writer.ts";
import { SOAK } from "../../support/soak.ts";
import { bytesOf, chunksOf, filtered, someColumns } from "./values.ts";

const ROWS = 1200;
const CHUNK_ROWS = { x: 300, y: 200, t: 100, p: 150 } as const;
const NAMES = ["x", "y", "t", "p"] as const;
type Name = (typeof NAMES)[number];

/** One of the chunks of a column. */
interface Damage {
  readonly column: Name;
  readonly chunk: number;
}

function fileWith(damages: readonly Damage[]): Uint8Array<ArrayBuffer> {
  const { x, y, p, t } = someColumns(ROWS);
  const filters = [{ id: 1 }];
  const column = (name: Name, type: Uint8Array, bytes: Uint8Array, elementBytes: number) => {
    const rows = CHUNK_ROWS[name];
    let chunk = 0;
    const list = chunksOf(bytes, elementBytes, rows, (part) => {
      const deflated = filtered(part, filters, elementBytes);
      const at = chunk++;
      const isDamaged = damages.some((damage) => damage.column === name && damage.chunk === at);
      return { bytes: isDamaged ? deflated.fill(0xff) : deflated };
    });
    const chunks = { shape: [rows], list, elementBytes };
    return { type, shape: [ROWS], filters, chunks };
  };
  return writeHdf5({
    events: {
      // In the file they stand in another order.
      t: column("t", types.integer(8, true), bytesOf(t), 8),
      p: column("p", types.integer(1, true), bytesOf(p), 1),
      y: column("y", types.integer(2, false), bytesOf(y), 2),
      x: column("x", types.integer(2, false), bytesOf(x), 2),
    },
  });
}

describe("the error of a file with several damaged chunks", () => {
  let path: string;
  beforeAll(async () => {
    path = join(await mkdtemp(join(tmpdir(), "evarrow-damage-")), "damaged.h5");
  });
  afterAll(() => rm(join(path, ".."), { recursive: true }));

  async function outcome(options: StreamOptions) {
    const recording = await openRecording(path, { geometry: { width: 65_535, height: 65_535 } });
    let events = 0;
    try {
      for await (const batch of recording.stream(options)) events += batch.numRows;
    } catch (error) {
      const { code, row, byteOffset, message } = error as EventError;
      return { events, code, row, byteOffset, message };
    } finally {
      await recording.close();
    }
    return { events };
  }

  it("is that of the first row, and of its first column, however it is read", async () => {
    const damage = fc.constantFrom<Name>(...NAMES).chain((column) =>
      fc.record({
        column: fc.constant(column),
        // The first time is read when the file is opened.
        chunk: fc.integer({ min: column === "t" ? 1 : 0, max: ROWS / CHUNK_ROWS[column] - 1 }),
      }),
    );
    const damages = fc.uniqueArray(damage, {
      minLength: 1,
      maxLength: 6,
      selector: ({ column, chunk }) => `${column} ${chunk}`,
    });
    const property = fc.asyncProperty(damages, async (list) => {
      await writeFile(path, fileWith(list));
      const rowOf = ({ column, chunk }: Damage): number => chunk * CHUNK_ROWS[column];
      const [first] = list.toSorted(
        (a, b) => rowOf(a) - rowOf(b) || NAMES.indexOf(a.column) - NAMES.indexOf(b.column),
      ) as [Damage];
      const one = await outcome({});
      expect(one).toMatchObject({ code: "damaged-data", row: rowOf(first), events: rowOf(first) });
      expect(one.message).toContain(`/events/${first.column} `);
      for (const options of [
        { mode: "direct" as const },
        { batches: "borrowed" as const },
        { batchEvents: 70 },
      ]) {
        expect(await outcome(options)).toEqual(one);
      }
    });
    await fc.assert(property, { numRuns: 15 * SOAK });
  });

  it("is the same with threads", async () => {
    const damages = NAMES.map((column): Damage => ({ column, chunk: 600 / CHUNK_ROWS[column] }));
    await writeFile(path, fileWith(damages));
    const one = await outcome({});
    expect(one).toMatchObject({ code: "damaged-data", row: 600, events: 600 });
    expect(one.message).toContain("/events/x ");
    for (let run = 0; run < 3; run++) expect(await outcome({ threads: 2 })).toEqual(one);
  });
});
