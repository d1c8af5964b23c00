import type { DataFrame } from "nodejs-polars";
import { EventError } from "../errors.ts";
import type { ColumnName } from "../events/columns.ts";
import type { LoadReport } from "../events/report.ts";
import { timeAsNumber } from "../events/safe-time.ts";
import type { EventBatch, EventTable } from "../events/table.ts";
import { checkOptions } from "../formats/options.ts";
import { OpenedRecording } from "../recording/recording.ts";
import type { TileOptions } from "../recording/tiles.ts";
import { show } from "../util/show.ts";
import { untilAborted } from "../util/until-aborted.ts";
import { BatchIterator, type OpenedBatches } from "./batch-iterator.ts";
import { BatchRoom } from "./batch-room.ts";
import { BatchBuilder, type BatchPart, type BatchPlan, bytesOf } from "./batches.ts";
import { type ResolvedLoad, resolveLoad } from "./load-options.ts";
import { type PlanTarget, type ResolvedPlan, resolvePlan } from "./plan.ts";
import { Prefetch } from "./prefetch.ts";
import { rememberReport } from "./report-of.ts";
import { EVERYTHING, type Selection } from "./selection.ts";
import { StreamEvent, StreamEventTarget } from "./stream-events.ts";
import {
  MAX_BATCH_EVENTS,
  type ResolvedStream,
  resolveStream,
  STREAM_NAMES,
  type StreamOptions,
} from "./stream-options.ts";
import { StreamPass } from "./stream-pass.ts";
import type { StreamStats } from "./stream-stats.ts";

/** A batch and the window of time that its events fall into. */
export interface EventWindow {
  /** Microseconds, on the grid of windows. */
  readonly start: number;
  /** Where the next window starts. */
  readonly end: number;
  readonly batch: EventBatch;
}

/** Tiles are as full as their memory allows, so that what a batch holds does not depend on them. */
const FULL = (): number => Number.POSITIVE_INFINITY;

/**
 * Reads a recording batch by batch. Nothing is decoded before it is asked for, and memory follows
 * the batch, not the file. Each loop over the streamer, and each table or frame, is a pass of its own.
 *
 * Whatever ends a pass closes it: the end, an error, an abort, a loop that is left, and the closing of
 * the recording. An iterator that is merely dropped does not keep the process alive. The events in
 * front of an error are handed out before it is thrown, the same ones whatever the size of a batch.
 *
 * It is an `EventTarget`, too, for user interfaces: `plan`, `batch`, `end` and `error` have what
 * {@link StreamEventDetails} says as their `detail`. A listener that throws ends nothing.
 *
 * @example
 * ```ts
 * const recording = await openRecording("recording.raw");
 * let events = 0;
 * for await (const batch of new EventStreamer(recording)) events += batch.numRows;
 * await recording.close();
 * ```
 */
export class EventStreamer extends StreamEventTarget implements AsyncIterable<EventBatch> {
  readonly #recording: OpenedRecording;
  readonly #options: StreamOptions;
  readonly #load: ResolvedLoad;
  readonly #stream: ResolvedStream;
  readonly #selection: Selection;
  /** The latest pass. */
  #pass: StreamPass | undefined;

  /**
   * @param recording - what `openRecording` gave
   * @param selection - what of the events is handed out, for queries
   * @throws EventError `invalid-option`
   */
  constructor(
    recording: OpenedRecording,
    options: StreamOptions = {},
    selection: Selection = EVERYTHING,
  ) {
    super();
    if (!(recording instanceof OpenedRecording)) {
      throw new EventError("invalid-option", "this is no recording to stream", {
        expected: "an opened recording",
        found: show(recording),
        hint: "`await openRecording(source)` gives one.",
      });
    }
    checkOptions(options, STREAM_NAMES);
    this.#selection = selection;
    this.#recording = recording;
    this.#options = options;
    this.#load = resolveLoad(recording, options);
    this.#stream = resolveStream(options, this.#load.columns);
  }

  /** The columns of its batches. @internal */
  get columns(): readonly ColumnName[] {
    return this.#load.columns;
  }

  /** The report of the latest pass, complete when that is over; null before the first one. */
  get report(): LoadReport | null {
    return this.#pass?.report ?? null;
  }

