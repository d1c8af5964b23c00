import { arrow, arrowTarget } from "./arrow/format.ts";
import { dat } from "./dat/decoder.ts";
import { datEncoding } from "./dat/encoder.ts";
import type { EventFormat } from "./decoder.ts";
import {
  type EvbPart,
  type EvbTargetOptions,
  evb,
  evbPartTarget,
  evbTarget,
  evbTargetWith,
} from "./evb/format.ts";
import { evt2 } from "./evt2/decoder.ts";
import { evt2Encoding } from "./evt2/encoder.ts";
import { evt3 } from "./evt3/decoder.ts";
import { evt3Encoding } from "./evt3/encoder.ts";
import { evt21 } from "./evt21/decoder.ts";
import { evt21Encoding } from "./evt21/encoder.ts";
import { hdf5 } from "./hdf5/format.ts";
import { hdf5Target } from "./hdf5/writing/target.ts";
import { jsonLinesTarget } from "./json-lines/target.ts";
import { parquetTarget } from "./parquet/target.ts";
import { text } from "./text/decoder.ts";
import { csvEncoding, textEncoding } from "./text/encoder.ts";
import { type WritableFormat, writtenByKernel } from "./writer.ts";

/** Every format that is read; a new one is named here. */
const READ = [evt2, evt21, evt3, dat, evb, arrow, hdf5, text] as const;

/** Id of a format that this version reads. */
export type FormatId = (typeof READ)[number]["id"];

/** Every format that is read. */
export const FORMATS: readonly EventFormat[] = READ;

/** Every format that recordings are converted to. */
export const WRITABLE_FORMATS: readonly WritableFormat[] = [
  writtenByKernel(evt2Encoding),
  writtenByKernel(evt21Encoding),
  writtenByKernel(evt3Encoding),
  writtenByKernel(datEncoding),
  writtenByKernel(csvEncoding),
  writtenByKernel(textEncoding),
  evbTarget,
  arrowTarget,
  hdf5Target,
  parquetTarget,
  jsonLinesTarget,
];

/** The compact container as a target, written the way the options say. */
export function containerTarget(options: EvbTargetOptions): WritableFormat {
  return evbTargetWith(options);
}

/** A target that adds to a container which is begun and ended elsewhere. */
export function containerPartTarget(part: EvbPart): WritableFormat {
  return evbPartTarget(part);
}

export type { EvbPart, EvbTargetOptions };
