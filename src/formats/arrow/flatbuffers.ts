/**
 * The classes that read the metadata of Arrow files: generated from its flatbuffer schemas, they
 * come with apache-arrow and do not load the rest of it. Loaded when the first Arrow file is opened.
 */

export { Duration } from "apache-arrow/fb/duration";
export { Endianness } from "apache-arrow/fb/endianness";
export type { Field } from "apache-arrow/fb/field";
export { Footer } from "apache-arrow/fb/footer";
export { Int } from "apache-arrow/fb/int";
export { Message } from "apache-arrow/fb/message";
export { MessageHeader } from "apache-arrow/fb/message-header";
export { MetadataVersion } from "apache-arrow/fb/metadata-version";
export { RecordBatch } from "apache-arrow/fb/record-batch";
export { Schema } from "apache-arrow/fb/schema";
export { TimeUnit } from "apache-arrow/fb/time-unit";
export { Timestamp } from "apache-arrow/fb/timestamp";
export { Type } from "apache-arrow/fb/type";
export { Union } from "apache-arrow/fb/union";
export { UnionMode } from "apache-arrow/fb/union-mode";
export { ByteBuffer, Encoding } from "flatbuffers";
