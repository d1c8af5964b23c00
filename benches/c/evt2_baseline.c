// What C makes of EVT2: the yardstick for evarrow's EVT2 decoder. No intrinsics, no threads.
//
//   gcc -O3 -march=native -o evt2_baseline evt2_baseline.c
//   evt2_baseline stream FILE W H [options]   decodes piece by piece into the same small columns
//   evt2_baseline fresh  FILE W H [options]   decodes into new columns for the whole file
//   evt2_baseline memcpy [options]            copies a large buffer
//
//   --repeat N            runs N times in one process, one JSON line per run (default 1)
//   --check               adds ON count and column sums, computed with the clock stopped
//   --loop runs|words     the decoding loop, see below (default runs)
//
// `seconds` goes from before the file is opened until the last event is in its column, reading in
// pieces of 256 KiB and allocation (fresh) included, releasing memory and process start excluded.
// `bytesIn` + `bytesOut` per second over the same figure of `memcpy` says how close a loop comes
// to moving memory; a copy counts its bytes once as in and once as out.
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

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { PIECE_BYTES = 256 * 1024, WORD_BYTES = sizeof(uint32_t), EVENT_BYTES = 13 };
enum { HEADER_LIMIT = 64 * 1024 };
static const size_t MEMCPY_BYTES = (size_t)512 << 20;

#define unlikely(condition) __builtin_expect(!!(condition), 0)

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

// ---- decoder state and output

struct clock {
  int64_t base;   // µs, the low 6 bits zero
  int64_t wraps;  // µs added by wraps of the 34-bit clock
  uint32_t high;  // the last TIME_HIGH
  bool known;
};

struct columns {
  uint16_t *x, *y;
  int64_t *t;
  int8_t *p;
};

struct geometry {
  uint32_t width, height;
};

/// Decodes `count` words into `out` from its first slot on, which has room for `count` events.
/// Returns the events.
typedef size_t decode_loop(const uint32_t *words, size_t count, struct clock *state,
                           struct geometry sensor, struct columns out);

static inline void set_clock(struct clock *clock, uint32_t high) {
  const uint32_t wrap_drop = (1u << 28) - (1u << 20);
  if (high < clock->high && clock->high - high >= wrap_drop) clock->wraps += (int64_t)1 << 34;
  clock->high = high;
  clock->base = clock->wraps + ((int64_t)high << 6);
}

// ---- loop `words`: one word at a time

