/* SPDX-License-Identifier: MIT */
/*
 * broken.c - see broken.h.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "broken.h"

#define UNFILLED UINT32_MAX
#define WAIT_NS 1000000 /* for others; see wait_for_others */
#define WAITS_MAX 12

enum { UNARMED, ARMED, WOKEN };

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_waited;
    unsigned n_waits; /* since the reset */
    unsigned n_pushes;
    unsigned n_looks;  /* of pops at the first value */
    unsigned n_hidden; /* pops that saw a value behind an unfilled one */
    int defect;
    unsigned n_calls; /* of the function that is wrong now and then */
    uint32_t capacity;
    uint32_t n_max;
    uint32_t first; /* positions count up and are never used again */
    uint32_t end;
    int armed;
    bool is_closed;
    bool has_slipped; /* the one wrong push after a close was made */
    uint32_t values[];
};

void *
broken_create(const struct lin_kind *kind, unsigned n_threads, uint32_t n_each)
{
    uint32_t n_max = 2 * n_threads * n_each + 64;
    struct queue *queue = calloc(
        1, sizeof *queue + n_max * sizeof queue->values[0]);

    if (queue == NULL)
        exit(2);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    queue->defect = kind->defect;
    queue->n_max = n_max;
    return queue;
}

void
broken_destroy(void *arg)
{
    struct queue *queue = arg;

    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

void
broken_reset(void *arg, uint32_t capacity)
{
    struct queue *queue = arg;

    queue->capacity = capacity;
    queue->first = 0;
    queue->end = 0;
    queue->armed = UNARMED;
    queue->is_closed = false;
    queue->has_slipped = false;
    queue->n_waits = 0;
}

/*
 * Waits, unlocked, until *count differs from `seen`, but not for long: for a
 * mistake that shows only beside calls of others. Whoever changes *count wakes
 * the waiter. It sleeps, so the others come even if they share one busy CPU.
 * Only one waits at a time, that the others get through, and only a few times,
 * that long runs do not take for ever; else it yields.
 */
static void
wait_for_others(struct queue *queue, const unsigned *count, unsigned seen)
{
    struct timespec until;
    int err = 0;

    if (queue->is_waited || queue->n_waits == WAITS_MAX) {
        pthread_mutex_unlock(&queue->lock);
        sched_yield();
        pthread_mutex_lock(&queue->lock);
        return;
    }
    queue->n_waits++;
    queue->is_waited = true;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    while (*count == seen && err == 0)
        err = pthread_cond_timedwait(&queue->changed, &queue->lock, &until);
    queue->is_waited = false;
}

static void
count_up(struct queue *queue, unsigned *count)
{
    ++*count;
    if (queue->is_waited)
        pthread_cond_broadcast(&queue->changed);
}

/* Before a call of the consumer: what it armed for may come. */
static void
wait_armed(struct queue *queue)
{
    if (queue->armed == ARMED &&
        (queue->defect == BROKEN_NO_WAKE ||
            queue->defect == BROKEN_WAKES_TWICE ||
            queue->defect == BROKEN_DISARMS_LATE)) {
        wait_for_others(queue, &queue->n_pushes, queue->n_pushes);
        wait_for_others(queue, &queue->n_pushes, queue->n_pushes);
    }
}

/* True for every third call, if the queue has that defect. */
static bool
now_and_then(struct queue *queue, int defect)
{
    return queue->defect == defect && ++queue->n_calls % 3 == 0;
}

static bool
is_closed_to(struct queue *queue)
{
    if (!queue->is_closed)
        return now_and_then(queue, BROKEN_EARLY_CLOSED);
    if (queue->defect == BROKEN_LATE_CLOSED && !queue->has_slipped) {
        queue->has_slipped = true;
        return false;
    }
    return true;
}

static unsigned
room_in(struct queue *queue)
{
    unsigned n = queue->end - queue->first;
    unsigned capacity = queue->capacity;

    if (capacity == 0)
        return queue->n_max - queue->end;
    if (queue->defect == BROKEN_TOO_MANY)
        capacity++;
    if (n == capacity - 1 && now_and_then(queue, BROKEN_FALSE_FULL))
        capacity--;
    return capacity - n;
}

static int
wake_for(struct queue *queue)
{
    bool wakes = queue->armed == ARMED;

    if (queue->defect == BROKEN_WAKES_TWICE && queue->armed == WOKEN) {
        queue->armed = UNARMED;
        return HISTORY_WAKE;
    }
    if (wakes)
        queue->armed = WOKEN;
    return wakes && queue->defect != BROKEN_NO_WAKE ? HISTORY_WAKE
                                                    : HISTORY_DONE;
}

static void
put(struct queue *queue, const uint32_t *values, unsigned n)
{
    uint32_t at = queue->end;
    unsigned i;

    queue->end += n;
    if (queue->defect == BROKEN_GAP) {
        for (i = 0; i < n; i++)
            queue->values[at + i] = UNFILLED;
        wait_for_others(queue, &queue->n_hidden, queue->n_hidden);
    }
    for (i = 0; i < n; i++)
        queue->values[at + i] =
            values[queue->defect == BROKEN_MIXES_BATCH ? n - 1 - i : i];
}

int
broken_push(void *arg, const uint32_t *values, unsigned n, unsigned *ret_n)
{
    struct queue *queue = arg;
    unsigned room;
    int answer;

    pthread_mutex_lock(&queue->lock);
    room = room_in(queue);
    if (is_closed_to(queue)) {
        answer = HISTORY_CLOSED;
    } else if (room == 0) {
        answer = HISTORY_FULL;
    } else {
        if (n > room)
            n = room;
        *ret_n = n;
        answer = wake_for(queue);
        if (!now_and_then(queue, BROKEN_LOSES))
            put(queue, values, n);
        count_up(queue, &queue->n_pushes);
    }
    pthread_mutex_unlock(&queue->lock);
    return answer;
}

/* Takes one of the n > 0 values that are inside. */
static uint32_t
take_one(struct queue *queue)
{
    uint32_t n = queue->end - queue->first;
    uint32_t value = queue->values[queue->first];

    if (queue->defect == BROKEN_LIFO)
        return queue->values[--queue->end];
    if (n > 1 && now_and_then(queue, BROKEN_OVERTAKES)) {
        value = queue->values[queue->first + 1];
        queue->values[queue->first + 1] = queue->values[queue->first];
    }
    if (now_and_then(queue, BROKEN_INVENTS))
        value += 0x800000;
    if (queue->defect == BROKEN_RACE) {
        count_up(queue, &queue->n_looks);
        wait_for_others(queue, &queue->n_looks, queue->n_looks);
        if (queue->first == queue->end)
            return value;
    }
    if (!now_and_then(queue, BROKEN_TWICE) &&
        !(n == 1 && queue->defect == BROKEN_ENDLESS))
        queue->first++;
    return value;
}

int
broken_pop(void *arg, uint32_t *values, unsigned n, unsigned *ret_n)
{
    struct queue *queue = arg;
    int answer = HISTORY_EMPTY;

    pthread_mutex_lock(&queue->lock);
    wait_armed(queue);
    if (queue->end - queue->first > 1 &&
        now_and_then(queue, BROKEN_FALSE_EMPTY)) {
        answer = HISTORY_EMPTY;
    } else if (queue->end == queue->first) {
        if (now_and_then(queue, BROKEN_FALSE_PENDING))
            answer = HISTORY_PENDING;
        /* Two, so that the first has probably returned. */
        if (queue->defect == BROKEN_ARMS_NON_EMPTY) {
            wait_for_others(queue, &queue->n_pushes, queue->n_pushes);
            wait_for_others(queue, &queue->n_pushes, queue->n_pushes);
        }
    } else {
        if (queue->values[queue->first] == UNFILLED &&
            queue->values[queue->end - 1] != UNFILLED)
            count_up(queue, &queue->n_hidden);
        while (*ret_n < n && queue->end != queue->first &&
            queue->values[queue->first] != UNFILLED)
            values[(*ret_n)++] = take_one(queue);
        if (*ret_n > 0) {
            answer = HISTORY_DONE;
            if (queue->armed == WOKEN && queue->defect != BROKEN_WAKES_TWICE)
                queue->armed = UNARMED;
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return answer;
}

bool
broken_arm(void *arg)
{
    struct queue *queue = arg;
    bool arms;

    pthread_mutex_lock(&queue->lock);
    arms = !queue->is_closed &&
        (queue->end == queue->first ||
            queue->defect == BROKEN_ARMS_NON_EMPTY) &&
        !now_and_then(queue, BROKEN_REFUSES_TO_ARM);
    if (arms)
        queue->armed = ARMED;
    pthread_mutex_unlock(&queue->lock);
    return arms;
}

bool
broken_disarm(void *arg)
{
    struct queue *queue = arg;
    bool disarms;

    pthread_mutex_lock(&queue->lock);
    wait_armed(queue);
    disarms = queue->armed != WOKEN || queue->defect == BROKEN_DISARMS_LATE;
    if (disarms)
        queue->armed = UNARMED;
    pthread_mutex_unlock(&queue->lock);
    return disarms;
}

bool
broken_close(void *arg)
{
    struct queue *queue = arg;
    bool closes;

    pthread_mutex_lock(&queue->lock);
    closes = !queue->is_closed || queue->defect == BROKEN_CLOSED_TWICE;
    queue->is_closed = true;
    pthread_mutex_unlock(&queue->lock);
    return closes;
}
