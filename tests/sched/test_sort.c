/* SPDX-License-Identifier: MIT */
/*
 * test_sort.c - the sorts: by a function, by a number, by an inlined
 * expression. What is right is told by qsort over indices, with ties decided by
 * the index, so that there is one right answer for each stable sort.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <strait/loop.h>
#include <strait/pool.h>
#include <strait/sort.h>
#include <strait/timer.h>
#include <unistd.h>

#include "child.h"
#include "places.h"
#include "rng.h"
#include "sanitizer.h"

struct point {
    float x;
    int y;
    short tag;
};

#define STRAIT_SORT_NAME sort_points
#define STRAIT_SORT_TYPE struct point
#define STRAIT_SORT_LESS(a, b) (*(int *)arg * (a)->y < *(int *)arg * (b)->y)
#include <strait/sort_define.h>

#define STRAIT_SORT_NAME sort_strings
#define STRAIT_SORT_TYPE const char *
#define STRAIT_SORT_LESS(a, b) (strcmp(*(a), *(b)) < 0)
#include <strait/sort_define.h>

static strait_lane_t *lane;
static struct rng rng;

/* Also in the middle of a test, with another number of workers. */
static void
begin(uint32_t n_workers)
{
    rng = rng_make(20, n_workers);
    lane = open_pool(n_workers);
}

static void
set_up(void)
{
    begin(4);
}

static void
tear_down(void)
{
    close_pool();
}

TestSuite(sort, .timeout = 120);

/* ------------------------------------------------------------- what to sort */

/* How a test sorts, and by what. */
struct subject {
    unsigned char *array; /* behind a guard, and before one */
    unsigned char *expected;
    unsigned char *block;
    size_t n, size_bytes;
    int sign; /* of the order */
    uint32_t flags;
    /* By keys: */
    size_t offset;
    uint32_t kind;
};

#define GUARD 64

enum {
    RANDOM,
    SORTED,
    REVERSED,
    EQUAL,
    FEW,
    ORGAN_PIPE,
    SAW,
    NEARLY,
    N_PATTERNS
};

static uint32_t
pattern_at(int pattern, size_t i, size_t n)
{
    switch (pattern) {
    case SORTED: return (uint32_t)i;
    case REVERSED: return (uint32_t)(n - i);
    case EQUAL: return 77;
    case FEW: return (uint32_t)rng_below(&rng, 5);
    case ORGAN_PIPE: return (uint32_t)(i < n - i ? i : n - i);
    case SAW: return (uint32_t)(i % 17);
    case NEARLY:
        return (uint32_t)(rng_below(&rng, 20) ? i : rng_below(&rng, 1000));
    default: return (uint32_t)rng_next(&rng);
    }
}

static void
subject_init(struct subject *subject, size_t n, size_t size_bytes)
{
    size_t bytes = n * size_bytes;

    memset(subject, 0, sizeof *subject);
    subject->n = n;
    subject->size_bytes = size_bytes;
    subject->sign = 1;
    subject->block = malloc(bytes + 2 * GUARD);
    subject->expected = malloc(bytes + 1);
    cr_assert(subject->block != NULL && subject->expected != NULL);
    memset(subject->block, 0xee, bytes + 2 * GUARD);
    subject->array = subject->block + GUARD;
}

static bool
guards_hold(const struct subject *subject)
{
    size_t bytes = subject->n * subject->size_bytes;
    size_t i;

    for (i = 0; i < GUARD; i++) {
        if (subject->block[i] != 0xee ||
            subject->block[GUARD + bytes + i] != 0xee)
            return false;
    }
    return true;
}

static void
subject_free(struct subject *subject)
{
    cr_assert(guards_hold(subject), "something outside was written");
    free(subject->block);
    free(subject->expected);
}

/* Random contents, with the number at the start, the low byte last. */
static void
fill(struct subject *subject, int pattern)
{
    size_t i, j;

    for (i = 0; i < subject->n; i++) {
        unsigned char *element = subject->array + i * subject->size_bytes;
        uint32_t number = pattern_at(pattern, i, subject->n);

        for (j = 0; j < subject->size_bytes; j++)
            element[j] = (unsigned char)rng_next(&rng);
        for (j = 0; j < 3 && j < subject->size_bytes; j++)
            element[j] = (unsigned char)(number >>
                (8 *
                    ((subject->size_bytes < 3 ? subject->size_bytes : 3) - 1 -
                        j)));
    }
}

/* By the first three bytes. */
static int
compare(const void *a, const void *b, void *arg)
{
    const struct subject *subject = arg;
    size_t n = subject->size_bytes < 3 ? subject->size_bytes : 3;

    return subject->sign * memcmp(a, b, n);
}

typedef int (*judge_fn)(
    const struct subject *subject, const void *a, const void *b);

static const struct subject *judged;
static judge_fn judge;

