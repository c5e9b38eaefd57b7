/* SPDX-License-Identifier: MIT */
/*
 * blocking_ring.c - a bounded queue whose put waits for room and whose take
 * waits for a value, made of a ring and two eventcounts. While nobody waits
 * neither of them makes a system call.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <strait/event.h>
#include <strait/ring.h>

#define CAPACITY 16
#define N_PRODUCERS 3
#define N_CONSUMERS 2
#define N_EACH 20000

static struct {
    strait_ring_t ring;
    strait_ring_slot_t slots[CAPACITY];
    strait_event_t not_empty;
    strait_event_t not_full;
} queue;

/* Waits until there is room. */
static void
put(void *value)
{
    while (strait_ring_push(&queue.ring, value) == STRAIT_RING_FULL) {
        uint32_t key = strait_event_prepare(&queue.not_full);

        /* The look that counts: a take from now on finds us registered. */
        if (strait_ring_push(&queue.ring, value) != STRAIT_RING_FULL) {
            strait_event_cancel(&queue.not_full, key);
            break;
        }
        strait_event_wait(&queue.not_full, key, STRAIT_EVENT_FOREVER);
    }
    strait_event_notify_one(&queue.not_empty);
}

/* True with a value, and with NULL if there will be no more. Strong: PENDING,
 * taken for "nothing", would send us to sleep with the wake-up of another
 * value. */
static bool
try_take(void **ret_value)
{
    if (strait_ring_pop_strong(&queue.ring, ret_value) == STRAIT_RING_DONE)
        return true;
    *ret_value = NULL;
    return strait_ring_is_closed(&queue.ring) &&
        strait_ring_is_empty(&queue.ring);
}

/* Waits until there is a value; NULL at the end. */
static void *
take(void)
{
    void *value;

    while (!try_take(&value)) {
        uint32_t key = strait_event_prepare(&queue.not_empty);

        if (try_take(&value)) {
            strait_event_cancel(&queue.not_empty, key);
            break;
        }
        strait_event_wait(&queue.not_empty, key, STRAIT_EVENT_FOREVER);
    }
    if (value != NULL)
        strait_event_notify_one(&queue.not_full);
    return value;
}

static void
end(void)
{
    strait_ring_close(&queue.ring);
    strait_event_notify_all(&queue.not_empty);
}

static void *
produce(void *arg)
{
    uintptr_t i;

    (void)arg;
    for (i = 1; i <= N_EACH; i++)
        put((void *)i);
    return NULL;
}

static void *
consume(void *arg)
{
    unsigned long long *sum = arg;
    void *value;

    while ((value = take()) != NULL)
        *sum += (uintptr_t)value;
    return NULL;
}

int
main(void)
{
    unsigned long long sums[N_CONSUMERS] = { 0 };
    pthread_t producers[N_PRODUCERS];
    pthread_t consumers[N_CONSUMERS];
    int i;

    if (strait_ring_init(&queue.ring, queue.slots, CAPACITY) != 0)
        return 1;
    strait_event_init(&queue.not_empty);
    strait_event_init(&queue.not_full);
    for (i = 0; i < N_CONSUMERS; i++) {
        if (pthread_create(&consumers[i], NULL, consume, &sums[i]) != 0)
            return 1;
    }
    for (i = 0; i < N_PRODUCERS; i++) {
        if (pthread_create(&producers[i], NULL, produce, NULL) != 0)
            return 1;
    }
    for (i = 0; i < N_PRODUCERS; i++)
        pthread_join(producers[i], NULL);
    end();
    for (i = 0; i < N_CONSUMERS; i++)
        pthread_join(consumers[i], NULL);
    printf("the sum is %llu\n", sums[0] + sums[1]);
    return 0;
}
