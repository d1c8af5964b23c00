import { describe, expect, it } from "vitest";
import { News } from "../../src/util/news.ts";

describe("News", () => {
  it("reaches who waits, and who waits later, once", async () => {
    const news = new News();
    const waiting = news.next().then(() => "told");
    news.happened();
    expect(await waiting).toBe("told");
    news.happened();
    news.happened();
    await news.next();
    const again = await Promise.race([news.next().then(() => "told"), Promise.resolve("nothing")]);
    expect(again).toBe("nothing");
  });
});
