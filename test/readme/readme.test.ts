import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

/** Every block of JavaScript, with the block of output that follows it. */
function examples(): { code: string; output: string }[] {
  const blocks = readme.matchAll(/```js\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g);
  return [...blocks].map(([, code = "", output = ""]) => ({ code, output }));
}

/** What all of them print, which is found out when the first test asks for it. */
let printed: string[] | undefined;

/** What each example prints: all run one behind the other in one process, which ends by itself. */
function printedByAll(): string[] {
  // Inside the project, where `evarrow` means this package.
  const folder = mkdtempSync(join(root, "test/readme/example-"));
  const mark = "\0";
  try {
    const steps = examples().map(({ code }, index) => {
      writeFileSync(join(folder, `${index}.mjs`), code);
      return `process.stdout.write("\\0"); await import("./${index}.mjs");\n`;
    });
    const script = join(folder, "all.mjs");
    writeFileSync(script, steps.join(""));
    const all = execFileSync(process.execPath, [script], { cwd: root, encoding: "utf8" });
    return all.split(mark).slice(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(!existsSync(join(root, "dist/node.js")))("README examples (need dist)", () => {
  it("has an output block behind every block of JavaScript", () => {
    expect(examples()).toHaveLength(readme.match(/```js\n/g)?.length ?? -1);
  });

  it.each(examples().map((example, index) => ({ ...example, index })))(
    "prints what the README says: $code",
    ({ output, index }) => {
      printed ??= printedByAll();
      expect(printed[index]).toBe(output);
    },
  );

  it("leaves no place to be filled in", () => {
    for (const file of ["README.md", "docs/design.md", "docs/formats.md", "CONTRIBUTING.md"]) {
      const text = readFileSync(join(root, file), "utf8");
      expect(text.match(/^(?:[A-Z]{4,}|.*\b(?:TODO|TBD|FIXME)\b.*)$/m), file).toBeNull();
    }
  });

  it("names only commands that package.json has", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const named = [...readme.matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, name = ""]) => name);
    for (const name of named) {
      if (name !== "ci" && name !== "install") expect(Object.keys(scripts)).toContain(name);
    }
  });
});
