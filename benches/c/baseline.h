// What C makes of a format: the yardstick for evarrow's decoders. This header has everything but
// the decoder: arguments, reading, timing, checks, output. A program is one file that includes it,
// describes its format and calls run_baseline. No intrinsics, no threads, no library.
//
//   gcc -O3 -march=native -o evt2_baseline evt2_baseline.c
//   evt2_baseline stream FILE W H [options]   decodes piece by piece into the same small columns
//   evt2_baseline fresh  FILE W H [options]   decodes into new columns for the whole file
//   evt2_baseline memcpy [options]            copies a large buffer
//   evt2_baseline loops                       names the decoding loops
//
//   --repeat N    runs N times in one process, one JSON line per run (default 1)
//   --check       adds ON count and column sums, computed with the clock stopped
//   --loop NAME   the decoding loop (default: the first)
//
// `seconds` goes from before the file is opened until the last event is in its column, reading in
// pieces of 256 KiB and allocation (fresh) included, releasing memory and process start excluded.
// `bytesIn` + `bytesOut` per second over the same figure of `memcpy` says how close a loop comes
// to moving memory; a copy counts its bytes once as in and once as out.

#ifndef EVARROW_BASELINE_H
#define EVARROW_BASELINE_H

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

enum { PIECE_BYTES = 256 * 1024, HEADER_LIMIT = 64 * 1024, EVENT_BYTES = 13 };
static const size_t MEMCPY_BYTES = (size_t)512 << 20;

#define unlikely(condition) __builtin_expect(!!(condition), 0)

// ---- what a decoder sees

struct columns {
  uint16_t *x, *y;
  int64_t *t;
  int8_t *p; // -1 or +1
};

struct geometry {
  uint32_t width, height;
};

/// Decodes `count` words into `out` from its first slot on and returns the events. There is room
/// for `most_events_per_word` of each word, and for SPARE_SLOTS stores behind that.
typedef size_t decode_loop(const void *words, size_t count, void *state, struct geometry sensor,
                           struct columns out);
enum { SPARE_SLOTS = 64 };

struct format {
  const char *name;
  size_t word_bytes, most_events_per_word, state_bytes;
  uint32_t coordinate_limit;
  /// Bytes between the text header and the first word, judged by those bytes; NULL if none.
  /// Returns -1 for what the decoder cannot read.
  int (*preamble)(const unsigned char *bytes, size_t length);
  /// Words to leave out, called with zeroed state and again until it leaves one in; NULL if none.
  size_t (*start)(const void *words, size_t count, void *state);
  struct {
    const char *name;
    decode_loop *decode;
  } loops[4]; // the first is the default, the last has no name
};

static int run_baseline(int argc, char **argv, const struct format *format);

// ---- runs of the benchmark

struct options {
  const struct format *format;
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
  fprintf(stderr, "baseline: %s: %s", file, what);
  fprintf(stderr, errno ? ": %s\n" : "\n", strerror(errno));
  exit(1);
}

static void *reallocate(void *memory, size_t bytes) {
  memory = realloc(memory, bytes ? bytes : 1);
  if (!memory) fail("out of memory", "malloc");
  return memory;
}

static void *allocate(size_t bytes) { return reallocate(NULL, bytes); }

static void resize_columns(struct columns *c, size_t slots) {
  c->x = reallocate(c->x, slots * sizeof *c->x);
  c->y = reallocate(c->y, slots * sizeof *c->y);
  c->t = reallocate(c->t, slots * sizeof *c->t);
  c->p = reallocate(c->p, slots * sizeof *c->p);
}

static void free_columns(struct columns c) { free(c.x), free(c.y), free(c.t), free(c.p); }

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

/// Slots that a whole piece can fill.
static size_t slots_of_piece(const struct format *format) {
  return (PIECE_BYTES / format->word_bytes + 1) * format->most_events_per_word + SPARE_SLOTS;
}

static size_t open_file(const struct options *options, void *scratch, int *fd) {
  const struct format *format = options->format;
  *fd = open(options->file, O_RDONLY);
  if (*fd < 0) fail("cannot open", options->file);
  const ssize_t got = pread(*fd, scratch, HEADER_LIMIT, 0);
  if (got < 0) fail("cannot read", options->file);
  size_t header = header_bytes(scratch, (size_t)got, options->file);
  if (format->preamble) {
    const unsigned char *bytes = (const unsigned char *)scratch + header;
    const int preamble = format->preamble(bytes, (size_t)got - header);
    if (preamble < 0) fail("not what this decoder reads", options->file);
    header += (size_t)preamble;
  }
  if (lseek(*fd, (off_t)header, SEEK_SET) < 0) fail("cannot seek", options->file);
  return header;
}

