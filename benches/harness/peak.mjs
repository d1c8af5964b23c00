import { readFileSync } from "node:fs";

/** Peak resident memory of this process. The system call counts what its parent had, too. */
export function peakBytes() {
  try {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    if (peak) return Number(peak[1]) * 1024;
  } catch {
    // not Linux
  }
  return process.resourceUsage().maxRSS * 1024; // in kilobytes, whatever the platform
}