static int
judge_indices(const void *a, const void *b)
{
    size_t i = *(const size_t *)a;
    size_t j = *(const size_t *)b;
    int order = judge(judged, judged->array + i * judged->size_bytes,
        judged->array + j * judged->size_bytes);

    return order != 0 ? order : (i > j) - (i < j);
}

/* What a stable sort is to make of the array. */
static void
expect(struct subject *subject, judge_fn by)
{
    size_t *indices = malloc((subject->n + 1) * sizeof *indices);
    size_t i;

    for (i = 0; i < subject->n; i++)
        indices[i] = i;
    judged = subject;
    judge = by;
    if (subject->n != 0)
        qsort(indices, subject->n, sizeof *indices, judge_indices);
    for (i = 0; i < subject->n; i++)
        memcpy(subject->expected + i * subject->size_bytes,
            subject->array + indices[i] * subject->size_bytes,
            subject->size_bytes);
    free(indices);
}

static int
judge_compare(const struct subject *subject, const void *a, const void *b)
{
    size_t n = subject->size_bytes < 3 ? subject->size_bytes : 3;

    return subject->sign * memcmp(a, b, n);
}

static bool
is_as_expected(const struct subject *subject)
{
    return memcmp(subject->array, subject->expected,
               subject->n * subject->size_bytes) == 0;
}

static int
judge_bytes(const struct subject *subject, const void *a, const void *b)
{
    return memcmp(a, b, subject->size_bytes);
}

/* For sorts that are not stable: in order, and the same elements. */
static bool
is_sorted(struct subject *subject)
{
    unsigned char *wanted = subject->expected;
    unsigned char *got = malloc(subject->n * subject->size_bytes + 1);
    size_t i;
    bool same;

    for (i = 1; i < subject->n; i++) {
        if (compare(subject->array + (i - 1) * subject->size_bytes,
                subject->array + i * subject->size_bytes, subject) > 0) {
            free(got);
            return false;
        }
    }
    subject->expected = got;
    expect(subject, judge_bytes);
    memcpy(subject->array, wanted, subject->n * subject->size_bytes);
    subject->expected = wanted;
    expect(subject, judge_bytes);
    same = memcmp(got, wanted, subject->n * subject->size_bytes) == 0;
    free(got);
    return same;
}

/* ------------------------------------------------------------ by a function */

static int
sort_subject(strait_place_t where, void *arg)
{
    struct subject *subject = arg;

    return strait_parallel_sort(where, subject->array, subject->n,
        subject->size_bytes, compare, subject, subject->flags);
}

static void
check_sort(int place, size_t n, size_t size_bytes, int pattern, uint32_t flags)
{
    struct subject subject;

    subject_init(&subject, n, size_bytes);
    subject.flags = flags;
    if ((n + size_bytes) % 3 == 0)
        subject.sign = -1;
    fill(&subject, pattern);
    expect(&subject, judge_compare);
    check_err(call_at(place, sort_subject, &subject), 0);
    if (flags == STRAIT_SORT_STABLE)
        cr_assert(is_as_expected(&subject), "%zu of %zu bytes, pattern %d", n,
            size_bytes, pattern);
    else
        cr_assert(is_sorted(&subject), "%zu of %zu bytes, pattern %d, flags %u",
            n, size_bytes, pattern, flags);
    subject_free(&subject);
}

FIXTURE_TEST(sort, all_short_arrays)
{
    size_t n;
    int pattern;
    uint32_t flags;

    for (n = 0; n <= 300; n += n < 20 ? 1 : SANITIZER_SLOWDOWN) {
        for (pattern = 0; pattern < N_PATTERNS; pattern++) {
            for (flags = 0; flags <= STRAIT_SORT_IN_PLACE; flags++)
                check_sort(
                    ON_LANE, n, 1 + (n + pattern * 7) % 64, pattern, flags);
        }
    }
}

FIXTURE_TEST(sort, elements_of_all_sizes)
{
    size_t size_bytes;

    for (size_bytes = 1; size_bytes <= 64; size_bytes++) {
        check_sort(ON_LANE, 100, size_bytes, RANDOM, STRAIT_SORT_STABLE);
        check_sort(ON_LANE, 6000 / SANITIZER_SLOWDOWN, size_bytes, RANDOM,
            STRAIT_SORT_STABLE);
        check_sort(ON_LANE, 5000 / SANITIZER_SLOWDOWN, size_bytes, FEW, 0);
        check_sort(ON_LANE, 5000 / SANITIZER_SLOWDOWN, size_bytes, RANDOM,
            STRAIT_SORT_IN_PLACE);
    }
    check_sort(ON_LANE, 5000, 1000, RANDOM, STRAIT_SORT_STABLE);
}

