// EVT 3.0: 16-bit words, stateful. See baseline.h for how it is compiled and run.
//
// Loops tried. Ratio of stream rates to `switch`, reading included; one core of a Zen 3 server,
// gcc 12.2 -O3 -march=native, best of 8 alternating runs over 100 M events of a real recording
// (64 % of its words ADDR_X, 19 % ADDR_Y, 10 % vectors, half of those empty):
//
//   1.00   per word: a switch over the type, a loop over the lit pixels; kept as `switch`
//   1.12   the payload stored in a table by type, so that y and time need no branch
//   1.03   every word through masks by type, no branch but for a second pixel
//   1.70   per word: ADDR_Y and ADDR_X without a branch (store always, select y), else branches
//   1.89   the same with an inner loop for ADDR_Y and ADDR_X
//   2.0    and VECT_12, VECT_12, VECT_8 as one mask of 32 pixels; kept as `words`
//   2.4    and a pass before it (SIMD) that finds nothing off the sensor, then no bounds
//   2.8    tiles: only word, y and time per event, x and polarity afterwards; kept as `tiles`
//   2.7    the same with time filled in where it changes
//   2.7    the same with the first two pixels of a mask stored without a branch
//
// What `tiles` does afterwards gcc turns into SIMD; built with -fno-tree-vectorize it is 1.8. So
// `switch` is what decoders commonly are, `words` the measure of scalar code, `tiles` the best of
// plain C.

#include "baseline.h"

// ---- the word, most significant bit first
//   type:4 | origin:1 | y:11            EVT_ADDR_Y
//   type:4 | polarity:1 | x:11          EVT_ADDR_X (an event), VECT_BASE_X
//   type:4 | mask:12                    VECT_12; VECT_8 has the mask in the low 8 bits
//   type:4 | time:12                    EVT_TIME_LOW, EVT_TIME_HIGH

enum {
  EVT_ADDR_Y = 0,
  EVT_ADDR_X = 2,
  VECT_BASE_X = 3,
  VECT_12 = 4,
  VECT_8 = 5,
  EVT_TIME_LOW = 6,
  EVT_TIME_HIGH = 8
};

static inline uint32_t word_type(uint32_t word) { return word >> 12; }
static inline uint32_t word_payload(uint32_t word) { return word & 0xfff; }
static inline uint32_t word_x(uint32_t word) { return word & 0x7ff; }
static inline uint32_t word_polarity_bit(uint32_t word) { return word & 0x800; }
static inline int8_t polarity_of(uint32_t bit) { return (int8_t)((int)(bit >> 10) - 1); }

/// ADDR_Y is 0 and ADDR_X is 2, so both lack the bits 0xd000; only ADDR_X is 1 after >> 13.
static inline bool is_row_or_event(uint32_t word) { return (word & 0xd000) == 0; }
static inline uint32_t is_event(uint32_t row_or_event) { return row_or_event >> 13; }

static inline bool is_vector(uint32_t word) { return (word_type(word) | 1) == VECT_8; }
static inline uint32_t vector_mask(uint32_t word) {
  return word & (word_type(word) == VECT_12 ? 0xfff : 0xff);
}
static inline uint32_t vector_pixels(uint32_t word) { return word_type(word) == VECT_12 ? 12 : 8; }

/// VECT_12, VECT_12, VECT_8 read as one little-endian number with a word of any type behind them.
static inline bool is_triple(uint64_t words) {
  return (words & 0xf000f000f000) == 0x500040004000;
}
static inline uint32_t triple_mask(uint64_t words) {
  return (uint32_t)((words & 0xfff) | (words >> 4 & 0xfff000) | (words >> 8 & 0xff000000));
}

static inline uint64_t four_words(const uint16_t *at) {
  uint64_t words;
  memcpy(&words, at, sizeof words);
  return words;
}

struct state {
  int64_t time;  // µs, TIME_LOW included
  int64_t wraps; // µs added by wraps of the 24-bit clock
  uint32_t high; // the last TIME_HIGH
  uint32_t y;    // NOWHERE before the first ADDR_Y; the origin bit makes it too great as well
  uint32_t x;    // of the next vector; NOWHERE before the first VECT_BASE_X
  uint32_t polarity_bit; // of the vectors
};
enum { NOWHERE = 0xffff };

/// TIME_LOW stays when TIME_HIGH is repeated and is 0 when it changes.
static inline void set_time_high(struct state *s, uint32_t high) {
  if (high == s->high) return;
  if (s->high >= high + 2048) s->wraps += 1 << 24;
  s->high = high;
  s->time = s->wraps + ((int64_t)high << 12);
}

