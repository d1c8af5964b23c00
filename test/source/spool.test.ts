import { readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isEventError } from "../../src/errors.ts";
import { spoolToBlob } from "../../src/source/blob.ts";
import { spoolToFile } from "../../src/source/node/spool.ts";
import { spooledFiles as allSpooledFiles } from "../support/open-files.ts";
import { PieceSource } from "../support/sources.ts";

const bytes = Uint8Array.from({ length: 5_000_000 }, (_, index) => (index * 7) % 253);

describe.each([
  ["a file", spoolToFile],
  ["a Blob", spoolToBlob],
])("%s", (_, spool) => {
  it.each([1_000_003, 5_000_000, 64_000])("holds what came in pieces of %i bytes", async (size) => {
    const pieces = new PieceSource(bytes, () => size);
    const source = await spool(pieces, "pipe", undefined);
    expect(source.byteLength).toBe(bytes.byteLength);
    expect(source.name).toBe("pipe");
    for (const [offset, length] of [
      [0, 10],
      [4_999_990, 10],
      [3, 4_000_000],
      [77, 0],
    ] as const) {
      const read = await source.read(offset, length);
      expect(Buffer.compare(read, bytes.subarray(offset, offset + length))).toBe(0);
    }
    const beyond = await source.read(4_999_999, 2).catch((caught) => caught);
    expect(isEventError(beyond, "source-too-short")).toBe(true);
    expect(pieces.closed).toBe(0); // that is its owner's
    await source.close?.();
  });

  it("can be empty", async () => {
    const source = await spool(new PieceSource(new Uint8Array(0), () => 1), undefined, undefined);
    expect(source.byteLength).toBe(0);
    await source.close?.();
  });

  it("is given up when the source fails or the caller aborts", async () => {
    const failing = { next: () => Promise.reject(new Error("unplugged")) };
    await expect(spool(failing, "pipe", undefined)).rejects.toThrow("unplugged");
    const controller = new AbortController();
    const endless = { next: () => new Promise<number>(() => {}) };
    const spooling = spool(endless, "pipe", controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(spooling).rejects.toBe(reason);
  });
});

describe.skipIf(process.platform !== "linux")("the file", () => {
  it("is nobody else's, has no name, and is gone when it is closed", async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("evarrow-"));
    const source = await spoolToFile(new PieceSource(bytes, () => 100_000), undefined, undefined);
    const [file = "", ...more] = spooledFiles();
    expect(more).toEqual([]);
    const { mode, nlink, size } = statSync(file);
    expect([mode & 0o777, nlink, size]).toEqual([0o600, 0, bytes.byteLength]);
    const after = readdirSync(tmpdir()).filter((name) => name.startsWith("evarrow-"));
    expect(after.filter((name) => !before.includes(name) && /-[0-9a-f]{8}-/.test(name))).toEqual(
      [],
    );
    await source.close?.();
    expect(spooledFiles()).toEqual([]);
  });

  it("is gone when spooling fails", async () => {
    let calls = 0;
    const failing = {
      next: async (into: Uint8Array) => {
        if (++calls > 3) throw new Error("unplugged");
        return into.byteLength;
      },
    };
    await expect(spoolToFile(failing, undefined, undefined)).rejects.toThrow("unplugged");
    expect(spooledFiles()).toEqual([]);
  });
});

/** What recordings of other tests in this process may still hold. */
const others = allSpooledFiles();
const spooledFiles = (): string[] => allSpooledFiles().filter((file) => !others.includes(file));

describe("a folder for temporary files that is not there", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("is an error that says what to do", async () => {
    vi.stubEnv("TMPDIR", "/no/such/folder");
    const source = new PieceSource(bytes, () => 1000, "pipe");
    const error = await spoolToFile(source, "pipe", undefined).catch((caught) => caught);
    expect(isEventError(error, "source-unreadable"), String(error)).toBe(true);
    expect(error.path).toBe("pipe");
    expect(error.hint).toContain("TMPDIR");
  });
});