FIXTURE_TEST(sort, long_arrays_in_all_places)
{
    static const size_t sizes[] = { 4, 8, 7, 40 };
    int place, pattern;
    size_t i;

    for (place = 0; place < N_PLACES; place++) {
        for (pattern = 0; pattern < N_PATTERNS; pattern++) {
            for (i = 0; i < 4; i++)
                check_sort(place, 40000 / SANITIZER_SLOWDOWN, sizes[i], pattern,
                    (uint32_t)(i + pattern) % 3);
        }
    }
    for (place = 0; place < N_PLACES; place++) {
        check_sort(place, 10, 4, RANDOM, STRAIT_SORT_STABLE);
        check_sort(place, 0, 4, RANDOM, STRAIT_SORT_STABLE);
    }
}

FIXTURE_TEST(sort, with_one_to_sixteen_workers)
{
    uint32_t n;

    for (n = 1; n <= 16; n += n < 4 ? 1 : 4) {
        close_pool();
        begin(n);
        check_sort(ON_LANE, 100000 / SANITIZER_SLOWDOWN, 8, RANDOM,
            STRAIT_SORT_STABLE);
        check_sort(
            ON_LANE, 100000 / SANITIZER_SLOWDOWN, 8, FEW, STRAIT_SORT_IN_PLACE);
        check_sort(ON_LANE, 50000 / SANITIZER_SLOWDOWN, 33, NEARLY,
            STRAIT_SORT_STABLE);
    }
}

static int
answer_anything(const void *a, const void *b, void *arg)
{
    (void)a, (void)b;
    switch (*(int *)arg) {
    case 0: return 1;
    case 1: return -1;
    case 2: return 0;
    default: return (int)(random() % 3) - 1;
    }
}

FIXTURE_TEST(sort, an_order_that_is_none_harms_nobody)
{
    struct subject subject;
    uint32_t flags;
    size_t n;
    int how;

    for (n = 1; n <= 20000; n = n < 40 ? n + 1 : n * 3) {
        for (how = 0; how < 4; how++) {
            for (flags = 0; flags <= STRAIT_SORT_IN_PLACE; flags++) {
                subject_init(&subject, n, n % 2 ? 4 : 5);
                fill(&subject, RANDOM);
                check_err(
                    strait_parallel_sort(strait_on_lane(lane), subject.array, n,
                        subject.size_bytes, answer_anything, &how, flags),
                    0);
                subject_free(&subject);
            }
        }
    }
}

/* An order that is made up as it is asked for, such that each cut is bad (M. D.
 * McIlroy, "A killer adversary for quicksort", 1999). */
struct adversary {
    int *values;
    int gas, n_solid, candidate;
    uint64_t n_asked;
};

static int
answer_badly(const void *a, const void *b, void *arg)
{
    struct adversary *adversary = arg;
    int x = *(const int *)a;
    int y = *(const int *)b;
    int *values = adversary->values;

    adversary->n_asked++;
    if (values[x] == adversary->gas && values[y] == adversary->gas) {
        if (x == adversary->candidate)
            values[x] = adversary->n_solid++;
        else
            values[y] = adversary->n_solid++;
    }
    if (values[x] == adversary->gas)
        adversary->candidate = x;
    else if (values[y] == adversary->gas)
        adversary->candidate = y;
    return (values[x] > values[y]) - (values[x] < values[y]);
}

FIXTURE_TEST(sort, in_place_has_no_worst_case)
{
    enum { N = 4000 };
    static int array[N], values[N];
    struct adversary adversary = { values, N, 3, 0, 0 };
    int i;

    for (i = 0; i < N; i++) {
        array[i] = i;
        values[i] = N;
    }
    /* Neither in order nor in reverse, or it would make that up. */
    values[0] = 1;
    values[1] = 0;
    values[2] = 2;
    check_err(strait_parallel_sort(strait_on_lane(lane), array, N, sizeof(int),
                  answer_badly, &adversary, STRAIT_SORT_IN_PLACE),
        0);
    for (i = 1; i < N; i++)
        cr_assert(values[array[i - 1]] <= values[array[i]]);
    /* n log2 n is 48,000; the square of n, 16 million. */
    cr_assert(adversary.n_asked < 500000, "%llu comparisons",
        (unsigned long long)adversary.n_asked);
}

struct counted {
    STRAIT_ATOMIC(uint64_t) n;
};

static int
compare_counted(const void *a, const void *b, void *arg)
{
    struct counted *counted = arg;
    int x = *(const int *)a;
    int y = *(const int *)b;

    strait_add_rlx(&counted->n, 1);
    return (x > y) - (x < y);
}

