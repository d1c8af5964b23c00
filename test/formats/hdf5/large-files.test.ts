/** Files larger than 4 GiB: a source that makes up its values, so that none of them is stored. */
import { expect, it } from "vitest";
import { openHdf5 } from "../../../src/formats/hdf5/open.ts";
import type { ByteSource } from "../../../src/index.ts";
import { EventMemory } from "../../../src/kernels/event-memory.ts";
import { types, writeHdf5 } from "../../support/hdf5-writer.ts";

const ROWS = 700_000_000;
/** x, y, p and t of row n are n modulo their range; t is n. */
const COLUMNS = [
  { name: "x", bytes: 2, type: types.integer(2, false) },
  { name: "y", bytes: 2, type: types.integer(2, false) },
  { name: "p", bytes: 1, type: types.integer(1, false) },
  { name: "t", bytes: 8, type: types.integer(8, true) },
];
const DATA_OFFSET = 65536;

/** The structures are those of a small file; behind them the columns stand one after the other. */
class LargeSource implements ByteSource {
  readonly byteLength: number;
  readonly #head: Uint8Array;
  readonly #columns: readonly { start: number; end: number; bytes: number }[];
  bytesRead = 0;

  constructor() {
    let end = DATA_OFFSET;
    const columns = COLUMNS.map(({ name, bytes, type }) => {
      const start = end;
      end += ROWS * bytes;
      const claims = { offset: start, byteLength: ROWS * bytes };
      return { name, start, end, bytes, dataset: { type, shape: [ROWS], claims } };
    });
    this.#columns = columns;
    this.#head = writeHdf5({
      events: Object.fromEntries(columns.map(({ name, dataset }) => [name, dataset])),
    });
    this.byteLength = end;
  }

  async read(offset: number, length: number, { into }: { into?: Uint8Array } = {}) {
    const bytes = into?.subarray(0, length) ?? new Uint8Array(length);
    this.bytesRead += length;
    const column = this.#columns.find(
      ({ start, end }) => offset >= start && offset + length <= end,
    );
    if (column === undefined) {
      bytes.fill(0);
      bytes.set(this.#head.subarray(offset, offset + length));
      return bytes;
    }
    for (let at = 0; at < length; at++) {
      const inColumn = offset + at - column.start;
      const row = Math.floor(inColumn / column.bytes);
      const byte = inColumn % column.bytes;
      const value = column.bytes === 1 ? row % 2 : row;
      bytes[at] = Math.floor(value / 2 ** (8 * byte)) % 256;
    }
    return bytes;
  }
}

it("rows at the end of a file of 9 GB are read, and little else", async () => {
  const source = new LargeSource();
  expect(source.byteLength).toBeGreaterThan(2 ** 33);
  const options = { geometry: undefined, path: undefined, signal: undefined };
  const table = await openHdf5(source, options);
  expect(table.rows).toBe(ROWS);
  const memory = new EventMemory({ inputBytes: 64, tileEvents: 1000 });
  const reader = await table.createReader(memory, "error");
  for (const start of [0, 2 ** 29 - 500, ROWS - 1000]) {
    await reader.read(start, 1000, undefined);
    const rows = Array.from({ length: 1000 }, (_, index) => start + index);
    const { x, y, t, polarity } = memory.columns;
    expect(Array.from(x)).toEqual(rows.map((row) => row % 65536));
    expect(Array.from(y)).toEqual(rows.map((row) => row % 65536));
    expect(Array.from(t)).toEqual(rows.map(BigInt));
    expect(Array.from(polarity)).toEqual(rows.map((row) => row % 2));
  }
  expect(await table.findRow?.(600_000_123n)).toBe(600_000_123);
  expect(source.bytesRead).toBeLessThan(2_000_000);
});
