import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ENTRY } from "../support/programs.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const sample = fileURLToPath(new URL("../../data-samples/falling-bar.evt3.raw", import.meta.url));

// The second may not look how much memory there is, either.
it.each(["*", `${root}*`])(
  "is done without where the process may read %s (needs dist)",
  (files) => {
    const [major] = process.versions.node.split(".").map(Number) as [number];
    const permission = major < 24 ? "--experimental-permission" : "--permission";
    const program = `
    import { loadTable, reportOf } from ${JSON.stringify(ENTRY)};
    const table = await loadTable(${JSON.stringify(sample)}, { threads: 2 });
    console.log(table.numRows > 1000, reportOf(table).threads);`;
    const argv = [permission, `--allow-fs-read=${files}`, "--no-warnings", "--input-type=module"];
    const printed = execFileSync(process.execPath, [...argv, "-e", program], { encoding: "utf8" });
    expect(printed.trim()).toBe("true 1");
  },
);
