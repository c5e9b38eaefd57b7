/* SPDX-License-Identifier: MIT */
/*
 * give_up.c - a call that may never come back, with a time limit: the caller is
 * told when the time is over, and the memory goes when the call has returned.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <strait/strait.h>

struct query { /* belongs to the request: whoever asked may be gone */
    const char *name;
    char answer[64];
};

static sem_t server_answers;

static void /* on a thread of class BLOCKING; waits for a slow server */
look_up(strait_work_t *work, void *arg)
{
    struct query *query = arg;

    (void)work;
    sem_wait(&server_answers);
    snprintf(query->answer, sizeof query->answer, "address of %s", query->name);
}

static void /* on the loop; the answer may be read only if status is 0 */
found(strait_work_t *work, int status, void *arg)
{
    const struct query *query = arg;

    (void)work;
    printf("%s: %s\n", query->name,
        status == 0 ? query->answer : strait_error_name(status));
}

static void /* when both `done` has returned and the thread has come back */
forget(void *arg)
{
    struct query *query = arg;

    printf("%s: forgotten\n", query->name);
    free(query);
}

static int
ask(strait_loop_t *loop, strait_pool_t *pool, const char *name,
    strait_deadline_t *deadline, uint64_t limit_ns)
{
    struct query *query = calloc(1, sizeof *query);
    strait_work_t *work;
    int err;

    if (query == NULL)
        return -ENOMEM;
    query->name = name;
    err = strait_work_create(&work, look_up, found, forget, query, NULL);
    if (err != 0) {
        free(query);
        return err;
    }
    err = strait_loop_submit_until(loop,
        strait_pool_built_in(pool, STRAIT_POOL_RESOLVE), work, deadline,
        strait_now_ns() + limit_ns);
    if (err != 0)
        strait_work_discard(work); /* calls forget */
    return err;
}

int
main(void)
{
    strait_deadline_t deadline;
    strait_pool_t *pool;
    strait_loop_t *loop;

    if (sem_init(&server_answers, 0, 0) || strait_pool_create(&pool, NULL) ||
        strait_loop_create(&loop, NULL))
        return 1;
    if (ask(loop, pool, "far.example", &deadline, 20000000)) /* 20 ms */
        return 1;
    strait_loop_run(loop, STRAIT_RUN_DEFAULT); /* the limit comes first */
    sem_post(&server_answers);
    strait_pool_shutdown(pool, STRAIT_SHUTDOWN_DRAIN, UINT64_MAX, NULL);
    strait_loop_destroy(loop);
    strait_pool_destroy(pool);
    return 0;
}
