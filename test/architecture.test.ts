import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  type ImportLine,
  importsOf,
  RANKS,
  resolve,
  staticClosure,
  violations,
} from "./support/architecture.ts";

/** `a.ts` imports the rest, statically unless `type:` or `dynamic:` stands in front. */
function made(file: string, ...specifiers: string[]): Map<string, ImportLine[]> {
  const lines = specifiers.map((text): ImportLine => {
    const [, kind = "static", specifier = ""] = /^(?:(type|dynamic)!)?(.*)$/.exec(text) ?? [];
    return { kind: kind as ImportLine["kind"], specifier };
  });
  return new Map([[file, lines]]);
}

describe("the folders of src", () => {
  const src = fileURLToPath(new URL("../src/", import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => /\.[cm]?[jt]sx?$/.test(path));
  const map = new Map(files.map((file) => [file, importsOf(readFileSync(src + file, "utf8"))]));

  it("are all looked at", () => {
    expect(files).toContain("index.ts");
    expect(files).toContain("formats/evt2/layout.ts");
    // Nothing is passed over: every line that looks like an import was read as one.
    for (const file of files) {
      const text = readFileSync(src + file, "utf8");
      const starts = text.match(/^(?:import\b|export (?:type )?[{*]|\} from )/gm) ?? [];
      const read = map.get(file)?.filter(({ kind }) => kind !== "dynamic").length ?? 0;
      const ownExports = text.match(/^export (?:type )?\{[^}]*\};/gm) ?? [];
      const doubled = text.match(/^\} from /gm) ?? [];
      expect(`${file}: ${read}`).toBe(
        `${file}: ${starts.length - ownExports.length - doubled.length}`,
      );
    }
  });

  it("import leftwards only", () => {
    expect(violations(map)).toEqual([]);
  });

  it("import files that exist", () => {
    for (const [file, lines] of map) {
      for (const { specifier } of lines) {
        if (specifier?.startsWith(".")) expect(files).toContain(resolve(file, specifier));
      }
    }
  });

  it("start without apache-arrow and Polars", () => {
    for (const platform of ["platform/node.ts", "platform/browser.ts"]) {
      for (const entry of ["index.ts", "node.ts"]) {
        const loaded = staticClosure(map, entry, platform);
        expect(loaded).toContain("recording/recording.ts");
        expect([...loaded].filter((name) => /^(apache-arrow|flatbuffers)\b/.test(name))).toEqual(
          [],
        );
        expect(loaded).not.toContain("nodejs-polars");
      }
    }
  });

  it("run in a browser: nothing of Node is loaded by index.ts", () => {
    const loaded = [...staticClosure(map, "index.ts", "platform/browser.ts")];
    expect(loaded).toContain("platform/browser.ts");
    expect(loaded.filter((name) => /^node:|\/node[./]/.test(name))).toEqual([]);
  });

  it("have one order", () => {
    const names = RANKS.flat();
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("importsOf", () => {
  it("reads every way to import", () => {
    const text = `
      import a from "a";
      import { b, type B } from "b";
      import * as c from 'c';
      import d, {
        e,
        type F,
      } from "d";
      import "g";
      import type { H } from "h";
      import type I from "i";
      export * from "j";
      export * as k from "k";
      export { l, type L } from "l";
      export type { M } from "m";
      export type * from "n";
      const o = await import("o");
      type P = import("p").P;
    `;
    const read = importsOf(text).map(({ kind, specifier }) => `${kind} ${specifier}`);
    expect(read).toEqual([
      ...["static a", "static b", "static c", "static d", "static g", "type h", "type i"],
      ...["static j", "static k", "static l", "type m", "type n"],
      ...["dynamic o", "dynamic p"],
    ]);
  });

  it("takes a list of types alone for an import that runs, as the compiler does", () => {
    expect(importsOf('import { type A } from "a";')).toEqual([{ kind: "static", specifier: "a" }]);
  });

  it("does not read comments, strings and other exports", () => {
    const text = `
      /** \`import x from "a"\`
       * import { y } from "b";
      import { z } from "c";
       */
      // import "d"; await import("e")
      export const f = "from"; export { f as g };
      const h = "/* not a comment"; const url = "https://example.org";
      const i = /["'\`/*]/.test(h); // import("j")
      import k from "k"; /* the end */
      const important = imported("l");
    `;
    expect(importsOf(text)).toEqual([{ kind: "static", specifier: "k" }]);
  });

  it("marks what it cannot read", () => {
    const text = "const a = await import(name); await import(`b`);";
    expect(importsOf(text)).toEqual([
      { kind: "dynamic", specifier: null },
      { kind: "dynamic", specifier: null },
    ]);
  });
});

describe("violations", () => {
  it.each([
    ["the left", made("api/load-events.ts", "../stream/event-streamer.ts", "../errors.ts")],
    ["its own folder", made("events/table.ts", "type!./columns.ts", "./schema.ts")],
    ["a deeper folder of its own", made("source/http.ts", "./node/file.ts")],
    ["the platform, seen from its right", made("stream/digest.ts", "#platform")],
    ["the constants of a word", made("kernels/assembly/evt2.ts", "../../formats/evt2/layout")],
    ["the constants of the memory", made("kernels/assembly/evt2.ts", "../layout", "./count")],
    ["a format's names in the entry", made("index.ts", "./formats/evt2/encoder.ts")],
    ["formats in the registry", made("formats/registry.ts", "./evt2/decoder.ts")],
    ["files beside the formats", made("formats/evt2/decoder.ts", "../word-decoder.ts")],
    ["node.ts in the command line", made("cli/main.ts", "../node.ts", "./print.ts", "commander")],
    ["node: at the edge", made("platform/node.ts", "node:crypto")],
    ["node: in source/node", made("source/node/file.ts", "node:fs")],
    ["node: in the command line", made("cli/info.ts", "type!node:fs", "dynamic!node:util")],
    ["Polars on demand", made("platform/node.ts", "dynamic!nodejs-polars")],
    ["types of Polars", made("api/load-events.ts", "type!nodejs-polars")],
    ["apache-arrow", made("events/schema.ts", "apache-arrow")],
    ["metadata of Arrow", made("formats/arrow/flatbuffers.ts", "apache-arrow/fb/schema")],
    ["an Arrow file on demand", made("formats/arrow/format.ts", "dynamic!./open.ts")],
    ["types of apache-arrow", made("stream/triggers.ts", "type!apache-arrow")],
    ["the table on demand", made("stream/triggers.ts", "dynamic!../events/table.ts")],
    ["types of the table", made("api/recording.ts", "type!../events/table.ts")],
  ])("allows %s", (_, map) => {
    expect(violations(map)).toEqual([]);
  });

  it.each([
    ["the right", made("events/schema.ts", "../stream/statistics.ts"), "to the right of"],
    ["the right, for a type", made("formats/decoder.ts", "type!../recording/tiles.ts"), "right"],
    ["the right, on demand", made("stream/digest.ts", "dynamic!../api/inspect.ts"), "right of"],
    ["the right, re-exported", made("errors.ts", "./index.ts"), "right of"],
    ["the entry", made("api/recording.ts", "../index.ts"), "right of"],
    ["the left's left, sideways", made("events/table.ts", "../source/blob.ts"), "do not know"],
    ["a neighbour of formats", made("bridges/csv.ts", "../formats/detect.ts"), "do not know"],
    [
      "formats, from the container",
      made("container/reader.ts", "../formats/detect.ts"),
      "right of",
    ],
    ["a neighbour at the left end", made("version.ts", "./errors.ts"), "do not know"],
    ["the platform, from its left", made("source/blob.ts", "#platform"), "right of"],
    ["the platform, sideways", made("kernels/kernel.ts", "#platform"), "do not know"],
    ["the platform by path", made("events/table.ts", "../platform/node.ts"), "right of"],
    ["a folder without a place", made("api/convert.ts", "../helpers/a.ts"), "no place"],
    ["from a folder without a place", made("helpers/a.ts", "../errors.ts"), "no place"],
    ["outside src", made("cli/main.ts", "../../package.json"), "outside src"],
    ["more than constants", made("kernels/assembly/evt2.ts", "../../formats/decoder"), "right of"],
    ["a layout, not for a kernel", made("kernels/kernel.ts", "../formats/evt2/layout.ts"), "right"],
    ["another format", made("formats/evt3/decoder.ts", "../evt2/layout.ts"), "no format imports"],
    ["a format", made("stream/digest.ts", "type!../formats/evt2/layout.ts"), "registry.ts alone"],
    ["a format, beside it", made("formats/detect.ts", "./evt2/layout.ts"), "registry.ts alone"],
    ["past node.ts", made("cli/main.ts", "../api/load-events.ts"), "nothing else of the library"],
    ["past node.ts, for a type", made("cli/main.ts", "type!../index.ts"), "nothing else"],
    ["node:", made("source/blob.ts", "node:buffer"), "know Node"],
    ["node:, for a type", made("platform/browser.ts", "type!node:fs"), "know Node"],
    ["node:, on demand", made("stream/digest.ts", "dynamic!node:crypto"), "know Node"],
    ["Polars", made("dataframe/polars.ts", "dynamic!nodejs-polars"), "only platform/node.ts"],
    ["Polars at once", made("platform/node.ts", "nodejs-polars"), "when needed"],
    ["apache-arrow", made("stream/triggers.ts", "apache-arrow"), "load apache-arrow"],
    ["a part of apache-arrow", made("api/a.ts", "apache-arrow/type.js"), "load apache-arrow"],
    ["the schema at once", made("stream/triggers.ts", "../events/schema.ts"), "when needed"],
    ["the table at once", made("stream/digest.ts", "../events/table.ts"), "when needed"],
    ["an Arrow file at once", made("formats/arrow/format.ts", "./open.ts"), "when needed"],
    ["the schema in its folder", made("events/report.ts", "./schema.ts"), "when needed"],
    ["an unknown alias", made("stream/digest.ts", "#kernels"), "no such name"],
  ])("forbids %s", (_, map, why) => {
    const [file, [line]] = [...map][0] ?? ["", []];
    const start = `${file} imports ${line?.specifier}: `;
    const found = violations(map);
    expect(found.filter((sentence) => sentence.startsWith(start))).toEqual(found);
    expect(found.join()).toContain(why);
  });

  it("forbids what it cannot read", () => {
    const found = violations(new Map([["api/a.ts", [{ specifier: null, kind: "dynamic" }]]]));
    expect(found).toEqual(["api/a.ts imports something computed: nobody can check that"]);
  });
});

describe("staticClosure", () => {
  it("follows what runs at once and nothing else", () => {
    const map = new Map([
      ...made("index.ts", "./a.ts", "type!./b.ts", "dynamic!./c.ts", "#platform"),
      ...made("a.ts", "./d/e.ts", "lib"),
      ...made("d/e.ts", "../a.ts"),
      ...made("platform/node.ts", "node:fs"),
    ]);
    expect([...staticClosure(map, "index.ts", "platform/node.ts")].sort()).toEqual(
      ["a.ts", "d/e.ts", "index.ts", "lib", "node:fs", "platform/node.ts"].sort(),
    );
  });
});
