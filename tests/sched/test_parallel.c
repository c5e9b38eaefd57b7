/* SPDX-License-Identifier: MIT */
/*
 * test_parallel.c - for, map and reduce over ranges: in a task, from a thread
 * that waits, and as a job that ends on a loop.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <strait/clock.h>
#include <strait/loop.h>
#include <strait/parallel.h>
#include <strait/pool.h>
#include <strait/timer.h>
#include <unistd.h>

#include "places.h"
#include "sanitizer.h"

static strait_lane_t *lane;

static void
set_up(void)
{
    lane = open_pool(4);
}

static void
tear_down(void)
{
    close_pool();
}

TestSuite(parallel, .timeout = 120);

static void
nap(unsigned us)
{
    usleep(us);
}

static uint64_t
stolen(void)
{
    strait_fork_stats_t stats = STRAIT_FORK_STATS_INIT;

    check_err(strait_fork_stats(pool, -1, &stats), 0);
    return stats.n_stolen;
}

/* ------------------------------------------------------------------ a range */

/* Who has run what. Each iteration writes its own byte only. */
struct marks {
    strait_range_t range;
    size_t n;
    unsigned char *marks;
    STRAIT_ATOMIC(uint32_t) n_chunks;
    STRAIT_ATOMIC(uint32_t) n_empty;
    STRAIT_ATOMIC(uint32_t) largest;
    unsigned nap_us;
    size_t nap_from; /* iterations before it are short */
};

static void
mark(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    struct marks *marks = arg;
    uint32_t n = (uint32_t)(end - begin);
    uint32_t largest = strait_load_rlx(&marks->largest);
    size_t i;

    (void)frame;
    strait_add_rlx(&marks->n_chunks, 1);
    if (begin >= end)
        strait_add_rlx(&marks->n_empty, 1);
    while (largest < n && !strait_cas_rlx(&marks->largest, &largest, n)) {}
    for (i = begin; i < end; i++) {
        marks->marks[i]++;
        if (marks->nap_us != 0 && i >= marks->nap_from)
            nap(marks->nap_us);
    }
}

static int
mark_all(strait_place_t where, void *arg)
{
    struct marks *marks = arg;

    return strait_parallel_for(where, marks->range, mark, marks);
}

static void
marks_init(struct marks *marks, size_t begin, size_t end)
{
    memset(marks, 0, sizeof *marks);
    marks->range = strait_range(begin, end);
    marks->n = end + 10;
    marks->marks = calloc(marks->n, 1);
    cr_assert(marks->marks != NULL);
}

/* How many iterations did not run as often as they should. */
static size_t
marks_wrong(const struct marks *marks)
{
    size_t n_wrong = 0;
    size_t i;

    for (i = 0; i < marks->n; i++)
        n_wrong += marks->marks[i] !=
            (i >= marks->range.begin && i < marks->range.end);
    return n_wrong;
}

static void
check_for(int place, size_t begin, size_t end, size_t grain, uint32_t schedule)
{
    struct marks marks;

    marks_init(&marks, begin, end);
    marks.range.grain = grain;
    marks.range.schedule = schedule;
    check_err(call_at(place, mark_all, &marks), 0);
    check_int(marks_wrong(&marks), 0);
    check_int(strait_load_rlx(&marks.n_empty), 0);
    if (grain != 0)
        cr_assert(strait_load_rlx(&marks.largest) <= grain);
    free(marks.marks);
}

FIXTURE_TEST(parallel, each_iteration_runs_once)
{
    static const size_t sizes[] = { 0, 1, 2, 3, 7, 16, 17, 100, 1000, 40000 };
    static const size_t grains[] = { 0, 1, 3, 64, 1000000 };
    size_t i, j;
    int place;
    uint32_t schedule;

    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (j = 0; j < sizeof grains / sizeof *grains; j++) {
            for (place = 0; place < N_PLACES; place++) {
                for (schedule = 0; schedule < 2; schedule++)
                    check_for(place, i, i + sizes[i], grains[j], schedule);
            }
        }
    }
}

