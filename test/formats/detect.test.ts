import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EventErrorCode, isEventError } from "../../src/errors.ts";
import { detectBytes, headIsCut, type SourceFacts } from "../../src/formats/detect.ts";
import { adviceFor, SIGNATURES } from "../../src/formats/recognised.ts";
import { FORMATS } from "../../src/formats/registry.ts";
import { detectFormat, type FormatDetection, loadTable, openRecording } from "../../src/index.ts";
import { concatBytes, latin1Bytes, on, recordingOf, timeHigh } from "../support/evt2-words.ts";
import { itWithSharedData } from "../support/shared-data.ts";
import { SOAK } from "../support/soak.ts";

/** Bytes that no text holds and no signature starts with. */
const BINARY = Uint8Array.from([0x07, 0x00, 0xff, 0x80, 0x01, 0x02, 0x03, 0x04]);

/** What is detected, or the code of the error. */
function outcome(head: Uint8Array, facts: SourceFacts = {}): FormatDetection | EventErrorCode {
  try {
    return detectBytes(head, facts);
  } catch (error) {
    if (isEventError(error)) return error.code;
    throw error;
  }
}

const isRead = (format: string): boolean => FORMATS.some(({ id }) => id === format);

describe("a container that was moved as text", () => {
  const container = latin1Bytes("\x89EVB\r\n\x1a\n\x01\0\0\0\n\r\n\xff\0\x80");
  const asText = (change: (text: string) => string): Uint8Array =>
    latin1Bytes(change(Buffer.from(container).toString("latin1")));

  it.each([
    ["LF to CR LF", (text: string) => text.replaceAll("\n", "\r\n")],
    ["lone LF to CR LF", (text: string) => text.replaceAll(/(?<!\r)\n/g, "\r\n")],
    ["CR LF to LF", (text: string) => text.replaceAll("\r\n", "\n")],
    ["LF to CR", (text: string) => text.replaceAll("\n", "\r")],
    ["seven bits", (text: string) => text.replaceAll(/[\x80-\xff]/g, seven)],
    ["UTF-8", (text: string) => Buffer.from(text).toString("latin1")],
    ["UTF-8 that is none", (text: string) => text.replaceAll(/[\x80-\xff]/g, "\xef\xbf\xbd")],
    ["seven bits and LF", (text: string) => text.replaceAll("\r", "").replaceAll(/\x89/g, seven)],
  ])("is named as such: %s", (_, change) => {
    expect(() => detectBytes(asText(change))).toThrow(
      expect.objectContaining({
        code: "invalid-header",
        format: "evb",
        message: expect.stringContaining("changed as text (line ends or characters)"),
        hint: expect.stringContaining("as binary"),
      }),
    );
  });

  it("is not seen in a sound one, or in one that is damaged otherwise", () => {
    expect(detectBytes(container).format).toBe("evb");
    for (let at = 0; at < 8; at++) {
      const bytes = container.slice();
      bytes[at] = 0xaa;
      expect(outcome(bytes)).toBe("unknown-format");
    }
  });

  function seven(character: string): string {
    return String.fromCharCode(character.charCodeAt(0) & 127);
  }
});

