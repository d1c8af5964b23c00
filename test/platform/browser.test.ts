import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { platform as browser } from "../../src/platform/browser.ts";
import { platform as node } from "../../src/platform/node.ts";

describe("the browser's platform", () => {
  it("opens no path, and says what to give instead", async () => {
    await expect(browser.openPath("a.raw")).rejects.toMatchObject({
      code: "source-unsupported",
      path: "a.raw",
      hint: expect.stringContaining("Blob"),
    });
  });

  it("has no Polars, and says what works without it", async () => {
    await expect(browser.importPolars()).rejects.toMatchObject({
      code: "polars-unavailable",
      hint: expect.stringContaining("loadTable"),
    });
  });
});

describe.each([
  ["the browser", browser],
  ["Node", node],
])("the platform of %s", (_, platform) => {
  it("computes SHA-256 piece by piece", () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
    const hash = platform.createSha256();
    for (let at = 0; at < 1000; at += 77) hash.update(bytes.subarray(at, at + 77));
    expect(hash.hex()).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(platform.createSha256().hex()).toMatch(/^e3b0c44298fc1c14/);
  });

  it("lets timers have their turn", async () => {
    let turned = false;
    setTimeout(() => {
      turned = true;
    }, 0);
    for (let turn = 0; turn < 1_000_000 && !turned; turn++) await platform.yieldToEventLoop();
    expect(turned).toBe(true);
  });
});