FIXTURE_TEST(sort, what_is_in_order_costs_n)
{
    enum { N = 50000 };
    static int array[N];
    struct counted counted;
    int how, i;

    for (how = 0; how < 2; how++) {
        for (i = 0; i < N; i++)
            array[i] = how ? N - i : i;
        strait_store_rlx(&counted.n, 0);
        check_err(
            strait_parallel_sort(strait_on_lane(lane), array, N, sizeof(int),
                compare_counted, &counted, STRAIT_SORT_STABLE),
            0);
        cr_assert(strait_load_rlx(&counted.n) <= N);
        for (i = 0; i < N; i++)
            check_int(array[i], how ? i + 1 : i);
    }
    for (i = 0; i < N; i++)
        array[i] = (int)rng_below(&rng, 1000000);
    strait_store_rlx(&counted.n, 0);
    check_err(strait_parallel_sort(strait_on_lane(lane), array, N, sizeof(int),
                  compare_counted, &counted, 0),
        0);
    /* log2 50,000 is 15.6. */
    cr_assert(strait_load_rlx(&counted.n) < 16 * N);
}

/* ---------------------------------------------------------------- by a type */

static void
check_points(size_t n, int sign)
{
    struct point *points = calloc(n + 1, sizeof *points);
    size_t i;

    for (i = 0; i < n; i++) {
        points[i].y = (int)rng_below(&rng, 100);
        points[i].x = (float)i;
    }
    check_err(sort_points(strait_on_lane(lane), points, n, &sign), 0);
    for (i = 1; i < n; i++)
        cr_assert(sign * points[i - 1].y < sign * points[i].y ||
            (points[i - 1].y == points[i].y && points[i - 1].x < points[i].x));
    free(points);
}

FIXTURE_TEST(sort, by_a_type)
{
    const char *names[] = { "Minch", "Skagerrak", "Menai", "Bass", "Cook",
        "Bab el-Mandeb", "Kerch", "Otranto", "Torres" };
    size_t n;

    for (n = 0; n <= 300; n++)
        check_points(n, n % 2 ? 1 : -1);
    check_points(100000 / SANITIZER_SLOWDOWN, 1);
    check_err(sort_strings(strait_on_lane(lane), names, 9, NULL), 0);
    check_str(names[0], "Bab el-Mandeb");
    check_str(names[4], "Menai");
    check_str(names[8], "Torres");
    check_err(sort_strings(strait_on_lane(lane), NULL, 9, NULL), -EINVAL);
    check_err(sort_strings(strait_on_lane(NULL), names, 9, NULL), -EINVAL);
}

/* -------------------------------------------------------------- by a number */

#define ORDER(x, y) (((x) > (y)) - ((x) < (y)))
#define LOADED(type, x, y, a, b)                                               \
    type x, y;                                                                 \
    memcpy(&x, (const char *)(a) + subject->offset, sizeof x);                 \
    memcpy(&y, (const char *)(b) + subject->offset, sizeof y)

static int
order_doubles(double x, double y)
{
    int order = ORDER(x, y);

    /* -0 before 0; NaN at the end that its sign says. */
    if (isnan(x) || isnan(y)) {
        int to_x = isnan(x) ? (signbit(x) ? -1 : 1) : 0;
        int to_y = isnan(y) ? (signbit(y) ? -1 : 1) : 0;

        return ORDER(to_x, to_y);
    }
    return order != 0 ? order : !!signbit(y) - !!signbit(x);
}

static int
judge_keys(const struct subject *subject, const void *a, const void *b)
{
    int sign = subject->kind & STRAIT_KEY_DESCENDING ? -1 : 1;

    switch (subject->kind & ~(uint32_t)STRAIT_KEY_DESCENDING) {
    case STRAIT_KEY_U32: {
        LOADED(uint32_t, x, y, a, b);
        return sign * ORDER(x, y);
    }
    case STRAIT_KEY_I32: {
        LOADED(int32_t, x, y, a, b);
        return sign * ORDER(x, y);
    }
    case STRAIT_KEY_F32: {
        LOADED(float, x, y, a, b);
        return sign * order_doubles((double)x, (double)y);
    }
    case STRAIT_KEY_U64: {
        LOADED(uint64_t, x, y, a, b);
        return sign * ORDER(x, y);
    }
    case STRAIT_KEY_I64: {
        LOADED(int64_t, x, y, a, b);
        return sign * ORDER(x, y);
    }
    default: {
        LOADED(double, x, y, a, b);
        return sign * order_doubles(x, y);
    }
    }
}

static bool
is_wide(uint32_t kind)
{
    return (kind & 15) >= STRAIT_KEY_U64;
}

