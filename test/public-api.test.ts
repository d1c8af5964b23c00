import { describe, expect, it } from "vitest";
import * as index from "../src/index.ts";
import * as node from "../src/node.ts";

const ANYWHERE = [
  "COLUMN_NAMES",
  "EVENT_ERROR_CODES",
  "EventError",
  "EventQuery",
  "EventStreamer",
  "CONTAINER_PRESETS",
  "POLARITY_ENCODINGS",
  "VERSION",
  "analyze",
  "appendEvents",
  "concatEvents",
  "compareFormats",
  "convertRecording",
  "cropEvents",
  "decodeTimeIndex",
  "detectFormat",
  "digestEvents",
  "downsampleEvents",
  "encodeDat",
  "encodeEvt2",
  "encodeEvt21",
  "encodeEvt3",
  "encodeTimeIndex",
  "exportEvents",
  "filterBackgroundActivity",
  "filterEvery",
  "filterHead",
  "filterHotPixels",
  "filterMask",
  "filterPolarity",
  "filterRefractory",
  "filterRoi",
  "filterTime",
  "flipEvents",
  "formatReport",
  "isEventError",
  "loadEvents",
  "loadStatistics",
  "loadTable",
  "openRecording",
  "readContainer",
  "repairContainer",
  "reportOf",
  "sampleStatistics",
  "scanEvents",
  "selectColumns",
  "verifyContainer",
];

const ON_NODE = ["FileSource", "openFile"];

describe("the public API", () => {
  it("of index.ts is this list", () => {
    expect(Object.keys(index).sort()).toEqual([...ANYWHERE].sort());
  });

  it("of node.ts is that and files on disk", () => {
    expect(Object.keys(node).sort()).toEqual([...ANYWHERE, ...ON_NODE].sort());
  });

  it("holds the same things in both", () => {
    const { FileSource, openFile, ...anywhere } = node;
    expect(anywhere).toEqual({ ...index });
    expect([typeof FileSource, typeof openFile]).toEqual(["function", "function"]);
  });

  it("has these error codes", () => {
    expect(index.EVENT_ERROR_CODES).toEqual([
      "source-not-found",
      "source-unreadable",
      "source-too-short",
      "source-unsupported",
      "source-consumed",
      "empty-source",
      "git-lfs-pointer",
      "unknown-format",
      "unsupported-format",
      "invalid-compression",
      "unsupported-compression",
      "invalid-header",
      "damaged-data",
      "geometry-conflict",
      "invalid-option",
      "malformed-line",
      "malformed-row",
      "stream-ambiguous",
      "memory-limit",
      "data-loss",
      "assumption",
      "unsafe-time",
      "batch-expired",
      "invalid-query",
      "missing-column",
      "not-encodable",
      "sink-unwritable",
      "verification-failed",
      "polars-unavailable",
      "kernel-unavailable",
    ]);
  });

  it("has these columns and polarity encodings", () => {
    expect(index.COLUMN_NAMES).toEqual(["x", "y", "t", "polarity"]);
    expect(index.POLARITY_ENCODINGS).toEqual(["minus-one-one", "zero-one"]);
  });
});
