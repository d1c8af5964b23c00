import { describe, expect, it } from "vitest";
import { readAvailableMemory } from "../../src/platform/available-memory.ts";
import { platform as browser } from "../../src/platform/browser.ts";
import { platform as node } from "../../src/platform/node.ts";

const MB = 1_000_000;
const MEMINFO = "MemTotal:       32768 kB\nMemFree:         1024 kB\nMemAvailable:   16384 kB\n";
const MACHINE = 16384 * 1024;
const ROOT = "/sys/fs/cgroup";
const ROOT_1 = `${ROOT}/memory`;

/** What a machine with these files has left. */
function availableOn(files: Readonly<Record<string, string>>): number | null {
  return readAvailableMemory((path) => files[path] ?? null);
}

/** The files of one control group. */
function group(folder: string, max: string, current: number, inactive = 0) {
  return {
    [`${folder}/memory.max`]: `${max}\n`,
    [`${folder}/memory.current`]: `${current}\n`,
    [`${folder}/memory.stat`]: `anon 1\nfile 2\ninactive_file ${inactive}\nactive_file 4\n`,
  };
}

function group1(folder: string, limit: string, usage: number, inactive = 0) {
  return {
    [`${folder}/memory.limit_in_bytes`]: `${limit}\n`,
    [`${folder}/memory.usage_in_bytes`]: `${usage}\n`,
    [`${folder}/memory.stat`]: `inactive_file 5\ntotal_inactive_file ${inactive}\n`,
  };
}

describe("the memory that is available", () => {
  const meminfo = { "/proc/meminfo": MEMINFO };

  it("is what the machine says where nothing limits it", () => {
    expect(availableOn(meminfo)).toBe(MACHINE);
    expect(availableOn({ ...meminfo, "/proc/self/cgroup": "" })).toBe(MACHINE);
    expect(availableOn({ ...meminfo, "/proc/self/cgroup": "0::/\n" })).toBe(MACHINE);
  });

  it("is what a container leaves, which sees its own group as the root", () => {
    const container = { ...meminfo, "/proc/self/cgroup": "0::/\n" };
    expect(availableOn({ ...container, ...group(ROOT, `${8 * MB}`, 3 * MB) })).toBe(5 * MB);
    // Pages of files that nobody uses are given up when memory is needed.
    expect(availableOn({ ...container, ...group(ROOT, `${8 * MB}`, 3 * MB, MB) })).toBe(6 * MB);
    expect(availableOn({ ...container, ...group(ROOT, `${8 * MB}`, 9 * MB) })).toBe(0);
    expect(availableOn({ ...container, ...group(ROOT, `${8 * MB}`, MB, 2 * MB) })).toBe(8 * MB);
    expect(availableOn({ ...container, ...group(ROOT, "max", 3 * MB) })).toBe(MACHINE);
    expect(availableOn({ ...container, ...group(ROOT, `${900 * MB}`, 3 * MB) })).toBe(MACHINE);
  });

  it("is the least of all groups around the process", () => {
    const nested = {
      ...meminfo,
      "/proc/self/cgroup": "0::/a.slice/b.service/c\n",
      ...group(`${ROOT}/a.slice/b.service/c`, "max", MB),
      ...group(`${ROOT}/a.slice/b.service`, `${9 * MB}`, 2 * MB),
    };
    expect(availableOn(nested)).toBe(7 * MB);
    const outer = group(`${ROOT}/a.slice`, `${10 * MB}`, 6 * MB);
    expect(availableOn({ ...nested, ...outer })).toBe(4 * MB);
    const inner = group(`${ROOT}/a.slice/b.service/c`, `${3 * MB}`, MB);
    expect(availableOn({ ...nested, ...outer, ...inner })).toBe(2 * MB);
  });

  it("looks at the limit that slows a group down, too", () => {
    const high = { [`${ROOT}/memory.high`]: `${5 * MB}\n` };
    const container = { ...meminfo, "/proc/self/cgroup": "0::/\n" };
    expect(availableOn({ ...container, ...group(ROOT, "max", MB), ...high })).toBe(4 * MB);
    expect(availableOn({ ...container, ...group(ROOT, `${2 * MB}`, MB), ...high })).toBe(MB);
  });

  it("follows version 1, whose group may be named as it is outside of a container", () => {
    const lines = "9:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n0::/\n";
    const self = { ...meminfo, "/proc/self/cgroup": lines };
    const none = "9223372036854771712";
    expect(availableOn({ ...self, ...group1(ROOT_1, none, 1) })).toBe(MACHINE);
    expect(availableOn({ ...self, ...group1(ROOT_1, `${6 * MB}`, 2 * MB, MB) })).toBe(5 * MB);
    const own = group1(`${ROOT_1}/docker/x`, `${4 * MB}`, MB);
    expect(availableOn({ ...self, ...group1(ROOT_1, none, 1), ...own })).toBe(3 * MB);
    const joined = { ...meminfo, "/proc/self/cgroup": "3:cpu,memory:/\n" };
    expect(availableOn({ ...joined, ...group1(ROOT_1, `${6 * MB}`, 2 * MB) })).toBe(4 * MB);
  });

  it("takes the root where a path leads out of what is seen", () => {
    const self = { ...meminfo, "/proc/self/cgroup": "0::/../../other\n" };
    expect(availableOn({ ...self, ...group(ROOT, `${8 * MB}`, MB) })).toBe(7 * MB);
    expect(availableOn({ ...self, [`${ROOT}/../../other/memory.max`]: "1\n" })).toBe(MACHINE);
  });

  it("does not believe garbage", () => {
    const self = { ...meminfo, "/proc/self/cgroup": "garbage\n:::\n0::/\nx:memory:/\n" };
    for (const limit of ["", "many", "-5", "1e3", "12 kB", "0x10"]) {
      expect(availableOn({ ...self, ...group(ROOT, limit, MB) })).toBe(MACHINE);
    }
    const broken = {
      [`${ROOT}/memory.max`]: `${3 * MB}`,
      [`${ROOT}/memory.current`]: "?",
      [`${ROOT}/memory.stat`]: "inactive_file many",
    };
    expect(availableOn({ ...self, ...broken })).toBe(3 * MB);
    expect(availableOn({ "/proc/meminfo": "MemAvailable: lots kB\n" })).toBeNull();
    expect(availableOn({})).toBeNull();
  });

  it("is known without /proc/meminfo where a group limits it", () => {
    expect(availableOn({ "/proc/self/cgroup": "0::/", ...group(ROOT, "5000", 1000) })).toBe(4000);
  });
});

describe("availableMemory", () => {
  it("is a number of bytes in Node", () => {
    const bytes = node.availableMemory();
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(2 ** 50);
  });

  it("is null in browsers that do not tell", () => {
    expect(browser.availableMemory()).toBeNull();
  });
});
