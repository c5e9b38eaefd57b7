/* SPDX-License-Identifier: MIT */
/*
 * criterion.h - a stand-in for Criterion that runs all tests in one process,
 * found instead of it by builds that put its folder in front. For builds where
 * Criterion's trampoline, a process per test, cannot work: ThreadSanitizer,
 * user-mode emulation.
 *
 * It knows the subset that the tests keep to:
 *
 *     Test(suite, name, .init = f, .fini = f, .timeout = seconds)
 *     TestSuite(suite, .init = f, .fini = f, .timeout = seconds)
 *     cr_assert(condition), cr_assert(condition, format, ...), cr_expect(same)
 *     cr_assert_eq, _neq, _lt, _leq, _gt, _geq, _null, _not_null, _str_eq
 *     cr_skip_test(format, ...)
 *
 * Tests register themselves through constructors, in the order of the file. A
 * failed cr_assert leaves the test by longjmp; a failed cr_expect marks it. A
 * monitor thread ends the program when a test exceeds its time. All that is
 * global is weak, so that several files of one program may include this.
 *
 * Prints one line per failure and Criterion's closing line to stderr; exits
 * with 0 only if every selected test passed and there was at least one.
 */
#ifndef STRAIT_TESTS_STANDIN_CRITERION_H
#define STRAIT_TESTS_STANDIN_CRITERION_H

#include <dirent.h>
#include <fnmatch.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>

#include "sanitizer.h"

struct unit_test {
    /* What Test() may set, under Criterion's names. */
    void (*init)(void);
    void (*fini)(void);
    double timeout;
    const char *description;
    bool disabled;
    /* Set by the macros; why_skipped_ by --skip. */
    const char *why_skipped_;
    int unused_;
    const char *suite_;
    const char *name_;
    void (*run_)(void);
    struct unit_test *next_;
};

struct unit_state {
    struct unit_test *first; /* tests, in order */
    struct unit_test *last;
    struct unit_test *suites; /* TestSuite() entries, newest first */
    pthread_t runner;         /* the thread that may assert */
    unsigned n_threads;       /* before the first test */
    jmp_buf leave;            /* out of the test that runs */
    bool failed;              /* the test that runs */
    bool skipped;
    pthread_mutex_t lock; /* guards the three below */
    struct unit_test *current;
    double allowed_s;
    time_t started;
};

__attribute__((weak)) struct unit_state unit_state = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

static inline void
unit_register_test(struct unit_test *test)
{
    if (unit_state.last != NULL)
        unit_state.last->next_ = test;
    else
        unit_state.first = test;
    unit_state.last = test;
}

static inline void
unit_register_suite(struct unit_test *suite)
{
    suite->next_ = unit_state.suites;
    unit_state.suites = suite;
}

/* Says what went wrong and, if `leave`, does not come back. */
__attribute__((format(printf, 4, 5))) static inline void
unit_fail(const char *file, int line, bool leave, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "[----] %s:%d: Assertion Failed\n[----]   ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    if (!pthread_equal(pthread_self(), unit_state.runner)) {
        fprintf(stderr, "[----]   (outside the thread of the test)\n");
        abort();
    }
    unit_state.failed = true;
    if (leave)
        longjmp(unit_state.leave, 1);
}

#define UNIT_EXPAND_(x) x
#define UNIT_CONCAT_(a, b, c) a##_##b##_##c

/* `.unused_ = 0` keeps the variadic part from being empty. */
#define Test(...) UNIT_EXPAND_(UNIT_TEST_(__VA_ARGS__, .unused_ = 0))
#define UNIT_TEST_(suite, name, ...)                                           \
    static void UNIT_CONCAT_(suite, name, impl)(void);                         \
    static struct unit_test UNIT_CONCAT_(suite, name, meta) = {                \
        .suite_ = #suite,                                                      \
        .name_ = #name,                                                        \
        .run_ = UNIT_CONCAT_(suite, name, impl),                               \
        __VA_ARGS__,                                                           \
    };                                                                         \
    __attribute__((constructor)) static void UNIT_CONCAT_(                     \
        suite, name, register)(void)                                           \
    {                                                                          \
        unit_register_test(&UNIT_CONCAT_(suite, name, meta));                  \
    }                                                                          \
    static void UNIT_CONCAT_(suite, name, impl)(void)

#define TestSuite(...) UNIT_EXPAND_(UNIT_SUITE_(__VA_ARGS__, .unused_ = 0))
#define UNIT_SUITE_(suite, ...)                                                \
    static struct unit_test UNIT_CONCAT_(suite, suite, meta) = {               \
        .suite_ = #suite,                                                      \
        __VA_ARGS__,                                                           \
    };                                                                         \
    __attribute__((constructor)) static void UNIT_CONCAT_(                     \
        suite, suite, register)(void)                                          \
    {                                                                          \
        unit_register_suite(&UNIT_CONCAT_(suite, suite, meta));                \
    }                                                                          \
    struct unit_test

