import { describe, expect, it } from "vitest";
import { untilAborted } from "../../src/util/until-aborted.ts";

const never = new Promise<number>(() => {});

describe("untilAborted", () => {
  it("is the promise as long as nobody aborts", async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(5), signal)).toBe(5);
    expect(await untilAborted(Promise.resolve(5), undefined)).toBe(5);
    const error = new Error("mine");
    await expect(untilAborted(Promise.reject(error), signal)).rejects.toBe(error);
    await expect(untilAborted(Promise.reject(error), undefined)).rejects.toBe(error);
  });

  it("rejects with the reason before and while it waits", async () => {
    await expect(untilAborted(never, AbortSignal.abort("early"))).rejects.toBe("early");
    const controller = new AbortController();
    const waiting = untilAborted(never, controller.signal);
    controller.abort("late");
    await expect(waiting).rejects.toBe("late");
  });

  it("lets nothing unheard happen to a promise that fails after the abort", async () => {
    let fail: (error: Error) => void = () => {};
    const failing = new Promise<number>((_, reject) => {
      fail = reject;
    });
    const controller = new AbortController();
    const waiting = untilAborted(failing, controller.signal);
    controller.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    fail(new Error("unheard"));
    // An unhandled rejection would end the test run.
    await new Promise((resolve) => setImmediate(resolve));
  });
});
