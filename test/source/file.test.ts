import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isEventError } from "../../src/errors.ts";
import { isByteSource, isSequentialSource } from "../../src/source/byte-source.ts";
import { fill } from "../../src/source/cursor.ts";
import { FileSource, openFile } from "../../src/source/node/file.ts";

const folder = mkdtempSync(join(tmpdir(), "evarrow-file-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);

function fileOf(name: string, content: Uint8Array = bytes): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function openByteSource(path: string): Promise<FileSource> {
  const source = await openFile(path);
  if (!(source instanceof FileSource)) throw new Error("this is no FileSource");
  return source;
}

describe("openFile on a file", () => {
  it("knows its length and its name", async () => {
    const path = fileOf("whole.raw");
    const source = await openByteSource(path);
    expect(source.byteLength).toBe(1000);
    expect(source.name).toBe(path);
    expect(isByteSource(source)).toBe(true);
    await source.close();
  });

  it("reads exactly what it is asked for, in any order", async () => {
    const source = await openByteSource(fileOf("order.raw"));
    expect(await source.read(500, 3)).toEqual(bytes.slice(500, 503));
    expect(await source.read(0, 1000)).toEqual(bytes);
    expect(await source.read(999, 1)).toEqual(bytes.slice(999));
    expect(await source.read(1000, 0)).toEqual(new Uint8Array(0));
    const both = await Promise.all([source.read(10, 20), source.read(5, 10)]);
    expect(both).toEqual([bytes.slice(10, 30), bytes.slice(5, 15)]);
    await source.close();
  });

  it("reads into the memory it is given, and no further", async () => {
    const source = await openByteSource(fileOf("into.raw"));
    const memory = new Uint8Array(20).fill(0xff);
    const read = await source.read(100, 4, { into: memory.subarray(8) });
    expect(read).toEqual(bytes.slice(100, 104));
    expect(read.buffer).toBe(memory.buffer);
    expect(memory.subarray(8, 12)).toEqual(bytes.slice(100, 104));
    expect(memory.filter((byte) => byte === 0xff)).toHaveLength(16);
    await source.close();
  });

  it("rejects with both numbers when there are fewer bytes", async () => {
    const path = fileOf("short.raw");
    const source = await openByteSource(path);
    const error = await source.read(900, 101).catch((caught) => caught);
    expect(isEventError(error, "source-too-short")).toBe(true);
    expect(error).toMatchObject({ path, byteOffset: 900, expected: "101 bytes", found: "100" });
    expect(error.message).toContain("101");
    expect(error.message).toContain("100");
    await source.close();
  });

  it("notices that the file was cut after it was opened", async () => {
    const path = fileOf("cut.raw");
    const source = await openByteSource(path);
    await truncate(path, 10);
    await expect(source.read(0, source.byteLength)).rejects.toMatchObject({
      code: "source-too-short",
      expected: "1000 bytes",
      found: "10",
    });
    await source.close();
  });

  it("rejects with the reason of its signal, before and while it reads", async () => {
    const source = await openByteSource(fileOf("abort.raw"));
    const signal = AbortSignal.abort("enough");
    await expect(source.read(0, 1, { signal })).rejects.toBe("enough");
    const controller = new AbortController();
    const reading = source.read(0, 1, { signal: controller.signal });
    controller.abort("late");
    await expect(reading).rejects.toBe("late");
    await source.close();
  });

  it("is closed once, and not read after that", async () => {
    const path = fileOf("closed.raw");
    const source = await openByteSource(path);
    await source.close();
    await source.close();
    const error = await source.read(0, 1).catch((caught) => caught);
    expect(isEventError(error, "source-unreadable")).toBe(true);
    expect(error.path).toBe(path);
    expect(error.message).toContain("closed");
  });

  it("closes nothing but its own file when it is closed twice", async () => {
    const source = await openByteSource(fileOf("first.raw"));
    await source.close();
    const other = await openByteSource(fileOf("second.raw")); // has the same descriptor by now
    await source.close();
    expect(await other.read(0, 1)).toEqual(bytes.slice(0, 1));
    await other.close();
  });

  it("says that it cannot be read when the system says so, and keeps the cause", async () => {
    const path = fileOf("write-only.raw");
    const source = new FileSource(path, openSync(path, "a"), 1000);
    const error = await source.read(7, 10).catch((caught) => caught);
    expect(isEventError(error, "source-unreadable")).toBe(true);
    expect(error).toMatchObject({ path, byteOffset: 7, cause: { code: "EBADF" } });
    await source.close();
  });

  it("waits for a read that is under way before it closes the file", async () => {
    const source = await openByteSource(fileOf("busy.raw"));
    const reading = source.read(0, 1000);
    await Promise.all([source.close(), expect(reading).resolves.toEqual(bytes)]);
  });

  it("reads an empty file", async () => {
    const source = await openByteSource(fileOf("empty.raw", new Uint8Array(0)));
    expect(source.byteLength).toBe(0);
    expect(await source.read(0, 0)).toEqual(new Uint8Array(0));
    await source.close();
  });

  it("follows a link", async () => {
    const path = join(folder, "link.raw");
    symlinkSync(fileOf("target.raw"), path);
    const source = await openByteSource(path);
    expect(await source.read(1, 2)).toEqual(bytes.slice(1, 3));
    await source.close();
  });
});

describe("openFile on something else", () => {
  it.each([
    ["a file that is missing", () => join(folder, "missing.raw")],
    ["a folder that is missing", () => join(folder, "missing", "a.raw")],
    ["a file in a file", () => join(fileOf("plain.raw"), "a.raw")],
    ["no name at all", () => ""],
  ])("does not find %s", async (_, path) => {
    const error = await openFile(path()).catch((caught) => caught);
    expect(isEventError(error, "source-not-found")).toBe(true);
    expect(error.path).toBe(path());
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("refuses a directory", async () => {
    const path = join(folder, "directory.raw");
    mkdirSync(path);
    const error = await openFile(path).catch((caught) => caught);
    expect(isEventError(error, "source-unreadable")).toBe(true);
    expect(error.message).toContain("directory");
    expect(error.path).toBe(path);
  });

  it("refuses a link that leads to itself", async () => {
    const path = join(folder, "circle.raw");
    symlinkSync(path, path);
    await expect(openFile(path)).rejects.toMatchObject({ code: "source-unreadable" });
  });

  it("refuses a name that no file can have", async () => {
    await expect(openFile("a\0b")).rejects.toMatchObject({ code: "source-unreadable" });
    await expect(openFile("a".repeat(5000))).rejects.toMatchObject({ code: "source-unreadable" });
  });

  const isRoot = process.getuid?.() === 0;
  const mayReadAll = isRoot || process.platform === "win32";
  const why = mayReadAll ? " (skipped: root may read every file)" : "";
  it.skipIf(mayReadAll)(`refuses a file without permission${why}`, async () => {
    const path = fileOf("secret.raw");
    chmodSync(path, 0);
    const error = await openFile(path).catch((caught) => caught);
    expect(isEventError(error, "source-unreadable")).toBe(true);
    expect(error.message).toContain("permission");
  });
});

const fifos = process.platform !== "win32";
describe.skipIf(!fifos)("openFile on a pipe", () => {
  function makeFifo(name: string): string {
    const path = join(folder, name);
    execFileSync("mkfifo", [path]);
    return path;
  }

  it("gives a source that is read front to back", async () => {
    const path = makeFifo("pipe");
    const [source, writer] = await Promise.all([openFile(path), open(path, "w")]);
    if (!isSequentialSource(source)) throw new Error("this is no SequentialSource");
    expect(isByteSource(source)).toBe(false);
    expect(source.name).toBe(path);

    await writer.write(bytes.subarray(0, 300));
    const into = new Uint8Array(200);
    expect(await fill(source, into)).toBe(200);
    expect(into).toEqual(bytes.slice(0, 200));
    await writer.write(bytes.subarray(300));
    await writer.close();
    const rest = new Uint8Array(1000);
    expect(await fill(source, rest)).toBe(800);
    expect(rest.subarray(0, 800)).toEqual(bytes.slice(200));
    expect(await source.next(into)).toBe(0);

    await source.close?.();
    await source.close?.();
    await expect(source.next(into)).rejects.toMatchObject({ code: "source-unreadable" });
  });

  it("ends at once when nothing was written", async () => {
    const path = makeFifo("silent");
    const [source, writer] = await Promise.all([openFile(path), open(path, "w")]);
    await writer.close();
    if (!isSequentialSource(source)) throw new Error("this is no SequentialSource");
    expect(await source.next(new Uint8Array(10))).toBe(0);
    await source.close?.();
  });
});
