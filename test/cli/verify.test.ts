import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { compress } from "@mongodb-js/zstd";
import { describe, expect, it } from "vitest";
import { digestEvents, scanEvents } from "../../src/node.ts";
import { segmentsOf } from "../support/containers.ts";
import { MemorySink, madeEvt2, mixedScene } from "../support/conversions.ts";
import { evarrow, temporaryFile, temporaryPath } from "./support.ts";

const sink = new MemorySink();
await scanEvents(await madeEvt2(mixedScene())).export(sink, { chunkEvents: 1000 });
const sound = temporaryFile("sound.evb", sink.bytes);
const chunks = segmentsOf(sink.bytes).filter(({ tag }) => tag === "CHNK");
const damage = sink.bytes.slice();
const at = (chunks[2]?.at ?? 0) + 300;
damage[at] = (damage[at] ?? 0) ^ 1;
const damaged = temporaryFile("damaged.evb", damage);

describe("evarrow verify", () => {
  it("says that a container is sound", async () => {
    const { exitCode, stdout, stderr } = await evarrow(["verify", "--deep", sound]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").slice(0, -1)).toEqual([
      `File             ${sound}`,
      "Version          1.0",
      expect.stringMatching(/^Size {13}[\d.]+ kB$/),
      "Segments         11, 1 of them trailers",
      "Chunks           5",
      "Events           5,000",
      "Triggers         20",
      "Time steps back  0",
      "Result           sound (all events decoded)",
    ]);
    expect((await evarrow(["verify", sound])).stdout).toContain("sound (checksums and counts)");
  });

  it("lists damage with its place, and exits with 1", async () => {
    const { exitCode, stdout, stderr } = await evarrow(["verify", damaged]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("Result           damaged\n\nFindings\n  byte ");
    expect(stdout).toContain("a stream is damaged: its checksum is wrong: expected CRC-32");
    expect(stderr).toMatch(/^evarrow: error: .*: the container is damaged: found \d findings\./);
    const json = await evarrow(["verify", "--json", damaged]);
    expect(json.exitCode).toBe(1);
    const { file, ok, findings, events } = JSON.parse(json.stdout);
    expect({ file, ok, events }).toMatchObject({ file: damaged, ok: false });
    expect(findings[0].byteOffset).toBeGreaterThan(chunks[2]?.at ?? 0);
    expect(findings[0].byteOffset).toBeLessThan(chunks[3]?.at ?? 0);
  });

  it("refuses what is no container, is not there, or is asked for wrongly", async () => {
    const text = temporaryFile("text.evb", "hello");
    expect((await evarrow(["verify", text])).exitCode).toBe(1);
    const missing = await evarrow(["verify", temporaryPath("no-such.evb")]);
    expect([missing.exitCode, missing.stdout]).toEqual([1, ""]);
    for (const argv of [["verify"], ["verify", "--strict", sound], ["verify", "--roi", sound]]) {
      expect((await evarrow(argv)).exitCode).toBe(2);
    }
    expect((await evarrow(["verify", "--help"])).stdout).not.toContain("--geometry");
  });
});

describe("evarrow verify of what is no container", async () => {
  const zstd = await compress(Buffer.from(sink.bytes));

  it.each([
    ["raw", readFileSync("data-samples/moving-bar.evt2.raw"), "found other bytes.", ""],
    ["nothing", new Uint8Array(0), "found no bytes at all.", ""],
    ["gz", gzipSync(sink.bytes), "found data compressed with gzip.", " Decompress it first"],
    ["zst", zstd, "found data compressed with zstd.", " Decompress"],
  ])("says so, and does not send to repair: %s", async (name, bytes, found, hint) => {
    const { exitCode, stdout, stderr } = await evarrow(["verify", temporaryFile(name, bytes)]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("this is no compact container");
    expect(stderr).toContain(found + hint);
    expect(stderr).not.toContain("repair");
    expect(stdout).toContain("no container that can be read");
  });

  it("sends to repair where only the magic is damaged, or text mode is to blame", async () => {
    const magic = sink.bytes.slice();
    magic[1] = 0;
    const { stderr } = await evarrow(["verify", temporaryFile("magic.evb", magic)]);
    expect(stderr).toContain("its magic is wrong");
    expect(stderr).toContain("`evarrow repair`");
    const text = Buffer.from(sink.bytes).toString("latin1").replaceAll("\n", "\r\n");
    const path = temporaryFile("text-mode.evb", Buffer.from(text, "latin1"));
    for (const command of ["verify", "info"]) {
      const { exitCode, stderr } = await evarrow([command, path]);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining("changed as text")]);
    }
  });
});

describe("evarrow repair", () => {
  it("keeps what is sound, and tells what is lost", async () => {
    const out = temporaryPath("repaired.evb");
    const { exitCode, stdout, stderr } = await evarrow(["repair", damaged, out]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Events    4,000\n");
    expect(stdout).toContain("Kept      what was sound\n\nFindings\n");
    expect(stderr).toContain("evarrow: warning: 1,000 events are lost\n");
    expect((await evarrow(["verify", "--deep", out])).exitCode).toBe(0);
    const again = await evarrow(["repair", damaged, out]);
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toContain("--overwrite");
    const json = await evarrow(["repair", "--overwrite", "--json", sound, out]);
    expect(JSON.parse(json.stdout)).toMatchObject({ file: out, isComplete: true, events: 5000 });
    expect(json.stderr).toBe("");
    expect((await digestEvents(out)).digest).toBe((await digestEvents(sound)).digest);
  });

  it("does not replace the only copy by nothing", async () => {
    const bytes = sink.bytes.slice();
    for (const { tag, at, bytes: length } of segmentsOf(sink.bytes)) {
      if (tag === "CHNK" || tag === "TRIG") bytes.fill(0x0a, at + 30, at + length);
    }
    const path = temporaryFile("only.evb", bytes);
    const { exitCode, stdout, stderr } = await evarrow(["repair", "--overwrite", path, path]);
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("nothing of this container is sound");
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
  });

  it("writes nothing where nothing is sound", async () => {
    const out = temporaryPath("never.evb");
    const text = temporaryFile("other.evb", readFileSync(new URL(import.meta.url), "utf8"));
    const { exitCode, stderr } = await evarrow(["repair", text, out]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("this is no compact container");
    expect((await evarrow(["repair", damaged, temporaryPath("a.raw")])).exitCode).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});
