import type { PartRules } from "../formats/decoder.ts";
import type { SequentialSource } from "../source/byte-source.ts";

/** A part of the data, cut where a word or line begins. */
export interface Segment {
  /** The bytes of the part, valid until the next one is asked for. */
  readonly bytes: Uint8Array;
  /** Those in front of it whose decoding gives the state at its start; they begin a word or line. */
  readonly lead: Uint8Array;
  /** Bytes in front of the part in the data. */
  readonly offset: number;
  /** Bytes of the source that were read for it. */
  readonly bytesRead: number;
}

/** Cuts a source into parts. The next one is read while one is used. */
export class SegmentReader {
  readonly #source: SequentialSource;
  readonly #rules: PartRules;
  readonly #segmentBytes: number;
  #bytes: Uint8Array;
  #spare: Uint8Array;
  /** Bytes at the front of `#bytes` that were cut off the part before. */
  #kept = 0;
  #offset = 0;
  #lead: Uint8Array = new Uint8Array(0);
  #pending: Promise<number> | undefined;
  #ready: Promise<void> | undefined;
  #isReady = false;
  #isEnd = false;
  /** What reading ended with; what it gave before comes first. */
  #failure: { readonly error: unknown } | undefined;

  constructor(source: SequentialSource, rules: PartRules, segmentBytes: number) {
    this.#source = source;
    this.#rules = rules;
    this.#segmentBytes = segmentBytes;
    this.#bytes = new Uint8Array(segmentBytes);
    this.#spare = new Uint8Array(segmentBytes);
    this.#read();
  }

  /** Whether asking for the next part will not have to wait. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Settled when asking for the next part will not have to wait. */
  get ready(): Promise<void> {
    return this.#ready ?? Promise.resolve();
  }

  /** Whether there are no further parts. */
  get isEnd(): boolean {
    return this.#isEnd;
  }

  /** The next part; null at the end of the source. */
  async next(): Promise<Segment | null> {
    if (this.#isEnd) return null;
    const bytesRead = (await this.#pending) as number;
    const all = this.#bytes.subarray(0, this.#kept + bytesRead);
    const isLast = all.byteLength < this.#segmentBytes;
    if (isLast && this.#failure === undefined) this.#isEnd = true;
    if (all.byteLength === 0) {
      if (this.#failure !== undefined) throw this.#failure.error;
      return null;
    }
    // The last part ends with the source; in a line that is longer than a part it ends anywhere.
    const end = isLast ? all.byteLength : this.#rules.lastStart(all) || all.byteLength;
    const segment = {
      bytes: all.subarray(0, end),
      lead: this.#lead,
      offset: this.#offset,
      bytesRead,
    };
    const lead = all.subarray(Math.max(end - this.#rules.leadBytes, 0), end);
    this.#lead = lead.slice(this.#rules.firstStart(lead));
    this.#offset += end;
    [this.#bytes, this.#spare] = [this.#spare, this.#bytes];
    this.#kept = all.byteLength - end;
    this.#bytes.set(all.subarray(end));
    if (isLast) this.#pending = Promise.resolve(0);
    else this.#read();
    return segment;
  }

  #read(): void {
    this.#isReady = false;
    this.#pending = this.#fill(this.#bytes.subarray(this.#kept));
    this.#ready = this.#pending.then(() => {
      this.#isReady = true;
    });
  }

  /** Fills `into` as far as the source goes, or until it fails. */
  async #fill(into: Uint8Array): Promise<number> {
    let filled = 0;
    try {
      while (filled < into.byteLength) {
        const count = await this.#source.next(into.subarray(filled));
        if (count === 0) break;
        filled += count;
      }
    } catch (error) {
      this.#failure = { error };
    }
    return filled;
  }
}
