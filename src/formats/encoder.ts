/**
 * How events become the bytes of a format: the contract of every format that is written, and the
 * driver of its kernel.
 */
import { EventError } from "../errors.ts";
import { formatGeometry, type SensorGeometry } from "../events/geometry.ts";
import type { PolarityEncoding } from "../events/polarity.ts";
import type { EventMemory } from "../kernels/event-memory.ts";
import { instantiateKernel } from "../kernels/kernel.ts";
import * as layout from "../kernels/layout.ts";

/** A format that this version writes from columns. */
export interface EventEncoding {
  /** The id that reading the result gives. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** How names of such files end. */
  readonly ending: string;
  /** The encoding kernel, from `kernels/generated`. */
  readonly wasm: string;
  /** Whether triggers have a place in it. */
  readonly keepsTriggers: boolean;
  /** Whether the geometry has a place in it. */
  readonly keepsGeometry: boolean;
  /** What its polarity column holds unless the caller asks otherwise, where it is written as is. */
  readonly polarityEncoding?: PolarityEncoding | undefined;
  /** Pixels that its coordinates can name on each side. */
  readonly side: number;
  /** The greatest number of an input that a trigger can have. */
  readonly maxTriggerId: number;
  /** The times that its clock can be brought to, for people. */
  readonly reach: string;
  /** Which of its layouts the kernel writes, a number of the format's own. Default 0. */
  variantOf?(facts: HeaderFacts): number;
  /**
   * The bytes in front of the first event.
   *
   * @throws EventError `invalid-option` for a header line that cannot be written
   */
  encodeHeader(facts: HeaderFacts): Uint8Array;
  /** The bytes that stand for no events, for a format whose header alone would be an empty file. */
  encodeEmpty?(): Uint8Array;
}

/** What a header is to say. */
export interface HeaderFacts {
  /** Null when nothing says it. */
  readonly geometry: SensorGeometry | null;
  /** Further lines, by key, for headers of text. */
  readonly header?: Readonly<Record<string, string>> | undefined;
  /** Lines of the recording that is converted, of which those that still hold are kept. */
  readonly original?: readonly (readonly [key: string, value: string])[] | undefined;
  /** Order of the bytes of a word, where the format has two. Default `"little"`. */
  readonly endianness?: "little" | "legacy" | undefined;
}

/** How many events and triggers were left out because a format cannot hold them. */
export interface LeftOut {
  readonly events: number;
  readonly triggers: number;
}

interface EncodingKernel {
  /** Writes the tile from where it stands; returns the address behind the last byte. */
  encode(events: number, triggers: number, flush: 0 | 1): number;
}

/** What {@link EventEncoding.reach} is for clocks that can be sent through their end. */
export function reachOf(periodUs: number): string {
  return `a time at most ${layout.MOST_WRAPS * periodUs} us after the one in front of it, or after 0`;
}

/** Room for what a kernel writes between two calls. */
export const OUTPUT_BYTES = 1024 * 1024;

/** Writes the tiles of one {@link EventMemory} as one recording. */
export class EventEncoder {
  readonly encoding: EventEncoding;
  readonly #memory: EventMemory;
  readonly #kernel: EncodingKernel;
  /** Events and triggers of the tiles that are done. */
  #row = 0;
  #triggerRow = 0;

  private constructor(encoding: EventEncoding, memory: EventMemory, kernel: EncodingKernel) {
    this.encoding = encoding;
    this.#memory = memory;
    this.#kernel = kernel;
  }

  /**
   * Makes an encoder for the tiles in `memory`, which has room for output.
   *
   * @param leaveOut - leave out what the format cannot hold, and count it, instead of throwing
   */
  static async create(
    encoding: EventEncoding,
    memory: EventMemory,
    facts: HeaderFacts,
    leaveOut: boolean,
  ): Promise<EventEncoder> {
    const kernel = await instantiateKernel<EncodingKernel>(encoding.wasm, memory.memory);
    memory.setField(layout.OUTPUT_VARIANT, encoding.variantOf?.(facts) ?? 0);
    memory.setField(layout.LEAVE_OUT, leaveOut ? 1 : 0);
    return new EventEncoder(encoding, memory, kernel);
  }

