/** How far a stream has come, and what it holds. */
export interface StreamStats {
  /** Bytes of the source that were read, compressed if it is. */
  readonly bytesRead: number;
  /** Bytes of the whole source, compressed if it is; null when it does not say. */
  readonly bytesTotal: number | null;
  /** Events that were decoded. */
  readonly events: number;
  /** Batches that were handed out, or put into the table or frame. */
  readonly batches: number;
  /** Mean rate from the first pull to now, or to the end. */
  readonly eventsPerSecond: number;
  /**
   * Bytes the stream holds: the memory it decodes in, the batch under construction, batches decoded
   * ahead, and the parts of a table. What was handed out is the consumer's. 0 when a pass is over.
   */
  readonly memoryBytes: number;
}
