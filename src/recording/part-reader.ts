import type { PartRules } from "../formats/decoder.ts";
import type { SequentialSource } from "../source/byte-source.ts";

/** Where a part is read to. */
export interface PartPlace {
  /** Room for {@link partInputBytes}. */
  readonly input: Uint8Array;
}

/** A part of the data, cut where a word or line begins, in the input of its place. */
export interface Part<Place> {
  readonly place: Place;
  /**
   * Where in the input the bytes in front of the part begin whose decoding gives the state at its
   * start; they begin a word or line.
   */
  readonly lead: number;
  /** Where in the input the part begins and ends. */
  readonly start: number;
  readonly end: number;
  /** Bytes in front of the part in the data. */
  readonly offset: number;
  /** Bytes of the source that were read for it. */
  readonly bytesRead: number;
}

/** A part that is being read, or was. */
interface Reading<Place> {
  readonly place: Place;
  /** Settled, never rejected, when it was read. */
  readonly done: Promise<void>;
  isDone: boolean;
  bytesRead: number;
  /** What reading ended with; what it gave before comes first. */
  failure: { readonly error: unknown } | undefined;
}

/**
 * Bytes that the input of a place has room for: the lead, or what another decoder left over; the line
 * that the part in front was cut off from; and what is read.
 */
export function partInputBytes({ leadBytes }: PartRules, partBytes: number): number {
  return 2 * leadBytes + partBytes;
}

/** Reads data in parts, each straight to where it will be decoded, as soon as there is a place. */
export class PartReader<Place extends PartPlace> {
  readonly #source: SequentialSource;
  readonly #rules: PartRules;
  readonly #partBytes: number;
  readonly #readings: Reading<Place>[] = [];
  /** Bytes that were cut off the part before, and those in front of them. */
  #kept: Uint8Array = new Uint8Array(0);
  #lead: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #isEnd = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(source: SequentialSource, rules: PartRules, partBytes: number) {
    this.#source = source;
    this.#rules = rules;
    this.#partBytes = partBytes;
  }

  /** Whether there are no further parts. */
  get isEnd(): boolean {
    return this.#isEnd;
  }

  /** Settled when asking for the next part will not have to wait; null when none is being read. */
  get ready(): Promise<void> | null {
    return this.#readings[0]?.done ?? null;
  }

  /** Whether asking for the next part will not have to wait. */
  get isReady(): boolean {
    return this.#readings[0]?.isDone ?? false;
  }

  /** Begins to read the next part. */
  begin(place: Place): void {
    const at = 2 * this.#rules.leadBytes;
    const into = place.input.subarray(at, at + this.#partBytes);
    const before = this.#readings.at(-1)?.done;
    const work = async (): Promise<void> => {
      await before;
      try {
        while (reading.bytesRead < into.byteLength) {
          const count = await this.#source.next(into.subarray(reading.bytesRead));
          if (count === 0) break;
          reading.bytesRead += count;
        }
      } catch (error) {
        reading.failure = { error };
      }
      reading.isDone = true;
    };
    const reading: Reading<Place> = {
      place,
      done: Promise.resolve().then(work),
      isDone: false,
      bytesRead: 0,
      failure: undefined,
    };
    this.#readings.push(reading);
  }

  /**
   * The next part that is being read.
   *
   * @returns null at the end of the source
   * @throws what reading the source threw, once all in front of it was handed out
   */
  async next(): Promise<Part<Place> | null> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const [reading] = this.#readings;
    if (this.#isEnd || reading === undefined) return null;
    await reading.done;
    this.#readings.shift();
    const { place, bytesRead, failure } = reading;
    const { leadBytes } = this.#rules;
    const kept = this.#kept;
    const start = 2 * leadBytes - kept.byteLength;
    place.input.set(kept, start);
    const all = place.input.subarray(start, 2 * leadBytes + bytesRead);
    const isLast = bytesRead < this.#partBytes;
    this.#failure = failure;
    if (isLast && failure === undefined) this.#isEnd = true;
    if (all.byteLength === 0) {
      if (failure !== undefined) throw failure.error;
      return null;
    }
    const length = isLast ? all.byteLength : this.#cut(all);
    const lead = this.#lead;
    place.input.set(lead, start - lead.byteLength);
    const part = {
      place,
      lead: start - lead.byteLength,
      start,
      end: start + length,
      offset: this.#offset,
      bytesRead,
    };
    const before = all.subarray(Math.max(length - leadBytes, 0), length);
    this.#lead = before.slice(this.#rules.firstStart(before));
    this.#kept = all.slice(length);
    this.#offset += length;
    return part;
  }

  /** Where a part ends; in lines that are longer than the room for what is kept it ends anywhere. */
  #cut(all: Uint8Array): number {
    const length = this.#rules.lastStart(all);
    const isKept = length > 0 && all.byteLength - length <= this.#rules.leadBytes;
    return isKept ? length : all.byteLength;
  }
}
