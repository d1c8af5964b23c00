/** Real files of every layout: what is read equals what h5wasm reads, and what is known of them. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readDataset } from "../../../src/formats/hdf5/dataset-values.ts";
import { referenceDigest } from "../../reference/digest.ts";
import { itWithSharedData } from "../../support/shared-data.ts";
import { expectAsLibrary, open, readColumns } from "./files.ts";

describe("files of other programs", () => {
  for (const [name, columns] of [
    ["cd_plain.h5", 4],
    ["dsec.h5", 5],
    ["e2vid.h5", 4],
    ["m3ed.h5", 4],
    ["mvsec.h5", 4],
    ["rvt.h5", 4],
    ["toplevel.h5", 4],
    ["v2e.h5", 4],
  ] as const) {
    itWithSharedData(`${name} reads as h5wasm reads it`, `hdf5/${name}`, async (path) => {
      expect(await expectAsLibrary(readFileSync(path))).toBe(columns);
    });
  }

  itWithSharedData("single values", "hdf5/dsec.h5", async (path) => {
    const file = await open(readFileSync(path));
    const dataset = await file.dataset("/t_offset");
    expect(dataset && (await readDataset(file, dataset))).toBe(1_600_000_000_000_000);
    expect(await file.get("/events/polarity")).toBeNull();
    expect(await file.dataset("/events")).toBeNull();
  });

  itWithSharedData("attributes", "hdf5/e2vid.h5", async (path) => {
    const file = await open(readFileSync(path));
    const root = await file.get("/");
    expect(await root?.attributes()).toEqual(
      new Map<string, unknown>([
        ["sensor_resolution", [720, 1280]],
        ["num_events", 60000],
      ]),
    );
  });

  itWithSharedData("openeb's own, with ECF", "hdf5/openeb_ecf.hdf5", async (path, expected) => {
    const bytes = readFileSync(path);
    const file = await open(bytes);
    const members = ["t", "x", "y", "p"].map((member) => ({ path: "/CD/events", member }));
    const [t, x, y, p] = await readColumns(file, members);
    const events = Array.from(x as Uint16Array, (_, row) => ({
      t: t?.[row] as bigint,
      x: x?.[row] as number,
      y: y?.[row] as number,
      p: p?.[row] as number,
    }));
    expect(events.length).toBe(expected.events);
    expect(referenceDigest(events)).toBe(expected.digest);
    expect(events.filter((event) => event.p === 1).length).toBe(expected.on);
    expect((await (await file.get("/"))?.attributes())?.get("geometry")).toBe("1280x720");
    // What has no ECF in the same file reads as everywhere.
    const skip = (dataset: { path: string }): boolean => dataset.path === "/CD/events";
    expect(await expectAsLibrary(bytes, skip)).toBe(2);
  });
});

it("a file that is none of HDF5 is an error", async () => {
  await expect(open(new Uint8Array(5000))).rejects.toMatchObject({ code: "invalid-header" });
  await expect(open(new Uint8Array(0))).rejects.toMatchObject({ code: "invalid-header" });
});
