/* SPDX-License-Identifier: MIT */
/*
 * two_consumers - two threads pop from a queue that has one consumer: shows
 * that the library's own code is compiled with the sanitizer.
 */
#include <pthread.h>
#include <stddef.h>
#include <strait/mpsc.h>

enum { N_NODES = 1000 };

static strait_mpsc_t queue;
static strait_mpsc_node_t nodes[N_NODES];

static void *
pop_all(void *arg)
{
    strait_mpsc_node_t *node;

    while (strait_mpsc_pop(&queue, &node) == STRAIT_MPSC_ITEM) {}
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
    if (pthread_create(&thread, NULL, pop_all, NULL) != 0)
        return 77;
    pop_all(NULL);
    pthread_join(thread, NULL);
    return 0;
}
