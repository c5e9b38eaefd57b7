/* SPDX-License-Identifier: MIT */
/*
 * simple.h - the producer's part of driver.h for queues that do not tell
 * producers apart.
 */
#ifndef BENCH_MPSC_SIMPLE_H
#define BENCH_MPSC_SIMPLE_H

typedef struct {
    char none;
} producer_t;

static inline int
producer_init(
    queue_t *queue, producer_t *producer, unsigned index, size_t n_items)
{
    (void)queue;
    (void)producer;
    (void)index;
    (void)n_items;
    return 0;
}

static inline void
producer_fini(queue_t *queue, producer_t *producer)
{
    (void)queue;
    (void)producer;
}

#endif /* BENCH_MPSC_SIMPLE_H */
