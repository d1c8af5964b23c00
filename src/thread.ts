/** What runs in a thread beside that of the caller: it decodes parts in memory that they share. */
import { parentPort } from "node:worker_threads";
import { LaneWork } from "./recording/lane-work.ts";
import type { LaneMessage } from "./recording/lanes.ts";

const lanes = new LaneWork();

parentPort?.on("message", (message: LaneMessage) => {
  if (lanes.receive(message)) parentPort?.postMessage(null);
});
