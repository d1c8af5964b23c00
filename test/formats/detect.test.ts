import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EventErrorCode, isEventError } from "../../src/errors.ts";
import { detectBytes, headIsCut } from "../../src/formats/detect.ts";
import { detectFormat, type FormatDetection, loadTable, openRecording } from "../../src/index.ts";
import { concatBytes, latin1Bytes, on, recordingOf, timeHigh } from "../support/evt2-words.ts";
import { itWithSharedData } from "../support/shared-data.ts";

/** Bytes that no text holds and no signature starts with. */
const BINARY = Uint8Array.from([0x07, 0x00, 0xff, 0x80, 0x01, 0x02, 0x03, 0x04]);

/** What is detected, or the code of the error. */
function outcome(head: Uint8Array): FormatDetection | EventErrorCode {
  try {
    return detectBytes(head);
  } catch (error) {
    if (isEventError(error)) return error.code;
    throw error;
  }
}

describe("a signature", () => {
  it.each([
    ["hdf5", "HDF5", "\x89HDF\r\n\x1a\n"],
    ["aedat1", "AEDAT 1.0", "#!AER-DAT1.0\r\n"],
    ["aedat2", "AEDAT 2.0", "#!AER-DAT2.0\r\n"],
    ["aedat3", "AEDAT 3.0", "#!AER-DAT3.0\r\n"],
    ["aedat3.1", "AEDAT 3.1", "#!AER-DAT3.1\r\n"],
    ["aedat4", "AEDAT 4.0", "#!AER-DAT4.0\r\n"],
    ["es", "Event Stream", "Event Stream\x02\x00\x00\x01"],
    ["ros2-db3", "ROS 2 bag (SQLite)", "SQLite format 3\0"],
    ["rosbag", "ROS 1 bag", "#ROSBAG V2.0\n"],
    ["mcap", "MCAP", "\x89MCAP0\r\n"],
    ["zip", "zip", "PK\x03\x04"],
  ])("%s is recognised and refused by name: %s", async (format, name, signature) => {
    for (const rest of [new Uint8Array(0), BINARY]) {
      const bytes = concatBytes(latin1Bytes(signature), rest);
      expect(detectBytes(bytes)).toMatchObject({
        format,
        name,
        supported: false,
        confidence: "certain",
      });
      const error = await loadTable(bytes).catch((caught) => caught);
      expect(isEventError(error, "unsupported-format")).toBe(true);
      expect(error.format).toBe(format);
      expect(error.message).toContain(name);
    }
    // All of it is needed.
    const part = latin1Bytes(signature.trimEnd().slice(0, 1));
    expect(outcome(concatBytes(part, BINARY))).toBe("unknown-format");
  });

  it.each([512, 1024, 2048])("of HDF5 is also looked for at byte %i", (offset) => {
    const bytes = new Uint8Array(offset + 16);
    bytes.set(latin1Bytes("\x89HDF\r\n\x1a\n"), offset);
    expect(outcome(bytes)).toMatchObject({ format: "hdf5", supported: false });
  });

  it("is looked for at the start only", () => {
    expect(outcome(concatBytes(BINARY, latin1Bytes("Event Stream")))).toBe("unknown-format");
  });
});

describe("a RAW header", () => {
  const cases: [line: string, format: string, supported: boolean, name: string][] = [
    ["% evt 2.0", "evt2", true, "Prophesee EVT 2.0"],
    ["% evt 2.1", "evt21", true, "Prophesee EVT 2.1"],
    ["% evt 3.0", "evt3", true, "Prophesee EVT 3.0"],
    ["% evt 4.0", "evt4", false, "Prophesee EVT 4.0"],
    ["% format EVT2", "evt2", true, "Prophesee EVT 2.0"],
    ["% format EVT2;height=480;width=640", "evt2", true, "Prophesee EVT 2.0"],
    ["% format EVT2.0", "evt2", true, "Prophesee EVT 2.0"],
    ["% format evt2", "evt2", true, "Prophesee EVT 2.0"],
    ["% FORMAT Evt2", "evt2", true, "Prophesee EVT 2.0"],
    ["% format EVT21", "evt21", true, "Prophesee EVT 2.1"],
    ["% format EVT2.1", "evt21", true, "Prophesee EVT 2.1"],
    ["% format evt21;endianness=little", "evt21", true, "Prophesee EVT 2.1"],
    ["% format EVT3", "evt3", true, "Prophesee EVT 3.0"],
    ["% format EVT3.0", "evt3", true, "Prophesee EVT 3.0"],
    ["% format evt3", "evt3", true, "Prophesee EVT 3.0"],
    ["% format EVT4", "evt4", false, "Prophesee EVT 4.0"],
    ["% format AER-8b", "aer-8b", false, "Prophesee RAW (aer-8b)"],
    ["% format AER-4b", "aer-4b", false, "Prophesee RAW (aer-4b)"],
    ["% format HISTO3D", "histo3d", false, "Prophesee RAW (histo3d)"],
    ["% format DIFF3D", "diff3d", false, "Prophesee RAW (diff3d)"],
    ["% format MTR_U24", "mtr_u24", false, "Prophesee RAW (mtr_u24)"],
    // Names that every object has.
    ["% format constructor", "constructor", false, "Prophesee RAW (constructor)"],
    ["% format __proto__", "__proto__", false, "Prophesee RAW (__proto__)"],
    ["% format toString", "tostring", false, "Prophesee RAW (tostring)"],
  ];

  it.each(cases)("`%s` is %s", async (line, format, supported, name) => {
    const bytes = latin1Bytes(`${line}\n% end\n`);
    const detection = detectBytes(bytes);
    expect(detection).toMatchObject({ format, supported, name, confidence: "certain" });
    expect(detection.reason).toContain(line.split(" ")[2]);
    if (supported) expect((await loadTable(bytes)).numRows).toBe(0);
    else {
      const error = await openRecording(bytes).catch((caught) => caught);
      expect(isEventError(error, "unsupported-format")).toBe(true);
      expect(error.message).toContain(name);
    }
  });

  it("is only likely when the system id alone says it", () => {
    expect(detectBytes(latin1Bytes("% system_ID 21\n% end\n"))).toMatchObject({
      format: "evt2",
      supported: true,
      confidence: "likely",
    });
  });

  it.each([
    "% Data file containing CD events.\n% Version 2\n",
    "% Version 2\n",
    "% Height 720\n% Version 2\n% Width 1280\n% end\n",
    "% date 2020-09-14\n% Width 304\n% Height 240\n",
    // The system id makes no RAW file of it: that has a key `evt` or `format`.
    "% Height 720\n% Version 2\n% Width 1280\n% system_ID 49\n",
  ])("%j is DAT", (header) => {
    const bytes = concatBytes(latin1Bytes(header), Uint8Array.from([0x0c, 0x08]), BINARY);
    expect(detectBytes(bytes)).toMatchObject({ format: "dat", supported: false });
  });

  it.each(["% date 2020-09-14\n% end\n", "% end\n", "% \n", "% geometry 640x480\n\x00"])(
    "%j names no encoding",
    (header) => {
      expect(outcome(latin1Bytes(header))).toBe("unknown-format");
    },
  );

  it("that is cut is no header", () => {
    expect(outcome(latin1Bytes("% evt 2.0\n% geom"))).toBe("invalid-header");
    expect(headIsCut(latin1Bytes("% evt 2.0\n% geom"))).toBe(true);
    expect(headIsCut(latin1Bytes("% evt 2.0\n% end\n"))).toBe(false);
    expect(headIsCut(latin1Bytes("\x89HDF"))).toBe(false);
  });
});

