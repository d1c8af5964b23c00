/**
 * Prints the sum of all times of a recording, each since the first event.
 *
 * Usage: node benches/peers/sum-times.mjs FILE
 */
import { openRecording } from "evarrow";

const recording = await openRecording(process.argv[2]);
let first;
let sum = 0n; // of whole recordings it passes 2 ** 53
for await (const batch of recording.stream({ batches: "borrowed" })) {
  const times = batch.getChild("t").toArray();
  first ??= times[0];
  let ofBatch = 0;
  for (const t of times) ofBatch += Number(t - first);
  sum += BigInt(ofBatch);
}
await recording.close();
console.log(String(sum));