  /**
   * How far the latest pass has come, and what it holds; all 0 before the first one.
   *
   * @example
   * ```ts
   * const timer = setInterval(() => console.log(stream.stats().eventsPerSecond), 1000);
   * ```
   */
  stats(): StreamStats {
    if (this.#pass !== undefined) return this.#pass.stats();
    const bytesTotal = this.#recording.byteLength;
    const none = { bytesRead: 0, events: 0, batches: 0, eventsPerSecond: 0, memoryBytes: 0 };
    return { ...none, bytesTotal };
  }

  /** The batches of one pass. The signal's reason is thrown even where a batch was ready. */
  [Symbol.asyncIterator](): AsyncIterableIterator<EventBatch, void, void> {
    return new BatchIterator(() => this.#open(), onlyBatch);
  }

  /**
   * The batches of one pass, each with its window of time. Windows rise, unless the times of the
   * recording step back.
   *
   * @throws EventError `invalid-option` without `windowUs`; `unsafe-time`, in the loop, for times of
   *   2^53 us or more
   * @example
   * ```ts
   * const stream = recording.stream({ windowUs: 10_000, emptyWindows: true });
   * for await (const { start, batch } of stream.windows()) console.log(start, batch.numRows);
   * ```
   */
  windows(): AsyncIterableIterator<EventWindow, void, void> {
    if (this.#stream.grid === undefined) {
      throw new EventError("invalid-option", "there are no windows without windowUs", {
        expected: "windowUs, the length of a window in microseconds",
      });
    }
    return new BatchIterator(
      () => this.#open(),
      (batch, { window, columns }) => {
        const time = columns.length > 0 ? columns.t?.[0] : undefined;
        const start = timeAsNumber(window?.start ?? 0n, time);
        return { start, end: timeAsNumber(window?.end ?? 0n, time), batch };
      },
    );
  }

  /**
   * Calls a function with every batch and its number, from 0, and waits for what it returns before
   * the next one is asked for. An abort does not wait for that.
   *
   * @returns the report
   * @throws what the function throws, after the pass was closed, which is then an `error` and no `end`;
   *   the signal's reason; EventError as a loop does
   * @example
   * ```ts
   * await recording.stream().forEachBatch(async (batch) => socket.send(tableToIPC(batch)));
   * ```
   */
  async forEachBatch(use: (batch: EventBatch, index: number) => unknown): Promise<LoadReport> {
    if (typeof use !== "function") {
      throw new EventError("invalid-option", "forEachBatch needs something to call", {
        expected: "a function of a batch",
        found: show(use),
      });
    }
    const batches = new BatchIterator(() => this.#open(), onlyBatch);
    try {
      for (let index = 0; ; index++) {
        const { done, value } = await batches.next();
        if (done) return batches.report;
        await untilAborted(Promise.resolve(use(value, index)), batches.signal);
      }
    } catch (error) {
      throw await batches.fail(error);
    }
  }

  /**
   * The batches of one pass as a Web stream, which asks for a batch when it is read, and closes the
   * pass when it is cancelled. A borrowed batch is valid until the next one is read.
   *
   * @example
   * ```ts
   * await recording.stream().toReadableStream().pipeTo(writable);
   * ```
   */
  toReadableStream(): ReadableStream<EventBatch> {
    const batches = this[Symbol.asyncIterator]();
    let isCancelled = false;
    return new ReadableStream<EventBatch>(
      {
        async pull(controller) {
          const { done, value } = await batches.next();
          if (!done) controller.enqueue(value);
          else if (!isCancelled) controller.close();
        },
        async cancel() {
          isCancelled = true;
          await batches.return?.();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /**
   * All events as one Arrow table, in one batch when they are few; windows do not show in it.
   *
   * @throws EventError `memory-limit`
   */
  async toTable(): Promise<EventTable> {
    const { eventSchema } = await import("../events/schema.ts");
    const { toEventBatch, toEventTable } = await import("../events/table.ts");
    const { columns } = this.#load;
    const planned = this.#plan("table");
    const pass = this.#startPass(planned);
    const builder = this.#createBuilder(pass, planned, { touchesAhead: true });
    return this.#finish(pass, async () => {
      const parts: BatchPart[] = [];
      pass.hold(() => parts.reduce((sum, part) => sum + bytesOf(part, columns), 0));
      for await (const part of builder.batches(pass.tiles.tiles(FULL))) {
        parts.push(part);
        pass.handOut(part.columns.length);
      }
      const schema = eventSchema(pass.report, columns);
      return toEventTable(
        parts.map((part) => toEventBatch(part.columns, schema)),
        schema,
      );
    });
  }

  /**
   * All events as one Polars DataFrame. Polars copies each batch out of the decoder's memory as
   * soon as it is decoded, so the peak is the frame plus one batch.
   *
   * @throws EventError `polars-unavailable`, `memory-limit`
   */
  async toDataFrame(): Promise<DataFrame> {
    const { FrameBuilder } = await import("../dataframe/polars.ts");
    const frame = await FrameBuilder.create(this.#load.columns);
    const planned = this.#plan("frame");
    const pass = this.#startPass(planned);
    // Tiles of several threads are smaller, and would make frames of too many pieces.
    // So would tiles of which little is left.
    const endsWithTile = planned.plan.threads === 1 && this.#selection.tiles.sieve === undefined;
    const builder = this.#createBuilder(pass, planned, { borrowed: true, endsWithTile });
    return this.#finish(pass, async () => {
      const { mostEvents } = this.#selection;
      let events = 0;
      for await (const part of builder.batches(pass.tiles.tiles(FULL))) {
        events += part.columns.length;
        if (mostEvents !== undefined && events > mostEvents) throw tooMany(mostEvents, pass.report);
        frame.append(part.columns);
        pass.handOut(part.columns.length);
      }
      return frame.finish();
    });
  }

  /** Begins a pass that hands out batches. */
  async #open(): Promise<OpenedBatches> {
    const { eventSchema } = await import("../events/schema.ts");
    const { toEventBatch } = await import("../events/table.ts");
    const { borrowed, grid, prefetch, lends } = this.#stream;
    const { columns } = this.#load;
    const planned = this.#plan(borrowed ? "borrowed" : "batches");
    // What comes down a pipe may be live: it is handed over as it comes.
    const pass = this.#startPass(planned, { promptly: this.#recording.byteLength === null });
    const builder = this.#createBuilder(pass, planned, { grid, borrowed });
    const tiles = pass.tiles.tiles(FULL);
    const parts = new Prefetch(builder.batches(tiles), prefetch, (part) => bytesOf(part, columns));
    pass.hold(() => parts.byteLength);
    let schema: ReturnType<typeof eventSchema> | undefined; // the time offset is known by then
    const wrap = (part: BatchPart["columns"]): EventBatch => {
      schema ??= eventSchema(pass.report, columns);
      return toEventBatch(part, schema);
    };
    return { pass, parts, wrap, lends };
  }

  #plan(target: PlanTarget): ResolvedPlan {
    const { batchEvents, prefetch } = this.#stream;
    const { threads } = this.#load;
    const { sieveBytes } = this.#selection;
    const ahead = { batchesAhead: prefetch, sieveBytes };
    const request = { ...this.#options, ...ahead, batchEvents, threads };
    return resolvePlan(this.#recording, request, target);
  }

  #startPass({ plan, tiles }: ResolvedPlan, options: Partial<TileOptions> = {}): StreamPass {
    this.#pass = new StreamPass(this.#recording, {
      plan,
      tiles: {
        ...this.#load.tiles,
        ...tiles,
        ...this.#selection.tiles,
        columns: this.#columnsNeeded(),
        ...options,
      },
      onReport: this.#options.onReport,
      emit: (type, detail) => void this.dispatchEvent(new StreamEvent(type, detail)),
    });
    return this.#pass;
  }

  /** What the selection looks at, or what is handed out; windows of time need times. */
  #columnsNeeded(): readonly ColumnName[] {
    const columns = this.#selection.tiles.columns ?? this.#load.columns;
    return this.#stream.grid === undefined ? columns : [...columns, "t"];
  }

