import { EventError, type EventErrorCode } from "../errors.ts";

/** An error as it crosses from one thread to another, which strips classes and fields. */
export interface PortableError {
  /** Null for an error of another kind. */
  readonly code: EventErrorCode | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

const FIELDS = [
  ...(["message", "stack", "path", "format", "byteOffset", "line", "column", "row"] as const),
  ...(["expected", "found", "hint"] as const),
] as const;

/** Takes apart what was thrown. */
export function toPortable(error: unknown): PortableError {
  const isOurs = error instanceof EventError;
  if (!(error instanceof Error)) return { code: null, fields: { message: String(error) } };
  const fields = Object.fromEntries(
    FIELDS.map((name) => [name, (error as Partial<EventError>)[name]]),
  );
  const { cause } = error;
  const reason = cause instanceof Error ? cause.message : cause;
  return {
    code: isOurs ? error.code : null,
    fields: { ...fields, ...(reason !== undefined && { cause: String(reason) }) },
  };
}

/** Puts it together again; the cause is an error with the message of what it was. */
export function fromPortable({ code, fields }: PortableError): Error {
  const { cause: reason, ...rest } = fields;
  const details = reason === undefined ? {} : { cause: new Error(String(reason)) };
  const error = code === null ? new Error("", details) : new EventError(code, "", details);
  return Object.assign(error, rest);
}
