/* SPDX-License-Identifier: MIT */
/*
 * fork.h - the fork guard: one word in a page that the kernel wipes in the
 * child. A runtime keeps the generation it was created in; one load tells
 * whether it still lives in that process. Included by: sched, loop and above.
 */
#ifndef STI_BASE_FORK_H
#define STI_BASE_FORK_H

#include <strait/atomic.h>

/* The word: 0 in a child that has created nothing yet, else its generation. */
extern STRAIT_ATOMIC(uint64_t) * sti_fork_word;

/* The generation of this process, never 0; sets the guard up at first use.
 * 0 if there is no memory for the page. */
uint64_t sti_fork_generation(void);

/* True if an object of that generation stayed behind in a parent process. */
static inline bool
sti_forked(uint64_t generation)
{
    /* rlx: written before the object that is asked about was published, or by
     * the kernel at fork. */
    return strait_load_rlx(sti_fork_word) != generation;
}

#endif /* STI_BASE_FORK_H */
