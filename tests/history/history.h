/* SPDX-License-Identifier: MIT */
/*
 * history.h - what happened to a queue, and whether its contract allows it.
 *
 * Threads record each call with two stamps of one counter, taken just before
 * and just after it:
 *
 *     uint64_t invoked = history_stamp(h);
 *     int answer = strait_ring_push(&ring, value);
 *     history_record(h, thread, HISTORY_PUSH, translated, invoked, &id, 1, 1);
 *
 * No two stamps are equal, and the checkers rely on it. "a before b" below
 * means that a's second stamp is older than b's first. Two checkers look at the
 * record afterwards, when all threads have been joined:
 *
 *     history_search    tries to find an order of the calls, one that keeps
 *         "before", in which a sequential queue gives the same answers (the
 *         search of Wing and Gong with Lowe's memory of failed states). Exact,
 *         exponential: for histories of up to HISTORY_SEARCH_MAX calls.
 *     history_patterns  looks for things that no such order can explain: a
 *         value from nowhere, twice, lost, overtaken, EMPTY beside a value
 *         that was inside all the time, FULL beside room. Near-linear: for
 *         histories of any length. Finds less, and nothing that is right.
 *
 * Every value of a history is pushed at most once: HISTORY_VALUE(thread, n)
 * with n counted up from 0 by each thread.
 *
 * The stamps are read-modify-writes of one word. They order the calls of a
 * test more than its user would, so this shows what a queue does, not whether
 * its memory orders suffice: the models do that. Under ThreadSanitizer the
 * stamps are relaxed, so that they hide no race from it.
 */
#ifndef STRAIT_TESTS_HISTORY_H
#define STRAIT_TESTS_HISTORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sanitizer.h"

#define HISTORY_THREADS_MAX 72
#define HISTORY_SEARCH_MAX 64  /* calls */
#define HISTORY_INSIDE_MAX 60u /* values in the searched queue at once */

#define HISTORY_VALUE(thread, number)                                          \
    (((uint32_t)(thread) << 24) | (uint32_t)(number))
#define HISTORY_VALUE_THREAD(value) ((value) >> 24)
#define HISTORY_VALUE_NUMBER(value) ((value)&0xffffff)
#define HISTORY_NUMBER_MAX 0xffffff

/* What was called. */
enum {
    HISTORY_PUSH,
    HISTORY_POP,
    HISTORY_ARM,    /* "I am about to sleep" */
    HISTORY_DISARM, /* takes that back */
    HISTORY_CLOSE
};

/* What it answered. */
enum {
    HISTORY_DONE,    /* pushed or popped, with the values */
    HISTORY_WAKE,    /* pushed, and a wake is owed */
    HISTORY_FULL,    /* not pushed */
    HISTORY_CLOSED,  /* not pushed; nothing popped, if pops_closed */
    HISTORY_EMPTY,   /* nothing popped */
    HISTORY_PENDING, /* nothing popped: hidden behind a push that is open */
    HISTORY_YES,     /* arm, disarm, close */
    HISTORY_NO
};

struct history_event {
    uint64_t invoked;
    uint64_t returned;
    uint32_t first;    /* of its values, in the log */
    uint16_t n_values; /* pushed or popped */
    uint16_t n_wanted; /* how many were offered or asked for */
    uint8_t operation;
    uint8_t answer;
};

struct history_log {
    struct history_event *events;
    uint32_t *values;
    uint32_t n_events;
    uint32_t n_values;
};

struct history {
    _Atomic(uint64_t) clock;
    char pad[64];
    unsigned n_threads;
    uint32_t events_max; /* of each thread */
    uint32_t values_max;
    /* 1 + the thread whose log had no room for a call, which is not in it then;
     * 0: the record is complete. */
    _Atomic(uint32_t) full;
    struct history_log logs[HISTORY_THREADS_MAX];
};