describe("everything else", () => {
  it("nothing at all is an empty source", async () => {
    expect(outcome(new Uint8Array(0))).toBe("empty-source");
    await expect(detectFormat(new Uint8Array(0))).rejects.toMatchObject({ code: "empty-source" });
    await expect(loadTable(new Blob([]))).rejects.toMatchObject({ code: "empty-source" });
  });

  it("a Git-LFS pointer says how to get the recording", async () => {
    const pointer = latin1Bytes(
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n",
    );
    const error = await loadTable(new File([pointer], "a.raw")).catch((caught) => caught);
    expect(isEventError(error, "git-lfs-pointer")).toBe(true);
    expect(error.path).toBe("a.raw");
    expect(error.hint).toContain("git lfs pull");
  });

  it.each([
    "0.000001 10 20 1\n0.000002 11 21 0\n",
    "t,x,y,p\n1,2,3,0\n",
    "\xef\xbb\xbf1;2;3;0\r\n",
    "# a comment\n1\t2\t3\t-1\n",
    "%geometry:640,480\n1,2,0,100\n",
  ])("%j is text", (start) => {
    expect(outcome(latin1Bytes(start))).toMatchObject({
      format: "text",
      supported: false,
      confidence: "likely",
    });
  });

  it.each(["hello\n", "Chapter 1\n\nIt was 8 in the morning.\n", "# a comment\n", "{\n", "\n\n"])(
    "%j is none of ours",
    (start) => {
      expect(outcome(latin1Bytes(start))).toBe("unknown-format");
    },
  );

  it("words of a RAW file without its header are not recognised, and the error says why", async () => {
    const words = recordingOf([timeHigh(1), on(1, 2, 3), on(2, 3, 4)], { header: "" });
    const error = await loadTable(words).catch((caught) => caught);
    expect(isEventError(error, "unknown-format")).toBe(true);
    expect(error.found).toContain("01 00 00 80");
    expect(error.hint).toContain("header");
  });

  it("noise is recognised or refused, never anything else", () => {
    const starts = ["", "% ", "%", "#!AER-DAT", "#", "P", "\x1f", "\x89", "version ", "1 "];
    const noise = fc
      .tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 40 }))
      .map(([start, bytes]) => concatBytes(latin1Bytes(start), bytes));
    fc.assert(
      fc.property(noise, (bytes) => {
        const result = outcome(bytes);
        if (typeof result === "string") {
          const expected = ["empty-source", "unknown-format", "invalid-header", "git-lfs-pointer"];
          expect(expected).toContain(result);
        } else {
          expect(typeof result.format).toBe("string");
          expect(typeof result.name).toBe("string");
          expect(result.reason.length).toBeGreaterThan(10);
          expect(result.supported).toBe(result.format === "evt2");
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a real file", () => {
  for (const [file, format, supported] of [
    ["evt2_sample.raw", "evt2", true],
    ["evt3_sample.raw", "evt3", true],
    ["ncars.dat", "dat", false],
    ["openeb_cd.dat", "dat", false],
    ["dvs.es", "es", false],
    ["dvxplorer.aedat4", "aedat4", false],
    ["davis240_rotdisk.aedat", "aedat2", false],
    ["rotating_bar.aedat", "aedat2", false],
    ["openeb_xypt.csv", "text", false],
    ["hdf5/dsec.h5", "hdf5", false],
    ["hdf5/openeb_ecf.hdf5", "hdf5", false],
  ] as const) {
    itWithSharedData(`${file} is ${format}`, file, async (path) => {
      expect(await detectFormat(path)).toMatchObject({ format, supported });
    });
  }
});
