import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { itWithSharedData } from "../support/shared-data.ts";
import { geometryOf, type HeaderEntry, parseRawHeader } from "./raw-header.ts";

/** One byte per character, so that "\x80" is the byte 80. */
function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

describe("parseRawHeader", () => {
  it("stops after `% end`, even if the data looks like a line", () => {
    const header = parseRawHeader(bytesOf("% evt 2.0\n% end\n% x 1\n"));
    expect(header).toEqual({ dataOffset: 16, entries: [["evt", "2.0"]], hasEnd: true });
  });

  it("ends without `% end` at the first position that is not a line", () => {
    const header = parseRawHeader(bytesOf("% evt 2.0\n\x70\x50\x00\x80"));
    expect(header).toEqual({ dataOffset: 10, entries: [["evt", "2.0"]], hasEnd: false });
  });

  it("reads nothing from bytes without a header", () => {
    const none = { dataOffset: 0, entries: [], hasEnd: false };
    expect(parseRawHeader(new Uint8Array(0))).toEqual(none);
    expect(parseRawHeader(bytesOf("%"))).toEqual(none);
    expect(parseRawHeader(bytesOf("%evt 2.0\n"))).toEqual(none);
    expect(parseRawHeader(bytesOf("\x70\x50\x00\x80"))).toEqual(none);
  });

  it("takes only a line that starts with exactly percent and space", () => {
    expect(parseRawHeader(bytesOf("% a 1\n%\tb 2\n")).dataOffset).toBe(6);
    expect(parseRawHeader(bytesOf("% a 1\n%\n")).dataOffset).toBe(6);
  });

  it("splits at blanks and joins the value with one space", () => {
    const { entries } = parseRawHeader(bytesOf("%   Date \t 2020-09-14   09:03:25 \n% flag\n"));
    expect(entries).toEqual([
      ["Date", "2020-09-14 09:03:25"],
      ["flag", ""],
    ]);
  });

  it("keeps an `end` that has a value as an ordinary key", () => {
    const header = parseRawHeader(bytesOf("% end of story\n% end\n"));
    expect(header).toEqual({ dataOffset: 21, entries: [["end", "of story"]], hasEnd: true });
  });

  it("passes over a line without a key", () => {
    const header = parseRawHeader(bytesOf("% \n% a 1\n"));
    expect(header).toEqual({ dataOffset: 9, entries: [["a", "1"]], hasEnd: false });
  });

  it("trims one CR before the LF", () => {
    const header = parseRawHeader(bytesOf("% evt 2.0\r\n% \r\n% end\r\n"));
    expect(header).toEqual({ dataOffset: 22, entries: [["evt", "2.0"]], hasEnd: true });
  });

  it("decodes Latin-1", () => {
    const { entries } = parseRawHeader(bytesOf("% name caf\xe9\xa0\xff\n"));
    expect(entries).toEqual([["name", "café\u00a0ÿ"]]);
  });

  it("keeps repeated keys in file order", () => {
    const { entries } = parseRawHeader(bytesOf("% a 1\n% b 2\n% a 3\n"));
    expect(entries).toEqual([
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
    ]);
  });

  it("takes a last line without LF for data", () => {
    const header = parseRawHeader(bytesOf("% a 1\n% b 2"));
    expect(header).toEqual({ dataOffset: 6, entries: [["a", "1"]], hasEnd: false });
  });

  // 25 20 C8 10 is a CD_ON word: the first data word may start like a line.
  it.each(["\x00", "\x08", "\x0b", "\r", "\x1f"])(
    "takes a line with the control character %j for data, unless `%% end` follows",
    (control) => {
      const start = `% a 1\n% \xc8 ${control}bc\n`;
      const header = parseRawHeader(bytesOf(start));
      expect(header).toEqual({ dataOffset: 6, entries: [["a", "1"]], hasEnd: false });
      expect(parseRawHeader(bytesOf(`${start}% end\n`)).hasEnd).toBe(true);
    },
  );

  it.each(["\t", " ", "~", "\xa0", "\xff"])("takes a line with %j for a line", (character) => {
    expect(parseRawHeader(bytesOf(`% a b${character}c\n`)).dataOffset).toBe(8);
  });

  it("lets only the first LF decide: control characters after it do not matter", () => {
    expect(parseRawHeader(bytesOf("% a 1\n\x00\x00\n")).dataOffset).toBe(6);
  });

  itWithSharedData("reads the EVT2 sample", "evt2_sample.raw", (path, expected) => {
    const header = parseRawHeader(readFileSync(path));
    expect(header).toEqual({
      dataOffset: 164,
      entries: [
        ["Date", "2020-09-14 09:03:25"],
        ["firmware_version", "2.0.2"],
        ["integrator_name", "Prophesee"],
        ["plugin_name", "hal_plugin_gen3_fx3"],
        ["serial_number", "30384338"],
        ["system_ID", "21"],
        ["evt", "2.0"],
      ],
      hasEnd: false,
    });
    expect(Object.values(geometryOf(header.entries) ?? {})).toEqual(expected.geometry);
  });

  itWithSharedData("reads the EVT3 sample", "evt3_sample.raw", (path, expected) => {
    const header = parseRawHeader(readFileSync(path));
    expect(header.dataOffset).toBe(166);
    expect(header.hasEnd).toBe(false);
    expect(Object.values(geometryOf(header.entries) ?? {})).toEqual(expected.geometry);
  });

  itWithSharedData("reads a DAT header without end", "ncars.dat", (path) => {
    const header = parseRawHeader(readFileSync(path));
    // The fact sheet's 93 is where the records start: after the record type and size, two bytes.
    expect(header.dataOffset).toBe(91);
    expect(header.entries[0]).toEqual(["Data", "file containing N9Chronocam7Event2dE events."]);
    expect(header.hasEnd).toBe(false);
  });

  itWithSharedData("reads a DAT header with end", "openeb_cd.dat", (path) => {
    const header = parseRawHeader(readFileSync(path));
    expect(header.dataOffset).toBe(71);
    expect(header.entries[0]).toEqual(["Height", "720"]);
    expect(header.hasEnd).toBe(true);
  });
});

