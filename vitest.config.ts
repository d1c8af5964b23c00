import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: { "#platform": fileURLToPath(new URL("./src/platform/node.ts", import.meta.url)) },
  },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    // Decoding thousands of mutated recordings is synchronous work: a pool of processes spreads it.
    pool: "forks",
    // Loading the library anew for each file took a quarter of the time.
    isolate: false,
    // All cores: by default one of them is left idle.
    maxWorkers: availableParallelism(),
  },
});
