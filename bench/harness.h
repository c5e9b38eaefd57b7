/* SPDX-License-Identifier: MIT */
/*
 * harness.h - how a question is put to several systems.
 *
 * A question ("how fast do pointers go from n threads to one?") has cases (1,
 * 2, 4 producers) and systems that answer it: Strait and its rivals. All
 * systems of a question implement the same three functions. The harness runs
 * each (case, system) pair, a row, in a child process of its own, several
 * times, in rounds; in each round the order is drawn anew. It keeps the
 * numbers, checks that results were right, and prints.
 *
 * The structs are plain data so that a rival in C++ can fill them in.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_NOTE_MAX 160

/** Two buckets per power of two, from 1 ns to 18 minutes. */
#define BENCH_BUCKETS 80

/** What one run answers. All zero before the run. */
struct bench_result {
    uint64_t n_ops;   /**< operations done (bytes for BENCH_BYTES) */
    uint64_t ns;      /**< how long they took, by the wall */
    uint64_t n_bytes; /**< BENCH_SIZE: what n_ops items occupy */
    uint64_t p50_ns;  /**< BENCH_LATENCY: of single operations */
    uint64_t p90_ns;  /**< as above; 0 if unknown, like all below */
    uint64_t p99_ns;
    uint64_t p999_ns;
    uint64_t max_ns;
    uint32_t buckets[BENCH_BUCKETS]; /**< how many took how long */
    double figure;                   /**< BENCH_FIGURE: what is asked for */
    uint64_t cpu_ns; /**< CPU time of the run; the harness fills it in */
    bool verified;   /**< the outcome was looked at, and right */
    char note[BENCH_NOTE_MAX]; /**< what was wrong, or worth telling */
};

/** What is counted, and so how it is printed. */
enum bench_unit {
    BENCH_AS_QUESTION, /**< in a case: the question's unit */
    BENCH_RATE,        /**< operations per second */
    BENCH_LATENCY,     /**< the median time of one operation */
    BENCH_TIME,        /**< the mean time of one operation */
    BENCH_BYTES,       /**< bytes per second */
    BENCH_SIZE,        /**< bytes per item */
    BENCH_FIGURE       /**< a figure of its own, in the case's `figure_unit`;
                            neither compared nor ranked */
};

struct bench_system;

/** One variant of a question. What is not named is 0. */
struct bench_case {
    const char *name;  /**< as in `question/name/system` */
    const char *title; /**< one line for the table */
    /** How many operations a run does; if there is a target_ms, the trial does
     * so many, and the run as many more as fit, up to n_ops_max. */
    uint64_t n_ops;
    uint64_t n_ops_max; /**< 0: any number */
    unsigned target_ms; /**< how long a run should last; four times as long with
                             --long; 0: it does exactly n_ops */
    unsigned arg; /**< what differs between cases: producers, window, ... */
    unsigned n_consumers;
    unsigned batch;  /**< items per call; 0 and 1: calls for single items */
    bool is_alone;   /**< forms for a ring's only consumer may be used */
    bool shows_tail; /**< the table has percentiles and a histogram */
    bool is_extra;   /**< runs only with --long, or when --only names it */
    enum bench_unit unit;
    const char *figure_unit; /**< BENCH_FIGURE: behind the figure, with its
                                  blank if there is to be one */
    const void *detail;      /**< what else the question's driver must know */
    /** The systems that answer this case, the first being the one that the
     * others are compared with; NULL: those of the question. */
    const struct bench_system *const *systems;
    size_t n_systems;
};

/** What a system stands for. */
enum bench_kind {
    BENCH_RIVAL,
    BENCH_YARDSTICK /**< the same by hand, or a limit of the machine: shown and
                         compared, but nobody is ranked against it */
};

/** One answer to a question. */
struct bench_system {
    const char *name;
    /** NULL, or answers why it cannot run here and what to do about it, or
     * NULL if it can. */
    const char *(*absent)(void);
    /** Prepares for runs of a case, of at most n_ops (without target_ms) or
     * n_ops_max operations. @return 0 or a negative errno */
    int (*setup)(const struct bench_case *which, void **ret_state);
    /** Does n_ops operations and fills in the result. Called twice or more. */
    void (*run)(void *state, uint64_t n_ops, struct bench_result *result);
    void (*teardown)(void *state);
    enum bench_kind kind;
    /** NULL, or why it is known to stand still: it gets BENCH_STALL_S, unless
     * --limit or --long says that there is time. */
    const char *stalls;
};

#define BENCH_STALL_S 2.0

/** A system like most: a rival that is not known to stand still. */
#define BENCH_SYSTEM(name, absent, setup, run, teardown)                       \
    {                                                                          \
        name, absent, setup, run, teardown, BENCH_RIVAL, NULL                  \
    }

struct bench_question {
    const char *name;
    const char *asks; /**< one line */
    enum bench_unit unit;
    const struct bench_case *cases;
    size_t n_cases;
    /** The first is the one that all others are compared with. */
    const struct bench_system *const *systems;
    size_t n_systems;
    /** Called once, in the parent, before the first run: files and such. May be
     * NULL. @return 0, or a negative errno with the reason in `why` */
    int (*prepare)(bool long_form, char *why, size_t why_bytes);
    void (*cleanup)(void); /**< undoes prepare; NULL or called once */
};

