/* SPDX-License-Identifier: MIT */
/*
 * driver.h - the questions ring and spsc, written once for every queue. A
 * system's file defines its queue in the terms below and then includes this
 * file, which makes setup, run and teardown of it: the compiler sees queue and
 * driver together, as in a program that uses the queue, and nobody pays for a
 * call by pointer. ring.h, which has the headers that this needs, comes first.
 *
 *   queue_t, producer_t, consumer_t      of any kind; of RING_CAPACITY values
 *   int  queue_init(queue_t *, unsigned n_producers)
 *   void queue_fini(queue_t *)
 *   int  producer_init(queue_t *, producer_t *)     with its _fini; and so for
 *   int  consumer_init(queue_t *, consumer_t *)     consumers: or simple.h
 *   bool queue_push(queue_t *, producer_t *, uint64_t value)     false: full
 *   bool queue_pop(queue_t *, consumer_t *, uint64_t *ret_value) false: empty
 *
 * if it has calls for many values at once, QUEUE_HAS_BULK and
 *
 *   unsigned queue_push_n(queue_t *, producer_t *, uint64_t first, unsigned n)
 *                          pushes first, first + 1, ...; answers how many
 *   unsigned queue_pop_n(queue_t *, consumer_t *, unsigned n,
 *                          struct ring_seen *)
 *                          takes up to n, gives each to ring_see; how many
 *
 * if it has other forms for a ring's only consumer, QUEUE_HAS_ALONE and
 * queue_pop_alone, with QUEUE_HAS_BULK also queue_pop_n_alone.
 *
 *   QUEUE_BATCH            it has this batch and no other
 *   QUEUE_HEAP             instead of bench_heap_bytes, if its memory does not
 *                          come from malloc
 *
 * The work. n producers push values one by one, or in batches; m consumers take
 * them, and judge each: per producer, every consumer sees rising numbers, and
 * all of them together each value once (their number and sum are right). If
 * there is a processor for each thread, each is bound to one of its own; if
 * not, the scheduler is left alone. Whoever finds the queue empty or full waits
 * by bench_wait. Time runs from the first thread's start to the last value.
 *
 * A round trip: one thread sends a number through one queue, another sends it
 * back through a second one of the same kind; each trip is timed.
 *
 * The questions `empty` and `memory` use the same queues: pops of an empty one,
 * and the memory in use before and after it was filled.
 */
#ifndef BENCH_RING_DRIVER_H
#define BENCH_RING_DRIVER_H

#ifndef QUEUE_HEAP
#define QUEUE_HEAP bench_heap_bytes
#endif

struct ring_bed;

struct ring_producer {
    struct ring_bed *bed;
    pthread_t thread;
    unsigned index;
    uint64_t n_values;
    uint64_t start_ns;
    producer_t handle;
};

struct ring_consumer {
    struct ring_bed *bed;
    pthread_t thread;
    unsigned index;
    uint64_t end_ns;
    struct ring_seen seen;
    consumer_t handle;
};

struct ring_bed {
    unsigned n_producers;
    unsigned n_consumers;
    unsigned batch;
    bool is_alone;
    bool is_bound;
    cpu_set_t usable;
    queue_t *queue;
    struct ring_producer *producers;
    struct ring_consumer *consumers;
    pthread_barrier_t barrier;
    char padding[64];
    unsigned n_done; /* producers; read by consumers that find nothing */
};

/* ------------------------------------------------------------- producers */

