import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEventError } from "../../src/errors.ts";
import {
  geometryOf,
  headerValue,
  parseRawHeader,
  rawHeaderIsCut,
  rawHeaderStarts,
} from "../../src/formats/prophesee-header.ts";
import { loadTable, openRecording, reportOf } from "../../src/index.ts";
import {
  type HeaderEntry,
  geometryOf as referenceGeometry,
  parseRawHeader as referenceHeader,
} from "../reference/raw-header.ts";
import { concatBytes, latin1Bytes, on, timeHigh, wordBytes } from "../support/evt2-words.ts";
import { SOAK } from "../support/soak.ts";
import { PieceSource } from "../support/sources.ts";

const WORDS = wordBytes([timeHigh(1), on(2, 3, 4)]);

/** What parsing gives, or the byte offset of the line that was cut. */
function parsed(bytes: Uint8Array): object {
  try {
    const { entries, dataOffset, hasEnd } = parseRawHeader(bytes);
    return { entries, dataOffset, hasEnd };
  } catch (error) {
    if (isEventError(error, "invalid-header")) return { cutAt: error.byteOffset };
    throw error;
  }
}

/** The same of the reference; beyond its grammar, text without a line end is a header cut short. */
function expectedParse(bytes: Uint8Array): object {
  const header = referenceHeader(bytes);
  const rest = bytes.subarray(header.dataOffset);
  const isCutLine =
    !header.hasEnd &&
    rest[0] === 0x25 &&
    rest[1] === 0x20 &&
    rest.every(
      (byte, at) =>
        byte !== 0x0a &&
        (!isControl(byte) || byte === 0x09 || (byte === 0x0d && at === rest.length - 1)),
    );
  return isCutLine ? { cutAt: header.dataOffset } : header;
}

function isControl(byte: number): boolean {
  return byte < 0x20;
}

const entriesOf = (text: string) => parseRawHeader(latin1Bytes(text)).entries;
const encodingOf = (text: string) => parseRawHeader(latin1Bytes(text)).encoding;
const sensorOf = (text: string) => geometryOf(parseRawHeader(latin1Bytes(text)));

const text = fc.string({
  unit: fc
    .oneof(fc.integer({ min: 0x21, max: 0x7e }), fc.integer({ min: 0xa0, max: 0xff }))
    .map((code) => String.fromCharCode(code)), // Latin-1 without blanks and control characters
  minLength: 1,
  maxLength: 8,
});
const blanks = fc.constantFrom(" ", "  ", "\t", " \t ");
const keyWord = fc.oneof(fc.constantFrom("end", "evt", "format", "geometry", "End"), text);
const goodLine = fc
  .tuple(
    fc.constantFrom("", "", " ", "\t"),
    keyWord,
    fc.array(fc.tuple(blanks, text), { maxLength: 3 }),
    fc.constantFrom("", "", " ", "\t"),
  )
  .map(([lead, key, rest, trail]) => `% ${lead}${key}${rest.flat().join("")}${trail}`);
const oddLine = fc.constantFrom(
  ...["% end", "% end ", "% \tend", "% end x", "%", "%end", "% ", "%\tend", "", "\r", "% \r"],
  ...["% a\rb", "% a\x00b", "% \x1f", "% a \x7f", "% \x80", "% \x9f", "% a\r\r", " % a 1", "#"],
);
const line = fc
  .tuple(
    fc.oneof({ weight: 6, arbitrary: goodLine }, { weight: 2, arbitrary: oddLine }),
    fc.constantFrom("\n", "\n", "\n", "\n", "\r\n", "\r\n", ""),
  )
  .map(([content, end]) => content + end);
const data = fc.oneof(
  fc.constant(""),
  fc.uint8Array({ maxLength: 24 }).map((bytes) => String.fromCharCode(...bytes)),
  // A CD word, and others, whose bytes start like a line.
  fc.uint8Array({ maxLength: 24 }).map((bytes) => `% ${String.fromCharCode(...bytes)}`),
);
const headerBytes = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom("", "", "% end\n", "% end\r\n"), data)
  .map(([lines, end, rest]) => latin1Bytes(lines.join("") + end + rest));

