import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  digestEvents,
  isEventError,
  loadTable,
  openRecording,
  reportOf,
} from "../../../src/index.ts";
import { decodeEvt2Reference } from "../../reference/evt2.ts";
import { decodeEvt3Reference } from "../../reference/evt3.ts";
import { parseRawHeader } from "../../reference/raw-header.ts";
import { concatBytes, latin1Bytes } from "../../support/evt2-words.ts";
import {
  BYTE_ORDERS,
  continued,
  neg,
  others,
  PLAIN_HEADERS,
  pos,
  recordingOf,
  timeHigh,
  trigger,
  type Word,
  wordOf,
  wordsOf,
} from "../../support/evt21-words.ts";
import { columnsOf, expectSameColumns, toColumns } from "../../support/expected-load.ts";
import { streamed } from "../../support/loads.ts";
import { itWithSharedData } from "../../support/shared-data.ts";
import { PieceSource } from "../../support/sources.ts";

const ALL = 0xffffffff;

describe("strict", () => {
  it("takes triggers, vendor words, words without pixels, duplicate times and wraps", async () => {
    const words = [
      ...[others(0x14), pos(0, 640, 480, 0), timeHigh(0xfffffff), timeHigh(0xfffffff)],
      ...[pos(9, 1, 1, 1), trigger(1, 1, 1), continued(1), neg(3, 1, 1, 0), timeHigh(0)],
      ...[pos(0, 608, 479, ALL), neg(0, 0, 0, ALL)],
    ];
    const table = await loadTable(recordingOf(words), { strict: true });
    expect(table.numRows).toBe(65);
    expect(reportOf(table).clockWraps).toBe(1);
  });

  const start = [timeHigh(1), pos(1, 1, 1, 1)];
  it.each<[string, Word[], number[], at: number, problem: string, kept: number]>([
    ["unknown words", [...start, wordOf(2, 1)], [], 16, "a word of a type", 1],
    ["events without a time", [others(1), pos(1, 1, 1, 3), timeHigh(1)], [], 8, "before the", 0],
    ["triggers without a time", [trigger(1, 1, 1), timeHigh(1)], [], 0, "a trigger before", 0],
    ["pixels outside", [...start, pos(1, 640, 1, 1)], [], 16, "outside the sensor", 1],
    ["rows outside", [...start, neg(1, 1, 480, 3)], [], 16, "outside the sensor", 1],
    ["clipped words", [...start, neg(1, 639, 1, 3)], [], 16, "outside the sensor", 2],
    ["steps back", [...start, pos(0, 1, 1, 3)], [], 16, "earlier than", 3],
    ["a cut end", start, [1, 2, 3], 16, "ends inside a word", 1],
  ])("refuses %s, with the offset from the start of the file", async (...given) => {
    const [, words, tail, at, problem, kept] = given;
    for (const order of BYTE_ORDERS) {
      const bytes = recordingOf(words, { order, tail });
      const error = await loadTable(new File([bytes], "a.raw"), { strict: true }).catch((e) => e);
      expect(isEventError(error, "data-loss")).toBe(true);
      expect(error).toMatchObject({
        byteOffset: PLAIN_HEADERS[order].length + at,
        path: "a.raw",
        format: "evt21",
      });
      expect(error.message).toContain(problem);
      expect(reportOf(await loadTable(bytes)).events).toBe(kept);
    }
  });

  it("holds for streams and triggers", async () => {
    const bytes = recordingOf([...start, neg(2, 2, 2, 3), wordOf(0xb, 1), pos(9, 1, 1, 1)]);
    const at = { code: "data-loss", byteOffset: PLAIN_HEADERS.little.length + 24 };
    const recording = await openRecording(bytes);
    await expect(recording.triggers({ strict: true })).rejects.toMatchObject(at);
    for (const batches of ["owned", "borrowed"] as const) {
      const stream = streamed(recording.stream({ strict: true, batches }));
      await expect(stream).rejects.toMatchObject(at);
    }
  });
});

