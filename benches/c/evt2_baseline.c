// EVT 2.0: 32-bit words. See baseline.h for how it is compiled and run.
//
// Loops tried. Ratio of stream rates to the per-word loop with everything branch-free, reading
// included; one core of a Zen 3 server, gcc 12.2 -O3 -march=native, best of 6 alternating runs:
//
//   1.00   per word: store always, n += (type <= 1) & (x < W) & (y < H), branch for TIME_HIGH
//   0.90   the same with the clock updated by conditional moves
//   0.96   per word: branch for non-CD words, store always, n += (x < W) & (y < H)
//   1.05   the same with the bounds as n += ((x - W) & (y - H)) >> 31
//   1.13   per word: branches for non-CD words and for bounds; kept as `words`
//   0.98   one branch for any unusual word; 0.97 with four words per type test
//   1.22   two words at a time in a 64-bit register
//   1.30   blocks of 16 words, tested first; 2.1 in blocks of 32
//   2.5    runs of CD words, tested and stored in one loop; kept as `runs`
//
// `runs` is scalar source that gcc turns into SIMD; built with -fno-tree-vectorize it is 0.9 of
// `words`. So `words` is the measure of scalar code and `runs` the best of plain C.

#include "evt2_words.h"

/// Words before the first TIME_HIGH have no time.
static size_t start(const void *piece, size_t count, void *state) {
  const uint32_t *words = piece;
  struct clock *clock = state;
  size_t first = 0;
  while (first < count && word_type(words[first]) != EVT_TIME_HIGH) first++;
  if (first < count) clock->high = word_time_high(words[first]);
  return first;
}

// ---- loop `words`: one word at a time

__attribute__((noinline)) static size_t decode_words(const void *piece, size_t count,
                                                     void *state, struct geometry sensor,
                                                     struct columns out) {
  const uint32_t *restrict words = piece;
  struct clock clock = *(struct clock *)state;
  uint16_t *restrict xs = out.x, *restrict ys = out.y;
  int64_t *restrict ts = out.t;
  int8_t *restrict ps = out.p;
  const uint32_t x_limit = sensor.width << 11; // compared with x where it stands in the word
  size_t n = 0;
  for (const uint32_t *at = words, *end = words + count; at < end; at++) {
    const uint32_t word = *at;
    if (unlikely(word_type(word) > CD_ON)) {
      if (word_type(word) == EVT_TIME_HIGH) set_clock(&clock, word_time_high(word));
      continue;
    }
    if (unlikely((word & 0x3fffff) >= x_limit)) continue;
    if (unlikely(word_y(word) >= sensor.height)) continue;
    xs[n] = word_x(word);
    ys[n] = word_y(word);
    ts[n] = clock.base | word_time_low(word);
    ps[n] = word_polarity(word);
    n++;
  }
  *(struct clock *)state = clock;
  return n;
}

// ---- loop `runs`: all CD words up to the next other word at once

/// Where the run of CD words that begins at `from` ends.
static inline size_t end_of_run(const uint32_t *words, size_t from, size_t count) {
  size_t at = from;
  for (; at + 8 <= count; at += 8) {
    const uint32_t *w = words + at;
    if (word_type(w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) > CD_ON) break;
  }
  while (at < count && word_type(words[at]) <= CD_ON) at++;
  return at;
}

__attribute__((noinline)) static size_t decode_runs(const void *piece, size_t count,
                                                    void *state, struct geometry sensor,
                                                    struct columns out) {
  const uint32_t *restrict words = piece;
  struct clock clock = *(struct clock *)state;
  size_t n = 0;
  for (size_t at = 0; at < count;) {
    if (word_type(words[at]) > CD_ON) {
      if (word_type(words[at]) == EVT_TIME_HIGH) set_clock(&clock, word_time_high(words[at]));
      at++;
      continue;
    }
    const size_t end = end_of_run(words, at, count);
    const uint32_t *const run = words + at;
    const size_t length = end - at;
    const struct columns next = {out.x + n, out.y + n, out.t + n, out.p + n};
    n += store_run(run, length, clock.base, sensor, next.x, next.y, next.t, next.p)
             ? length
             : store_inside(run, length, clock.base, sensor, next);
    at = end;
  }
  *(struct clock *)state = clock;
  return n;
}

static const struct format EVT2 = {
    .name = "evt2",
    .word_bytes = sizeof(uint32_t),
    .most_events_per_word = 1,
    .state_bytes = sizeof(struct clock),
    .coordinate_limit = 1 << 11,
    .start = start,
    .loops = {{"runs", decode_runs}, {"words", decode_words}},
};

int main(int argc, char **argv) { return run_baseline(argc, argv, &EVT2); }