describe("parseRawHeader", () => {
  it("agrees with the reference on headers of every kind", () => {
    fc.assert(
      fc.property(headerBytes, (bytes) => {
        expect(parsed(bytes)).toEqual(expectedParse(bytes));
      }),
      { numRuns: 800 * SOAK },
    );
  });

  it("agrees with the reference on noise that starts like a header", () => {
    const noise = fc
      .uint8Array({ maxLength: 60 })
      .map((bytes) => concatBytes(latin1Bytes("% "), bytes));
    fc.assert(
      fc.property(noise, (bytes) => {
        expect(parsed(bytes)).toEqual(expectedParse(bytes));
      }),
      { numRuns: 400 * SOAK },
    );
  });

  it.each([
    ["`% end`", "% evt 2.0\n% end\n", { dataOffset: 16, hasEnd: true }],
    [
      "`% end` before data that looks like a line",
      "% a 1\n% end\n% b 2\n",
      { dataOffset: 12, hasEnd: true },
    ],
    ["no `% end`", "% evt 2.0\n\x70\x50\x00\x80", { dataOffset: 10, hasEnd: false }],
    ["no data", "% evt 2.0\n", { dataOffset: 10, hasEnd: false }],
    [
      "a data word that starts like a line",
      "% a 1\n% \xc8\x10\x00\n",
      { dataOffset: 6, hasEnd: false },
    ],
    ["one byte of data, a percent sign", "% a 1\n%", { dataOffset: 6, hasEnd: false }],
    ["no header", "\x70\x50\x00\x80", { dataOffset: 0, hasEnd: false }],
    ["no bytes", "", { dataOffset: 0, hasEnd: false }],
    ["CR before LF", "% evt 2.0\r\n% end\r\n", { dataOffset: 18, hasEnd: true }],
    ["an `end` with a value", "% end of it\n\x80", { dataOffset: 12, hasEnd: false }],
    ["an `End`", "% End\n\x80", { dataOffset: 6, hasEnd: false }],
  ])("finds the data: %s", (_, header, expected) => {
    expect(parseRawHeader(latin1Bytes(header))).toMatchObject(expected);
    expect(referenceHeader(latin1Bytes(header))).toMatchObject(expected);
  });

  it("keeps keys as written, in file order, values with single blanks", () => {
    expect(entriesOf("% Date  2020-09-14 \t 09:03:25\n% b\n% B 2\n% \n% b 3\n")).toEqual([
      ["Date", "2020-09-14 09:03:25"],
      ["b", ""],
      ["B", "2"],
      ["b", "3"],
    ]);
  });

  it("reads Latin-1", () => {
    expect(entriesOf("% name caf\xe9\xa0\xff\n")).toEqual([["name", "café\u00a0ÿ"]]);
  });

  it.each(["% evt 2.0\n% geom", "% evt 2.0\n% ", "% e", "% evt 2.0\r\n% end\r", "% evt 2.0"])(
    "says where a header was cut: %j",
    (header) => {
      const at = header.lastIndexOf("% ");
      const parse = (): unknown => parseRawHeader(latin1Bytes(header), "a.raw");
      expect(parse).toThrow(
        expect.objectContaining({ code: "invalid-header", path: "a.raw", byteOffset: at }),
      );
    },
  );
});

describe("rawHeaderStarts", () => {
  it("is true for percent and blank only", () => {
    expect(rawHeaderStarts(latin1Bytes("% "))).toBe(true);
    for (const start of ["", "%", "%\t", "%a", " %", "#"]) {
      expect(rawHeaderStarts(latin1Bytes(start))).toBe(false);
    }
    expect(rawHeaderStarts(latin1Bytes("ab% "), 2)).toBe(true);
  });
});

describe("text of any kind", () => {
  it.each(["Ä Ö ß", "– 東京", "\x1b[31m", "\x00"])(
    "%j is believed in front of `%% end`",
    async (text) => {
      const header = new TextEncoder().encode(`% evt 2.0\n% geometry 8x8\n% note ${text}\n% end\n`);
      const table = await loadTable(concatBytes(header, WORDS));
      expect([...table].map(({ x, y }) => [x, y])).toEqual([[3, 4]]);
      expect(reportOf(table).geometry).toEqual({ width: 8, height: 8 });
    },
  );
});

describe("rawHeaderIsCut", () => {
  it("is false only for a start of the source that gives the same header as the whole", () => {
    fc.assert(
      fc.property(headerBytes, (bytes) => {
        const whole = parsed(bytes);
        for (let length = 0; length <= bytes.byteLength; length++) {
          const start = bytes.subarray(0, length);
          if (!rawHeaderIsCut(start)) expect(parsed(start)).toEqual(whole);
        }
      }),
      { numRuns: 120 * SOAK },
    );
  });

  it.each([
    ["% evt 2.0\n% end\n\x0c\x08", false],
    ["% evt 2.0\n% end\n\x0c", true], // two bytes behind the header tell what follows
    ["% evt 2.0\n% end\n", true],
    ["% evt 2.0\n\x00\x00", false],
    ["% evt 2.0\n% \x00", true], // a line `% end` may still come
    ["% evt 2.0\n", true],
    ["% evt 2.0\n%", true],
    ["% evt 2.0\n% ", true],
    ["% evt 2.0\n% end", true],
    ["% evt 2.0\n% end\r", true],
    ["", true],
  ])("%j: %s", (header, expected) => {
    expect(rawHeaderIsCut(latin1Bytes(header))).toBe(expected);
  });
});

