/** A block of the user's own in front of HDF5, which may be larger than what formats are told from. */
import { describe, expect, it } from "vitest";
import { detectFormat, isEventError, loadTable } from "../../../src/index.ts";
import { writeHdf5 } from "../../support/hdf5-writer.ts";
import { RecordingSource, streamOf } from "../../support/sources.ts";
import { columnGroup } from "./event-files.ts";

const events = columnGroup({
  x: ["u2", [1, 2]],
  y: ["u2", [3, 4]],
  t: ["i8", [5, 6]],
  p: ["u1", [0, 1]],
});
const fileBehind = (userBlock: number, start = ""): Uint8Array<ArrayBuffer> => {
  const bytes = writeHdf5({ events }, { userBlock });
  bytes.set(new TextEncoder().encode(start));
  return bytes;
};
const MEBIBYTE = 1024 * 1024;
const HEAD_BYTES = 65_536;

describe("a block of the user's own", () => {
  it.each([512, 4096, 32_768, HEAD_BYTES, 2 * HEAD_BYTES, MEBIBYTE, 16 * MEBIBYTE])(
    "of %i bytes is passed over",
    async (userBlock) => {
      const bytes = fileBehind(userBlock);
      expect(await detectFormat(bytes)).toMatchObject({
        format: "hdf5",
        confidence: "certain",
        reason: `the signature of HDF5 stands at byte ${userBlock}`,
      });
      expect((await loadTable(bytes)).numRows).toBe(2);
    },
  );

  it("may hold anything, in a file that is named as HDF5", async () => {
    for (const start of ["1 2 3 1\n4 5 6 0\n", "% a note of the user's own\n\0", "notes\n"]) {
      const file = new File([fileBehind(2 * HEAD_BYTES, start)], "a.h5");
      expect(await detectFormat(file)).toMatchObject({ format: "hdf5" });
    }
    const named = new File([fileBehind(2 * HEAD_BYTES, "1 2 3 1\n4 5 6 0\n")], "a.txt");
    expect(await detectFormat(named)).toMatchObject({ format: "text" });
  });

  it("is looked for with a few small reads", async () => {
    const source = new RecordingSource(new Uint8Array(40 * MEBIBYTE).fill(0xff), "a.raw");
    const error = await detectFormat(source).catch((caught) => caught);
    expect(isEventError(error, "unknown-format"), String(error)).toBe(true);
    const behind = source.reads.filter(({ offset }) => offset >= HEAD_BYTES);
    expect(behind).toHaveLength(9);
    for (const { length } of behind) expect(length).toBe(8);
  });

  it("is not looked for in a stream, nor behind what is recognised", async () => {
    const { stream } = streamOf(fileBehind(HEAD_BYTES), 10_000);
    await expect(detectFormat(stream)).rejects.toMatchObject({ code: "unknown-format" });
    const lines = new TextEncoder().encode("1,2,3,1\n".repeat(100_000));
    const text = new RecordingSource(lines, "a.csv");
    await detectFormat(text);
    expect(text.reads.every(({ offset }) => offset < HEAD_BYTES)).toBe(true);
  });
});
