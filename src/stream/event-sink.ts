import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { checkOptions } from "../formats/options.ts";
import { targetFormat } from "../formats/target.ts";
import type { WritableFormat } from "../formats/writer.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { type ByteSink, isByteSink, streamSink } from "../source/byte-sink.ts";
import { withoutSecrets } from "../source/http-address.ts";
import { isNodeStream } from "../util/is-node-stream.ts";
import { show } from "../util/show.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { type Conversion, convertTo, type WriteOptions } from "./convert.ts";
import type { Selection } from "./selection.ts";

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
 * Writes events of a recording where a caller says.
 *
 * @param selection - which events; all when left out
 * @throws EventError `invalid-option`, `sink-unwritable`, and what {@link convertTo} throws
 */
export async function convertInto(
  recording: OpenedRecording,
  target: EventSink,
  options: ConvertOptions,
  selection?: Selection,
): Promise<Conversion> {
  const format = formatOfTarget(target, options);
  return convertTo(recording, format, await untilOpen(target, options.signal), options, selection);
}

/**
 * The format that a target is to have.
 *
 * @throws EventError `invalid-option`
 */
export function formatOfTarget(target: EventSink, options: ConvertOptions): WritableFormat {
  checkOptions(options);
  checkTarget(target);
  checkOptions(options);
  return targetFormat(nameOf(target), options.format);
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
