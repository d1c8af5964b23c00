import { EventError } from "../errors.ts";
import type { TriggerColumns } from "../events/columns.ts";
import { timeAsNumber } from "../events/safe-time.ts";
import type { TriggerBatch, TriggerTable } from "../events/table.ts";
import { checkOptions } from "../formats/options.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { checkPresent, TilePass } from "../recording/tiles.ts";
import { namesOf } from "../util/option-names.ts";
import { tell } from "../util/tell.ts";
import { type LoadOptions, resolveLoad } from "./load-options.ts";
import { STREAM_NAMES } from "./stream-options.ts";

/** Options for reading the triggers of a recording. */
export type TriggerOptions = Pick<LoadOptions, "rebase" | "strict" | "signal" | "onReport">;

/** The names of {@link TriggerOptions}. */
const TRIGGER_NAMES = namesOf<TriggerOptions>()({
  rebase: true,
  strict: true,
  signal: true,
  onReport: true,
});

/** Triggers of a batch; the last one may have fewer. */
const BATCH_TRIGGERS = 65_536;
/** Triggers that a stream holds back until it knows the time of the first event: 12 MB of them. */
const MOST_HELD = 1_048_576;

/** The triggers of a recording, batch by batch. What stands in front of an error comes before it. */
export function streamTriggers(
  recording: OpenedRecording,
  options: TriggerOptions = {},
): AsyncGenerator<TriggerBatch, void, void> {
  return batchesOf(createPass(recording, options), recording, options, MOST_HELD);
}

/** Reads a whole recording for its triggers. */
export async function collectTriggers(
  recording: OpenedRecording,
  options: TriggerOptions = {},
): Promise<TriggerTable> {
  const { triggerSchema } = await import("../events/schema.ts");
  const { toTriggerTable } = await import("../events/table.ts");
  const pass = createPass(recording, options);
  const batches: TriggerBatch[] = [];
  const all = batchesOf(pass, recording, options, Number.POSITIVE_INFINITY);
  for await (const batch of all) batches.push(batch);
  return toTriggerTable(batches, triggerSchema(pass.report));
}

function createPass(recording: OpenedRecording, options: TriggerOptions): TilePass {
  checkOptions(options, TRIGGER_NAMES, STREAM_NAMES);
  const { tiles } = resolveLoad(recording, options);
  // Triggers can come before the first event, so they are moved here and not on the way.
  const promptly = recording.byteLength === null;
  if (options.rebase) checkPresent(recording, ["t"]); // moved from the first event on
  const { columns } = recording; // triggers have their own
  const pass = new TilePass(recording, {
    ...tiles,
    columns,
    rebase: false,
    triggers: true,
    promptly,
  });
  pass.report.mode = "chunked";
  return pass;
}

async function* batchesOf(
  pass: TilePass,
  recording: OpenedRecording,
  { rebase = false, onReport }: TriggerOptions,
  mostHeld: number,
): AsyncGenerator<TriggerBatch, void, void> {
  const { triggerSchema } = await import("../events/schema.ts");
  const { toTriggerBatch } = await import("../events/table.ts");
  const { report } = pass;
  const held = new HeldTriggers();
  let offset: bigint | undefined = rebase ? undefined : 0n;
  let schema: ReturnType<typeof triggerSchema> | undefined;
  let failure: { readonly error: unknown } | undefined;
  const take = (): TriggerBatch => {
    schema ??= triggerSchema(report); // the time offset is known by now
    return toTriggerBatch(held.take(offset ?? 0n), schema);
  };
  try {
    try {
      for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) {
        held.add(tile.triggers, tile.triggerCount);
        if (offset === undefined && tile.eventCount > 0) {
          offset = tile.columns.t[0] as bigint;
          report.timeOffset = timeAsNumber(BigInt(report.timeOffset) + offset);
        }
        if (offset === undefined && held.length > mostHeld) throw tooManyHeld(report.sourceName);
        const enough = recording.byteLength === null ? 1 : BATCH_TRIGGERS;
        while (offset !== undefined && held.length >= enough) yield take();
      }
    } catch (error) {
      if (pass.signal.aborted) throw error;
      failure = { error };
    }
    // Without an event there is no time to move the triggers to.
    const isUnknown = offset === undefined && failure !== undefined;
    while (held.length > 0 && !isUnknown) yield take();
    if (failure !== undefined) throw failure.error;
  } finally {
    tell(onReport, report); // also when the loop is left early
  }
}

/** Triggers that were read and not handed out. */
class HeldTriggers {
  #parts: TriggerColumns[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies the first `count` triggers. */
  add({ t, id, value }: TriggerColumns, count: number): void {
    if (count === 0) return;
    const part = { t: t.slice(0, count), id: id.slice(0, count), value: value.slice(0, count) };
    this.#parts.push({ length: count, ...part });
    this.#length += count;
  }

  /** Takes those in front as one batch, `offset` subtracted from their times. */
  take(offset: bigint): TriggerColumns {
    const length = Math.min(this.#length, BATCH_TRIGGERS);
    const t = new BigInt64Array(length);
    const id = new Int16Array(length);
    const value = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const part = this.#parts.shift() as TriggerColumns;
      const count = Math.min(part.length, length - at);
      t.set(part.t.subarray(0, count), at);
      id.set(part.id.subarray(0, count), at);
      value.set(part.value.subarray(0, count), at);
      at += count;
      if (count < part.length) this.#parts.unshift(rest(part, count));
    }
    this.#length -= length;
    if (offset !== 0n) for (let row = 0; row < length; row++) t[row] = (t[row] ?? 0n) - offset;
    return { length, t, id, value };
  }
}

function rest({ length, t, id, value }: TriggerColumns, from: number): TriggerColumns {
  return {
    length: length - from,
    t: t.subarray(from),
    id: id.subarray(from),
    value: value.subarray(from),
  };
}

function tooManyHeld(path: string | null): EventError {
  return new EventError("invalid-option", "rebase has to wait too long for the first event", {
    path: path ?? undefined,
    expected: `at most ${MOST_HELD} triggers in front of it`,
    hint: "Stream without `rebase`, or load them at once with `triggers()`.",
  });
}
