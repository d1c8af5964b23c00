/**
 * The frame of Arrow IPC: messages, each with metadata (a flatbuffer) and a body of columns.
 *
 * ```text
 *   message   continuation:32 | length of metadata:32 | metadata | body
 *   stream    message with the schema | messages with batches | end mark
 *   file      "ARROW1", 2 bytes | stream | footer | length of footer:32 | "ARROW1"
 *   end mark  continuation:32 | 0:32
 * ```
 *
 * Numbers are little-endian. Before Arrow 0.15 there was no continuation in front of a length. The
 * metadata of a batch say where in its body each column is; the footer, where each batch is. Source:
 * "Arrow Columnar Format", sections "Encapsulated message format" and "IPC File Format".
 */

/** Bits that no length has. */
export const CONTINUATION = -1;
/** The magic and what aligns the first message. */
export const FILE_START_BYTES = 8;
/** The length of the footer and the magic. */
export const FILE_END_BYTES = 10;

// Just enough of a flatbuffer to tell a schema from anything else.
/** Place of the type of the header in the list of a message's fields. */
export const HEADER_TYPE_FIELD = 6;
/** That type, for a schema. */
export const SCHEMA = 1;
