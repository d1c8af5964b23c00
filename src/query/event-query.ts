import type { DataFrame, LazyDataFrame } from "nodejs-polars";
import { bytesPerEvent, COLUMN_NAMES, type ColumnName } from "../events/columns.ts";
import type { EventRate, EventStatistics, PixelHistogram } from "../events/statistics.ts";
import type { EventBatch, EventTable } from "../events/table.ts";
import { checkOptions } from "../formats/options.ts";
import type { OpenedRecording } from "../recording/recording.ts";
import { TilePass } from "../recording/tiles.ts";
import type { Conversion } from "../stream/convert.ts";
import { digestRecording, type EventDigest } from "../stream/digest.ts";
import {
  CONVERT_NAMES,
  type ConvertOptions,
  convertInto,
  type EventSink,
  formatOfTarget,
} from "../stream/event-sink.ts";
import { EventStreamer, type EventWindow } from "../stream/event-streamer.ts";
import { beginExport, exportRecording } from "../stream/export-recording.ts";
import type { ExportStats } from "../stream/export-stats.ts";
import { resolveLoad } from "../stream/load-options.ts";
import {
  collectStatistics,
  STATISTICS_NAMES,
  type StatisticsOptions,
} from "../stream/statistics.ts";
import type { StreamOptions } from "../stream/stream-options.ts";
import { tell } from "../util/tell.ts";
import { explainQuery, type QueryPlan } from "./explain.ts";
import { stepsOf } from "./prefilter.ts";
import {
  checkQueryOptions,
  QUERY_EXPORT_NAMES,
  QUERY_STREAM_NAMES,
  type QueryExportOptions,
  type QueryOptions,
  type QueryStreamOptions,
  RESULT_NAMES,
  type ResultOptions,
  streamOptionsOf,
} from "./query-options.ts";
import { QuerySteps } from "./query-steps.ts";
import { noSuchColumn, type QuerySelection, selectEvents } from "./selection.ts";
import { checkNumber, type QueryStep } from "./steps.ts";

/** What a query is about: how to get at the recording, and what to do when it is used no more. */
export type RecordingOf = () => Promise<{
  readonly recording: OpenedRecording;
  close(): Promise<void>;
}>;

/**
 * A description of events to be read: immutable, and nothing is read before one of the last calls
 * (`collect`, `toTable`, `stream`, `count`, ...), each of which reads what it needs anew. Steps see
 * what the steps in front of them left. `every`, `head`, `refractory`, `backgroundActivity` and hot
 * pixels that are looked for depend on several events; all others are put into the order that is done
 * fastest, which {@link EventQuery.explain} shows, and gives the same.
 *
 * Of all that a step drops no column is made. What a window of time, in front of any step that depends
 * on several events, leaves out is not read at all, once the times of the recording are known: the
 * first such query reads them, and the recording keeps them while it is open.
 *
 * @example
 * ```ts
 * const frame = await recording
 *   .query()
 *   .time("1.5s", "2s")
 *   .roi({ x: 100, y: 50, width: 64, height: 64 })
 *   .polarity("on")
 *   .collect();
 * ```
 */
export class EventQuery extends QuerySteps<EventQuery> {
  readonly #recordingOf: RecordingOf;
  readonly #options: QueryOptions;
  readonly #steps: readonly QueryStep[];
  /** What `select` left; undefined where nothing was selected. */
  readonly #columns: readonly ColumnName[] | undefined;

  /** @internal */
  constructor(
    open: RecordingOf,
    options: QueryOptions,
    steps: readonly QueryStep[] = [],
    columns?: readonly ColumnName[],
  ) {
    super();
    this.#recordingOf = open;
    this.#options = options;
    this.#steps = steps;
    this.#columns = columns;
  }

  /**
   * The events as a Polars DataFrame.
   *
   * @throws EventError `invalid-query`, `polars-unavailable`, and what a load throws
   */
  async collect(options: ResultOptions = {}): Promise<DataFrame> {
    checkQueryOptions(options, RESULT_NAMES);
    return this.#stream(options, (stream) => stream.toDataFrame());
  }

  /**
   * The events as a lazy Polars frame, for the rest of an analysis. They are read first: all that the
   * steps leave is held in memory.
   */
  async lazy(options: ResultOptions = {}): Promise<LazyDataFrame> {
    return (await this.collect(options)).lazy();
  }

  /** The events as an Arrow table. @throws EventError `invalid-query`, and what a load throws */
  async toTable(options: ResultOptions = {}): Promise<EventTable> {
    checkQueryOptions(options, RESULT_NAMES);
    return this.#stream(options, (stream) => stream.toTable());
  }