/* Keys of a pattern: all kinds of their bits at work. */
static void
put_keys(struct subject *subject, int pattern)
{
    size_t i;

    fill(subject, RANDOM);
    for (i = 0; i < subject->n; i++) {
        unsigned char *at = subject->array + i * subject->size_bytes +
            subject->offset;
        uint64_t bits = pattern_at(pattern, i, subject->n);
        uint32_t kind = subject->kind & 15;

        if (pattern == RANDOM)
            bits = rng_next(&rng);
        if (kind == STRAIT_KEY_F32) {
            static const float special[] = { 0, -0.0f, 1e-45f, -1e-45f,
                INFINITY, -INFINITY, 1.5f, -1.5f };
            float x = pattern == RANDOM ? ((float)(int32_t)bits) * 1e-3f
                : pattern == FEW        ? special[bits % 8]
                                        : (float)bits - 50;

            memcpy(at, &x, sizeof x);
        } else if (kind == STRAIT_KEY_F64) {
            static const double special[] = { 0, -0.0, 5e-324, -5e-324,
                (double)INFINITY, -(double)INFINITY, 1.5, -1.5 };
            double x = pattern == RANDOM ? (double)(int64_t)bits * 1e-3
                : pattern == FEW         ? special[bits % 8]
                                         : (double)bits - 50;

            memcpy(at, &x, sizeof x);
        } else {
            if (pattern == SAW)
                bits <<= is_wide(kind) ? 50 : 20;
            if (pattern == NEARLY)
                bits -= 500;
            memcpy(at, &bits, is_wide(kind) ? 8 : 4);
        }
    }
}

static int
sort_by_keys(strait_place_t where, void *arg)
{
    struct subject *subject = arg;

    return strait_parallel_sort_keys(where, subject->array, subject->n,
        subject->size_bytes, subject->offset, subject->kind);
}

static void
check_keys(int place, size_t n, size_t size_bytes, size_t offset, uint32_t kind,
    int pattern)
{
    struct subject subject;

    subject_init(&subject, n, size_bytes);
    subject.offset = offset;
    subject.kind = kind;
    put_keys(&subject, pattern);
    expect(&subject, judge_keys);
    check_err(call_at(place, sort_by_keys, &subject), 0);
    cr_assert(is_as_expected(&subject),
        "%zu of %zu bytes, key at %zu of kind %u, pattern %d", n, size_bytes,
        offset, kind, pattern);
    subject_free(&subject);
}

/* Elements that are keys alone, and others. */
static const size_t sizes_narrow[] = { 4, 8, 16, 5, 12, 36 };
static const size_t sizes_wide[] = { 8, 16, 24, 9, 13, 40 };

FIXTURE_TEST(sort, short_arrays_by_keys_of_all_kinds)
{
    uint32_t kind;
    size_t n;

    for (n = 0; n <= 300; n += n < 20 ? 1 : SANITIZER_SLOWDOWN) {
        for (kind = 0; kind < 12; kind++) {
            uint32_t real = kind % 6 | (kind < 6 ? 0 : STRAIT_KEY_DESCENDING);
            size_t size_bytes = is_wide(real) ? sizes_wide[n % 6]
                                              : sizes_narrow[n % 6];
            size_t left = size_bytes - (is_wide(real) ? 8 : 4);

            check_keys(ON_LANE, n, size_bytes, n % (left + 1), real,
                (int)((n + kind) % N_PATTERNS));
        }
    }
}

FIXTURE_TEST(sort, long_arrays_by_keys_of_all_kinds)
{
    static const size_t sizes[] = { 1000, 5000 / SANITIZER_SLOWDOWN, 40000,
        100000 / SANITIZER_SLOWDOWN };
    uint32_t kind;
    size_t i, j;
    int pattern;

    for (i = 0; i < 4; i++) {
        for (kind = 0; kind < 12; kind++) {
            for (pattern = 0; pattern < N_PATTERNS; pattern++) {
                uint32_t real = kind % 6 |
                    (kind < 6 ? 0 : STRAIT_KEY_DESCENDING);
                size_t size_bytes, left;

                j = (i + kind + (size_t)pattern) % 6;
                /* The longest are tried once each. */
                if (sizes[i] >= 40000 && pattern != (int)kind % N_PATTERNS)
                    continue;
                size_bytes = is_wide(real) ? sizes_wide[j] : sizes_narrow[j];
                left = size_bytes - (is_wide(real) ? 8 : 4);
                check_keys(ON_LANE, sizes[i], size_bytes, j % (left + 1), real,
                    pattern);
            }
        }
    }
}

/* Long enough for a cut in blocks. */
#define LONG (SANITIZER_SLOWDOWN > 1 ? 70000 : 200000)

FIXTURE_TEST(sort, by_keys_in_all_places)
{
    int place;
    uint32_t n;

    for (place = 0; place < N_PLACES; place++) {
        check_keys(place, 10, 4, 0, STRAIT_KEY_I32, RANDOM);
        check_keys(place, 0, 4, 0, STRAIT_KEY_I32, RANDOM);
        check_keys(place, 70000, 4, 0, STRAIT_KEY_I32, RANDOM);
        check_keys(place, LONG, 8, 0, STRAIT_KEY_F64, RANDOM);
        check_keys(place, LONG, 16, 8, STRAIT_KEY_U64, RANDOM);
        check_keys(place, 70000, 20, 3, STRAIT_KEY_I64, FEW);
    }
    for (n = 1; n <= 16; n += n < 4 ? 1 : 4) {
        close_pool();
        begin(n);
        check_keys(ON_LANE, LONG, 4, 0, STRAIT_KEY_U32, RANDOM);
        check_keys(ON_LANE, LONG, 8, 0, STRAIT_KEY_U64, NEARLY);
    }
}

