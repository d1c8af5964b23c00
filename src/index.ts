/** Everything public that runs anywhere: names only. */
export { analyze, type RecordingAnalysis } from "./api/analyze.ts";
export {
  type AppendableEvents,
  type AppendOptions,
  type AppendStats,
  appendEvents,
} from "./api/append-events.ts";
export { compareFormats, type FormatComparison } from "./api/compare-formats.ts";
export {
  type ConcatOptions,
  type ConcatPart,
  type ConcatStats,
  concatEvents,
} from "./api/concat-events.ts";
export { convertRecording } from "./api/convert.ts";
export { type ExportableEvents, exportEvents } from "./api/export-events.ts";
export {
  cropEvents,
  downsampleEvents,
  filterBackgroundActivity,
  filterEvery,
  filterHead,
  filterHotPixels,
  filterMask,
  filterPolarity,
  filterRefractory,
  filterRoi,
  filterTime,
  flipEvents,
  selectColumns,
} from "./api/filters.ts";
export { detectFormat, digestEvents, loadStatistics, sampleStatistics } from "./api/inspect.ts";
export { loadEvents, loadTable } from "./api/load-events.ts";
export { type ContainerContent, readContainer } from "./api/read-container.ts";
export { openRecording, type Recording } from "./api/recording.ts";
export {
  type ContainerRepair,
  type RepairOptions,
  repairContainer,
} from "./api/repair-container.ts";
export { scanEvents } from "./api/scan-events.ts";
export {
  type ContainerVerification,
  type VerifyOptions,
  verifyContainer,
} from "./api/verify-container.ts";
export type { ContainerCodec } from "./container/codec.ts";
export type { StatedMetadata } from "./container/compose-metadata.ts";
export type { ContainerFinding } from "./container/findings.ts";
export type { ContainerHeader } from "./container/header.ts";
export type { Checksums } from "./container/layout.ts";
export type { ContainerMetadata } from "./container/metadata.ts";
export type { ContainerDescription } from "./container/reader.ts";
export {
  CONTAINER_PRESETS,
  type ContainerOptions,
  type ContainerPreset,
  type ContainerSettings,
} from "./container/settings.ts";
export type { ContainerStatistics } from "./container/stats.ts";
export {
  EVENT_ERROR_CODES,
  EventError,
  type EventErrorCode,
  type EventErrorDetails,
  isEventError,
} from "./errors.ts";
export type { ColumnArrays, ColumnName, EventColumns, TriggerColumns } from "./events/columns.ts";
export { COLUMN_NAMES } from "./events/columns.ts";
export type { SensorGeometry } from "./events/geometry.ts";
export { POLARITY_ENCODINGS, type PolarityEncoding } from "./events/polarity.ts";
export {
  type Assumption,
  formatReport,
  type LoadReport,
  type LossKind,
  type Strictness,
} from "./events/report.ts";
export type { EventTypes, TriggerTypes } from "./events/schema.ts";
export type {
  BusiestWindow,
  EventRate,
  EventStatistics,
  ExactBusiestWindow,
  ExactRate,
  ExactTimes,
  HotPixel,
  NoPixelCounts,
  PixelCounts,
  PixelHistogram,
  PixelStatistics,
} from "./events/statistics.ts";
export type { EventBatch, EventTable, TriggerBatch, TriggerTable } from "./events/table.ts";
export { encodeDat } from "./formats/dat/encoder.ts";
export type { FormatDetection } from "./formats/detect.ts";
export type { EncodeOptions, EncodeWithTriggersOptions } from "./formats/encode-events.ts";
export { encodeEvt2 } from "./formats/evt2/encoder.ts";
export { encodeEvt3 } from "./formats/evt3/encoder.ts";
export { type EncodeEvt21Options, encodeEvt21 } from "./formats/evt21/encoder.ts";
export type {
  ByteOrder,
  EvbOptions,
  FormatOptions,
  Hdf5Options,
  OnMalformed,
  TextOptions,
  TimeUnit,
} from "./formats/options.ts";
export type { FormatId } from "./formats/registry.ts";
export type { FilterOptions } from "./query/eager.ts";
export { EventQuery } from "./query/event-query.ts";
export type { PlannedRange, QueryPlan } from "./query/explain.ts";
export type {
  QueryOptions,
  QueryStreamOptions,
  ResultOptions,
} from "./query/query-options.ts";
export type { HotPixelChoice, PixelMask, Region } from "./query/steps.ts";
export type { QueryTime } from "./query/time-bound.ts";
export type { TimeIndex, TimeIndexEntry } from "./query/time-index.ts";
export type { TimeIndexCache } from "./query/time-index-store.ts";
export { decodeTimeIndex, encodeTimeIndex } from "./query/time-index-text.ts";
export type { EventSource } from "./recording/opened-source.ts";
export type { Progress } from "./recording/progress.ts";
export type { OpenOptions } from "./recording/recording.ts";
export type { ByteSink } from "./source/byte-sink.ts";
export type { ByteSource, ReadOptions, SequentialSource } from "./source/byte-source.ts";
export type { Conversion, WriteOptions } from "./stream/convert.ts";
export type { EventDigest } from "./stream/digest.ts";
export type { ConvertOptions, EventSink } from "./stream/event-sink.ts";
export { EventStreamer, type EventWindow } from "./stream/event-streamer.ts";
export type { ExportOptions, ExportStats } from "./stream/export-stats.ts";
export type { LoadOptions } from "./stream/load-options.ts";
export type { LoadPlan } from "./stream/plan.ts";
export type { PlanOptions } from "./stream/plan-options.ts";
export { reportOf } from "./stream/report-of.ts";
export type { PassOptions, SampleOptions, StatisticsOptions } from "./stream/statistics.ts";
export type {
  StreamEvent,
  StreamEventDetails,
  StreamEventTarget,
  StreamedBatch,
  StreamListener,
  StreamListenerOptions,
  StreamStart,
} from "./stream/stream-events.ts";
export type { StreamOptions } from "./stream/stream-options.ts";
export type { StreamStats } from "./stream/stream-stats.ts";
export type { TriggerOptions } from "./stream/triggers.ts";
export type { Compression, CompressionDamage } from "./util/compression.ts";
export { VERSION } from "./version.ts";
