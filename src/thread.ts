/** What runs in a thread beside that of the caller: it decodes into memory that they share. */
import { parentPort } from "node:worker_threads";
import { END } from "./platform/node-thread.ts";
import { LaneWork } from "./recording/lane-work.ts";
import type { LaneMessage } from "./recording/lanes.ts";
import type { RowMessage, RowWork } from "./recording/row-work.ts";

const lanes = new LaneWork();
let rows: Promise<RowWork> | undefined;

parentPort?.on("message", async (message: LaneMessage | RowMessage | typeof END) => {
  if (message === END) {
    parentPort?.close();
    await (await rows)?.close();
    return;
  }
  if (message.kind === "desk" || message.kind === "lane" || message.kind === "work") {
    lanes.receive(message, () => parentPort?.postMessage(null));
    return;
  }
  // The library itself, which lanes do not need, takes a while to load.
  rows ??= import("./recording/row-work.ts").then(({ RowWork }) => new RowWork());
  const answer = await (await rows).receive(message);
  if (answer !== null) parentPort?.postMessage(answer);
});
