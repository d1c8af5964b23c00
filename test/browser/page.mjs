/** Runs in the browser: tells the server what the library does there. */
import * as evarrow from "evarrow";
import {
  digestOrCode,
  observe,
  observeExported,
  observeRefusals,
  observeRows,
  observeWritten,
} from "./observe.ts";

const fileOf = async (name) => new File([await (await fetch(`/${name}`)).blob()], name);

const file = await fileOf("recording.raw");
const result = {
  observed: await observe(evarrow, file),
  arrow: await observeRows(evarrow, await fileOf("events.arrow")),
  evb: await observeRows(evarrow, await fileOf("events.evb")),
  exported: await observeExported(evarrow, file),
  hdf5: await observeRows(evarrow, await fileOf("events.h5")),
  blosc: await digestOrCode(evarrow, await fileOf("blosc.h5")),
  written: await observeWritten(evarrow, file),
  addresses: await Promise.all(
    ["recording.raw", "recording.raw?parts", "events.h5?parts"].map((name) =>
      digestOrCode(evarrow, new URL(`/${name}`, location.href)),
    ),
  ),
  refused: await observeRefusals(evarrow, file),
};
await fetch("result", { method: "POST", body: JSON.stringify({ result }) });
