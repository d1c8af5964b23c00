import type { InflatingThreads } from "../../ahead.ts";
import type { FilterTools } from "../filters/chunk-decoder.ts";
import { EcfDecoder } from "../filters/ecf-decoder.ts";
import { type ForeignFilters, H5wasmFilters } from "../filters/foreign-filters.ts";
import { LzfDecoder } from "../filters/lzf-decoder.ts";
import { BufferPool } from "./pieces.ts";
import { RecordKernel } from "./record-kernel.ts";
import type { RowColumn } from "./row-column.ts";
import { type PieceBudget, pieceBudget } from "./working-bytes.ts";

/** What readers of rows work with: kernels, made when they are needed. */
export class RowTools implements FilterTools {
  readonly kernel: RecordKernel;
  /** What pieces of the file are read into. */
  readonly buffers: BufferPool;
  /** What decompresses chunks beside this thread. */
  readonly inflating: InflatingThreads | undefined;
  #inflated = new Uint8Array();
  #lzf: Promise<LzfDecoder> | undefined;
  #foreign: ForeignFilters | undefined;

  private constructor(kernel: RecordKernel, budget: PieceBudget, inflating?: InflatingThreads) {
    this.kernel = kernel;
    this.buffers = new BufferPool(budget);
    this.inflating = inflating;
  }

  static async create(
    budget: PieceBudget = pieceBudget(),
    inflating?: InflatingThreads,
  ): Promise<RowTools> {
    return new RowTools(await RecordKernel.create(), budget, inflating);
  }

  roomToInflate(byteLength: number): Uint8Array {
    if (this.#inflated.byteLength < byteLength) this.#inflated = new Uint8Array(byteLength);
    return this.#inflated.subarray(0, byteLength);
  }

  lzf(): Promise<LzfDecoder> {
    this.#lzf ??= LzfDecoder.create();
    return this.#lzf;
  }

  async foreign(): Promise<ForeignFilters> {
    this.#foreign ??= new H5wasmFilters();
    return this.#foreign;
  }

  /** Every dataset has its own: it keeps the chunk that it decoded last. */
  ecf(): Promise<EcfDecoder> {
    return EcfDecoder.create();
  }

  /** Puts the value of rows that were never written in so many places, from `at` on. */
  fill(column: RowColumn, into: Uint8Array, at: number, count: number): void {
    const { size, memberOffset, isBigEndian, dataset } = column;
    const value = dataset.fillValue?.subarray(memberOffset, memberOffset + size);
    const values = into.subarray(at * size, (at + count) * size);
    if (value === undefined || value.byteLength < size) {
      values.fill(0);
      return;
    }
    const place = { offset: 0, stride: size, size, isBigEndian };
    this.kernel.copy(value, [{ place, into: values }], 0, 1, 0);
    for (let done = size; done < values.byteLength; done *= 2) values.copyWithin(done, 0, done);
  }
}
