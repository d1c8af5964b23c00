import { platform } from "#platform";
import { EventError } from "../errors.ts";
import { targetFormat } from "../formats/target.ts";
import type { WritableFormat } from "../formats/writer.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { type ByteSink, isByteSink, streamSink } from "../source/byte-sink.ts";
import { CheckedSink } from "../source/checked-sink.ts";
import { withoutSecrets } from "../source/http-address.ts";
import { isNodeStream } from "../util/is-node-stream.ts";
import { namesOf } from "../util/option-names.ts";
import { show } from "../util/show.ts";
import { type Conversion, convertTo, WRITE_NAMES, type WriteOptions } from "./convert.ts";
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

/** The names of {@link ConvertOptions}. */
export const CONVERT_NAMES = namesOf<ConvertOptions>()({ ...WRITE_NAMES, format: true });

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
  checkTarget(target);
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

/**
 * Opens a target. When the signal is aborted meanwhile, what opened is given up before this rejects: a
 * temporary file is gone by then.
 *
 * @internal
 */
export async function untilOpen(
  target: EventSink,
  signal: AbortSignal | undefined,
): Promise<ByteSink> {
  const sink = await open(target, signal);
  if (!signal?.aborted) return sink;
  await new CheckedSink(sink, signal).abort(signal.reason);
  throw signal.reason;
}

async function open(target: EventSink, signal: AbortSignal | undefined): Promise<ByteSink> {
  if (typeof target === "string" || target instanceof URL) {
    return platform.createFile(target, signal);
  }
  return target instanceof WritableStream ? streamSink(target) : target;
}