/* Nearly all in one part, which must be cut in its turn. */
FIXTURE_TEST(sort, by_keys_that_lie_together)
{
    enum { N = 300000 };
    uint64_t *keys = malloc(N * sizeof *keys);
    uint64_t sum = 0;
    uint64_t sum_after = 0;
    int i;

    for (i = 0; i < N; i++) {
        keys[i] = i % 1000 ? rng_next(&rng) >> 20 : rng_next(&rng);
        sum += keys[i] * 3;
    }
    check_err(strait_parallel_sort_keys(strait_on_lane(lane), keys, N,
                  sizeof *keys, 0, STRAIT_KEY_U64),
        0);
    for (i = 0; i < N; i++) {
        sum_after += keys[i] * 3;
        cr_assert(i == 0 || keys[i - 1] <= keys[i]);
    }
    cr_assert(sum == sum_after);
    free(keys);
}

FIXTURE_TEST(sort, nan_goes_to_an_end)
{
    double keys[] = { 1, (double)NAN, -1, -(double)NAN, (double)INFINITY, 0,
        -(double)INFINITY };

    /* The compiler may fold the sign away. */
    keys[1] = copysign((double)NAN, 1);
    keys[3] = copysign((double)NAN, -1);
    check_err(strait_parallel_sort_keys(strait_on_lane(lane), keys, 7,
                  sizeof *keys, 0, STRAIT_KEY_F64),
        0);
    cr_assert(isnan(keys[0]) && isnan(keys[6]));
    cr_assert(keys[1] < -2 && keys[2] < 0 && keys[3] == 0 && keys[4] == 1 &&
        keys[5] > 2);
}

FIXTURE_TEST(sort, keys_that_are_not_aligned)
{
    struct subject subject;

    subject_init(&subject, 1000, 8);
    subject.array++;
    subject.n = 999;
    subject.kind = STRAIT_KEY_I64;
    put_keys(&subject, RANDOM);
    expect(&subject, judge_keys);
    check_err(call_at(ON_LANE, sort_by_keys, &subject), 0);
    cr_assert(is_as_expected(&subject));
    subject.kind = STRAIT_KEY_U32 | STRAIT_KEY_DESCENDING;
    subject.offset = 3;
    put_keys(&subject, RANDOM);
    expect(&subject, judge_keys);
    check_err(call_at(ON_LANE, sort_by_keys, &subject), 0);
    cr_assert(is_as_expected(&subject));
    free(subject.block);
    free(subject.expected);
}

/* ------------------------------------------------------- beside a shutdown */

struct late {
    int (*sort)(strait_place_t where, void *arg);
    struct subject *subject;
    pthread_t thread;
    int answer;
};

static void *
cancel_pool(void *arg)
{
    struct late *late = arg;

    late->answer = strait_pool_shutdown(
        pool, STRAIT_SHUTDOWN_CANCEL, UINT64_MAX, NULL);
    return NULL;
}

static int
sort_late(strait_place_t where, void *arg)
{
    struct late *late = arg;

    if (pthread_create(&late->thread, NULL, cancel_pool, late) != 0)
        abort();
    while (strait_pool_close(pool) != -EALREADY)
        usleep(100);
    /* Closed it is; until it cancels, too. */
    usleep(20000);
    return late->sort(where, late->subject);
}

/* What has begun in a task runs to its end, and loses nothing. */
static void
check_late(int (*sort)(strait_place_t where, void *arg), judge_fn by,
    size_t size_bytes)
{
    struct subject subject;
    struct late late = { .sort = sort, .subject = &subject, .answer = 1 };

    subject_init(&subject, 60000, size_bytes);
    subject.flags = STRAIT_SORT_STABLE;
    subject.kind = STRAIT_KEY_U64;
    fill(&subject, RANDOM);
    expect(&subject, by);
    check_err(call_at(IN_TASK, sort_late, &late), 0);
    check_int(pthread_join(late.thread, NULL), 0);
    check_err(late.answer, 0);
    cr_assert(is_as_expected(&subject));
    subject_free(&subject);
}

FIXTURE_TEST(sort, ends_although_its_pool_is_cancelled)
{
    check_late(sort_subject, judge_compare, 40);
}

FIXTURE_TEST(sort, by_keys_ends_although_its_pool_is_cancelled)
{
    check_late(sort_by_keys, judge_keys, 8);
}

