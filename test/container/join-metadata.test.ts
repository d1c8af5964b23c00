import { describe, expect, it } from "vitest";
import { leftUnsaid } from "../../src/container/compose-metadata.ts";
import { joinMetadata } from "../../src/container/join-metadata.ts";

describe("joinMetadata", () => {
  it.each([
    ["nobody says anything", [{}, {}], {}, []],
    ["one says it", [{}, { description: "a", tags: ["x"], custom: { k: "v" } }], null, []],
    ["all say the same", [{ description: "a" }, { description: "a" }], { description: "a" }, []],
    ["two differ", [{ description: "a" }, {}, { description: "b" }], {}, ["description"]],
    ["one says nothing in words", [{ description: "" }, { description: "b" }], {}, ["description"]],
    [
      "tags differ",
      [{ tags: ["b", "a"] }, { tags: ["c", "b", "c"] }, {}],
      { tags: ["b", "a", "c"] },
      [],
    ],
    [
      "keys differ",
      [{ custom: { a: "1", b: "2" } }, { custom: { c: "3", b: "4" } }, { custom: { a: "1" } }],
      { custom: { a: "1", c: "3" } },
      ["custom.b"],
    ],
    ["no key is left", [{ custom: { a: "1" } }, { custom: { a: "2" } }], {}, ["custom.a"]],
  ])("keeps what they agree on: %s", (_, parts, said, differing) => {
    const expected = said ?? { description: "a", tags: ["x"], custom: { k: "v" } };
    expect(joinMetadata(parts)).toEqual({ said: expected, differing });
  });

  it("takes keys that mean something to JavaScript for data", () => {
    const custom = JSON.parse('{"__proto__": "a", "constructor": "b"}');
    const other = JSON.parse('{"__proto__": "a", "constructor": "c"}');
    const { said, differing } = joinMetadata([{ custom }, { custom: other }]);
    expect(Object.entries(said.custom ?? {})).toEqual([["__proto__", "a"]]);
    expect(differing).toEqual(["custom.constructor"]);
  });
});

describe("leftUnsaid", () => {
  const differing = ["description", "custom.lens", "custom.site"];

  it.each([
    [undefined, differing],
    [{ description: "both" }, ["custom.lens", "custom.site"]],
    [{ custom: {} }, ["description"]],
    [{ exclude: ["custom.lens"] }, ["description", "custom.site"]],
    [{ include: ["custom"] }, ["custom.lens", "custom.site"]],
    [{ exclude: ["*"] }, []],
  ])("names what %j does not say or exclude", (stated, expected) => {
    expect(leftUnsaid(differing, stated)).toEqual(expected);
  });
});
