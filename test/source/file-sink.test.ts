import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { isEventError } from "../../src/errors.ts";
import { isReadableSink } from "../../src/source/byte-sink.ts";
import { createFile } from "../../src/source/node/file-sink.ts";
import { canSeeDescriptors, openDescriptors } from "../support/open-files.ts";
import { hasPermissions, unprivileged } from "../support/unprivileged.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "evarrow-sink-")));
chmodSync(root, 0o755); // for other users, too
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = root;
beforeEach(() => {
  folder = mkdtempSync(join(root, "test-"));
  chmodSync(folder, 0o777);
});

const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
const fileOf = (name: string, content: Uint8Array | string = "old"): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

async function write(path: string, content: Uint8Array = bytes): Promise<void> {
  const sink = await createFile(path);
  await sink.write(content);
  await sink.close?.();
}

async function refused(path: string): Promise<Error & { code: string; path: string }> {
  const error = await createFile(path).catch((caught) => caught);
  expect(isEventError(error, "sink-unwritable"), String(error)).toBe(true);
  expect(error.path).toBe(path);
  return error;
}

describe("a regular file", () => {
  it("has all bytes, in order, when it is closed", async () => {
    const path = join(folder, "out.raw");
    const sink = await createFile(path);
    expect(sink.name).toBe(path);
    for (let at = 0; at < bytes.byteLength; at += 7) await sink.write(bytes.subarray(at, at + 7));
    await sink.close?.();
    expect(Uint8Array.from(readFileSync(path))).toEqual(bytes);
    expect(readdirSync(folder)).toEqual(["out.raw"]);
  });

  it("may be empty", async () => {
    const path = join(folder, "empty.raw");
    await (await createFile(path)).close?.();
    expect(readFileSync(path).byteLength).toBe(0);
  });

  it("is not there before it is closed, and hidden until then", async () => {
    const path = join(folder, "out.raw");
    const sink = await createFile(path);
    await sink.write(bytes);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.out\.raw\.[0-9a-f]{12}\.tmp$/)]);
    await sink.close?.();
    expect(existsSync(path)).toBe(true);
  });

  it("keeps its old content until then", async () => {
    const path = fileOf("out.raw");
    const sink = await createFile(path);
    await sink.write(bytes);
    expect(readFileSync(path, "utf8")).toBe("old");
    const reader = await open(path); // who reads the old one goes on to do so
    await sink.close?.();
    expect(await reader.readFile("utf8")).toBe("old");
    await reader.close();
    expect(readFileSync(path).byteLength).toBe(1000);
  });

  it("is as it was when it is given up", async () => {
    for (const path of [fileOf("old.raw"), join(folder, "new.raw")]) {
      const sink = await createFile(path);
      await sink.write(bytes);
      await sink.abort?.("no reason");
      await sink.abort?.("again");
    }
    expect(readdirSync(folder)).toEqual(["old.raw"]);
    expect(readFileSync(join(folder, "old.raw"), "utf8")).toBe("old");
  });

  it("can be read before it has its name", async () => {
    const path = join(folder, "out.raw");
    const sink = await createFile(path);
    if (!isReadableSink(sink)) throw new Error("this cannot be read again");
    await sink.write(bytes);
    const source = await sink.written();
    expect(source.byteLength).toBe(1000);
    expect(await source.read(500, 3)).toEqual(bytes.slice(500, 503));
    await source.close?.();
    await sink.close?.();
  });

  it("may be written by several at once, of whom the last wins", async () => {
    const path = join(folder, "out.raw");
    const sinks = await Promise.all(Array.from({ length: 8 }, () => createFile(path)));
    await Promise.all(sinks.map((sink, at) => sink.write(Uint8Array.of(at))));
    expect(readdirSync(folder)).toHaveLength(8);
    for (const sink of sinks.slice(0, 4)) await sink.abort?.("enough");
    for (const sink of sinks.slice(4)) await sink.close?.();
    expect(readdirSync(folder)).toEqual(["out.raw"]);
    expect([...readFileSync(path)]).toEqual([7]);
  });

  it("is given up when it cannot get its name", async () => {
    const path = join(folder, "out.raw");
    const sink = await createFile(path);
    await sink.write(bytes);
    mkdirSync(path);
    const error = await sink.close?.().catch((caught) => caught);
    expect(isEventError(error, "sink-unwritable"), String(error)).toBe(true);
    expect(error).toMatchObject({ path, cause: { syscall: "rename" } });
    expect(error.message).toContain("the file cannot be completed");
    expect(readdirSync(folder)).toEqual(["out.raw"]);
    await sink.abort?.(error);
  });

  it.skipIf(!canSeeDescriptors)("is closed, whatever the end", async () => {
    const closing = await createFile(join(folder, "a"));
    const aborting = await createFile(join(folder, "b"));
    const failing = await createFile(join(folder, "c"));
    const open = () => readdirSync(folder).map((name) => openDescriptors(join(folder, name)));
    expect(open()).toEqual([1, 1, 1]);
    await closing.close?.();
    await aborting.abort?.("reason");
    mkdirSync(join(folder, "c"));
    await failing.close?.().catch(() => {});
    expect(open()).toEqual([0, 0]);
  });

  it("is not written any more once it is given up", async () => {
    const path = join(folder, "out.raw");
    const sink = await createFile(path);
    await sink.abort?.("reason");
    await expect(sink.write(bytes)).rejects.toMatchObject({ code: "sink-unwritable", path });
  });

  it("says so when the system cannot write", async () => {
    const sink = await createFile(join(folder, "out.raw"));
    const { handle } = sink as unknown as { handle: { write: unknown } };
    handle.write = () => Promise.reject(new Error("ENOSPC: no space left on device, write"));
    await expect(sink.write(bytes)).rejects.toMatchObject({
      code: "sink-unwritable",
      message: `${join(folder, "out.raw")}: the file cannot be written (ENOSPC: no space left on device, write).`,
    });
    await sink.abort?.("reason");
  });

  it("takes what is left when the system writes less", async () => {
    const path = join(folder, "out.raw");
    const sink = await createFile(path);
    const { handle } = sink as unknown as { handle: { write: unknown } };
    const writeAll = (handle.write as (...given: unknown[]) => Promise<unknown>).bind(handle);
    handle.write = (from: Uint8Array, offset: number) => writeAll(from, offset, 1);
    await sink.write(bytes.subarray(0, 5));
    await sink.close?.();
    expect([...readFileSync(path)]).toEqual([0, 1, 2, 3, 4]);
  });
});