FIXTURE_TEST(parallel, with_one_to_sixteen_workers)
{
    uint32_t n;

    for (n = 1; n <= 16; n += n < 4 ? 1 : 4) {
        close_pool();
        lane = open_pool(n);
        check_for(ON_LANE, 5, 30000, 0, STRAIT_SCHEDULE_DEMAND);
        check_for(ON_LANE, 5, 30000, 10, STRAIT_SCHEDULE_DEMAND);
        check_for(ON_LANE, 5, 30000, 0, STRAIT_SCHEDULE_STATIC);
        check_for(ON_LANE, 0, n + 1, 0, STRAIT_SCHEDULE_STATIC);
        check_for(ON_LANE, 0, n / 2, 0, STRAIT_SCHEDULE_STATIC);
    }
}

FIXTURE_TEST(parallel, idle_workers_get_a_part)
{
    struct marks marks;
    uint64_t n_before;
    int i;

    for (i = 0; i < 3; i++) {
        marks_init(&marks, 0, 200);
        marks.nap_us = 200;
        if (i == 1)
            marks.range.schedule = STRAIT_SCHEDULE_STATIC;
        if (i == 2)
            marks.range.grain = 5;
        n_before = stolen();
        check_err(call_at(ON_LANE, mark_all, &marks), 0);
        check_int(marks_wrong(&marks), 0);
        cr_assert(stolen() - n_before >= 3, "%d: only %d stolen", i,
            (int)(stolen() - n_before));
        free(marks.marks);
    }
}

/* A thief must come, or this would wait for ever. */
static STRAIT_ATOMIC(uint32_t) n_together;

static void
wait_for_another(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    (void)frame, (void)end, (void)arg;
    if (begin == 0)
        return;
    strait_add_acq_rel(&n_together, 1);
    while (strait_load_acquire(&n_together) < 2)
        nap(50);
}

FIXTURE_TEST(parallel, two_run_at_once)
{
    strait_range_t range = strait_range(0, 1000);

    strait_store_rlx(&n_together, 0);
    range.grain = 1;
    nap(20000); /* so that the others sleep */
    check_err(strait_parallel_for(
                  strait_on_lane(lane), range, wait_for_another, NULL),
        0);
}

FIXTURE_TEST(parallel, a_long_iteration_is_a_chunk_of_its_own)
{
    struct marks marks;

    marks_init(&marks, 0, 100);
    marks.nap_us = 100;
    check_err(call_at(ON_LANE, mark_all, &marks), 0);
    check_int(strait_load_rlx(&marks.largest), 1);
    free(marks.marks);
}

FIXTURE_TEST(parallel, short_iterations_make_long_chunks)
{
    struct marks marks;

    marks_init(&marks, 0, 1000000);
    check_err(call_at(ON_LANE, mark_all, &marks), 0);
    check_int(marks_wrong(&marks), 0);
    cr_assert(strait_load_rlx(&marks.n_chunks) < 100000, "%u chunks",
        strait_load_rlx(&marks.n_chunks));
    free(marks.marks);
}

FIXTURE_TEST(parallel, chunks_become_short_where_iterations_become_long)
{
    struct marks marks;

    close_pool();
    lane = open_pool(1);
    marks_init(&marks, 0, 7000);
    marks.nap_from = 5000;
    marks.nap_us = 20;
    check_err(call_at(ON_LANE, mark_all, &marks), 0);
    check_int(marks_wrong(&marks), 0);
    cr_assert(strait_load_rlx(&marks.n_chunks) > 250, "%u chunks",
        strait_load_rlx(&marks.n_chunks));
    free(marks.marks);
}

/* How many of the long iterations each worker has run; its own to write. */
static unsigned n_long[4];

static void
nap_at_the_end(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    (void)frame, (void)arg;
    for (; begin < end; begin++) {
        if (begin >= 1800) {
            nap(1000);
            n_long[strait_worker_index()]++;
        }
    }
}

FIXTURE_TEST(parallel, long_iterations_at_the_end_are_shared)
{
    unsigned n_all = 0;
    int i;

    memset(n_long, 0, sizeof n_long);
    check_err(strait_parallel_for(strait_on_lane(lane), strait_range(0, 2000),
                  nap_at_the_end, NULL),
        0);
    for (i = 0; i < 4; i++) {
        cr_assert(n_long[i] <= 150, "%u of 200 by one", n_long[i]);
        n_all += n_long[i];
    }
    check_int(n_all, 200);
}