  /**
   * The events batch by batch, in memory that does not follow the recording.
   *
   * @example
   * ```ts
   * for await (const batch of query.stream()) console.log(batch.numRows);
   * ```
   */
  async *stream(options: QueryStreamOptions = {}): AsyncGenerator<EventBatch, void, void> {
    yield* this.#batches(options, (stream) => stream);
  }

  /** The same with the window of time of each batch; needs `windowUs`. */
  async *windows(options: QueryStreamOptions): AsyncGenerator<EventWindow, void, void> {
    yield* this.#batches(options, (stream) => stream.windows());
  }

  /** How many events there are. No columns are made. */
  async count(options: ResultOptions = {}): Promise<number> {
    checkQueryOptions(options, RESULT_NAMES);
    return this.#use(options, [], async (recording, selection, all) => {
      const { tiles } = resolveLoad(recording, all);
      const pass = new TilePass(recording, { ...tiles, ...selection.tiles });
      pass.report.mode = "chunked";
      let events = 0;
      for await (const tile of pass.tiles(() => Number.POSITIVE_INFINITY)) {
        events += tile.eventCount;
      }
      tell(all.onReport, pass.report);
      return events;
    });
  }

  /** Counts, time range, mean rate and extremes; more as `loadStatistics` does. */
  async statistics(options: StatisticsOptions = {}): Promise<EventStatistics> {
    checkQueryOptions(options, STATISTICS_NAMES, RESULT_NAMES);
    return this.#use(options, COLUMN_NAMES, (recording, selection, all) =>
      collectStatistics(recording, all, options, selection),
    );
  }

  /** Events of every pixel. */
  async histogram(options: ResultOptions = {}): Promise<PixelHistogram> {
    checkQueryOptions(options, RESULT_NAMES);
    const { histogram } = await this.statistics({ ...options, histogram: true });
    return histogram as PixelHistogram;
  }

  /** Events of every window of time that has any. @param windowUs - its length in microseconds */
  async rate(windowUs: number, options: ResultOptions = {}): Promise<EventRate> {
    checkNumber("windowUs", windowUs, 1);
    checkQueryOptions(options, RESULT_NAMES);
    const { rate } = await this.statistics({ ...options, windowUs });
    return rate as EventRate;
  }

  /** The canonical digest of the events. */
  async digest(options: ResultOptions = {}): Promise<EventDigest> {
    checkQueryOptions(options, RESULT_NAMES);
    return this.#use(options, COLUMN_NAMES, (recording, selection, all) =>
      digestRecording(recording, all, selection),
    );
  }

  /**
   * Runs an SQL statement over the events, as the table `events`, through Polars. What it says of
   * times, pixels and polarity, and which columns it needs, is done while the events are read, where
   * that is sure to change nothing; the rows that pass are held in memory. Polarity is what the
   * recording has it as: -1 and +1, or 0 and 1.
   *
   * @param options - `memoryLimitBytes` bounds the rows that are held, too
   * @throws EventError `invalid-query` for anything but one SELECT over `events`; `memory-limit`
   * @example
   * ```ts
   * const busiest = await scanEvents("recording.raw").sql(
   *   "SELECT x, y, count(*) AS n FROM events WHERE t < 1000000 GROUP BY x, y ORDER BY n DESC LIMIT 10",
   * );
   * ```
   */
  async sql(statement: string, options: ResultOptions = {}): Promise<DataFrame> {
    checkQueryOptions(options, RESULT_NAMES);
    const { planSql } = await import("./sql.ts");
    const { runSql } = await import("../dataframe/sql.ts");
    const usual = await planSql(statement, this.#columns); // nothing is opened for what cannot be done
    let columns = COLUMN_NAMES as readonly ColumnName[];
    const frame = await this.#open(options, async (recording, all) => {
      columns = this.#columns ?? recording.columns;
      const isUsual = this.#columns !== undefined || columns.length === COLUMN_NAMES.length;
      const plan = isUsual ? usual : await planSql(statement, columns);
      const encoding = resolveLoad(recording, all).tiles.polarityEncoding;
      const steps = [...this.#steps, ...stepsOf(plan, encoding, recording.columns)];
      const selection = await selectEvents(recording, steps, plan.columns, all);
      const { memoryLimitBytes: limit } = all;
      const mostEvents =
        limit === undefined ? limit : Math.floor(limit / bytesPerEvent(plan.columns));
      const streamOptions = this.#streamOptions(all, plan.columns);
      return new EventStreamer(recording, streamOptions, {
        ...selection,
        mostEvents,
      }).toDataFrame();
    });
    return runSql(frame, statement, columns);
  }

  /**
   * Writes the events in any format that is written, as `convertRecording` does.
   *
   * @throws EventError `invalid-query`, and what a conversion throws
   */
  async write(target: EventSink, options: ConvertOptions = {}): Promise<Conversion> {
    checkOptions(options, CONVERT_NAMES);
    const { takesColumns = false } = formatOfTarget(target, options);
    const columns = takesColumns ? this.#columns : COLUMN_NAMES;
    for (const name of columns ?? []) this.#check(name);
    return this.#use(options, columns, (recording, selection, all) =>
      convertInto(recording, target, { ...all, columns } as ConvertOptions, selection),
    );
  }

  /**
   * Writes the events into a compact container (`.evb`), as `exportEvents` does. What the query and
   * these options say of reading is as for the other calls; `geometry` is the sensor of the recording.
   *
   * @returns what was written, and what it took
   * @throws EventError `invalid-query`, and what an export throws
   * @example
   * ```ts
   * await scanEvents("recording.raw").time("1s", "2s").export("second.evb", { preset: "size" });
   * ```
   */
  async export(target: EventSink, options: QueryExportOptions = {}): Promise<ExportStats> {
    checkOptions(options, QUERY_EXPORT_NAMES);
    const begun = await beginExport(target, { ...this.#options, ...options });
    const { columns = this.#columns } = options;
    for (const name of columns ?? []) this.#check(name);
    return this.#use(options, columns, (recording, selection, all) =>
      exportRecording(recording, target, { ...all, columns }, begun, selection),
    );
  }

  /**
   * What the query comes down to: the parts that are read, the steps in the order in which they are
   * done. It makes the index of times that a window needs.
   *
   * @example
   * ```ts
   * const plan = await query.explain();
   * console.log(String(plan), plan.bytesToRead);
   * ```
   */
  async explain(options: ResultOptions = {}): Promise<QueryPlan> {
    checkQueryOptions(options, RESULT_NAMES);
    return this.#open(options, async (recording, all) => {
      const columns = this.#columns ?? recording.columns;
      const selection = await selectEvents(recording, this.#steps, columns, all, true);
      return explainQuery(recording, this.#steps, columns, selection);
    });
  }

  /** Reads the events in another way; closes what it opens. @internal */
  read<Result>(
    options: ResultOptions,
    use: (
      recording: OpenedRecording,
      selection: QuerySelection,
      options: QueryOptions,
    ) => Promise<Result>,
  ): Promise<Result> {
    for (const name of COLUMN_NAMES) this.#check(name);
    return this.#use(options, COLUMN_NAMES, use);
  }

  protected override with(step: QueryStep, columns: readonly ColumnName[]): EventQuery {
    for (const name of columns) this.#check(name);
    const left = step.kind === "select" ? step.columns : this.#columns;
    return new EventQuery(this.#recordingOf, this.#options, [...this.#steps, step], left);
  }

  #check(name: ColumnName): void {
    if (this.#columns?.includes(name) === false) throw noSuchColumn(name, this.#columns);
  }

  async #stream<Result extends object>(
    options: ResultOptions,
    use: (stream: EventStreamer) => Promise<Result>,
  ): Promise<Result> {
    return this.#use(options, this.#columns, (recording, selection, all) =>
      use(new EventStreamer(recording, this.#streamOptions(all), selection)),
    );
  }

  async *#batches<Item>(
    options: QueryStreamOptions,
    items: (stream: EventStreamer) => AsyncIterable<Item>,
  ): AsyncGenerator<Item, void, void> {
    checkQueryOptions(options, QUERY_STREAM_NAMES);
    const all = { ...this.#options, ...options };
    const { recording, close } = await this.#recordingOf();
    try {
      const columns = this.#columns ?? recording.columns;
      const selection = await selectEvents(recording, this.#steps, columns, all);
      yield* items(new EventStreamer(recording, this.#streamOptions(all), selection));
    } finally {
      await close();
    }
  }

  #streamOptions(options: QueryOptions, columns = this.#columns): StreamOptions {
    return { ...streamOptionsOf(options), columns, threads: 1 };
  }

  #use<Result>(
    options: ResultOptions,
    columns: readonly ColumnName[] | undefined,
    use: (
      recording: OpenedRecording,
      selection: QuerySelection,
      options: QueryOptions,
    ) => Promise<Result>,
  ): Promise<Result> {
    return this.#open(options, async (recording, all) => {
      const wanted = columns ?? recording.columns;
      return use(recording, await selectEvents(recording, this.#steps, wanted, all), all);
    });
  }

  /** Closes what it opens. */
  async #open<Result>(
    options: ResultOptions,
    use: (recording: OpenedRecording, options: QueryOptions) => Promise<Result>,
  ): Promise<Result> {
    const { recording, close } = await this.#recordingOf();
    try {
      return await use(recording, { ...this.#options, ...options });
    } finally {
      await close();
    }
  }
}
