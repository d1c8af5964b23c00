/** The JSON beside the samples against the reference decoders, which share nothing with it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { tableFromIPC } from "apache-arrow";
import { describe, expect, it } from "vitest";
import type { SensorGeometry } from "../../src/index.ts";
import { referenceOf } from "../formats/hdf5/loads.ts";
import { decodeDatReference } from "../reference/dat.ts";
import { referenceDigest } from "../reference/digest.ts";
import { readReferenceContainer } from "../reference/evb.ts";
import { decodeEvt2Reference } from "../reference/evt2.ts";
import { decodeEvt3Reference } from "../reference/evt3.ts";
import { decodeEvt21Reference } from "../reference/evt21.ts";
import { parseRawHeader } from "../reference/raw-header.ts";
import { CSV_DIALECT, readTextReference, SECONDS_DIALECT } from "../reference/text.ts";
import { type ReferenceLoad, rawReference } from "../support/expected-load.ts";

type Found = Pick<ReferenceLoad, "events" | "firstAt"> & Partial<ReferenceLoad>;
type Decode = (
  bytes: Uint8Array,
  geometry: SensorGeometry | null,
  options?: { stream?: string },
) => Found | Promise<Found>;

const REFERENCES: Record<string, Decode> = {
  evt2: rawReference("evt2", decodeEvt2Reference).decode,
  evt3: rawReference("evt3", decodeEvt3Reference).decode,
  evt21(bytes, geometry) {
    const order = new Map(parseRawHeader(bytes).entries).get("endianness");
    const endianness = order === "legacy" ? "legacy" : "little";
    const reference = rawReference("evt21", (data, options) =>
      decodeEvt21Reference(data, { ...options, endianness }),
    );
    return reference.decode(bytes, geometry);
  },
  dat: (bytes) => decodeDatReference(bytes),
  text(bytes, geometry) {
    const isCsv = bytes[0] === "x".charCodeAt(0);
    return readTextReference(bytes, isCsv ? CSV_DIALECT : SECONDS_DIALECT, { geometry });
  },
  arrow(bytes) {
    const rows = [...tableFromIPC(bytes)];
    const events = rows.map(({ t, x, y, polarity }) => ({ t, x, y, p: polarity > 0 ? 1 : 0 }));
    return { events: events as Found["events"], firstAt: {} };
  },
  evb(bytes, geometry) {
    const { x, y, t, p, triggers, width, height } = readReferenceContainer(bytes);
    expect({ width, height }).toEqual(geometry);
    const events = x.map((_, row) => ({ t: t[row], x: x[row], y: y[row], p: p[row] }));
    return { events, triggers, firstAt: {} } as unknown as Found;
  },
  async hdf5(bytes, geometry, options) {
    const found = await referenceOf(bytes, options);
    // It finds out about the geometry itself.
    expect(found.geometry).toEqual(geometry);
    return { ...found, firstAt: {} };
  },
};

const LOSSES = {
  skippedWords: {},
  otherSubtypes: {},
  unknownWords: {},
  eventsBeforeTimeBase: 0,
  triggersBeforeTimeBase: 0,
  eventsWithoutAddress: 0,
  eventsOutsideGeometry: 0,
  backwardSteps: 0,
  clockWraps: 0,
  malformedLines: 0,
  truncatedBytes: 0,
  firstAt: {},
};

function lossesOf(load: object) {
  const known = Object.entries(load).filter(([field]) => field in LOSSES);
  return { ...LOSSES, ...Object.fromEntries(known) };
}

const folder = fileURLToPath(new URL("../../data-samples", import.meta.url));
const samples = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.replace(/\.json$/, ""));

describe.each(samples)("%s", (name) => {
  const file = readFileSync(join(folder, name));
  const bytes = name.endsWith(".gz") ? gunzipSync(file) : file;
  const expected = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
  it("is what its reference decoder finds", async () => {
    const decode = REFERENCES[expected.format];
    if (decode === undefined) throw new Error(`no reference decoder of ${expected.format}`);
    const found = await decode(bytes, expected.geometry, expected.options);
    expect(found.events).toHaveLength(expected.events);
    expect(referenceDigest(found.events)).toBe(expected.digest);
    const triggers = (found.triggers ?? []).map(({ t, id, value }) => [Number(t), id, value]);
    expect(triggers).toEqual(expected.triggers);
    expect(lossesOf(found)).toEqual(lossesOf(expected.report));
  });
});
