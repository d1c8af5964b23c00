import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import {
  type ConvertOptions,
  convertRecording,
  detectFormat,
  digestEvents,
  type EventSink,
  openRecording,
} from "../../src/node.ts";
import { parseRawHeader } from "../reference/raw-header.ts";
import {
  CONVERTED,
  converted,
  MemorySink,
  madeEvt2,
  mixedScene,
  PAIRS,
  readAs,
} from "../support/conversions.ts";
import type { PlainEvent } from "../support/encodings.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "evarrow-target-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = root;
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
});

const scene = mixedScene(100);
const original = await madeEvt2(scene);

describe("the target", () => {
  it.each(CONVERTED)("says its format by its name: $id", async ({ id, ending }) => {
    const names = [`out${ending}`, `out${ending.toUpperCase()}`, `a b.ü${ending}`, ending];
    for (const name of names) {
      for (const target of [join(folder, name), pathToFileURL(join(folder, name))]) {
        expect((await convertRecording(original, target)).format).toBe(id);
        expect(readdirSync(folder)).toEqual([name]);
        rmSync(join(folder, name));
      }
    }
    const sink = new MemorySink(`somewhere${ending}`);
    expect((await convertRecording(original, sink)).format).toBe(id);
  });

  it.each(CONVERTED)("is told its format: $id", async (to) => {
    const { id, ending } = to;
    for (const name of ["out.raw", "out", `out${ending}`, `out${ending}.part`]) {
      const path = join(folder, name);
      expect((await convertRecording(original, path, { format: id })).format).toBe(id);
      expect((await detectFormat(path)).format).toBe(readAs(to));
    }
  });

  it.each(PAIRS)("may be a stream: $name", async ({ from, to }) => {
    const chunks: Uint8Array[] = [];
    let closed = 0;
    const stream = new WritableStream<Uint8Array>({
      write: (chunk) => void chunks.push(chunk),
      close: () => void closed++,
    });
    const recording = await from.make(scene);
    const conversion = await convertRecording(recording, stream, { format: to.id });
    expect(closed).toBe(1);
    const bytes = Uint8Array.from(Buffer.concat(chunks));
    expect(conversion.bytes).toBe(bytes.byteLength);
    expect(await digestEvents(bytes)).toEqual(await digestEvents(recording));
  });

  it("may be a stream that does not take bytes at once", async () => {
    const large = await madeEvt2(mixedScene(400_000));
    const parts: Promise<ArrayBuffer>[] = [];
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const reading = new Response(readable).arrayBuffer();
    await convertRecording(large, writable, { format: "csv" });
    parts.push(reading);
    const bytes = new Uint8Array(await reading);
    expect(await digestEvents(bytes)).toEqual(await digestEvents(large));
  });

  type Refusal = [what: string, target: () => unknown, options: ConvertOptions, message: RegExp];
  const refusals: Refusal[] = [
    ["has no ending that says it", () => join(folder, "a.raw"), {}, /does not say its format/],
    ["has no name", () => new MemorySink(), {}, /does not say its format/],
    ["is a stream", () => new WritableStream(), {}, /does not say its format/],
    ["is told another", () => join(folder, "a.csv"), { format: "evt2" }, /contradict each other/],
    [
      "is told an unknown one",
      () => join(folder, "a.csv"),
      { format: "rosbag" },
      /cannot be written/,
    ],
    ["is told an ending", () => new MemorySink(), { format: "h5" }, /Did you mean `hdf5`\?/],
    ["is told its dot, too", () => new MemorySink(), { format: ".TXT" }, /Did you mean `text`\?/],
    [
      "is told an ending of several",
      () => new MemorySink(),
      { format: "raw" },
      /Did you mean `evt2` or `evt21` or `evt3`\?/,
    ],
    ["is told a slip", () => new MemorySink(), { format: "parqet" }, /Did you mean `parquet`\?/],
    ["is told nonsense", () => join(folder, "a.csv"), { format: 3 as never }, /cannot be written/],
    ["is none", () => undefined, {}, /no target for events.*found undefined/],
    ["is null", () => null, { format: "csv" }, /no target for events.*found null/],
    ["is a number", () => 42, {}, /no target for events.*found 42/],
    ["is an object", () => ({}), { format: "csv" }, /no target for events/],
    [
      "is a stream of Node",
      () => process.stdout,
      { format: "csv" },
      /no target for events.*found a stream of Node\. Make it a Web stream with `Writable\.toWeb`\.$/,
    ],
    [
      "is the writer of a stream",
      () => new WritableStream().getWriter(),
      { format: "csv" },
      /no target for events/,
    ],
  ];

  it.each(refusals)("is refused where it %s", async (_, target, options, message) => {
    const error = await convertRecording(original, target() as EventSink, options).catch(
      (caught) => caught,
    );
    expect(error).toMatchObject({
      code: "invalid-option",
      message: expect.stringMatching(message),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ["a web address", "https://example.org/a.csv", /web addresses cannot be written.*upload/],
    ["a URL of another kind", new URL("blob:a.csv"), /web addresses cannot be written/],
    ["a stream that is locked", lockedStream(), /the stream is locked by another writer/],
  ])("cannot be %s", async (_, target, message) => {
    const error = await convertRecording(original, target, { format: "csv" }).catch((e) => e);
    expect(error).toMatchObject({
      code: "sink-unwritable",
      message: expect.stringMatching(message),
    });
  });

  it("that is wrong is told before the source is looked at", async () => {
    await expect(convertRecording("missing.raw", join(folder, "a"))).rejects.toMatchObject({
      code: "invalid-option",
    });
  });

  it("is not touched when the source cannot be opened", async () => {
    const sink = new MemorySink("a.csv");
    await expect(convertRecording("missing.raw", sink)).rejects.toMatchObject({
      code: "source-not-found",
    });
    expect([sink.writes, sink.closed, sink.aborts]).toEqual([0, 0, []]);
    await expect(convertRecording("missing.raw", join(folder, "a.csv"))).rejects.toMatchObject({
      code: "source-not-found",
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

function lockedStream(): WritableStream<Uint8Array> {
  const stream = new WritableStream<Uint8Array>();
  stream.getWriter();
  return stream;
}

describe("header lines", () => {
  const event: PlainEvent = { t: 1, x: 1, y: 1, p: 1 };
  const linesOf = (bytes: Uint8Array) => Object.fromEntries(parseRawHeader(bytes).entries);
  const withHeader = (...lines: string[]): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(Buffer.from([...lines, "end"].map((line) => `% ${line}\n`).join(""), "latin1"));
  const raws = PAIRS.filter(({ from, to }) => from.hasHeader && to.hasHeader);

  it.each(raws)(
    "of the original are kept, but for those of the data: $name",
    async ({ from, to }) => {
      const header = {
        serial_number: "00 42",
        date: "2024-01-01 12:00:00",
        plugin_name: "hal_plugin_gen41_evk3",
        system_ID: "48",
        note: "",
      };
      const geometry = { width: 640, height: 480 };
      const { bytes } = await converted(
        await from.make({ events: [event], geometry, header }),
        to.id,
      );
      const own = linesOf(await to.make({ events: [event], geometry }));
      expect(linesOf(bytes)).toEqual({ ...header, ...own });
      expect(parseRawHeader(bytes).hasEnd).toBe(true);
      expect((await openRecording(bytes)).report.assumptions).toEqual([]);
    },
  );

  it.each(raws)("of other formats are left out: $name", async ({ to }) => {
    // EVT 3.0 may come from a sensor whose EVT 2.1 words have the other byte order.
    const bytes = withHeader("evt 3.0", "system_ID 48", "endianness legacy", "Width 5", "Data x");
    const lines = linesOf((await converted(bytes, to.id, { verify: true })).bytes);
    expect(Object.keys(lines)).not.toContain("Width");
    expect(Object.keys(lines)).not.toContain("Data");
    expect(lines.endianness).toBe(to.id === "evt21" ? "little" : undefined);
  });

  it("that would bring a geometry back are left out where there is none", async () => {
    const driver = withHeader("evt 2.0", "plugin_name hal_gen31", "integrator_name Other");
    expect((await openRecording(driver)).geometry).toEqual({ width: 640, height: 480 });
    const { bytes } = await converted(driver, "evt3");
    expect(linesOf(bytes)).toMatchObject({ geometry: "640x480", plugin_name: "hal_gen31" });

    const unknown = withHeader("evt 2.0", "plugin_name some", "system_ID 9999", "note x");
    const plain = await converted(unknown, "evt3");
    expect(linesOf(plain.bytes)).toEqual({ evt: "3.0", format: "EVT3", note: "x" });
    expect((await openRecording(plain.bytes)).geometry).toBeNull();
  });

  it("that say what the data are in other capitals are not kept either", async () => {
    const { bytes } = await converted(
      withHeader("Evt 2.0", "FORMAT EVT2;height=48;width=64", "Geometry 64x48", "Serial 7"),
      "evt3",
      { geometry: { width: 32, height: 32 } },
    );
    expect(linesOf(bytes)).toEqual({
      Serial: "7",
      evt: "3.0",
      format: "EVT3;height=32;width=32",
      geometry: "32x32",
    });
  });

  it("that cannot be written again are left out, and nobody fails", async () => {
    const { bytes } = await converted(
      withHeader(
        ...["evt 2.0", "note a\x01b", "tab\ta\tb", "END of text", "__proto__ x"],
        ...["umlaut \xe4\xdf", "% x", "twice 1", "twice 2"],
      ),
      "evt3",
      { verify: true },
    );
    const { entries } = parseRawHeader(bytes);
    expect(entries).toEqual([
      ["%", "x"],
      ["__proto__", "x"],
      ["evt", "3.0"],
      ["format", "EVT3"],
      ["tab", "a b"],
      ["twice", "2"],
      ["umlaut", "\xe4\xdf"],
    ]);
  });

  it("that are many or long are kept", async () => {
    const header = Object.fromEntries(
      Array.from({ length: 500 }, (_, at) => [`key_${at}`, "v".repeat(at * 10)]),
    );
    const long = await madeEvt2({ events: [event], header });
    const { bytes } = await converted(long, "evt3", { verify: true });
    expect(linesOf(bytes)).toMatchObject(header);
  });
});
