/** What files and tables keep of a recording beside its events: texts by key. */
import { VERSION } from "../version.ts";
import { formatGeometry } from "./geometry.ts";
import { METADATA_KEYS } from "./metadata-keys.ts";
import type { LoadReport } from "./report.ts";

/** Facts that are not known (a geometry, the name of bytes in memory) have no key. */
export function metadataOf(report: LoadReport): Map<string, string> {
  // A table that was written and read again still says what camera format it came from.
  const format = report.originalFormat ?? report.format;
  const metadata = new Map<string, string>([[METADATA_KEYS.format, format]]);
  if (report.geometry) metadata.set(METADATA_KEYS.geometry, formatGeometry(report.geometry));
  metadata.set(METADATA_KEYS.polarityEncoding, report.polarityEncoding);
  metadata.set(METADATA_KEYS.timeUnit, "us");
  metadata.set(METADATA_KEYS.timeOffset, String(report.timeOffset));
  if (report.sourceName !== null) metadata.set(METADATA_KEYS.sourceName, report.sourceName);
  metadata.set(METADATA_KEYS.writerVersion, VERSION);
  return metadata;
}
