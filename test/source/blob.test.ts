import { describe, expect, it } from "vitest";
import { isEventError } from "../../src/errors.ts";
import { BlobSource } from "../../src/source/blob.ts";

const bytes = Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

describe("BlobSource", () => {
  it("has the length of the Blob, and the name of a File", () => {
    expect(new BlobSource(new Blob([bytes])).byteLength).toBe(10);
    expect(new BlobSource(new Blob([bytes])).name).toBeUndefined();
    expect(new BlobSource(new File([bytes], "a.raw")).name).toBe("a.raw");
  });

  it("reads exactly what it is asked for", async () => {
    const source = new BlobSource(new Blob([bytes.subarray(0, 4), bytes.subarray(4)]));
    expect(await source.read(3, 4)).toEqual(Uint8Array.from([3, 4, 5, 6]));
    expect(await source.read(0, 10)).toEqual(bytes);
    expect(await source.read(10, 0)).toEqual(new Uint8Array(0));
  });

  it("reads into the memory it is given, and no further", async () => {
    const into = new Uint8Array(6).fill(0xff);
    const read = await new BlobSource(new Blob([bytes])).read(2, 3, { into });
    expect(read).toEqual(Uint8Array.from([2, 3, 4]));
    expect(read.buffer).toBe(into.buffer);
    expect(into).toEqual(Uint8Array.from([2, 3, 4, 0xff, 0xff, 0xff]));
  });

  it("rejects with both numbers when there are fewer bytes", async () => {
    const source = new BlobSource(new File([bytes], "a.raw"));
    const error = await source.read(7, 5).catch((caught) => caught);
    expect(isEventError(error, "source-too-short")).toBe(true);
    expect(error).toMatchObject({ path: "a.raw", byteOffset: 7, expected: "5 bytes", found: "3" });
  });

  it("rejects with the reason of its signal, before and while it reads", async () => {
    const source = new BlobSource(new Blob([bytes]));
    const signal = AbortSignal.abort("enough");
    await expect(source.read(0, 1, { signal })).rejects.toBe("enough");

    const controller = new AbortController();
    const reading = source.read(0, 1, { signal: controller.signal });
    controller.abort("late");
    await expect(reading).rejects.toBe("late");
  });

  it("says that a Blob that cannot be read cannot be", async () => {
    const cause = new Error("gone");
    const blob = new Blob([bytes]);
    blob.slice = () => {
      throw cause;
    };
    const error = await new BlobSource(blob).read(2, 1).catch((caught) => caught);
    expect(isEventError(error, "source-unreadable")).toBe(true);
    expect(error).toMatchObject({ byteOffset: 2, cause });
  });
});
