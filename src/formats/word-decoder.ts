/**
 * Drives the kernel of any format made of words of a fixed size.
 */

import type { LossKind, MutableReport } from "../events/report.ts";
import { timeAsNumber } from "../events/safe-time.ts";
import { CARRY_BYTES, type EventMemory } from "../kernels/event-memory.ts";
import * as layout from "../kernels/layout.ts";
import type { DecoderOptions, EventDecoder } from "./decoder.ts";

/** The one function of a word kernel. */
export interface WordKernel {
  /**
   * Appends the events from the address `input` to the columns, until less than a word is left
   * before `end` or the tile is full; returns the address of the first unread byte.
   *
   * @param capacity - the most events the tile may hold
   */
  decode(input: number, end: number, capacity: number): number;
}

/** What the driver has to know of a format. */
export interface WordFormat {
  /** Bytes of a word, or the most that one of words of many sizes has. */
  readonly wordBytes: number;
  /** Names of the vendor words that hold no events, by their type; all others are unknown. */
  readonly vendorWords: Readonly<Record<number, string>>;
  /** The type of vendor words that the kernel counts by subtype, too. */
  readonly subtypedWord?: number;
  /** For words that an end byte closes: that byte, which the last one may lack. */
  readonly endOfLast?: number;
}

/** Drives a word kernel: keeps the bytes of a cut word, and tells the report what was counted. */
export class WordDecoder implements EventDecoder {
  readonly #memory: EventMemory;
  readonly #kernel: WordKernel;
  readonly #format: WordFormat;
  #rebasePending: boolean;
  /** Addresses of the next byte to decode and of the end of what was fed. */
  #input = 0;
  #end = 0;
  /** With fewer bytes at hand the kernel is not called. */
  #leastBytes: number;
  /** Byte offset in the source minus address, for the bytes at hand. */
  #offsetOfAddress: number;
  #nextOffset: number;

  constructor(
    memory: EventMemory,
    kernel: WordKernel,
    format: WordFormat,
    options: DecoderOptions,
  ) {
    this.#memory = memory;
    memory.setVariant(options.variant);
    this.#kernel = kernel;
    this.#format = format;
    this.#leastBytes = format.wordBytes;
    this.#rebasePending = options.rebase;
    this.#nextOffset = options.dataOffset;
    this.#offsetOfAddress = options.dataOffset;
  }

  feed(slot: 0 | 1, length: number): void {
    const carried = this.#end - this.#input;
    if (carried > CARRY_BYTES)
      throw new RangeError("bytes were fed before those at hand were used");
    const start = this.#memory.inputs[slot].byteOffset;
    // A word that was cut stands in front of its other half.
    const all = new Uint8Array(this.#memory.memory.buffer);
    all.copyWithin(start - carried, this.#input, this.#end);
    this.#input = start - carried;
    this.#end = start + length;
    this.#offsetOfAddress = this.#nextOffset - start;
    this.#nextOffset += length;
  }

  end(slot: 0 | 1): void {
    const { endOfLast } = this.#format;
    if (endOfLast === undefined || this.#input === this.#end) return;
    this.#memory.inputs[slot][0] = endOfLast;
    this.feed(slot, 1);
    this.#leastBytes = 1;
  }

  decode(room: number, report: MutableReport): boolean {
    const memory = this.#memory;
    const { eventCount, triggerCount } = memory;
    if (this.#end - this.#input >= this.#leastBytes) {
      if (this.#rebasePending) this.#findTimeOffset(room, report);
      this.#input = this.#kernel.decode(this.#input, this.#end, room);
      this.#settle(report);
      report.events += memory.eventCount - eventCount;
      report.triggers += memory.triggerCount - triggerCount;
    }
    return this.#end - this.#input < this.#leastBytes;
  }

  finish(report: MutableReport): void {
    report.truncatedBytes = this.#end - this.#input;
    if (report.truncatedBytes > 0) {
      report.firstAt.truncated = this.#offsetOfAddress + this.#input;
    }
  }

  /** Decodes once to learn the time of the first event, and takes it back. */
  #findTimeOffset(room: number, report: MutableReport): void {
    const memory = this.#memory;
    const { triggerCount } = memory;
    const carried = memory.saveCarried();
    this.#kernel.decode(this.#input, this.#end, room);
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

  #settle(report: MutableReport): void {
    this.#memory.takeCounters((slot, count, address) => {
      const first = (kind: LossKind): void => {
        const offset = this.#offsetOfAddress + address;
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
        case layout.MALFORMED_LINES:
          report.malformedLines += count;
          return first("malformedLine");
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
