/** Borrowed batches that tell when they are used too late, for development. */
import type { Data } from "apache-arrow";
import { EventError } from "../errors.ts";
import { copyColumns, type EventColumns } from "../events/columns.ts";
import type { EventBatch } from "../events/table.ts";

/** A batch that is lent, and how its time ends. */
export interface LentBatch {
  readonly batch: EventBatch;
  /** From now on the batch, and every vector, row or slice of it, throws `batch-expired`. */
  expire(): void;
}

/**
 * Lends a copy of columns. When its time ends, its memory is taken away, so that typed arrays that
 * were taken out of it are empty, and its Arrow objects throw.
 */
export function lendBatch(
  columns: EventColumns,
  wrap: (columns: EventColumns) => EventBatch,
): LentBatch {
  const copies = copyColumns(columns);
  const batch = wrap(copies);
  let isOver = false;
  guard(batch.data, () => isOver);
  return {
    batch,
    expire() {
      if (isOver) return;
      isOver = true;
      const { x, y, t, polarity } = copies;
      const buffers = [x, y, t, polarity].flatMap((array) => (array ? [array.buffer] : []));
      structuredClone(null, { transfer: buffers });
    },
  };
}

/** Whether this looks like development: `NODE_ENV` says so, where there is one. */
export function isDevelopment(): boolean {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const environment = process?.env?.NODE_ENV;
  return environment === "development" || environment === "test";
}

/** Makes whatever leads to the values throw when the time is over, also in what is cut out of it. */
function guard(data: Data, isOver: () => boolean): void {
  const { values, children, clone } = data;
  const getter = <Value>(value: Value) => ({
    configurable: true,
    enumerable: true,
    get(): Value {
      if (isOver()) throw expired();
      return value;
    },
  });
  Object.defineProperty(data, "values", getter(values));
  if (children.length > 0) Object.defineProperty(data, "children", getter(children));
  Object.defineProperty(data, "clone", {
    configurable: true,
    value: (...parts: Parameters<Data["clone"]>): Data => {
      const copy = clone.apply(data, parts) as Data;
      guard(copy, isOver);
      return copy;
    },
  });
  for (const child of children) guard(child, isOver);
}

function expired(): EventError {
  return new EventError("batch-expired", "a borrowed batch was used too late", {
    expected: "borrowed batches to be used before the next one is asked for",
    hint: 'Copy what you keep, or stream with `batches: "owned"`.',
  });
}