static inline void set_time_low(struct state *s, uint32_t low) {
  s->time = (s->time & ~(int64_t)0xfff) | low;
}

/// Words before the first TIME_HIGH have no time.
static size_t start(const void *piece, size_t count, void *state) {
  const uint16_t *words = piece;
  size_t first = 0;
  while (first < count && word_type(words[first]) != EVT_TIME_HIGH) first++;
  if (first == count) return count;
  const uint32_t high = word_payload(words[first]);
  *(struct state *)state =
      (struct state){.time = (int64_t)high << 12, .high = high, .y = NOWHERE, .x = NOWHERE};
  return first;
}

// ---- loop `switch`: one word at a time, as the format's description reads

__attribute__((noinline)) static size_t decode_switch(const void *piece, size_t count, void *state,
                                                      struct geometry sensor, struct columns out) {
  const uint16_t *restrict words = piece;
  struct state s = *(struct state *)state;
  uint16_t *restrict xs = out.x, *restrict ys = out.y;
  int64_t *restrict ts = out.t;
  int8_t *restrict ps = out.p;
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t word = words[i];
    switch (word_type(word)) {
    case EVT_ADDR_Y:
      s.y = word_payload(word);
      break;
    case EVT_ADDR_X:
      xs[n] = word_x(word);
      ys[n] = s.y;
      ts[n] = s.time;
      ps[n] = polarity_of(word_polarity_bit(word));
      n += (word_x(word) < sensor.width) & (s.y < sensor.height);
      break;
    case VECT_BASE_X:
      s.x = word_x(word);
      s.polarity_bit = word_polarity_bit(word);
      break;
    case VECT_12:
    case VECT_8:
      for (uint32_t mask = vector_mask(word); mask; mask &= mask - 1) {
        const uint32_t x = s.x + (uint32_t)__builtin_ctz(mask);
        xs[n] = x;
        ys[n] = s.y;
        ts[n] = s.time;
        ps[n] = polarity_of(s.polarity_bit);
        n += (x < sensor.width) & (s.y < sensor.height);
      }
      s.x += vector_pixels(word);
      break;
    case EVT_TIME_LOW:
      set_time_low(&s, word_payload(word));
      break;
    case EVT_TIME_HIGH:
      set_time_high(&s, word_payload(word));
      break;
    }
  }
  *(struct state *)state = s;
  return n;
}

// ---- loop `words`: rows and single events without a branch, three vector words at once

__attribute__((noinline)) static size_t decode_words(const void *piece, size_t count, void *state,
                                                     struct geometry sensor, struct columns out) {
  struct state s = *(struct state *)state;
  uint16_t *restrict xs = out.x, *restrict ys = out.y;
  int64_t *restrict ts = out.t;
  int8_t *restrict ps = out.p;
  const uint32_t width = sensor.width, height = sensor.height;
  uint32_t y = s.y;
  size_t n = 0;
  const uint16_t *at = piece, *const end = at + count;
  while (at < end) {
    const int64_t time = s.time;
    for (; at < end && is_row_or_event(*at); at++) {
      const uint32_t word = *at, if_row = -(uint32_t)(word < 0x1000); // all ones or none
      y = (y & ~if_row) | (word & if_row);
      xs[n] = word_x(word);
      ys[n] = y;
      ts[n] = time;
      ps[n] = polarity_of(word_polarity_bit(word));
      n += ((word & 0xf7ff) - 0x2000 < width) & (y < height);
    }
    if (at == end) break;
    const uint32_t word = *at++;
    if (word_type(word) == VECT_BASE_X) {
      s.x = word_x(word);
      s.polarity_bit = word_polarity_bit(word);
      for (; end - at >= 4 && is_triple(four_words(at)); at += 3) {
        uint32_t mask = triple_mask(four_words(at));
        for (; mask; mask &= mask - 1) {
          const uint32_t x = s.x + (uint32_t)__builtin_ctz(mask);
          xs[n] = x;
          ys[n] = y;
          ts[n] = time;
          ps[n] = polarity_of(s.polarity_bit);
          n += (x < width) & (y < height);
        }
        s.x += 32;
      }
    } else if (word_type(word) == EVT_TIME_LOW) {
      set_time_low(&s, word_payload(word));
    } else if (is_vector(word)) {
      uint32_t mask = vector_mask(word);
      for (; mask; mask &= mask - 1) {
        const uint32_t x = s.x + (uint32_t)__builtin_ctz(mask);
        xs[n] = x;
        ys[n] = y;
        ts[n] = time;
        ps[n] = polarity_of(s.polarity_bit);
        n += (x < width) & (y < height);
      }
      s.x += vector_pixels(word);
    } else if (word_type(word) == EVT_TIME_HIGH) {
      set_time_high(&s, word_payload(word));
    }
  }
  s.y = y;
  *(struct state *)state = s;
  return n;
}

