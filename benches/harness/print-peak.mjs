// Loaded in front of a command (`node --import`): at its end its peak of memory goes to stderr.
import { writeSync } from "node:fs";
import { peakBytes } from "./peak.mjs";

process.on("exit", () => writeSync(2, `peak bytes ${peakBytes()}\n`));
