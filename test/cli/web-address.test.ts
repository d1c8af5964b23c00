import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { asAWhole, HttpServer, inRanges } from "../support/http-server.ts";
import { evarrow, temporaryPath } from "./support.ts";

const sample = fileURLToPath(new URL("../../data-samples/moving-bar.evt2.raw", import.meta.url));
const bytes = readFileSync(sample);

let server: HttpServer;
beforeAll(async () => {
  server = await HttpServer.start();
});
beforeEach(() => server.untilQuiet());
afterAll(() => server.close());

it.each(["info", "stats", "digest", "head"])(
  "%s reads a web address as a file",
  async (command) => {
    const file = await evarrow([command, sample]);
    expect(file.exitCode).toBe(0);
    const url = server.serve("/bar.evt2.raw", inRanges(bytes));
    const secret = url.replace("//", "//me:secret@");
    const { exitCode, stdout, stderr } = await evarrow([command, `${secret}?key=secret`]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout.replace(url, sample)).toBe(file.stdout);
    const whole = server.serve("/whole.raw", asAWhole(bytes));
    expect((await evarrow([command, whole])).exitCode).toBe(0);
  },
);

it("info says the name and the size", async () => {
  const url = server.serve("/bar.evt2.raw", inRanges(bytes));
  const { stdout } = await evarrow(["info", "--json", `${url}?key=secret`]);
  expect(JSON.parse(stdout)).toMatchObject({ file: url, bytes: bytes.byteLength });
});

it("convert reads a web address", async () => {
  const url = server.serve("/bar.evt2.raw", inRanges(bytes));
  const out = temporaryPath("bar.evt3.raw");
  const { exitCode, stderr } = await evarrow(["convert", "--verify", url, out]);
  expect([exitCode, stderr]).toEqual([0, ""]);
  expect((await evarrow(["digest", out])).stdout).toBe((await evarrow(["digest", url])).stdout);
});

it.each([
  [404, "there is nothing at this address: found status 404 (Not Found)."],
  [403, "the server refuses to give this: found status 403 (Forbidden). Download it first."],
  [
    503,
    "the server does not give the file: expected status 200, found status 503 (Service Unavailable). It may do so later.",
  ],
])("status %d is told in one line", async (status, message) => {
  const url = server.serve("/status.raw", () => ({ status }));
  expect(await evarrow(["info", url.replace("//", "//me:secret@")])).toEqual({
    ...{ exitCode: 1, stdout: "", stderr: `evarrow: error: ${url}: ${message}\n` },
  });
});

it("is stopped by Ctrl-C", async () => {
  const interruption = new AbortController();
  const url = server.serve("/silent.raw", () => {
    interruption.abort();
    return "silence";
  });
  const { exitCode, stdout } = await evarrow(["stats", url], interruption.signal);
  expect([exitCode, stdout]).toEqual([130, ""]);
});
