// DAT version 2, CD events: records of 8 bytes. See baseline.h for how it is compiled and run.
//
// Loops tried. Ratio of stream rates to `words`, reading included; one core of a Zen 3 server,
// gcc 12.2 -O3 -march=native, best of 12 alternating runs:
//
//   1.00   per record: branches for bounds and wrap; kept as `words`
//   0.54   the same, store always, n += (x < W) & (y < H)
//   1.8    blocks of 512, bounds and wraps judged afterwards, wraps by neighbouring times; 32: 1.45
//   2.1    the same with wraps judged by the least and greatest time; kept as `blocks`; 128: 2.0
//   2.2    the same with the two halves of a record split first: not worth the lines
//
// `blocks` is scalar source that gcc turns into SIMD; built with -fno-tree-vectorize it is 0.4. So
// `words` is the measure of scalar code and `blocks` the best of plain C.

#include "baseline.h"

// ---- the record, two 32-bit numbers, most significant bit first
//   t:32
//   polarity:4 | y:14 | x:14

static inline uint32_t packed_x(uint32_t packed) { return packed & 0x3fff; }
static inline uint32_t packed_y(uint32_t packed) { return packed >> 14 & 0x3fff; }
static inline int8_t packed_polarity(uint32_t packed) { return packed >> 28 ? 1 : -1; }

enum { TYPE_CD_OLD = 0, TYPE_CD = 12, RECORD_BYTES = 8 };

/// Behind the text header come the type of the events and the size of a record.
static int preamble(const unsigned char *bytes, size_t length) {
  if (length < 2 || (bytes[0] != TYPE_CD_OLD && bytes[0] != TYPE_CD)) return -1;
  return bytes[1] == RECORD_BYTES ? 2 : -1;
}

struct clock {
  int64_t wraps; // µs added by wraps of the 32-bit time
  uint32_t last;
};
static const uint32_t WRAP_DROP = UINT32_C(1) << 31; // a greater fall is a wrap

static inline int64_t unwrap(struct clock *clock, uint32_t time) {
  if (unlikely(time < clock->last && clock->last - time > WRAP_DROP)) {
    clock->wraps += (int64_t)1 << 32;
  }
  clock->last = time;
  return clock->wraps + time;
}

// ---- loop `words`: one record at a time

static inline size_t decode_each(const uint32_t *restrict records, size_t count,
                                 struct clock *state, struct geometry sensor,
                                 struct columns out) {
  struct clock clock = *state;
  uint16_t *restrict xs = out.x, *restrict ys = out.y;
  int64_t *restrict ts = out.t;
  int8_t *restrict ps = out.p;
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    const int64_t time = unwrap(&clock, records[2 * i]);
    const uint32_t packed = records[2 * i + 1];
    if (unlikely(packed_x(packed) >= sensor.width)) continue;
    if (unlikely(packed_y(packed) >= sensor.height)) continue;
    xs[n] = packed_x(packed);
    ys[n] = packed_y(packed);
    ts[n] = time;
    ps[n] = packed_polarity(packed);
    n++;
  }
  *state = clock;
  return n;
}

__attribute__((noinline)) static size_t decode_words(const void *piece, size_t count, void *state,
                                                     struct geometry sensor, struct columns out) {
  return decode_each(piece, count, state, sensor, out);
}

// ---- loop `blocks`: a block as if it had no wrap and nothing off the sensor, if that is so

enum { BLOCK_RECORDS = 512 };

/// Returns whether it was so; nothing is kept otherwise.
static inline bool store_block(const uint32_t *restrict records, size_t count,
                               const struct clock *clock, struct geometry sensor,
                               uint16_t *restrict xs, uint16_t *restrict ys,
                               int64_t *restrict ts, int8_t *restrict ps) {
  const int64_t wraps = clock->wraps;
  uint32_t max_x = 0, max_y = 0, latest = clock->last, earliest = UINT32_MAX;
  for (size_t i = 0; i < count; i++) {
    const uint32_t time = records[2 * i], packed = records[2 * i + 1];
    const uint32_t x = packed_x(packed), y = packed_y(packed);
    max_x = x > max_x ? x : max_x;
    max_y = y > max_y ? y : max_y;
    latest = time > latest ? time : latest;
    earliest = time < earliest ? time : earliest;
    xs[i] = x;
    ys[i] = y;
    ts[i] = wraps + time;
    ps[i] = packed_polarity(packed);
  }
  return max_x < sensor.width && max_y < sensor.height && latest - earliest <= WRAP_DROP;
}

__attribute__((noinline)) static size_t decode_blocks(const void *piece, size_t count, void *state,
                                                      struct geometry sensor, struct columns out) {
  struct clock *clock = state;
  size_t n = 0;
  for (size_t at = 0, length; at < count; at += length) {
    length = count - at < BLOCK_RECORDS ? count - at : BLOCK_RECORDS;
    const uint32_t *const records = (const uint32_t *)piece + 2 * at;
    const struct columns next = {out.x + n, out.y + n, out.t + n, out.p + n};
    if (store_block(records, length, clock, sensor, next.x, next.y, next.t, next.p)) {
      clock->last = records[2 * length - 2];
      n += length;
    } else {
      n += decode_each(records, length, clock, sensor, next);
    }
  }
  return n;
}

static const struct format DAT = {
    .name = "dat",
    .word_bytes = RECORD_BYTES,
    .most_events_per_word = 1,
    .state_bytes = sizeof(struct clock),
    .coordinate_limit = 1 << 14,
    .preamble = preamble,
    .loops = {{"blocks", decode_blocks}, {"words", decode_words}},
};

int main(int argc, char **argv) { return run_baseline(argc, argv, &DAT); }
