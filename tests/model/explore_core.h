/* SPDX-License-Identifier: MIT */
/*
 * explore_core.h - shared by the two halves of the explorer: explore.c
 * (threads, schedule, sleeping, reports) and explore_memory.c (the memory
 * model). Models never include it.
 */
#ifndef STRAIT_MODEL_EXPLORE_CORE_H
#define STRAIT_MODEL_EXPLORE_CORE_H

#include "explore.h"

#define EX_THREADS_MAX 8
#define EX_LOCS_MAX 96

/* What a thread, or a message, knows: for each location the oldest store that
 * may still be read, and for each thread how far it is known (vector clock). */
struct ex_view {
    uint64_t stamp[EX_LOCS_MAX];
    uint32_t clock[EX_THREADS_MAX];
};

enum ex_state { EX_RUNNABLE, EX_ON_FUTEX, EX_ON_BELL, EX_ON_JOIN, EX_DONE };

/* How wild an execution is; drawn from its seed. Chances are out of 256. */
struct ex_dice {
    unsigned stale; /* a load takes an older store */
    unsigned early; /* a store is put before stores that it need not follow */
    unsigned spurious; /* a weak CAS fails, a futex wait returns, for nothing */
};

/* explore.c */
extern struct ex_dice ex_dice;
uint64_t ex_random(void);
bool ex_chance(unsigned of_256);
int ex_self(void);
struct ex_view *ex_view_of(int thread);
/* A step of the running thread: others may run before it returns. */
void ex_step(void);
/* The end of a step that stored: now and then others run before what follows
 * in the thread, which may be plain. */
void ex_after(void);
/* Something was stored: who spins may see a difference. */
void ex_progress(void);
void ex_trace(const struct ex_site *site, const char *op, int order,
    const volatile void *p, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void ex_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));
/* The order of a site, after --weaken. */
int ex_order_of(const struct ex_site *site);
/* A pointer or number as text; four results stay valid at a time. */
const char *ex_text(uint64_t value);

/* explore_memory.c */
void ex_memory_reset(void);
void ex_view_join(struct ex_view *into, const struct ex_view *from);
/* What a futex call sees and guarantees; see explore_memory.c. */
uint64_t ex_futex_look(
    const struct ex_site *site, const volatile void *p, size_t n);
void ex_futex_publish(const volatile void *p);

#endif /* STRAIT_MODEL_EXPLORE_CORE_H */
