import { type ContainerVerification, EventError, verifyContainer } from "../../node.ts";
import type { VerifyCommandOptions } from "../args.ts";
import { findingLines } from "../findings.ts";
import { formatBytes, formatCount, labelled, NOTHING } from "../format.ts";
import { inputOf } from "../input.ts";
import { toJson } from "../output.ts";
import type { CommandContext } from "../program.ts";
import { withProgress } from "../progress-bar.ts";

/** `evarrow verify FILE`: whether a compact container is what it says of itself. */
export async function verify(
  file: string,
  { deep, json }: VerifyCommandOptions,
  { output, signal }: CommandContext,
): Promise<void> {
  const found = await withProgress(output.stderr, (onProgress) =>
    verifyContainer(inputOf(file), { deep, signal, onProgress }),
  );
  await output.print(json ? [toJson({ file, ...found })] : lines(file, found, deep === true));
  if (found.ok) return;
  const [first] = found.findings;
  if (found.version === null && first !== undefined) {
    const { problem, ...details } = first;
    throw new EventError("invalid-header", problem, { path: file, ...details });
  }
  const count = found.findings.length + found.findingsLeftOut;
  throw new EventError("damaged-data", "the container is damaged", {
    path: file,
    found: `${formatCount(count)} ${count === 1 ? "finding" : "findings"}`,
    hint: "`evarrow repair` writes a sound one of what survives.",
  });
}

function lines(file: string, found: ContainerVerification, isDeep: boolean): string[] {
  const { version, bytes, segments, chunks, events, triggers, trailers, backwardSteps } = found;
  const { findings, findingsLeftOut, ok } = found;
  const sound = `sound (${isDeep ? "all events decoded" : "checksums and counts"})`;
  return [
    ...labelled([
      ["File", file],
      ["Version", version ?? "unknown"],
      ["Size", formatBytes(bytes)],
      ["Segments", `${formatCount(segments)}, ${formatCount(trailers)} of them trailers`],
      ["Chunks", formatCount(chunks)],
      ["Events", formatCount(events)],
      ["Triggers", formatCount(triggers)],
      ["Time steps back", backwardSteps === null ? NOTHING : formatCount(backwardSteps)],
      ["Result", ok ? sound : version === null ? "no container that can be read" : "damaged"],
    ]),
    ...findingLines(findings, findingsLeftOut),
  ];
}