describe("a signature", () => {
  it.each([
    ["aedat1", "AEDAT 1.0", "#!AER-DAT1.0\r\n"],
    ["aedat2", "AEDAT 2.0", "#!AER-DAT2.0\r\n"],
    ["aedat3", "AEDAT 3.0", "#!AER-DAT3.0\r\n"],
    ["aedat3.1", "AEDAT 3.1", "#!AER-DAT3.1\r\n"],
    ["aedat4", "AEDAT 4.0", "#!AER-DAT4.0\r\n"],
    ["es", "Event Stream", "Event Stream\x02\x00\x00\x01"],
    ["ros2-db3", "ROS 2 bag (SQLite)", "SQLite format 3\0"],
    ["rosbag", "ROS 1 bag", "#ROSBAG V2.0\n"],
    ["mcap", "MCAP", "\x89MCAP0\r\n"],
    ["aedat", "AEDAT of an unknown version", "#!AER-DAT5.0"],
    ["bzip2", "bzip2", "BZh91AY&SY"],
    ["xz", "xz", "\xfd7zXZ\0"],
    ["lz4", "LZ4", "\x04\x22\x4d\x18"],
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
      expect(error.hint).toContain(adviceFor(format));
    }
    // All of it is needed.
    const part = latin1Bytes(signature.trimEnd().slice(0, 1));
    expect(outcome(concatBytes(part, BINARY))).toBe("unknown-format");
  });

  it.each([0, 512, 1024, 2048])("of HDF5 is looked for at byte %i", (offset) => {
    const bytes = new Uint8Array(offset + 16);
    bytes.set(latin1Bytes("\x89HDF\r\n\x1a\n"), offset);
    expect(outcome(bytes)).toMatchObject({
      format: "hdf5",
      name: "HDF5",
      supported: true,
      confidence: "certain",
    });
  });

  it("of Arrow IPC is recognised", () => {
    expect(outcome(latin1Bytes("ARROW1\0\0"))).toMatchObject({
      format: "arrow",
      supported: isRead("arrow"),
    });
  });

  it("of tar stands behind the first name", async () => {
    const bytes = new Uint8Array(1024);
    bytes.set(latin1Bytes("recording.raw"));
    bytes.set(latin1Bytes("ustar"), 257);
    await expect(loadTable(bytes)).rejects.toMatchObject({
      code: "unsupported-format",
      format: "tar",
      hint: expect.stringContaining("Unpack"),
    });
  });

  it("is looked for at the start only", () => {
    expect(outcome(concatBytes(BINARY, latin1Bytes("Event Stream")))).toBe("unknown-format");
  });
});

