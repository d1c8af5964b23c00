// The EVT 2.0 word and its 34-bit clock. EVT 2.1 has the same clock, and the upper half of its
// words is an EVT 2.0 word.

#ifndef EVARROW_EVT2_WORDS_H
#define EVARROW_EVT2_WORDS_H

#include "baseline.h"

// ---- the word, most significant bit first
//   type:4 | time low:6 | x:11 | y:11   CD_OFF, CD_ON
//   type:4 | time high:28               EVT_TIME_HIGH

enum { CD_ON = 1, EVT_TIME_HIGH = 8 };

static inline uint32_t word_type(uint32_t word) { return word >> 28; }
static inline uint32_t word_time_low(uint32_t word) { return word >> 22 & 0x3f; }
static inline uint32_t word_x(uint32_t word) { return word >> 11 & 0x7ff; }
static inline uint32_t word_y(uint32_t word) { return word & 0x7ff; }
static inline int8_t word_polarity(uint32_t word) { return (int8_t)(word_type(word) * 2 - 1); }
static inline uint32_t word_time_high(uint32_t word) { return word & 0x0fffffff; }

struct clock {
  int64_t base;   // µs, the low 6 bits zero
  int64_t wraps;  // µs added by wraps of the 34-bit clock
  uint32_t high;  // the last TIME_HIGH
};

static inline void set_clock(struct clock *clock, uint32_t high) {
  const uint32_t wrap_drop = (1u << 28) - (1u << 20);
  if (high < clock->high && clock->high - high >= wrap_drop) clock->wraps += (int64_t)1 << 34;
  clock->high = high;
  clock->base = clock->wraps + ((int64_t)high << 6);
}

// ---- runs of CD words of one TIME_HIGH

/// Stores a run as if all of it were inside the sensor. Returns whether that was so.
static inline bool store_run(const uint32_t *restrict run, size_t length, int64_t base,
                             struct geometry sensor, uint16_t *restrict xs, uint16_t *restrict ys,
                             int64_t *restrict ts, int8_t *restrict ps) {
  uint32_t max_x = 0, max_y = 0;
  for (size_t i = 0; i < length; i++) {
    const uint32_t word = run[i], x = word_x(word), y = word_y(word);
    max_x = x > max_x ? x : max_x;
    max_y = y > max_y ? y : max_y;
    xs[i] = x;
    ys[i] = y;
    ts[i] = base | word_time_low(word);
    ps[i] = word_polarity(word);
  }
  return max_x < sensor.width && max_y < sensor.height;
}

/// Stores what is inside the sensor and returns how many: store always, advance only inside.
static inline size_t store_inside(const uint32_t *restrict run, size_t length, int64_t base,
                                  struct geometry sensor, struct columns out) {
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    const uint32_t word = run[i], x = word_x(word), y = word_y(word);
    out.x[n] = x;
    out.y[n] = y;
    out.t[n] = base | word_time_low(word);
    out.p[n] = word_polarity(word);
    n += (x < sensor.width) & (y < sensor.height);
  }
  return n;
}

#endif