__attribute__((noinline)) static size_t decode_words(const uint32_t *restrict words, size_t count,
                                                     struct clock *state, struct geometry sensor,
                                                     struct columns out) {
  struct clock clock = *state;
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
  *state = clock;
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

__attribute__((noinline)) static size_t decode_runs(const uint32_t *restrict words, size_t count,
                                                    struct clock *state, struct geometry sensor,
                                                    struct columns out) {
  struct clock clock = *state;
  size_t n = 0;
  for (size_t at = 0; at < count;) {
    if (word_type(words[at]) > CD_ON) {
      if (word_type(words[at]) == EVT_TIME_HIGH) set_clock(&clock, word_time_high(words[at]));
      at++;
      continue;
    }
    const size_t end = end_of_run(words, at, count);
    if (store_run(words + at, end - at, clock.base, sensor, out.x + n, out.y + n, out.t + n,
                  out.p + n)) {
      n += end - at;
    } else { // store always, advance only inside the sensor
      for (size_t i = at; i < end; i++) {
        const uint32_t x = word_x(words[i]), y = word_y(words[i]);
        out.x[n] = x;
        out.y[n] = y;
        out.t[n] = clock.base | word_time_low(words[i]);
        out.p[n] = word_polarity(words[i]);
        n += (x < sensor.width) & (y < sensor.height);
      }
    }
    at = end;
  }
  *state = clock;
  return n;
}

// ---- runs of the benchmark

struct options {
  const char *mode, *file, *loop_name;
  decode_loop *loop;
  struct geometry sensor;
  bool check;
  int repeat;
};

struct result {
  double seconds;
  uint64_t events, bytes_in, bytes_out;
  uint64_t on, sum_x, sum_y; // these and the times only with --check
  int64_t sum_t, first_t, last_t;
};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void fail(const char *what, const char *file) {
  fprintf(stderr, "evt2_baseline: %s: %s", file, what);
  fprintf(stderr, errno ? ": %s\n" : "\n", strerror(errno));
  exit(1);
}

static void *allocate(size_t bytes) {
  void *memory = malloc(bytes ? bytes : 1);
  if (!memory) fail("out of memory", "malloc");
  return memory;
}

static struct columns allocate_columns(size_t events) {
  return (struct columns){allocate(events * sizeof(uint16_t)), allocate(events * sizeof(uint16_t)),
                          allocate(events * sizeof(int64_t)), allocate(events * sizeof(int8_t))};
}

static void free_columns(struct columns c) {
  free(c.x), free(c.y), free(c.t), free(c.p);
}

/// Makes the compiler believe that somebody reads the columns.
static inline void keep(struct columns c) {
  __asm__ volatile("" : : "r"(c.x), "r"(c.y), "r"(c.t), "r"(c.p) : "memory");
}

static void add_sums(struct result *result, struct columns c, size_t events) {
  for (size_t i = 0; i < events; i++) {
    result->on += c.p[i] > 0;
    result->sum_x += c.x[i];
    result->sum_y += c.y[i];
    result->sum_t += c.t[i];
  }
  if (events == 0) return;
  if (result->events == 0) result->first_t = c.t[0];
  result->last_t = c.t[events - 1];
}

/// Bytes of the text header: the lines that begin with "% ", up to a line `% end` if there is one.
static size_t header_bytes(const char *text, size_t length, const char *file) {
  size_t at = 0;
  while (at + 1 < length && text[at] == '%' && text[at + 1] == ' ') {
    const char *newline = memchr(text + at, '\n', length - at);
    if (!newline) fail("the text header has no end", file);
    const size_t line = (size_t)(newline - (text + at));
    const bool last = (line == 5 && memcmp(text + at, "% end", 5) == 0) ||
                      (line == 6 && memcmp(text + at, "% end\r", 6) == 0);
    at += line + 1;
    if (last) break;
  }
  return at;
}

/// Decodes one piece, dropping the words before the first TIME_HIGH.
static size_t decode_piece(const struct options *options, const uint32_t *words, size_t count,
                           struct clock *clock, struct columns out) {
  size_t first = 0;
  if (unlikely(!clock->known)) {
    while (first < count && word_type(words[first]) != EVT_TIME_HIGH) first++;
    if (first == count) return 0;
    clock->high = word_time_high(words[first]);
    clock->known = true;
  }
  return options->loop(words + first, count - first, clock, options->sensor, out);
}

static struct result run_decoder(const struct options *options, uint32_t *piece,
                                 struct columns reused) {
  const bool fresh = strcmp(options->mode, "fresh") == 0;
  struct result result = {0};
  double stopped = 0; // seconds spent on --check
  const double start = now();

  const int fd = open(options->file, O_RDONLY);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) != 0) fail("cannot open", options->file);
  ssize_t got = pread(fd, piece, HEADER_LIMIT, 0);
  if (got < 0) fail("cannot read", options->file);
  const size_t header = header_bytes((const char *)piece, (size_t)got, options->file);
  if (lseek(fd, (off_t)header, SEEK_SET) < 0) fail("cannot seek", options->file);
  result.bytes_in = header;

  const struct columns all =
      fresh ? allocate_columns(((size_t)info.st_size - header) / WORD_BYTES) : reused;
  struct clock clock = {0};
  size_t left = 0; // bytes of a word that the last read cut
  while ((got = read(fd, (char *)piece + left, PIECE_BYTES)) > 0) {
    result.bytes_in += (uint64_t)got;
    const size_t bytes = left + (size_t)got, count = bytes / WORD_BYTES;
    const size_t done = fresh ? result.events : 0;
    const struct columns out = {all.x + done, all.y + done, all.t + done, all.p + done};
    const size_t events = decode_piece(options, piece, count, &clock, out);
    keep(out);
    if (options->check) {
      const double before = now();
      add_sums(&result, out, events);
      stopped += now() - before;
    }
    result.events += events;
    left = bytes % WORD_BYTES;
    memmove(piece, piece + count, left);
  }
  if (got < 0) fail("cannot read", options->file);
  result.seconds = now() - start - stopped;

  close(fd);
  if (fresh) free_columns(all);
  result.bytes_out = result.events * EVENT_BYTES;
  return result;
}

static struct result run_memcpy(const char *from, char *to) {
  const double start = now();
  memcpy(to, from, MEMCPY_BYTES);
  __asm__ volatile("" : : "r"(to) : "memory");
  const double seconds = now() - start;
  return (struct result){.seconds = seconds, .bytes_in = MEMCPY_BYTES, .bytes_out = MEMCPY_BYTES};
}