FIXTURE_TEST(parallel, nobody_idle_nothing_spawned)
{
    strait_fork_stats_t stats = STRAIT_FORK_STATS_INIT;
    struct marks marks;

    close_pool();
    lane = open_pool(1);
    marks_init(&marks, 0, 100000);
    marks.range.grain = 10;
    check_err(call_at(ON_LANE, mark_all, &marks), 0);
    check_int(marks_wrong(&marks), 0);
    check_err(strait_fork_stats(pool, -1, &stats), 0);
    check_int(stats.n_spawned, 0);
    check_int(strait_load_rlx(&marks.n_chunks), 10000);
    free(marks.marks);
}

/* ------------------------------------------------------------ bad arguments */

static void
reduce_identity(void *result, void *arg)
{
    (void)arg;
    *(uint64_t *)result = 0;
}

static void
reduce_fold(
    strait_frame_t *frame, void *result, size_t begin, size_t end, void *arg)
{
    (void)frame, (void)arg;
    for (; begin < end; begin++)
        *(uint64_t *)result += begin;
}

static void
reduce_join(void *left, void *right, void *arg)
{
    (void)arg;
    *(uint64_t *)left += *(uint64_t *)right;
}

static const strait_reduction_t sum = { sizeof(uint64_t), reduce_identity,
    reduce_fold, reduce_join };

static void
map_byte(void *out, const void *in, void *arg)
{
    (void)arg;
    *(char *)out = *(const char *)in;
}

static int
call_badly(strait_place_t where, void *arg)
{
    strait_range_t range = strait_range(0, 4);
    strait_reduction_t how = sum;
    char bytes[8] = { 0 };
    uint64_t result = 77;

    (void)arg;
    check_err(strait_parallel_for(where, range, NULL, NULL), -EINVAL);
    check_err(
        strait_parallel_map(where, range, NULL, 1, bytes, 1, map_byte, NULL),
        -EINVAL);
    check_err(
        strait_parallel_map(where, range, bytes, 1, NULL, 1, map_byte, NULL),
        -EINVAL);
    check_err(
        strait_parallel_map(where, range, bytes, 0, bytes, 1, map_byte, NULL),
        -EINVAL);
    check_err(
        strait_parallel_map(where, range, bytes, 1, bytes, 0, map_byte, NULL),
        -EINVAL);
    check_err(strait_parallel_map(where, range, bytes, 1, bytes, 1, NULL, NULL),
        -EINVAL);
    check_err(
        strait_parallel_reduce(where, range, NULL, &result, NULL), -EINVAL);
    check_err(strait_parallel_reduce(where, range, &sum, NULL, NULL), -EINVAL);
    how.size_bytes = 0;
    check_err(
        strait_parallel_reduce(where, range, &how, &result, NULL), -EINVAL);
    how = sum;
    how.join = NULL;
    check_err(
        strait_parallel_reduce(where, range, &how, &result, NULL), -EINVAL);
    range.begin = 5;
    check_err(
        strait_parallel_reduce(where, range, &sum, &result, NULL), -EINVAL);
    check_err(strait_parallel_for(where, range, mark, NULL), -EINVAL);
    range = strait_range(0, 4);
    range.schedule = 2;
    check_err(strait_parallel_for(where, range, mark, NULL), -EINVAL);
    range = strait_range(0, 4);
    range.reserved = 1;
    check_err(
        strait_parallel_map(where, range, bytes, 1, bytes, 1, map_byte, NULL),
        -EINVAL);
    check_int(result, 77);
    return -EINVAL;
}