FIXTURE_TEST(sort, of_records_by_keys_ends_although_its_pool_is_cancelled)
{
    check_late(sort_by_keys, judge_keys, 40);
}

/* ------------------------------------------------------------ bad arguments */

static int
call_badly(strait_place_t where, void *arg)
{
    int array[4] = { 4, 3, 2, 1 };

    check_err(
        strait_parallel_sort(where, NULL, 4, 4, compare, arg, 0), -EINVAL);
    check_err(
        strait_parallel_sort(where, array, 4, 0, compare, arg, 0), -EINVAL);
    check_err(strait_parallel_sort(where, array, 4, 4, NULL, arg, 0), -EINVAL);
    check_err(
        strait_parallel_sort(where, array, 4, 4, compare, arg, 3), -EINVAL);
    check_err(
        strait_parallel_sort(where, array, SIZE_MAX / 4, 4, compare, arg, 0),
        -EINVAL);
    check_err(strait_parallel_sort_keys(where, NULL, 4, 4, 0, 0), -EINVAL);
    check_err(strait_parallel_sort_keys(where, array, 4, 0, 0, 0), -EINVAL);
    check_err(strait_parallel_sort_keys(where, array, 4, 3, 0, 0), -EINVAL);
    check_err(strait_parallel_sort_keys(where, array, 4, 4, 1, 0), -EINVAL);
    check_err(strait_parallel_sort_keys(where, array, 2, 8, 1, STRAIT_KEY_U64),
        -EINVAL);
    check_err(
        strait_parallel_sort_keys(where, array, 4, 4, SIZE_MAX, 0), -EINVAL);
    check_err(strait_parallel_sort_keys(where, array, 4, 4, 0, 6), -EINVAL);
    check_err(strait_parallel_sort_keys(where, array, 4, 4, 0, 32), -EINVAL);
    check_int(array[0], 4);
    return -EINVAL;
}

FIXTURE_TEST(sort, bad_arguments_are_named)
{
    strait_parallel_t job;
    struct subject subject;
    strait_lane_t *file = strait_pool_built_in(pool, STRAIT_POOL_FILE);
    size_t n;

    check_err(call_badly(strait_on_lane(lane), NULL), -EINVAL);
    check_err(call_badly(strait_as_job(&job, NULL, NULL), NULL), -EINVAL);
    check_ptr(strait_parallel_work(&job), NULL);
    for (n = 10; n <= 100000; n *= 10) {
        subject_init(&subject, n, 4);
        fill(&subject, SORTED);
        check_err(sort_subject(strait_in_task(NULL), &subject), -EINVAL);
        check_err(sort_subject(strait_on_lane(NULL), &subject), -EINVAL);
        check_err(sort_subject(strait_on_lane(file), &subject), -EINVAL);
        check_err(
            sort_subject(strait_as_job(NULL, NULL, NULL), &subject), -EINVAL);
        check_err(sort_by_keys(strait_in_task(NULL), &subject), -EINVAL);
        check_err(sort_by_keys(strait_on_lane(file), &subject), -EINVAL);
        subject_free(&subject);
    }
}

struct in_loop {
    struct subject *subject;
    int answers[2];
};

static void
on_timer(strait_timer_t *timer, void *arg)
{
    struct in_loop *in_loop = arg;

    (void)timer;
    in_loop->answers[0] = sort_subject(strait_on_lane(lane), in_loop->subject);
    in_loop->answers[1] = sort_by_keys(strait_on_lane(lane), in_loop->subject);
}

FIXTURE_TEST(sort, a_running_loop_must_not_wait)
{
    struct subject subject;
    struct in_loop in_loop = { &subject, { 0 } };
    strait_timer_t timer;
    strait_loop_t *loop;
    size_t n;

    check_err(strait_loop_create(&loop, NULL), 0);
    for (n = 10; n <= 100000; n *= 100) {
        subject_init(&subject, n, 4);
        fill(&subject, RANDOM);
        strait_timer_init(&timer, on_timer, &in_loop);
        check_err(strait_timer_start(loop, &timer, 0, 0), 0);
        check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
        check_err(in_loop.answers[0], -EDEADLK);
        check_err(in_loop.answers[1], -EDEADLK);
        subject_free(&subject);
    }
    check_err(strait_loop_destroy(loop), 0);
}

static void
call_in_child(void *arg)
{
    int array[3] = { 3, 2, 1 };
    int *large = arg;

    child_check(strait_parallel_sort_keys(strait_on_lane(lane), array, 3,
                    sizeof(int), 0, STRAIT_KEY_I32) == -ECHILD);
    child_check(strait_parallel_sort_keys(strait_on_lane(lane), large, 100000,
                    sizeof(int), 0, STRAIT_KEY_I32) == -ECHILD);
    child_check(array[0] == 3);
}

