/* SPDX-License-Identifier: MIT */
/*
 * cond_pool - see cond_pool.h.
 */
#include "baselines/cond_pool.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void
complete(struct cond_pool *pool, struct cond_job *job)
{
    uint64_t one = 1;
    bool was_empty;

    pthread_mutex_lock(&pool->completions.mutex);
    was_empty = locked_list_append(&pool->completions, &job->node);
    pthread_mutex_unlock(&pool->completions.mutex);
    if (was_empty && write(pool->event_fd, &one, sizeof(one)) < 0)
        return; /* EAGAIN: the counter is full, so the loop is awake */
}

static void *
thread_main(void *arg)
{
    struct cond_pool *pool = arg;

    pthread_mutex_lock(&pool->queue.mutex);
    for (;;) {
        struct cond_job *job = (struct cond_job *)locked_list_remove(
            &pool->queue);

        if (job != NULL) {
            pthread_mutex_unlock(&pool->queue.mutex);
            job->body(job);
            complete(pool, job);
            pthread_mutex_lock(&pool->queue.mutex);
        } else if (pool->is_closed) {
            break;
        } else {
            pool->n_waiting++;
            pthread_cond_wait(&pool->work_came, &pool->queue.mutex);
            pool->n_waiting--;
        }
    }
    pthread_mutex_unlock(&pool->queue.mutex);
    return NULL;
}

static int
watch(const struct cond_pool *pool, int fd)
{
    struct epoll_event interest = { .events = EPOLLIN, .data.fd = fd };

    return fd < 0 ? -1
                  : epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD, fd, &interest);
}

int
cond_pool_init(struct cond_pool *pool, unsigned n_threads)
{
    int err;

    memset(pool, 0, sizeof(*pool));
    locked_list_init(&pool->queue);
    locked_list_init(&pool->completions);
    pthread_cond_init(&pool->work_came, NULL);
    pool->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pool->timer_fd = timerfd_create(
        CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    pool->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (watch(pool, pool->event_fd) != 0 || watch(pool, pool->timer_fd) != 0)
        return -errno;
    for (unsigned i = 0; i < n_threads; i++) {
        err = pthread_create(&pool->threads[i], NULL, thread_main, pool);
        if (err != 0)
            return -err;
        pool->n_threads++;
    }
    return 0;
}

void
cond_pool_fini(struct cond_pool *pool)
{
    pthread_mutex_lock(&pool->queue.mutex);
    pool->is_closed = true;
    pthread_cond_broadcast(&pool->work_came);
    pthread_mutex_unlock(&pool->queue.mutex);
    for (unsigned i = 0; i < pool->n_threads; i++)
        pthread_join(pool->threads[i], NULL);
    close(pool->event_fd);
    close(pool->timer_fd);
    close(pool->epoll_fd);
    pthread_cond_destroy(&pool->work_came);
    locked_list_fini(&pool->queue);
    locked_list_fini(&pool->completions);
}

void
cond_pool_submit(struct cond_pool *pool, struct cond_job *job)
{
    bool must_wake;

    pthread_mutex_lock(&pool->queue.mutex);
    locked_list_append(&pool->queue, &job->node);
    must_wake = pool->n_waiting > 0;
    pthread_mutex_unlock(&pool->queue.mutex);
    if (must_wake)
        pthread_cond_signal(&pool->work_came);
}

static void
call_back(struct cond_pool *pool)
{
    struct locked_node *node;

    pthread_mutex_lock(&pool->completions.mutex);
    node = locked_list_take_all(&pool->completions);
    pthread_mutex_unlock(&pool->completions.mutex);
    while (node != NULL) {
        struct cond_job *job = (struct cond_job *)node;

        node = node->next;
        job->done(job);
    }
}

void
cond_pool_turn(struct cond_pool *pool)
{
    struct epoll_event events[2];
    int n = epoll_wait(pool->epoll_fd, events, 2, -1);

    for (int i = 0; i < n; i++) {
        uint64_t count;

        if (read(events[i].data.fd, &count, sizeof(count)) < 0)
            continue; /* it was stopped, or has been read: nothing to do */
        if (events[i].data.fd == pool->event_fd)
            call_back(pool);
        else
            pool->tick(pool);
    }
}

void
cond_pool_tick(struct cond_pool *pool, uint64_t period_ns,
    void (*tick)(struct cond_pool *pool))
{
    struct timespec period = { (time_t)(period_ns / 1000000000u),
        (long)(period_ns % 1000000000u) };
    struct itimerspec times = { period, period };

    pool->tick = tick;
    timerfd_settime(pool->timer_fd, 0, &times, NULL);
}