  /** Events written so far. */
  get written(): number {
    return this.#row - this.leftOut.events;
  }

  /** What was left out so far. */
  get leftOut(): LeftOut {
    return {
      events: this.#memory.field(layout.EVENTS_LEFT_OUT),
      triggers: this.#memory.field(layout.TRIGGERS_LEFT_OUT),
    };
  }

  /**
   * Encodes the tile in memory. The bytes handed over are overwritten by the next ones.
   *
   * @param triggers - triggers in memory that are to be written, 0 for none; each goes in front of
   *   the first event that is not earlier
   * @param more - the next tile goes on with the same triggers, so that those behind the last event
   *   wait for it; else they are written, too
   * @throws EventError `not-encodable` at the first event or trigger that the format cannot hold
   */
  *encode(triggers: number, more = false): Generator<Uint8Array<ArrayBuffer>, void, void> {
    const memory = this.#memory;
    const events = memory.eventCount;
    const start = memory.output.byteOffset;
    const limit = start + memory.output.byteLength - layout.ENTRY_ROOM;
    memory.setField(layout.NEXT_EVENT, 0);
    let end: number;
    do {
      end = this.#kernel.encode(events, triggers, more ? 0 : 1);
      if (end > start) yield memory.output.subarray(0, end - start);
      if (memory.field(layout.REFUSAL) !== 0) throw this.#refusal();
    } while (end > limit); // it stopped for want of room
    this.#row += events;
    if (more) return;
    this.#triggerRow += triggers;
    memory.setField(layout.NEXT_TRIGGER, 0);
  }

  #refusal(): EventError {
    const { name, id } = this.encoding;
    const memory = this.#memory;
    const isTrigger = memory.field(layout.REFUSED_IS_TRIGGER) !== 0;
    const at = memory.field(isTrigger ? layout.NEXT_TRIGGER : layout.NEXT_EVENT);
    const row = (isTrigger ? this.#triggerRow : this.#row) + at;
    const reason = memory.field(layout.REFUSAL);
    const time = (isTrigger ? memory.triggers : memory.columns).t[at];
    const entry = isTrigger ? "trigger" : "event";
    const isRebased = memory.field64(layout.TIME_OFFSET) !== 0n;
    const rebaseHelps =
      reason === layout.REFUSED_NEGATIVE_TIME || (reason === layout.REFUSED_LATE_TIME && row === 0);
    return new EventError("not-encodable", `${name} cannot hold this ${entry}`, {
      format: id,
      row,
      ...this.#details(reason, at, `${time} us`),
      ...(rebaseHelps && !isRebased && { hint: REBASE }),
    });
  }

  #details(reason: number, at: number, time: string) {
    const { side, maxTriggerId, reach } = this.encoding;
    const memory = this.#memory;
    switch (reason) {
      case layout.REFUSED_PIXEL: {
        const width = Math.min(memory.field(layout.WIDTH), side);
        const height = Math.min(memory.field(layout.HEIGHT), side);
        return {
          expected: `a pixel inside ${formatGeometry({ width, height })}`,
          found: `${memory.columns.x[at]}, ${memory.columns.y[at]}`,
        };
      }
      case layout.REFUSED_TRIGGER_ID:
        return {
          expected: `a trigger id from 0 to ${maxTriggerId}`,
          found: String(memory.triggers.id[at]),
        };
      case layout.REFUSED_NEGATIVE_TIME:
        return { expected: "a time from 0 us on", found: time };
      case layout.REFUSED_LATE_TIME:
        return {
          expected: reach,
          found: time,
        };
      default:
        return {
          expected: "no step back that reads as a wrap of the clock",
          found: time,
        };
    }
  }
}

const REBASE = "`rebase: true` puts the first event on time 0.";