describe("headerValue", () => {
  it("takes the last of several, whatever the case", () => {
    const header = parseRawHeader(latin1Bytes("% Geometry 1x1\n% geometry 2x2\n% GEOMETRY 3x3\n"));
    expect(headerValue(header, "geometry")).toBe("3x3");
    expect(headerValue(header, "width")).toBeUndefined();
  });
});

describe("the encoding", () => {
  it.each([
    ["% evt 2.0\n", "evt2"],
    ["% evt 2.1\n", "evt21"],
    ["% evt 3.0\n", "evt3"],
    ["% EVT 2.0\n", "evt2"],
    ["% evt 2\n", "evt2"],
    ["% format EVT2\n", "evt2"],
    ["% format evt2;height=480;width=640\n", "evt2"],
    ["% format EVT2.0\n", "evt2"],
    ["% format EVT21;endianness=legacy\n", "evt21"],
    ["% format EVT2.1\n", "evt21"],
    ["% format evt3\n", "evt3"],
    ["% format EVT3.0;width=1280;height=720\n", "evt3"],
    ["% format EVT4\n", "evt4"],
    ["% format HISTO3D\n", "histo3d"],
    ["% format AER-8b\n", "aer-8b"],
  ])("%j is %s", (header, format) => {
    expect(encodingOf(header)).toMatchObject({ format, assumed: false });
  });

  it.each([
    ["format before evt", "% evt 3.0\n% format EVT2\n", "evt2"],
    ["format before system_ID", "% system_ID 49\n% format EVT2\n", "evt2"],
    ["evt before system_ID", "% system_ID 49\n% evt 2.0\n", "evt2"],
    ["evt before system_ID, other order", "% evt 3.0\n% system_ID 21\n", "evt3"],
    ["the last evt", "% evt 3.0\n% evt 2.0\n", "evt2"],
  ])("takes %s", (_, header, format) => {
    expect(encodingOf(header)).toMatchObject({ format, assumed: false });
  });

  it.each([
    ["no key that names one", "% date 2020-09-14\n% geometry 640x480\n"],
    ["a system that the table lacks", "% system_ID 59\n"],
    ["a system id that is no number", "% system_ID 0x15\n"],
    ["an empty header", "% \n"],
  ])("is unknown from %s", (_, header) => {
    expect(encodingOf(header)).toBeNull();
  });
});

/** The table of system ids: ids, width, height, encoding. */
const SYSTEMS: [ids: number[], width: number, height: number, format: string][] = [
  [[21, 23, 25, 29, 33, 151, 153, 161], 640, 480, "evt2"],
  [[28, 34, 35, 41, 162], 640, 480, "evt2"],
  [[40], 640, 480, "evt3"],
  [[26, 31, 39], 1280, 720, "evt2"],
  [[30, 46, 48, 49, 50], 1280, 720, "evt3"],
];

describe("the system id", () => {
  it.each(SYSTEMS.flatMap(([ids, ...rest]) => ids.map((id) => [id, ...rest] as const)))(
    "%i is a sensor of %i x %i pixels that sends %s",
    (id, width, height, format) => {
      const header = `% system_ID ${id}\n`;
      expect(encodingOf(header)).toEqual({ format, source: `system_ID ${id}`, assumed: true });
      const { geometry, assumption } = sensorOf(header);
      expect(geometry).toEqual({ width, height });
      expect(assumption).toMatchObject({ what: "geometry", value: `${width}x${height}` });
      expect(assumption?.reason).toContain(String(id));
    },
  );

  it("of every other number says nothing", () => {
    const known = new Set(SYSTEMS.flatMap(([ids]) => ids));
    for (let id = 0; id < 300; id++) {
      if (known.has(id)) continue;
      expect(encodingOf(`% system_ID ${id}\n`)).toBeNull();
      expect(sensorOf(`% system_ID ${id}\n`)).toEqual({ geometry: null, assumption: null });
    }
  });

  it.each(["integrator_name", "camera_integrator_name", "plugin_integrator_name"])(
    "counts only for Prophesee's own cameras: %s",
    (key) => {
      const other = `% ${key} Acme Vision\n% system_ID 21\n`;
      expect(encodingOf(other)).toBeNull();
      expect(sensorOf(`% evt 2.0\n${other}`).geometry).toBeNull();
      const own = `% ${key} Prophesee\n% system_ID 21\n`;
      expect(encodingOf(own)?.format).toBe("evt2");
      expect(sensorOf(own).geometry).toEqual({ width: 640, height: 480 });
    },
  );

  it("is an assumption that the report names", async () => {
    const bytes = concatBytes(latin1Bytes("% system_ID 39\n"), WORDS);
    const { assumptions, geometry } = reportOf(await loadTable(bytes));
    expect(geometry).toEqual({ width: 1280, height: 720 });
    expect(assumptions.map(({ what, value }) => [what, value])).toEqual([
      ["format", "evt2"],
      ["geometry", "1280x720"],
    ]);
  });
});

