import { cpus, freemem, loadavg, platform, release, totalmem } from "node:os";

/** What measured: a line of text, and the facts. */
export function describeMachine() {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const facts = {
    model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    freeBytes: freemem(),
    platform: `${platform()} ${release()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    /** Processes that wanted a core in the last minute, before anything was measured. */
    load: loadavg()[0],
  };
  const text =
    `${facts.cores} x ${model}, ${(facts.memoryBytes / 1e9).toFixed(0)} GB, ${facts.platform},` +
    ` Node ${facts.node}, load ${facts.load.toFixed(1)} at the start`;
  return { ...facts, text };
}
