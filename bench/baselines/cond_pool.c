/* SPDX-License-Identifier: MIT */
/*
 * cond_pool - see cond_pool.h.
 */
#include "baselines/cond_pool.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
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

int
cond_pool_init(struct cond_pool *pool, unsigned n_threads)
{
    struct epoll_event interest = { .events = EPOLLIN };
    int err;

    memset(pool, 0, sizeof(*pool));
    locked_list_init(&pool->queue);
    locked_list_init(&pool->completions);
    pthread_cond_init(&pool->work_came, NULL);
    pool->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pool->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (pool->event_fd < 0 || pool->epoll_fd < 0 ||
        epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD, pool->event_fd, &interest) !=
            0)
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

void
cond_pool_turn(struct cond_pool *pool)
{
    struct locked_node *node;
    struct epoll_event event;
    uint64_t count;

    if (epoll_wait(pool->epoll_fd, &event, 1, -1) > 0 &&
        read(pool->event_fd, &count, sizeof(count)) < 0)
        return; /* somebody else's wake: nothing to read */
    pthread_mutex_lock(&pool->completions.mutex);
    node = locked_list_take_all(&pool->completions);
    pthread_mutex_unlock(&pool->completions.mutex);
    while (node != NULL) {
        struct cond_job *job = (struct cond_job *)node;

        node = node->next;
        job->done(job);
    }
}