describe("the geometry", () => {
  it.each([
    ["the geometry line", "% geometry 1280x720\n", [1280, 720]],
    ["an upper-case X", "% geometry 1280X720\n", [1280, 720]],
    ["the format options", "% format EVT2;height=720;width=1280\n", [1280, 720]],
    ["the format options, other order", "% format EVT2;width=1280;a=b;height=720\n", [1280, 720]],
    ["both, which agree", "% geometry 320x320\n% format EVT2;height=320;width=320\n", [320, 320]],
    ["the geometry line before the system id", "% system_ID 21\n% geometry 320x240\n", [320, 240]],
    [
      "the options before the system id",
      "% system_ID 21\n% format EVT2;width=3;height=2\n",
      [3, 2],
    ],
    ["the greatest side", "% geometry 65536x1\n", [65536, 1]],
  ])("is stated by %s", (_, header, [width, height]) => {
    expect(sensorOf(header)).toEqual({ geometry: { width, height }, assumption: null });
  });

  it.each([
    ["hal_plugin_gen3_fx3", "640x480"],
    ["hal_plugin_gen31_evk2", "640x480"],
    ["hal_plugin_gen41_evk3", "1280x720"],
    ["HAL_PLUGIN_GEN41", "1280x720"],
  ])("is assumed from the driver %s as the last resort", (driver, value) => {
    const { geometry, assumption } = sensorOf(`% evt 2.0\n% plugin_name ${driver}\n`);
    expect(`${geometry?.width}x${geometry?.height}`).toBe(value);
    expect(assumption).toMatchObject({ what: "geometry", value });
    const system = sensorOf(`% evt 2.0\n% plugin_name ${driver}\n% system_ID 26\n`);
    expect(system.geometry).toEqual({ width: 1280, height: 720 });
  });

  it("is unknown when nothing says it", () => {
    expect(sensorOf("% evt 2.0\n")).toEqual({ geometry: null, assumption: null });
    expect(sensorOf("% evt 2.0\n% plugin_name hal_plugin_x\n").geometry).toBeNull();
  });

  it("agrees with the reference wherever that gives one", () => {
    const side = fc.integer({ min: 1, max: 65536 });
    const geometryLine = fc
      .tuple(side, side)
      .map(([w, h]): HeaderEntry => ["geometry", `${w}x${h}`]);
    const formatLine = fc.tuple(side, side, fc.boolean()).map(([w, h, swap]): HeaderEntry => {
      const options = [`width=${w}`, `height=${h}`];
      return ["format", `EVT2;${(swap ? options.reverse() : options).join(";")}`];
    });
    const systemLine = fc.nat(170).map((id): HeaderEntry => ["system_ID", String(id)]);
    const other = fc.constantFrom<HeaderEntry>(["format", "EVT2"], ["evt", "2.0"], ["date", "now"]);
    const lines = fc.array(fc.oneof(geometryLine, formatLine, systemLine, other), { maxLength: 4 });
    fc.assert(
      fc.property(lines, (entries) => {
        const header = entries.map(([key, value]) => `% ${key} ${value}\n`).join("");
        const last = new Map(entries);
        const stated = referenceGeometry([["geometry", last.get("geometry") ?? ""]]);
        const options = referenceGeometry([["format", last.get("format") ?? ""]]);
        const conflict =
          stated && options && (stated.width !== options.width || stated.height !== options.height);
        if (conflict) expect(() => sensorOf(header)).toThrow(/two sensor geometries/);
        else expect(sensorOf(header).geometry).toEqual(referenceGeometry(entries));
      }),
      { numRuns: 200 * SOAK },
    );
  });

  it("is refused when two places name different ones", async () => {
    const header = "% evt 2.0\n% geometry 640x480\n% format EVT2;height=720;width=1280\n";
    const bytes = concatBytes(latin1Bytes(header), WORDS);
    const error = await openRecording(bytes).catch((caught) => caught);
    expect(isEventError(error, "geometry-conflict")).toBe(true);
    expect(error.message).toContain("640x480");
    expect(error.message).toContain("1280x720");
    const own = await openRecording(bytes, { geometry: { width: 20, height: 10 } });
    expect(own.geometry).toEqual({ width: 20, height: 10 });
  });

  it.each([
    "% geometry large\n",
    "% geometry\n",
    "% geometry 640\n",
    "% geometry 640x\n",
    "% geometry 640x480x2\n",
    "% geometry 0x480\n",
    "% geometry 640x0\n",
    "% geometry -640x480\n",
    "% geometry 640.5x480\n",
    "% geometry 65537x1\n",
    "% geometry 99999999999x480\n",
    "% format EVT2;width=640;height=\n",
    "% format EVT2;width=wide;height=480\n",
    "% format EVT2;width=0;height=480\n",
    "% format EVT2;width=640\n",
    "% format EVT2;height=480\n",
  ])("is refused when it is malformed: %j", async (line) => {
    const bytes = concatBytes(latin1Bytes(`% evt 2.0\n${line}`), WORDS);
    const error = await openRecording(bytes).catch((caught) => caught);
    expect(isEventError(error, "invalid-header")).toBe(true);
    expect(error.hint).toContain("geometry");
    const own = await openRecording(bytes, { geometry: { width: 20, height: 10 } });
    expect(own.geometry).toEqual({ width: 20, height: 10 });
    expect(own.report.assumptions).toEqual([]);
  });
});

