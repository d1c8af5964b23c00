import { readdirSync, readlinkSync } from "node:fs";

/** Whether {@link openDescriptors} can tell. */
export const canSeeDescriptors = process.platform === "linux";

/** How many descriptors this process has open on a file. */
export function openDescriptors(path: string): number {
  let count = 0;
  for (const descriptor of readdirSync("/proc/self/fd")) {
    try {
      if (readlinkSync(`/proc/self/fd/${descriptor}`) === path) count++;
    } catch {
      // The descriptor that read the folder is gone by now.
    }
  }
  return count;
}

/** Open files of this process that were put aside, where the system tells. */
export function spooledFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${descriptor}`);
      return target.includes("evarrow-") ? [`/proc/self/fd/${descriptor}`] : [];
    } catch {
      return []; // closed in the meantime
    }
  });
}