// ---- loop `tiles`: each event as a word, a row and a time; x and polarity for a tile at once

enum { TILE_WORDS = 4096, TILE_EVENTS = TILE_WORDS * 12 };

/// Splits the words into x and polarity, and drops what is off the sensor. Returns what stays.
static inline size_t finish_tile(const uint16_t *restrict words, size_t count,
                                 struct geometry sensor, uint16_t *restrict xs,
                                 uint16_t *restrict ys, int64_t *restrict ts,
                                 int8_t *restrict ps) {
  uint16_t max_x = 0, max_y = 0;
  for (size_t i = 0; i < count; i++) {
    const uint16_t x = word_x(words[i]), y = ys[i];
    max_x = x > max_x ? x : max_x;
    max_y = y > max_y ? y : max_y;
    xs[i] = x;
    ps[i] = polarity_of(word_polarity_bit(words[i]));
  }
  if (max_x < sensor.width && max_y < sensor.height) return count;
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    const uint16_t x = xs[i], y = ys[i];
    xs[n] = x;
    ys[n] = y;
    ts[n] = ts[i];
    ps[n] = ps[i];
    n += (x < sensor.width) & (y < sensor.height);
  }
  return n;
}

/// The mask without the pixels that are off the sensor.
static inline uint32_t clip(uint32_t mask, uint32_t x, uint32_t width) {
  if (!unlikely(x + 32 > width)) return mask;
  const uint32_t inside = x < width ? width - x : 0;
  return mask & (uint32_t)((UINT64_C(1) << (inside < 32 ? inside : 32)) - 1);
}

__attribute__((noinline)) static size_t decode_tiles(const void *piece, size_t count, void *state,
                                                     struct geometry sensor, struct columns out) {
  uint16_t events[TILE_EVENTS + 1]; // as ADDR_X words, whatever their type says
  struct state s = *(struct state *)state;
  uint32_t y = s.y;
  size_t done = 0;
  const uint16_t *at = piece, *const end = at + count;
  while (at < end) {
    const uint16_t *const stop = end - at > TILE_WORDS ? at + TILE_WORDS : end;
    uint16_t *restrict ys = out.y + done;
    int64_t *restrict ts = out.t + done;
    size_t n = 0;
    while (at < stop) {
      const int64_t time = s.time;
      for (; at < stop && is_row_or_event(*at); at++) {
        const uint32_t word = *at, if_row = -(uint32_t)(word < 0x1000); // all ones or none
        y = (y & ~if_row) | (word & if_row);
        events[n] = word;
        ys[n] = y;
        ts[n] = time;
        n += is_event(word);
      }
      if (at == stop) break;
      const uint32_t word = *at++;
      if (word_type(word) == VECT_BASE_X) {
        s.x = word_x(word);
        s.polarity_bit = word_polarity_bit(word);
        for (; stop - at >= 4 && is_triple(four_words(at)); at += 3) {
          uint32_t mask = clip(triple_mask(four_words(at)), s.x, sensor.width);
          for (; mask; mask &= mask - 1) {
            events[n] = s.polarity_bit | (s.x + (uint32_t)__builtin_ctz(mask));
            ys[n] = y;
            ts[n] = time;
            n++;
          }
          s.x += 32;
        }
      } else if (word_type(word) == EVT_TIME_LOW) {
        set_time_low(&s, word_payload(word));
      } else if (is_vector(word)) {
        uint32_t mask = clip(vector_mask(word), s.x, sensor.width);
        for (; mask; mask &= mask - 1) {
          events[n] = s.polarity_bit | (s.x + (uint32_t)__builtin_ctz(mask));
          ys[n] = y;
          ts[n] = time;
          n++;
        }
        s.x += vector_pixels(word);
      } else if (word_type(word) == EVT_TIME_HIGH) {
        set_time_high(&s, word_payload(word));
      }
    }
    done += finish_tile(events, n, sensor, out.x + done, ys, ts, out.p + done);
  }
  s.y = y;
  *(struct state *)state = s;
  return done;
}

static const struct format EVT3 = {
    .name = "evt3",
    .word_bytes = sizeof(uint16_t),
    .most_events_per_word = 12,
    .state_bytes = sizeof(struct state),
    .coordinate_limit = 1 << 11,
    .start = start,
    .loops = {{"tiles", decode_tiles}, {"words", decode_words}, {"switch", decode_switch}},
};

int main(int argc, char **argv) { return run_baseline(argc, argv, &EVT3); }
