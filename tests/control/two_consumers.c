/* SPDX-License-Identifier: MIT */
/*
 * two_consumers - two threads pop from a queue that has one consumer, one after
 * the other, but nothing orders them: shows that the library's own code is
 * compiled with the sanitizer. Never both at once, which the library itself
 * would report, and end the program.
 */
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <strait/mpsc.h>

enum { N_NODES = 1000 };

static strait_mpsc_t queue;
static strait_mpsc_node_t nodes[N_NODES];

static STRAIT_ATOMIC(int) is_half_done;

static void
pop_half(void)
{
    strait_mpsc_node_t *node;
    int i;

    for (i = 0; i < N_NODES / 2; i++) {
        if (strait_mpsc_pop(&queue, &node) != STRAIT_MPSC_ITEM)
            return;
    }
}

static void *
pop_first(void *arg)
{
    pop_half();
    /* Relaxed, so that main learns of it, and of nothing else. */
    strait_store_rlx(&is_half_done, 1);
    return arg;
}

int
main(void)
{
    pthread_t thread;
    int i;

    strait_mpsc_init(&queue);
    for (i = 0; i < N_NODES; i++) {
        if (strait_mpsc_push(&queue, &nodes[i]))
            return 1;
    }
    if (pthread_create(&thread, NULL, pop_first, NULL) != 0)
        return 77;
    while (strait_load_rlx(&is_half_done) == 0)
        (void)sched_yield();
    pop_half();
    pthread_join(thread, NULL);
    return 0;
}
