import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { targetFormat } from "../formats/target.ts";
import type { EventSource } from "../recording/opened-source.ts";
import { type ByteSink, isByteSink, streamSink } from "../source/byte-sink.ts";
import { withoutSecrets } from "../source/http-address.ts";
import { type Conversion, convertTo, type WriteOptions } from "../stream/convert.ts";
import { isNodeStream } from "../util/is-node-stream.ts";
import { show } from "../util/show.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { type Recording, withRecording } from "./recording.ts";

/**
 * Where a recording can be written: a path or `file:` URL (Node), a `WritableStream` of bytes, or
 * a sink of the caller's own.
 */
export type EventSink = string | URL | WritableStream<Uint8Array> | ByteSink;

/** Options of {@link convertRecording}. */
export interface ConvertOptions extends WriteOptions {
  /** Format id of the target, for example `evt3`. Default: what the name of the target says. */
  format?: string | undefined;
}

/**
 * Writes the events of a recording in another format, tile by tile: memory follows neither file. A
 * file appears under its name when it is complete, and not at all when anything fails; external
 * triggers and the geometry are kept where the format has a place for them.
 *
 * @param source - where the recording is, or a recording that is open
 * @param target - where it goes; names ending in `.evt2.raw`, `.evt3.raw` and so on say the format
 * @returns what was written; {@link reportOf} gives the report of the reading
 * @throws EventError `not-encodable`, with the row, at the first event that the format cannot hold,
 *   unless `lossy`; `verification-failed` under `verify`; `sink-unwritable`; `invalid-option`; and
 *   whatever reading the source throws
 * @example
 * ```ts
 * const { events, bytes } = await convertRecording("in.raw", "out.evt3.raw", { verify: true });
 * ```
 */
export async function convertRecording(
  source: EventSource | Recording,
  target: EventSink,
  options: ConvertOptions = {},
): Promise<Conversion> {
  checkTarget(target);
  const format = targetFormat(nameOf(target), options.format);
  return withRecording(source, options, async (recording) =>
    convertTo(recording, format, await untilOpen(target, options.signal), options),
  );
}

/** @throws EventError `invalid-option` @internal */
export function checkTarget(target: EventSink): void {
  if (typeof target === "string" || target instanceof URL) return;
  if (target instanceof WritableStream || isSink(target)) return;
  throw new EventError("invalid-option", "this is no target for events", {
    expected: "a path, URL, WritableStream or ByteSink",
    found: isNodeStream(target) ? "a stream of Node" : show(target),
    ...(isNodeStream(target) && { hint: "Make it a Web stream with `Writable.toWeb`." }),
  });
}

function nameOf(target: EventSink): string | undefined {
  if (typeof target === "string" || target instanceof URL) return withoutSecrets(target);
  return target instanceof WritableStream ? undefined : target.name;
}

function isSink(target: unknown): target is ByteSink {
  return typeof target === "object" && target !== null && isByteSink(target);
}

/**
 * Refuses a target by path where a regular file is.
 *
 * @throws EventError `sink-unwritable`
 * @internal
 */
export async function refuseExisting(target: EventSink): Promise<void> {
  if (typeof target !== "string" && !(target instanceof URL)) return;
  if (!(await platform.fileExists(target))) return;
  throw new EventError("sink-unwritable", "there is a file of this name", {
    path: withoutSecrets(target),
    expected: "a new name",
    hint: "Give `overwrite: true` to replace it.",
  });
}

/** What opens after all, when nobody waits for it any more, is given up. @internal */
export async function untilOpen(
  target: EventSink,
  signal: AbortSignal | undefined,
): Promise<ByteSink> {
  const opening = open(target);
  try {
    return await untilAborted(opening, signal);
  } catch (error) {
    opening.then((sink) => sink.abort?.(error)).catch(() => {});
    throw error;
  }
}

async function open(target: EventSink): Promise<ByteSink> {
  if (typeof target === "string" || target instanceof URL) return platform.createFile(target);
  return target instanceof WritableStream ? streamSink(target) : target;
}
