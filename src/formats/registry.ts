import type { EventFormat } from "./decoder.ts";
import { evt2 } from "./evt2/decoder.ts";
import { evt3 } from "./evt3/decoder.ts";

/** Every format that is read; a new one is named here. */
const READ = [evt2, evt3] as const;

/** Id of a format that this version reads. */
export type FormatId = (typeof READ)[number]["id"];

/** Every format that is read. */
export const FORMATS: readonly EventFormat[] = READ;
