/**
 * Drives the kernel of any format made of words of a fixed size.
 */

import type { LossKind, MutableReport } from "../events/report.ts";
import { timeAsNumber } from "../events/safe-time.ts";
import type { DecodingKernel } from "../kernels/decoding-kernel.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import * as layout from "../kernels/layout.ts";
import type { DecoderOptions, EventDecoder, PartRules } from "./decoder.ts";
import { FedBytes } from "./fed-bytes.ts";
import { LastCall } from "./last-call.ts";

/** What the driver has to know of a format. */
export interface WordFormat {
  /** Bytes of a word. */
  readonly wordBytes: number;
  /** Names of the vendor words that hold no events, by their type; all others are unknown. */
  readonly vendorWords: Readonly<Record<number, string>>;
  /** The type of vendor words that the kernel counts by subtype, too. */
  readonly subtypedWord?: number;
}

/** Time, row and base of a vector are sent again and again; in these bytes all of them are. */
const LEAD_BYTES = 16_384;
const PART_BYTES = 1024 * 1024;

/** How words are decoded in parts. */
export function wordParts(wordBytes: number): PartRules {
  return {
    leadBytes: LEAD_BYTES,
    partBytes: PART_BYTES,
    firstStart: () => 0, // parts are whole words, and so is the lead
    lastStart: ({ byteLength }) => byteLength - (byteLength % wordBytes),
  };
}

/** Drives a word kernel: keeps the bytes of a cut word, and tells the report what was counted. */
export class WordDecoder implements EventDecoder {
  readonly #memory: EventMemory;
  readonly #kernel: DecodingKernel;
  readonly #format: WordFormat;
  #rebasePending: boolean;
  readonly bytes: FedBytes;
  readonly #lastCall: LastCall;

  constructor(
    memory: EventMemory,
    kernel: DecodingKernel,
    format: WordFormat,
    options: DecoderOptions,
  ) {
    this.#memory = memory;
    memory.setVariant(options.variant);
    this.#kernel = kernel;
    this.#format = format;
    this.#rebasePending = options.rebase;
    this.bytes = new FedBytes(memory, options.dataOffset);
    this.#lastCall = new LastCall(memory);
  }

  feed(slot: 0 | 1, length: number): void {
    this.bytes.feed(slot, length);
  }

  end(): void {}

  decode(room: number, report: MutableReport): boolean {
    const bytes = this.bytes;
    const { wordBytes } = this.#format;
    if (bytes.length >= wordBytes) {
      if (this.#rebasePending) this.#findTimeOffset(room, report);
      this.#lastCall.remember(bytes.start, room);
      bytes.start = this.#kernel.decode(bytes.start, bytes.end, room);
      this.#settle(report);
    }
    return bytes.length < wordBytes;
  }

  takeBack(byteOffset: number, report: MutableReport): void {
    this.#lastCall.redoUntil(this.bytes.addressOf(byteOffset), this.#kernel);
    this.#settle(report);
  }

  finish(report: MutableReport): void {
    const bytes = this.bytes;
    report.truncatedBytes = bytes.length;
    if (bytes.length > 0) report.firstAt.truncated = bytes.offsetOf(bytes.start);
  }

  /** Decodes once to learn the time of the first event, and takes it back. */
  #findTimeOffset(room: number, report: MutableReport): void {
    const memory = this.#memory;
    const { triggerCount } = memory;
    const carried = memory.saveCarried();
    this.#kernel.decode(this.bytes.start, this.bytes.end, room);
    const found = memory.eventCount > 0;
    memory.takeCounters(() => {});
    memory.takeSubtypes(() => {});
    memory.restoreCarried(carried);
    memory.setTile(0, triggerCount);
    if (!found) return;
    const offset = memory.columns.t[0] as bigint;
    report.timeOffset = timeAsNumber(offset);
    memory.setTimeOffset(offset);
    this.#rebasePending = false;
  }

  /** Tells the report what the last call gave. */
  #settle(report: MutableReport): void {
    const { events, triggers } = this.#lastCall.appended;
    report.events += events;
    report.triggers += triggers;
    this.#memory.takeCounters((slot, count, address) => {
      const first = (kind: LossKind): void => {
        const offset = this.bytes.offsetOf(address);
        report.firstAt[kind] = Math.min(report.firstAt[kind] ?? offset, offset);
      };
      switch (slot) {
        case layout.EVENTS_BEFORE_TIME_BASE:
          report.eventsBeforeTimeBase += count;
          return first("eventBeforeTimeBase");
        case layout.TRIGGERS_BEFORE_TIME_BASE:
          report.triggersBeforeTimeBase += count;
          return first("triggerBeforeTimeBase");
        case layout.EVENTS_WITHOUT_ADDRESS:
          report.eventsWithoutAddress += count;
          return first("eventWithoutAddress");
        case layout.EVENTS_OUTSIDE_GEOMETRY:
          report.eventsOutsideGeometry += count;
          return first("outsideGeometry");
        case layout.BACKWARD_STEPS:
          report.backwardSteps += count;
          return first("backwardStep");
        case layout.CLOCK_WRAPS:
          report.clockWraps += count;
          return;
        default:
          this.#settleWord(slot, count, report, first);
      }
    });
  }

  #settleWord(
    type: number,
    count: number,
    report: MutableReport,
    first: (kind: LossKind) => void,
  ): void {
    const name = this.#format.vendorWords[type];
    if (name !== undefined) {
      report.skippedWords[name] = (report.skippedWords[name] ?? 0) + count;
      if (type === this.#format.subtypedWord) this.#settleSubtypes(report);
      return;
    }
    const key = `0x${type.toString(16)}`;
    report.unknownWords[key] = (report.unknownWords[key] ?? 0) + count;
    first("unknownWord");
  }

  #settleSubtypes(report: MutableReport): void {
    this.#memory.takeSubtypes((subtype, count) => {
      const key = `0x${subtype.toString(16)}`;
      report.otherSubtypes[key] = (report.otherSubtypes[key] ?? 0) + count;
    });
  }
}
