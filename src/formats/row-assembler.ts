/**
 * Drives the kernel `rows`, which makes events of the rows that a reader put behind a tile.
 */
import { EventError } from "../errors.ts";
import type { LossKind, MutableReport } from "../events/report.ts";
import { timeAsNumber } from "../events/safe-time.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import { rowsWasm } from "../kernels/generated/rows.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import * as layout from "../kernels/layout.ts";
import type { RejectedRow } from "./decoder.ts";

interface RowsKernel {
  /**
   * Makes events of the `count` rows behind those of the tile; `rebase` is 0 or 1, `rejectedAs` the
   * counter of rows that are rejected.
   */
  assemble(count: number, rebase: number, rejectedAs: number): void;
  /** Does the same for rows that are known to be sound; returns 0 where it cannot. */
  takeSound(count: number): number;
}

/** Makes rows into events of the tile, and tells the report what was counted. */
export class RowAssembler {
  readonly #memory: EventMemory;
  readonly #kernel: RowsKernel;
  readonly #rejectedAs: number;
  #rebasePending: boolean;
  /** What the first event made of the report's. */
  #timeOffset: number | undefined;

  private constructor(
    memory: EventMemory,
    kernel: RowsKernel,
    rejectedAs: RejectedRow,
    rebase: boolean,
  ) {
    this.#memory = memory;
    this.#kernel = kernel;
    this.#rejectedAs =
      rejectedAs === "malformed" ? layout.MALFORMED_LINES : layout.EVENTS_OUTSIDE_GEOMETRY;
    this.#rebasePending = rebase;
  }

  /**
   * @param rejectedAs - what rows that the reader rejects are counted as
   * @param rebase - put the first event on time 0
   */
  static async create(
    memory: EventMemory,
    rejectedAs: RejectedRow,
    rebase: boolean,
  ): Promise<RowAssembler> {
    const kernel = await instantiateKernel<RowsKernel>(rowsWasm, memory.memory);
    return new RowAssembler(memory, kernel, rejectedAs, rebase);
  }

  /**
   * Makes events of the `count` rows behind those of the tile.
   *
   * @param row - number of the first of them in the source
   * @param areSound - what {@link RowReader.areSound} says of them
   * @throws EventError `unsafe-time` when a time minus the time offset leaves 64 bits
   */
  assemble(row: number, count: number, report: MutableReport, areSound = false): void {
    const memory = this.#memory;
    const before = memory.eventCount;
    if (areSound && !this.#rebasePending && this.#kernel.takeSound(count) !== 0) {
      report.events += count;
      return;
    }
    this.#kernel.assemble(count, this.#rebasePending ? 1 : 0, this.#rejectedAs);
    if (memory.field(layout.TIME_OVERFLOW) !== 0) throw tooFarApart(row, count, report);
    const events = memory.eventCount - before;
    report.events += events;
    if (this.#rebasePending && events > 0) {
      this.#rebasePending = false;
      const offset = memory.field64(layout.TIME_OFFSET);
      this.#timeOffset = timeAsNumber(BigInt(report.timeOffset) + offset);
    }
    if (events > 0) report.timeOffset = this.#timeOffset ?? report.timeOffset;
    memory.takeCounters((slot, lost, index) => {
      const first = (kind: LossKind): void => {
        report.firstRow = { [kind]: row + index, ...report.firstRow };
      };
      if (slot === layout.EVENTS_OUTSIDE_GEOMETRY) {
        report.eventsOutsideGeometry += lost;
        first("outsideGeometry");
      } else if (slot === layout.BACKWARD_STEPS) {
        report.backwardSteps += lost;
        first("backwardStep");
      } else if (slot === layout.MALFORMED_LINES) {
        report.malformedLines += lost;
        first("malformedLine");
      }
    });
  }
}

function tooFarApart(row: number, count: number, report: MutableReport): EventError {
  return new EventError("unsafe-time", "times are too far apart to be rebased", {
    path: report.sourceName ?? undefined,
    format: report.format,
    row,
    expected: "times within 64 bits of microseconds from the first",
    found: `one further away in the ${count} rows from here on`,
    hint: "Load without `rebase`.",
  });
}