describe("a long header", () => {
  /** A header of exactly `length` bytes. */
  function longHeader(length: number, end: string): Uint8Array {
    const start = "% evt 2.0\n% geometry 640x480\n";
    let filled = start;
    for (let index = 0; filled.length + end.length < length; index++) {
      const room = length - end.length - filled.length;
      const short = `% k${index} `;
      // No line longer than 4096, none too short to hold its key.
      const size = room > 8192 ? 4096 : room > 4096 ? room - 2048 : room;
      filled += `${short.padEnd(size - 1, "v")}\n`;
    }
    const bytes = latin1Bytes(filled + end);
    expect(bytes.byteLength).toBe(length);
    return bytes;
  }

  const FIRST_READ = 65536;
  const lengths = Array.from({ length: 13 }, (_, index) => FIRST_READ - 6 + index);

  it.each([...lengths, 2 * FIRST_READ, 4 * FIRST_READ, 4 * FIRST_READ + 1, 300_000])(
    "of %i bytes is read from bytes, a Blob and pieces",
    async (length) => {
      for (const end of ["% end\n", ""]) {
        const bytes = concatBytes(longHeader(length, end), WORDS);
        const sources = [
          bytes,
          new Blob([bytes]),
          new PieceSource(bytes, () => 10_000),
          new PieceSource(bytes, () => 1_000_000),
        ];
        for (const source of sources) {
          const recording = await openRecording(source);
          expect(recording.geometry).toEqual({ width: 640, height: 480 });
          expect(recording.header).toEqual(referenceHeader(bytes).entries);
          const table = await loadTable(recording);
          expect(table.toArray().map((row) => row?.toJSON())).toEqual([
            { x: 3, y: 4, t: 66n, polarity: 1 },
          ]);
          await recording.close();
        }
      }
    },
  );

  it("of one line of 300 KB is read", async () => {
    const preferences = "p".repeat(300_000);
    const bytes = concatBytes(latin1Bytes(`% evt 2.0\n% xml ${preferences}\n`), WORDS);
    const recording = await openRecording(bytes);
    expect(recording.header[1]).toEqual(["xml", preferences]);
    expect((await loadTable(recording)).numRows).toBe(1);
  });

  it("that never ends is refused", async () => {
    const endless = new Uint8Array(17 * 1024 * 1024).fill(0x78);
    endless.set(latin1Bytes("% evt 2.0\n% "));
    const error = await openRecording(endless).catch((caught) => caught);
    expect(isEventError(error, "invalid-header")).toBe(true);
    expect(error.byteOffset).toBe(0);
    expect(error.message).toContain("does not end");
  });
});
