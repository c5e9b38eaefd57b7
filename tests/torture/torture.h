/* SPDX-License-Identifier: MIT */
/*
 * torture.h - what the cases of torture share: threads that come and go, bells
 * to sleep on, items that notice when they come out twice, and complaints.
 *
 * A case is a function that runs one round. It draws everything from the rng it
 * is given, starts threads by torture_spawn, and returns when all have ended.
 */
#ifndef STRAIT_TESTS_TORTURE_H
#define STRAIT_TESTS_TORTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <strait/mpsc.h>

#include "rng.h"

#define TORTURE_THREADS_MAX 16

struct torture_case {
    const char *name;
    const char *about;
    void (*round)(struct rng *rng);
};

extern const struct torture_case torture_mpsc;
extern const struct torture_case torture_shared;
extern const struct torture_case torture_ring;
extern const struct torture_case torture_armed;
extern const struct torture_case torture_spsc;
extern const struct torture_case torture_event;
extern const struct torture_case torture_reclaim;

/* ------------------------------------------------------------- complaints */

/* Any thread: the condition holds, or the program ends here. */
#define torture_require(condition, ...)                                        \
    ((condition) ? (void)0 : torture_fail(#condition, __VA_ARGS__))
__attribute__((noreturn, format(printf, 2, 3))) void torture_fail(
    const char *condition, const char *format, ...);

/* Main thread: describes the round. */
__attribute__((format(printf, 1, 2))) void torture_phase(
    const char *format, ...);

/* Any thread: n items moved. The watchdog wants to hear this. */
void torture_moved(uint64_t n);

/* ----------------------------------------------------------------- threads */

/* A role in a round, played by one thread after the other. */
struct torture_role {
    void (*play)(struct torture_role *role);
    struct rng rng;
    unsigned index;
    unsigned generation; /* how many threads have played it before */
    void *arg;
};

/* Starts a thread for the role. */
void torture_spawn(struct torture_role *role, unsigned index,
    void (*play)(struct torture_role *role), void *arg, struct rng *rng);
/* In a role: another thread goes on, and the caller returns at once. */
void torture_hand_over(struct torture_role *role);
/* Until all roles have been played to the end. */
void torture_wait_threads(void);

/* True once the time of this round is up. */
bool torture_round_is_over(void);
/* Sleeps for up to max_us. */
void torture_nap(struct rng *rng, uint32_t max_us);

/* ------------------------------------------------------------------- bells */

/* One thread sleeps on it, others ring it. */
struct torture_bell {
    STRAIT_ATOMIC(uint32_t) word;
};

void torture_bell_init(struct torture_bell *bell);
/* Answers whether it was silent. */
bool torture_bell_ring(struct torture_bell *bell);
/* Waits until it rings, for max_us at most if that is not 0; answers whether it
 * rang. */
bool torture_bell_wait(struct torture_bell *bell, uint32_t max_us);

/* ------------------------------------------------------------------- items */

#define TORTURE_ITEMS 64 /* of each maker */

struct torture_item {
    strait_mpsc_node_t node;
    unsigned maker;
    uint64_t number;
    uint64_t payload;
    STRAIT_ATOMIC(uint32_t) in_flight;
};

/* A producer and its items, which it uses again when they have come back. */
struct torture_maker {
    unsigned index;
    uint64_t n_made;
    struct torture_item items[TORTURE_ITEMS];
};

void torture_maker_init(struct torture_maker *maker, unsigned index);
/* The next item, filled in and on its way; NULL if it is still on its way from
 * last time. */
struct torture_item *torture_maker_next(struct torture_maker *maker);
/* Takes the last n back: they were refused. */
void torture_maker_keep(struct torture_maker *maker, unsigned n);
/* What came out: in order after *next of that maker, and for the first time.
 * `exact`: nothing may be missing in between. */
void torture_take(struct torture_item *item, uint64_t *next, bool exact);

#endif /* STRAIT_TESTS_TORTURE_H */