static void *
ring_producer_main(void *arg)
{
    struct ring_producer *self = (struct ring_producer *)arg;
    struct ring_bed *bed = self->bed;
    uint64_t value = ((uint64_t)self->index << RING_INDEX_SHIFT) + 1;
    uint64_t end = value + self->n_values;

    if (bed->is_bound)
        bench_bind(&bed->usable, bed->n_consumers + self->index);
    pthread_barrier_wait(&bed->barrier);
    self->start_ns = bench_now_ns();
#ifdef QUEUE_HAS_BULK
    while (bed->batch > 1 && value != end) {
        unsigned n = end - value < bed->batch ? (unsigned)(end - value)
                                              : bed->batch;
        unsigned n_pushed;
        unsigned n_waits = 0;

        while (
            (n_pushed = queue_push_n(bed->queue, &self->handle, value, n)) == 0)
            bench_wait(&n_waits);
        value += n_pushed;
    }
#endif
    for (; value != end; value++) {
        unsigned n_waits = 0;

        while (!queue_push(bed->queue, &self->handle, value))
            bench_wait(&n_waits);
    }
    __atomic_add_fetch(&bed->n_done, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* ------------------------------------------------------------- consumers */

/* Takes until nothing is left and nothing will come. `take` answers how many
 * it has taken. The judgement is kept in locals on the way. */
#define RING_CONSUME(bed, take)                                                \
    do {                                                                       \
        unsigned n_waits_ = 0;                                                 \
        for (;;) {                                                             \
            bool is_last_;                                                     \
            if ((take) != 0) {                                                 \
                n_waits_ = 0;                                                  \
                continue;                                                      \
            }                                                                  \
            is_last_ = __atomic_load_n(&(bed)->n_done, __ATOMIC_ACQUIRE) ==    \
                (bed)->n_producers;                                            \
            if ((take) != 0) {                                                 \
                n_waits_ = 0;                                                  \
                continue;                                                      \
            }                                                                  \
            if (is_last_)                                                      \
                break;                                                         \
            bench_wait(&n_waits_);                                             \
        }                                                                      \
    } while (0)

static inline unsigned
ring_take(queue_t *queue, consumer_t *consumer, struct ring_seen *seen)
{
    uint64_t value = 0;

    if (!queue_pop(queue, consumer, &value))
        return 0;
    ring_see(seen, value);
    return 1;
}

#ifdef QUEUE_HAS_ALONE
static inline unsigned
ring_take_alone(queue_t *queue, consumer_t *consumer, struct ring_seen *seen)
{
    uint64_t value = 0;

    if (!queue_pop_alone(queue, consumer, &value))
        return 0;
    ring_see(seen, value);
    return 1;
}
#endif

static void
ring_consume(struct ring_bed *bed, consumer_t *consumer, struct ring_seen *seen)
{
    queue_t *queue = bed->queue;
    unsigned batch = bed->batch;

#ifdef QUEUE_HAS_ALONE
    if (bed->is_alone) {
#ifdef QUEUE_HAS_BULK
        if (batch > 1) {
            RING_CONSUME(bed, queue_pop_n_alone(queue, consumer, batch, seen));
            return;
        }
#endif
        RING_CONSUME(bed, ring_take_alone(queue, consumer, seen));
        return;
    }
#endif
#ifdef QUEUE_HAS_BULK
    if (batch > 1) {
        RING_CONSUME(bed, queue_pop_n(queue, consumer, batch, seen));
        return;
    }
#endif
    (void)batch;
    RING_CONSUME(bed, ring_take(queue, consumer, seen));
}

static void *
ring_consumer_main(void *arg)
{
    struct ring_consumer *self = (struct ring_consumer *)arg;
    struct ring_bed *bed = self->bed;
    struct ring_seen seen;

    if (bed->is_bound)
        bench_bind(&bed->usable, self->index);
    memset(&seen, 0, sizeof(seen));
    pthread_barrier_wait(&bed->barrier);
    ring_consume(bed, &self->handle, &seen);
    self->end_ns = bench_now_ns();
    self->seen = seen;
    return NULL;
}

/* ------------------------------------------------------------ throughput */

static void *
ring_allocate(size_t n_bytes)
{
    void *memory;

    if (posix_memalign(&memory, 64, (n_bytes + 63) / 64 * 64) != 0)
        return NULL;
    memset(memory, 0, n_bytes);
    return memory;
}

/* Everything but the queue. */
static int
ring_prepare(const struct bench_case *which, void **ret_state)
{
    struct ring_bed *bed = (struct ring_bed *)ring_allocate(sizeof(*bed));

    if (bed == NULL)
        return -ENOMEM;
    bed->n_producers = which->arg;
    bed->n_consumers = which->n_consumers;
    bed->batch = which->batch;
#ifdef QUEUE_BATCH
    bed->batch = QUEUE_BATCH;
#endif
    bed->is_alone = which->is_alone;
    bed->queue = (queue_t *)ring_allocate(sizeof(queue_t));
    bed->producers = (struct ring_producer *)ring_allocate(
        bed->n_producers * sizeof(struct ring_producer));
    bed->consumers = (struct ring_consumer *)ring_allocate(
        bed->n_consumers * sizeof(struct ring_consumer));
    *ret_state = bed;
    return bed->queue == NULL || bed->producers == NULL ||
            bed->consumers == NULL
        ? -ENOMEM
        : 0;
}

static int
ring_open(struct ring_bed *bed)
{
    int err = queue_init(bed->queue, bed->n_producers);

    for (unsigned i = 0; i < bed->n_producers && err == 0; i++) {
        bed->producers[i].bed = bed;
        bed->producers[i].index = i;
        err = producer_init(bed->queue, &bed->producers[i].handle);
    }
    for (unsigned i = 0; i < bed->n_consumers && err == 0; i++) {
        bed->consumers[i].bed = bed;
        bed->consumers[i].index = i;
        err = consumer_init(bed->queue, &bed->consumers[i].handle);
    }
    return err;
}

static void
ring_close(struct ring_bed *bed)
{
    for (unsigned i = 0; i < bed->n_consumers; i++)
        consumer_fini(bed->queue, &bed->consumers[i].handle);
    for (unsigned i = 0; i < bed->n_producers; i++)
        producer_fini(bed->queue, &bed->producers[i].handle);
    queue_fini(bed->queue);
}

static void
ring_discard(void *state)
{
    struct ring_bed *bed = (struct ring_bed *)state;

    free(bed->consumers);
    free(bed->producers);
    free(bed->queue);
    free(bed);
}

static int
ring_setup(const struct bench_case *which, void **ret_state)
{
    struct ring_bed *bed;
    int err = ring_prepare(which, ret_state);

    if (err != 0)
        return err;
    bed = (struct ring_bed *)*ret_state;
    bed->is_bound = sched_getaffinity(0, sizeof(bed->usable), &bed->usable) ==
            0 &&
        (unsigned)CPU_COUNT(&bed->usable) >=
            bed->n_producers + bed->n_consumers;
    err = ring_open(bed);
    if (err == 0)
        err = -pthread_barrier_init(
            &bed->barrier, NULL, bed->n_producers + bed->n_consumers);
    return err;
}

static bool
ring_start(struct ring_bed *bed, uint64_t each)
{
    bed->n_done = 0;
    for (unsigned i = 0; i < bed->n_consumers; i++)
        if (pthread_create(&bed->consumers[i].thread, NULL, ring_consumer_main,
                &bed->consumers[i]) != 0)
            return false;
    for (unsigned i = 0; i < bed->n_producers; i++) {
        bed->producers[i].n_values = each;
        if (pthread_create(&bed->producers[i].thread, NULL, ring_producer_main,
                &bed->producers[i]) != 0)
            return false;
    }
    return true;
}

static void
ring_judge(struct ring_bed *bed, uint64_t each, struct bench_result *result)
{
    uint64_t n = 0;
    uint64_t n_wrong = 0;
    uint64_t sum = 0;
    uint64_t right = 0;

    for (unsigned i = 0; i < bed->n_consumers; i++) {
        n += bed->consumers[i].seen.n;
        n_wrong += bed->consumers[i].seen.n_wrong;
        sum += bed->consumers[i].seen.sum;
    }
    for (unsigned i = 0; i < bed->n_producers; i++)
        right += ((uint64_t)i << RING_INDEX_SHIFT) * each +
            each * (each + 1) / 2;
#ifdef RING_IS_SPSC
    sum = right; /* each value was compared with the one that must come */
#endif
    result->verified = n == each * bed->n_producers && n_wrong == 0 &&
        sum == right;
    if (!result->verified)
        snprintf(result->note, sizeof(result->note),
            "%llu of %llu values, %llu out of order, sum %s",
            (unsigned long long)n,
            (unsigned long long)(each * bed->n_producers),
            (unsigned long long)n_wrong, sum == right ? "right" : "wrong");
#ifndef QUEUE_HAS_BULK
    else if (bed->batch > 1)
        snprintf(result->note, sizeof(result->note), "one by one");
#endif
}

static void
ring_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct ring_bed *bed = (struct ring_bed *)state;
    uint64_t each = n_ops / bed->n_producers;
    uint64_t start = UINT64_MAX;
    uint64_t end = 0;

    if (!ring_start(bed, each)) {
        snprintf(result->note, sizeof(result->note), "no thread");
        return;
    }
    for (unsigned i = 0; i < bed->n_producers; i++) {
        pthread_join(bed->producers[i].thread, NULL);
        if (bed->producers[i].start_ns < start)
            start = bed->producers[i].start_ns;
    }
    for (unsigned i = 0; i < bed->n_consumers; i++) {
        pthread_join(bed->consumers[i].thread, NULL);
        if (bed->consumers[i].end_ns > end)
            end = bed->consumers[i].end_ns;
    }
    result->n_ops = each * bed->n_producers;
    result->ns = end - start;
    ring_judge(bed, each, result);
}

static void
ring_teardown(void *state)
{
    struct ring_bed *bed = (struct ring_bed *)state;

    ring_close(bed);
    pthread_barrier_destroy(&bed->barrier);
    ring_discard(bed);
}

/* ------------------------------------------------------------- round trip */

struct ring_trip {
    struct ring_bed *there;
    struct ring_bed *back;
    uint64_t n_ops;
    uint64_t *samples_ns;
    cpu_set_t usable;
    pthread_barrier_t barrier;
};

static int
ring_trip_setup(const struct bench_case *which, void **ret_state)
{
    struct ring_trip *trip = (struct ring_trip *)calloc(1, sizeof(*trip));
    void *there;
    void *back;
    int err;

    if (trip == NULL)
        return -ENOMEM;
    if ((err = ring_prepare(which, &there)) != 0 ||
        (err = ring_prepare(which, &back)) != 0)
        return err;
    trip->there = (struct ring_bed *)there;
    trip->back = (struct ring_bed *)back;
    trip->samples_ns = (uint64_t *)calloc(
        which->n_ops_max, sizeof(*trip->samples_ns));
    if (trip->samples_ns == NULL)
        return -ENOMEM;
    err = sched_getaffinity(0, sizeof(trip->usable), &trip->usable);
    if (err != 0)
        return -errno;
    *ret_state = trip;
    if ((err = ring_open(trip->there)) == 0 &&
        (err = ring_open(trip->back)) == 0)
        err = -pthread_barrier_init(&trip->barrier, NULL, 2);
    return err;
}

static inline void
ring_send(struct ring_bed *bed, uint64_t value)
{
    unsigned n_waits = 0;

    while (!queue_push(bed->queue, &bed->producers[0].handle, value))
        bench_wait(&n_waits);
}

static inline uint64_t
ring_receive(struct ring_bed *bed)
{
    unsigned n_waits = 0;
    uint64_t value = 0;

    while (!queue_pop(bed->queue, &bed->consumers[0].handle, &value))
        bench_wait(&n_waits);
    return value;
}

static void *
ring_trip_main(void *arg)
{
    struct ring_trip *trip = (struct ring_trip *)arg;

    bench_bind(&trip->usable, 1);
    pthread_barrier_wait(&trip->barrier);
    for (uint64_t i = 0; i < trip->n_ops; i++)
        ring_send(trip->back, ring_receive(trip->there));
    return NULL;
}

static void
ring_trip_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct ring_trip *trip = (struct ring_trip *)state;
    uint64_t n_wrong = 0;
    uint64_t start;
    uint64_t last;
    pthread_t thread;

    trip->n_ops = n_ops;
    if (pthread_create(&thread, NULL, ring_trip_main, trip) != 0) {
        snprintf(result->note, sizeof(result->note), "no thread");
        return;
    }
    bench_bind(&trip->usable, 0);
    pthread_barrier_wait(&trip->barrier);
    start = last = bench_now_ns();
    for (uint64_t i = 0; i < n_ops; i++) {
        uint64_t now;

        ring_send(trip->there, i + 1);
        n_wrong += ring_receive(trip->back) != i + 1;
        now = bench_now_ns();
        trip->samples_ns[i] = now - last;
        last = now;
    }
    pthread_join(thread, NULL);
    sched_setaffinity(0, sizeof(trip->usable), &trip->usable);
    result->n_ops = n_ops;
    result->ns = last - start;
    result->verified = n_wrong == 0;
    bench_take_samples(result, trip->samples_ns, n_ops);
}

