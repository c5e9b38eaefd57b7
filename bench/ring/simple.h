/* SPDX-License-Identifier: MIT */
/*
 * simple.h - the threads' part of driver.h for queues that do not tell threads
 * apart.
 */
#ifndef BENCH_RING_SIMPLE_H
#define BENCH_RING_SIMPLE_H

typedef struct {
    char none;
} producer_t;

typedef producer_t consumer_t;

static inline int
producer_init(queue_t *queue, producer_t *producer)
{
    (void)queue;
    (void)producer;
    return 0;
}

static inline void
producer_fini(queue_t *queue, producer_t *producer)
{
    (void)queue;
    (void)producer;
}

static inline int
consumer_init(queue_t *queue, consumer_t *consumer)
{
    (void)queue;
    (void)consumer;
    return 0;
}

static inline void
consumer_fini(queue_t *queue, consumer_t *consumer)
{
    (void)queue;
    (void)consumer;
}

#endif /* BENCH_RING_SIMPLE_H */
