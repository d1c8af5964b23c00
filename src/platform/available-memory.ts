/**
 * Memory that a process may still take on Linux: what the machine has left, or less where a control
 * group (a container, a service) limits it. How the files are read is up to the caller.
 */

/** Reads a small file; null when it is not there or may not be read. */
export type ReadText = (path: string) => string | null;

const CGROUPS = "/sys/fs/cgroup";
const CGROUPS_1 = "/sys/fs/cgroup/memory";

/** How one version of control groups spells the files of a group. */
interface GroupFiles {
  /** Limits in bytes: the one that kills and the one that slows down. */
  readonly limits: readonly string[];
  readonly usage: string;
  /** The line of `memory.stat` that counts cached file pages which are given up when needed. */
  readonly reclaimable: string;
}

const VERSION_2: GroupFiles = {
  limits: ["memory.max", "memory.high"],
  usage: "memory.current",
  reclaimable: "inactive_file",
};
const VERSION_1: GroupFiles = {
  limits: ["memory.limit_in_bytes"],
  usage: "memory.usage_in_bytes",
  reclaimable: "total_inactive_file",
};

/**
 * Bytes that can be taken: the least of `MemAvailable` and what every control group above the
 * process has left. Of what a group uses, file pages that nobody uses count as left.
 *
 * @param read - reads files below `/proc` and `/sys`
 * @returns null when none of the files tells
 */
export function readAvailableMemory(read: ReadText): number | null {
  const figures = [availableOfMachine(read)];
  for (const line of (read("/proc/self/cgroup") ?? "").split("\n")) {
    const [, hierarchy, controllers = "", path = "/"] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (hierarchy === undefined) continue;
    if (controllers === "") figures.push(...leftOfGroups(read, CGROUPS, path, VERSION_2));
    else if (controllers.split(",").includes("memory")) {
      figures.push(...leftOfGroups(read, CGROUPS_1, path, VERSION_1));
    }
  }
  const known = figures.filter((figure) => figure !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function availableOfMachine(read: ReadText): number | null {
  const kibibytes = /^MemAvailable:\s*(\d+) kB$/m.exec(read("/proc/meminfo") ?? "")?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

/** What a group and all groups around it have left; those without a limit or files say nothing. */
function leftOfGroups(
  read: ReadText,
  root: string,
  path: string,
  files: GroupFiles,
): (number | null)[] {
  const names = path.split("/").filter((name) => name !== "");
  // A container sees its own group as the root, whatever the path is called outside.
  const isForeign = names.includes("..");
  const left: (number | null)[] = [];
  for (let depth = isForeign ? 0 : names.length; depth >= 0; depth--) {
    const folder = [root, ...names.slice(0, depth)].join("/");
    left.push(leftOfGroup(read, folder, files));
  }
  return left;
}

function leftOfGroup(read: ReadText, folder: string, files: GroupFiles): number | null {
  const limits = files.limits
    .map((name) => bytesIn(read(`${folder}/${name}`)))
    .filter((limit) => limit !== null);
  if (limits.length === 0) return null;
  const used = bytesIn(read(`${folder}/${files.usage}`)) ?? 0;
  const stat = read(`${folder}/memory.stat`) ?? "";
  const reclaimable = new RegExp(`^${files.reclaimable} (\\d+)$`, "m").exec(stat)?.[1] ?? "0";
  const needed = Math.max(used - Number(reclaimable), 0);
  return Math.max(Math.min(...limits) - needed, 0);
}

/** A number of bytes; null for `max` and whatever else is none. */
function bytesIn(text: string | null): number | null {
  return text !== null && /^\d+\s*$/.test(text) ? Number(text) : null;
}