/* What the queue promises; see README.md for which queue promises what. */
struct history_contract {
    uint32_t capacity; /* 0: unbounded */
    /* EMPTY may be answered though values are inside if the oldest of them
     * belongs to a push that is open, that is, has not returned. */
    bool is_empty_weak;
    /* PENDING needs an open push among this many of the oldest values inside;
     * 0: PENDING is never right. */
    unsigned pending_reach;
    /* Arming may be refused if another arming or a disarming is open. */
    bool is_arm_weak;
    /* Only values of one producer keep their order. */
    bool is_per_producer;
    /* A push of several that finds some room takes as many as fit at one moment
     * of the call; otherwise it takes all or none. */
    bool is_push_partial;
    /* A pop beside a close: nothing inside and closed is CLOSED, not EMPTY. */
    bool pops_closed;
    /* A pop of several may return less than is inside. */
    bool is_pop_partial;
    /* After the last call nothing is left inside: what did not come out was
     * lost. */
    bool is_drained;
};

#define HISTORY_FAULT_EVENTS 4

/* What is wrong: in words, and the calls that show it. */
struct history_fault {
    char text[400];
    unsigned n_events;
    struct {
        unsigned thread;
        uint32_t event;
    } events[HISTORY_FAULT_EVENTS];
};

/* What a history contains, added up over calls of history_count. */
struct history_counts {
    uint64_t calls;
    uint64_t overlapping; /* calls open beside one of another thread */
    uint64_t answers[HISTORY_NO + 1];
    uint64_t spurious_empties; /* EMPTY while a value was inside, all along */
};

/* Room for events_max calls and values_max values per thread. */
void history_init(struct history *h, unsigned n_threads, uint32_t events_max,
    uint32_t values_max);
void history_fini(struct history *h);

/* Forgets all calls. */
void history_reset(struct history *h);

/* The time. */
static inline uint64_t
history_stamp(struct history *h)
{
    uint64_t now;

#if SANITIZER_THREAD
    atomic_signal_fence(memory_order_seq_cst);
    now = atomic_fetch_add_explicit(&h->clock, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
#else
    now = atomic_fetch_add_explicit(&h->clock, 1, memory_order_seq_cst);
#endif
    return now;
}

/*
 * Takes the second stamp, then writes the call down in the log of `thread`.
 * values: n_values that were pushed or popped, of n_wanted. If the log is full
 * the call is dropped and history_is_full from then on; a test whose logs have
 * room for whatever a right queue does has met a wrong one, and should end.
 */
void history_record(struct history *h, unsigned thread, int operation,
    int answer, uint64_t invoked, const uint32_t *values, unsigned n_values,
    unsigned n_wanted);

/* True if the log of `thread` has room for another `n` calls. */
bool history_has_room(const struct history *h, unsigned thread, uint32_t n);

/* True once a call was dropped, whichever thread's; any thread may ask. */
static inline bool
history_is_full(const struct history *h)
{
    return atomic_load_explicit(&h->full, memory_order_relaxed) != 0;
}

enum { HISTORY_RIGHT, HISTORY_WRONG, HISTORY_UNDECIDED };

/*
 * Both answer HISTORY_RIGHT, or HISTORY_WRONG and then fill in the fault, or
 * give up with HISTORY_UNDECIDED: the search when the history is too long for
 * it, both when a log was full. (A value from nowhere or twice is wrong in
 * spite of that, and the patterns say so.)
 */
int history_search(const struct history *h,
    const struct history_contract *contract, struct history_fault *fault);
int history_patterns(const struct history *h,
    const struct history_contract *contract, struct history_fault *fault);

/* Adds what the history contains to *counts. */
void history_count(const struct history *h, struct history_counts *counts);

/*
 * Drops calls as long as the search still answers HISTORY_WRONG, but only such
 * whose absence cannot make a right history wrong. Answers how many are left.
 */
unsigned history_shrink(
    struct history *h, const struct history_contract *contract);

/* A time line: all calls, or those of the fault if it names some. */
void history_print(
    FILE *out, const struct history *h, const struct history_fault *fault);

/* "push", "EMPTY" and so on. */
const char *history_operation_name(int operation);
const char *history_answer_name(int answer);

#endif /* STRAIT_TESTS_HISTORY_H */