describe("the table", () => {
  const words = [timeHigh(1), neg(2, 3, 4, 3), pos(5, 6, 7, 1), trigger(6, 1, 1)];

  it("has the facts of the recording in its metadata", async () => {
    const { metadata } = (await loadTable(recordingOf(words))).schema;
    expect(metadata.get("evarrow.format")).toBe("evt21");
    expect(metadata.get("evarrow.geometry")).toBe("640x480");
    expect(metadata.get("evarrow.polarityEncoding")).toBe("minus-one-one");
  });

  it("holds polarity in the encoding that was asked for", async () => {
    // Once few words, which go one by one, and once many, which do not.
    for (const rounds of [1, 60]) {
      const bytes = recordingOf(Array(rounds).fill(words).flat());
      for (const [polarityEncoding, values] of [
        [undefined, [-1, -1, 1]],
        ["minus-one-one", [-1, -1, 1]],
        ["zero-one", [0, 0, 1]],
      ] as const) {
        const table = await loadTable(bytes, { polarityEncoding });
        expect([...columnsOf(table).polarity]).toEqual(Array(rounds).fill(values).flat());
        expect(reportOf(table).polarityEncoding).toBe(polarityEncoding ?? "minus-one-one");
      }
    }
  });

  it("starts at 0 under rebase, with triggers on the same clock", async () => {
    const bytes = recordingOf([
      ...[pos(1, 1, 1, 1), timeHigh(100), trigger(1, 1, 1), pos(5, 640, 1, 1), pos(6, 1, 1, 0)],
      ...[pos(7, 1, 1, 3), pos(9, 2, 1, 1), timeHigh(101), trigger(2, 2, 0), pos(3, 2, 1, 1)],
    ]);
    const table = await loadTable(bytes, { rebase: true });
    expect([...columnsOf(table).t]).toEqual([0n, 0n, 2n, 60n]);
    expect(reportOf(table).timeOffset).toBe(6407);
    const triggers = await (await openRecording(bytes)).triggers({ rebase: true });
    expect([...(triggers.getChild("t")?.toArray() ?? [])]).toEqual([-6n, 59n]);
  });
});

describe("a real recording, written as EVT 2.1", () => {
  for (const [sample, decode, geometry] of [
    ["evt2_sample.raw", decodeEvt2Reference, { width: 640, height: 480 }],
    ["evt3_sample.raw", decodeEvt3Reference, { width: 1280, height: 720 }],
  ] as const) {
    itWithSharedData(
      `gives the events of ${sample}, in either order`,
      sample,
      async (path, { events, digest }) => {
        const file = readFileSync(path);
        const list = decode(file.subarray(parseRawHeader(file).dataOffset), { geometry }).events;
        const words = wordsOf(list);
        expect(words.length).toBeLessThan(events);
        for (const order of BYTE_ORDERS) {
          const header = `% evt 2.1\n% endianness ${order}\n% geometry ${geometry.width}x${geometry.height}\n`;
          const bytes = recordingOf(words, { order, header });
          expect(await digestEvents(bytes)).toMatchObject({ events, digest });
          await loadTable(bytes, { strict: "assumptions" });
          // Without a word in the header the data tell it.
          const open = concatBytes(latin1Bytes("% evt 2.1\n"), bytes.subarray(header.length));
          const recording = await openRecording(open, { geometry });
          expect(recording.report.assumptions).toMatchObject([{ value: order }]);
          expect(await digestEvents(recording)).toMatchObject({ events, digest });
        }

        const bytes = recordingOf(words, { header: "% evt 2.1\n% endianness little\n" });
        const columns = toColumns(list);
        const table = await loadTable(bytes);
        expectSameColumns(columnsOf(table), columns);
        expect(reportOf(table)).toMatchObject({ events });
        let piece = 0;
        const sizes = [1000, 1, 70_001, 3, 65535, 13];
        const source = new PieceSource(bytes, () => sizes[piece++ % sizes.length] ?? 1);
        expectSameColumns(columnsOf(await loadTable(source)), columns);
      },
    );
  }
});
