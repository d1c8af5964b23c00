// A folder for all that a run of the tests leaves in the system's folder for temporary files: the
// processes of the tests are ended by a signal, so none of them can be relied on to tidy up.

import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "evarrow-test-"));
  chmodSync(folder, 0o755); // some tests go on as another user
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
