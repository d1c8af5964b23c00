import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: { "#platform": fileURLToPath(new URL("./src/platform/node.ts", import.meta.url)) },
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/temporary-folder.ts"],
    setupFiles: ["test/support/equal-arrays.ts"],
    testTimeout: 60_000,
    // Decoding thousands of mutated recordings is synchronous work: a pool of processes spreads it.
    pool: "forks",
    // Every 64 MiB of typed arrays are a collection of all garbage, which threads beside the main one
    // take the processor away for, where there are as many workers as cores.
    execArgv: ["--single-threaded-gc", "--max-semi-space-size=32"],
    // Loading the library anew for each file took a quarter of the time.
    isolate: false,
    // All cores: by default one of them is left idle.
    maxWorkers: availableParallelism(),
  },
});
