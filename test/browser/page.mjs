/** Runs in the browser: tells the server what the library does there. */
import * as evarrow from "evarrow";
import { observe, observeArrow, observeRefusals } from "./observe.ts";

const recording = await fetch("/recording.raw");
const file = new File([await recording.blob()], "recording.raw");
const events = await fetch("/events.arrow");
const arrowFile = new File([await events.blob()], "events.arrow");
const result = {
  observed: await observe(evarrow, file),
  arrow: await observeArrow(evarrow, arrowFile),
  refused: await observeRefusals(evarrow, file),
};
await fetch("result", { method: "POST", body: JSON.stringify({ result }) });
