import { ecfWasm } from "../../../kernels/generated/ecf.ts";
import { instantiateKernel } from "../../../kernels/kernel.ts";
import {
  ECF_MAX_EVENTS,
  ECF_RECORD_P,
  ECF_RECORD_T,
  ECF_RECORD_X,
  ECF_RECORD_Y,
} from "../layout.ts";
import { KernelMemory } from "./kernel-memory.ts";

interface EcfKernel {
  /** The number of events; -1 when the payload ends too early, -2 when it has too many. */
  decode(
    from: number,
    end: number,
    capacity: number,
    x: number,
    y: number,
    p: number,
    t: number,
  ): number;
}

/** Columns hold a group of four whole. */
const COLUMN_LENGTH = ECF_MAX_EVENTS + 4;
/** Where the columns and the payload are, from the start of the host's part. */
const T_AT = 0;
const X_AT = COLUMN_LENGTH * 8;
const Y_AT = X_AT + COLUMN_LENGTH * 2;
const P_AT = Y_AT + COLUMN_LENGTH * 2;
const PAYLOAD_AT = P_AT + COLUMN_LENGTH * 2;

/** Bytes that a decoder holds beside the payload: its columns, its first page, the rest of its last. */
export const ECF_DECODER_BYTES = PAYLOAD_AT + 3 * 65536;

/** Bytes of a column, and where it begins, by its place in the records that ECF makes. */
const COLUMNS: Readonly<Record<number, { at: number; size: number }>> = {
  [ECF_RECORD_X]: { at: X_AT, size: 2 },
  [ECF_RECORD_Y]: { at: Y_AT, size: 2 },
  [ECF_RECORD_P]: { at: P_AT, size: 2 },
  [ECF_RECORD_T]: { at: T_AT, size: 8 },
};

/** Undoes ECF, the filter of Prophesee's files. What it decoded last stays in its memory. */
export class EcfDecoder {
  readonly #memory: KernelMemory;
  readonly #kernel: EcfKernel;

  private constructor(memory: KernelMemory, kernel: EcfKernel) {
    this.#memory = memory;
    this.#kernel = kernel;
  }

  static async create(): Promise<EcfDecoder> {
    const memory = new KernelMemory();
    return new EcfDecoder(memory, await instantiateKernel<EcfKernel>(ecfWasm, memory.memory));
  }

  /** Decodes a chunk; returns the number of its events, null when it is damaged. */
  decode(payload: Uint8Array): number | null {
    const { start } = this.#memory;
    this.#memory.ensure(PAYLOAD_AT + payload.byteLength);
    const from = start + PAYLOAD_AT;
    this.#memory.bytes.set(payload, from);
    const count = this.#kernel.decode(
      from,
      from + payload.byteLength,
      ECF_MAX_EVENTS,
      start + X_AT,
      start + Y_AT,
      start + P_AT,
      start + T_AT,
    );
    return count < 0 ? null : count;
  }

  /**
   * Values of a column of the chunk that was decoded last, borrowed until the next.
   *
   * @param offset - where the column stands in a record
   */
  values(offset: number, first: number, count: number): Uint8Array {
    const column = COLUMNS[offset];
    if (column === undefined) throw new RangeError(`ECF has no column at ${offset}`);
    const at = this.#memory.start + column.at + first * column.size;
    return this.#memory.bytes.subarray(at, at + count * column.size);
  }
}

/** Whether ECF has a column of so many bytes at this place of a record. */
export function isEcfColumn(offset: number, size: number): boolean {
  return COLUMNS[offset]?.size === size;
}
