/** Real recordings: nothing is lost under any setting, and files are as small as promised. */
import { describe, expect } from "vitest";
import { CONTAINER_PRESETS, type ContainerPreset } from "../../src/container/settings.ts";
import {
  digestEvents,
  type ExportOptions,
  type ExportStats,
  exportEvents,
  openRecording,
} from "../../src/node.ts";
import type { ByteSink } from "../../src/source/byte-sink.ts";
import { readReferenceContainer } from "../reference/evb.ts";
import { itWithSharedData } from "../support/shared-data.ts";
import { SOAK } from "../support/soak.ts";

const RECORDINGS = [
  ...["evt3_sample.raw", "evt2_sample.raw", "openeb_cd.dat", "openeb_xypt.csv", "ncars.dat"],
  ...["hdf5/openeb_ecf.hdf5", "hdf5/dsec.h5", "hdf5/mvsec.h5", "hdf5/v2e.h5", "hdf5/e2vid.h5"],
  ...["hdf5/m3ed.h5", "hdf5/rvt.h5", "hdf5/cd_plain.h5", "hdf5/toplevel.h5"],
];
const PRESETS = Object.keys(CONTAINER_PRESETS) as ContainerPreset[];
/** Writing takes long at high levels; a lower one shows the same. */
const QUICK: Partial<Record<ContainerPreset, ExportOptions>> = { size: { level: 6 } };

async function exported(
  path: string,
  options: ExportOptions,
): Promise<{ bytes: Uint8Array; stats: ExportStats }> {
  const parts: Uint8Array[] = [];
  const sink: ByteSink = { write: async (bytes) => void parts.push(bytes.slice()) };
  const recording = await openRecording(path);
  const stats = await exportEvents(recording, sink, options);
  await recording.close();
  return { bytes: new Uint8Array(Buffer.concat(parts)), stats };
}

describe("the digest of a real recording", () => {
  for (const [index, name] of RECORDINGS.entries()) {
    // Every other preset in turn; all of them in the soak.
    const presets = PRESETS.filter((_, at) => SOAK > 1 || at % 2 === index % 2);
    itWithSharedData(`survives presets: ${name}`, name, async (path, expected) => {
      for (const preset of presets) {
        const { bytes, stats } = await exported(path, { preset, ...QUICK[preset] });
        expect(stats.bytes).toBe(bytes.byteLength);
        const { digest, events, on } = await digestEvents(bytes);
        expect({ preset, digest, events, on }).toEqual({
          ...{ preset, digest: expected.digest },
          ...{ events: expected.events, on: expected.on },
        });
      }
    });
  }

  itWithSharedData(
    "survives any chunk size, codec and thread count",
    "evt2_sample.raw",
    async (path, expected) => {
      for (const chunkEvents of [1000, 65_536, 1_048_576]) {
        const { bytes } = await exported(path, { chunkEvents });
        expect((await digestEvents(bytes)).digest).toBe(expected.digest);
      }
      for (const codec of ["none", "deflate", "brotli", "auto"] as const) {
        const { bytes } = await exported(path, {
          codec,
          level: codec === "brotli" ? 2 : undefined,
        });
        expect((await digestEvents(bytes)).digest).toBe(expected.digest);
      }
    },
  );

  itWithSharedData(
    "is that of the second reader, too",
    "openeb_xypt.csv",
    async (path, expected) => {
      const { bytes } = await exported(path, { chunkEvents: 16_384 });
      const { x, p } = readReferenceContainer(bytes);
      expect(x).toHaveLength(expected.events);
      expect(p.filter(Boolean)).toHaveLength(expected.on);
    },
  );
});

describe("the size of a real recording", () => {
  // What the page of requirements asks for: 1.75 and 1.38.
  for (const [name, most] of [
    ["evt3_sample.raw", 1.7],
    ["evt2_sample.raw", 1.3],
  ] as const) {
    itWithSharedData(`is at most ${most} bytes per event: ${name}`, name, async (path) => {
      const { stats } = await exported(path, {});
      expect(stats.bytesPerEvent).toBeLessThanOrEqual(most);
      const plain = await exported(path, { preset: "store" });
      expect(stats.bytes).toBeLessThan(plain.stats.bytes);
      expect(stats.ratio).toBeCloseTo((13 * stats.events) / stats.bytes, 1);
    });
  }
});