FIXTURE_TEST(parallel, bad_arguments_are_named)
{
    strait_parallel_t job;
    strait_stop_t stop;
    struct marks marks;

    check_err(call_badly(strait_on_lane(lane), NULL), -EINVAL);
    check_err(call_badly(strait_as_job(&job, NULL, NULL), NULL), -EINVAL);
    check_ptr(strait_parallel_work(&job), NULL);
    check_ptr(strait_parallel_work(NULL), NULL);
    strait_stop_init(&stop);
    cr_assert(!strait_stop_asked(&stop) && !strait_stop_asked(NULL));
    strait_stop_ask(NULL);
    marks_init(&marks, 0, 4);
    check_err(mark_all(strait_in_task(NULL), &marks), -EINVAL);
    check_err(mark_all(strait_on_lane(NULL), &marks), -EINVAL);
    check_err(mark_all(strait_as_job(NULL, NULL, NULL), &marks), -EINVAL);
    check_err(
        mark_all(strait_on_lane(strait_pool_built_in(pool, STRAIT_POOL_FILE)),
            &marks),
        -EINVAL);
    check_int(strait_load_rlx(&marks.n_chunks), 0);
    free(marks.marks);
}

FIXTURE_TEST(parallel, a_pool_that_is_closed)
{
    struct marks marks;

    marks_init(&marks, 0, 4);
    check_err(strait_pool_close(pool), 0);
    check_err(mark_all(strait_on_lane(lane), &marks), -ESHUTDOWN);
    free(marks.marks);
}

static int answer_in_loop;

static void
on_timer(strait_timer_t *timer, void *arg)
{
    (void)timer;
    answer_in_loop = mark_all(strait_on_lane(lane), arg);
}