FIXTURE_TEST(sort, in_the_child_of_a_fork)
{
    int *large = calloc(100000, sizeof *large);

    cr_assert(child_run(call_in_child, large) == NULL, "%s", child_complaint);
    free(large);
}

/* ----------------------------------------------------------- without memory */

static void
check_without(int place, size_t n, size_t size_bytes)
{
    struct subject subject;

    subject_init(&subject, n, size_bytes);
    fill(&subject, RANDOM);
    memcpy(subject.expected, subject.array, n * size_bytes);
    subject.flags = STRAIT_SORT_STABLE;
    blocks.fail_at = 1;
    blocks.fail_on = true;
    check_err(call_at(place, sort_subject, &subject), -ENOMEM);
    cr_assert(is_as_expected(&subject));
    check_err(call_at(place, sort_by_keys, &subject), -ENOMEM);
    cr_assert(is_as_expected(&subject));
    subject.flags = 0;
    expect(&subject, judge_compare);
    check_err(call_at(place, sort_subject, &subject), 0);
    blocks.fail_at = 0;
    cr_assert(is_sorted(&subject));
    subject_free(&subject);
}

FIXTURE_TEST(sort, without_memory)
{
    int place;

    for (place = 0; place < N_PLACES; place++) {
        check_without(place, 3000, 4);
        check_without(place, 3000, 7);
        check_without(place, 3000, 16);
        check_without(place, 3000, 48);
        check_without(place, 100000 / SANITIZER_SLOWDOWN, 4);
        check_without(place, 50000, 9);
    }
    /* There is a buffer, but no counts for each block. */
    blocks.fail_on = false;
    blocks.fail_at = 2;
    check_keys(ON_LANE, LONG, 4, 0, STRAIT_KEY_U32, RANDOM);
    blocks.fail_at = 0;
}

FIXTURE_TEST(sort, small_arrays_need_no_memory)
{
    blocks.fail_at = 1;
    blocks.fail_on = true;
    check_sort(ON_LANE, 1000, 4, RANDOM, STRAIT_SORT_STABLE);
    check_sort(IN_TASK, 60, 48, RANDOM, STRAIT_SORT_STABLE);
    check_keys(ON_LANE, 1000, 4, 0, STRAIT_KEY_U32, RANDOM);
    check_keys(IN_TASK, 60, 20, 0, STRAIT_KEY_U32, RANDOM);
    blocks.fail_at = 0;
}

/* ------------------------------------------------ several, and within tasks */

#define ROWS 40
#define COLUMNS 20000

static void
sort_rows(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    int(*rows)[COLUMNS] = arg;

    for (; begin < end; begin++) {
        struct counted counted;
        int err;

        strait_store_rlx(&counted.n, 0);
        if (begin % 2)
            err = strait_parallel_sort(strait_in_task(frame), rows[begin],
                COLUMNS, sizeof(int), compare_counted, &counted,
                begin % 3 ? STRAIT_SORT_STABLE : STRAIT_SORT_IN_PLACE);
        else
            err = strait_parallel_sort_keys(strait_in_task(frame), rows[begin],
                COLUMNS, sizeof(int), 0, STRAIT_KEY_I32);
        if (err != 0)
            abort();
    }
}

FIXTURE_TEST(sort, within_tasks)
{
    static int rows[ROWS][COLUMNS];
    strait_range_t range = strait_range(0, ROWS);
    int i, j;

    for (i = 0; i < ROWS; i++) {
        for (j = 0; j < COLUMNS; j++)
            rows[i][j] = (int)rng_next(&rng);
    }
    range.grain = 1;
    check_err(
        strait_parallel_for(strait_on_lane(lane), range, sort_rows, rows), 0);
    for (i = 0; i < ROWS; i++) {
        for (j = 1; j < COLUMNS; j++)
            cr_assert(rows[i][j - 1] <= rows[i][j]);
    }
}

static void *
sort_from_outside(void *arg)
{
    uint32_t *n_right = arg;
    int i, j;

    for (i = 0; i < 20; i++) {
        enum { N = 10000 };
        static _Thread_local int array[N];
        struct counted counted;

        strait_store_rlx(&counted.n, 0);
        for (j = 0; j < N; j++)
            array[j] = (int)((unsigned)j * 2654435761u);
        if (strait_parallel_sort(strait_on_lane(lane), array, N, sizeof(int),
                compare_counted, &counted, STRAIT_SORT_STABLE) != 0)
            continue;
        for (j = 1; j < N && array[j - 1] <= array[j]; j++) {}
        *n_right += j == N;
    }
    return NULL;
}

FIXTURE_TEST(sort, from_several_threads)
{
    pthread_t threads[3];
    uint32_t n_right[3] = { 0 };
    int i;

    for (i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, sort_from_outside, &n_right[i]);
    for (i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        check_int(n_right[i], 20);
    }
}
