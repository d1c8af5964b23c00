import type pl from "nodejs-polars";
import type { DataFrame } from "nodejs-polars";
import { EventError } from "../../errors.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import { polarsFor, tileFrame } from "../polars-writer.ts";
import type { EventWriter, WriterFacts } from "../writer.ts";

/** Events whose lines are handed over at once: 4 MB or so. */
const PIECE_EVENTS = 65_536;

/**
 * Makes a writer of JSON lines. Times are numbers there, so those that a number cannot hold are
 * refused, or left out.
 *
 * @throws EventError `polars-unavailable`
 */
export async function createJsonLinesWriter(
  memory: EventMemory,
  { leaveOut }: Pick<WriterFacts, "leaveOut">,
): Promise<EventWriter> {
  return new JsonLinesWriter(await polarsFor("JSON lines"), memory, leaveOut);
}

class JsonLinesWriter implements EventWriter {
  readonly leftOut = { events: 0, triggers: 0 };
  readonly #polars: typeof pl;
  readonly #memory: EventMemory;
  readonly #leaveOut: boolean;
  /** Rows of earlier tiles. */
  #rows = 0;

  constructor(polars: typeof pl, memory: EventMemory, leaveOut: boolean) {
    this.#polars = polars;
    this.#memory = memory;
    this.#leaveOut = leaveOut;
  }

  start(): Iterable<Uint8Array> {
    return [];
  }

  *write(): Generator<Uint8Array> {
    const frame = this.#held(tileFrame(this.#polars, this.#memory));
    this.#rows += this.#memory.eventCount;
    for (let at = 0; at < frame.height; at += PIECE_EVENTS) {
      yield frame.slice(at, PIECE_EVENTS).writeJSON({ format: "lines" });
    }
  }

  finish(): Iterable<Uint8Array> {
    return [];
  }

  /** The events whose times are numbers. */
  #held(frame: DataFrame): DataFrame {
    // Compared as floats, which is exact on this side of 2^53.
    const time = this.#polars.col("t");
    const isHeld = time.ltEq(Number.MAX_SAFE_INTEGER).and(time.gtEq(-Number.MAX_SAFE_INTEGER));
    const held = frame.filter(isHeld);
    const missing = frame.height - held.height;
    if (missing > 0 && !this.#leaveOut) throw this.#unsafe();
    this.leftOut.events += missing;
    return held;
  }

  /** What is wrong with the first time that is no number. */
  #unsafe(): EventError {
    const { columns, eventCount } = this.#memory;
    const times = columns.t.subarray(0, eventCount);
    const at = times.findIndex((time) => !Number.isSafeInteger(Number(time)));
    return new EventError("unsafe-time", "JSON lines hold times as numbers", {
      format: "jsonl",
      row: this.#rows + at,
      expected: `at most ${Number.MAX_SAFE_INTEGER} us before or after 0`,
      found: `${times[at]} us`,
      hint: "Leave such events out with `lossy`, or write Parquet or Arrow IPC.",
    });
  }
}
