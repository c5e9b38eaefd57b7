/* SPDX-License-Identifier: MIT */
/*
 * costs.h - what the calling thread has spent since it last asked: atomic
 * operations, through the counting seam, and calls of the allocator and of the
 * kernel, whose functions the program is linked with --wrap for.
 *
 *     costs_start();
 *     strait_mpsc_push(&queue, &node);
 *     expect("mpsc push", 1, 2, 0);        1 RMW, 2 stores, 0 loads, no more
 *
 * The queues reach the kernel through syscall() and sched_yield() only. One
 * file of a program includes this.
 */
#ifndef STRAIT_TESTS_COSTS_H
#define STRAIT_TESTS_COSTS_H

#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>

/* Pulls in the seam. */
#include <strait/atomic.h>

#include "plain.h"

struct costs {
    uint64_t rmws;
    uint64_t stores;
    uint64_t loads;
    uint64_t seq_csts; /* of all these */
    uint64_t waits;    /* system calls that sleep on a futex */
    uint64_t wakes;    /* that wake threads which do */
    uint64_t others;   /* all other system calls */
    uint64_t blocks;   /* calls of the allocator */
};

static _Thread_local struct costs costs_of_calls;

#define COSTS_WRAP(type, name, parameters, arguments)                          \
    type __real_##name parameters;                                             \
    type __wrap_##name parameters;                                             \
    type __wrap_##name parameters                                              \
    {                                                                          \
        costs_of_calls.blocks++;                                               \
        return __real_##name arguments;                                        \
    }

COSTS_WRAP(void *, malloc, (size_t size), (size))
COSTS_WRAP(void *, calloc, (size_t n, size_t size), (n, size))
COSTS_WRAP(void *, realloc, (void *block, size_t size), (block, size))
COSTS_WRAP(void *, aligned_alloc, (size_t align, size_t size), (align, size))

int __real_sched_yield(void);
int __wrap_sched_yield(void);

int
__wrap_sched_yield(void)
{
    costs_of_calls.others++;
    return __real_sched_yield();
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long
__wrap_syscall(long number, ...)
{
    long arguments[6];
    va_list args;
    long op;
    int i;

    va_start(args, number);
    for (i = 0; i < 6; i++)
        arguments[i] = va_arg(args, long);
    va_end(args);
    op = arguments[1] & FUTEX_CMD_MASK;
    if (number != SYS_futex)
        costs_of_calls.others++;
    else if (op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET)
        costs_of_calls.waits++;
    else
        costs_of_calls.wakes++;
    return __real_syscall(number, arguments[0], arguments[1], arguments[2],
        arguments[3], arguments[4], arguments[5]);
}

static inline void
costs_start(void)
{
    memset(&costs_of_calls, 0, sizeof costs_of_calls);
    seam_count = (struct seam_count){ 0 };
}

/* Since costs_start. */
static inline struct costs
costs_taken(void)
{
    struct costs costs = costs_of_calls;

    costs.rmws = seam_count.rmws;
    costs.stores = seam_count.stores;
    costs.loads = seam_count.loads;
    costs.seq_csts = seam_count.seq_csts;
    return costs;
}

static inline void
costs_print(FILE *file, const char *what, const struct costs *costs)
{
    fprintf(file,
        "%-46s %3llu RMW %3llu stores %3llu loads %llu seq_cst "
        "%llu waits %llu wakes %llu other calls %llu blocks\n",
        what, (unsigned long long)costs->rmws,
        (unsigned long long)costs->stores, (unsigned long long)costs->loads,
        (unsigned long long)costs->seq_csts, (unsigned long long)costs->waits,
        (unsigned long long)costs->wakes, (unsigned long long)costs->others,
        (unsigned long long)costs->blocks);
}

/* The costs are exactly these, or the program ends here. */
static inline void
costs_compare(const char *what, struct costs got, struct costs wanted)
{
    if (memcmp(&got, &wanted, sizeof got) != 0) {
        costs_print(stderr, what, &got);
        costs_print(stderr, "should be", &wanted);
        exit(1);
    }
    costs_print(stdout, what, &got);
}

/* Compares what was spent since costs_start or the last time, and starts
 * anew. */
static inline void
expect_costs(const char *what, struct costs wanted)
{
    costs_compare(what, costs_taken(), wanted);
    costs_start();
}

/* The same for what costs nothing else. */
static inline void
expect(const char *what, uint64_t rmws, uint64_t stores, uint64_t loads)
{
    expect_costs(
        what, (struct costs){ .rmws = rmws, .stores = stores, .loads = loads });
}

#endif /* STRAIT_TESTS_COSTS_H */
