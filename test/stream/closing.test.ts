import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { openRecording } from "../../src/node.ts";

const run = promisify(execFile);
const sample = fileURLToPath(new URL("../../data-samples/falling-bar.evt2.raw", import.meta.url));
const table = fileURLToPath(new URL("../../data-samples/falling-bar.deflate.h5", import.meta.url));
const library = new URL("../../dist/node.js", import.meta.url).href;

describe("closing a recording", () => {
  it.each([
    [1, sample],
    [1, readFileSync(sample)],
    [2, sample],
    [2, table],
  ] as const)("ends the passes that are under way: %i thread(s)", async (threads, source) => {
    const recording = await openRecording(source);
    const pulled = recording.stream({ threads, batchEvents: 10 })[Symbol.asyncIterator]();
    const waiting = recording.stream({ threads, batchEvents: 10 })[Symbol.asyncIterator]();
    await pulled.next();
    const pull = waiting.next();
    const closed = { code: "source-unreadable", message: /the recording is closed/ };
    const [waited] = await Promise.allSettled([pull, recording.close()]);
    if (waited.status === "rejected") expect(waited.reason).toMatchObject(closed);
    expect(recording.threads.size).toBe(0);
    await expect(pulled.next()).rejects.toMatchObject(closed);
    expect(await pulled.next()).toEqual({ done: true, value: undefined });
    await expect(recording.stream().toTable()).rejects.toMatchObject(closed);
  });

  it("ends streams of triggers, and counts", async () => {
    const recording = await openRecording(readFileSync(sample));
    await recording.close();
    const closed = { code: "source-unreadable" };
    await expect(recording.triggers()).rejects.toMatchObject(closed);
    await expect(recording.query().count()).rejects.toMatchObject(closed);
  });
});

describe("a process (needs dist)", () => {
  const dropped = "await recording.stream(options)[Symbol.asyncIterator]().next();";
  it.each([
    ["drops an iterator", sample, dropped],
    ["drops an iterator of rows", table, dropped],
    ["closes the recording meanwhile", sample, `${dropped} await recording.close();`],
    [
      "drops a Web stream",
      sample,
      "await recording.stream(options).toReadableStream().getReader().read();",
    ],
    ["waits for its threads", sample, "for await (const batch of recording.stream(options));"],
    ["waits for threads with rows", table, "for await (const batch of recording.stream(options));"],
  ])("that %s comes to its end with threads", async (_, path, code) => {
    const script = `import { openRecording } from ${JSON.stringify(library)};
      const options = { threads: 3, batchEvents: 10 };
      const recording = await openRecording(${JSON.stringify(path)});
      ${code}
      console.log("done");`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script]);
    expect(stdout).toBe("done\n");
  });
});
