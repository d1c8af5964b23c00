import type { ColumnName } from "../../events/columns.ts";
import type { IntegerType, TimeScale } from "../column-converter.ts";
import { columnType, typeName } from "./column-types.ts";
import {
  Encoding,
  Endianness,
  type Field,
  type Schema,
  Type,
  Union,
  UnionMode,
} from "./flatbuffers.ts";
import { unsupported } from "./problems.ts";

/** Where the values of a column of ours stand in every batch, and what they are. */
export interface ArrowColumn {
  /** Name in the file. */
  readonly label: string;
  /** Which node of a batch tells its length. */
  readonly node: number;
  /** Which buffer holds its values, when no column in front of it has a varying number of them. */
  readonly buffer: number;
  /** Columns in front of it that do. */
  readonly viewsBefore: number;
  readonly type: ColumnType;
}

/** What the values of a column are. */
export interface ColumnType {
  readonly values: IntegerType | "bool";
  /** Of times. */
  readonly scale: TimeScale;
  /** Whether the type itself says what the times are in. */
  readonly hasUnit: boolean;
}

/** The columns of a table of events. */
export type ArrowColumns = Readonly<Record<ColumnName, ArrowColumn>>;

/** What columns are called, the first name first. */
const NAMES: Readonly<Record<ColumnName, readonly string[]>> = {
  x: ["x"],
  y: ["y"],
  t: ["t", "ts", "timestamp", "time"],
  polarity: ["polarity", "p", "pol", "on"],
};

/** Fields of a schema, those of nested types included, that are looked at before it is refused. */
const MAX_FIELDS = 10_000;
const MAX_DEPTH = 64;

/**
 * Finds the columns of a table of events.
 *
 * @throws EventError `unsupported-format` when one is missing or holds something else
 */
export function findColumns(schema: Schema, path: string | undefined): ArrowColumns {
  if (schema.endianness() !== Endianness.Little) {
    throw unsupported("the values stand in big-endian order", { path, expected: "little-endian" });
  }
  const layout = new BatchLayout(path);
  const found = new Map<string, Omit<ArrowColumn, "type"> & { field: Field }>();
  const labels: string[] = [];
  for (let index = 0; index < schema.fieldsLength(); index++) {
    const field = schema.fields(index);
    if (field === null) continue;
    const label = labelOf(field);
    if (labels.length < MAX_LABELS) labels.push(label);
    if (found.has(label) && WANTED.has(label)) {
      throw unsupported(`two columns have the name ${label}`, { path, expected: "one" });
    }
    const { nodes: node, buffers, views: viewsBefore } = layout;
    layout.add(field);
    const hasValidity = field.typeType() !== Type.Null;
    const buffer = buffers + (hasValidity ? 1 : 0);
    if (WANTED.has(label)) found.set(label, { label, node, buffer, viewsBefore, field });
  }
  const pick = (column: ColumnName): ArrowColumn => {
    const label = NAMES[column].find((name) => found.has(name));
    const entry = label === undefined ? undefined : found.get(label);
    if (entry === undefined) {
      throw unsupported(`this is no table of events: it has no column ${column}`, {
        path,
        expected: `a column named ${NAMES[column].join(" or ")}`,
        found: labels.length === 0 ? "no columns" : `columns ${labels.join(", ")}`,
      });
    }
    const { field, ...place } = entry;
    return { ...place, type: columnType(column, place.label, field, path) };
  };
  return { x: pick("x"), y: pick("y"), t: pick("t"), polarity: pick("polarity") };
}

/** The name of a column, cut off where it is longer than any that is looked for. */
function labelOf(field: Field): string {
  const bytes = field.name(Encoding.UTF8_BYTES) as Uint8Array | null;
  return new TextDecoder().decode(bytes?.subarray(0, MAX_LABEL_BYTES));
}

const WANTED = new Set(Object.values(NAMES).flat());
/** Columns that a message names. */
const MAX_LABELS = 20;
const MAX_LABEL_BYTES = 60;

/** Counts nodes and buffers: a batch lists those of all its columns one behind the other. */
class BatchLayout {
  nodes = 0;
  buffers = 0;
  /** Columns with a number of buffers of their own in every batch. */
  views = 0;
  readonly #path: string | undefined;
  #fields = 0;

  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Counts a column, those inside it included. */
  add(field: Field, depth = 0): void {
    this.#fields++;
    if (this.#fields > MAX_FIELDS || depth > MAX_DEPTH) {
      throw unsupported("the table has too many columns", {
        path: this.#path,
        expected: `at most ${MAX_FIELDS}, nested at most ${MAX_DEPTH} deep`,
      });
    }
    this.nodes++;
    if (field.dictionary() !== null) {
      this.buffers += 2; // validity and indices; the values are elsewhere
      return;
    }
    this.buffers += this.#ownBuffers(field);
    for (let index = 0; index < field.childrenLength(); index++) {
      const child = field.children(index);
      if (child !== null) this.add(child, depth + 1);
    }
  }

  #ownBuffers(field: Field): number {
    switch (field.typeType()) {
      case Type.Null:
      case Type.RunEndEncoded:
        return 0;
      case Type.Struct_:
      case Type.FixedSizeList:
        return 1;
      case Type.Union:
        return (field.type(new Union()) as Union | null)?.mode() === UnionMode.Dense ? 2 : 1;
      case Type.Binary:
      case Type.Utf8:
      case Type.LargeBinary:
      case Type.LargeUtf8:
      case Type.ListView:
      case Type.LargeListView:
        return 3;
      case Type.BinaryView:
      case Type.Utf8View:
        this.views++;
        return 2;
      default:
        if (Type[field.typeType()] !== undefined && field.typeType() !== Type.NONE) return 2;
        throw unsupported(`the column ${labelOf(field)} has a type that is not known`, {
          path: this.#path,
          found: typeName(field),
        });
    }
  }
}
