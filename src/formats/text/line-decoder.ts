/** Drives the kernel of text: keeps lines that were cut, and names those that hold no event. */
import type { EventError } from "../../errors.ts";
import type { LossKind, MutableReport } from "../../events/report.ts";
import { timeAsNumber } from "../../events/safe-time.ts";
import type { DecodingKernel } from "../../kernels/decoding-kernel.ts";
import type { EventMemory } from "../../kernels/event-memory.ts";
import {
  BACKWARD_STEPS,
  CARRIED,
  EVENTS_OUTSIDE_GEOMETRY,
  FORMAT_FIELDS,
  MALFORMED_LINES,
} from "../../kernels/layout.ts";
import type { DecoderOptions, EventDecoder } from "../decoder.ts";
import { FedBytes } from "../fed-bytes.ts";
import { LastCall } from "../last-call.ts";
import { setDialect } from "./dialect.ts";
import type { TextHeader } from "./header.ts";
import * as layout from "./layout.ts";
import { malformedLine } from "./malformed.ts";

/** Turns lines into columns. */
export class LineDecoder implements EventDecoder {
  readonly #memory: EventMemory;
  readonly #kernel: DecodingKernel;
  readonly #text: TextHeader["text"];
  readonly bytes: FedBytes;
  readonly #lastCall: LastCall;
  /** Number of the first line that was fed; undefined in the middle of a source. */
  readonly #firstLine: number | undefined;
  #rebasePending: boolean;
  /** Thrown with the next call, when what was lost before has been judged. */
  #error: EventError | undefined;

  constructor(
    memory: EventMemory,
    kernel: DecodingKernel,
    { text, dataOffset }: TextHeader,
    options: DecoderOptions,
  ) {
    this.#memory = memory;
    this.#kernel = kernel;
    this.#text = text;
    this.bytes = new FedBytes(memory, options.dataOffset);
    this.#lastCall = new LastCall(memory);
    this.#rebasePending = options.rebase;
    setDialect(memory, text.dialect);
    const stops = options.onMalformed !== "skip";
    memory.setField(FORMAT_FIELDS + layout.STOP_AT_MALFORMED, stops ? 1 : 0);
    const isPart = options.dataOffset > dataOffset;
    this.#firstLine = isPart ? undefined : text.firstLine;
    if (isPart) memory.setField(CARRIED + layout.IN_LONG_LINE, 1); // most likely in a line
  }

  feed(slot: 0 | 1, length: number): void {
    this.bytes.feed(slot, length);
  }

  end(slot: 0 | 1): void {
    if (this.bytes.length === 0) return;
    this.#memory.inputs[slot][0] = layout.LINE_FEED;
    this.feed(slot, 1);
    this.#memory.setField(FORMAT_FIELDS + layout.END_IS_ADDED, 1);
  }

  decode(room: number, report: MutableReport): boolean {
    if (this.#error !== undefined) throw this.#error;
    const memory = this.#memory;
    const bytes = this.bytes;
    if (bytes.length === 0) return true;
    if (this.#rebasePending) this.#findTimeOffset(report);
    const before = memory.eventCount;
    const { start } = bytes;
    const lines = this.#linesRead();
    this.#lastCall.remember(start, room);
    bytes.start = this.#kernel.decode(start, bytes.end, room);
    report.events += memory.eventCount - before;
    this.#settle(report, start, lines);
    if (memory.field(FORMAT_FIELDS + layout.STOPPED) !== 0) {
      this.#error = this.#malformed();
      return false;
    }
    return bytes.length === 0 || memory.eventCount < room;
  }

  takeBack(byteOffset: number, report: MutableReport): void {
    this.#memory.setField(FORMAT_FIELDS + layout.END_IS_ADDED, 0); // that is behind the loss
    this.#lastCall.redoUntil(this.bytes.addressOf(byteOffset), this.#kernel);
    this.#memory.takeCounters(() => {}); // in front of the first loss there is none
    report.events += this.#lastCall.appended.events;
  }

  finish(): void {}

  /** Decodes up to the first event to learn its time, and takes it back. */
  #findTimeOffset(report: MutableReport): void {
    const memory = this.#memory;
    const carried = memory.saveCarried();
    this.#kernel.decode(this.bytes.start, this.bytes.end, 1);
    const found = memory.eventCount > 0;
    memory.takeCounters(() => {});
    memory.restoreCarried(carried);
    memory.setTile();
    if (!found) return;
    const offset = memory.columns.t[0] as bigint;
    report.timeOffset = timeAsNumber(offset);
    memory.setTimeOffset(offset);
    this.#rebasePending = false;
  }

  /** Line feeds that the kernel read. */
  #linesRead(): number {
    return Number(this.#memory.field64(CARRIED + layout.LINES));
  }

  /**
   * Tells the report what was lost.
   *
   * @param start - address where the kernel began
   * @param lines - line feeds in front of that
   */
  #settle(report: MutableReport, start: number, lines: number): void {
    const first = (kind: LossKind, address: number): void => {
      if (report.firstAt[kind] !== undefined) return;
      report.firstAt[kind] = this.bytes.offsetOf(address);
      if (this.#firstLine === undefined) return;
      const skipped = this.bytes.view(start, address).reduce(countLineFeed, lines);
      report.firstLine = { ...report.firstLine, [kind]: this.#firstLine + skipped };
    };
    this.#memory.takeCounters((slot, count, address) => {
      switch (slot) {
        case EVENTS_OUTSIDE_GEOMETRY:
          report.eventsOutsideGeometry += count;
          return first("outsideGeometry", address);
        case BACKWARD_STEPS:
          report.backwardSteps += count;
          return first("backwardStep", address);
        case MALFORMED_LINES:
          report.malformedLines += count;
          return first("malformedLine", address);
      }
    });
    const cut = this.#memory.field(FORMAT_FIELDS + layout.CUT_BYTES);
    if (cut === 0) return;
    report.truncatedBytes = cut;
    first("truncated", this.bytes.end - 1 - cut);
  }

  /** The line in front of which the kernel stopped. */
  #malformed(): EventError {
    const { dialect, path } = this.#text;
    const bytes = this.bytes;
    const rest = bytes.view(bytes.start, Math.min(bytes.end, bytes.start + layout.MOST_LINE_BYTES));
    const length = rest.indexOf(layout.LINE_FEED);
    const text = new TextDecoder().decode(length < 0 ? rest : rest.subarray(0, length));
    return malformedLine(text.replace(/\r$/, ""), length >= 0, dialect, {
      path,
      byteOffset: bytes.offsetOf(bytes.start),
      line: this.#firstLine === undefined ? undefined : this.#firstLine + this.#linesRead(),
    });
  }
}

function countLineFeed(count: number, byte: number): number {
  return byte === layout.LINE_FEED ? count + 1 : count;
}
