/* SPDX-License-Identifier: MIT */
/*
 * two_threads.c - a queue between two threads, without a loop. The consumer
 * sleeps on a semaphore when the queue is empty; the producer rings it only if
 * the queue says that the consumer sleeps.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <strait/mpsc.h>

#define N_NUMBERS 100000

struct number {
    strait_mpsc_node_t node;
    unsigned value;
};

static strait_mpsc_t queue = STRAIT_MPSC_INIT(queue);
static sem_t bell;

static void *
produce(void *arg)
{
    struct number *numbers = arg;
    unsigned i;

    for (i = 0; i < N_NUMBERS; i++) {
        numbers[i].value = i + 1;
        if (strait_mpsc_push(&queue, &numbers[i].node))
            sem_post(&bell);
    }
    return NULL;
}

static unsigned long long
add_up(unsigned n)
{
    unsigned long long sum = 0;

    while (n > 0) {
        strait_mpsc_node_t *node;

        if (strait_mpsc_pop(&queue, &node) == STRAIT_MPSC_ITEM) {
            sum += STRAIT_CONTAINER_OF(node, struct number, node)->value;
            n--;
        } else if (strait_mpsc_arm(&queue)) {
            sem_wait(&bell); /* the next push rings it */
        } else {
            sched_yield(); /* it is about to come */
        }
    }
    return sum;
}

int
main(void)
{
    static struct number numbers[N_NUMBERS];
    pthread_t producer;

    sem_init(&bell, 0, 0);
    if (pthread_create(&producer, NULL, produce, numbers) != 0)
        return 1;
    printf("the sum is %llu\n", add_up(N_NUMBERS));
    pthread_join(producer, NULL);
    return 0;
}