static struct result run_decoder(const struct options *options, char *piece,
                                 struct columns reused) {
  const struct format *format = options->format;
  const bool fresh = strcmp(options->mode, "fresh") == 0;
  struct result result = {0};
  double stopped = 0; // seconds spent on --check
  const double begun = now();

  int fd;
  result.bytes_in = open_file(options, piece, &fd);
  struct stat info;
  if (fstat(fd, &info) != 0) fail("cannot open", options->file);

  // Room for an event a word, more when that is not enough. Pages that are never written cost
  // nothing, and glibc moves pages to grow a block, not bytes.
  struct columns all = reused;
  const size_t worst = slots_of_piece(format);
  size_t slots = (size_t)info.st_size / format->word_bytes + worst;
  if (fresh) {
    all = (struct columns){0};
    resize_columns(&all, slots);
  }

  void *state = memset(allocate(format->state_bytes), 0, format->state_bytes);
  bool started = !format->start;
  size_t left = 0; // bytes of a word that the last read cut
  ssize_t got;
  while ((got = read(fd, piece + left, PIECE_BYTES)) > 0) {
    result.bytes_in += (uint64_t)got;
    const size_t bytes = left + (size_t)got, count = bytes / format->word_bytes;
    if (fresh && slots - result.events < worst) {
      slots += slots / 2 + worst;
      resize_columns(&all, slots);
    }
    const size_t done = fresh ? result.events : 0;
    const struct columns out = {all.x + done, all.y + done, all.t + done, all.p + done};
    const size_t first = started ? 0 : format->start(piece, count, state);
    started = started || first < count;
    const size_t events = options->loop(piece + first * format->word_bytes, count - first, state,
                                        options->sensor, out);
    keep(out);
    if (options->check) {
      const double before = now();
      add_sums(&result, out, events);
      stopped += now() - before;
    }
    result.events += events;
    left = bytes % format->word_bytes;
    memmove(piece, piece + count * format->word_bytes, left);
  }
  if (got < 0) fail("cannot read", options->file);
  result.seconds = now() - begun - stopped;

  close(fd);
  free(state);
  if (fresh) free_columns(all);
  result.bytes_out = result.events * EVENT_BYTES;
  return result;
}

static struct result run_memcpy(const char *from, char *to) {
  const double begun = now();
  memcpy(to, from, MEMCPY_BYTES);
  __asm__ volatile("" : : "r"(to) : "memory");
  const double seconds = now() - begun;
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

static void print_loops(const struct format *format) {
  printf("{\"format\":\"%s\",\"loops\":[", format->name);
  for (int i = 0; format->loops[i].name; i++) {
    printf("%s\"%s\"", i ? "," : "", format->loops[i].name);
  }
  printf("]}\n");
}

static void usage(void) {
  fprintf(stderr, "usage: BASELINE stream|fresh FILE WIDTH HEIGHT [--check] [--repeat N] "
                  "[--loop NAME]\n       BASELINE memcpy [--repeat N]\n       BASELINE loops\n");
  exit(2);
}

static uint32_t positive(const char *text, uint32_t limit) {
  char *end;
  const unsigned long value = strtoul(text, &end, 10);
  if (end == text || *end != '\0' || value < 1 || value > limit) usage();
  return (uint32_t)value;
}

static void choose_loop(struct options *options, const char *name) {
  const struct format *format = options->format;
  for (int i = 0; format->loops[i].name; i++) {
    if (name && strcmp(format->loops[i].name, name) != 0) continue;
    options->loop = format->loops[i].decode;
    options->loop_name = format->loops[i].name;
    return;
  }
  usage();
}

static struct options parse_arguments(int argc, char **argv, const struct format *format) {
  struct options options = {.format = format, .repeat = 1};
  const char *positional[4] = {0}, *loop_name = NULL;
  int count = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--check") == 0) options.check = true;
    else if (strcmp(argv[i], "--repeat") == 0 && i + 1 < argc)
      options.repeat = (int)positive(argv[++i], 1000000);
    else if (strcmp(argv[i], "--loop") == 0 && i + 1 < argc) loop_name = argv[++i];
    else if (argv[i][0] != '-' && count < 4) positional[count++] = argv[i];
    else usage();
  }
  if (count == 0) usage();
  options.mode = positional[0];
  if (strcmp(options.mode, "memcpy") == 0 || strcmp(options.mode, "loops") == 0) {
    if (count != 1) usage();
    return options;
  }
  if (strcmp(options.mode, "stream") != 0 && strcmp(options.mode, "fresh") != 0) usage();
  if (count != 4) usage();
  options.file = positional[1];
  options.sensor.width = positive(positional[2], format->coordinate_limit);
  options.sensor.height = positive(positional[3], format->coordinate_limit);
  choose_loop(&options, loop_name);
  return options;
}

static void repeat_memcpy(const struct options *options) {
  char *from = allocate(MEMCPY_BYTES), *to = allocate(MEMCPY_BYTES);
  memset(from, 1, MEMCPY_BYTES);
  memset(to, 2, MEMCPY_BYTES);
  for (int i = 0; i < options->repeat; i++) {
    const struct result result = run_memcpy(from, to);
    print_result(options, &result);
  }
  free(from), free(to);
}

static void repeat_decoder(const struct options *options) {
  char *piece = allocate(PIECE_BYTES + options->format->word_bytes);
  struct columns reused = {0};
  resize_columns(&reused, slots_of_piece(options->format));
  for (int i = 0; i < options->repeat; i++) {
    const struct result result = run_decoder(options, piece, reused);
    print_result(options, &result);
  }
  free_columns(reused), free(piece);
}

static int run_baseline(int argc, char **argv, const struct format *format) {
  const struct options options = parse_arguments(argc, argv, format);
#ifdef __GLIBC__
  // Freed columns go back to the system, so that every run of `fresh` meets new pages.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
  if (options.loop) repeat_decoder(&options);
  else if (strcmp(options.mode, "memcpy") == 0) repeat_memcpy(&options);
  else print_loops(format);
  return 0;
}

#endif