FIXTURE_TEST(parallel, a_running_loop_must_not_wait)
{
    strait_timer_t timer;
    strait_loop_t *loop;
    struct marks marks;

    marks_init(&marks, 0, 4);
    check_err(strait_loop_create(&loop, NULL), 0);
    strait_timer_init(&timer, on_timer, &marks);
    check_err(strait_timer_start(loop, &timer, 0, 0), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_err(answer_in_loop, -EDEADLK);
    check_int(strait_load_rlx(&marks.n_chunks), 0);
    check_err(strait_loop_destroy(loop), 0);
    free(marks.marks);
}

/* --------------------------------------------------------------------- map */

struct mapping {
    strait_range_t range;
    uint64_t *out;
    uint16_t *in;
};

static void
square(void *out, const void *in, void *arg)
{
    uint64_t x = *(const uint16_t *)in;

    *(uint64_t *)out = x * x + *(int *)arg;
}

static int three = 3;

static int
square_all(strait_place_t where, void *arg)
{
    struct mapping *mapping = arg;

    return strait_parallel_map(where, mapping->range, mapping->out,
        sizeof *mapping->out, mapping->in, sizeof *mapping->in, square, &three);
}

FIXTURE_TEST(parallel, map_from_one_array_to_another)
{
    size_t n = 50000;
    struct mapping mapping = { strait_range(7, n - 7), NULL, NULL };
    int place;
    size_t i;

    mapping.out = malloc(n * sizeof *mapping.out);
    mapping.in = malloc(n * sizeof *mapping.in);
    for (place = 0; place < N_PLACES; place++) {
        size_t n_wrong = 0;

        for (i = 0; i < n; i++) {
            mapping.in[i] = (uint16_t)(i * 7919);
            mapping.out[i] = 1;
        }
        check_err(call_at(place, square_all, &mapping), 0);
        for (i = 0; i < n; i++) {
            uint64_t x = mapping.in[i];

            n_wrong += mapping.out[i] != (i < 7 || i >= n - 7 ? 1 : x * x + 3);
        }
        check_int(n_wrong, 0);
    }
    free(mapping.out);
    free(mapping.in);
}

static void
negate(void *out, const void *in, void *arg)
{
    (void)arg;
    *(int *)out = -*(const int *)in;
}

FIXTURE_TEST(parallel, map_in_place)
{
    static int numbers[5000];
    int i;

    for (i = 0; i < 5000; i++)
        numbers[i] = i;
    check_err(
        strait_parallel_map(strait_on_lane(lane), strait_range(0, 5000),
            numbers, sizeof *numbers, numbers, sizeof *numbers, negate, NULL),
        0);
    for (i = 0; i < 5000; i++)
        check_int(numbers[i], -i);
}

/* ------------------------------------------------------------------- reduce */

/* A stretch of the range, that is what was folded into it without a gap, and
 * its length, as a sum. */
struct stretch {
    size_t begin, end;
    uint64_t n;
    bool broken;
    char padding[8];
};

struct stretches {
    strait_range_t range;
    strait_reduction_t how;
    size_t size_bytes;
    unsigned nap_us;
    STRAIT_ATOMIC(uint32_t) n_made;
    STRAIT_ATOMIC(uint32_t) n_joined;
    _Alignas(8) unsigned char result[2000];
};

static void
stretch_identity(void *result, void *arg)
{
    struct stretches *stretches = arg;

    memset(result, 0, stretches->how.size_bytes);
    strait_add_rlx(&stretches->n_made, 1);
}

static void
stretch_add(struct stretch *left, size_t begin, size_t end)
{
    if (left->begin == left->end) {
        left->begin = begin;
    } else if (left->end != begin) {
        left->broken = true;
    }
    left->end = end;
}

static void
stretch_fold(
    strait_frame_t *frame, void *result, size_t begin, size_t end, void *arg)
{
    struct stretches *stretches = arg;
    struct stretch *stretch = result;

    (void)frame;
    stretch_add(stretch, begin, end);
    stretch->n += end - begin;
    /* All of a large result is ours to write. */
    ((unsigned char *)result)[stretches->how.size_bytes - 1] = 9;
    if (stretches->nap_us != 0)
        nap(stretches->nap_us);
}

static void
stretch_join(void *left, void *right, void *arg)
{
    struct stretches *stretches = arg;
    struct stretch *a = left;
    struct stretch *b = right;

    strait_add_rlx(&stretches->n_joined, 1);
    if (b->begin == b->end)
        return;
    stretch_add(a, b->begin, b->end);
    a->n += b->n;
    a->broken |= b->broken;
}

static int
reduce_all(strait_place_t where, void *arg)
{
    struct stretches *stretches = arg;

    return strait_parallel_reduce(
        where, stretches->range, &stretches->how, stretches->result, stretches);
}

static void
stretches_init(struct stretches *stretches, size_t n, size_t size_bytes)
{
    memset(stretches, 0, sizeof *stretches);
    stretches->range = strait_range(3, 3 + n);
    stretches->how.size_bytes = size_bytes;
    stretches->how.identity = stretch_identity;
    stretches->how.fold = stretch_fold;
    stretches->how.join = stretch_join;
}

static void
check_reduced(struct stretches *stretches)
{
    struct stretch stretch;

    memcpy(&stretch, stretches->result, sizeof stretch);
    cr_assert(!stretch.broken, "joined out of order");
    check_int(stretch.n, stretches->range.end - stretches->range.begin);
    if (stretch.n != 0) {
        check_int(stretch.begin, stretches->range.begin);
        check_int(stretch.end, stretches->range.end);
    }
    check_int(strait_load_rlx(&stretches->n_made),
        strait_load_rlx(&stretches->n_joined) + 1);
}

FIXTURE_TEST(parallel, reduce_keeps_the_order)
{
    static const size_t sizes[] = { 0, 1, 2, 9, 100, 5000 };
    static struct stretches stretches;
    size_t i;
    int place, how;

    for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (place = 0; place < N_PLACES; place++) {
            for (how = 0; how < 4; how++) {
                stretches_init(&stretches, sizes[i],
                    how & 1 ? 1000 : sizeof(struct stretch));
                stretches.range.schedule = how / 2;
                check_err(call_at(place, reduce_all, &stretches), 0);
                check_reduced(&stretches);
            }
        }
    }
}

FIXTURE_TEST(parallel, reduce_with_many_thieves)
{
    static struct stretches stretches;
    int how;

    for (how = 0; how < 4; how++) {
        stretches_init(
            &stretches, 300, how & 1 ? 1000 : sizeof(struct stretch));
        stretches.range.grain = 1;
        stretches.range.schedule = how / 2;
        stretches.nap_us = 100;
        check_err(call_at(ON_LANE, reduce_all, &stretches), 0);
        check_reduced(&stretches);
        cr_assert(strait_load_rlx(&stretches.n_joined) >= 3, "%u joined",
            strait_load_rlx(&stretches.n_joined));
    }
}

