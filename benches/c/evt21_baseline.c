// EVT 2.1: 64-bit words, in `little` order. See baseline.h for how it is compiled and run.
//
// Loops tried. Ratio of stream rates to `words`, reading included; one core of a Zen 3 server,
// gcc 12.2 -O3 -march=native, best of 8 alternating runs over 100 M events made from two real
// recordings with 1.1 (left) and 1.5 events a word:
//
//   1.00   1.00   per word: branch for other words, a loop over the lit pixels; kept as `words`
//   0.87   0.91   the same with the first pixel stored without a branch
//   1.16   1.05   each event as an EVT 2.0 word, then the columns of a run at once
//   1.07   1.38   the same with two pixels stored without a branch, advancing for each
//   1.17   1.07   the same with one, advancing by the number of lit pixels
//   1.10   1.45   the same with two; kept as `runs`
//   0.92   1.47   the same with three
//
// The columns of `runs` gcc turns into SIMD; built with -fno-tree-vectorize it is 0.75 and 0.98. So
// `words` is the measure of scalar code and `runs` the best of plain C.

#include "evt2_words.h"

// ---- the word, most significant bit first
//   type:4 | time low:6 | x base:11 | y:11 || mask:32   EVT_NEG, EVT_POS
//   type:4 | time high:28 || unused:32                  EVT_TIME_HIGH
// Bit i of the mask is an event at x base + i. The upper half is an EVT 2.0 word.

static inline uint32_t upper_half(uint64_t word) { return (uint32_t)(word >> 32); }
static inline bool is_cd(uint64_t word) { return word_type(upper_half(word)) <= CD_ON; }
static inline uint32_t with_x_moved(uint32_t evt2_word, uint32_t by) {
  return evt2_word + (by << 11);
}

/// The mask without the pixels that are off the sensor.
static inline uint32_t mask_inside(uint64_t word, uint32_t width) {
  const uint32_t mask = (uint32_t)word, x = word_x(upper_half(word));
  if (!unlikely(x + 32 > width)) return mask;
  const uint32_t inside = x < width ? width - x : 0;
  return mask & (uint32_t)((UINT64_C(1) << (inside < 32 ? inside : 32)) - 1);
}

static inline uint32_t lowest_bit(uint32_t mask) {
  return (uint32_t)__builtin_ctzll(mask | UINT64_C(1) << 32); // 32 if none
}

static inline void set_clock_of(struct clock *clock, uint64_t word) {
  const uint32_t upper = upper_half(word);
  if (word_type(upper) == EVT_TIME_HIGH) set_clock(clock, word_time_high(upper));
}

/// Words before the first TIME_HIGH have no time.
static size_t start(const void *piece, size_t count, void *state) {
  const uint64_t *words = piece;
  struct clock *clock = state;
  size_t first = 0;
  while (first < count && word_type(upper_half(words[first])) != EVT_TIME_HIGH) first++;
  if (first < count) clock->high = word_time_high(upper_half(words[first]));
  return first;
}

// ---- loop `words`: one word at a time, one bit at a time

__attribute__((noinline)) static size_t decode_words(const void *piece, size_t count, void *state,
                                                     struct geometry sensor, struct columns out) {
  const uint64_t *restrict words = piece;
  struct clock clock = *(struct clock *)state;
  uint16_t *restrict xs = out.x, *restrict ys = out.y;
  int64_t *restrict ts = out.t;
  int8_t *restrict ps = out.p;
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    if (unlikely(!is_cd(words[i]))) {
      set_clock_of(&clock, words[i]);
      continue;
    }
    const uint32_t head = upper_half(words[i]), y = word_y(head);
    const int64_t t = clock.base | word_time_low(head);
    for (uint32_t mask = (uint32_t)words[i]; mask; mask &= mask - 1) {
      const uint32_t x = word_x(head) + (uint32_t)__builtin_ctz(mask);
      xs[n] = x;
      ys[n] = y;
      ts[n] = t;
      ps[n] = word_polarity(head);
      n += (x < sensor.width) & (y < sensor.height);
    }
  }
  *(struct clock *)state = clock;
  return n;
}

// ---- loop `runs`: each event as an EVT 2.0 word, then the columns of a run at once

enum { RUN_WORDS = 1024, RUN_EVENTS = RUN_WORDS * 32, LANES = 2 };

__attribute__((noinline)) static size_t decode_runs(const void *piece, size_t count, void *state,
                                                    struct geometry sensor, struct columns out) {
  uint32_t events[RUN_EVENTS + LANES];
  const uint64_t *restrict words = piece;
  struct clock clock = *(struct clock *)state;
  size_t n = 0;
  for (size_t at = 0; at < count;) {
    if (!is_cd(words[at])) {
      set_clock_of(&clock, words[at++]);
      continue;
    }
    const size_t stop = count - at > RUN_WORDS ? at + RUN_WORDS : count;
    size_t length = 0;
    for (; at < stop && is_cd(words[at]); at++) {
      const uint32_t head = upper_half(words[at]);
      uint32_t mask = mask_inside(words[at], sensor.width);
      const uint32_t lit = (uint32_t)__builtin_popcount(mask);
      uint32_t *const to = events + length;
      to[0] = with_x_moved(head, lowest_bit(mask)); // stored even if not lit
      mask &= mask - 1;
      to[1] = with_x_moved(head, lowest_bit(mask));
      if (unlikely(lit > LANES)) {
        for (uint32_t i = LANES; i < lit; i++) {
          mask &= mask - 1;
          to[i] = with_x_moved(head, lowest_bit(mask));
        }
      }
      length += lit;
    }
    const struct columns next = {out.x + n, out.y + n, out.t + n, out.p + n};
    n += store_run(events, length, clock.base, sensor, next.x, next.y, next.t, next.p)
             ? length
             : store_inside(events, length, clock.base, sensor, next);
  }
  *(struct clock *)state = clock;
  return n;
}

static const struct format EVT21 = {
    .name = "evt21",
    .word_bytes = sizeof(uint64_t),
    .most_events_per_word = 32,
    .state_bytes = sizeof(struct clock),
    .coordinate_limit = 1 << 11,
    .start = start,
    .loops = {{"runs", decode_runs}, {"words", decode_words}},
};

int main(int argc, char **argv) { return run_baseline(argc, argv, &EVT21); }