describe("a RAW header", () => {
  const cases: [line: string, format: string, name: string][] = [
    ["% evt 2.0", "evt2", "Prophesee EVT 2.0"],
    ["% evt 2.1", "evt21", "Prophesee EVT 2.1"],
    ["% evt 3.0", "evt3", "Prophesee EVT 3.0"],
    ["% evt 4.0", "evt4", "Prophesee EVT 4.0"],
    ["% format EVT2", "evt2", "Prophesee EVT 2.0"],
    ["% format EVT2;height=480;width=640", "evt2", "Prophesee EVT 2.0"],
    ["% format EVT2.0", "evt2", "Prophesee EVT 2.0"],
    ["% format evt2", "evt2", "Prophesee EVT 2.0"],
    ["% FORMAT Evt2", "evt2", "Prophesee EVT 2.0"],
    ["% format EVT21", "evt21", "Prophesee EVT 2.1"],
    ["% format EVT2.1", "evt21", "Prophesee EVT 2.1"],
    ["% format evt21;endianness=little", "evt21", "Prophesee EVT 2.1"],
    ["% format EVT3", "evt3", "Prophesee EVT 3.0"],
    ["% format EVT3.0", "evt3", "Prophesee EVT 3.0"],
    ["% format evt3", "evt3", "Prophesee EVT 3.0"],
    ["% format EVT4", "evt4", "Prophesee EVT 4.0"],
    ["% format AER-8b", "aer-8b", "Prophesee RAW (aer-8b)"],
    ["% format AER-4b", "aer-4b", "Prophesee RAW (aer-4b)"],
    ["% format HISTO3D", "histo3d", "Prophesee RAW (histo3d)"],
    ["% format DIFF3D", "diff3d", "Prophesee RAW (diff3d)"],
    ["% format MTR_U24", "mtr_u24", "Prophesee RAW (mtr_u24)"],
    // Names that every object has.
    ["% format constructor", "constructor", "Prophesee RAW (constructor)"],
    ["% format __proto__", "__proto__", "Prophesee RAW (__proto__)"],
    ["% format toString", "tostring", "Prophesee RAW (tostring)"],
  ];

  it.each(cases)("`%s` is %s", async (line, format, name) => {
    const supported = isRead(format);
    const bytes = latin1Bytes(`${line}\n% end\n`);
    const detection = detectBytes(bytes);
    expect(detection).toMatchObject({ format, supported, name, confidence: "certain" });
    expect(detection.reason).toContain(line.split(" ")[2]);
    if (supported) expect((await loadTable(bytes)).numRows).toBe(0);
    else {
      const error = await openRecording(bytes).catch((caught) => caught);
      expect(isEventError(error, "unsupported-format")).toBe(true);
      expect(error.message).toContain(name);
      expect(error.hint).toContain(adviceFor(format));
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
    expect(detectBytes(bytes)).toMatchObject({ format: "dat", supported: isRead("dat") });
  });

  it.each([
    [0, 8],
    [12, 8],
    [14, 8],
    [40, 28],
  ])("without a telling key is DAT by event type %i and record size %i", (type, size) => {
    for (const header of ["% date 2020-09-14\n", "% date 2020-09-14\n% end\n", "% end\n"]) {
      const bytes = concatBytes(latin1Bytes(header), Uint8Array.of(type, size), BINARY);
      expect(detectBytes(bytes)).toMatchObject({
        format: "dat",
        confidence: "likely",
        reason: `behind the header stand the event type ${type} and the record size ${size} of DAT`,
      });
    }
  });

  it.each([
    [0, 0],
    [12, 28],
    [13, 8],
    [40, 8],
  ])("without a telling key is not DAT by %i and %i", (type, size) => {
    const bytes = concatBytes(latin1Bytes("% date 1\n"), Uint8Array.of(type, size), BINARY);
    expect(outcome(bytes)).toBe("unknown-format");
    expect(outcome(latin1Bytes("% date 1\n% end\n\x0c"))).toBe("unknown-format");
  });

  it("that says `format` or `evt` is RAW, whatever bytes follow", () => {
    const bytes = concatBytes(latin1Bytes("% evt 2.0\n"), Uint8Array.of(12, 8), BINARY);
    expect(outcome(bytes)).toMatchObject({ format: "evt2", confidence: "certain" });
  });

  it("of an index is refused, and the recording beside it named", async () => {
    const header =
      "% bookmark_period_us 2000\n% evt 3.0\n% format EVT3\n% index_version 2.0\n% size 1000\n% end\n";
    const file = new File([latin1Bytes(header), BINARY], "a.raw.tmp_index");
    const error = await loadTable(file).catch((caught) => caught);
    expect(isEventError(error, "unsupported-format")).toBe(true);
    expect(error.message).toContain("index of a Prophesee recording");
    expect(error.hint).toContain("without `.tmp_index`");
  });

  it("of comments in front of numbers is text", () => {
    expect(outcome(latin1Bytes("% x y p t\n1,2,0,100\n"))).toMatchObject({ format: "text" });
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
    expect(headIsCut(latin1Bytes("% evt 2.0\n% end\n\x00\x00"))).toBe(false);
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
    "1 2 3 0",
    "240 180\n",
    "a,b,c,d\n1,2,3,0\n",
    "\xef\xbb\xbf1;2;3;0\r\n",
    "# a comment\n1\t2\t3\t-1\n",
    "// a comment\n1 2 3 true\n",
    "%geometry:640,480\n1,2,0,100\n",
    "%geometry:640,480\n",
    "% a comment like a line of a RAW header\n1,2,0,100\n",
    "% Date 2020-09-14\n% Version 2\n1,2,0,100\n",
    '"timestamp";"x";"y"\n',
    "# no AEDAT\n#!AER\n0.1 10 20 1\n",
    "-1 +2 3.5e-3 true\n",
  ])("%j is likely text", (start) => {
    expect(outcome(latin1Bytes(start))).toMatchObject({
      format: "text",
      supported: true,
      confidence: "likely",
    });
  });

  it.each([
    "t,x,y,p\n1,2,3,0\n",
    "x y p t\n1 2 0 100\n",
    "t,x,y,on\r\n",
    "x,y,t,polarity",
    "# t x y p\n",
    "# a comment\nx;y;t_ns;on\n",
  ])("%j is certainly text", (start) => {
    expect(outcome(latin1Bytes(start))).toMatchObject({
      format: "text",
      supported: true,
      confidence: "certain",
      reason: expect.stringContaining("names the columns"),
    });
  });

  it("what the caller says is text is text, unless its bytes are something else", () => {
    const bytes = latin1Bytes("anything\n");
    const options = { text: {} };
    expect(outcome(bytes)).toBe("unknown-format");
    expect(outcome(bytes, { options })).toMatchObject({ format: "text", confidence: "likely" });
    expect(outcome(BINARY, { options })).toBe("unknown-format");
    const words = recordingOf([timeHigh(1), on(1, 2, 3)]);
    expect(outcome(words, { options })).toMatchObject({ format: "evt2" });
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
    const names = fc.constantFrom(undefined, "a.raw", "a.dat", "a.bin", "a.aedat", "a.dat.gz");
    fc.assert(
      fc.property(noise, names, (bytes, path) => {
        const result = outcome(bytes, { path, byteLength: bytes.byteLength });
        if (typeof result === "string") {
          const expected = ["empty-source", "unknown-format", "invalid-header", "git-lfs-pointer"];
          expect(expected).toContain(result);
        } else {
          expect(typeof result.format).toBe("string");
          expect(typeof result.name).toBe("string");
          expect(result.reason.length).toBeGreaterThan(10);
          expect(result.supported).toBe(isRead(result.format));
        }
      }),
      { numRuns: 800 * SOAK },
    );
  });
});

describe("weaker evidence", () => {
  /** Little-endian u32 pairs: time, and y, x and polarity. */
  const datRecords = (...times: number[]): Uint8Array =>
    new Uint8Array(Uint32Array.from(times.flatMap((t) => [t, 0x10000000 + t])).buffer);
  /** x, y, polarity and 23 bits of time. */
  const nmnistRecords = (...times: number[]): Uint8Array =>
    Uint8Array.from(times.flatMap((t) => [5, 7, 0x80 | (t >> 16), (t >> 8) & 255, t & 255]));
  const at = (path: string, byteLength: number): SourceFacts => ({ path, byteLength });

  it("text in UTF-16 is named, in either byte order, with a mark and without", async () => {
    for (const text of ["0.1 5 6 1\n", "# t x y p\r\n", "t;x;y;p\r\n70000;1;2;1\r\n"]) {
      const little = new Uint8Array(Buffer.from(text, "utf16le"));
      const big = new Uint8Array(Buffer.from(little).swap16());
      for (const bytes of [
        little,
        big,
        concatBytes(Uint8Array.of(0xff, 0xfe), little),
        concatBytes(Uint8Array.of(0xfe, 0xff), big),
      ]) {
        expect(outcome(bytes)).toMatchObject({ format: "utf-16", supported: false });
        await expect(loadTable(bytes)).rejects.toMatchObject({
          code: "unsupported-format",
          hint: expect.stringContaining("iconv -f UTF-16 -t UTF-8"),
        });
      }
    }
    expect(outcome(Uint8Array.of(0xff, 0xfe, 1, 0, 0, 0, 0, 0, 0, 0))).toBe("unknown-format");
  });

  it("binary data behind lines of # are AEDAT 1.0, by the rule of jAER", async () => {
    const bytes = concatBytes(
      latin1Bytes("# This is a raw AE data file\r\n# made 2008\r\n"),
      BINARY,
    );
    expect(outcome(bytes)).toMatchObject({
      format: "aedat1",
      name: "AEDAT 1.0",
      confidence: "likely",
      reason: "binary data follow lines that start with #",
    });
    await expect(loadTable(bytes)).rejects.toMatchObject({ code: "unsupported-format" });
  });

  it("lines of # alone are so where the name ends as jAER's recordings do", () => {
    const bytes = latin1Bytes("# a comment\n# and another");
    expect(outcome(bytes)).toBe("unknown-format");
    expect(outcome(bytes, { path: "old.txt" })).toBe("unknown-format");
    for (const path of ["old.dat", "old.aedat", "OLD.AEDAT", "a/b.c/old.dat.gz"]) {
      expect(outcome(bytes, { path })).toMatchObject({ format: "aedat1", confidence: "likely" });
    }
  });

  it("text behind lines of # is no AEDAT", () => {
    expect(outcome(latin1Bytes("# a\nhello\n"), { path: "a.aedat" })).toBe("unknown-format");
  });

  it("records of 8 bytes without a header are DAT where the name ends in .dat", () => {
    const records = datRecords(5, 5, 1000);
    for (const facts of [at("a.dat", 24), at("A.DAT", 24), { path: "x/a.dat.zst" }]) {
      expect(outcome(records, facts)).toMatchObject({ format: "dat", confidence: "likely" });
    }
    for (const facts of [{}, at("a.raw", 24), at("dat", 24), at("a.dat/b", 24), at("a.dat", 25)]) {
      expect(outcome(records, facts)).toBe("unknown-format");
    }
    const falling = datRecords(5, 4, 1000);
    expect(outcome(falling, at("a.dat", 24))).toBe("unknown-format");
    expect(outcome(records.slice(0, 7), { path: "a.dat" })).toBe("unknown-format");
    const noPolarity = Uint8Array.from(records, (byte, index) => (index === 7 ? 0x20 : byte));
    expect(outcome(noPolarity, at("a.dat", 24))).toBe("unknown-format");
  });

  it("records of 5 bytes are N-MNIST where the name ends in .bin", async () => {
    const records = nmnistRecords(654, 2999, 0x7fffff);
    expect(outcome(records, at("00002.bin", 15))).toMatchObject({
      format: "nmnist",
      confidence: "likely",
    });
    // An overflow of the clock has a row of its own.
    const overflow = concatBytes(nmnistRecords(5), Uint8Array.of(0, 240, 0, 0, 1), records);
    expect(outcome(overflow, at("a.bin", 25))).toMatchObject({ format: "nmnist" });
    for (const facts of [{}, { path: "a.bin" }, at("a.bin", 16), at("a.dat", 15)]) {
      expect(outcome(records, facts)).toBe("unknown-format");
    }
    expect(outcome(nmnistRecords(5, 4, 9), at("a.bin", 15))).toBe("unknown-format");
    expect(outcome(Uint8Array.of(1, 241, 0, 0, 1), at("a.bin", 5))).toBe("unknown-format");

    const error = await loadTable(new File([records.slice()], "a.bin")).catch((caught) => caught);
    expect(isEventError(error, "unsupported-format")).toBe(true);
    expect(error.hint).toContain("tonic");
  });

  it("counts behind the content: a signature wins over the name", () => {
    const es = latin1Bytes("Event Stream\x02\0\0\x01");
    expect(outcome(es, at("a.dat", 16))).toMatchObject({ format: "es", confidence: "certain" });
    expect(outcome(latin1Bytes("1 2 3\n"), at("a.dat", 6))).toMatchObject({ format: "text" });
  });
});

describe("advice", () => {
  const known = [
    ...SIGNATURES.map(({ format }) => format),
    ...["evt4", "aer-8b", "aer-4b", "histo3d", "diff3d", "mtr", "mtr_u24", "nmnist"],
    ...["text", "prophesee-index", "anything", "constructor", "__proto__"],
  ];

  it.each(known)("for %s is a sentence that promises nothing", (format) => {
    const advice = adviceFor(format);
    expect(advice).toMatch(/^[\w`].{15,200}\.$/);
    expect(advice).not.toMatch(/\b(?:yet|soon|later|future|next|will)\b/i);
  });

  it("tells frames, missing times and containers apart", () => {
    expect(adviceFor("histo3d")).toContain("frames");
    expect(adviceFor("MTR_U24".toLowerCase())).toContain("frames");
    expect(adviceFor("aer-8b")).toContain("no times");
    expect(adviceFor("rosbag")).toContain("topic");
    expect(adviceFor("evt4")).toContain("metavision_file_to_dat");
  });

  it("names what is read", async () => {
    const error = await loadTable(latin1Bytes("% evt 4.0\n% end\n")).catch((caught) => caught);
    for (const { name } of FORMATS) expect(error.hint).toContain(name);
  });
});

describe("a real file", () => {
  for (const [file, format] of [
    ["evt2_sample.raw", "evt2"],
    ["evt3_sample.raw", "evt3"],
    ["ncars.dat", "dat"],
    ["openeb_cd.dat", "dat"],
    ["nmnist.bin", "nmnist"],
    ["dvs.es", "es"],
    ["dvxplorer.aedat4", "aedat4"],
    ["davis240_rotdisk.aedat", "aedat2"],
    ["rotating_bar.aedat", "aedat2"],
    ["openeb_xypt.csv", "text"],
    ["hdf5/dsec.h5", "hdf5"],
    ["hdf5/openeb_ecf.hdf5", "hdf5"],
  ] as const) {
    itWithSharedData(`${file} is ${format}`, file, async (path) => {
      expect(await detectFormat(path)).toMatchObject({ format, supported: isRead(format) });
    });
  }

  itWithSharedData("ncars.dat is DAT without its header, too", "ncars.dat", async (path) => {
    const records = readFileSync(path).subarray(93); // behind the header and its two bytes
    expect(outcome(records, { path: "a.dat", byteLength: records.byteLength })).toMatchObject({
      format: "dat",
      confidence: "likely",
    });
  });
});