describe("its name", () => {
  it("may be as long as the system allows", async () => {
    for (const name of ["a".repeat(255), "\u{1f4f7}".repeat(63)]) {
      await write(join(folder, name));
      expect(readdirSync(folder)).toEqual([name]);
      rmSync(join(folder, name));
    }
  });

  it("may be relative, or have other characters", async () => {
    for (const name of [".hidden", "with blank", "ünï", "-dash", "back\\slash", "new\nline"]) {
      await write(relative(process.cwd(), join(folder, name)));
      expect(readdirSync(folder)).toEqual([name]);
      rmSync(join(folder, name));
    }
  });

  it.each([
    ["a directory", () => folder],
    ["a directory with a slash", () => `${folder}/`],
    ["a directory that is not there", () => join(folder, "missing/")],
    ["the current directory", () => "."],
    ["nothing", () => ""],
  ])("is refused for %s", async (_, path) => {
    expect((await refused(path())).message).toContain("this names a directory");
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ["in a folder that is not there", () => join(folder, "missing", "out.raw")],
    ["in a file", () => join(fileOf("file.raw"), "out.raw")],
  ])("is refused %s", async (_, path) => {
    const error = await refused(path());
    expect(error.message).toBe(`${path()}: there is no such folder.`);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("is refused where no file can have it", async () => {
    await refused(join(folder, "a\0b"));
    await refused(join(folder, "a".repeat(5000), "b"));
    expect((await refused(join(folder, "a".repeat(256)))).message).toContain("cannot be created");
    const circle = join(folder, "circle");
    symlinkSync(circle, circle);
    expect((await refused(circle)).message).toContain("cannot be created");
  });
});

describe("permissions", () => {
  it.skipIf(!hasPermissions)("of a file that was there are kept", async () => {
    const umask = process.umask(0o077);
    try {
      for (const mode of [0o666, 0o600, 0o640, 0o755]) {
        const path = fileOf("out.raw");
        chmodSync(path, mode);
        await write(path);
        expect(statSync(path).mode & 0o777).toBe(mode);
      }
    } finally {
      process.umask(umask);
    }
  });

  it.skipIf(!hasPermissions)("of a new file are those of any new file", async () => {
    const umask = process.umask(0o027);
    try {
      await write(join(folder, "out.raw"));
      expect(statSync(join(folder, "out.raw")).mode & 0o777).toBe(0o640);
    } finally {
      process.umask(umask);
    }
  });

  it.skipIf(!hasPermissions)("of a private file are never wider on the way", async () => {
    const path = fileOf("out.raw");
    chmodSync(path, 0o600);
    const sink = await createFile(path);
    const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
    await sink.abort?.("enough");
  });

  it.skipIf(!hasPermissions)("protect a file that may not be written", async () => {
    const path = fileOf("out.raw");
    chmodSync(path, 0o444);
    await unprivileged(async () => {
      expect((await refused(path)).message).toBe(`${path}: no permission to write this file.`);
    });
    expect(readdirSync(folder)).toEqual(["out.raw"]);
    expect(readFileSync(path, "utf8")).toBe("old");
  });

  it.skipIf(!hasPermissions)("protect a folder that may not be entered", async () => {
    mkdirSync(join(folder, "closed"), { mode: 0o700 });
    await unprivileged(async () => {
      const path = join(folder, "closed", "out.raw");
      expect((await refused(path)).message).toBe(`${path}: no permission to write here.`);
    });
  });

  it.skipIf(!hasPermissions)("protect a folder", async () => {
    chmodSync(folder, 0o555);
    await unprivileged(async () => {
      const path = join(folder, "out.raw");
      expect((await refused(path)).message).toBe(`${path}: no permission to write here.`);
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a link", () => {
  it("stays, and what it leads to is replaced", async () => {
    mkdirSync(join(folder, "far"));
    const target = fileOf("far/target.raw");
    const path = join(folder, "link.raw");
    symlinkSync(join("far", "target.raw"), path);
    const sink = await createFile(path);
    await sink.write(bytes);
    expect(readdirSync(join(folder, "far"))).toHaveLength(2); // beside the target
    await sink.close?.();
    expect(readlinkSync(path)).toBe(join("far", "target.raw"));
    expect(readFileSync(target).byteLength).toBe(1000);
    expect(readdirSync(join(folder, "far"))).toEqual(["target.raw"]);
  });

  it("that leads nowhere is replaced itself", async () => {
    const path = join(folder, "link.raw");
    symlinkSync(join(folder, "missing.raw"), path);
    await write(path);
    expect(lstatSync(path).isFile()).toBe(true);
    expect(readdirSync(folder)).toEqual(["link.raw"]);
  });

  it("to a directory is refused", async () => {
    const path = join(folder, "link.raw");
    symlinkSync(root, path);
    expect((await refused(path)).message).toContain("this names a directory");
  });

  it("of the hard kind keeps the old content", async () => {
    const path = fileOf("out.raw");
    linkSync(path, join(folder, "other.raw"));
    await write(path);
    expect(readFileSync(join(folder, "other.raw"), "utf8")).toBe("old");
  });
});

describe.skipIf(process.platform === "win32")("a pipe or a device", () => {
  function makeFifo(name: string): string {
    const path = join(folder, name);
    execFileSync("mkfifo", [path]);
    return path;
  }

  it("is written directly and stays what it is", async () => {
    const path = makeFifo("pipe.raw");
    const [sink, reader] = await Promise.all([createFile(path), open(path, "r")]);
    expect(isReadableSink(sink)).toBe(false);
    await sink.write(bytes);
    const { buffer, bytesRead } = await reader.read(new Uint8Array(2000));
    expect(buffer.subarray(0, bytesRead)).toEqual(bytes);
    await sink.close?.();
    await reader.close();
    expect(readdirSync(folder)).toEqual(["pipe.raw"]);
    expect(lstatSync(path).isFIFO()).toBe(true);
  });

  it("is given up without waiting for a write that nobody reads", async () => {
    const path = makeFifo("pipe.raw");
    const [sink, reader] = await Promise.all([createFile(path), open(path, "r")]);
    const writing = sink.write(new Uint8Array(2 ** 20)).catch((error) => error); // more than it holds
    await sink.abort?.("enough");
    await reader.close();
    expect(isEventError(await writing, "sink-unwritable")).toBe(true);
  });

  it.skipIf(!existsSync("/dev/null"))("may be /dev/null", async () => {
    await write("/dev/null");
  });

  it.skipIf(!existsSync("/dev/full"))("may be full", async () => {
    const sink = await createFile("/dev/full");
    await expect(sink.write(bytes)).rejects.toMatchObject({
      code: "sink-unwritable",
      path: "/dev/full",
      cause: { code: "ENOSPC" },
    });
    await sink.abort?.("reason");
  });

  it.skipIf(!existsSync("/dev/shm"))("is not what /dev/shm holds", async () => {
    const path = mkdtempSync("/dev/shm/evarrow-sink-");
    try {
      for (let round = 0; round < 2; round++) {
        const sink = await createFile(join(path, "out.raw"));
        expect(isReadableSink(sink)).toBe(true);
        await sink.write(bytes);
        await sink.close?.();
        expect(statSync(join(path, "out.raw")).size).toBe(1000);
      }
      expect(readdirSync(path)).toEqual(["out.raw"]);
    } finally {
      rmSync(path, { recursive: true });
    }
  });

  const canNameOpenFiles = existsSync("/proc/self/fd");
  it.skipIf(!canNameOpenFiles)("is what a file that is open is called there", async () => {
    for (const flags of ["w", "a"]) {
      const path = join(folder, "out.txt");
      const opened = await open(path, flags);
      const names = [
        `/proc/self/fd/${opened.fd}`,
        `/dev/fd/${opened.fd}`,
        `/dev/../dev/fd/${opened.fd}`,
      ];
      for (const name of names) {
        await opened.write("before, ");
        const sink = await createFile(name);
        expect(isReadableSink(sink)).toBe(false);
        await sink.write(new TextEncoder().encode("bytes, "));
        await sink.write(new TextEncoder().encode("more, "));
        await sink.close?.();
        await opened.write("behind\n");
      }
      const aborted = await createFile(`/dev/fd/${opened.fd}`);
      await aborted.abort?.("reason");
      await opened.write("the end");
      await opened.close();
      const text = "before, bytes, more, behind\n".repeat(3);
      expect(readFileSync(path, "utf8")).toBe(`${text}the end`);
      expect(readdirSync(folder)).toEqual(["out.txt"]);
      rmSync(path);
    }
  });

  it.skipIf(!canNameOpenFiles)("may be open for reading only", async () => {
    const opened = await open(fileOf("in.txt"), "r");
    const sink = await createFile(`/dev/fd/${opened.fd}`);
    await expect(sink.write(bytes)).rejects.toMatchObject({ code: "sink-unwritable" });
    await opened.close();
    expect(readFileSync(join(folder, "in.txt"), "utf8")).toBe("old");
  });
});