FIXTURE_TEST(parallel, reduce_without_memory_is_not_split)
{
    static struct stretches stretches;

    stretches_init(&stretches, 100, 257);
    stretches.range.grain = 1;
    stretches.nap_us = 100;
    /* The deques are there, so that nothing else is allocated. */
    check_err(call_at(ON_LANE, reduce_all, &stretches), 0);
    check_reduced(&stretches);
    stretches_init(&stretches, 100, 257);
    stretches.range.grain = 1;
    stretches.nap_us = 100;
    blocks.fail_at = 1;
    blocks.fail_on = true;
    check_err(call_at(ON_LANE, reduce_all, &stretches), 0);
    blocks.fail_at = 0;
    check_reduced(&stretches);
    check_int(strait_load_rlx(&stretches.n_joined), 0);
}

/* -------------------------------------------------------------------- stop */

struct search {
    strait_range_t range;
    strait_stop_t stop;
    size_t wanted;
    STRAIT_ATOMIC(uint32_t) n_run;
    STRAIT_ATOMIC(uint32_t) found;
};

static void
look(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    struct search *search = arg;

    (void)frame;
    strait_add_rlx(&search->n_run, (uint32_t)(end - begin));
    for (; begin < end; begin++) {
        nap(20);
        if (begin == search->wanted) {
            strait_store_rlx(&search->found, 1);
            strait_stop_ask(&search->stop);
        }
    }
}

static int
search_all(strait_place_t where, void *arg)
{
    struct search *search = arg;

    return strait_parallel_for(where, search->range, look, search);
}

FIXTURE_TEST(parallel, a_body_may_ask_to_stop)
{
    struct search search;
    int i;

    for (i = 0; i < 3 * N_PLACES; i++) {
        memset(&search, 0, sizeof search);
        strait_stop_init(&search.stop);
        search.wanted = 50;
        search.range = strait_range(0, 100000);
        search.range.grain = i % 3;
        search.range.schedule = i % 2;
        search.range.stop = &search.stop;
        check_err(call_at(i / 3, search_all, &search), -ECANCELED);
        check_int(strait_load_rlx(&search.found), 1);
        cr_assert(strait_load_rlx(&search.n_run) < 99000);
    }
    /* It stays so. */
    strait_store_rlx(&search.n_run, 0);
    check_err(call_at(ON_LANE, search_all, &search), -ECANCELED);
    check_int(strait_load_rlx(&search.n_run), 0);
    /* Where nothing is left out, nothing was stopped. */
    search.range = strait_range(0, 0);
    search.range.stop = &search.stop;
    check_err(call_at(ON_LANE, search_all, &search), 0);
}

static strait_work_t *cancelled_item;
static int cancel_answer;

static void
cancel_on_timer(strait_timer_t *timer, void *arg)
{
    struct search *search = arg;

    (void)timer;
    while (strait_load_rlx(&search->n_run) == 0)
        nap(50);
    cancel_answer = strait_work_cancel(cancelled_item);
}

