/* SPDX-License-Identifier: MIT */
/*
 * count_lane_syscalls.c - system calls of an item on its way from a loop
 * through a lane and back, as strace sees them, for each order, while all three
 * sides are busy: none by the submitter, none by the worker, and on the loop,
 * which looks at the kernel now and then, less than one for 100 items. One call
 * that is planted on each side is seen.
 */
#define _GNU_SOURCE
#include <strait/loop.h>
#include <strait/pool.h>

#include "mailbox.h"
#include "trace.h"

#define N_ITEMS 10000
#define N_QUEUED 16384

struct item {
    strait_work_t work;
    int index;
};

static strait_loop_t *loop;
static struct item items[N_ITEMS];
static bool is_planted; /* a call that must be seen, on each side */
static sem_t has_run;

/* Marks what one thread does between the first item and the last. */
static void
mark_ends(const struct item *item)
{
    if (item->index == 0 || item->index + 1 == N_ITEMS)
        trace_mark();
    else if (is_planted && item->index == N_ITEMS / 2)
        getppid();
}

static void
run(strait_work_t *work, void *arg)
{
    const struct item *item = arg;

    (void)work;
    mark_ends(item);
    if (item->index + 1 == N_ITEMS)
        sem_post(&has_run);
}

static void
done(strait_work_t *work, int status, void *arg)
{
    (void)work;
    require(status == 0);
    mark_ends(arg);
}

/* Submits, then lets the worker run, then the loop call back: nobody waits for
 * anybody in between, so nobody has a reason to sleep or to wake. */
static int
play(const char *name)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_lane_config_t shape = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane;
    strait_pool_t *pool;
    strait_sink_t sink;
    struct gate gate;
    int i;

    config.n_workers = 1;
    shape.max_queued = N_QUEUED;
    if (strcmp(name, "submit") == 0) {
        shape.order = STRAIT_ORDER_SUBMIT;
        shape.window = N_QUEUED;
    } else if (strcmp(name, "serial") == 0) {
        shape.order = STRAIT_ORDER_SERIAL;
    }
    is_planted = strcmp(name, "planted") == 0;
    sem_init(&has_run, 0, 0);
    strait_sink_init(&sink, mailbox_ring_, &has_run);
    require(strait_loop_create(&loop, NULL) == 0);
    require(strait_pool_create(&pool, &config) == 0);
    require(strait_lane_create(&lane, pool, &shape) == 0);
    for (i = 0; i < N_ITEMS; i++) {
        items[i].index = i;
        strait_work_init(&items[i].work, run, done, &items[i]);
    }
    require(gate_close(&gate, strait_pool_lane(pool), &sink));
    /* The first of a sink may allocate for the order: before the mark. */
    require(strait_loop_submit(loop, lane, &items[0].work) == 0);
    trace_mark();
    for (i = 1; i < N_ITEMS; i++)
        require(strait_loop_submit(loop, lane, &items[i].work) == 0);
    if (is_planted)
        getppid();
    trace_mark();
    gate_open(&gate);
    require(wait_for(&has_run));
    require(strait_loop_run(loop, STRAIT_RUN_DEFAULT) == 0);
    require(strait_pool_destroy(pool) == 0);
    require(strait_loop_destroy(loop) == 0);
    return 0;
}

/* ------------------------------------------------------------- the trace */

enum { SUBMITTER, WORKER, LOOP, N_SIDES };

/* Between marks 1 and 2, 3 and 4, 5 and 6, what the thread did that set
 * them. */
static void
look(const char *line, unsigned n_marks, bool of_marker, void *arg)
{
    unsigned *n_calls = arg;

    if (of_marker && n_marks % 2 == 1 && n_marks / 2 < N_SIDES &&
        strstr(line, "resumed>") == NULL)
        n_calls[n_marks / 2]++;
}

static void
count_order(const char *self, const char *order, unsigned n_planted)
{
    unsigned n_calls[N_SIDES] = { 0 };

    require_count(
        trace_scenario(self, order, "all", look, n_calls), 2 * N_SIDES);
    printf("%-7s %d items: %u calls by the submitter, %u by the worker, %u on "
           "the loop\n",
        order, N_ITEMS, n_calls[SUBMITTER], n_calls[WORKER], n_calls[LOOP]);
    require_count(n_calls[SUBMITTER], n_planted);
    require_count(n_calls[WORKER], n_planted);
    require(n_calls[LOOP] < N_ITEMS / 100);
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--scenario") == 0)
        return play(argv[2]);
    trace_check();
    count_order(argv[0], "none", 0);
    count_order(argv[0], "submit", 0);
    count_order(argv[0], "serial", 0);
    count_order(argv[0], "planted", 1);
    return 0;
}