describe("geometryOf", () => {
  it.each<[string, HeaderEntry[], [number, number] | null]>([
    ["geometry", [["geometry", "1280x720"]], [1280, 720]],
    ["format", [["format", "EVT3;height=720;width=1280"]], [1280, 720]],
    ["format, other order", [["format", "EVT2;width=320;x=1;height=240"]], [320, 240]],
    [
      "geometry before system_ID",
      [
        ["system_ID", "21"],
        ["geometry", "320x240"],
      ],
      [320, 240],
    ],
    [
      "format before system_ID",
      [
        ["system_ID", "21"],
        ["format", "EVT2;height=240;width=320"],
      ],
      [320, 240],
    ],
    [
      "system_ID where format has no sizes",
      [
        ["system_ID", "49"],
        ["format", "EVT3"],
      ],
      [1280, 720],
    ],
    [
      "system_ID where format has one size",
      [
        ["system_ID", "21"],
        ["format", "EVT2;width=320"],
      ],
      [640, 480],
    ],
    ["system_ID that the table lacks", [["system_ID", "59"]], null],
    ["system_ID that is no number", [["system_ID", "none"]], null],
    ["geometry that is no size", [["geometry", "large"]], null],
    ["no key", [["evt", "2.0"]], null],
    ["no entry", [], null],
  ])("%s", (_, entries, expected) => {
    const geometry = expected && { width: expected[0], height: expected[1] };
    expect(geometryOf(entries)).toEqual(geometry);
  });

  it.each([21, 23, 25, 28, 29, 33, 34, 35, 40, 41, 151, 153, 161, 162])(
    "system_ID %i is 640x480",
    (id) => {
      expect(geometryOf([["system_ID", String(id)]])).toEqual({ width: 640, height: 480 });
    },
  );

  it.each([26, 30, 31, 39, 46, 48, 49, 50])("system_ID %i is 1280x720", (id) => {
    expect(geometryOf([["system_ID", String(id)]])).toEqual({ width: 1280, height: 720 });
  });

  it.each([0, 22, 47, 51, 52, 53, 54, 55, 58, 59, 64, 65, 66])("system_ID %i has none", (id) => {
    expect(geometryOf([["system_ID", String(id)]])).toBeNull();
  });
});
