import type { ContainerFinding, Findings } from "./findings.ts";
import { TRAILER_BYTES } from "./layout.ts";
import { damaged, type Place } from "./problems.ts";
import { decodeTrailer, type Trailer } from "./trailer.ts";

/** Where a segment stands among those up to the next trailer. */
const ORDER: Readonly<Record<string, number>> = {
  ...{ CHNK: 0, TRIG: 0, META: 1, STAT: 2, INDX: 3, SHA2: 4, TRLR: 5 },
};

/** Whether a tag is one of this version. */
export function isKnown(tag: string): boolean {
  return Object.hasOwn(ORDER, tag);
}

/** The order of segments, and what trailers say of it. */
export class SegmentOrder {
  /** Trailers that were met. */
  trailers = 0;
  readonly #findings: Findings;
  readonly #hasDigest: boolean;
  /** Place of each segment since the last trailer, and the order of the last one. */
  #places = new Map<string, number>();
  #last = 0;
  #lastTrailer: number | null = null;

  constructor(findings: Findings, hasDigest: boolean) {
    this.#findings = findings;
    this.#hasDigest = hasDigest;
  }

  /** Takes the next segment. @param isWhole - whether all so far were sound, so that none is missing */
  add(tag: string, byteOffset: number, isWhole: boolean): void {
    const order = ORDER[tag];
    if (order === undefined) return;
    this.#places.set(tag, byteOffset);
    const last = this.#last;
    this.#last = order === ORDER.TRLR ? 0 : order;
    const isNext = order === last + 1 || (order <= 1 && last === 0);
    if (isNext || (tag === "TRLR" && last === ORDER.INDX) || !isWhole) return;
    const after = Object.keys(ORDER).find((name) => ORDER[name] === last);
    const problem = `the segment ${tag} is at a place where it may not be`;
    this.#findings.add({ byteOffset, problem, found: `behind ${after}` });
  }

  /**
   * Compares a trailer with what was met.
   *
   * @throws EventError `damaged-data`
   */
  checkTrailer(segment: Uint8Array, isWhole: boolean, place: Place): void {
    const { byteOffset } = place;
    const trailer = decodeTrailer(segment, byteOffset, false);
    if (trailer === null) throw damaged("the trailer is damaged", place);
    const at = (tag: string): number | null => this.#places.get(tag) ?? null;
    const expected: Readonly<Record<keyof Trailer, number | null>> = {
      fileLength: byteOffset + TRAILER_BYTES,
      metadata: at("META"),
      statistics: at("STAT"),
      index: at("INDX"),
      digest: this.#hasDigest ? at("SHA2") : null,
      previous: this.#lastTrailer,
    };
    for (const name of Object.keys(expected) as (keyof Trailer)[]) {
      if (trailer[name] === expected[name] || (!isWhole && expected[name] === null)) continue;
      this.#findings.add({
        byteOffset,
        problem: `the trailer has a wrong place: ${name}`,
        expected: `${expected[name] ?? "none"}`,
        found: `${trailer[name] ?? "none"}`,
      });
    }
    if (this.#hasDigest && trailer.digest === null) {
      throw damaged("there is no digest", { ...place, expected: "one, as the header says" });
    }
    this.#lastTrailer = byteOffset;
    this.trailers++;
    this.#places = new Map();
    this.#last = 0;
  }

  /** Finds out whether the file ends as it should. */
  checkEnd(byteLength: number): void {
    const end = this.#lastTrailer === null ? null : this.#lastTrailer + TRAILER_BYTES;
    if (end === byteLength) return;
    this.#findings.add(wrongEnd(end, byteLength));
  }
}

/** What is to be said of a file that does not end with its last trailer. */
export function wrongEnd(trailerEnd: number | null, byteLength: number): ContainerFinding {
  if (trailerEnd === null) {
    const problem = "the end of the file is missing: there is no sound trailer";
    return { byteOffset: byteLength, problem, expected: "a trailer" };
  }
  return {
    byteOffset: trailerEnd,
    problem: "something stands behind the last trailer, as an append leaves it that was torn off",
    expected: "the end of the file",
    found: `${byteLength - trailerEnd} bytes`,
  };
}
