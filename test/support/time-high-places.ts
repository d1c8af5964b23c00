/** Time highs among events: at every place of a kernel's step, in runs of any length, and what follows them. */
export interface TimeHighPlace {
  /** Events in front of the first, beyond those of some whole steps. */
  readonly inFront: number;
  /** How often the one that holds is repeated. */
  readonly repeats: number;
  /** The next one: the same, a later one, one that falls a little, one that falls by half the range. */
  readonly next: "same" | "later" | "earlier" | "wrap";
}

/** All of them that a kernel could take for something else. */
export function timeHighPlaces(): TimeHighPlace[] {
  const nexts = ["same", "later", "earlier", "wrap"] as const;
  return nexts.flatMap((next) =>
    [0, 1, 2, 3, 4, 5, 8, 9].flatMap((repeats) =>
      Array.from({ length: 9 }, (_, inFront) => ({ inFront, repeats, next })),
    ),
  );
}
