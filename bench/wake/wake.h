/* SPDX-License-Identifier: MIT */
/*
 * wake.h - the wake question, written once; a system brings a loop.
 *
 * oneway    A thread wakes a loop that sleeps in another: the time from before
 *           the call until the loop's callback is entered.
 * pingpong  Two loops in two threads wake each other in turn: the sum of both
 *           ways.
 * rally     The same without waiting: each answers at once, and may find the
 *           other one still awake. What counts is how long a round trip takes,
 *           however the loop manages it.
 *
 * In the first two, whoever is about to send first watches the state of the
 * other thread in /proc until it is asleep, and then gives its processor time
 * to become idle; this is not counted. The two threads are bound to a processor
 * each if there are two: on one, nobody could be watched going to sleep.
 *
 * The figure of a run is the median of its wakes; the 99th percentile goes into
 * the JSON. The result is right if each wake led to one callback and, in the
 * first two, if every loop thread gave up its processor for (nearly) each of
 * them, as the kernel has counted.
 */
#ifndef BENCH_WAKE_H
#define BENCH_WAKE_H

#include "systems.h"

/** Called on the loop's thread for each wake. */
typedef void (*wake_fn)(void *arg);

/** How a system does it. Functions are called on the loop's own thread, but
 * for `send`, which comes from the other one. One send is under way at most. */
struct wake_loop {
    size_t size_bytes; /**< of its state, which is zeroed memory */
    int (*init)(void *state, wake_fn woken, void *arg);
    void (*send)(void *state);
    void (*run)(void *state); /**< until stop was called from `woken` */
    void (*stop)(void *state);
    void (*fini)(void *state);
};

int wake_setup(const struct wake_loop *loop, const struct bench_case *which,
    void **ret_state);
void wake_run(void *state, uint64_t n_ops, struct bench_result *result);
void wake_teardown(void *state);

enum { WAKE_ONEWAY, WAKE_PINGPONG, WAKE_RALLY };

/** Defines the system under its name in systems.h. */
#define WAKE_SYSTEM(identifier, text, loop)                                    \
    static int identifier##_setup(                                             \
        const struct bench_case *which, void **ret_state)                      \
    {                                                                          \
        return wake_setup(&(loop), which, ret_state);                          \
    }                                                                          \
    const struct bench_system identifier = BENCH_SYSTEM(                       \
        text, NULL, identifier##_setup, wake_run, wake_teardown);

#endif /* BENCH_WAKE_H */