static void
ring_trip_teardown(void *state)
{
    struct ring_trip *trip = (struct ring_trip *)state;

    ring_close(trip->there);
    ring_close(trip->back);
    ring_discard(trip->there);
    ring_discard(trip->back);
    pthread_barrier_destroy(&trip->barrier);
    free(trip->samples_ns);
    free(trip);
}

/* ------------------------------------------------------ empty and memory */

static void
ring_empty_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct ring_bed *bed = (struct ring_bed *)state;
    consumer_t *consumer = &bed->consumers[0].handle;
    uint64_t n_found = 0;
    uint64_t value = 0;
    uint64_t start;

    /* A value has been through it: no queue is judged by its very first. */
    if (!queue_push(bed->queue, &bed->producers[0].handle, 1) ||
        !queue_pop(bed->queue, consumer, &value))
        return;
    start = bench_now_ns();
    for (uint64_t i = 0; i < n_ops; i++)
        n_found += queue_pop(bed->queue, consumer, &value);
    result->ns = bench_now_ns() - start;
    result->n_ops = n_ops;
    result->verified = n_found == 0;
}

static void
ring_memory_run(void *state, uint64_t n_ops, struct bench_result *result)
{
    struct ring_bed *bed = (struct ring_bed *)state;
    uint64_t before = QUEUE_HEAP();
    uint64_t start = bench_now_ns();
    uint64_t n_pushed = 0;
    uint64_t n_popped = 0;
    uint64_t value = 0;
    uint64_t after;

    if (ring_open(bed) != 0)
        return;
    while (n_pushed < n_ops &&
        queue_push(bed->queue, &bed->producers[0].handle, n_pushed + 1))
        n_pushed++;
    after = QUEUE_HEAP();
    while (queue_pop(bed->queue, &bed->consumers[0].handle, &value))
        n_popped++;
    ring_close(bed);
    result->ns = bench_now_ns() - start;
    result->n_ops = n_pushed;
    result->n_bytes = after - before + sizeof(queue_t);
    result->verified = n_pushed > 0 && n_pushed == n_popped && after >= before;
}

/* Defines the system under its name in systems.h, for all questions that are
 * put to it. */
#define RING_SYSTEM_OF(identifier, text, kind, stalls)                         \
    const struct bench_system identifier = { text, NULL, ring_setup, ring_run, \
        ring_teardown, kind, stalls };                                         \
    const struct bench_system identifier##_trip = { text, NULL,                \
        ring_trip_setup, ring_trip_run, ring_trip_teardown, kind, NULL };      \
    const struct bench_system identifier##_empty = { text, NULL, ring_setup,   \
        ring_empty_run, ring_teardown, kind, NULL };                           \
    const struct bench_system identifier##_memory = { text, bench_heap_blind,  \
        ring_prepare, ring_memory_run, ring_discard, kind, NULL };
#define RING_SYSTEM(identifier, text)                                          \
    RING_SYSTEM_OF(identifier, text, BENCH_RIVAL, NULL)

#endif /* BENCH_RING_DRIVER_H */
