import { describe, expect, it } from "vitest";
import { composeMetadata } from "../../src/container/compose-metadata.ts";
import { isEventError } from "../../src/errors.ts";

const KNOWN = {
  custom: { lens: "8 mm", "lens.serial": "77", site: "lab" },
  source: { format: "evt3", name: "/home/somebody/a.raw", header: [["serial", "1"]] as const },
  timeOffset: 5,
  report: { events: 3 },
};

const namesOf = (value: object): string[] =>
  Object.entries(value).flatMap(([name, part]) =>
    ["custom", "source", "report"].includes(name)
      ? Object.keys(part).map((key) => `${name}.${key}`)
      : [name],
  );
const ALL = namesOf(composeMetadata(KNOWN));

describe("composeMetadata", () => {
  it("has all that is known, and what the user says of it", () => {
    const metadata = composeMetadata(KNOWN, { description: "a hand", custom: { site: "roof" } });
    expect(metadata).toMatchObject({ ...KNOWN, description: "a hand", custom: { site: "roof" } });
    expect(metadata.createdAt).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(metadata.columns).toEqual(["x", "y", "t", "polarity"]);
    const same = composeMetadata(KNOWN, {}, true);
    expect([same.createdAt, same.platform]).toEqual([undefined, undefined]);
  });

  it.each([
    [{ exclude: ["source.name"] }, ALL.filter((name) => name !== "source.name")],
    [{ exclude: ["source"] }, ALL.filter((name) => !name.startsWith("source"))],
    [{ exclude: ["custom.lens*"] }, ALL.filter((name) => !name.startsWith("custom.lens"))],
    [{ exclude: ["custom.lens"] }, ALL.filter((name) => !/^custom\.lens(?:$|\.)/.test(name))],
    [{ exclude: ["created*"] }, ALL.filter((name) => !name.startsWith("created"))],
    [{ include: ["custom"] }, [...ALL.filter((name) => /^(?:custom|col|timeO)/.test(name))]],
    [
      { include: ["custom", "source.f*"], exclude: ["custom.site"] },
      ["custom.lens", "custom.lens.serial", "columns", "source.format", "timeOffset"],
    ],
    [{ include: [] }, ["columns", "timeOffset"]],
    [{ exclude: ["*"] }, ["columns", "timeOffset"]],
  ])("writes what %j leaves", (stated, expected) => {
    expect(namesOf(composeMetadata(KNOWN, stated))).toEqual(expected);
  });

  it.each([
    { include: ["discription"] },
    { exclude: ["sources"] },
    { exclude: ["platform.name"] },
    { exclude: ["x*"] },
    { exclude: "source" as unknown as string[] },
    { include: [5] as unknown as string[] },
  ])("refuses %j: a slip would write what nobody wants", (stated) => {
    try {
      composeMetadata(KNOWN, stated);
    } catch (error) {
      expect(isEventError(error, "invalid-option")).toBe(true);
      return;
    }
    expect.unreachable();
  });

  it("takes keys that mean something to JavaScript for data", () => {
    const custom = JSON.parse('{"__proto__": "a", "constructor": "b"}');
    const composed = composeMetadata({ custom }, { exclude: ["source"] });
    expect(Object.entries(composed.custom ?? {})).toEqual(Object.entries(custom));
    expect(Object.getPrototypeOf(composed.custom)).toBe(Object.prototype);
  });
});
