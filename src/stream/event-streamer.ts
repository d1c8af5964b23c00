import type { DataFrame } from "nodejs-polars";
import { EventError } from "../errors.ts";
import { ColumnBuffer, type ColumnName, type EventColumns } from "../events/columns.ts";
import type { LoadReport } from "../events/report.ts";
import type { EventBatch, EventTable } from "../events/table.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { TilePass } from "../recording/tiles.ts";
import { type LoadOptions, type ResolvedLoad, resolveLoad } from "./load-options.ts";
import { rememberReport } from "./report-of.ts";

/** Options of an {@link EventStreamer}. */
export interface StreamOptions extends LoadOptions {
  /**
   * Who owns a batch. `"owned"`: the consumer, for good. `"borrowed"`: the decoder; its columns
   * are overwritten when the next batch is asked for, which saves the copy for consumers that only
   * aggregate. Default `"owned"`.
   */
  batches?: "owned" | "borrowed" | undefined;
  /**
   * Events of an owned batch; the last one may have fewer. Borrowed batches are as large as the
   * decoder's tiles, at most this. Default 1 000 000.
   */
  batchEvents?: number | undefined;
}

const DEFAULT_BATCH_EVENTS = 1_000_000;
/** 1.3 GB of columns; more in one piece is beyond what typed arrays are sure to hold. */
const MAX_BATCH_EVENTS = 100_000_000;
/** Recordings of at most so many events become a table of one batch. */
const DIRECT_TABLE_EVENTS = 5_000_000;
/** Polars copies a batch, so that a larger one would hold its events twice for too long. */
const DIRECT_FRAME_EVENTS = 1_000_000;

/**
 * Reads a recording batch by batch. Nothing is decoded before it is asked for, and memory follows
 * the batch, not the file. Each loop over the streamer is a pass of its own.
 *
 * @example
 * ```ts
 * const recording = await openRecording("recording.raw");
 * let events = 0;
 * for await (const batch of new EventStreamer(recording)) events += batch.numRows;
 * await recording.close();
 * ```
 */
export class EventStreamer implements AsyncIterable<EventBatch> {
  readonly #recording: OpenedRecording;
  readonly #options: StreamOptions;
  readonly #load: ResolvedLoad;
  readonly #batchEvents: number;

  /**
   * @param recording - what `openRecording` gave
   * @throws EventError `invalid-option`
   */
  constructor(recording: OpenedRecording, options: StreamOptions = {}) {
    this.#recording = recording;
    this.#options = options;
    this.#load = resolveLoad(recording, options);
    this.#batchEvents = checkBatchEvents(options.batchEvents ?? DEFAULT_BATCH_EVENTS);
    const { batches = "owned" } = options;
    if (batches !== "owned" && batches !== "borrowed") {
      throw new EventError("invalid-option", "batches is not known", {
        expected: '"owned" or "borrowed"',
        found: JSON.stringify(batches) ?? String(batches),
      });
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EventBatch, void, void> {
    const { eventSchema } = await import("../events/schema.ts");
    const { toEventBatch } = await import("../events/table.ts");
    const pass = this.#startPass();
    const columns =
      this.#options.batches === "borrowed"
        ? this.#borrowed(pass)
        : this.#collected(pass, this.#batchEvents, true);
    let schema: ReturnType<typeof eventSchema> | undefined; // the time offset is known by then
    try {
      for await (const part of columns) {
        schema ??= eventSchema(pass.report, this.#load.columns);
        yield toEventBatch(part, schema);
      }
    } finally {
      this.#options.onReport?.(pass.report); // also when the loop is left early
    }
  }

  /** All events as one Arrow table, in one batch when they are few. */
  async toTable(): Promise<EventTable> {
    const { eventSchema } = await import("../events/schema.ts");
    const { toEventBatch, toEventTable } = await import("../events/table.ts");
    const pass = this.#startPass();
    const parts: EventColumns[] = [];
    for await (const part of this.#loaded(pass, DIRECT_TABLE_EVENTS, true)) parts.push(part);
    const schema = eventSchema(pass.report, this.#load.columns);
    const table = toEventTable(
      parts.map((part) => toEventBatch(part, schema)),
      schema,
    );
    return this.#finish(table, pass.report);
  }

  /**
   * All events as one Polars DataFrame. A batch becomes a frame as soon as it is decoded, so the
   * peak is the frame plus one batch.
   *
   * @throws EventError `polars-unavailable`
   */
  async toDataFrame(): Promise<DataFrame> {
    const { FrameBuilder } = await import("../dataframe/polars.ts");
    const builder = await FrameBuilder.create(this.#load.columns);
    const pass = this.#startPass();
    for await (const part of this.#loaded(pass, DIRECT_FRAME_EVENTS, false)) builder.append(part);
    return this.#finish(builder.finish(), pass.report);
  }

  #startPass(): TilePass {
    return new TilePass(this.#recording, this.#load.tiles);
  }

  #finish<Result extends object>(result: Result, report: LoadReport): Result {
    rememberReport(result, report);
    this.#options.onReport?.(report);
    return result;
  }

  /** Direct: one batch as large as the estimate. Chunked: batch by batch. */
  #loaded(
    pass: TilePass,
    directEvents: number,
    keep: boolean,
  ): AsyncGenerator<EventColumns, void, void> {
    const estimate = this.#recording.estimateEvents();
    const direct = estimate !== null && estimate <= directEvents;
    pass.report.mode = direct ? "direct" : "chunked";
    return this.#collected(pass, direct ? estimate : this.#batchEvents, keep);
  }

  /**
   * Copies tiles together into batches.
   *
   * @param keep - whether the consumer keeps a batch; the next one is else built in its memory
   */
  async *#collected(
    pass: TilePass,
    batchEvents: number,
    keep: boolean,
  ): AsyncGenerator<EventColumns, void, void> {
    pass.report.mode ??= "chunked";
    const most = this.#recording.estimateEvents() ?? batchEvents;
    const capacity = Math.max(Math.min(batchEvents, most), 1);
    let buffer = new ColumnBuffer(capacity, this.#load.columns);
    for await (const tile of pass.tiles(() => buffer.room)) {
      buffer.append(tile.columns, tile.eventCount);
      if (buffer.room > 0) continue;
      yield buffer.finish();
      if (keep) buffer = new ColumnBuffer(capacity, this.#load.columns);
      else buffer.clear();
    }
    if (buffer.length > 0) yield buffer.finish();
  }

  /** Views of the tiles themselves. */
  async *#borrowed(pass: TilePass): AsyncGenerator<EventColumns, void, void> {
    pass.report.mode = "chunked";
    for await (const tile of pass.tiles(() => this.#batchEvents)) {
      const length = tile.eventCount;
      if (length === 0) continue;
      const columns: { length: number } & Partial<Record<ColumnName, ArrayBufferView>> = { length };
      for (const name of this.#load.columns) columns[name] = tile.columns[name].subarray(0, length);
      yield columns as EventColumns;
    }
  }
}

function checkBatchEvents(batchEvents: number): number {
  const whole = Number.isInteger(batchEvents);
  if (whole && batchEvents >= 1 && batchEvents <= MAX_BATCH_EVENTS) return batchEvents;
  throw new EventError("invalid-option", "batchEvents is no number of events", {
    expected: `a whole number from 1 to ${MAX_BATCH_EVENTS}`,
    found: String(batchEvents),
  });
}
