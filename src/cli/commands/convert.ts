import { type Conversion, reportOf } from "../../node.ts";
import { type ConvertCommandOptions, openOptions, STDOUT } from "../args.ts";
import { queryOf } from "../filters.ts";
import { formatBytes, formatCount, labelled, type Row } from "../format.ts";
import { outputFailure, toJson } from "../output.ts";
import type { CommandContext } from "../program.ts";
import { withProgress } from "../progress-bar.ts";
import { missingColumnsWarning, warn } from "../warnings.ts";

/** Formats of lines, the first of which are of use without the rest, and the names that say one of them. */
const TEXT_FORMATS = /^(?:csv|text|jsonl)$/i;
const TEXT_NAMES = /\.(?:csv|txt|jsonl|ndjson)$/i;

/** `evarrow convert IN OUT`: the same events in another format. */
export async function convert(
  file: string,
  out: string,
  options: ConvertCommandOptions,
  { output, signal }: CommandContext,
): Promise<void> {
  const { format, verify, force, rebase, polarityEncoding, endianness } = options;
  const isStdout = STDOUT.test(out);
  const conversion = await withProgress(output.stderr, async (onProgress) => {
    const query = await queryOf(file, options, { ...openOptions(options, signal), rebase });
    return query.write(out, {
      format,
      verify,
      lossy: force,
      polarityEncoding,
      endianness,
      onProgress,
    });
  }).catch((error) => {
    throw outputFailure(error, TEXT_FORMATS.test(format ?? "") || TEXT_NAMES.test(out));
  });
  const result = options.json ? [toJson({ file: out, ...conversion })] : lines(out, conversion);
  if (isStdout) await output.message(result);
  else await output.print(result);
  await warn(output, reportOf(conversion));
  const { missingColumns = [] } = conversion;
  await output.message([...missingColumnsWarning(missingColumns), ...losses(conversion, verify)]);
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

function losses(conversion: Conversion, verify?: boolean): string[] {
  const { events, leftOut, triggersLeftOut, geometryLeftOut } = conversion;
  const warnings: string[] = [];
  const say = (number: number, what: string, why: (them: string) => string): void => {
    if (number === 0) return;
    const [some, them] = number === 1 ? [`${what} is`, "it"] : [`${what}s are`, "them"];
    warnings.push(`${formatCount(number)} ${some} left out: ${why(them)}`);
  };
  say(triggersLeftOut, "trigger", (them) => `the format has no place for ${them}`);
  if (geometryLeftOut) {
    warnings.push("the size of the sensor is left out: the format has no place for it");
  }
  const eventsLeftOut = reportOf(conversion).events - events;
  say(eventsLeftOut, "event", (them) => `the format cannot hold ${them}`);
  say(leftOut - eventsLeftOut, "trigger", (them) => `the format cannot hold ${them}`);
  if (leftOut > 0 && verify) warnings.push("not verified: the output differs from the input");
  return warnings.map((line) => `evarrow: warning: ${line}`);
}
