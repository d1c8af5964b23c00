import type { DataFrame } from "nodejs-polars";
import { EventError } from "../errors.ts";
import { ColumnBuffer, type EventColumns, viewColumns } from "../events/columns.ts";
import type { LoadReport } from "../events/report.ts";
import type { EventBatch, EventTable } from "../events/table.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { type TileOptions, TilePass } from "../recording/tiles.ts";
import { show } from "../util/show.ts";
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
const DIRECT_EVENTS = 5_000_000;

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
        found: show(batches),
      });
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EventBatch, void, void> {
    const { eventSchema } = await import("../events/schema.ts");
    const { toEventBatch } = await import("../events/table.ts");
    const borrowed = this.#options.batches === "borrowed";
    // What comes down a pipe may be live: it is handed over as it comes.
    const promptly = borrowed && this.#recording.byteLength === null;
    const pass = this.#startPass("chunked", { promptly });
    const batchEvents = this.#batchEvents;
    let schema: ReturnType<typeof eventSchema> | undefined; // the time offset is known by then
    try {
      const parts = borrowed ? this.#borrowed(pass, batchEvents) : this.#owned(pass, batchEvents);
      for await (const part of parts) {
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
    const direct = this.#atMost(DIRECT_EVENTS);
    const pass = this.#startPass(direct ? "direct" : "chunked");
    const parts: EventColumns[] = [];
    const batchEvents = direct ? DIRECT_EVENTS : this.#batchEvents;
    for await (const part of this.#owned(pass, batchEvents)) parts.push(part);
    const schema = eventSchema(pass.report, this.#load.columns);
    const table = toEventTable(
      parts.map((part) => toEventBatch(part, schema)),
      schema,
    );
    return this.#finish(table, pass.report);
  }

  /**
   * All events as one Polars DataFrame. Polars copies each batch out of the decoder's memory as
   * soon as it is decoded, so the peak is the frame plus one batch.
   *
   * @throws EventError `polars-unavailable`
   */
  async toDataFrame(): Promise<DataFrame> {
    const { FrameBuilder } = await import("../dataframe/polars.ts");
    const builder = await FrameBuilder.create(this.#load.columns);
    const tileEvents = DEFAULT_BATCH_EVENTS; // smaller ones would make frames of too many pieces
    const pass = this.#startPass(this.#atMost(tileEvents) ? "direct" : "chunked", { tileEvents });
    for await (const part of this.#borrowed(pass, tileEvents)) builder.append(part);
    return this.#finish(builder.finish(), pass.report);
  }

  #startPass(mode: "direct" | "chunked", options: Partial<TileOptions> = {}): TilePass {
    const pass = new TilePass(this.#recording, { ...this.#load.tiles, ...options });
    pass.report.mode = mode;
    return pass;
  }

  #finish<Result extends object>(result: Result, report: LoadReport): Result {
    rememberReport(result, report);
    this.#options.onReport?.(report);
    return result;
  }

  /** Whether the recording is sure to have no more events than that. */
  #atMost(events: number): boolean {
    return (this.#recording.mostEvents() ?? Number.POSITIVE_INFINITY) <= events;
  }

  /** Copies tiles together into batches that the consumer keeps. */
  async *#owned(pass: TilePass, batchEvents: number): AsyncGenerator<EventColumns, void, void> {
    const most = this.#recording.mostEvents() ?? batchEvents;
    const capacity = Math.max(Math.min(batchEvents, most), 1);
    let buffer = new ColumnBuffer(capacity, this.#load.columns);
    for await (const tile of pass.tiles(() => buffer.room)) {
      const { eventCount, columns } = tile;
      for (let at = 0; at < eventCount; ) {
        const n = Math.min(buffer.room, eventCount - at);
        const part = {
          x: columns.x.subarray(at),
          y: columns.y.subarray(at),
          t: columns.t.subarray(at),
          polarity: columns.polarity.subarray(at),
        };
        buffer.append(part as never, n);
        at += n;
        if (buffer.room > 0) continue;
        yield buffer.finish();
        buffer = new ColumnBuffer(capacity, this.#load.columns);
      }
    }
    if (buffer.length > 0) yield buffer.finish();
  }

  /** Views of the tiles themselves. */
  async *#borrowed(pass: TilePass, room: number): AsyncGenerator<EventColumns, void, void> {
    for await (const tile of pass.tiles(() => room)) {
      if (tile.eventCount > 0) yield viewColumns(tile.columns, this.#load.columns, tile.eventCount);
    }
  }
}

function checkBatchEvents(batchEvents: number): number {
  const whole = Number.isInteger(batchEvents);
  if (whole && batchEvents >= 1 && batchEvents <= MAX_BATCH_EVENTS) return batchEvents;
  throw new EventError("invalid-option", "batchEvents is no number of events", {
    expected: `a whole number from 1 to ${MAX_BATCH_EVENTS}`,
    found: show(batchEvents),
  });
}
