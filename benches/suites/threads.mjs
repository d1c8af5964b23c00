// What a second thread is worth: the same stream by two threads and by one, in turn. A thread takes a while to
// start, so the files are long; `--events 1e9` shows what remains of that.

import { streamJob } from "./decode.mjs";

/** Where more events would take too long. */
const MOST = { evt2: undefined, evt3: undefined, "text-us": 300e6, "h5-gzip": 300e6 };

/** @type {import("../cases.mjs").Suite} */
export const cases = Object.fromEntries(
  Object.entries(MOST).flatMap(([format, most]) => [
    [`threads-${format}-1`, jobOf(format, most, 1)],
    [`threads-${format}-2`, { ...jobOf(format, most, 2), beside: [`threads-${format}-1`] }],
  ]),
);

function jobOf(format, most, threads) {
  const title = `${format}: stream and count, ${threads} thread${threads > 1 ? "s" : ""}`;
  return {
    ...streamJob(title, { batches: "borrowed", threads }),
    baseline: undefined,
    format,
    most,
  };
}
