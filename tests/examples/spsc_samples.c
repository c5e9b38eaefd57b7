/* SPDX-License-Identifier: MIT */
/*
 * spsc_samples.c - one thread measures, another one works the samples up. They
 * lie in an array that both know; the queue says whose which place is. Nothing
 * is copied, and neither side ever waits for more than a look at the other's
 * position.
 *
 * Who finds nothing to do yields here; blocking_ring.c shows how to sleep.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <strait/spsc.h>

#define N_SAMPLES 1000000
#define CAPACITY 1024
#define BATCH 64

struct sample {
    unsigned number;
    unsigned value;
};

static struct sample samples[CAPACITY];
static strait_spsc_t queue;

static void *
measure(void *arg)
{
    unsigned number = 0;

    (void)arg;
    while (number < N_SAMPLES) {
        size_t at;
        size_t n = strait_spsc_reserve(&queue, BATCH, &at);
        size_t i;

        if (n == 0)
            sched_yield(); /* full */
        if (n > N_SAMPLES - number)
            n = N_SAMPLES - number;
        for (i = 0; i < n; i++) {
            samples[at + i].number = number;
            samples[at + i].value = number++ % 1000;
        }
        strait_spsc_commit(&queue, n); /* all of them at once */
    }
    strait_spsc_close(&queue);
    return NULL;
}

int
main(void)
{
    unsigned long long sum = 0;
    unsigned n_samples = 0;
    pthread_t thread;

    if (strait_spsc_init(&queue, NULL, CAPACITY) != 0 ||
        pthread_create(&thread, NULL, measure, NULL) != 0)
        return 1;
    for (;;) {
        size_t at;
        size_t n = strait_spsc_peek(&queue, CAPACITY, &at);
        size_t i;

        if (n == 0) {
            if (strait_spsc_is_ended(&queue))
                break;
            sched_yield(); /* empty, so far */
            continue;
        }
        for (i = 0; i < n; i++) {
            if (samples[at + i].number != n_samples++)
                return 1;
            sum += samples[at + i].value;
        }
        strait_spsc_release(&queue, n); /* and back to the producer */
    }
    pthread_join(thread, NULL);
    printf("%u samples, on average %.1f\n", n_samples,
        (double)sum / (double)n_samples);
    return 0;
}
