import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { evarrow, temporaryFile, temporaryPath } from "./support.ts";

const file = temporaryFile("events.txt", "5 6 1 7\n3 8 0 9\n");

async function rows(...argv: string[]): Promise<string[]> {
  const { stdout } = await evarrow(["head", ...argv]);
  return stdout
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((row) => row.trim().replace(/ +/g, " "));
}

describe("a text file", () => {
  it("is no text because the command line could say how to read it", async () => {
    const { exitCode, stderr } = await evarrow([
      "info",
      temporaryFile("notes.txt", "some notes\n"),
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("this is no format that evarrow knows");
    expect(stderr).toContain(
      "If it holds events as text, give --text-columns, for example t,x,y,p",
    );
  });

  it("is described, what was assumed included", async () => {
    const { exitCode, stdout } = await evarrow(["info", file]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Format +text \(text\)$/m);
    expect(stdout).toMatch(/^Dialect +x,y,polarity,t, separated by blanks, times in us$/m);
    expect(stdout).toMatch(/^ {2}assumed columns x,y,polarity,t: /m);
    const json = JSON.parse((await evarrow(["info", "--json", file])).stdout);
    expect(json.dialect).toBe("x,y,polarity,t, separated by blanks, times in us");
  });

  it("is read as the options say", async () => {
    expect(await rows(file)).toEqual(["5 6 7 1", "3 8 9 0"]);
    expect(await rows("--text-columns", "y,x,polarity,t", file)).toEqual(["6 5 7 1", "8 3 9 0"]);
    expect(await rows("--time-unit", "ms", file)).toEqual(["5 6 7000 1", "3 8 9000 0"]);
    expect(await rows("--first-pixel", "1", file)).toEqual(["4 5 7 1", "2 7 9 0"]);
    const more = await evarrow(["head", "--text-columns", "x,y,p,t,-", file]);
    expect(more.stderr).toContain("--text-columns has more columns than the lines");
    const wrong = await evarrow(["head", "--first-pixel", "2", file]);
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      2,
      expect.stringContaining("Expected 0 or 1."),
    ]);
    const strict = ["head", "--strict=assumptions", file];
    const refused = await evarrow(strict);
    expect(refused.stderr).toContain("Give --text-columns, for example t,x,y,p, to state");
    const stated = [...strict, "--text-columns", "x,y,p,t", "--time-unit", "us"];
    expect((await evarrow(stated)).exitCode).toBe(0);
    const half = await evarrow([...strict, "--text-columns", "x,y,p,t"]);
    expect(half.stderr).toContain("Give --time-unit to state it yourself.");
  });

  it("with a malformed line is an error that names it, unless they are skipped", async () => {
    const bad = temporaryFile("bad.txt", "5 6 1 7\n3 8 O 9\n3 8 0 9\n3 8");
    const { exitCode, stderr } = await evarrow(["stats", bad]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /bad\.txt: a line holds no event \(at byte 8, line 2, column 5\): expected polarity as .*, found "O"\. --on-malformed skip counts such lines and reads the rest\.\n$/,
    );
    const skipped = await evarrow(["stats", "--on-malformed", "skip", bad]);
    expect(skipped.exitCode).toBe(0);
    expect(skipped.stdout).toMatch(/^Events +2$/m);
    expect(skipped.stderr).toContain("1 line skipped: it is no event, first at line 2");
    expect(skipped.stderr).toContain("3 bytes at the end are no whole line, first at line 4");
  });

  it("with fractions behind whole times is told how to state the unit", async () => {
    const late = temporaryFile("late.txt", `${"1 2 3 1\n".repeat(2000)}5.5 2 3 1\n`);
    const { stderr } = await evarrow(["digest", late]);
    expect(stderr).toContain("Give --time-unit");
    expect((await evarrow(["digest", late, "--time-unit", "s"])).exitCode).toBe(0);
  });

  it("is written by its name", async () => {
    const target = temporaryPath("copy.txt");
    const result = await evarrow(["convert", "--verify", file, target]);
    expect(result.exitCode).toBe(0);
    expect(readFileSync(target, "utf8")).toBe("0.000007 5 6 1\n0.000009 3 8 0\n");
  });
});
