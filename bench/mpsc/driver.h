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
 *   QUEUE_NODE_BYTES       what of it is there for the queue's sake
 *   queue_t, producer_t    of any kind
 *   int  queue_init(queue_t *, unsigned n_producers, size_t n_items)
 *   void queue_fini(queue_t *)
 *   int  producer_init(queue_t *, producer_t *, unsigned index, size_t n_items)
 *   void producer_fini(queue_t *, producer_t *)
 *   bool queue_push(queue_t *, producer_t *, item_t *)     false: full
 *   item_t *queue_pop(queue_t *)                           NULL: nothing now
 *
 * and, if it has calls for many items at once, QUEUE_HAS_BULK and
 *
 *   unsigned queue_push_bulk(queue_t *, producer_t *, item_t *items,
 *                            unsigned n)
 *                          of n stamped items that lie side by side, how many
 *                          were pushed
 *   unsigned queue_drain(queue_t *, struct mpsc_seen *)
 *                          takes as many as it likes, gives their stamps to
 *                          mpsc_see, answers how many
 *
 * QUEUE_HEAP names another function than bench_heap_bytes if its memory does
 * not come from malloc.
 *
 * The work. n producers stamp and push their items, one pointer each, or a
 * batch at once; one consumer, the calling thread, takes them and reads each
 * stamp: the payload crosses between cores for everybody. All items are
 * allocated and touched before. If there is a processor for each thread, each
 * is bound to one of its own, since a producer and a consumer that take turns
 * on one processor have no lines to exchange; if not, the scheduler is left
 * alone. Whoever finds the queue empty or full waits by bench_wait. Time runs
 * from the first thread's start to the consumer's last item. The result is
 * right if every producer's items came in their order, each once.
 *
 * The questions `empty` and `memory` use the same queues: pops of an empty one,
 * and the memory in use before and after a million pushes.
 */
#ifndef BENCH_MPSC_DRIVER_H
#define BENCH_MPSC_DRIVER_H

#ifndef QUEUE_HEAP
#define QUEUE_HEAP bench_heap_bytes
#endif

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
    unsigned batch;
    item_t *items;
    size_t n_items;
    queue_t *queue;
    producer_t *producers;
    cpu_set_t usable;
    bool is_bound;
    pthread_barrier_t barrier;
    struct mpsc_thread threads[MPSC_PRODUCERS_MAX];
};

#ifdef QUEUE_HAS_BULK
static inline void
mpsc_produce_bulk(
    const struct mpsc_thread *self, producer_t *producer, uint64_t stamp)
{
    queue_t *queue = self->bed->queue;
    unsigned batch = self->bed->batch;

    for (uint64_t i = 0; i < self->n_items; i += batch) {
        item_t *items = &self->items[i];
        unsigned n_waits = 0;
        unsigned left = batch;

        if (self->n_items - i < left)
            left = (unsigned)(self->n_items - i);
        for (unsigned j = 0; j < left; j++)
            items[j].stamp = stamp + i + j;
        for (;;) {
            unsigned n = queue_push_bulk(queue, producer, items, left);

            left -= n;
            if (left == 0)
                break;
            items += n;
            bench_wait(&n_waits);
        }
    }
}
#endif

static inline void
mpsc_produce(
    const struct mpsc_thread *self, producer_t *producer, uint64_t stamp)
{
    queue_t *queue = self->bed->queue;

    for (uint64_t i = 0; i < self->n_items; i++) {
        item_t *item = &self->items[i];
        unsigned n_waits = 0;

        item->stamp = stamp + i;
        while (!queue_push(queue, producer, item))
            bench_wait(&n_waits);
    }
}

static void *
mpsc_producer_main(void *arg)
{
    struct mpsc_thread *self = (struct mpsc_thread *)arg;
    producer_t *producer = &self->bed->producers[self->index];
    uint64_t stamp = (uint64_t)self->index << MPSC_INDEX_SHIFT;

    if (self->bed->is_bound)
        bench_bind(&self->bed->usable, self->index + 1);
    pthread_barrier_wait(&self->bed->barrier);
    self->start_ns = bench_now_ns();
#ifdef QUEUE_HAS_BULK
    if (self->bed->batch > 1) {
        mpsc_produce_bulk(self, producer, stamp);
        return NULL;
    }
#endif
    mpsc_produce(self, producer, stamp);
    return NULL;
}

static inline void
mpsc_consume(queue_t *queue, struct mpsc_seen *seen, uint64_t left)
{
    while (left > 0) {
        unsigned n_waits = 0;
        item_t *item;

        while ((item = queue_pop(queue)) == NULL)
            bench_wait(&n_waits);
        mpsc_see(seen, item->stamp);
        left--;
    }
}

#ifdef QUEUE_HAS_BULK
static inline void
mpsc_consume_bulk(queue_t *queue, struct mpsc_seen *seen, uint64_t left)
{
    while (left > 0) {
        unsigned n_waits = 0;
        unsigned n;

        while ((n = queue_drain(queue, seen)) == 0)
            bench_wait(&n_waits);
        left -= n;
    }
}
#endif

/* Everything but the queue. */
static int
mpsc_prepare(const struct bench_case *which, void **ret_state)
{
    struct mpsc_bed *bed = (struct mpsc_bed *)calloc(1, sizeof(*bed));
    size_t n_items = which->n_ops_max != 0 ? which->n_ops_max : which->n_ops;
    void *items;
    void *queue;

    if (bed == NULL)
        return -ENOMEM;
    bed->n_producers = which->arg;
    bed->batch = which->batch;
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
    *ret_state = bed;
    return 0;
}