/* The message is the caller's, or else the condition itself. */
#define UNIT_CHECK_(leave, condition, text, ...)                               \
    do {                                                                       \
        if (!(condition))                                                      \
            unit_fail(__FILE__, __LINE__, leave, __VA_ARGS__);                 \
    } while (0)
#define UNIT_PICK_(a1, a2, a3, a4, a5, a6, a7, a8, a9, pick, ...) pick
#define UNIT_ASSERT_(leave, ...)                                               \
    UNIT_EXPAND_(UNIT_PICK_(__VA_ARGS__, UNIT_MESSAGE_, UNIT_MESSAGE_,         \
        UNIT_MESSAGE_, UNIT_MESSAGE_, UNIT_MESSAGE_, UNIT_MESSAGE_,            \
        UNIT_MESSAGE_, UNIT_MESSAGE_, UNIT_PLAIN_, 0)(leave, __VA_ARGS__))
#define UNIT_PLAIN_(leave, condition)                                          \
    UNIT_CHECK_(leave, condition, 0, "The expression %s is false.", #condition)
#define UNIT_MESSAGE_(leave, condition, ...)                                   \
    UNIT_CHECK_(leave, condition, 0, __VA_ARGS__)

#define cr_assert(...) UNIT_ASSERT_(true, __VA_ARGS__)
#define cr_expect(...) UNIT_ASSERT_(false, __VA_ARGS__)

/* Comparisons take no message here; the check_ macros print values. */
#define cr_assert_eq(a, b) cr_assert((a) == (b), "%s == %s is false", #a, #b)
#define cr_assert_neq(a, b) cr_assert((a) != (b), "%s != %s is false", #a, #b)
#define cr_assert_lt(a, b) cr_assert((a) < (b), "%s < %s is false", #a, #b)
#define cr_assert_leq(a, b) cr_assert((a) <= (b), "%s <= %s is false", #a, #b)
#define cr_assert_gt(a, b) cr_assert((a) > (b), "%s > %s is false", #a, #b)
#define cr_assert_geq(a, b) cr_assert((a) >= (b), "%s >= %s is false", #a, #b)
#define cr_assert_null(a) cr_assert((a) == NULL, "%s is not NULL", #a)
#define cr_assert_not_null(a) cr_assert((a) != NULL, "%s is NULL", #a)
#define cr_assert_str_eq(a, b)                                                 \
    cr_assert(strcmp((a), (b)) == 0, "\"%s\" and \"%s\" differ", (a), (b))

#define cr_skip_test(...)                                                      \
    do {                                                                       \
        fprintf(stderr, "[SKIP] %s::%s: ", unit_state.current->suite_,         \
            unit_state.current->name_);                                        \
        fprintf(stderr, __VA_ARGS__);                                          \
        fputc('\n', stderr);                                                   \
        unit_state.skipped = true;                                             \
        longjmp(unit_state.leave, 1);                                          \
    } while (0)

static inline void *
unit_monitor(void *arg)
{
    (void)arg;
    for (;;) {
        struct timespec pause = { 0, 200 * 1000 * 1000 };
        struct unit_test *test;
        double used;

        /* C11's, which needs no feature macro in the test. */
        thrd_sleep(&pause, NULL);
        pthread_mutex_lock(&unit_state.lock);
        test = unit_state.current;
        used = difftime(time(NULL), unit_state.started);
        if (test != NULL && used > unit_state.allowed_s) {
            fprintf(stderr, "[TIME] %s/%s has not ended after %.0f s\n",
                test->suite_, test->name_, used);
            abort();
        }
        pthread_mutex_unlock(&unit_state.lock);
    }
    return NULL;
}

static inline const struct unit_test *
unit_suite_of(const struct unit_test *test)
{
    const struct unit_test *suite;

    for (suite = unit_state.suites; suite != NULL; suite = suite->next_) {
        if (strcmp(suite->suite_, test->suite_) == 0)
            return suite;
    }
    return NULL;
}

static inline void
unit_set_current(struct unit_test *test, double allowed_s)
{
    pthread_mutex_lock(&unit_state.lock);
    unit_state.current = test;
    unit_state.allowed_s = allowed_s * SANITIZER_SLOWDOWN;
    unit_state.started = time(NULL);
    pthread_mutex_unlock(&unit_state.lock);
}

/* How many threads this process has; 0 if the kernel does not say. */
static inline unsigned
unit_count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    unsigned n = 0;

    if (tasks == NULL)
        return 0;
    while ((entry = readdir(tasks)) != NULL)
        n += entry->d_name[0] != '.';
    closedir(tasks);
    return n;
}

/*
 * A thread that was joined is counted by the kernel for a moment longer, under
 * emulation for milliseconds. Waits for it, lest the next test counts it.
 */
static inline void
unit_settle(void)
{
    int patience;

    for (patience = 0;
         patience < 100 && unit_count_threads() > unit_state.n_threads;
         patience++) {
        struct timespec pause = { 0, 1000000 };

        thrd_sleep(&pause, NULL);
    }
}

