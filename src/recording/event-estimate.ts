import type { OpenedRecording } from "./recording.ts";

/** How many events a recording has, as far as that can be told without decoding it. */
export interface EventEstimate {
  /** Null when nothing tells: the length of what is compressed or streamed is not known. */
  readonly events: number | null;
  /**
   * `exact`: rows or records of one size; those that hold no event or are outside the sensor are
   * counted, too. `estimate`: as many in all as the first 64 KiB have. `atMost`: the first bytes
   * hold no data, so every word is taken for as many events as it can be.
   */
  readonly kind: "exact" | "estimate" | "atMost" | "unknown";
}

/** Estimates the number of events from the length of the recording and its first bytes. */
export function estimateEvents(recording: OpenedRecording): EventEstimate {
  const { content, extent } = recording;
  const most = recording.mostEvents();
  if (extent === null || most === null) return { events: null, kind: "unknown" };
  if (content.kind === "rows") return { events: most, kind: "exact" };
  const { format, header } = content;
  if (format.countEvents === undefined) return { events: most, kind: "exact" };
  const total = extent.end - extent.start;
  if (total <= 0) return { events: 0, kind: "exact" };
  const { head } = recording.source;
  const available = Math.min(Math.max(head.byteLength - header.dataOffset, 0), total);
  const length = Math.floor(available / format.wordBytes) * format.wordBytes;
  if (length === 0) return { events: most, kind: "atMost" };
  const data = head.subarray(header.dataOffset, header.dataOffset + length);
  const events = Math.round((format.countEvents(data, header) / length) * total);
  return { events: Math.min(events, most), kind: "estimate" };
}

/** How many events a byte of the data has, about; null when nothing tells. */
export function eventsPerByte(recording: OpenedRecording): number | null {
  const { events } = estimateEvents(recording);
  const { extent } = recording;
  if (events === null || extent === null) return null;
  return events / Math.max(extent.end - extent.start, 1);
}
