import { filterWasm } from "../kernels/generated/filter.ts";
import { noiseWasm } from "../kernels/generated/noise.ts";
import { instantiateKernel } from "../kernels/kernel.ts";

/**
 * Works on the first `count` events of columns whose addresses it is given. `bits` is that of a bit
 * for each event, 1 while it is kept.
 */
export interface FilterKernel {
  buildTables(tables: number): void;
  keepAll(count: number, bits: number): void;
  keepTimes(count: number, bits: number, t: number, first: bigint, last: bigint): void;
  keepRegions(
    count: number,
    bits: number,
    x: number,
    y: number,
    regions: number,
    howMany: number,
  ): void;
  keepPolarity(count: number, bits: number, polarity: number, on: number): void;
  keepPixels(
    count: number,
    bits: number,
    x: number,
    y: number,
    map: number,
    width: number,
    height: number,
    wanted: number,
  ): void;
  keepBytes(count: number, bits: number, bytes: number): void;
  keepEvery(count: number, bits: number, step: number, first: number): void;
  countKept(count: number, bits: number): number;
  compact16(count: number, bits: number, tables: number, column: number): number;
  compact8(count: number, bits: number, tables: number, column: number): number;
  compact64(count: number, bits: number, tables: number, column: number): number;
  mirror(count: number, column: number, last: number): void;
  shift(count: number, column: number, by: number): void;
  divide(count: number, column: number, by: number): void;
}

/** Bytes of the tables that {@link FilterKernel.buildTables} fills. */
export const TABLE_BYTES = 6208;

/** Looks at the latest events of pixels: `last` is the address of an i64 for each. */
export interface NoiseKernel {
  forget(last: number, pixels: number): void;
  keepRested(
    count: number,
    bits: number,
    x: number,
    y: number,
    t: number,
    last: number,
    width: number,
    period: bigint,
  ): void;
  keepSupported(
    count: number,
    bits: number,
    x: number,
    y: number,
    t: number,
    last: number,
    width: number,
    height: number,
    period: bigint,
  ): void;
}

/** Both kernels over one memory. */
export async function instantiateSieveKernels(
  memory: WebAssembly.Memory,
): Promise<{ filter: FilterKernel; noise: NoiseKernel }> {
  const [filter, noise] = await Promise.all([
    instantiateKernel<FilterKernel>(filterWasm, memory),
    instantiateKernel<NoiseKernel>(noiseWasm, memory),
  ]);
  return { filter, noise };
}