  #createBuilder(
    pass: StreamPass,
    planned: ResolvedPlan,
    plan: Pick<BatchPlan, "grid" | "endsWithTile" | "touchesAhead"> & { borrowed?: boolean },
  ): BatchBuilder {
    const { columns } = this.#load;
    const { grid, borrowed = false } = plan;
    const mostEvents = this.#recording.mostEvents();
    const { byteLength, source } = this.#recording;
    const { sieve, ranges } = this.#selection.tiles;
    const facts = {
      columns,
      mostEvents,
      report: pass.report,
      byteLength: source.compression === null ? byteLength : null,
      isCounted: planned.plan.eventsKind === "exact" && sieve === undefined && ranges === undefined,
    };
    const room = borrowed || grid !== undefined ? undefined : new BatchRoom(planned, facts);
    // How many events a window has nobody knows, unless a limit says how many it may have.
    const isOpen = grid !== undefined && planned.options.memoryLimitBytes === null;
    const limit = isOpen
      ? (this.#stream.batchEvents ?? MAX_BATCH_EVENTS)
      : planned.plan.chunkEvents;
    const expected = mostEvents ?? limit;
    const builder = new BatchBuilder(
      { columns, expected, limit, room, ...plan, borrowed },
      pass.signal,
    );
    pass.hold(() => builder.byteLength);
    return builder;
  }

  /** Makes something of all events, and tells how it went. */
  async #finish<Result extends object>(
    pass: StreamPass,
    build: () => Promise<Result>,
  ): Promise<Result> {
    let result: Result;
    try {
      result = await build();
    } catch (error) {
      throw pass.fail(error);
    }
    rememberReport(result, pass.report);
    pass.finish();
    return result;
  }
}

function tooMany(mostEvents: number, { sourceName, format }: LoadReport): EventError {
  return new EventError("memory-limit", "more events are asked for than the memory limit holds", {
    path: sourceName ?? undefined,
    format,
    expected: `at most ${mostEvents} events`,
    found: "more",
    hint: "Ask for a part: a window of time, a region, a polarity, fewer columns.",
  });
}

function onlyBatch(batch: EventBatch): EventBatch {
  return batch;
}
