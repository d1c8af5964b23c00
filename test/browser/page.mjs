/** Runs in the browser: tells the server what the library does there. */
import * as evarrow from "evarrow";
import { observe, observeRefusals } from "./observe.ts";

const recording = await fetch("/recording.raw");
const file = new File([await recording.blob()], "recording.raw");
const result = {
  observed: await observe(evarrow, file),
  refused: await observeRefusals(evarrow, file),
};
await fetch("result", { method: "POST", body: JSON.stringify({ result }) });
