/** Events as lines, a batch at a time: an aligned table, or one JSON array. */
import { COLUMN_NAMES, type ColumnName, type EventBatch, EventError } from "../node.ts";
import { toJson } from "./output.ts";

/** Turns batches into lines. */
export interface EventRows {
  /** The lines of the first `count` events of the next batch. */
  add(batch: EventBatch, count: number): string[];
  /** The lines behind the last batch. */
  end(): string[];
}

/** A table aligned to the right; a column that needs more room later has it from there on. */
export class TableRows implements EventRows {
  #widths: number[] | undefined;

  add(batch: EventBatch, count: number): string[] {
    const rows = valuesOf(batch, count).map((values) => values.map(String));
    return this.#align(this.#widths === undefined ? [namesOf(batch), ...rows] : rows);
  }

  end(): string[] {
    return this.#widths === undefined ? this.#align([[...COLUMN_NAMES]]) : [];
  }

  #align(rows: readonly string[][]): string[] {
    const widths = this.#widths ?? (rows[0] ?? []).map(() => 0);
    this.#widths = widths.map((width, column) =>
      rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), width),
    );
    return rows.map((row) =>
      row.map((text, column) => text.padStart(this.#widths?.[column] ?? 0)).join("  "),
    );
  }
}

/** One JSON array of objects, an event a line. */
export class JsonRows implements EventRows {
  /** The last event so far: whether a comma follows is not known yet. */
  #held: string | undefined;

  add(batch: EventBatch, count: number): string[] {
    const names = namesOf(batch);
    return valuesOf(batch, count).map((values) => {
      const line = this.#held === undefined ? "[" : `${this.#held},`;
      const fields = values.map((value, at) => [names[at], inJson(value)]);
      this.#held = toJson(Object.fromEntries(fields));
      return line;
    });
  }

  end(): string[] {
    return this.#held === undefined ? ["[]"] : [this.#held, "]"];
  }
}

/** The columns that there are: a compact container may have been written with fewer. */
function namesOf(batch: EventBatch): string[] {
  return batch.schema.fields.map(({ name }) => name);
}

function valuesOf(batch: EventBatch, count: number): (number | bigint)[][] {
  const columns = batch.schema.fields.map(({ name }) => {
    return batch.getChild(name as ColumnName)?.toArray() as ArrayLike<number | bigint>;
  });
  return Array.from({ length: count }, (_, row) =>
    columns.map((values) => values[row] as number | bigint),
  );
}

function inJson(time: number | bigint): number {
  const value = Number(time);
  if (Number.isSafeInteger(value)) return value;
  throw new EventError("unsafe-time", "a time is too large for a number in JSON", {
    expected: "at most 9007199254740991 us before or after 0",
    found: `${time} us`,
    hint: "Without --json it is printed in full.",
  });
}
