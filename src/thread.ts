/** What runs in a thread beside that of the caller: it decodes into memory that they share. */
import { parentPort } from "node:worker_threads";
import { ChunkWork } from "./platform/node-chunk-work.ts";
import { END } from "./platform/node-thread.ts";
import { LaneWork } from "./recording/lane-work.ts";
import type { LaneMessage } from "./recording/lanes.ts";
import type { RowMessage, RowWork } from "./recording/row-work.ts";
import type { ChunksMessage, DeskMessage } from "./source/chunk-desk.ts";

const lanes = new LaneWork();
const chunks = new ChunkWork(async (content) =>
  (await import("./container/ahead-chunk.ts")).inflaterOf(content),
);
let rows: Promise<RowWork> | undefined;

type Message = LaneMessage | DeskMessage | ChunksMessage | RowMessage;

parentPort?.on("message", async (message: Message | typeof END) => {
  if (message === END) {
    parentPort?.close();
    await Promise.all([chunks.close(), rows?.then((work) => work.close())]);
    return;
  }
  if (message.kind === "desk" || message.kind === "lane" || message.kind === "work") {
    lanes.receive(message, () => parentPort?.postMessage(null));
    return;
  }
  if (message.kind === "chunk-desk" || message.kind === "chunks") {
    chunks.receive(message, () => parentPort?.postMessage(null));
    return;
  }
  // The library itself, which lanes do not need, takes a while to load.
  rows ??= import("./recording/row-work.ts").then(({ RowWork }) => new RowWork());
  const answer = await (await rows).receive(message);
  if (answer !== null) parentPort?.postMessage(answer);
});