FIXTURE_TEST(parallel, a_job_is_cancelled_while_it_runs)
{
    struct search search;
    strait_parallel_t job;
    strait_timer_t timer;
    strait_loop_t *loop;
    int status = 1;

    memset(&search, 0, sizeof search);
    search.wanted = SIZE_MAX;
    search.range = strait_range(0, 10000000);
    check_err(strait_loop_create(&loop, NULL), 0);
    check_err(search_all(strait_as_job(&job, call_done, &status), &search), 0);
    cancelled_item = strait_parallel_work(&job);
    check_err(strait_loop_submit(loop, lane, cancelled_item), 0);
    strait_timer_init(&timer, cancel_on_timer, &search);
    check_err(strait_timer_start(loop, &timer, 0, 0), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_err(cancel_answer, -EALREADY);
    check_err(status, -ECANCELED);
    cr_assert(strait_load_rlx(&search.n_run) < 9000000);
    /* And submitted again. */
    search.range = strait_range(0, 10);
    check_err(search_all(strait_as_job(&job, call_done, &status), &search), 0);
    check_err(strait_loop_submit(loop, lane, strait_parallel_work(&job)), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_err(status, 0);
    check_err(strait_loop_submit(loop, lane, strait_parallel_work(&job)), 0);
    check_int(strait_loop_run(loop, STRAIT_RUN_DEFAULT), 0);
    check_err(status, 0);
    check_err(strait_loop_destroy(loop), 0);
}

struct shutdown {
    struct search search;
    int answer;
};

static void *
shut_down(void *arg)
{
    struct shutdown *shutdown = arg;

    while (strait_load_rlx(&shutdown->search.n_run) == 0)
        nap(50);
    shutdown->answer = strait_pool_shutdown(
        pool, STRAIT_SHUTDOWN_CANCEL, UINT64_MAX, NULL);
    return NULL;
}

/* Ends before everything is done only where the caller learns of it; in a task
 * it goes on. */
static void
check_shutdown(int place, size_t n, int answer)
{
    struct shutdown shutdown;
    pthread_t thread;

    memset(&shutdown, 0, sizeof shutdown);
    shutdown.search.wanted = SIZE_MAX;
    shutdown.search.range = strait_range(0, n);
    check_int(pthread_create(&thread, NULL, shut_down, &shutdown), 0);
    check_err(call_at(place, search_all, &shutdown.search), answer);
    check_int(pthread_join(thread, NULL), 0);
    check_err(shutdown.answer, 0);
    cr_assert((strait_load_rlx(&shutdown.search.n_run) == n) == (answer == 0));
}

FIXTURE_TEST(parallel, a_shutdown_with_cancel_stops_the_loop_of_who_waits)
{
    check_shutdown(ON_LANE, 10000000, -ECANCELED);
}

FIXTURE_TEST(parallel, a_shutdown_with_cancel_stops_a_job)
{
    check_shutdown(AS_JOB, 10000000, -ECANCELED);
}

FIXTURE_TEST(parallel, a_shutdown_with_cancel_leaves_the_loops_of_tasks)
{
    check_shutdown(IN_TASK, 2000, 0);
}

/* ------------------------------------------------------------------ nested */

struct grid {
    size_t n;
    unsigned char *cells;
};

struct row {
    struct grid *grid;
    size_t y;
};

static void
fill_row(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    struct row *row = arg;

    (void)frame;
    for (; begin < end; begin++)
        row->grid->cells[row->y * row->grid->n + begin]++;
}

static void
fill_rows(strait_frame_t *frame, size_t begin, size_t end, void *arg)
{
    struct row row = { arg, 0 };

    for (row.y = begin; row.y < end; row.y++) {
        strait_range_t range = strait_range(0, row.grid->n);

        range.grain = row.y % 3 * 10;
        range.schedule = row.y % 2;
        if (strait_parallel_for(strait_in_task(frame), range, fill_row, &row))
            abort();
    }
}

FIXTURE_TEST(parallel, within_one_another)
{
    struct grid grid = { 300, NULL };
    size_t n_wrong = 0;
    size_t i;
    int round;

    grid.cells = calloc(grid.n, grid.n);
    for (round = 1; round <= 5; round++) {
        strait_range_t range = strait_range(0, grid.n);

        range.grain = round % 2;
        check_err(
            strait_parallel_for(strait_on_lane(lane), range, fill_rows, &grid),
            0);
        for (i = 0; i < grid.n * grid.n; i++)
            n_wrong += grid.cells[i] != round;
        check_int(n_wrong, 0);
    }
    free(grid.cells);
}

/* ---------------------------------------------------------- several at once */

static void *
sum_from_outside(void *arg)
{
    uint64_t *n_right = arg;
    int i;

    for (i = 0; i < 200 / SANITIZER_SLOWDOWN; i++) {
        uint64_t result;

        if (strait_parallel_reduce(strait_on_lane(lane), strait_range(0, 3000),
                &sum, &result, NULL) == 0 &&
            result == UINT64_C(3000) * 2999 / 2)
            ++*n_right;
    }
    return NULL;
}

FIXTURE_TEST(parallel, from_several_threads)
{
    pthread_t threads[3];
    uint64_t n_right[3] = { 0 };
    int i;

    for (i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, sum_from_outside, &n_right[i]);
    for (i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        check_int(n_right[i], 200 / SANITIZER_SLOWDOWN);
    }
}