/// Peak resident memory of this program. What getrusage says begins, on Linux, with the peak of
/// the process that started it, so it is only the second choice.
static long long peak_rss_bytes(void) {
  long long kib = -1;
  FILE *status = fopen("/proc/self/status", "r");
  if (status) {
    char line[256];
    while (fgets(line, sizeof line, status) && sscanf(line, "VmHWM: %lld kB", &kib) != 1) {}
    fclose(status);
  }
  if (kib < 0) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    kib = usage.ru_maxrss;
  }
  return kib * 1024;
}

static void print_result(const struct options *options, const struct result *r) {
  printf("{\"mode\":\"%s\"", options->mode);
  if (options->loop) printf(",\"loop\":\"%s\"", options->loop_name);
  printf(",\"events\":%llu,\"seconds\":%.6f,\"bytesIn\":%llu,\"bytesOut\":%llu",
         (unsigned long long)r->events, r->seconds, (unsigned long long)r->bytes_in,
         (unsigned long long)r->bytes_out);
  printf(",\"peakRssBytes\":%lld", peak_rss_bytes());
  if (options->check && options->loop) {
    printf(",\"on\":%llu,\"sumT\":%lld,\"sumX\":%llu,\"sumY\":%llu,\"firstT\":%lld,\"lastT\":%lld",
           (unsigned long long)r->on, (long long)r->sum_t, (unsigned long long)r->sum_x,
           (unsigned long long)r->sum_y, (long long)r->first_t, (long long)r->last_t);
  }
  printf(",\"checked\":%s}\n", options->check && options->loop ? "true" : "false");
  fflush(stdout);
}

static void usage(void) {
  fprintf(stderr, "usage: evt2_baseline stream|fresh FILE WIDTH HEIGHT [--check] [--repeat N] "
                  "[--loop runs|words]\n       evt2_baseline memcpy [--repeat N]\n");
  exit(2);
}

static uint32_t positive(const char *text, uint32_t limit) {
  char *end;
  const unsigned long value = strtoul(text, &end, 10);
  if (end == text || *end != '\0' || value < 1 || value > limit) usage();
  return (uint32_t)value;
}

static struct options parse_arguments(int argc, char **argv) {
  struct options options = {.repeat = 1, .loop = decode_runs, .loop_name = "runs"};
  const char *positional[4] = {0};
  int count = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--check") == 0) {
      options.check = true;
    } else if (strcmp(argv[i], "--repeat") == 0 && i + 1 < argc) {
      options.repeat = (int)positive(argv[++i], 1000000);
    } else if (strcmp(argv[i], "--loop") == 0 && i + 1 < argc) {
      options.loop_name = argv[++i];
      if (strcmp(options.loop_name, "words") == 0) options.loop = decode_words;
      else if (strcmp(options.loop_name, "runs") != 0) usage();
    } else if (argv[i][0] != '-' && count < 4) {
      positional[count++] = argv[i];
    } else {
      usage();
    }
  }
  if (count == 0) usage();
  options.mode = positional[0];
  if (strcmp(options.mode, "memcpy") == 0) {
    if (count != 1) usage();
    options.loop = NULL;
    return options;
  }
  if (strcmp(options.mode, "stream") != 0 && strcmp(options.mode, "fresh") != 0) usage();
  if (count != 4) usage();
  options.file = positional[1];
  options.sensor.width = positive(positional[2], 2048); // coordinates have 11 bits
  options.sensor.height = positive(positional[3], 2048);
  return options;
}

int main(int argc, char **argv) {
  const struct options options = parse_arguments(argc, argv);
#ifdef __GLIBC__
  // Freed columns go back to the system, so that every run of `fresh` meets new pages.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
  if (!options.loop) {
    char *from = allocate(MEMCPY_BYTES), *to = allocate(MEMCPY_BYTES);
    memset(from, 1, MEMCPY_BYTES);
    memset(to, 2, MEMCPY_BYTES);
    for (int i = 0; i < options.repeat; i++) {
      const struct result result = run_memcpy(from, to);
      print_result(&options, &result);
    }
    free(from), free(to);
    return 0;
  }
  uint32_t *piece = allocate(PIECE_BYTES + WORD_BYTES);
  const struct columns reused = allocate_columns(PIECE_BYTES / WORD_BYTES + 1);
  for (int i = 0; i < options.repeat; i++) {
    const struct result result = run_decoder(&options, piece, reused);
    print_result(&options, &result);
  }
  free_columns(reused), free(piece);
  return 0;
}
