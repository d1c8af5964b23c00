/** What magnitudes of times tell of their unit, where nothing else does. */

/** Whole times beyond this, 3168 years in microseconds, are nanoseconds since 1970. */
export const EPOCH_NANOSECONDS = 1e17;
