/* SPDX-License-Identifier: MIT */
/*
 * lanes.c - one pool, four lanes: what is urgent goes before what is not, a
 * journal without a lock, a slow read that holds up nobody and ends when its
 * time is over, and work that is taken back.
 */
#include <semaphore.h>
#include <stdio.h>
#include <strait/strait.h>
#include <threads.h>

struct job {
    strait_work_t work;
    const char *name;
};

static strait_loop_t *loop;
static strait_pool_t *pool;
static sem_t all_submitted;
static int n_lines; /* of the journal: only its lane touches it */

static void /* keeps the only worker until the others are queued */
hold(strait_work_t *work, void *arg)
{
    (void)work, (void)arg;
    sem_wait(&all_submitted);
}

static void
compute(strait_work_t *work, void *arg)
{
    (void)work, (void)arg;
}

static void /* one at a time, and each sees what the one before has written */
write_journal(strait_work_t *work, void *arg)
{
    (void)work, (void)arg;
    n_lines++;
}

static void /* on a thread that CPU work does not need */
read_slowly(strait_work_t *work, void *arg)
{
    (void)arg;
    while (!strait_work_cancelled(work))
        thrd_sleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void /* on the loop */
finished(strait_work_t *work, int status, void *arg)
{
    (void)work;
    printf("%s: %s\n", ((struct job *)arg)->name, strait_error_name(status));
}

static strait_lane_t *
make_lane(const char *name, uint32_t priority, uint32_t order, uint32_t kind)
{
    strait_lane_config_t config = STRAIT_LANE_CONFIG_INIT;
    strait_lane_t *lane = NULL;

    config.name = name;
    config.priority = priority;
    config.order = order;
    config.lane_class = kind;
    return strait_lane_create(&lane, pool, &config) == 0 ? lane : NULL;
}

static void
submit(
    strait_lane_t *lane, struct job *job, const char *name, strait_work_fn run)
{
    job->name = name;
    strait_work_init(&job->work, run, finished, job);
    if (strait_loop_submit(loop, lane, &job->work) != 0) /* NULL lane, full */
        printf("%s: refused\n", name);
}

int
main(void)
{
    strait_pool_config_t config = STRAIT_POOL_CONFIG_INIT;
    strait_lane_t *bulk, *urgent, *journal, *disk;
    strait_deadline_t deadline;
    strait_work_t slow;
    struct job jobs[6];

    config.n_workers = 1; /* so that the order below is always the same */
    if (sem_init(&all_submitted, 0, 0) || strait_loop_create(&loop, NULL) ||
        strait_pool_create(&pool, &config))
        return 1;
    bulk = make_lane("bulk", 1, STRAIT_ORDER_NONE, STRAIT_LANE_CPU);
    urgent = make_lane("urgent", 7, STRAIT_ORDER_NONE, STRAIT_LANE_CPU);
    journal = make_lane("journal", 4, STRAIT_ORDER_SERIAL, STRAIT_LANE_CPU);
    disk = make_lane("disk", 4, STRAIT_ORDER_NONE, STRAIT_LANE_BLOCKING);

    submit(urgent, &jobs[0], "first", hold);
    submit(bulk, &jobs[1], "bulk", compute);
    submit(bulk, &jobs[2], "not needed", compute);
    submit(journal, &jobs[3], "line 1", write_journal);
    submit(journal, &jobs[4], "line 2", write_journal);
    submit(urgent, &jobs[5], "urgent", compute);
    strait_work_cancel(&jobs[2].work); /* its `done` comes all the same */

    strait_work_init(&slow, read_slowly, NULL, NULL);
    if (strait_loop_submit_until(loop, disk, &slow, &deadline,
            strait_loop_now_ns(loop) + 20000000)) /* 20 ms */
        return 1;
    sem_post(&all_submitted);
    strait_loop_run(loop, STRAIT_RUN_DEFAULT); /* until all have been told */
    printf("%d lines\n", n_lines);
    strait_loop_destroy(loop);
    strait_pool_destroy(pool);
    return 0;
}
