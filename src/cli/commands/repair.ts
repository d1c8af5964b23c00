import { type ContainerRepair, repairContainer } from "../../node.ts";
import { type RepairCommandOptions, STDOUT } from "../args.ts";
import { findingLines } from "../findings.ts";
import { formatBytes, formatCount, labelled } from "../format.ts";
import { outputFailure, toJson } from "../output.ts";
import type { CommandContext } from "../program.ts";
import { withProgress } from "../progress-bar.ts";

/** `evarrow repair IN OUT`: a sound compact container of what is sound in a damaged one. */
export async function repair(
  file: string,
  out: string,
  { json, overwrite }: RepairCommandOptions,
  { output, signal }: CommandContext,
): Promise<void> {
  const isStdout = STDOUT.test(out);
  const options = { overwrite: isStdout || overwrite, signal };
  const repaired = await withProgress(output.stderr, (onProgress) =>
    repairContainer(file, out, { ...options, onProgress }),
  ).catch((error) => {
    throw outputFailure(error, false);
  });
  const result = json ? [toJson({ file: out, ...repaired })] : lines(out, repaired);
  if (isStdout) await output.message(result);
  else await output.print(result);
  await output.message(losses(repaired).map((line) => `evarrow: warning: ${line}`));
}

function lines(out: string, repaired: ContainerRepair): string[] {
  const { events, triggers, chunks, bytes, isComplete, lost } = repaired;
  return [
    ...labelled([
      ["File", out],
      ["Events", formatCount(events)],
      ["Triggers", formatCount(triggers)],
      ["Chunks", formatCount(chunks)],
      ["Size", formatBytes(bytes)],
      ["Kept", isComplete ? "everything" : "what was sound"],
    ]),
    ...findingLines(lost),
  ];
}

function losses({ lostEvents, lostBytes, hasMetadata }: ContainerRepair): string[] {
  const told: string[] = [];
  if (lostEvents > 0) {
    told.push(`${formatCount(lostEvents)} ${lostEvents === 1 ? "event is" : "events are"} lost`);
  }
  if (lostBytes > 0) told.push(`${formatCount(lostBytes)} bytes belong to nothing that is sound`);
  if (!hasMetadata) told.push("what the container said of itself in words is lost");
  return told;
}
