import { type Conversion, convertRecording, reportOf } from "../../node.ts";
import { type ConvertCommandOptions, openOptions } from "../args.ts";
import { formatBytes, formatCount, labelled, type Row } from "../format.ts";
import type { CommandContext } from "../program.ts";
import { withProgress } from "../progress-bar.ts";
import { warn } from "../warnings.ts";

/** `evarrow convert IN OUT`: the same events in another format. */
export async function convert(
  file: string,
  out: string,
  options: ConvertCommandOptions,
  { output, signal }: CommandContext,
): Promise<void> {
  const { format, verify, force, rebase, polarityEncoding, endianness } = options;
  const conversion = await withProgress(output.stderr, (onProgress) =>
    convertRecording(file, out, {
      ...openOptions(options, signal),
      format,
      verify,
      lossy: force,
      rebase,
      polarityEncoding,
      endianness,
      onProgress,
    }),
  );
  if (options.json) await output.printJson({ file: out, ...conversion });
  else if (out.startsWith("/dev/")) await output.message(lines(out, conversion));
  else await output.print(lines(out, conversion));
  await warn(output, reportOf(conversion));
  await output.message(losses(conversion, verify));
}

function lines(out: string, { format, events, triggers, bytes, digest }: Conversion): string[] {
  const perEvent = events === 0 ? "" : `, ${(bytes / events).toFixed(2)} bytes per event`;
  const rows: Row[] = [
    ["File", out],
    ["Format", format],
    ["Events", formatCount(events)],
    ["Triggers", formatCount(triggers)],
    ["Size", `${formatBytes(bytes)}${perEvent}`],
  ];
  if (digest !== null) rows.push(["Verified", `digest ${digest}`]);
  return labelled(rows);
}

function losses(
  { leftOut, triggersLeftOut, geometryLeftOut }: Conversion,
  verify?: boolean,
): string[] {
  const warnings: string[] = [];
  const count = (number: number, one: string, many: string): string =>
    `${formatCount(number)} ${number === 1 ? one : many}`;
  if (triggersLeftOut > 0) {
    const triggers = count(triggersLeftOut, "trigger is", "triggers are");
    warnings.push(`${triggers} left out: the format has no place for them`);
  }
  if (geometryLeftOut) {
    warnings.push("the size of the sensor is left out: the format has no place for it");
  }
  if (leftOut > 0) {
    const events = count(leftOut, "event or trigger is", "events and triggers are");
    warnings.push(`${events} left out: the format cannot hold them`);
    if (verify) warnings.push("not verified: the output differs from the input");
  }
  return warnings.map((line) => `evarrow: warning: ${line}`);
}