static inline void
unit_call(void (*function)(void))
{
    if (function != NULL && setjmp(unit_state.leave) == 0)
        function();
}

/* True if the test passed. */
static inline bool
unit_run(struct unit_test *test)
{
    const struct unit_test *suite = unit_suite_of(test);
    double allowed_s = test->timeout > 0      ? test->timeout
        : suite != NULL && suite->timeout > 0 ? suite->timeout
                                              : 30;

    if (test->why_skipped_ != NULL) {
        fprintf(stderr, "[SKIP] %s::%s: %s\n", test->suite_, test->name_,
            test->why_skipped_);
        return true;
    }
    unit_state.failed = false;
    unit_state.skipped = false;
    unit_set_current(test, allowed_s);
    if (suite != NULL)
        unit_call(suite->init);
    unit_call(test->init);
    if (!unit_state.failed && !unit_state.skipped)
        unit_call(test->run_);
    unit_call(test->fini);
    if (suite != NULL)
        unit_call(suite->fini);
    unit_set_current(NULL, 0);
    unit_settle();
    if (unit_state.failed)
        fprintf(stderr, "[FAIL] %s::%s\n", test->suite_, test->name_);
    return !unit_state.failed;
}

/* The argument of --skip, "suite/name=reason"; false if there is no such
 * test. */
static inline bool
unit_skip(const char *what)
{
    const char *reason = strchr(what, '=');
    struct unit_test *test;

    if (reason == NULL || reason[1] == '\0')
        return false;
    for (test = unit_state.first; test != NULL; test = test->next_) {
        char full[256];
        int n = snprintf(
            full, sizeof full, "%s/%s=", test->suite_, test->name_);

        if (strncmp(what, full, (size_t)n) == 0) {
            test->why_skipped_ = reason + 1;
            return true;
        }
    }
    return false;
}

static inline int
unit_usage(const char *program, int status)
{
    fprintf(status == 0 ? stdout : stderr,
        "usage: %s [--filter SUITE/NAME] [--list] [--skip WHAT=WHY]\n"
        "       [--verbose] [--help]\n"
        "Runs the unit tests of this program, all in one process.\n"
        "  --filter PATTERN  only tests whose suite/name matches (* ? [])\n"
        "  --list            print the names and run nothing\n"
        "  --skip SUITE/NAME=REASON  not that one; it must exist\n"
        "  --verbose         name each test before it runs\n"
        "Other options of Criterion are accepted and ignored.\n",
        program);
    return status;
}

static inline int
unit_main(int argc, char **argv)
{
    const char *filter = "*";
    bool list = false;
    bool verbose = false;
    unsigned n_run = 0;
    unsigned n_failed = 0;
    struct unit_test *test;
    pthread_t monitor;
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return unit_usage(argv[0], 0);
        if (strcmp(argv[i], "--list") == 0 || strcmp(argv[i], "-l") == 0)
            list = true;
        else if (strncmp(argv[i], "--verbose", 9) == 0)
            verbose = true;
        else if (strncmp(argv[i], "--skip=", 7) == 0) {
            if (!unit_skip(argv[i] + 7)) {
                fprintf(stderr, "%s: no such test, or no reason: %s\n", argv[0],
                    argv[i]);
                return 2;
            }
        } else if (strncmp(argv[i], "--filter=", 9) == 0)
            filter = argv[i] + 9;
        else if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc)
            filter = argv[++i];
        else if (argv[i][0] != '-')
            return unit_usage(argv[0], 2);
    }
    unit_state.runner = pthread_self();
    if (!list && pthread_create(&monitor, NULL, unit_monitor, NULL) != 0) {
        fprintf(stderr, "%s: cannot start the monitor thread\n", argv[0]);
        return 2;
    }
    unit_state.n_threads = unit_count_threads();
    for (test = unit_state.first; test != NULL; test = test->next_) {
        char full[256];

        snprintf(full, sizeof full, "%s/%s", test->suite_, test->name_);
        if (test->disabled || fnmatch(filter, full, 0) != 0)
            continue;
        n_run++;
        if (list) {
            puts(full);
            continue;
        }
        if (verbose)
            fprintf(stderr, "[RUN ] %s::%s\n", test->suite_, test->name_);
        if (!unit_run(test))
            n_failed++;
    }
    if (list)
        return 0;
    fprintf(stderr,
        "[====] Synthesis: Tested: %u | Passing: %u | Failing: %u | "
        "Crashing: 0 \n",
        n_run, n_run - n_failed, n_failed);
    if (n_run == 0)
        fprintf(stderr, "%s: no test matches \"%s\"\n", argv[0], filter);
    return n_failed != 0 || n_run == 0;
}

int main(int argc, char **argv) __attribute__((weak));

int
main(int argc, char **argv)
{
    return unit_main(argc, argv);
}

#endif /* STRAIT_TESTS_STANDIN_CRITERION_H */