static int
mpsc_open(struct mpsc_bed *bed)
{
    int err = queue_init(bed->queue, bed->n_producers, bed->n_items);

    for (unsigned i = 0; i < bed->n_producers && err == 0; i++)
        err = producer_init(bed->queue, &bed->producers[i], i,
            bed->n_items / bed->n_producers + 1);
    return err;
}

static void
mpsc_close(struct mpsc_bed *bed)
{
    for (unsigned i = 0; i < bed->n_producers; i++)
        producer_fini(bed->queue, &bed->producers[i]);
    queue_fini(bed->queue);
}

static void
mpsc_discard(void *state)
{
    struct mpsc_bed *bed = (struct mpsc_bed *)state;

    free(bed->producers);
    free(bed->queue);
    free(bed->items);
    free(bed);
}

static int
mpsc_setup(const struct bench_case *which, void **ret_state)
{
    struct mpsc_bed *bed;
    int err = mpsc_prepare(which, ret_state);

    if (err != 0)
        return err;
    bed = (struct mpsc_bed *)*ret_state;
    if (sched_getaffinity(0, sizeof(bed->usable), &bed->usable) == 0 &&
        (unsigned)CPU_COUNT(&bed->usable) > bed->n_producers) {
        bed->is_bound = true;
        bench_bind(&bed->usable, 0);
    }
    err = mpsc_open(bed);
    if (err == 0)
        err = -pthread_barrier_init(&bed->barrier, NULL, bed->n_producers + 1);
    return err;
}

static void
mpsc_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct mpsc_bed *bed = (struct mpsc_bed *)state;
    struct mpsc_seen seen;
    uint64_t each = n_ops / bed->n_producers;
    uint64_t start;
    uint64_t end;

    memset(&seen, 0, sizeof(seen));
    seen.n_producers = bed->n_producers;
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
#ifdef QUEUE_HAS_BULK
    if (bed->batch > 1)
        mpsc_consume_bulk(bed->queue, &seen, each * bed->n_producers);
    else
#endif
        mpsc_consume(bed->queue, &seen, each * bed->n_producers);
    end = bench_now_ns();
    for (unsigned i = 0; i < bed->n_producers; i++) {
        pthread_join(bed->threads[i].thread, NULL);
        if (bed->threads[i].start_ns < start)
            start = bed->threads[i].start_ns;
    }
    if (queue_pop(bed->queue) != NULL)
        seen.n_wrong++;
    result->n_ops = each * bed->n_producers;
    result->ns = end - start;
    result->verified = seen.n_wrong == 0;
#ifndef QUEUE_HAS_BULK
    if (bed->batch > 1)
        snprintf(result->note, sizeof(result->note), "one by one");
#endif
    if (seen.n_wrong != 0)
        snprintf(result->note, sizeof(result->note),
            "%llu items lost, doubled or out of order",
            (unsigned long long)seen.n_wrong);
}

static void
mpsc_teardown(void *state)
{
    struct mpsc_bed *bed = (struct mpsc_bed *)state;

    mpsc_close(bed);
    pthread_barrier_destroy(&bed->barrier);
    mpsc_discard(bed);
}

static void
mpsc_empty_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct mpsc_bed *bed = (struct mpsc_bed *)state;
    uint64_t n_found = 0;
    uint64_t start;

    /* An item has been through it: no queue is judged by its very first. */
    bed->items[0].stamp = 0;
    if (!queue_push(bed->queue, &bed->producers[0], &bed->items[0]) ||
        queue_pop(bed->queue) == NULL)
        return;
    start = bench_now_ns();
    for (uint64_t i = 0; i < n_ops; i++)
        n_found += queue_pop(bed->queue) != NULL;
    result->ns = bench_now_ns() - start;
    result->n_ops = n_ops;
    result->verified = n_found == 0;
}

static void
mpsc_memory_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct mpsc_bed *bed = (struct mpsc_bed *)state;
    uint64_t before = QUEUE_HEAP();
    uint64_t start = bench_now_ns();
    uint64_t n_pushed = 0;
    uint64_t n_popped = 0;
    uint64_t after;

    if (mpsc_open(bed) != 0)
        return;
    while (n_pushed < n_ops &&
        queue_push(bed->queue, &bed->producers[0], &bed->items[n_pushed]))
        n_pushed++;
    after = QUEUE_HEAP();
    while (queue_pop(bed->queue) != NULL)
        n_popped++;
    mpsc_close(bed);
    result->ns = bench_now_ns() - start;
    result->n_ops = n_pushed;
    result->n_bytes = after - before + sizeof(queue_t) +
        n_pushed * QUEUE_NODE_BYTES;
    result->verified = n_pushed > 0 && n_pushed == n_popped && after >= before;
}

/* Defines the system under its name in systems.h, for all questions that are
 * put to it. */
#define MPSC_SYSTEM_OF(identifier, text, kind, stalls)                         \
    const struct bench_system identifier = { text, NULL, mpsc_setup, mpsc_run, \
        mpsc_teardown, kind, stalls };                                         \
    const struct bench_system identifier##_empty = { text, NULL, mpsc_setup,   \
        mpsc_empty_run, mpsc_teardown, kind, NULL };                           \
    const struct bench_system identifier##_memory = { text, bench_heap_blind,  \
        mpsc_prepare, mpsc_memory_run, mpsc_discard, kind, NULL };
#define MPSC_SYSTEM(identifier, text)                                          \
    MPSC_SYSTEM_OF(identifier, text, BENCH_RIVAL, NULL)

#endif /* BENCH_MPSC_DRIVER_H */