#define BENCH_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ------------------------------------------------- rows and their numbers */

/** How a row stands. Only BENCH_ROW_GOOD enters ratios. */
enum bench_state {
    BENCH_ROW_GOOD,
    BENCH_ROW_ABSENT,     /**< the system is not here */
    BENCH_ROW_UNFINISHED, /**< a run took longer than the limit */
    BENCH_ROW_FAILED      /**< wrong result, crash, or set-up error */
};

struct bench_row {
    const struct bench_question *question;
    const struct bench_case *which;
    const struct bench_system *system;
    enum bench_state state;
    char why[BENCH_NOTE_MAX + 64];
    struct bench_result *results;
    size_t n_results;
    double cost_s; /**< wall time of the last run with its set-up */
    /* nanoseconds or bytes per operation, once there are results */
    double median;
    double min;
    double max;
};

struct bench_options {
    const char *only;      /**< extended regular expression, or NULL */
    const char *json_path; /**< NULL: none */
    unsigned n_runs;       /**< 0: as many as fit into `seconds` */
    double seconds;
    double limit_s; /**< of one run */
    bool has_limit; /**< it was asked for */
    uint64_t seed;
    bool long_form;
};

struct bench_plan {
    struct bench_row *rows; /**< in the order of the table */
    size_t n_rows;
    unsigned n_rounds; /**< done */
    uint64_t seed;
    double elapsed_s;
    double steal_percent; /**< CPU time that the host took away; -1 unknown */
    double load_at_start;
    bool interrupted;
};

/** All questions (questions.c). */
extern const struct bench_question *const bench_questions[];
extern const size_t bench_n_questions;

/**
 * Makes the rows that `only` selects.
 * @return 0 or a negative errno; -EINVAL: not a regular expression, told in why
 */
int bench_plan_make(struct bench_plan *plan,
    const struct bench_options *options, char *why, size_t why_bytes);

/** Runs the plan; results are in the rows. Runs whatever can be run. */
void bench_plan_run(
    struct bench_plan *plan, const struct bench_options *options);

void bench_plan_free(struct bench_plan *plan);

/** The row that `row` is compared with, or NULL if it is not in the plan. */
const struct bench_row *bench_row_reference(
    const struct bench_plan *plan, const struct bench_row *row);

/** The systems of a row's case, its reference first. */
const struct bench_system *const *bench_case_systems(
    const struct bench_question *question, const struct bench_case *which,
    size_t *ret_n);

/** Whether the others of the case are compared with this row. */
bool bench_row_is_reference(const struct bench_row *row);

enum bench_unit bench_row_unit(const struct bench_row *row);

/** What a run cost per operation, in the row's unit: nanoseconds or bytes; or
 * its figure. */
double bench_row_cost(
    const struct bench_row *row, const struct bench_result *result);

/** "question/case/system", into a buffer. @return the buffer */
const char *bench_row_name(
    const struct bench_row *row, char *buffer, size_t size_bytes);

/* ------------------------------------------------------------- measure.c */

/** Sorts the samples, and fills in what the result says of them. */
void bench_take_samples(
    struct bench_result *result, uint64_t *samples_ns, size_t n);

/** The bucket of a time, and where a bucket begins. */
unsigned bench_bucket_of(uint64_t ns);
uint64_t bench_bucket_start(unsigned bucket);

/** Bytes that the calling thread has got from malloc and not given back. */
uint64_t bench_heap_bytes(void);

/** NULL if bench_heap_bytes can tell, or why it cannot. */
const char *bench_heap_blind(void);

/** CPU time of all threads, and of the processes that were waited for. */
uint64_t bench_cpu_ns(void);

/** Bytes of memory that the process occupies, for what bypasses malloc. */
uint64_t bench_resident_bytes(void);

/* ------------------------------------------------------------- machine.c */

struct bench_machine {
    char cpu[128];
    char kernel[128];
    char host[128];
    char commit[64];
    char allocator[32];
    const char *compiler;
    const char *flags;
    const char *build_type;
    long n_cpus;
    unsigned n_usable;
    double load[3];
    double mhz;
};

void bench_machine_read(struct bench_machine *machine);

/** Ticks stolen by the host and all ticks, since boot. @return 0 or -errno */
int bench_machine_ticks(uint64_t *ret_stolen, uint64_t *ret_all);

/* -------------------------------------------------------------- report.c */

void bench_report_header(const struct bench_machine *machine,
    const struct bench_plan *plan, const struct bench_options *options);
void bench_report_table(const struct bench_plan *plan);

/** Prints what was skipped, and the verdict. @return the exit status */
int bench_report_verdict(const struct bench_plan *plan);

/** Progress on stderr if that is a terminal. left_s < 0: unknown. */
void bench_progress(size_t done, size_t of, const char *what, double left_s);
void bench_progress_end(void);

/* ---------------------------------------------------------------- json.c */

/** Writes what google-benchmark would. @return 0 or a negative errno */
int bench_json_write(const char *path, const struct bench_machine *machine,
    const struct bench_plan *plan);

#ifdef __cplusplus
}
#endif

#endif /* BENCH_HARNESS_H */
