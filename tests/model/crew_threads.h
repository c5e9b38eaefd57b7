/* SPDX-License-Identifier: MIT */
/*
 * crew_threads.h - the threads of the system as crew.c finds them in a model:
 * pthread_create starts a thread of the explorer, pthread_join waits for it, and
 * whoever names a thread must know that it has not been joined. A model may say
 * that a start fails (START_FAILS, an expression). Included by: lane_common.h,
 * with REAL_CREW. For the explorer only.
 */
#ifndef STRAIT_MODEL_CREW_THREADS_H
#define STRAIT_MODEL_CREW_THREADS_H

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <strait/memory.h>

#ifndef START_FAILS
#define START_FAILS() false
#endif
/* The explorer's threads are few: when so many have been started, the others
 * stay (see strait_now_ns in lane_common.h). */
#ifndef THREADS_MAX
#define THREADS_MAX 6
#endif

M_STATE int n_threads_started;
M_STATE int n_threads_joined;

static int
start_thread(pthread_t *thread, void *(*fn)(void *), void *arg)
{
    int id = 0;

    if (START_FAILS())
        return EAGAIN;
    M_ASSERT(++n_threads_started < THREADS_MAX + 1);
    /* Before the thread begins: it may end and be joined at once. */
    M_SET(thread, 0);
    ex_spawn(&id, "worker", fn, arg);
    *thread = (pthread_t)id;
    return 0;
}

#define pthread_create(thread, attr, fn, arg)                                  \
    ((void)(attr), start_thread((thread), (fn), (arg)))
#define pthread_join(thread, ret)                                              \
    (ex_join((int)M_GET(&(thread))), n_threads_joined++, 0)
#define pthread_setname_np(thread, name) ((void)(thread), (void)(name), 0)
#define pthread_attr_init(attr) ((void)(attr), 0)
#define pthread_attr_destroy(attr) ((void)(attr), 0)
#define pthread_attr_setstacksize(attr, n) ((void)(attr), (void)(n), 0)
#define pthread_attr_setaffinity_np(attr, n, set) ((void)(attr), 0)
#define pthread_sigmask(how, set, old) ((void)(set), (void)(old), 0)

/* The block of each seat's statistics, which nobody touches here. */
void *
sti_alloc(const strait_allocator_t *allocator, size_t size_bytes)
{
    static char block[8];

    (void)allocator;
    (void)size_bytes;
    return block;
}

void
sti_free(const strait_allocator_t *allocator, void *freed, size_t size_bytes)
{
    (void)allocator;
    (void)freed;
    (void)size_bytes;
}

int
sti_futex_wake(STRAIT_ATOMIC(uint32_t) * word, int n, uint32_t classes)
{
    (void)word;
    (void)classes;
    return n;
}

#endif /* STRAIT_MODEL_CREW_THREADS_H */
