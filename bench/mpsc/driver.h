/* SPDX-License-Identifier: MIT */
/*
 * driver.h - the mpsc question, written once for every queue. A system's file
 * defines its queue in the terms below and then includes this file, which makes
 * setup, run and teardown of it: the compiler sees queue and driver together,
 * as in a program that uses the queue, and nobody pays for a call by pointer.
 * mpsc.h, which has the headers that this needs, comes first.
 *
 *   item_t                 16 bytes with a uint64_t `stamp`; an intrusive
 *                          queue's node is inside, for others there is padding
 *   queue_t, producer_t    of any kind
 *   int  queue_init(queue_t *, unsigned n_producers, size_t n_items)
 *   void queue_fini(queue_t *)
 *   int  producer_init(queue_t *, producer_t *, unsigned index, size_t n_items)
 *   void producer_fini(queue_t *, producer_t *)
 *   bool queue_push(queue_t *, producer_t *, item_t *)     false: full
 *   item_t *queue_pop(queue_t *)                           NULL: nothing now
 *
 * The work. n producers stamp and push their items, one pointer each; one
 * consumer, the calling thread, takes them and reads each stamp: the payload
 * crosses between cores for everybody. All items are allocated and touched
 * before. If there is a processor for each thread, each is bound to one of its
 * own, since a producer and a consumer that take turns on one processor have no
 * lines to exchange; if not, the scheduler is left alone. Whoever finds the
 * queue empty or full waits by bench_wait. Time runs from the first thread's
 * start to the consumer's last item. The result is right if every producer's
 * items came in their order, each once.
 */
#ifndef BENCH_MPSC_DRIVER_H
#define BENCH_MPSC_DRIVER_H

#define MPSC_PRODUCERS_MAX 16
#define MPSC_INDEX_SHIFT 48

struct mpsc_bed;

struct mpsc_thread {
    struct mpsc_bed *bed;
    pthread_t thread;
    unsigned index;
    item_t *items;
    uint64_t n_items;
    uint64_t start_ns;
};

struct mpsc_bed {
    unsigned n_producers;
    item_t *items;
    size_t n_items;
    queue_t *queue;
    producer_t *producers;
    cpu_set_t usable;
    bool is_bound;
    pthread_barrier_t barrier;
    struct mpsc_thread threads[MPSC_PRODUCERS_MAX];
};

static void *
mpsc_producer_main(void *arg)
{
    struct mpsc_thread *self = (struct mpsc_thread *)arg;
    queue_t *queue = self->bed->queue;
    producer_t *producer = &self->bed->producers[self->index];
    uint64_t stamp = (uint64_t)self->index << MPSC_INDEX_SHIFT;

    if (self->bed->is_bound)
        bench_bind(&self->bed->usable, self->index + 1);
    pthread_barrier_wait(&self->bed->barrier);
    self->start_ns = bench_now_ns();
    for (uint64_t i = 0; i < self->n_items; i++) {
        item_t *item = &self->items[i];
        unsigned n_waits = 0;

        item->stamp = stamp + i;
        while (!queue_push(queue, producer, item))
            bench_wait(&n_waits);
    }
    return NULL;
}

static int
mpsc_setup(const struct bench_case *which, void **ret_state)
{
    struct mpsc_bed *bed = (struct mpsc_bed *)calloc(1, sizeof(*bed));
    size_t n_items = which->n_ops_max;
    void *items;
    void *queue;
    int err;

    if (bed == NULL)
        return -ENOMEM;
    bed->n_producers = which->arg;
    bed->n_items = n_items;
    if (posix_memalign(&items, 64, n_items * sizeof(item_t)) != 0 ||
        posix_memalign(&queue, 64, sizeof(queue_t)) != 0)
        return -ENOMEM;
    bed->items = (item_t *)items;
    bed->queue = (queue_t *)queue;
    bed->producers = (producer_t *)calloc(bed->n_producers, sizeof(producer_t));
    if (bed->producers == NULL)
        return -ENOMEM;
    memset(items, 0, n_items * sizeof(item_t));
    if (sched_getaffinity(0, sizeof(bed->usable), &bed->usable) == 0 &&
        (unsigned)CPU_COUNT(&bed->usable) > bed->n_producers) {
        bed->is_bound = true;
        bench_bind(&bed->usable, 0);
    }
    err = queue_init(bed->queue, bed->n_producers, n_items);
    if (err != 0)
        return err;
    for (unsigned i = 0; i < bed->n_producers && err == 0; i++)
        err = producer_init(
            bed->queue, &bed->producers[i], i, n_items / bed->n_producers + 1);
    if (err == 0)
        err = -pthread_barrier_init(&bed->barrier, NULL, bed->n_producers + 1);
    *ret_state = bed;
    return err;
}

static void
mpsc_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct mpsc_bed *bed = (struct mpsc_bed *)state;
    queue_t *queue = bed->queue;
    uint64_t next[MPSC_PRODUCERS_MAX] = { 0 };
    uint64_t each = n_ops / bed->n_producers;
    uint64_t n_wrong = 0;
    uint64_t left = each * bed->n_producers;
    uint64_t start;
    uint64_t end;

    for (unsigned i = 0; i < bed->n_producers; i++) {
        struct mpsc_thread *thread = &bed->threads[i];

        thread->bed = bed;
        thread->index = i;
        thread->items = bed->items + i * each;
        thread->n_items = each;
        if (pthread_create(&thread->thread, NULL, mpsc_producer_main, thread) !=
            0) {
            snprintf(result->note, sizeof(result->note), "no thread");
            return;
        }
    }
    pthread_barrier_wait(&bed->barrier);
    start = bench_now_ns();
    while (left > 0) {
        unsigned n_waits = 0;
        item_t *item;
        uint64_t stamp;
        unsigned index;

        while ((item = queue_pop(queue)) == NULL)
            bench_wait(&n_waits);
        stamp = item->stamp;
        index = (unsigned)(stamp >> MPSC_INDEX_SHIFT);
        stamp &= ((uint64_t)1 << MPSC_INDEX_SHIFT) - 1;
        if (index >= bed->n_producers || next[index]++ != stamp)
            n_wrong++;
        left--;
    }
    end = bench_now_ns();
    for (unsigned i = 0; i < bed->n_producers; i++) {
        pthread_join(bed->threads[i].thread, NULL);
        if (bed->threads[i].start_ns < start)
            start = bed->threads[i].start_ns;
    }
    if (queue_pop(queue) != NULL)
        n_wrong++;
    result->n_ops = each * bed->n_producers;
    result->ns = end - start;
    result->verified = n_wrong == 0;
    if (n_wrong != 0)
        snprintf(result->note, sizeof(result->note),
            "%llu items lost, doubled or out of order",
            (unsigned long long)n_wrong);
}

static void
mpsc_teardown(void *state)
{
    struct mpsc_bed *bed = (struct mpsc_bed *)state;

    for (unsigned i = 0; i < bed->n_producers; i++)
        producer_fini(bed->queue, &bed->producers[i]);
    queue_fini(bed->queue);
    pthread_barrier_destroy(&bed->barrier);
    free(bed->producers);
    free(bed->queue);
    free(bed->items);
    free(bed);
}

/* Defines the system under its name in systems.h. */
#define MPSC_SYSTEM(identifier, text)                                          \
    const struct bench_system identifier = { text, NULL, mpsc_setup, mpsc_run, \
        mpsc_teardown };

#endif /* BENCH_MPSC_DRIVER_H */
